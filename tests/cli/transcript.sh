#!/usr/bin/env bash
# Runs a transcript: what a user types and what handlens answers, read like a terminal session.
#
#   $ handlens frobnicate        a command, run by bash in a folder of its own that the whole transcript shares
#   > second line                the command goes on
#   handlens: error: ...         what it prints, stdout and stderr together; `...` alone stands for any lines,
#   [2]                          `*` within a line for any text; the exit code if it is not 0
#
# Lines before the first `$` and lines that begin with `#` are for readers. usage: transcript.sh FILE BUILD_FOLDER
set -u
file=$(realpath "$1")
build=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-cli.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 TERM=dumb PATH="$build:$PATH" WORK="$work" BUILD="$build"
for name in $(compgen -e | grep '^HANDLENS_'); do unset "$name"; done
unset NO_COLOR
cd "$work" || exit 1

# Whether the lines of $1 (a name of an array) from index $2 match those of $3 from $4.
matches() {
  local -n want=$1 got=$3
  local i=$2 j=$4
  while ((i < ${#want[@]})); do
    if [[ ${want[i]} == '...' ]]; then
      ((i + 1 == ${#want[@]})) && return 0
      local k
      for ((k = j; k < ${#got[@]}; ++k)); do matches "$1" $((i + 1)) "$3" "$k" && return 0; done
      return 1
    fi
    ((j < ${#got[@]})) || return 1
    # Only `*` is special in an expected line.
    local pattern=${want[i]}
    pattern=${pattern//\\/\\\\}; pattern=${pattern//\?/\\?}; pattern=${pattern//\[/\\[}
    # shellcheck disable=SC2053
    [[ ${got[j]} == $pattern ]] || return 1
    ((++i, ++j))
  done
  ((j == ${#got[@]}))
}

failures=0 commands=0
run_one() {  # command text, expected lines in `expected`, line number
  local output code
  output=$(cd "$work" && bash -c "$1" 2>&1 </dev/null)
  code=$?
  local actual=()
  [[ -n $output ]] && mapfile -t actual <<<"$output"
  ((code != 0)) && actual+=("[$code]")
  ((++commands))
  if ! matches expected 0 actual 0; then
    ((++failures))
    printf '%s:%d: not as expected\n  $ %s\n' "$(basename "$file")" "$2" "$1"
    diff <(printf '%s\n' "${expected[@]}") <(printf '%s\n' "${actual[@]}") | sed 's/^/  /'
  fi
}

command='' expected=() number=0 at=0
finish() {
  [[ -z $command ]] && return
  # Blank lines before the next command are for readers.
  while ((${#expected[@]} > 0)) && [[ -z ${expected[-1]} ]]; do unset 'expected[-1]'; done
  run_one "$command" "$at"
  command='' expected=()
}
while IFS= read -r line || [[ -n $line ]]; do
  ((++number))
  case $line in
    '$ '*) finish; command=${line#'$ '} at=$number ;;
    '> '*) command+=$'\n'${line#'> '} ;;
    '#'*) finish ;;
    *) [[ -n $command ]] && expected+=("$line") ;;
  esac
done <"$file"
finish
((commands > 0)) || { echo "$file: no command in it"; exit 1; }
echo "$(basename "$file"): $commands commands, $failures not as expected"
((failures == 0))
