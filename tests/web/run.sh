#!/usr/bin/env bash
# The web app in a real browser: packs small models through PackWeb and runs the tests in Chromium.
# Usage: run.sh BUILD_DIR [SCREENSHOT_DIR]. Needs the built app (apps/web/build.sh) and the browser's driver (setup.sh);
# downloads nothing itself. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
build=$(cd "${1:?usage: run.sh BUILD_DIR [SCREENSHOT_DIR]}" && pwd)
export SCREENSHOTS=${2:-}
cd "$(dirname "$0")"
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
packer=$build/tests_bin/pack_web_samples
export WHY_MAP=$build/tests_bin/why_map

skip() { echo "skipped: $1"; exit 77; }
command -v node >/dev/null || skip "node is not there"
command -v "$CHROMIUM" >/dev/null || skip "$CHROMIUM is not there"
[ -d node_modules/playwright-core ] || skip "the browser's driver is not there; tests/web/setup.sh fetches it"
[ -e "$build/apps/web/site/index.html" ] || skip "the web app is not built; apps/web/build.sh does it"
[ -x "$packer" ] || skip "$packer is not built"
[ -x "$WHY_MAP" ] || skip "$WHY_MAP is not built"

packs=$(mktemp -d)
trap 'rm -rf "$packs"' EXIT
"$packer" "$build/apps/web/site" "$packs"
PACKS=$packs PW_EXPERIMENTAL_SERVICE_WORKER_NETWORK_EVENTS=1 node --test --test-concurrency=1 --test-reporter=spec web_test.mjs field_test.mjs words_test.mjs
