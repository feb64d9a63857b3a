#!/usr/bin/env bash
# What a whole run, every app, a prediction and a check ask of the network, as strace sees it: nothing. The one socket is the pair
# between the program and the process of its own that models run in. usage: no_network.sh BUILD; exit code 77: there is no strace
set -eu
build=$(realpath "$1")
command -v strace >/dev/null || exit 77
work=$(mktemp -d "${TMPDIR:-/tmp}/handlens-network.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME=$work XDG_CONFIG_HOME=$work/config
"$build/tests_bin/make_pictures" pictures 2 14 40
strace -f -qq -o probe true 2>/dev/null || exit 77  # it may not be allowed to look
calls=0 commands=0 apps=''
traced() {  # exit codes that are fine, then the command
  local fine=$1 code=0
  shift
  strace -f -qq -e trace=network,io_uring_setup -o trace "$build/handlens" "$@" >out 2>err || code=$?
  [[ " $fine " == *" $code "* ]] || { echo "$*: exit code $code"; tail -3 err; exit 1; }
  if grep -E '(socket|connect|bind|listen|accept4?|sendmsg|recvmsg|io_uring_setup)\(|socketpair\(AF_(UNIX|LOCAL), [^)]*\) = -1' trace |
    grep -v 'socketpair(AF_UNIX'; then
    echo "$*: it asked for the network"; exit 1
  fi
  if grep 'socketpair(' trace | grep -v 'socketpair(AF_UNIX'; then echo "$*: a socket that is not of this computer"; exit 1; fi
  calls=$((calls + $(grep -c 'socketpair(' trace || true)))
  commands=$((commands + 1))
}

traced '0 4' run pictures -o run --preset quick --models m1 --generators gen1 --sizes 30 --folds 2 --epochs 1 --exhaustive --reduce never \
  --jobs 1 --name blocks -q --no-input
for target in android web ios flutter pi c; do
  # Templates that were not built cannot be packed (1).
  traced '0 1 4' app run --target "$target" -q --no-input
  if [ -d "run/apps/$target" ]; then apps+=" $target"; else grep -q 'the built app is not there' err || { cat err; exit 1; }; fi
done
traced '0 4' predict run pictures -q --no-input
traced '0 3' check run -q --no-input
[ -n "$apps" ] || { echo "no app was packed"; exit 1; }
[ "$calls" -gt 0 ] || { echo "strace saw no socket at all, not even the pair of the model's process: it did not look"; exit 1; }
echo "$commands commands (a run, apps for:$apps, predict, check): no call to the network; $calls pairs between the program and its model's process"
