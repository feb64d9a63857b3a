#!/usr/bin/env bash
# Builds the web app: `pixels` to wasm32 (clang and lld, no emscripten), the page by Vite, the runtime and the golden
# vectors beside it. The result is a folder of files into which handlens packs a model. Packages come from
# package-lock.json, checked by its hashes; nothing else is fetched.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
build=${BUILD_DIR:-$root/build}
work=$build/apps/web
export SITE_DIR=$work/site
clang=${WASM_CLANG:-clang++}

# Vite wants node_modules beside the sources; they are kept there, and only renewed when the lock file changes.
if [ ! -e node_modules/.lock-hash ] || ! sha256sum --check --status node_modules/.lock-hash; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  sha256sum package-lock.json >node_modules/.lock-hash
fi

npx --no-install tsc --noEmit
npx --no-install vite build --logLevel warn

"$clang" --target=wasm32 -x c -std=c11 -O2 -ffreestanding -fno-builtin -nostdlib -ffp-contract=off \
  -Wall -Wextra -Werror -I"$root/src" -Wl,--no-entry -Wl,--strip-all -Wl,-z,stack-size=65536 \
  -Wl,--export=hl_fit_resize_scratch -Wl,--export=hl_fit_resize -Wl,--export=hl_feed_float -Wl,--export=hl_yuv_to_rgb \
  -Wl,--export=hl_rotate -Wl,--export=hl_orient -Wl,--export=__heap_base \
  -o "$SITE_DIR/pixels.wasm" "$root/src/pixels/pixels.c"

# The build without relaxed SIMD runs in every browser and rounds alike in all of them: one file, not two.
mkdir -p "$SITE_DIR/runtime" "$SITE_DIR/golden"
cp node_modules/@litertjs/core/wasm/litert_wasm_compat_internal.{js,wasm} "$SITE_DIR/runtime/"
cp "$root"/apps/contract/golden/* "$SITE_DIR/golden/"
cp node_modules/fflate/LICENSE "$SITE_DIR/runtime/fflate-LICENSE.txt"
# The sources' own marks must not reach the user's host: no maps, no permission bits.
find "$SITE_DIR" -type f -exec chmod 644 {} +
du -sh "$SITE_DIR" | cut -f1 | sed 's/^/site: /'
