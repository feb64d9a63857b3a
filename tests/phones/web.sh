#!/usr/bin/env bash
# From the web app back to the run: `handlens app --target web`, Chromium, `handlens verify --import`.
# Usage: web.sh BUILD_DIR. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
command -v node >/dev/null || skip "node is not there"
command -v "$CHROMIUM" >/dev/null || skip "$CHROMIUM is not there"
[ -d "$here/../web/node_modules/playwright-core" ] || skip "the browser's driver is not there; tests/web/setup.sh fetches it"
[ -e "$build/apps/web/site/index.html" ] || skip "the web app is not built; apps/web/build.sh does it"
pack_app web
node "$here/export.mjs" "$work/run/apps/web" "$work/shared"
python3 "$here/bring_home.py" "$build/handlens" "$work/run" "$work/shared" 4
