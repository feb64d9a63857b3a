#!/usr/bin/env bash
# Tries the packages in bare systems without a network: unpack or install, then `handlens demo` from pictures to verdict, a web and
# an Android app. Needs root, debootstrap and a mirror of the distribution.
#   try.sh [bookworm|trixie|noble]...      bookworm = Debian 12 (the default), trixie = Debian 13, noble = Ubuntu 24.04
# DEMO_OPTIONS are given to the demo (for a fast try "--models nano16 --generators mild --sizes 48 --folds 2 --epochs 80 --for gallery
# --min-accuracy 0.5"; the chain does not hold for a model that knows nothing). MIRROR_DEBIAN and MIRROR_UBUNTU name other mirrors, TRY_DIR where the
# bare systems lie (they are used again).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${PACKAGE_DIR:-${BUILD_DIR:-$root/build}/package}
read -r -a demo_options <<<"${DEMO_OPTIONS:-}"

bare_system() {  # name folder
  local from=("$1" "$2" "${MIRROR_DEBIAN:-http://deb.debian.org/debian}")
  # Debian 12 has neither Ubuntu's key nor the names of its newer versions, which are all made as gutsy was. Nothing secret enters
  # the system, and it is thrown away.
  [ "$1" != noble ] || from=(--no-check-gpg "$1" "$2" "${MIRROR_UBUNTU:-http://archive.ubuntu.com/ubuntu}" /usr/share/debootstrap/scripts/gutsy)
  debootstrap --variant=minbase "${from[@]}" >"$2.log" 2>&1 || { tail -5 "$2.log" >&2; return 1; }
}

# No network, processes and mounts of its own.
inside() {  # folder command...
  local folder=$1
  shift
  unshare --net --mount --pid --fork bash -c 'mount -t proc proc "$0/proc" && exec chroot "$0" env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME=/root "$@"' "$folder" "$@"
}

use_it() {  # folder program
  local status=0
  inside "$1" sh -c "cd /root && rm -rf demo-run && $2 demo ${demo_options[*]} -q" || status=$?
  [ $status = 0 ] || [ $status = 4 ] || { echo "the demo ended with $status" >&2; return 1; }
  # The second one needs the DICOM libraries and their dictionary.
  local picture
  for picture in picture.jpg scan.dcm; do
    inside "$1" sh -c "cd /root && $2 predict demo-run /usr/share/handlens-$picture --json" | grep -q '"label"' || { echo "no prediction of $picture" >&2; return 1; }
  done
  inside "$1" sh -c "cd /root && $2 app demo-run --target android -y -q && $2 app demo-run --target web -y -q && $2 check demo-run -q" >/dev/null
  inside "$1" sh -c "ls -l /root/demo-run/apps/android/*.apk"
}

try_on() {  # name
  local place=${TRY_DIR:-$out}/try-$1 tree
  mkdir -p "$(dirname "$place")"
  [ -d "$place" ] || bare_system "$1" "$place" || { echo "$1: not tried, there is no such system to be had here"; return 0; }
  tree=$(cd "$out" && ls -d handlens-*-linux-x86_64)
  cp "$(find "$root/data/demo/pictures" -type f | LC_ALL=C sort | head -1)" "$place/usr/share/handlens-picture.jpg"
  cp "$root/src/image/testdata/dicom/ct_window.dcm" "$place/usr/share/handlens-scan.dcm"
  echo "== $1: $out/$tree.tar.xz"
  rm -rf "$place/opt/"*
  tar -xJf "$out/$tree.tar.xz" -C "$place/opt"
  use_it "$place" "/opt/$tree/bin/handlens"
  rm -rf "${place:?}/opt/$tree"
  echo "== $1: the .deb"
  cp "$out"/handlens_*_amd64.deb "$place/root/handlens.deb"
  inside "$place" dpkg -i /root/handlens.deb >/dev/null
  use_it "$place" handlens
  inside "$place" sh -c 'handlens version && ls /usr/share/man/man1/handlens.1.gz /usr/share/doc/handlens/sbom.spdx.json'
  inside "$place" dpkg -r handlens >/dev/null
  echo "$1: passed"
}

[ $# -gt 0 ] || set -- bookworm
for name in "$@"; do try_on "$name"; done
