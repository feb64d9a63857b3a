Pictures that cannot be used: each mistake is one clear sentence, exit code 3, and no crash.

$ mkdir empty; handlens run empty
handlens: error: *
[3]

$ "$MAKE_PICTURES" one 1 6; handlens inspect one -o RUN1 -q
handlens: error: *
[3]

$ "$MAKE_PICTURES" singles 3 1; handlens run singles -o RUN2 --preset quick -q 2>&1 | grep -v warning | tail -1; echo "${PIPESTATUS[0]}"
handlens: error: *class class000 has 1 picture; 5 folds need at least 5*
3

$ mkdir flat; "$MAKE_PICTURES" t 1 3; cp t/class000/* flat; handlens inspect flat -o RUN3
handlens: error: *
[3]

$ "$MAKE_PICTURES" ok 2 6; handlens inspect ok/class000/p000.png -o RUN4
handlens: error: *
[3]

# Two hundred classes are fine.
$ "$MAKE_PICTURES" many 200 2 32; handlens inspect many -o RUN5 -q 2>/dev/null | head -1
400 pictures in 200 classes

# Odd names survive.
$ "$MAKE_PICTURES" odd 2 6; mv odd/class000 'odd/a "class", with; odd $(name)'; mv odd/class001/p000.png 'odd/class001/-rf é.png'
> handlens inspect odd -o 'RUN 6' -q --json 2>/dev/null | grep -c 'rf é.png'
1

# labels.csv: rows that are wrong are named with their line.
$ printf 'path,label\nclass000/p000.png,a\nclass000/p001.png,a\nclass001/p000.png,b\nclass001/p001.png,b\nnowhere.png,b\n' > ok/labels.csv
> handlens inspect ok/labels.csv -o RUN7 -q 2>/dev/null | grep nowhere
  nowhere.png: line 6: no such file

$ printf 'colour;height\nx;y\n' > ok/bad.csv; handlens inspect ok/bad.csv -o RUN8
handlens: error: *
[3]

# A run folder that cannot be written.
$ handlens inspect ok -o /proc/handlens-run
handlens: error: /proc/handlens-run*
[3]

$ touch file; handlens inspect ok -o file
handlens: error: file: a file, not a run folder; name another with -o RUN
[3]

$ mkdir thesis; touch thesis/text.txt; handlens inspect ok -o thesis
handlens: error: thesis: neither empty nor a run folder; name another with -o RUN
[3]

$ handlens run ok -o ok/RUN
handlens: error: the run folder ok/RUN would lie inside the pictures ok; name another with -o RUN
[2]

# A run belongs to its pictures.
$ "$MAKE_PICTURES" others 2 7; handlens inspect others -o RUN7
handlens: error: RUN7: a run of *labels.csv, not of others; name another run folder with -o RUN
[3]

