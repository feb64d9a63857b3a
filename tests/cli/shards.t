Several processes on one run folder, and the merge that ends in what one process would have written.

$ "$MAKE_PICTURES" pictures 2 16 40; handlens inspect pictures -o ONE -q >/dev/null 2>&1; handlens inspect pictures -o MANY -q >/dev/null 2>&1

# What has to be done before.
$ handlens search MANY --shard 1/2 -q
handlens: error: MANY: split has to be done before others can share search: handlens split MANY
[3]

$ handlens merge MANY -q
handlens: error: MANY: no shards worked on this run; begin with `handlens cluster MANY` or `handlens search MANY --shard 1/N`
[3]

$ handlens split MANY -q >/dev/null 2>&1; handlens search MANY --shard 3/2 -q
handlens: error: --shard: '3/2' means 3 of 2; give K/N with K from 1 to N, such as 2/8, or auto
[2]

$ handlens search MANY --shard auto -q
handlens: error: --shard: 'auto' finds neither Slurm, MPI nor Kubernetes in the environment; give K/N with K from 1 to N, such as 2/8, or auto
[2]

$ handlens search MANY --shard 1/2 --budget 10m -q
handlens: error: --shard and --budget do not go together: what fits a budget depends on the machine, and all shards must do the same
[2]

# Two at once; the options are the run folder's after the first.
$ search="--preset quick --from-scratch --models nano16,m1 --generators gen1 --sizes 30 --folds 2 --epochs 3"
> handlens split ONE --folds 2 -q >/dev/null 2>&1; handlens search ONE $search -q >/dev/null 2>&1
> handlens split MANY --folds 2 -q >/dev/null 2>&1
> handlens search MANY --shard 1/2 --jobs 1 $search -q >first & handlens search MANY --shard 2/2 --jobs 1 $search -q; wait; cat first
all trials are done
next: handlens merge MANY
all trials are done
next: handlens merge MANY

$ ls MANY/search.json
ls: cannot access 'MANY/search.json': No such file or directory
[2]

# Whoever comes with other options is sent away.
$ handlens search MANY --shard 1/2 --epochs 4 -q
handlens: error: MANY: other shards work on this search with other options; give the same ones (RUN/handlens.toml has them), or end that by `handlens merge MANY`
[3]

# That call's options were kept; back to those of the shards.
$ handlens search MANY --shard 1/2 --epochs 3 --json -q
{
  "command": "search",
  "run": "MANY",
  "shard": 1,
  "shards": 2
}

$ handlens merge MANY -q | tail -4
wrote:
  MANY/search.json
  MANY/search.csv
next: handlens reduce MANY

$ cmp ONE/search.json MANY/search.json && diff <(ls ONE/trials) <(ls MANY/trials) && for f in ONE/trials/*/weights.safetensors; do cmp $f MANY${f#ONE}; done && ls MANY/shards
ls: cannot access 'MANY/shards': No such file or directory
[2]

# Every file of the search and of its trials, but for the seconds that trainings took: in trial.json, and the last column of search.csv.
$ plain() { (cd $1 && for f in dataset.json split.json search.json search.csv trials/*/*.*; do echo $f; sed -E 's/"seconds": *[0-9.e-]+//; /^[a-z0-9]+,/s/,[0-9.]+$//' $f; done) }
> cmp <(plain ONE) <(plain MANY) && ls MANY/trials/*/*.* | sed 's,.*/,,' | sort | uniq -c | sed 's/^ *//'
4 camera.json
4 events.jsonl
4 predictions.safetensors
4 trial.json
4 weights.safetensors

$ handlens search MANY --shard 1/2 -q
search is done already

# The reduction likewise: every file but the seconds, the last column of reduce.csv among them.
$ handlens reduce ONE --reduce always -q >/dev/null 2>&1; for k in 1 2; do handlens reduce MANY --reduce always --shard $k/2 --jobs 1 -q & done; wait; handlens merge MANY -q | grep -A2 wrote
all trials are done
next: handlens merge MANY
all trials are done
next: handlens merge MANY
wrote:
  MANY/reduce.json
  MANY/reduce.csv

$ plain() { (cd $1 && for f in reduce.json reduce.csv trials/*/*.*; do echo $f; sed -E 's/"seconds": *[0-9.e-]+//; /^[a-z0-9]+,/s/,[0-9.]+$//' $f; done) }
> cmp <(plain ONE) <(plain MANY) && test $(ls MANY/trials | wc -l) -gt 4 && diff <(ls ONE/trials) <(ls MANY/trials)

# A merge trains nothing unasked.
$ handlens inspect pictures -o LEFT -q >/dev/null 2>&1; handlens split LEFT --folds 2 -q >/dev/null 2>&1
> timeout --foreground --preserve-status -s TERM 1 handlens search LEFT --shard 1/2 --preset quick --from-scratch --models m1 --generators gen1 --sizes 100 --epochs 3000 -q
handlens: stopped; run the same command again to continue where it stopped
[75]

$ handlens merge LEFT -q
handlens: error: LEFT/trials: 2 of 2 trials are not finished yet; run their shards again, or train them here by --yes
[3]

# Scripts for engines, and what to type; a run folder is written, nothing is started.
$ handlens cluster ONE --slurm --mpi -q
handlens: error: `cluster` needs one of --slurm, --kubernetes, --parallel and --mpi
[2]

$ handlens cluster ONE --slurm -q
handlens: error: ONE: the search is done; nothing is left to share
[3]

$ handlens cluster LEFT --slurm --max-bytes 60K -q
handlens: error: `cluster` and --max-bytes do not go together: a gate counts for one call, and the scripts make others; a line max_bytes = SIZE in LEFT/handlens.toml counts for all
[2]

$ handlens cluster LEFT --slurm --tasks 2 --threads 1 --time 90m --partition cpu --reduce always -q
* of the search, about * with 2 threads in all; 2 tasks of 1 thread each
wrote:
  LEFT/cluster/search.sbatch
  LEFT/cluster/merge-search.sbatch
  LEFT/cluster/reduce.sbatch
  LEFT/cluster/merge-reduce.sbatch
  LEFT/cluster/submit.sh
  LEFT/cluster/manifest.json
type: bash */LEFT/cluster/submit.sh
then: handlens convert LEFT

$ sed -n 's/^#SBATCH //p' LEFT/cluster/search.sbatch; grep sbatch LEFT/cluster/submit.sh
--array=1-2
--output=search-%a.log
--requeue
--signal=B:USR1@120
--job-name=handlens-search
--cpus-per-task=1
--mem=*M
--time=90
--open-mode=append
--partition=cpu
search=$(sbatch --parsable search.sbatch) || exit 1
merge_search=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=afterok:$search merge-search.sbatch) || exit 1
reduce=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=afterok:$merge_search reduce.sbatch) || exit 1
merge_reduce=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency=afterok:$reduce merge-reduce.sbatch) || exit 1

$ for engine in slurm parallel mpi kubernetes; do handlens cluster LEFT --$engine --reduce never -q >/dev/null; ls LEFT/cluster | tr '\n' ' '; for f in LEFT/cluster/*.s*; do bash -n $f; done; done
manifest.json merge-search.sbatch search.sbatch submit.sh manifest.json run.sh manifest.json run.sh manifest.json merge-search.yaml search.yaml submit.sh 
