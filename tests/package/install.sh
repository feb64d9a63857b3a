#!/usr/bin/env bash
# `cmake --install` into a folder, which is then moved: the program must find its pictures, runtime and templates beside itself, and
# hold no path of the build. usage: install.sh BUILD
set -euo pipefail
build=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { echo "$*" >&2; exit 1; }

DESTDIR='' cmake --install "$build" --prefix "$work/first" --strip >"$work/log" || { cat "$work/log"; exit 1; }
mkdir "$work/some where"
mv "$work/first" "$work/some where/else"
tree="$work/some where/else"
cd "$work"
handlens() { env -i PATH=/usr/bin:/bin HOME="$work" "$tree/bin/handlens" "$@"; }

[ "$(handlens version)" = "$("$build/handlens" version)" ] || fail "another version"
handlens demo --dry-run -q 2>/dev/null | grep -q '253 pictures in 10 classes' || fail "the demo's pictures are not found"
# The runtime that judges, and the process apart in which strangers' models run.
handlens demo --models m1d1 --generators gen1 --sizes 30 --folds 2 --epochs 1 --reduce never --for gallery -q >out 2>err || [ $? = 4 ] || { cat err; fail "the demo failed"; }
handlens predict demo-run demo-run -q --json | grep -q '"runtime"' || fail "no prediction"
if [ -d "$build/apps/web/site" ]; then handlens app demo-run --target web -y -q >/dev/null || [ $? = 4 ] || fail "no web app"; fi
if [ -e "$build/apps/android/template-arm64-v8a.apk" ]; then handlens app demo-run --target android -y -q >/dev/null || [ $? = 4 ] || fail "no Android app"; fi
if [ -e "$build/assets/lite0.safetensors" ]; then handlens list backbones | grep -q '^  lite0 .*some where/else' || fail "lite0 is not found"; fi
for file in share/man/man1/handlens.1 share/bash-completion/completions/handlens share/zsh/site-functions/_handlens share/fish/vendor_completions.d/handlens.fish share/doc/handlens/LICENSE share/handlens/demo/NOTICE.md; do
  [ -s "$tree/$file" ] || fail "$file is missing"
done
grep -oE '\]\([^)#:]+\)' "$tree/share/doc/handlens/README.md" | tr -d '])(' | while read -r link; do
  [ -e "$tree/share/doc/handlens/$link" ] || fail "README.md links to $link, which is not installed"
done
if grep -l -a -F "$build/" "$tree/bin/handlens" "$tree/lib/handlens/handlens_judge"; then fail "a path of the build stands in the program"; fi
echo "passed"
