"""The workers' protocol: one JSON object a line in, one a line out, as bench_engine --serve speaks it.

{"make": ROW, "variant": NAME} builds a network from the description that bench_engine gave; {"seconds": S} trains it for
at least that long and gives {"pictures", "cpu_s", "wall_s"}. Whatever a library prints goes to stderr.
"""
import json
import os
import resource
import sys
import time


def cpu_s():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(run, seconds):
    """Calls run(), which trains and gives the number of pictures, for at least `seconds`."""
    cpu, wall, pictures = cpu_s(), time.perf_counter(), 0
    while pictures == 0 or time.perf_counter() - wall < seconds:
        pictures += run()
    return {"pictures": pictures, "cpu_s": cpu_s() - cpu, "wall_s": time.perf_counter() - wall}


def inputs_of(layer, index):
    return layer.get("inputs") or [index - 1]


def serve(build):
    """`build(row, variant)` gives run(). One network at a time, so that memory stays with the row in hand."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "make" in request:
                run = None
                run = build(request["make"], request["variant"])
                run()
                run()
                answer = {}
            else:
                answer = timed(run, request["seconds"])
        except Exception as error:  # the driver says which row failed and goes on
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
