A run that is copied under another name, and pictures that move: nothing of what is shipped changes.

$ "$MAKE_PICTURES" pictures 2 16 40
$ handlens run pictures -o first --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 4 --min-accuracy 0 --min-agreement 0 -q >out 2>err; grep -c ^verdict: out
1

$ (cd first/model && sha256sum *.tflite modelcard.md preprocess.json) >sums; cp -r first "another name"; rm -r first

$ handlens verify "another name" --min-accuracy 0 --min-agreement 0 -v 2>&1 | grep -E '^(search|convert|describe|verify): '
search: up to date
convert: up to date
describe: up to date
verify: up to date

# Where they are now is said once; the run remembers.
$ mkdir elsewhere; mv pictures elsewhere/leaves; handlens verify "another name" -q 2>&1 | grep warning
warning: the pictures are not at */pictures any more; say where they are now by --pictures DIR

$ handlens check "another name" -q | sed 1d
...
  missing: the picture class000/p004.png is gone or cannot be read
  missing: 27 more like these (--json lists all)
the chain is broken
...

$ mkdir -p others/class000 others/class001; cp elsewhere/leaves/class000/p00* others/class000; handlens verify "another name" --pictures others -q
handlens: error: others: not the pictures of this run; *
[3]

$ handlens verify "another name" --pictures elsewhere/leaves --min-accuracy 0.01 -q >out 2>err; echo $?; grep -v 'min-accuracy' err || true
0

$ (cd "another name/model" && sha256sum --quiet -c ../../sums) && echo the same
the same

$ handlens check "another name" -q | tail -1
the chain from the pictures to the model files holds

# The first command again, at the new place.
$ handlens run elsewhere/leaves -o "another name" -v 2>&1 | grep -E '^(inspect|search|describe): '
inspect: up to date
search: up to date
describe: up to date
