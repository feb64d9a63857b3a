#!/usr/bin/env bash
# The programs for the Raspberry Pi, packed by `handlens app --target pi` from a small real run and run under emulation, for 64 and 32 bits.
# Usage: run.sh BUILD_DIR. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
skip() { echo "skipped: $1"; exit 77; }
for tool in python3 dpkg-deb qemu-aarch64 qemu-arm; do command -v "$tool" >/dev/null || skip "$tool is not there"; done
[ -e "$build/apps/pi/copyright" ] || skip "the programs are not built; apps/pi/build.sh does it"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/../phones/make_run.sh" "$build/handlens" "$work/run"
"$build/handlens" app "$work/run" --target pi --name 'Hand signs: 100 % "live"' --application-id org.example.hand_signs --version-name 1.2 \
  -q >"$work/app.log" 2>&1 || [ $? = 4 ]
export HOME=$work/home
mkdir "$HOME"
python3 "$here/check_package.py" "$work/run/apps/pi"
pictures=$here/../../data/demo/pictures
"$build/handlens" predict "$work/run" "$pictures" --json -q >"$work/predicted.json"
for processor in arm64:qemu-aarch64 armhf:qemu-arm; do
  python3 "$here/check_program.py" "${processor#*:}" "$work/run/apps/pi/handlens-hand-signs-${processor%:*}" "$pictures" "$work/shared-${processor%:*}" "$work/run/model/preprocess.json" "$work/predicted.json"
done
# A processor that has no SDOT takes the other kernels; the self-check compares to the last bit.
for processor in max:"NEON with SDOT" cortex-a53:NEON; do
  name=$work/run/apps/pi/handlens-hand-signs-arm64
  [[ $(qemu-aarch64 -cpu "${processor%%:*}" "$name" --about) == *$'\n'"runs by plain C, ${processor#*:}"$'\n'* ]]
  qemu-aarch64 -cpu "${processor%%:*}" "$name" --self-check >/dev/null
done
diff "$work/shared-arm64/lines" "$work/shared-armhf/lines"
python3 "$here/../phones/bring_home.py" "$build/handlens" "$work/run" "$work/shared-arm64" 4
