Settings: flag > environment > handlens.toml > default; mistakes are named with their line.

$ "$MAKE_PICTURES" pictures 2 12

$ printf 'folds = 3\nseed = 5\nholdout = 0\n' > handlens.toml; handlens inspect pictures -o RUN -q >/dev/null 2>&1; handlens split RUN --json 2>/dev/null | grep -E '"(seed)"|"train"' | sort | uniq -c
      3 *"train": [*
      1 *"seed": 5,

# The run keeps its settings; the variable is above them, the flag above the variable.
$ grep -E '^(folds|seed|holdout)' RUN/handlens.toml
folds = 3 * # Folds of the cross-validation.
holdout = 0 *
seed = 5 *

$ HANDLENS_FOLDS=4 handlens split RUN --json | grep -c '"train"'
kept from last time: holdout = 0, seed = 5 (delete a line of RUN/handlens.toml to reset it)
4

$ HANDLENS_FOLDS=4 handlens split RUN --folds 2 --json 2>/dev/null | grep -c '"train"'
2

$ rm handlens.toml; printf 'folds = 3\nepoch = 3\n' > mine.toml; handlens split RUN --config mine.toml
handlens: error: mine.toml:2: unknown key 'epoch'; did you mean 'epochs'?
[2]

$ printf '\nfolds = 300\n' > mine.toml; handlens split RUN --config mine.toml
handlens: error: mine.toml:2: folds: 300 is out of range; it takes 2 to 20
[2]

$ printf 'folds = \n' > mine.toml; handlens split RUN --config mine.toml
handlens: error: mine.toml:1: *
[2]

$ handlens split RUN --config missing.toml
handlens: error: missing.toml: No such file or directory
[2]

# Own models and generators; a mistake is named with its line.
$ cat > mine.toml <<'END'
> [[model]]
> name = "mine"
> layers = [{conv = 4, activation = "relu"}, {pool = 2},
>           {dense = 8, activation = "rleu"}]
> END
> handlens search RUN --config mine.toml
handlens: error: mine.toml:4: model mine: layer 3: activation 'rleu' is not relu, relu6 or none; did you mean 'relu'?
[2]

