# What the tests of engines share: sourced with the build folder as $1. A small search that one process did (ALONE), and the comparison
# of another run folder with it. SEARCH says what to search; the same options everywhere.
set -u
build=$(realpath "$1")
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-cluster.XXXXXX")
export LC_ALL=C.UTF-8 TERM=dumb PATH="$build:$PATH"
for name in $(compgen -e | grep -E '^(HANDLENS_|SLURM_|OMPI_|PMI_)'); do unset "$name"; done
cd "$work" || exit 1

skip() { echo "skipped: $*"; exit 77; }   # ctest counts it as skipped
fail() { echo "FAILED: $*" >&2; exit 1; }

SEARCH=(--preset quick --from-scratch --models nano8,m1 --generators gen1 --sizes "${SIZE:-30}" --folds 3 --epochs "${EPOCHS:-4}")

# An inspected copy of the pictures' run, with the options of the search kept in it.
new_run() {  # folder
  [ -d pictures ] || "$build/tests_bin/make_pictures" pictures 2 16 40 || fail "no pictures"
  handlens inspect pictures -o "$1" -q >/dev/null 2>"$1.err" || fail "inspect: $(cat "$1.err")"
}

alone() {
  new_run ALONE
  handlens search ALONE "${SEARCH[@]}" --jobs 2 -q >/dev/null 2>alone.err || fail "search by one process: $(cat alone.err)"
}

# Same choice, same trials, same bytes, nothing left over.
same_as_alone() {  # run folder
  cmp ALONE/search.json "$1/search.json" || fail "search.json differs"
  diff <(cut -d, -f1-8 ALONE/search.csv) <(cut -d, -f1-8 "$1/search.csv") || fail "search.csv differs in more than seconds"
  diff <(ls ALONE/trials) <(ls "$1/trials") || fail "other trials"
  local id file
  for id in $(ls ALONE/trials); do
    for file in weights.safetensors predictions.safetensors camera.json events.jsonl; do
      cmp "ALONE/trials/$id/$file" "$1/trials/$id/$file" || fail "$id: $file differs"
    done
  done
  [ ! -e "$1/shards" ] || fail "$1/shards is still there"
  handlens check "$1" -q >/dev/null || fail "the chain of $1 does not hold"
}
