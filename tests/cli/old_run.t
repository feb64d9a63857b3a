A run folder that an earlier handlens left: it is continued, what was trained is not trained again, and in the end the chain holds.
old_run/run.tar.xz is a run of the demo's pictures (quick, nano16, 64 px, camera, three folds) made before there were backbones and the rule
for the camera; caches, the report and the folds' models were left out, and the pictures were called /home/ann/demo/pictures.

$ tar -xJf "$SOURCE/tests/cli/old_run/run.tar.xz"; sha256sum run/trials/*/* >before; stat -c '%Y %n' run/trials/*/* >written

$ handlens run "$SOURCE/data/demo/pictures" -o run --dry-run -q 2>/dev/null | grep -E '^  done'
  done    split, search, final training

$ handlens run "$SOURCE/data/demo/pictures" -o run -q >out 2>err; echo $?; grep -E '^(verdict|next)' out
0
verdict: passed *
next: handlens app run

$ sha256sum --quiet -c before && stat -c '%Y %n' run/trials/*/* | cmp - written && echo nothing trained again
nothing trained again

$ handlens check run -q | tail -1
the chain from the pictures to the model files holds
