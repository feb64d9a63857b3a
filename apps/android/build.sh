#!/usr/bin/env bash
# Builds the Android templates: ${BUILD_DIR:-build}/apps/android/template-ABI.apk and, for App Bundles, template-bundle.zip, unsigned, without a model. Packing a
# model into one is `handlens app` (src/package). No Android Studio, SDK or NDK: Debian's aapt2, zipalign, clang and lld,
# a JDK, and pinned files of Maven Central (fetch.sh). Also builds the same native library for the JVM tests on Linux
# and the pixel contract for arm64 Linux, for the test under emulation.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build}
mkdir -p "$build"
build=$(cd "$build" && pwd)
out=$build/apps/android
work=$out/work
downloads=$build/downloads
clang=${ANDROID_CLANG:-clang}
# shellcheck source=fetch.sh
source "$here/fetch.sh"

need() {
  local tool missing=()
  for tool in aapt2 zipalign "$clang" ld.lld javac javap java zip unzip; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [ -e /usr/share/android-framework-res/framework-res.apk ] || missing+=(android-framework-res)
  [ ${#missing[@]} = 0 ] && return
  echo "missing: ${missing[*]}" >&2
  echo "install: apt-get install aapt zipalign clang lld android-framework-res default-jdk-headless zip unzip maven" >&2
  exit 1
}

# Debian's framework resources are Android 10's. The names and numbers of the colours that Android 12 draws from the wallpaper
# come from the newer framework's classes; a package that declares them stands beside the old one when resources are linked.
declare_system_colours() {
  local stub=$work/system_colours
  rm -rf "$stub"
  mkdir -p "$stub/res/values"
  { echo '<resources>'
    javap -constants -cp "$downloads/android-all-15-robolectric-13954326.jar" 'android.R$color' |
      sed -nE 's/.* int (system_(accent|neutral)[12]_[0-9]+) = ([0-9]+);/\1 \3/p' |
      while read -r name number; do
        printf '<public type="color" name="%s" id="0x%08x" /><color name="%s">#000000</color>\n' "$name" "$number" "$name"
      done
    echo '</resources>'; } >"$stub/res/values/colors.xml"
  echo '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="android"><application /></manifest>' >"$stub/AndroidManifest.xml"
  aapt2 compile --dir "$stub/res" -o "$stub/res.zip"
  aapt2 link -x --manifest "$stub/AndroidManifest.xml" -o "$work/system_colours.apk" "$stub/res.zip"
}

compile_resources() {
  declare_system_colours
  rm -rf "$work/res" "$work/gen" "$work/assets"
  mkdir -p "$work/res" "$work/gen" "$work/assets"
  cp -r "$root/apps/contract/golden" "$work/assets/golden"
  aapt2 compile --dir "$here/res" -o "$work/res/res.zip"
  aapt2 link -I /usr/share/android-framework-res/framework-res.apk -I "$work/system_colours.apk" --manifest "$here/AndroidManifest.xml" \
    --min-sdk-version 24 --target-sdk-version 36 --custom-package app.handlens --java "$work/gen" \
    -A "$work/assets" -0 .tflite -o "$work/base.apk" "$work/res/res.zip"
  # The same for App Bundles, which want protocol buffers.
  aapt2 convert --output-format proto -o "$work/bundle.zip" "$work/base.apk"
  mv "$work/bundle.zip" "$out/template-bundle.zip"
}

compile_java() {
  local platform=$downloads/android-all-15-robolectric-13954326.jar
  rm -rf "$work/classes" "$work/dex"
  mkdir -p "$work/classes" "$work/dex"
  find "$here/java" "$work/gen" -name '*.java' | LC_ALL=C sort >"$work/sources"
  # Java 8's library is the one that Android 7 has, besides what is newer in name only.
  javac -encoding UTF-8 --release 8 -Xlint:all,-deprecation,-options,-processing,-classfile,-serial -Werror -cp "$platform" \
    -d "$work/classes" @"$work/sources"
  find "$work/classes" -name '*.class' | LC_ALL=C sort >"$work/class-files"
  java -cp "$downloads/r8-9.5.28.jar" com.android.tools.r8.D8 --release --min-api 24 --lib "$platform" --lib "$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")" \
    --output "$work/dex" @"$work/class-files"
}

# The runtime's library as its maker built it: its name in the file is what ours asks for.
unpack_runtimes() {
  local abi jar
  for abi in arm64-v8a x86_64; do
    jar=$downloads/tensorflow-lite-2.21.0-1.5.14-android-${abi/arm64-v8a/arm64}.jar
    mkdir -p "$work/lib/$abi"
    unzip -q -o -j "$jar" "lib/$abi/libjnitensorflowlite.so" -d "$work/lib/$abi"
  done
  mkdir -p "$work/lib/armeabi-v7a" "$work/lib/linux"
  unzip -q -o -j "$downloads/tensorflow-lite-2.16.1.aar" jni/armeabi-v7a/libtensorflowlite_jni.so -d "$work/lib/armeabi-v7a"
  unzip -q -o -j "$downloads/tensorflow-lite-2.21.0-1.5.14-linux-x86_64.jar" '*/libjnitensorflowlite.so' -d "$work/lib/linux"
}

# compile_native target folder: libhandlens.so from the pixel contract and the glue, without a C library.
compile_native() {
  local target=$1 folder=$2 objects=$work/objects/$1 java_include
  java_include=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")/include
  local flags=(--target="$target" -O2 -fPIC -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables
    -ffp-contract=off -nostdlibinc -Wall -Wextra -Werror -I "$root/src" -ffile-prefix-map="$root"=.)
  local sources=("$root/src/pixels/pixels.c" "$here/jni/handlens_jni.c") source
  case $target in arm*) sources+=("$here/jni/arm_divide.c") ;; esac
  mkdir -p "$objects" "$folder"
  rm -f "$objects"/*.o
  for source in "${sources[@]}"; do
    "$clang" "${flags[@]}" -x c -std=c11 -fvisibility=hidden -isystem "$here/jni/include" -isystem "$java_include" \
      -isystem "$java_include/linux" -c "$source" -o "$objects/$(basename "$source" .c).o"
  done
  "$clang" --target="$target" -fuse-ld=lld -nostdlib -shared -Wl,-soname,libhandlens.so -Wl,-z,max-page-size=16384 \
    -Wl,--no-undefined -Wl,-rpath,'$ORIGIN' -Wl,--build-id=none -Wl,-s -o "$folder/libhandlens.so" "$objects"/*.o \
    "$folder"/lib*tensorflowlite*.so
  check_undefined "$folder/libhandlens.so"
}

# The library may ask for TensorFlow Lite's functions and nothing else.
check_undefined() {
  local foreign
  foreign=$(nm -D --undefined-only "$1" | awk '{print $NF}' | grep -v '^TfLite' || true)
  [ -z "$foreign" ] || { echo "$1: needs $foreign" >&2; exit 1; }
}

compile_all_native() {
  compile_native aarch64-linux-android24 "$work/lib/arm64-v8a"
  compile_native armv7a-linux-androideabi24 "$work/lib/armeabi-v7a"
  compile_native x86_64-linux-android24 "$work/lib/x86_64"
  compile_native x86_64-linux-gnu "$work/lib/linux"
}

assemble() {
  local abi tree file
  for abi in arm64-v8a armeabi-v7a x86_64; do
    tree=$work/tree/$abi
    rm -rf "$tree"
    mkdir -p "$tree/lib/$abi"
    cp "$work/dex/classes.dex" "$tree/"
    cp "$work/lib/$abi"/*.so "$tree/lib/$abi/"
    find "$tree" -exec touch -d '2020-01-01 00:00:00 UTC' {} +
    cp "$work/base.apk" "$tree/../$abi.apk"
    (cd "$tree" && TZ=UTC zip -q -X ../"$abi.apk" classes.dex && TZ=UTC zip -q -X -0 ../"$abi.apk" lib/"$abi"/*.so)
    file=$out/template-$abi.apk
    zipalign -p -f 4 "$tree/../$abi.apk" "$file.new"
    mv "$file.new" "$file"
  done
}

# The project for Android Studio, without model, name and libraries: those come when a model is packed.
lay_out_project() {
  local main=$out/project/app/src/main
  rm -rf "$out/project"
  cp -r "$here/project" "$out/project"
  mkdir -p "$main/assets" "$main/jni"
  cp -r "$here/java" "$here/res" "$main/"
  cp -r "$work/assets/golden" "$main/assets/"
  cp -r "$here"/jni/*.[ch] "$main/jni/"
  mkdir -p "$main/jni/pixels"
  cp "$root"/src/pixels/pixels.{h,c} "$main/jni/pixels/"
  # Gradle has package, versions and SDK levels in its own files.
  sed -e 's/^    package="handlens.placeholder.id"$//' -e 's/^    android:versionCode="1"$//' \
    -e 's/^    android:versionName="handlens placeholder version">$/    >/' -e '/<uses-sdk /d' -e '/^$/d' \
    "$here/AndroidManifest.xml" >"$main/AndroidManifest.xml"
}

need
fetch_for_build
mkdir -p "$work"
compile_resources
compile_java
unpack_runtimes
compile_all_native
assemble
lay_out_project
ls -l "$out"/template-*.apk >&2
