# Repeated and nested cross-validation: in the plan, in the record, the verdict, the report and on the terminal; kept when called again; off unless asked for.

$ "$MAKE_PICTURES" pictures 2 16 40

$ handlens run pictures --dry-run --preset quick --models m1 --generators gen1,gen2 --sizes 30 --folds 2 --epochs 2 --repeats 3 --nested -q 2>/dev/null | grep -E '^  (steps|search|again)'
  steps   inspect, prepare, split,* search, final training, cross-validation again, convert, describe, verify, report
  search  4 trials of 1 model (m1) at 30 px with gen1, gen2 and 2 folds
  again   about 14 trials of repeated or nested cross-validation, *

$ handlens run pictures --preset quick --models m1 --generators gen1,gen2 --sizes 30 --folds 2 --epochs 2 --nested --budget 1h -q 2>&1 | grep error
handlens: error: --nested takes several times as long as a search, and a budget may end before it; leave --budget out, or --nested

$ handlens run pictures --preset quick --models m1 --generators gen1,gen2 --sizes 30 --folds 2 --epochs 2 --repeats 3 --nested --min-accuracy 0 --min-agreement 0 -qv >out 2>err; grep -oE 'dealt to folds in 3 ways|nested cross-validation|the choice flatters by [-0-9.]+ points' out
dealt to folds in 3 ways
nested cross-validation
the choice flatters by * points

$ grep -c '"inner_folds": 2' pictures-run/crossvalidation.json; grep -c '"optimism"' pictures-run/verdict.json; test -s pictures-run/report/nested.csv && test -s pictures-run/report/repeats.csv && echo tables
2
1
tables

# 4 trials of the search, 1 final, 4 of the repeats, 8 of the inner searches; what they chose was trained before.
$ ls pictures-run/trials | wc -l; handlens run pictures --min-accuracy 0 --min-agreement 0 -v 2>&1 | grep '^crossvalidation: up'; ls pictures-run/trials | wc -l
17
crossvalidation: up to date
17

# Without the options it is no part of the run.
$ handlens run pictures --repeats 1 --nested=false --dry-run -q 2>&1 | grep -c 'again' || true
0
