What a call does is what was asked for: nothing is trained unasked, what counts for one call counts for one call, and a look leaves no trace.

$ "$MAKE_PICTURES" pictures 2 16 40

# A plan is only a look: the very checks of `run`, and no folder.
$ handlens run pictures --dry-run --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 6 -q 2>/dev/null | head -1; ls -d pictures-run
plan for pictures-run: 32 pictures in 2 classes, preset quick
ls: cannot access 'pictures-run': No such file or directory
[2]

$ "$MAKE_PICTURES" singles 3 1; handlens run singles --dry-run --preset quick -q 2>&1 | tail -1; echo "${PIPESTATUS[0]}"; ls -d singles-run
handlens: error: *class class000 has 1 picture; 5 folds need at least 5*
3
ls: cannot access 'singles-run': No such file or directory
[2]

$ for i in 0 1 2 3 4 5 6; do echo none > pictures/class000/broken$i.png; done; handlens run pictures --dry-run -q 2>&1 | tail -1 | cut -c1-52; rm pictures/class000/broken*
handlens: error: 7 of 39 files cannot be used: 7 fil

# A first call that fails leaves no folder either, and no folder that it made on the way to it.
$ handlens run singles -q -o made/on/the/way 2>/dev/null; echo "exit $?"; ls -d made
exit 3
ls: cannot access 'made': No such file or directory
[2]

$ mkdir mine; handlens run singles -q -o mine 2>/dev/null; ls -A mine; ls -d mine
mine

$ handlens run pictures --config missing.toml; ls -d pictures-run
handlens: error: missing.toml: No such file or directory
ls: cannot access 'pictures-run': No such file or directory
[2]

# A budget in which nothing can come about is refused beforehand, with one in which something can.
$ handlens run pictures --preset quick --models m1 --sizes 100 --epochs 5000 --budget 2s -q 2>&1 | tail -1; echo "${PIPESTATUS[0]}"; ls -d pictures-run
handlens: error: a budget of 2.0 s is too short:*Nothing was begun. The smallest sensible budget is about *
5
ls: cannot access 'pictures-run': No such file or directory
[2]

# On a run without trials, others say what is missing and what it would take.
$ printf 'preset = "quick"\nmodels = ["m1"]\ngenerators = ["gen1"]\nsizes = [30]\nfolds = 2\nepochs = 6\n' > handlens.toml; handlens inspect pictures -o RUN -q >/dev/null 2>&1; rm handlens.toml

$ for command in convert describe verify app; do handlens $command RUN -q; echo "exit $?"; done; ls -d RUN/trials
handlens: error: RUN: to convert, trained models are missing (search, final training); that takes about * with *. `handlens search RUN` does it, or the same command with --yes
exit 3
handlens: error: RUN: to describe, trained models are missing (search, final training); that takes about *
exit 3
handlens: error: RUN: to verify, trained models are missing (search, final training); that takes about *
exit 3
handlens: error: RUN: to app, trained models are missing (search, final training); that takes about *
exit 3
ls: cannot access 'RUN/trials': No such file or directory
[2]

# What serve advises does not refuse in its turn.
$ handlens serve RUN -q
handlens: error: RUN: no model yet; make it with `handlens verify RUN --yes`, which trains what is missing, then serve it
[3]

# What handlens.toml keeps from last time is said in one line.
$ handlens split RUN 2>&1 >/dev/null | grep kept
kept from last time: sizes = [30], folds = 2, preset = "quick"* (delete a line of RUN/handlens.toml to reset it)

# A budget and gates count for one call. The search that a budget ended is good enough for later steps.
$ handlens verify RUN --yes --min-accuracy 1 --max-bytes 100 -q >out 2>err; grep -c 'even the lower end must reach 100.0 %' out; grep -E '^#? ?(min_accuracy|max_bytes|budget|epochs) =' RUN/handlens.toml | sed -E 's/^/: /; s/ {2,}# .*//'
1
: epochs = 6
: # budget = TIME
: # min_accuracy = 1.0
: # max_bytes = 100

# An app of a model that the verdict refuses is packed, and says so in one line and by its exit code.
$ handlens app RUN --target c --min-accuracy 1 -q >out 2>err; echo $?; wc -l <err; cut -c1-60 err; ls RUN/apps/c/model.c
4
1
handlens: error: the app is packed, but its model failed * o
RUN/apps/c/model.c

$ handlens app RUN -q --icon nowhere.png 2>&1 | grep -c 'at least 100.0 % is asked for'
0
[1]

$ handlens run pictures -o RUN --budget 100m -q >out 2>err; echo "$?" | grep -c '[04]'; handlens verify RUN -v 2>&1 >out | grep -E '^(search|final|convert): '
1
search: up to date
final: up to date
convert: up to date

# What is finished is not begun again for the sake of a budget, and a plan counts what is left alone.
$ handlens run pictures -o RUN --budget 30s --dry-run 2>/dev/null | grep -E '^  (done|search|memory)|  time' | sed -E 's/about [0-9.]+ s with [0-9]+ threads?/about S/'
  done    split, search, final training, convert, describe*
  time    about S; training stops in time for a budget of 30 s

# What was changed by hand is said, of the least of the records, too.
$ cp -r RUN CHANGED; sed -i 's/"seconds": [0-9]/&1/' CHANGED/timings.json; echo >> CHANGED/memory.json; handlens check CHANGED 2>/dev/null | grep -oE '(timings|memory).json is not as it was recorded'
memory.json is not as it was recorded
timings.json is not as it was recorded

# A file of gates leaves the other settings as they are.
$ printf 'min_accuracy = 1.0\n' > gates.toml; handlens verify RUN --config gates.toml -v 2>err >out; grep -c 'even the lower end must reach 100.0 %' out; grep -E '^(search|final): ' err; grep -c '^preset = "quick"' RUN/handlens.toml
1
search: up to date
final: up to date
1

# What only --yes does is not said to be done by another command.
$ handlens verify RUN --repeats 2 -q
handlens: error: RUN: to verify, trained models are missing (cross-validation again); that takes about * with *. The same command with --yes does it
[3]

# A run folder in place of the pictures.
$ handlens run RUN
handlens: error: RUN is a run folder, not pictures; to continue it: handlens run *pictures -o RUN
[2]
