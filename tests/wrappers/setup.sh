#!/usr/bin/env bash
# Fetches the parser and the grammars of run.sh, by package-lock.json and its hashes.
set -euo pipefail
cd "$(dirname "$0")"
if [ ! -e node_modules/.lock-hash ] || ! sha256sum --check --status node_modules/.lock-hash; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  sha256sum package-lock.json >node_modules/.lock-hash
fi
