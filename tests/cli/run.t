One small run from pictures to verdict, then the same again, and what may go wrong between.

$ "$MAKE_PICTURES" pictures 2 16 40

# The plan alone writes nothing.
$ handlens run pictures --dry-run --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 6 -q 2>/dev/null
plan for pictures-run: 32 pictures in 2 classes, preset quick
  groups  It is not known which pictures belong together. *
  steps   inspect, prepare, split,* search, final training, convert, describe, verify, report
  search  2 trials of 1 model (m1) at 30 px with gen1 and 2 folds
  choice  by validation pictures, as they are and as a simulated camera shows them
  verdict for the camera and the gallery (--for)
  time    about * with *
  memory  about *; disk about * of * free

$ ls pictures-run 2>&1 | head -1
ls: cannot access 'pictures-run': No such file or directory

# A limit of the file's size leaves models out that would not fit; where none fits, nothing is begun.
$ handlens run pictures --dry-run --preset quick --models m1,nano8 --sizes 30 --folds 2 --max-bytes 20K -q 2>/dev/null | grep -E '^  (search|size)'
  search  * of 1 model (nano8) at 30 px *
  size    at most 20.5 KB as quantizedmodel.tflite: only models that fit are tried

$ handlens run pictures --preset quick --models m1,nano8 --sizes 30 --folds 2 --max-bytes 1K -q; ls pictures-run
handlens: error: --max-bytes: none of the * models that would be tried fits 1.0 KB; the smallest, nano8 at 30 px, may take * as an int8 file. Name smaller ones (--models; `handlens list` has them), or let a reduction look for one: --reduce always
ls: cannot access 'pictures-run': No such file or directory
[2]

# 0 and 4 are both good ends.
$ handlens run pictures --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 6 --min-accuracy 0 --min-agreement 0 -q >out 2>err; echo "$?" >code; grep -qx '[04]' code || { cat code err; }
> grep -v '^  because: ' out
verdict: *ed * of * checks*
accuracy: * % [*, *], n=26, of quantizedmodel.tflite on pictures that no training saw
report: pictures-run/report.html
next: *

# What to type next works, and is no app where the verdict says no.
$ grep -q '^verdict: failed' out && want=xdg-open || want='handlens app'; tail -1 out | grep -c "^next: $want pictures-run"
1

$ cd pictures-run && ls -d handlens.toml dataset.json split.json search.csv search.json model/{model,quantizedmodel,model_fp16,model_dynamic}.tflite model/{labels.txt,preprocess.json,modelcard.md} verdict.json predictions.csv timings.json report.html | wc -l
16

$ cat pictures-run/model/labels.txt; head -1 pictures-run/search.csv; head -1 pictures-run/predictions.csv
class000
class001
model,size,augmentation,fold,accuracy,loss,parameters,epochs,seconds
picture,route,model,label,predicted,class000,class001

$ handlens check pictures-run -q | tail -1
the chain from the pictures to the model files holds

# The same command again does nothing anew.
$ cp -r pictures-run before; handlens run pictures --min-accuracy 0 --min-agreement 0 -v 2>&1 | grep -E '^(split|search|final|convert|describe|verify): '
split: up to date
search: up to date
final: up to date
convert: up to date
describe: up to date
verify: up to date

$ diff -r before/model pictures-run/model && diff before/verdict.json pictures-run/verdict.json && diff before/search.json pictures-run/search.json && echo same
same

# One number changed: only what depends on it is done again.
$ handlens verify pictures-run --min-accuracy 1 --max-bytes 100 -v >out 2>err; echo "exit $?"; grep -E '^(search|convert|verify): ' err; grep -c '^verdict: failed' out
exit 4
search: up to date
convert: up to date
verify: *
...
1

# Predictions, for people and for scripts.
$ handlens predict pictures-run pictures/class000/p000.png -q
model: pictures-run/model/quantizedmodel.tflite
pictures/class000/p000.png: *class00* %, class00* %

$ handlens predict pictures-run pictures/class000/p000.png -q --model float | head -1
model: pictures-run/model/model.tflite

# Of a folder of class folders it is counted how many are right, and said that the run has seen them.
$ handlens predict pictures-run pictures -q | tail -4
  class000                 * of 16
  class001                 * of 16
right: * % [*, *], * of 32*
26 of these pictures: the run trained with them, so this is not how it does on new ones

$ mkdir foreign; cp -r pictures/class000 foreign; cp -r pictures/class001 foreign/other; handlens predict pictures-run foreign -q | grep -E '^(not counted|right)'
not counted, since the model has no such class: other
right: * of 16*

# A run's held-out pictures, an archive, a list.
$ handlens predict pictures-run pictures-run -q --json | grep -E '^    "(n|seen_in_training)"'
    "n": 6,
    "seen_in_training": 0

$ (cd pictures && zip -qr ../p.zip .); handlens predict pictures-run p.zip -q --json | grep -c '"path": "p.zip/class00'
32

# Folders around and beside the class folders, a run's folder of models, and a file of it, which knows its run.
$ mkdir -p nest/around; cp -r pictures/class000 pictures/class001 nest/around; (cd nest; handlens predict ../pictures-run . -q | tail -1); cp pictures/class000/p000.png nest; handlens predict pictures-run nest -q | grep -c png
26 of these pictures: the run trained with them, so this is not how it does on new ones
33

