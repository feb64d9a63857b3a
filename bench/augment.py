#!/usr/bin/env python3
"""Augmented pictures a second of handlens and of Keras' ImageDataGenerator, one thread each, round after round in one go.

    augment.py AUGMENT [--json FILE] [--rounds N] [--seconds S] [--size PX]

AUGMENT is the program bench_augment. Both begin with decoded pictures of the model's size in memory and end with floats:
Keras' as flow() of batches of 10 with the settings of the paper's generators 1 to 4. `camera` and `mild` are ours alone.
Pictures a second of processor time, medians over rounds.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import sys
import time

import compare

GENERATORS = {
    "gen1": {},
    "gen2": {"rotation_range": 40, "brightness_range": (0.2, 1.0), "horizontal_flip": True, "vertical_flip": True},
}
GENERATORS["gen3"] = GENERATORS["gen2"] | {"featurewise_center": True, "featurewise_std_normalization": True}
GENERATORS["gen4"] = GENERATORS["gen3"] | {"shear_range": 0.2, "zoom_range": 0.2, "width_shift_range": 0.2, "height_shift_range": 0.2,
                                           "fill_mode": "nearest"}


def keras_source(generator, size):
    """Calls that make the next batch of ten, or None without Keras."""
    if generator not in GENERATORS or importlib.util.find_spec("keras") is None:
        return None
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import numpy as np
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    pictures = np.random.default_rng(1).integers(0, 256, (60, size, size, 3)).astype("float32")
    source = ImageDataGenerator(rescale=1 / 255, **GENERATORS[generator])
    source.fit(pictures / 255)
    batches = source.flow(pictures, np.arange(60), batch_size=10)
    return lambda: next(batches)


def speed_of(make, seconds):
    cpu, wall, pictures = time.process_time(), time.perf_counter(), 0
    while pictures == 0 or time.perf_counter() - wall < seconds:
        pictures += len(make()[0])
    return pictures / (time.process_time() - cpu)


def measure(worker, generator, options):
    make, ours, theirs = keras_source(generator, options.size), [], []
    for _ in range(options.rounds):
        answer = worker.ask({"generator": generator, "size": options.size, "seconds": options.seconds})
        ours.append(answer["pictures"] / answer["cpu_s"])
        if make:
            theirs.append(speed_of(make, options.seconds))
    found = [a / b for a, b in zip(ours, theirs)]
    return compare.rounded({"generator": generator, "size": options.size, "threads": 1, "handlens": statistics.median(ours),
                            "keras": statistics.median(theirs) if theirs else None, "ratio": statistics.median(found) if found else None,
                            "ratio_spread": {"least": min(found), "most": max(found)} if found else None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("augment")
    parser.add_argument("--json")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=100)
    options = parser.parse_args()
    worker = compare.Worker([options.augment])
    record = {"machine": compare.machine(), "rounds": options.rounds, "seconds": options.seconds, "rows": []}
    for generator in ["gen1", "gen2", "gen3", "gen4", "mild", "camera"]:
        row = measure(worker, generator, options)
        spread = row["ratio_spread"]
        print(f"{generator:<8}{options.size:>5} px{compare.cell(row['handlens'], 10)}{compare.cell(row['keras'], 10)}  "
              + (f"{row['ratio']:6.1f}  {spread['least']}-{spread['most']}" if spread else "     -"), flush=True)
        record["rows"].append(row)
    worker.close()
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
