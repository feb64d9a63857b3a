#!/usr/bin/env bash
# Lays out the projects for iPhone and Flutter without a model: ${BUILD_DIR:-build}/apps/ios and apps/flutter. Copies sources
# only; packing a model into one is `handlens app` (src/package/projects.cc).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build}
mkdir -p "$build/apps"
apps=$(cd "$build/apps" && pwd)

lay_out() {  # target, folder of the C files, folder of the golden vectors
  local fresh=$apps/.$1.new
  rm -rf "$fresh"
  cp -r "$root/apps/$1" "$fresh"
  mkdir -p "$fresh/$2" "$fresh/$3"
  cp "$here"/handlens_ffi.{c,h} "$root"/src/pixels/pixels.h "$fresh/$2/"
  # All of them lie in one folder there.
  sed 's|#include "pixels/pixels.h"|#include "pixels.h"|' "$root/src/pixels/pixels.c" >"$fresh/$2/pixels.c"
  cp "$root"/apps/contract/golden/* "$fresh/$3/"
  # The sources' own marks must not reach the user: no permission bits.
  find "$fresh" -type f -exec chmod 644 {} +
  rm -rf "${apps:?}/$1"
  mv "$fresh" "$apps/$1"
}

lay_out ios native golden
lay_out flutter native_model/src assets/golden
