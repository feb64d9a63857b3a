#!/usr/bin/env bash
# The wrappers of hostile labels, and the programs of the sample, by the compilers of Java, Kotlin and TypeScript against the
# classes and types of the libraries themselves. C++ is compiled and run by src/describe/describe_test.cc.
# Usage: compile.sh BUILD_DIR. Exit status 77 (skipped, and counted as such) when something that it needs is not there.
set -euo pipefail
build=$(cd "${1:?usage: compile.sh BUILD_DIR}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
web=$(cd "$here/../../apps/web" && pwd)
skip() { echo "skipped: $1"; exit 77; }
for tool in javac java unzip; do command -v "$tool" >/dev/null || skip "$tool is not there"; done
[ -e "$build/downloads/kotlin/.complete" ] || skip "Kotlin's compiler is not there; tests/wrappers/setup.sh fetches it"
[ -x "$web/node_modules/.bin/tsc" ] || skip "TypeScript's compiler is not there; apps/web/build.sh fetches it"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/tests_bin/hostile_wrappers" "$work/wrappers"
for part in tensorflow-lite tensorflow-lite-api; do
  unzip -q -p "$build/downloads/$part-2.16.1.aar" classes.jar >"$work/$part.jar"
done
classes=$work/tensorflow-lite.jar:$work/tensorflow-lite-api.jar
compiler=$(printf '%s:' "$build"/downloads/kotlin/*.jar)
kotlin() {  # folder
  java -cp "$compiler" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -Werror \
    -cp "$classes:$build/downloads/kotlin/kotlin-stdlib-2.2.20.jar" -d "$work/kotlin" "$1"/*.kt
}
count=0
for folder in "$work"/wrappers/*/; do
  javac -encoding UTF-8 -Xlint:all -Werror -cp "$classes" -d "$work/java" "$folder"*.java
  count=$((count + 1))
done
# Kotlin's compiler takes its time: the set with every hostile piece alone.
kotlin "$work/wrappers/0"
# Compilers that took anything would prove nothing.
mkdir "$work/wrong"
sed 's/getOutputTensor(0)/noSuchFunction(0)/' "$work/wrappers/0/HandlensClassifier.kt" >"$work/wrong/Wrong.kt"
if kotlin "$work/wrong" 2>/dev/null; then echo "Kotlin's compiler takes a function that is not there"; exit 1; fi
cat >"$work/tsconfig.json" <<END
{"extends": "$web/tsconfig.json",
 "compilerOptions": {"noEmit": true, "baseUrl": "$web", "paths": {"@litertjs/core": ["node_modules/@litertjs/core"]}},
 "include": ["$work/wrappers/*/*.ts"]}
END
"$web/node_modules/.bin/tsc" -p "$work/tsconfig.json"
printf 'const x: number = "a";\n' >"$work/wrappers/0/wrong.ts"
if "$web/node_modules/.bin/tsc" -p "$work/tsconfig.json" >/dev/null; then echo "TypeScript's compiler takes nonsense"; exit 1; fi
[ "$count" = 8 ] || { echo "$count sets of wrappers, not 8"; exit 1; }
echo "8 sets of wrappers compiled by Java and TypeScript, 1 by Kotlin"
