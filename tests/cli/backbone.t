Backbones: the model of a run becomes one, and so does its own file; what cannot be taken is named. The product's folder
may hold lite0 or not, so that lists are asked for one line.

$ "$MAKE_PICTURES" pictures 2 16 40
$ HANDLENS_BACKBONES="$PWD/own" handlens run pictures -o RUN --preset quick --models nano8 --generators gen1 --sizes 30 --folds 2 --epochs 4 --min-accuracy 0 --min-agreement 0 -q >out 2>err; echo "$?" >code; grep -qx '[04]' code || cat code err

$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN --as mine
mine: * numbers, made for 30 px, may be cut at * places; */own/mine.safetensors
  Learnt by handlens from the pictures of the run RUN.
Train from it with: handlens run PICTURES --models mine

# The float file of the same model: the metadata says how pixels are scaled, and the scores are proved on pictures.
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/model.tflite pictures/class000 --as file
scores of 16 pictures of yours: within * of the official runtime's
file: * numbers, made for 30 px, may be cut at * places; */own/file.safetensors
  From model.tflite; whose it is and what its licence allows, its source says.
Train from it with: handlens run PICTURES --models file

# A folder of class folders gives some of every class.
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/model.tflite pictures --as file | head -1
scores of 32 pictures of yours: within * of the official runtime's

$ HANDLENS_BACKBONES="$PWD/own" handlens backbone list | grep -E '^(mine|file):'
file: *
mine: *

# Adding the same again changes nothing; another one needs another name.
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN --as mine | head -1
mine: *
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/model.tflite --as mine
handlens: error: */own/mine.safetensors is there already, and another one; choose a name by --as, or `handlens backbone remove mine` first
[2]

$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/quantizedmodel.tflite
handlens: error: RUN/model/quantizedmodel.tflite: *not float32; a backbone begins from a file that is not quantized
[3]
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add pictures
handlens: error: pictures: no run folder with a converted model (model/conversion.json is not there)
[3]
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/model.tflite --as ../up
handlens: error: RUN/model/model.tflite: "../up" is no name for a backbone; letters, digits, '-', '_' and '.' make one
[2]
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone add RUN/model/model.tflite --scaling 1,x
handlens: error: --scaling 1,x: "x" is no number
[2]
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone rename mine
handlens: error: handlens backbone rename: it is add, list or remove
[2]

# A damaged file is named, and the others are listed all the same.
$ head -c 3000 own/file.safetensors >own/broken.safetensors; HANDLENS_BACKBONES="$PWD/own" handlens backbone list | grep -E '^(mine:|.*broken)'
*/own/broken.safetensors: this backbone cannot be used: *; fetch or add it again
mine: *

# A model from a backbone carries the guard against strangers, unless asked not to; a network trained from scratch does not.
$ "$MAKE_PICTURES" more 2 60 40
$ handlens inspect more -o G -q >out 2>&1
$ guards() { grep -o '"guard": *[a-z]*' G/model/conversion.json | sort | uniq -c; }
> for models in mine-probe nano8; do HANDLENS_BACKBONES="$PWD/own" handlens describe G --preset quick --models $models --generators gen1 --sizes 30 --folds 3 --epochs 4 -q --yes >out 2>&1; guards; done
> HANDLENS_BACKBONES="$PWD/own" handlens describe G --models mine-probe --strangers answer -q --yes >out 2>&1; guards
      4 "guard": true
      4 "guard": false
      4 "guard": false

# A probe changed none of the layers that it began with, so there is nothing to add.
$ HANDLENS_BACKBONES="$PWD/own" handlens run more -o P --preset quick --models mine-probe --generators gen1 --sizes 30 --folds 3 -q >out 2>&1; HANDLENS_BACKBONES="$PWD/own" handlens backbone add P --as again
handlens: error: P: its model mine-probe is a classifier on the unchanged layers of mine, so there is nothing new to add; *
[2]

# On a machine without the backbone the run goes on from its own copy: the same candidates, nothing to train.
$ HANDLENS_BACKBONES="$PWD/none" handlens run more -o P --dry-run 2>err | grep '^  done'
  done    split, search, final training, convert, describe, verify
$ mv P/backbones P/away; HANDLENS_BACKBONES="$PWD/none" handlens run more -o P --dry-run -q 2>&1 | tail -1; mv P/away P/backbones
handlens: error: model mine-probe begins with the backbone mine, which is not installed; *

# A model whose backbone is not there, or is left out, is no misspelt network of ours.
$ handlens run pictures --dry-run --models gone-probe -q 2>&1 | tail -1
handlens: error: model gone-probe begins with the backbone gone, which is not installed; `handlens backbone list` says which are there*
$ handlens run pictures --dry-run --models lite0 --from-scratch -q 2>&1 | tail -1
handlens: error: model lite0 begins with the backbone lite0, and --from-scratch leaves all backbones out; *

$ HANDLENS_BACKBONES="$PWD/own" handlens backbone remove file
removed */own/file.safetensors; runs that began with it have their own copy
$ HANDLENS_BACKBONES="$PWD/own" handlens backbone remove file
handlens: error: no backbone "file" of yours in */own; `handlens backbone list` shows what is where
[2]

# The review looks at the pictures with a backbone's eyes, and says what it found.
$ handlens inspect pictures -o R2 -q >out 2>&1; HANDLENS_BACKBONES="$PWD/own" HANDLENS_MODELS=mine HANDLENS_SIZES=30 handlens review R2 --folds 2 -q 2>err | grep -E '^(a classifier|wrote|  R2|next)'
a classifier that never saw the picture is right for * of 32: *
wrote:
  R2/split.json
  R2/review.json
  R2/review.csv
  R2/report.html
next: handlens run */pictures -o R2
$ head -1 R2/review.csv; grep -c '"format": "handlens-review"' R2/review.json
path,label,other,own_score,other_score
1
$ handlens inspect pictures -o R3 -q >out 2>&1; handlens review R3 --from-scratch
handlens: error: a review needs a pre-trained network, and there is none: this run is --from-scratch
[3]
