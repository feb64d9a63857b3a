Stopping: Ctrl-C, a full disk, a time budget. What is there stays, and the next call goes on.
(Without --foreground, timeout signals the program and then its group: twice, and a second SIGINT ends it at once.)

$ "$MAKE_PICTURES" pictures 2 16 40

$ timeout --foreground --preserve-status -s INT 2 handlens run pictures -o RUN --preset quick --models m1 --generators gen1 --sizes 100 --folds 2 --epochs 5000 -q
...
handlens: stopped; run the same command again to continue where it stopped
[130]

$ timeout --foreground --preserve-status -s TERM 2 handlens run pictures -o RUN --json -q
...
{"error":{"exit":75,"message":"stopped; run the same command again to continue where it stopped"}}
[75]

# A full disk: here a limit on the size of files.
$ (ulimit -f 1; handlens run pictures -o FULL --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 2 -q)
handlens: error: FULL/*: no room left on the disk; free some and run the same command again to continue
[5]

# It goes on when there is room again.
$ handlens run pictures -o FULL --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 2 -q 2>/dev/null | grep -c ^verdict:
1

