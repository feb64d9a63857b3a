Pictures as people have them: archives, folders of splits, tables of other people; and many alike mistakes.

$ "$MAKE_PICTURES" trees 2 6; mkdir packed; mv trees packed/trees; (cd packed && zip -qr ../trees.zip .); rm -r packed

# A dry run looks into a zip and leaves nothing; else it is unpacked to a folder of its name, once.
$ mkdir temporary; TMPDIR=$PWD/temporary handlens run trees.zip --dry-run -q 2>/dev/null | head -1; ls -A temporary; rmdir temporary; ls
plan for trees-run: 12 pictures in 2 classes, preset standard
trees.zip

$ handlens inspect trees.zip -q 2>/dev/null | head -1; ls trees
12 pictures in 2 classes
class000
class001

$ handlens inspect trees.zip 2>&1 | grep -c '^unpack'
0
[1]

$ rm trees/class000/p000.png; handlens inspect trees.zip -o other
handlens: error: trees.zip: it would be unpacked to trees, which is there already and holds something else; give that folder, or move it away
[3]

$ head -c 300 trees.zip > broken.zip; handlens inspect broken.zip; ls broken 2>&1
handlens: error: broken.zip: the archive cannot be read (*); download or make it again
ls: cannot access 'broken': No such file or directory
[2]

# Folders of splits are used: test is held out, unless all are to be merged; and the run goes on by itself.
$ mkdir -p split/train split/test; "$MAKE_PICTURES" split/train 2 5; cp -r trees/class001 split/test/class001
> handlens inspect split -o used 2>&1 | grep -E 'no training sees|byte for byte'
warning: test (1 class folder), train (2 class folders): 2 classes, used as they are: no training sees the test folder, and the others make the folds (new folds of all of them: --merge-splits).
warning: Leak: * in the test folder and in another, byte for byte; one of each is used.

$ handlens inspect split --merge-splits -q 2>err | head -3; grep -E 'Class class000 is only in train' err | wc -l
11 pictures in 2 classes
  class000                      5
  class001                      6
1

$ handlens split split-run --folds 2 --holdout 0 -q | head -1
fold 1: * train, * validation, * test

# A table with one column a class, of names without an ending.
$ printf 'image;oak;elm\nclass000/p001;1;0\nclass000/p002;1;0\nclass001/p001;0;1\nclass001/p002;0;1\n' > trees/table.csv
> handlens inspect trees/table.csv -q 2>err | head -3; grep -c '2 columns hold 0 or 1 and are taken as the classes: oak, elm' err
4 pictures in 2 classes
  elm                           2
  oak                           2
1

# Forty mistakes of one kind are one line.
$ for i in $(seq 40); do echo no picture > trees/class000/x$i.png; done; handlens inspect trees -o many -q 2>/dev/null | grep -A3 '^unusable'
unusable files: 40; *
  40 files, such as class000/x1.png: a text file, not a picture
  each file with its reason: "rejected" in many/dataset.json
sizes worth training at: *

# After the look comes the run, as one line to paste, blanks or not.
$ "$MAKE_PICTURES" 'my trees' 2 6; handlens inspect 'my trees' -o 'look at them' -q 2>/dev/null | tail -1
next: handlens run '*/my trees' -o 'look at them'
