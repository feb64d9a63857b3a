#!/usr/bin/env bash
# Fetches what run.sh and compile.sh need: the parser and the grammars by package-lock.json and its hashes; Kotlin's compiler and
# the Java classes of TensorFlow Lite by their SHA-256. Nothing else of these tests touches the network.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
build=${BUILD_DIR:-$root/build}
mkdir -p "$build/downloads"
downloads=$(cd "$build/downloads" && pwd)
if [ ! -e node_modules/.lock-hash ] || ! sha256sum --check --status node_modules/.lock-hash; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  sha256sum package-lock.json >node_modules/.lock-hash
fi
# shellcheck source=../../apps/android/fetch.sh
source "$root/apps/android/fetch.sh"
fetch org.tensorflow:tensorflow-lite:2.16.1:aar tensorflow-lite-2.16.1.aar \
  34b065817e294e7dd3569504e8b9454938ceae453b6a459da54d5f6e45d3c94e
fetch org.tensorflow:tensorflow-lite-api:2.16.1:aar tensorflow-lite-api-2.16.1.aar \
  885b95bc9e47a4aa5cf8e71523aed9b05e397cfef1ea09773f13fea8b649fcee
if [ ! -e "$downloads/kotlin/.complete" ]; then
  echo "fetching Kotlin's compiler" >&2
  mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$downloads/kotlin" >&2
  (cd "$downloads/kotlin" && sha256sum --check --quiet --strict "$root/tests/wrappers/jars.sha256") >&2
  touch "$downloads/kotlin/.complete"
fi
