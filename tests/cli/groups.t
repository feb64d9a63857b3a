Groups: folders inside a class, or a pattern over names, keep a patient's pictures in one fold; what is not known is said.

$ "$MAKE_PICTURES" t 2 18
$ for c in 0 1; do for i in $(seq 0 17); do mkdir -p "byfolder/class$c/patient$c$((i / 3))" byname/class$c; n=$(printf %03d $i)
> cp t/class00$c/p$n.png "byfolder/class$c/patient$c$((i / 3))/$n.png"; cp t/class00$c/p$n.png "byname/class$c/p$c$((i / 3))_$n.png"; done; done

$ handlens inspect byfolder -o R1 -q 2>/dev/null | grep belong
36 of 36 pictures belong to 12 groups (by folders); no group is divided over folds.

$ handlens split R1 --folds 3 --holdout 1 -q >/dev/null 2>&1; python3 - <<'PY'
> import json
> data, split = json.load(open("R1/dataset.json")), json.load(open("R1/split.json"))
> group = {p["id"]: p["group"] for p in data["pictures"]}
> for fold in split["folds"]:
>     parts = [{group[i] for i in fold[name]} for name in ("train", "validation", "test")] + [{group[i] for i in split["holdout"]}]
>     assert not any(a & b for k, a in enumerate(parts) for b in parts[:k]), parts
> print("no group is divided")
> PY
no group is divided

$ handlens inspect byfolder -o R2 --subfolders ignore -q 2>/dev/null | grep belong
It is not known which pictures belong together. If one patient, plant or object gave several, give groups (folders inside the class folders, --group-pattern, or a group column in a labels.csv); without them the accuracies come out too high.

$ handlens inspect byname -o R3 --group-pattern '^(p[0-9]+)_' -q 2>/dev/null | grep belong
36 of 36 pictures belong to 12 groups (by pattern); no group is divided over folds.

$ handlens inspect byname -o R4 --group-pattern '^(p[0-9]+_' -q
handlens: error: --group-pattern: '^(p[0-9]+_' is not a regular expression: a parenthesis is not closed or closes nothing, or a *, + or ? stands after nothing; an example that works: '^([a-z]+[0-9]+)_'
[2]

$ handlens inspect byname -o R5 --group-pattern 'patient(.*)' -q
handlens: error: --group-pattern: 'patient(.*)' matches no picture's name; names are read below the class's folder, such as p00_000.png, p00_001.png, p00_002.png
[2]

$ handlens run byname -o R6 --preset quick --dry-run -q 2>/dev/null | grep groups
  groups  It is not known which pictures belong together. *
$ handlens run byname -o R6 --preset quick --group-pattern '^(p[0-9]+)_' --dry-run -q 2>/dev/null | grep groups
  groups  36 of 36 pictures belong to 12 groups (by pattern); no group is divided over folds.

# Intervals respect them, by which the rules decide; the report names the worst.
$ handlens run byname -o R8 --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 4 --group-pattern '^(p[0-9]+)_' --min-accuracy 0 -qv 2>/dev/null | grep -E '^  quantized |^accuracy' | grep -oE 'n=[0-9]+ in [0-9]+ groups'; grep -o 'interval [^;]*, in [0-9]* groups' R8/verdict.json | head -1; head -1 R8/report/groups.csv
n=30 in 10 groups
n=30 in 10 groups
interval * in 10 groups
Group,Recognised,Right,Pictures,Most frequent mistake

# Names that would move the cursor, colour or turn the writing around are shown, never sent.
$ mkdir -p odd; cp -r t/* odd/; touch "$(printf 'odd/class000/x\x1b[31m\xc2\x9b31m\xe2\x80\xaegpj.exe')"
$ handlens inspect odd -o R7 -q 2>&1 | grep -c 'x\\x1B\[31m\\u{009B}31m\\u{202E}gpj.exe: the file is empty'
2
$ for json in '' --json; do rm -r R7; handlens inspect odd -o R7 $json >out 2>&1; LC_ALL=C grep -c -P '\x1b|\xc2\x9b|\xe2\x80\xae' out; done; true
0
0
