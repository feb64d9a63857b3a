#!/usr/bin/env bash
# Tests the Android app as users get it. Needs what `./dev apps` made (templates) and the program sample_app:
#   tests/android/run.sh            all
#   tests/android/run.sh apk|aab|api|jvm|arm|home  one part
# apk: packed APKs of three models and three processors against apksigner and aapt2, alignment, tampering.
# aab: App Bundles against the store's bundletool and jarsigner; turned back into APKs, one of which runs as in jvm.
# api: every class and method that the app calls exists in Android 7.0.
# jvm: the app's code with the final APK's resources and assets and the real TensorFlow Lite, under Robolectric.
# arm: the pixel contract's objects of the phones' processors under qemu, all golden vectors; the runtime's arm64 kernels.
# home: a real run's app under Robolectric; what it shares is imported into the run by `handlens verify --import`.
# A part whose tools are missing is skipped and counted; the last line says how many passed, failed, were skipped.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD_DIR:-$root/build}
mkdir -p "$build"
build=$(cd "$build" && pwd)
downloads=$build/downloads
out=$build/apps/android
work=$out/work
samples=$out/samples
parts=${1:-apk aab api jvm home arm}
passed=0 failed=0 skipped=0
# shellcheck source=../../apps/android/fetch.sh
source "$root/apps/android/fetch.sh"

# How many tests must have run; a run that silently ran none must not pass.
app_tests=41
mismatch_tests=1
proof_tests=13

pass() { passed=$((passed + 1)); echo "ok      $*"; }
fail() { failed=$((failed + 1)); echo "FAILED  $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped $*"; }
expect() {  # words, then a command that must succeed
  local words=$1
  shift
  if "$@" >"$out/last.log" 2>&1; then pass "$words"; else fail "$words"; sed 's/^/        /' "$out/last.log" | tail -20; fi
}
have() {
  local tool
  for tool in "$@"; do command -v "$tool" >/dev/null || return 1; done
}

make_samples() {
  local program
  program=$(find "$build" -maxdepth 2 -name sample_app -type f -perm -u+x | head -1)
  if [ -z "$program" ] || [ ! -e "$out/template-arm64-v8a.apk" ]; then return 1; fi
  "$program" "$out" "$root/data/demo/pictures" "$samples" && program_maps
}
# The program's own maps of why a held-out picture's pixels (of the sample `float`) are called as the first label.
program_maps() {
  local sample at
  unzip -q -o -j "$samples/float/x86_64.apk" assets/bundle/check/0.png -d "$out/why" || return 1
  for sample in float uint8 int8; do
    at=$samples/$sample
    unzip -q -o -j "$at/x86_64.apk" assets/bundle/model.tflite -d "$out/why" && cp "$out/why/0.png" "$at/why.png" &&
      "$build/tests_bin/why_map" "$out/why/model.tflite" "$at/why.png" 0 >"$at/why.json" || return 1
  done
}

badging_says() {  # apk pattern...
  local apk=$1 pattern
  shift
  aapt2 dump badging "$apk" >"$out/badging.txt" || return 1
  for pattern in "$@"; do grep -qF -- "$pattern" "$out/badging.txt" || { echo "no '$pattern' in the badging of $apk"; return 1; }; done
}

