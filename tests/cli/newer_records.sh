#!/usr/bin/env bash
# A run that a newer handlens has worked on is refused by name and left as it is, whichever of its records is the newer one,
# and whatever the command. usage: newer_records.sh BUILD
set -eu
build=$(realpath "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-newer.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
"$MAKE_PICTURES" pictures 2 20 40
code=0
"$build/handlens" run pictures -o run --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 4 --exhaustive --reduce always \
  --filters 4,8 --neurons 8 --jobs 2 -q --no-input >out 2>err || code=$?
[ "$code" = 0 ] || [ "$code" = 4 ] || { echo "run: exit code $code"; cat err; exit 1; }
# As the apps and phones leave them.
mkdir -p run/apps/android run/phones
for record in c/handlens-c ios/handlens-project flutter/handlens-project pi/handlens-pi; do
  mkdir -p "run/apps/${record%/*}"
  printf '{"format":"%s","version":1}' "${record#*/}" >"run/apps/$record.json"
done
printf '{\n "format": "handlens-android",\n "version": 1\n}\n' >run/apps/android/android.json
printf '{"format":"handlens-phone","version":1}' >run/phones/self-check-x-12345678.json

records=$(grep -rlE '"format": ?"handlens-' run --include='*.json' | sort)
count=0
for record in $records; do
  cp -p "$record" kept
  for version in 2 4294967297 18446744073709551617; do
    sed -E "s/(\"version\": ?)[0-9]+/\1$version/" kept >"$record"
    cp -p "$record" newer
    # Every command with the next version; one that writes and one that reads with those that do not fit 32 or 64 bits.
    commands=("run pictures -o run" "check run")
    [ "$version" != 2 ] || commands+=("search run" "report run" "app run --target web")
    for command in "${commands[@]}"; do
      code=0; "$build/handlens" $command -q --no-input >out 2>err || code=$?
      [ "$code" = 3 ] && grep -q "$record: written by a newer handlens" err || { echo "$record, version $version, $command: exit code $code"; cat err; exit 1; }
      cmp -s "$record" newer || { echo "$record, version $version: changed by $command"; exit 1; }
    done
  done
  cp -p kept "$record"
  count=$((count + 1))
done
[ "$count" -ge 20 ] || { echo "only $count records: $records"; exit 1; }
echo "$count records, each in three newer versions, refused by up to five commands"
