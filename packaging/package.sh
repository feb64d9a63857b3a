#!/usr/bin/env bash
# Makes build/package/handlens-VERSION-linux-x86_64.tar.xz, a tree that runs from wherever it is unpacked, and the same tree as
# handlens_VERSION_amd64.deb. Both carry the libraries that distributions have in different versions, so that one package
# serves Debian 12, 13 and Ubuntu 24.04; what every system has (the C and C++ libraries, zlib, zstd, xz) is taken from there.
# Everything must have been built (./dev build, ./dev apps).
#   package.sh [--all-processors]     the Android templates of all processors, not only arm64's
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${BUILD_DIR:-$root/build}
build=$(cd "$build" && pwd)
out=${PACKAGE_DIR:-$build/package}
version=$(sed -n 's/^project(handlens VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
tree=$out/handlens-$version-linux-x86_64
max_bytes=60000000

# Of the system, whatever it is: these are in the smallest Debian and Ubuntu.
from_system='^(linux-vdso|ld-linux-x86-64|libc|libm|libstdc\+\+|libgcc_s|libz|libzstd|liblzma)\.so'

carry_libraries() {
  local private=$tree/lib/handlens name path
  : >"$out/libraries.txt"
  { ldd "$tree/bin/handlens"; ldd "$private/handlens_judge"; ldd "$private/libhandlens_dicom.so"; } | awk '/=>/ {print $1, $3}' | LC_ALL=C sort -u | while read -r name path; do
    [[ $name =~ $from_system ]] && continue
    case $name in
      libjbig.so.0)
        cc -shared -O2 -fPIC -Wall -Wextra -Werror -Wl,-soname,libjbig.so.0 -o "$private/$name" "$root/packaging/no_jbig.c"
        strip "$private/$name"
        ;;
      *)
        install -m 644 "$(readlink -f "$path")" "$private/$name"
        readlink -f "$path" >>"$out/libraries.txt"
        ;;
    esac
  done
}

# What is left to the system must be no newer than the oldest that the package promises: Debian 12.
check_symbols() {
  local newest
  newest=$(find "$tree/bin" "$tree/lib" -type f ! -name '*.dic' -exec objdump -T {} + 2>/dev/null | grep -o 'GLIBC_2\.[0-9]*' | sort -uV | tail -1)
  [ "$(printf '%s\nGLIBC_2.36\n' "$newest" | sort -V | tail -1)" = GLIBC_2.36 ] || { echo "needs $newest; Debian 12 has GLIBC_2.36" >&2; exit 1; }
}

make_tree() {
  rm -rf "$tree" "$tree.tar.xz" "$out"/*.deb
  mkdir -p "$out"
  cmake --install "$build" --prefix "$tree" --strip >"$out/install.log"
  [ "${1:-}" = --all-processors ] || rm -f "$tree"/share/handlens/apps/android/template-{armeabi-v7a,x86_64}.apk
  [ -e "$tree/share/handlens/apps/android/template-arm64-v8a.apk" ] && [ -d "$tree/share/handlens/apps/web/site" ] || { echo "the apps are not built; run ./dev apps" >&2; exit 1; }
  gzip -9n "$tree/share/man/man1/handlens.1"
  carry_libraries
  python3 "$root/packaging/third_party.py" "$root" "$build" "$tree" "$out/libraries.txt"
  check_symbols
  chmod -R u=rwX,go=rX "$tree"
}

make_tar() {
  tar -C "$out" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-1700000000}" --owner=0 --group=0 --numeric-owner -cf - "$(basename "$tree")" | xz -T1 -6 >"$tree.tar.xz"
}

make_deb() {
  local staged=$out/deb deb=$out/handlens_${version}_amd64.deb
  mkdir -p "$staged/DEBIAN"
  cp -a "$tree" "$staged/usr"
  cat >"$staged/DEBIAN/control" <<CONTROL
Package: handlens
Version: $version
Architecture: amd64
Section: science
Priority: optional
Maintainer: The handlens authors <handlens@example.invalid>
Installed-Size: $(du -sk "$staged/usr" | cut -f1)
Depends: libc6 (>= 2.36), libstdc++6 (>= 12), libgcc-s1, zlib1g, libzstd1, liblzma5
Recommends: libheif1
Suggests: libheif-plugin-libde265, libheif-plugin-dav1d
Description: from labelled pictures to a verified classifier for phones
 Turns a folder of labelled pictures into TensorFlow Lite models, a report that
 proves what they do, and apps for Android phones and browsers. Works offline.
CONTROL
  { echo "Files: *"; echo "License: Apache-2.0, see LICENSE; parts of others: THIRD-PARTY.md"; } >"$staged/usr/share/doc/handlens/copyright"
  SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1700000000} dpkg-deb --root-owner-group -Zxz --build "$staged" "$deb" >/dev/null
  rm -rf "$staged"
}

make_tree "$@"
make_tar
make_deb
for file in "$tree.tar.xz" "$out"/*.deb; do
  bytes=$(stat -c %s "$file")
  echo "$file: $bytes bytes"
  [ "$bytes" -le "$max_bytes" ] || { echo "$file: over the limit of $max_bytes bytes" >&2; exit 1; }
done
