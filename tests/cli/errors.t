Mistakes on the command line are named, with the nearest right word; nothing is done.

$ handlens
handlens: error: no command given
...
[2]

$ handlens serach RUN
handlens: error: unknown command 'serach'; did you mean 'search'?; `handlens help` lists the commands
[2]

$ handlens help serach
handlens: error: unknown command 'serach'; did you mean 'search'?; `handlens help` lists the commands
[2]

$ handlens run pictures --epoch 3
handlens: error: unknown option '--epoch'; did you mean '--epochs'?
[2]

$ handlens run pictures --preset qiuck
handlens: error: --preset: 'qiuck' is not one of quick, standard, thorough, paper; did you mean 'quick'?
[2]

$ handlens run pictures --folds 1
handlens: error: --folds: 1 is out of range; it takes 2 to 20
[2]

$ handlens run pictures --folds five
handlens: error: --folds: 'five' is not a whole number from 2 to 20
[2]

$ handlens run pictures --sizes 30,5000
handlens: error: --sizes: 5000 is out of range; it takes 30 to 500
[2]

$ handlens run pictures --budget soon
handlens: error: --budget: 'soon' is not a time such as 90s, 30m or 2h
[2]

$ handlens run pictures --folds
handlens: error: --folds needs a value (K): Folds of the cross-validation.
[2]

$ handlens inspect pictures --epochs 3
handlens: error: --epochs is no option of `inspect`; it belongs to: search, reduce, convert, describe, verify, app, report, run, demo, cluster
[2]

$ handlens run
handlens: error: `run` needs PICTURES
usage: handlens run PICTURES [options]; `handlens help run` explains
[2]

$ handlens run a b
handlens: error: `run` has no use for 'b'
usage: handlens run PICTURES [options]; `handlens help run` explains
[2]

$ HANDLENS_EPOCH=3 handlens version
handlens: error: unknown environment variable HANDLENS_EPOCH; did you mean 'HANDLENS_EPOCHS'?
[2]

$ HANDLENS_FOLDS=99 handlens version
handlens: error: HANDLENS_FOLDS: 99 is out of range; it takes 2 to 20
[2]

# With --json an error is one line of JSON on stderr, and stdout stays empty.
$ handlens run nowhere --json >out; echo "exit $?"; cat out
{"error":{"exit":3,"message":"nowhere: no such file or folder"}}
exit 3

$ handlens search nowhere
handlens: error: nowhere: no such run folder; start one with `handlens inspect PICTURES -o nowhere`
[3]

$ mkdir other; touch other/thesis.txt; handlens search other
handlens: error: other: not a run folder (no dataset.json in it); start one with `handlens inspect PICTURES -o RUN`
[3]

# Words after -- are never options.
$ handlens run -- --json
handlens: error: --json: no such file or folder
[3]

$ handlens version > /dev/full
handlens: error: stdout: the result could not be written
[5]

# What the names of the files tell already is said before any picture is read.
$ "$MAKE_PICTURES" few 2 6; mkdir few/lone; mv few/class000/p000.png few/lone/; handlens run few 2>&1; handlens run few --dry-run 2>&1; ls -d few*
handlens: error: *few: class lone has 1 picture; 5 folds need at least 5; add pictures, or remove the class
handlens: error: *few: class lone has 1 picture; 5 folds need at least 5; add pictures, or remove the class
few

$ rm -r few/lone; handlens run few --models nano99; handlens run few --folds 5 --generators gen77 --dry-run
handlens: error: unknown model "nano99"; did you mean "nano8"?
handlens: error: unknown generator 'gen77'; did you mean 'gen1'?
[2]

# What only late steps read is looked at before the first one, and nothing is begun.
$ handlens run few -o late --notes gone.txt -q; handlens run few -o late --backgrounds gone --dry-run -q; ls late
handlens: error: gone.txt: No such file or directory
handlens: error: */gone: no folder of backgrounds that can be read: No such file or directory
ls: cannot access 'late': No such file or directory
[2]

# Settings that the disk cannot give are the disk's fault.
$ echo 'preset = "quick"' > my.toml; for at in 1 2; do LD_PRELOAD=$(dirname "$MAKE_PICTURES")/libfailing_calls.so FAULT_UNDER=my.toml FAULT_AT=$at FAULT_ERRNO=5 handlens run few --config my.toml --dry-run -q; done
handlens: error: *my.toml: Input/output error
handlens: error: *my.toml: Input/output error
[5]