$ for m in pictures-run/model pictures-run/model/model.tflite; do handlens predict $m pictures -q | tail -1; done; handlens doctor pictures-run/model/model.tflite pictures -q 2>/dev/null | grep -c '^26 of these pictures'; handlens predict nest pictures
26 of these pictures: the run trained with them, so this is not how it does on new ones
26 of these pictures: the run trained with them, so this is not how it does on new ones
1
handlens: error: nest: a folder without quantizedmodel.tflite; give a run folder or a .tflite file
[3]

$ ls pictures/class000/p00*.png | handlens predict pictures-run - -q | grep -c '^pictures/class000/p00'
10

$ handlens predict pictures-run https://example.org/leaf.jpg
handlens: error: https://example.org/leaf.jpg: an address; handlens uses no network, so download it and give the file
[2]

$ handlens predict pictures-run gone.png -q
handlens: error: gone.png: no such file
[3]

$ handlens predict nowhere gone.png -q
handlens: error: nowhere: no such model file or run folder
[3]

$ handlens predict pictures-run/model/quantizedmodel.tflite pictures/class000/p000.png pictures/class001/p001.png --json --save-input seen -q >json; grep -cE '"(path|label|scores)":' json; ls seen | wc -l
6
2

$ echo no picture > text.png; handlens predict pictures-run text.png -q 2>&1 | tail -1
handlens: error: text.png: *

$ for i in 1 2 3 4 5; do cp text.png t$i.png; done; handlens predict pictures-run t?.png -q
handlens: error: 5 files, such as t1.png: a text file, not a picture
[3]

# Progress in a pipe is plain lines without escape codes; results are the only thing on stdout.
$ handlens report pictures-run 2>&1 | grep -c $'\033'
0
[1]

$ handlens split pictures-run --json -v 2>/dev/null | head -3
{
  "command": "split",
  "run": "pictures-run",

# Trained on as int8 computes: the int8 file is another, the trials and the float file's scores stay (its metadata says from which score
# on the int8 file may be believed); and back again.
$ handlens describe pictures-run --quantization aware -v 2>&1 | grep -E '^(search|final): |fine-tuned as|models in'; grep -c 'come from quantization-aware training' pictures-run/model/modelcard.md
> for r in before pictures-run; do handlens predict $r/model/model.tflite pictures/class000/p000.png --json -q | grep -A3 '"scores"' >$r.scores; done; cmp before.scores pictures-run.scores && grep -q scores before.scores && echo the same float; cmp -s before/model/quantizedmodel.tflite pictures-run/model/quantizedmodel.tflite || echo another int8
search: up to date
final: up to date
fine-tune: 3 models fine-tuned as int8 (*)
convert: 8 models in pictures-run/model (*)
1
the same float
another int8

$ handlens describe pictures-run --quantization post-training -q >out; for f in model/{model,quantizedmodel,model_fp16,model_dynamic}.tflite model/folds/fold1_quantized.tflite; do cmp before/$f pictures-run/$f; done

$ handlens convert pictures-run --quantization awre
handlens: error: --quantization: 'awre' is not one of auto, post-training, aware; did you mean 'aware'?
[2]

# Trainings that somebody deleted are trained again, into the same bytes.
$ cp -r before gone; rm -r gone/trials; handlens run pictures -o gone -v 2>&1 >out | grep -E 'trained again|^(split|search|final): '; cmp before/search.json gone/search.json; cmp before/model/folds/fold1.tflite gone/model/folds/fold1.tflite
split: up to date
search: up to date
warning: gone/trials/*/trial.json: No such file or directory; what is missing is trained again
search: search.json is missing
search: 2 trials
search: chosen: *
final: trials/*/trial.json is missing

# Another process on the same folder.
$ flock pictures-run/.lock handlens report pictures-run
handlens: error: pictures-run: another handlens is working on this run folder; wait for it to end, or use another folder
[5]

# A picture that changes is named; the trials stay.
$ cp pictures/class001/p003.png pictures/class000/p002.png; handlens run pictures -q
handlens: error: *class000/p002.png*; run `handlens inspect *pictures -o NEW` to start a new run with the pictures as they are now
[3]

$ ls pictures-run/trials | wc -l; handlens check pictures-run -q | grep p002
3
...
  changed: the picture class000/p002.png is not the one that was inspected

$ rm pictures/class000/p002.png; handlens inspect pictures -o pictures-run -q
handlens: error: *class000/p002.png*; run `handlens inspect *pictures -o NEW` to start a new run with the pictures as they are now
[3]

$ "$MAKE_PICTURES" pictures 2 17 40; handlens run pictures -q
handlens: error: 2 pictures came since inspect: class000/p016.png, class001/p016.png; run `handlens inspect *pictures -o NEW` to start a new run with the pictures as they are now
[3]

# A newer version's record and a damaged one are refused by name.
$ sed -i 's/"version": 1/"version": 99/' before/dataset.json; handlens split before -q
handlens: error: before/dataset.json: written by a newer handlens (version 99, this one reads 1); update handlens
[3]

$ echo '{' > before/dataset.json; handlens split before -q
handlens: error: before: not a run folder (its dataset.json is no record of handlens); start one with *
[3]
