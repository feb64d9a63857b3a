#!/usr/bin/env bash
# The web app in a real browser: packs small models through PackWeb and runs web_test.mjs in Chromium.
# Usage: run.sh BUILD_DIR [SCREENSHOT_DIR]. Exit status 77 (skipped, and counted as such) when Node, npm, clang or Chromium
# is not there.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR}" && pwd)
export SCREENSHOTS=${2:-}
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}

for tool in node npm "${WASM_CLANG:-clang++}" wasm-ld "$CHROMIUM"; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is not there"; exit 77; }
done

BUILD_DIR=$build "$root/apps/web/build.sh"
if [ ! -e node_modules/.lock-hash ] || ! sha256sum --check --status node_modules/.lock-hash; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  sha256sum package-lock.json >node_modules/.lock-hash
fi
ninja -C "$build" pack_web_samples >/dev/null
packs=$(mktemp -d)
trap 'rm -rf "$packs"' EXIT
"$(find "$build" -name pack_web_samples -type f -perm -u+x | head -1)" "$build/apps/web/site" "$packs"
PACKS=$packs PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS=1 node --test --test-concurrency=1 --test-reporter=spec web_test.mjs
