#!/usr/bin/env bash
# Builds the program for the Raspberry Pi without a model: ${BUILD_DIR:-build}/apps/pi/program-arm64 and program-armhf. Packing a model
# into one is `handlens app` (src/package/pi.cc). Debian's cross compilers; the static libraries of its other architectures are
# unpacked beside the build, nothing of them is installed. Exit status 3: the libraries cannot be fetched.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build}
mkdir -p "$build/apps/pi" "$build/pi"
build=$(cd "$build" && pwd)
version=$(sed -n 's/^project(handlens VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
ccache=$(command -v ccache || true)

packages=(libjpeg62-turbo-dev libpng-dev zlib1g-dev libssl-dev)

# What of handlens is in it. image: JPEG, PNG and BMP; few_formats.cc stands in for the others.
rooms=(base/disk base/file_writer base/hash base/json base/result base/stats base/text image/image image/formats/jpeg image/formats/png image/formats/bmp
  image/formats/exif image/formats/sniff package/zip serve/certificate serve/connection serve/folder serve/http serve/server)

# Debian's own list of another architecture, kept beside the build: the system's is left alone.
apt_of() {  # architecture, arguments
  local state=$build/pi/apt-$1
  mkdir -p "$state/lists/partial" "$state/archives/partial"
  : >>"$state/status"
  apt-get -q -o "APT::Architecture=$1" -o "APT::Architectures::=$1" -o "Dir::State=$state" -o "Dir::State::Lists=$state/lists" \
    -o "Dir::State::status=$state/status" -o "Dir::Cache=$state" -o "APT::Sandbox::User=root" \
    -o "Dir::Etc::sourcelist=$state/debian.sources" -o Dir::Etc::sourceparts=/dev/null \
    -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "${@:2}"
}

fetch_libraries() {  # architecture
  local sysroot=$build/pi/sysroot-$1 state=$build/pi/apt-$1 package
  [ -e "$sysroot/.done" ] && return
  echo "fetching Debian's static libraries for $1" >&2
  rm -rf "$sysroot" "$state"
  mkdir -p "$sysroot" "$state"
  local mirror=${DEBIAN_MIRROR:-http://deb.debian.org} keys=/usr/share/keyrings/debian-archive-keyring.gpg
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' "$mirror/debian" 'bookworm bookworm-updates' "$keys" \
    "$mirror/debian-security" bookworm-security "$keys" >"$state/debian.sources"
  # A list that is being renewed just then is left out; what comes by the others is checked all the same.
  apt_of "$1" update >"$build/pi/apt-$1.log" 2>&1 || grep '^E:' "$build/pi/apt-$1.log" >&2
  (cd "$state" && apt_of "$1" download "${packages[@]}") >>"$build/pi/apt-$1.log" 2>&1 || { cat "$build/pi/apt-$1.log" >&2; exit 3; }
  for package in "$state"/*.deb; do dpkg-deb -x "$package" "$sysroot"; done
  touch "$sysroot/.done"
}

build_for() {  # architecture, compiler's prefix
  local objects=$build/pi/objects-$1 sysroot=$build/pi/sysroot-$1 name
  local cpp=(-I "$here" -I "$root/src" -I "$root/apps/c/kernels" -isystem "$sysroot/usr/include/$2" -isystem "$sysroot/usr/include"
    -isystem "$build/pi/headers" "-DHANDLENS_VERSION=\"$version\"")
  local flags=(-ffp-contract=off -Wall -Wextra -Wshadow -Wno-psabi -Werror -ffunction-sections -fdata-sections)
  fetch_libraries "$1"
  rm -rf "$objects"
  mkdir -p "$objects"
  {
    for name in "${rooms[@]}"; do echo "g++ -std=c++20 -O2 $root/src/$name.cc"; done
    for name in "$here"/*.cc "$build/pi/page_files.cc"; do echo "g++ -std=c++20 -O2 $name"; done
    echo "g++ -std=c++20 -O3 -x c++ $root/src/pixels/pixels.c"
    for name in plan plan_dotprod; do echo "gcc -std=c11 -O3 $here/$name.c"; done
  } | sort -R --random-source=/dev/zero | xargs -P "${JOBS:-$(nproc)}" -I LINE bash -c '
      set -e; line=$1; objects=$2; prefix=$3; ccache=$4; shift 4; words=($line); source=${words[-1]}
      $ccache "$prefix-${words[0]}" "${words[@]:1:${#words[@]}-2}" "$@" -c "$source" -o "$objects/$(basename "$(dirname "$source")")_$(basename "$source").o"
    ' _ LINE "$objects" "$2" "$ccache" "${cpp[@]}" "${flags[@]}"
  # OpenSSL could load modules and names of hosts, which a static program cannot; nothing here asks for either.
  "$2-g++" -static -s -Wl,--gc-sections -o "$build/apps/pi/program-$1.new" "$objects"/*.o -L "$sysroot/usr/lib/$2" \
    -ljpeg -lpng16 -lz -lssl -lcrypto -latomic 2>"$build/pi/link-$1.log" || { cat "$build/pi/link-$1.log" >&2; exit 1; }
  mv "$build/apps/pi/program-$1.new" "$build/apps/pi/program-$1"
}

# Headers alone, the same for every processor.
rm -rf "$build/pi/headers"
mkdir -p "$build/pi/headers"
ln -s /usr/include/nlohmann /usr/include/tl /usr/include/fmt "$build/pi/headers/"
cmake "-DFILES=$here/page/index.html;$here/page/page.css;$here/page/page.js" -DROOM=device -DHEADER=page_files.h -DFUNCTION=PageFiles \
  "-DOUT=$build/pi/page_files.cc" -P "$root/cmake/embed.cmake"

# What goes along unchanged, and whose work is in the programs.
rm -rf "$build/apps/pi/golden"
mkdir -p "$build/apps/pi/golden"
install -m 644 "$root"/apps/contract/golden/* "$build/apps/pi/golden/"
install -m 644 "$here/README.md" "$here/handlens.service" "$build/apps/pi/"
build_for arm64 aarch64-linux-gnu
build_for armhf arm-linux-gnueabihf
{
  printf 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nSource: https://handlens.example.invalid\n\n'
  printf 'Files: *\nCopyright: the handlens authors\nLicense: Apache-2.0\n On Debian systems the license is in /usr/share/common-licenses/Apache-2.0.\n'
  for package in "${packages[@]}"; do
    printf '\n\n==== %s, linked into the program ====\n\n' "$package"
    cat "$build/pi/sysroot-arm64/usr/share/doc/$package/copyright"
  done
  for package in libc6-dev-arm64-cross libstdc++-12-dev-arm64-cross nlohmann-json3-dev libexpected-dev libfmt-dev; do
    printf '\n\n==== %s, linked into the program ====\n\n' "$package"
    cat "/usr/share/doc/$package/copyright"
  done
} >"$build/apps/pi/copyright"
