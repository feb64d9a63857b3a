#!/usr/bin/env bash
# Runs the console blocks of a tutorial as a transcript (tests/cli/transcript.sh), on small drawn pictures and with settings that train
# in seconds: what is tested is that the commands work and answer as the page says. usage: run.sh TUTORIAL.md BUILD
set -euo pipefail
page=$(realpath "$1")
build=$(realpath "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-tutorial.XXXXXX")
trap 'rm -rf "$work"' EXIT
name=$(basename "$page" .md)
make_pictures=$build/tests_bin/make_pictures

# The pictures that the page speaks of, and a handlens.toml that the commands find in their folder.
mkdir "$work/setup"
cd "$work/setup"
printf 'preset = "quick"\nmodels = ["nano8"]\ngenerators = ["mild"]\nsizes = [32]\nfolds = 2\nepochs = 30\nfrom_scratch = true\n' >handlens.toml
case $name in
  leaves)
    "$make_pictures" leaves 3 20 48
    "$make_pictures" new-leaves 3 24 48
    for folder in leaves new-leaves; do (cd $folder && mv class000 oak && mv class001 elm && mv class002 ash); done
    for species in oak elm ash; do
      for i in $(seq 0 19); do
        picture=$(printf 'p%03d.png' "$i")
        rm "new-leaves/$species/$picture"
        mv "leaves/$species/$picture" "leaves/$species/$species$((i / 2))_$((i % 2)).png"
      done
    done
    ;;
  scans)
    "$make_pictures" scans 2 24 48
    echo patient_id,filename,diagnosis >table
    for class in 0 1; do
      for i in $(seq 0 23); do
        patient=$(printf 'p%02d' $((class * 8 + i / 3 + 1)))
        mv "scans/class00$class/$(printf 'p%03d.png' "$i")" "scans/${patient}_$((i % 3)).png"
        [ $class = 0 ] && finding=ill || finding=well
        echo "$patient,${patient}_$((i % 3)).png,$finding" >>table
      done
    done
    rmdir scans/class00?
    mv table scans/table.csv
    ;;
  own-app) "$make_pictures" pictures 3 20 48 ;;
  *) echo "no pictures are known for $name" >&2; exit 1 ;;
esac

{
  printf '%s\n\n' "$name" "\$ cp -r '$work/setup/.' ."
  awk '/^```console$/ {inside = 1; next} /^```$/ {if (inside) print ""; inside = 0} inside' "$page"
} >"$work/$name.t"
grep -q '^\$ handlens' "$work/$name.t" || { echo "no commands in $page" >&2; exit 1; }
SOURCE=$(cd "$here/../.." && pwd) MAKE_PICTURES=$make_pictures "$here/../cli/transcript.sh" "$work/$name.t" "$build"
