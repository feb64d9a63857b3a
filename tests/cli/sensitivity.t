# A class that must not be missed: a misspelt one is said before anything is trained; then the file, the verdict and `predict` say "refer".
$ "$MAKE_PICTURES" pictures 2 16 40
$ handlens run pictures --preset quick --models m1 --sensitivity class01=0.9 -q 2>&1 | grep error; handlens run pictures --preset quick --models m1 --sensitivity class001=95 -q 2>&1 | grep error
handlens: error: --sensitivity: no class is called "class01"; did you mean 'class001'?
handlens: error: --sensitivity class001=95: the share is a number from 0.5 to 0.999, as in CLASS=0.95
$ handlens run pictures --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 6 --min-accuracy 0 --min-agreement 0 --sensitivity class001=0.8 -q >out 2>&1; grep -o 'that takes 14 pictures of it at least, there are 13' out
that takes 14 pictures of it at least, there are 13
$ grep -c 'takes 14 pictures' pictures-run/model/preprocess.json; grep -c '"rule": "sensitivity"' pictures-run/verdict.json; grep -o 'on the route camera: sensitivity' pictures-run/verdict.json; test -s pictures-run/report/refer.csv && echo table
1
1
on the route camera: sensitivity
table
$ handlens predict pictures-run pictures/class001 -q | grep -c ': refer, possibly class001 ('
16
$ handlens predict pictures-run pictures/class000/p000.png --json -q | grep '"refer"'
      "refer": false,
$ handlens verify pictures-run --min-accuracy 0 --min-agreement 0 --sensitivity class000 -v 2>&1 | grep -E '^(convert|describe): (up|the options)'; grep -c 'takes 59 pictures of it at least, there are 13' pictures-run/model/preprocess.json
convert: up to date
describe: the options changed: sensitivity was "class001=0.8", is "class000"
1
