# What the ways from an app back to a run share: to be sourced; sets build and here.
build=$(cd "${1:?usage: $(basename "$0") BUILD_DIR}" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() { echo "skipped: $1"; exit 77; }

# A run with its app TARGET packed: $work/run. Nothing of $work stays.
pack_app() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  "$here/make_run.sh" "$build/handlens" "$work/run"
  "$build/handlens" app "$work/run" --target "$1" -q >"$work/app.log" 2>&1 || [ $? = 4 ]
}
