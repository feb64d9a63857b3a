#!/usr/bin/env bash
# The plain C and the plans of models on other processors: run.sh BUILD host|aarch64|aarch64-dotprod|arm|cortex-m4. Scores and pixels must be equal to the last
# bit. Exit code 77 (skipped) with the reason where a compiler or an emulator is missing.
set -euo pipefail
build=$(realpath "$1") processor=$2
here=$(dirname "$(realpath "$0")")
work=$build/tests_bin/devices-$processor
flags=(-std=c11 -Wall -Wextra -Werror -O2)

need() { command -v "$1" >/dev/null || { echo "skipped: $1 is not installed ($2)"; exit 77; }; }

models=(nano8:32 nano24:64 nano32:48 m1d1:30 m1:30 m2:30 m4:50 mobilenetv2-0.35:64)
case $processor in
  host)
    need cc gcc
    models+=(nano16:96 m1d1-dropout:30 m1-dropout:30 m2-dropout:30 m4-dropout:46 mobilenetv2-1.0:64 lite0:96)
    compile=(cc) run=() ;;
  aarch64)  # NEON as every such processor has it
    need aarch64-linux-gnu-gcc g++-aarch64-linux-gnu; need qemu-aarch64 qemu-user
    compile=(aarch64-linux-gnu-gcc -static) run=(qemu-aarch64 -cpu cortex-a53) ;;
  aarch64-dotprod)  # and with SDOT, as newer ones have it
    need aarch64-linux-gnu-gcc g++-aarch64-linux-gnu; need qemu-aarch64 qemu-user
    compile=(aarch64-linux-gnu-gcc -static -march=armv8.2-a+dotprod) run=(qemu-aarch64 -cpu max) flags+=(-O3) ;;
  arm)
    need arm-linux-gnueabi-gcc g++-arm-linux-gnueabi; need qemu-arm qemu-user
    compile=(arm-linux-gnueabi-gcc -static -march=armv7-a) run=(qemu-arm) ;;
  cortex-m4)
    need arm-none-eabi-gcc gcc-arm-none-eabi; need qemu-system-arm qemu-system-arm
    models=(nano24:64 nano8:48 m1d1:30)
    # -ffunction-sections: what a model does not call is left out, as on a real device.
    compile=(arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffunction-sections -Wl,--gc-sections
      --specs=rdimon.specs -nostartfiles -T "$here/cortex_m4.ld" "$here/cortex_m4.c")
    run=(timeout 120 qemu-system-arm -M netduinoplus2 -display none -monitor none -serial none -semihosting-config "enable=on,target=native" -kernel) ;;
  *) echo "no processor '$processor'" >&2; exit 2 ;;
esac

rm -rf "$work"
"$build/tests_bin/make_models" "$work" "${models[@]}"
wrong=0
plan=(-I "$here/../../apps/pi" -I "$here/../../apps/c/kernels" -Wno-unused-const-variable "$here/../../apps/pi/plan.c")
if [ "$processor" != cortex-m4 ]; then  # where no program reads files
  "$build/tests_bin/make_graphs" "$work/graphs" 1000
  "${compile[@]}" "${flags[@]}" "$here/check_graphs.c" "${plan[@]}" -o "$work/check_graphs"
  "${run[@]}" "$work/check_graphs" "$work/graphs" | tee "$work/said" || wrong=1
  grep -qx "1000 graphs equal" "$work/said" || wrong=1
fi
for folder in "$work"/*/; do
  "${compile[@]}" "${flags[@]}" -I "$folder" "$here/check.c" "${folder}model.c" -o "${folder}check"
  [ "$processor" != cortex-m4 ] || arm-none-eabi-size "${folder}check" | tail -n 1
  said=$("${run[@]}" "${folder}check" </dev/null | tr '\n' ' ') || wrong=1
  echo "$(basename "$folder"): $said"
  [ "$said" = "equal " ] || wrong=1
  [ "$processor" != cortex-m4 ] || continue
  "${compile[@]}" "${flags[@]}" -I "$folder" "$here/check_plan.c" "${plan[@]}" -o "${folder}check_plan"
  said=$("${run[@]}" "${folder}check_plan" "${folder}model.plan" </dev/null | tr '\n' ' ') || wrong=1
  echo "$(basename "$folder"), as a plan: $said"
  [ "$said" = "equal " ] || wrong=1
done
exit $wrong
