#!/usr/bin/env bash
# Networks trained on this machine's instruction sets and on NEON (under emulation) have the same weights, bit for bit.
#   same_bits.sh HASHES HASHES_AARCH64     the program weight_hashes for this machine and for aarch64
# Ends with 77, which CTest counts as skipped, where there is no emulator.
set -euo pipefail
command -v qemu-aarch64 >/dev/null || { echo "no qemu-aarch64 (Debian: qemu-user)"; exit 77; }
lines=$("$1" && qemu-aarch64 "$2")
echo "$lines"
networks=$(echo "$lines" | cut -d' ' -f1 | sort -u | wc -l)
hashes=$(echo "$lines" | cut -d' ' -f1,3 | sort -u | wc -l)
neon=$(echo "$lines" | grep -c ' NEON ')
[ "$networks" -ge 6 ] && [ "$neon" = "$networks" ] && [ "$hashes" = "$networks" ]