signed() { apksigner verify --verbose --min-sdk-version 24 "$1" >"$out/signed.txt" 2>&1 && grep -q 'v2 scheme.*true' "$out/signed.txt" && grep -q 'v3 scheme.*true' "$out/signed.txt"; }
aligned() { zipalign -c -p 4 "$1"; }
# Libraries start at multiples of 16 KB, and their own pages are as large (where the processor can have such pages).
pages_16k() {
  python3 - "$1" <<'PY'
import struct, sys, zipfile
path = sys.argv[1]
raw = open(path, "rb").read()
for info in zipfile.ZipFile(path).infolist():
    name_length, extra_length = struct.unpack("<HH", raw[info.header_offset + 26:info.header_offset + 30])
    start = info.header_offset + 30 + name_length + extra_length
    if info.filename.endswith(".so"):
        assert info.compress_type == 0 and start % 16384 == 0, info.filename
        if raw[start + 4] == 2:
            at, size, count = struct.unpack("<Q", raw[start + 32:start + 40])[0], *struct.unpack("<HH", raw[start + 54:start + 58])
            for i in range(count):
                head = start + at + i * size
                if struct.unpack("<I", raw[head:head + 4])[0] == 1:
                    assert struct.unpack("<Q", raw[head + 48:head + 56])[0] >= 16384, info.filename
    if info.filename.endswith(".tflite"):
        assert info.compress_type == 0 and start % 4 == 0, info.filename
PY
}
refused_when_tampered() {  # apk: one byte in the middle of the model
  python3 - "$1" "$out/tampered.apk" <<'PY'
import sys, zipfile
raw = bytearray(open(sys.argv[1], "rb").read())
info = zipfile.ZipFile(sys.argv[1]).getinfo("assets/bundle/model.tflite")
raw[info.header_offset + 200 + info.file_size // 2] ^= 1
open(sys.argv[2], "wb").write(raw)
PY
  ! apksigner verify --min-sdk-version 24 "$out/tampered.apk"
}

test_apks() {
  have apksigner aapt2 zipalign python3 || { skip "apk: apksigner, aapt2, zipalign or python3 is missing"; return; }
  local sample abi apk
  for sample in float uint8 int8; do
    for abi in arm64-v8a armeabi-v7a x86_64; do
      apk=$samples/$sample/$abi.apk
      expect "$sample $abi: signed by schemes v2 and v3" signed "$apk"
      expect "$sample $abi: aligned" aligned "$apk"
      expect "$sample $abi: pages of 16 KB" pages_16k "$apk"
      expect "$sample $abi: for its processor" badging_says "$apk" "native-code: '$abi'" "sdkVersion:'24'" "targetSdkVersion:'36'" "versionCode='7'" "versionName='2.1 β'"
    done
  done
  expect "float: name and id" badging_says "$samples/float/arm64-v8a.apk" "package: name='org.example.blaetter_1'" "application-label:'Blätter 🌿 树叶'"
  expect "uint8: name and id" badging_says "$samples/uint8/x86_64.apk" "package: name='com.example.two.hundred'" "application-label:'Two hundred'"
  expect "int8: name and id" badging_says "$samples/int8/armeabi-v7a.apk" "package: name='de.example.zwei'" "application-label:'Zwei'"
  expect "a changed byte of the model is refused" refused_when_tampered "$samples/float/arm64-v8a.apk"
  expect "no permission but the camera" test "$(aapt2 dump badging "$samples/float/arm64-v8a.apk" | grep -c '^uses-permission')" = 1
}

bundletool() { java -cp "$downloads/bundletool/*" com.android.tools.build.bundletool.BundleToolMain "$@"; }
jar_signed() { jarsigner -verify "$1" >"$out/jarsigner.txt" 2>&1 && grep -q '^jar verified' "$out/jarsigner.txt"; }
manifest_says() {  # aab xpath value
  [ "$(bundletool dump manifest --bundle="$1" --xpath="$2")" = "$3" ] || { bundletool dump manifest --bundle="$1" | head -30; return 1; }
}
refused_jar_when_tampered() {
  python3 - "$1" "$out/tampered.aab" <<'PY'
import sys, zipfile
raw = bytearray(open(sys.argv[1], "rb").read())
info = zipfile.ZipFile(sys.argv[1]).getinfo("base/assets/bundle/model.tflite")
raw[info.header_offset + 200 + info.file_size // 2] ^= 1
open(sys.argv[2], "wb").write(raw)
PY
  ! jar_signed "$out/tampered.aab"
}
# The APKs that a store would make, and one for all phones. Debian's aapt2 is older than one option that bundletool gives it, which
# makes files smaller and changes nothing else.
apks_of() {  # aab folder
  rm -rf "$2" && mkdir -p "$2" || return 1
  printf '#!/bin/bash\nargs=()\nfor arg in "$@"; do [ "$arg" = --force-sparse-encoding ] || args+=("$arg"); done\nexec %q "${args[@]}"\n' "$(command -v aapt2)" >"$2/aapt2"
  chmod +x "$2/aapt2"
  bundletool build-apks --bundle="$1" --output="$2/split.apks" --aapt2="$2/aapt2" &&
    bundletool build-apks --mode=universal --bundle="$1" --output="$2/universal.apks" --aapt2="$2/aapt2" &&
    unzip -q -o "$2/split.apks" -d "$2/split" && unzip -q -o -j "$2/universal.apks" universal.apk -d "$2"
}
# The same files as in the APK that handlens packed itself.
same_contents() {  # apk apk
  python3 - "$1" "$2" <<'PY'
import sys, zipfile
ours, theirs = (zipfile.ZipFile(path) for path in sys.argv[1:3])
for name in ours.namelist():
    if name.startswith(("assets/", "lib/")) or name == "classes.dex":
        assert ours.read(name) == theirs.read(name), name
PY
}

test_aab() {
  have java jarsigner aapt2 python3 unzip || { skip "aab: a JDK, aapt2, python3 or unzip is missing"; return; }
  fetch_bundletool || { skip "aab: bundletool is not here and cannot be fetched"; return; }
  local sample aab made
  for sample in float uint8 int8; do
    aab=$samples/$sample/app.aab
    expect "$sample: bundletool takes the App Bundle" bundletool validate --bundle="$aab"
    expect "$sample: signed as a JAR" jar_signed "$aab"
    expect "$sample: version code" manifest_says "$aab" /manifest/@android:versionCode 7
  done
  aab=$samples/float/app.aab made=$out/aab
  expect "float: name" manifest_says "$aab" /manifest/application/@android:label "Blätter 🌿 树叶"
  expect "a changed byte of the model is refused" refused_jar_when_tampered "$aab"
  expect "the store's APKs" apks_of "$aab" "$made"
  for sample in arm64_v8a armeabi_v7a x86_64; do expect "$sample: an APK of its own" test -s "$made/split/splits/base-$sample.apk"; done
  expect "the APK for all: pages of 16 KB, the model stored" pages_16k "$made/universal.apk"
  expect "the APK for all: name and id" badging_says "$made/universal.apk" "package: name='org.example.blaetter_1' versionCode='7' versionName='2.1 β'" \
    "application-label:'Blätter 🌿 树叶'" "targetSdkVersion:'36'"
  expect "the APK for all: the files of our own APK" same_contents "$samples/float/x86_64.apk" "$made/universal.apk"
  expect "the APK of arm64: the library of our own APK" same_contents "$samples/float/arm64-v8a.apk" "$made/universal.apk"
  ready_for_jvm aab || return
  rm -rf "$samples/aab" && mkdir -p "$samples/aab" && cp "$samples"/float/*.* "$samples/aab/" && cp "$made/universal.apk" "$samples/aab/x86_64.apk" || { fail "aab: no APK"; return; }
  run_jvm aab "$proof_tests" app.handlens.ProofTest
}

calls_only_android_7() {  # classes or jar
  java -cp "$downloads/r8-9.5.28.jar" com.android.tools.r8.tracereferences.TraceReferences --check \
    --lib "$downloads/android-all-7.0.0_r1-robolectric-r1.jar" \
    --lib "$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")" --source "$1"
}

# Java's own classes are checked by the compiler, which knows Java 8 only.
test_api() {
  have java javac || { skip "api: no JDK"; return; }
  fetch_for_tests || { skip "api: Android 7.0's framework is not here and cannot be fetched"; return; }
  (cd "$work/classes" && jar cf "$out/classes.jar" .)
  expect "the app calls nothing that Android 7.0 lacks" calls_only_android_7 "$out/classes.jar"
  mkdir -p "$out/api"
  echo 'class Newer { void call(android.content.Context c) { c.getMainExecutor(); } }' >"$out/api/Newer.java"
  javac -nowarn -Xlint:none --release 8 -cp "$downloads/android-all-15-robolectric-13954326.jar" -d "$out/api" "$out/api/Newer.java"
  if calls_only_android_7 "$out/api/Newer.class" >"$out/last.log" 2>&1; then fail "a newer call would be noticed"; else pass "a newer call would be noticed"; fi
}

prepare_jvm() {
  local jvm=$out/jvm aar
  rm -rf "$jvm/nat" "$jvm/classes"
  mkdir -p "$jvm/nat" "$jvm/sdk" "$jvm/aar" "$jvm/classes/com/android/tools"
  cp "$work"/lib/linux/*.so "$jvm/nat/"
  ln -sf "$downloads/android-all-instrumented-15-robolectric-13954326-i7.jar" "$jvm/sdk/"
  for aar in "$downloads"/jvm/*.aar; do unzip -q -o -p "$aar" classes.jar >"$jvm/aar/$(basename "$aar" .aar).jar"; done
  classpath=$jvm/classes:$work/classes:$downloads/jvm/*:$jvm/aar/*:$downloads/android-all-15-robolectric-13954326.jar
  javac -nowarn -Xlint:none -encoding UTF-8 -d "$jvm/classes" -cp "$classpath" "$root"/tests/android/java/app/handlens/*.java
}

run_jvm() {  # sample tests class...; OUT is where it puts its files
  local jvm=$out/jvm opens=() package log=$out/jvm-$1.log classes=("${@:3}")
  for package in lang util io net security nio; do opens+=(--add-opens "java.base/java.$package=ALL-UNNAMED"); done
  printf 'android_resource_apk=%s\nandroid_custom_package=app.handlens\n' "$samples/$1/x86_64.apk" >"$jvm/classes/com/android/tools/test_config.properties"
  java -Xmx2g -Dfile.encoding=UTF-8 -Djava.library.path="$jvm/nat" -Drobolectric.offline=true -Drobolectric.dependency.dir="$jvm/sdk" \
    -Drobolectric.enabledSdks=35 -Dhandlens.out="${OUT:-$out/screens}" -Dhandlens.sample="$1" -Dhandlens.why="$samples/$1/why" "${opens[@]}" \
    --add-opens java.base/jdk.internal.access=ALL-UNNAMED -cp "$classpath" org.junit.runner.JUnitCore "${classes[@]}" >"$log" 2>&1
  grep -aE '^(\.*)(golden|held-out):' "$log" | sed 's/^\.*/        /'
  if grep -qxE "OK \($2 tests?\)" "$log"; then
    pass "$1: $2 tests on a JVM"
  else
    fail "$1: not $2 tests passed on a JVM, see $log"
    grep -aE '^([0-9]+\) |java.lang.Assertion|org.junit|OK|Tests run)' "$log" | head -20 | sed 's/^/        /'
  fi
}

ready_for_jvm() {  # part
  have java javac unzip || { skip "$1: no JDK"; return 1; }
  [ "$(uname -m)" = x86_64 ] || { skip "$1: the runtime is here for x86_64 Linux only"; return 1; }
  fetch_for_tests || { skip "$1: Robolectric is not here and cannot be fetched"; return 1; }
  prepare_jvm >"$out/last.log" 2>&1 || { fail "$1: the tests do not compile"; grep error "$out/last.log" | head; return 1; }
}

test_jvm() {
  ready_for_jvm jvm || return
  local sample
  for sample in float uint8 int8; do run_jvm "$sample" "$app_tests" app.handlens.ProofTest app.handlens.ScreenTest app.handlens.KeptTest; done
  run_jvm mismatch "$mismatch_tests" app.handlens.MismatchTest
}

reads_as_groovy() {  # project: parses, and says the id
  local file
  for file in "$1/build.gradle" "$1/settings.gradle" "$1/app/build.gradle"; do
    java -cp "$downloads/groovy-4.0.24.jar" groovy.ui.GroovyMain -e \
      "new org.codehaus.groovy.control.CompilationUnit().with { addSource(new File('$file')); compile(org.codehaus.groovy.control.Phases.CONVERSION) }" || return 1
  done
  grep -q 'applicationId "org.example.home"' "$1/app/build.gradle" && grep -q '^distributionUrl=https' "$1/gradle/wrapper/gradle-wrapper.properties"
}

# What Gradle would do with aapt2 and javac; Gradle itself and an SDK are not to be had where this was written.
project_compiles() {
  local main=$1/app/src/main made=$out/project-check library
  rm -rf "$made" && mkdir -p "$made/gen" "$made/classes" || return 1
  sed 's/^<manifest /<manifest package="org.example.home" /' "$main/AndroidManifest.xml" >"$made/AndroidManifest.xml"
  aapt2 compile --dir "$main/res" -o "$made/res.zip" &&
    aapt2 link -I /usr/share/android-framework-res/framework-res.apk -I "$work/system_colours.apk" --manifest "$made/AndroidManifest.xml" --min-sdk-version 24 --target-sdk-version 36 \
      --custom-package app.handlens --java "$made/gen" -A "$main/assets" -0 .tflite -o "$made/app.apk" "$made/res.zip" || return 1
  find "$main/java" "$made/gen" -name '*.java' >"$made/sources"
  javac -nowarn -Xlint:none -encoding UTF-8 --release 8 -cp "$downloads/android-all-15-robolectric-13954326.jar" -d "$made/classes" @"$made/sources" || return 1
  for library in libhandlens.so libjnitensorflowlite.so; do [ -s "$main/jniLibs/x86_64/$library" ] || { echo "no $library"; return 1; }; done
  [ -s "$main/assets/bundle/model.tflite" ] && [ -s "$main/assets/golden/vectors.bin" ]
}

test_home() {
  local run=$out/home/run program=$build/handlens
  [ -x "$program" ] || { skip "home: $program is not built"; return; }
  ready_for_jvm home || return
  rm -rf "$out/home" "$samples/home"
  mkdir -p "$out/home" "$samples/home"
  expect "home: a small run" "$root/tests/phones/make_run.sh" "$program" "$run"
  XDG_CONFIG_HOME=$out/home expect "home: its app" bash -c '"$@" || [ $? = 4 ]' app "$program" app "$run" --abi x86_64 --project --id org.example.home -q
  expect "home: the project's build files are Groovy" reads_as_groovy "$run/apps/android/project"
  expect "home: the project's resources and sources compile" project_compiles "$run/apps/android/project"
  cp "$run"/apps/android/*-x86_64.apk "$samples/home/x86_64.apk"
  OUT=$out/home/shared run_jvm home 1 app.handlens.ExportTest
  expect "home: what it shares comes home" python3 "$root/tests/phones/bring_home.py" "$program" "$run" "$out/home/shared" 10
  sed 's/^/        /' "$out/last.log"
}

# The very object that the APK's library is linked from, with a small program around it.
run_golden() {  # target compiler qemu words
  have "$2" "$3" python3 || { skip "arm: $2 or $3 is missing"; return; }
  local program=$out/pixels_golden-$1 objects=("$work/objects/$1/pixels.o") line
  case $1 in arm*) objects+=("$work/objects/$1/arm_divide.o") ;; esac
  if ! "$2" -O2 -std=c++20 -static -Wl,--allow-multiple-definition -I "$root/src" "$root/tests/android/pixels_golden.cc" "${objects[@]}" -o "$program" >"$out/last.log" 2>&1; then
    fail "$4: does not link"
    tail -5 "$out/last.log"
    return
  fi
  line=$("$3" "$program" "$root/apps/contract/golden/vectors.bin" "$out/golden.txt")
  if [ "$line" = "181 vectors, 0 differing bytes" ]; then pass "$4: $line"; else fail "$4: $line"; fi
}

test_arm() {
  have python3 || { skip "arm: no python3"; return; }
  python3 "$root/tests/android/golden_lines.py" "$root/apps/contract/golden/manifest.json" >"$out/golden.txt"
  run_golden aarch64-linux-android24 aarch64-linux-gnu-g++ qemu-aarch64 "pixels of arm64-v8a under qemu"
  run_golden armv7a-linux-androideabi24 arm-linux-gnueabi-g++ qemu-arm "pixels of armeabi-v7a under qemu"
}

# The runtime's kernels of phones against this computer's.
run_scores() {  # model words bound
  local name=$1 words=$2 bound=$3 line
  "$out/scores/here" "$name" >"$out/scores/here.txt" 2>/dev/null && qemu-aarch64 -L /usr/aarch64-linux-gnu "$out/scores/arm64" "$name" >"$out/scores/arm64.txt" 2>/dev/null
  if line=$(python3 "$root/tests/android/compare_scores.py" "$out/scores/here.txt" "$out/scores/arm64.txt" "$bound" 2>&1); then
    pass "$words by arm64's kernels under qemu: $line"
  else
    fail "$words by arm64's kernels under qemu: $line"
  fi
}

test_arm_scores() {
  have aarch64-linux-gnu-gcc gcc qemu-aarch64 python3 unzip || { skip "arm: no C compiler for arm64, or no qemu"; return; }
  [ "$(uname -m)" = x86_64 ] || { skip "arm: the runtime is here for x86_64 Linux only"; return; }
  fetch_for_tests || { skip "arm: the runtime for arm64 is not here and cannot be fetched"; return; }
  local folder=$out/scores sample
  mkdir -p "$folder/lib"
  unzip -q -o -j "$downloads/tensorflow-lite-2.21.0-1.5.14-linux-arm64.jar" '*/libjnitensorflowlite.so' -d "$folder/lib"
  aarch64-linux-gnu-gcc -O2 -std=c11 "$root/tests/android/model_scores.c" -o "$folder/arm64" "$folder/lib/libjnitensorflowlite.so" -Wl,-rpath,"$folder/lib" -Wl,--allow-shlib-undefined &&
    gcc -O2 -std=c11 "$root/tests/android/model_scores.c" -o "$folder/here" "$work/lib/linux/libjnitensorflowlite.so" -Wl,-rpath,"$work/lib/linux" -Wl,--allow-shlib-undefined || { fail "arm: model_scores does not link"; return; }
  for sample in float uint8 int8; do
    unzip -q -o -j "$samples/$sample/arm64-v8a.apk" assets/bundle/model.tflite -d "$folder/$sample"
    run_scores "$folder/$sample/model.tflite" "$sample" "$([ $sample = float ] && echo 1e-5 || echo 0.004)"
  done
  # A trained quantized model, where one was given or left by the part "home".
  for sample in "${HANDLENS_RUN:-$out/home/run}"/model/{quantizedmodel,model}.tflite; do
    [ ! -e "$sample" ] || run_scores "$sample" "$(basename "$sample")" "$([ "$(basename "$sample")" = model.tflite ] && echo 1e-5 || echo 0.008)"
  done
}

if ! make_samples; then
  skip "everything: build the templates (apps/android/build.sh), sample_app and why_map first"
else
  for part in $parts; do
    case $part in
      apk) test_apks ;;
      aab) test_aab ;;
      api) test_api ;;
      jvm) test_jvm ;;
      arm)
        test_arm
        test_arm_scores
        ;;
      home) test_home ;;
      *) echo "unknown part '$part'" >&2; exit 2 ;;
    esac
  done
fi
echo "android: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
