Help in levels: the overview, one command, the manual page, shell completion.

$ handlens --help
handlens turns a folder of labelled pictures into a verified classifier for phones.
...

$ handlens help | grep -A3 '^Steps'
Steps
  inspect    look at the pictures and start a run folder
  prepare    make the sub-datasets, one for each picture size
  split      divide the pictures into folds, and hold some out for the phone

# Every command explains itself, by `help COMMAND` and by `COMMAND --help`.
$ for c in run demo inspect prepare split review search reduce convert describe verify report predict doctor check serve list help version; do
>   handlens help $c > a && handlens $c --help > b && cmp a b && grep -q '^Examples' a || echo "$c has no help"; done

$ handlens help split
handlens split: divide the pictures into folds, and hold some out for the phone

usage: handlens split RUN [options]
...
      --folds K * Folds of the cross-validation. [2 to 20; default: 5]
...
Examples
  handlens split RUN --folds 5 --holdout 4
  handlens split RUN --export-tree tree  # the paper's Fig. 3

# A page shows the command's own options; --all shows what it inherits, too.
$ handlens help convert | grep -E '^      --(io|folds) ' ; handlens help convert | grep -A1 '^More options'; handlens help convert --all | grep -cE '^      --(io|folds) '
      --io uint8|int8|float32 *
More options, explained by `handlens help convert --all`
  --*--folds*
2

# What options take by name.
$ handlens list | grep -E '^[a-z]' | cut -d' ' -f1 | tr '\n' ' '; handlens list generators | tail -1
models generators presets backbones targets formats   camera               ours: mild, and a simulated hand-held camera (tilt, distance, background, light)

$ handlens list modles
handlens: error: 'modles' is none of the lists models, generators, presets, backbones, targets, formats; did you mean 'models'?
[2]

$ handlens list presets --json | grep -c '"name"'
4

$ handlens version; handlens --version
handlens *
handlens *

$ handlens version --json
{
  "version": "*"
}

$ handlens help --man | head -3
.TH HANDLENS 1 "" "handlens *" "User commands"
.SH NAME
handlens \- from labelled pictures to a verified classifier for phones

$ handlens help --man | man -l - 2>/dev/null | head -1 >/dev/null; handlens help --completion bash > c && bash -n c && grep -c 'complete -o filenames -F _handlens handlens' c
1

$ bash -c 'source <(handlens help --completion bash); COMP_WORDS=(handlens se); COMP_CWORD=1; _handlens; echo ${COMPREPLY[@]}'
search serve

# The committed page of options is what the program prints.
$ handlens help --markdown | diff "$SOURCE/docs/options.md" - && echo same
same

# Every command stands in docs/commands.md, and every option that the page names exists.
$ for c in run demo inspect prepare split review search reduce convert describe verify report predict doctor check serve list help version; do grep -q "handlens $c" "$SOURCE/docs/commands.md" || echo "no $c"; done

$ for o in $(grep -o -- '--[a-z][a-z-]*' "$SOURCE/docs/commands.md" | sort -u); do grep -q -- "$o" "$SOURCE/docs/options.md" || echo "no $o"; done

