# Sourced by build.sh and tests/android/run.sh: brings pinned files of Maven Central into ${downloads}, each checked by
# its SHA-256. Nothing else of the Android part touches the network.

# fetch group:artifact:version[:type[:classifier]] file-name sha256
fetch() {
  local artifact=$1 file=$downloads/$2 sha256=$3
  mkdir -p "$downloads"
  if [ ! -e "$file" ]; then
    echo "fetching $artifact" >&2
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dartifact="$artifact" -DoutputDirectory="$downloads" >&2
  fi
  echo "$sha256  $file" | sha256sum --check --status || { echo "$file: not the file that was expected (SHA-256)" >&2; return 1; }
}

fetch_for_build() {
  fetch com.android.tools:r8:9.5.28 r8-9.5.28.jar \
    38a9ffaaebbd17d1514e3ecbff5a85b989bb13c551b9e224c7409514eea84ff5
  fetch org.robolectric:android-all:15-robolectric-13954326 android-all-15-robolectric-13954326.jar \
    e17105f6c432357e6bb278a527f8e848d01fc56ccee01be77725bea23d871990
  fetch org.bytedeco:tensorflow-lite:2.21.0-1.5.14:jar:android-arm64 tensorflow-lite-2.21.0-1.5.14-android-arm64.jar \
    48ab9eb112651e033259cb02e227724a882c49c456ec21d0664e6c8f1a0ab15d
  fetch org.bytedeco:tensorflow-lite:2.21.0-1.5.14:jar:android-x86_64 tensorflow-lite-2.21.0-1.5.14-android-x86_64.jar \
    c7b913da8c2cd4d4151090ed8d6c101a5b976c1f4999e3bb5c09d6803daff193
  fetch org.bytedeco:tensorflow-lite:2.21.0-1.5.14:jar:linux-x86_64 tensorflow-lite-2.21.0-1.5.14-linux-x86_64.jar \
    97061333854967aadf2f092681d63af90b804db3800f007cffd24a2901f4bc72
  # 32-bit arm: the other artefact has no library for it.
  fetch org.tensorflow:tensorflow-lite:2.16.1:aar tensorflow-lite-2.16.1.aar \
    34b065817e294e7dd3569504e8b9454938ceae453b6a459da54d5f6e45d3c94e
}

fetch_for_tests() {
  fetch org.robolectric:android-all-instrumented:15-robolectric-13954326-i7 \
    android-all-instrumented-15-robolectric-13954326-i7.jar \
    06c4c8602d6db7486266a982bc55834ed6dfebd62a0b88daca204139ecf142cb
  # The oldest Android that the app claims to run on, to check what it calls.
  fetch org.robolectric:android-all:7.0.0_r1-robolectric-r1 android-all-7.0.0_r1-robolectric-r1.jar \
    567bfa3cd3a8c9c5ca736bd86b3f90ff4d6a7ba333b9cfea6ff7d81924f90ce9
  # The runtime for arm64 Linux: the phones' kernels, for the test under emulation.
  fetch org.bytedeco:tensorflow-lite:2.21.0-1.5.14:jar:linux-arm64 tensorflow-lite-2.21.0-1.5.14-linux-arm64.jar \
    d34e33c49ce6da8f3c982cc6a084ff02f078d9c371dfb18a269aff93e0949d03
  # The language of the project's build files, to read them as Gradle would.
  fetch org.apache.groovy:groovy:4.0.24 groovy-4.0.24.jar \
    38db8aa6f48b96aa11dd75745b96ab2991ddc9a09f5f3840fae704b84a588867
  local tests=$root/tests/android jvm=$downloads/jvm
  if [ ! -e "$jvm/.complete" ]; then
    echo "fetching Robolectric" >&2
    mvn -q -B -f "$tests/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DoutputDirectory="$jvm" >&2
    touch "$jvm/.complete"
  fi
  (cd "$jvm" && sha256sum --check --quiet --strict "$tests/jars.sha256") >&2
}

# The store's own reader of App Bundles.
fetch_bundletool() {
  local tests=$root/tests/android folder=$downloads/bundletool
  if [ ! -e "$folder/.complete" ]; then
    echo "fetching bundletool" >&2
    mvn -q -B -f "$tests/bundletool.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DoutputDirectory="$folder" >&2 || return 1
    touch "$folder/.complete"
  fi
  (cd "$folder" && sha256sum --check --quiet --strict "$tests/bundletool.sha256") >&2
}
