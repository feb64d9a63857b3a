#!/usr/bin/env python3
"""Whole epochs as users run them: Keras' fit fed by ImageDataGenerator from picture files, against handlens.

    epoch.py TRIAL PICTURES [--epochs N] [--size PX] [--generators gen1 gen4] [--ways core thread machine] [--json FILE]

TRIAL is the program studies/trial; PICTURES a folder with a folder per class. Both train M1 with the generators 1 and 4 of
the paper, batches of 10, validation after every epoch. handlens trains six folds (so that no core is left without one at the
end), Keras one on the same share of the pictures. handlens' time includes decoding, the folds' validation and tests and its
records; that of Keras begins at fit. `checked` counts the whole program instead, with the data check before (near-duplicates,
shortcuts), for which Keras has nothing. Three ways: both on one core (bound to it), with one thread that may go where it likes,
and with the whole machine (Keras as it comes, handlens with a job a core). Pictures a second (trained ones) of processor time,
and by the clock.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

GENERATORS = {
    "gen1": {"rescale": 1 / 255},
    "gen4": {"rescale": 1 / 255, "rotation_range": 40, "brightness_range": (0.2, 1.0), "shear_range": 0.2, "zoom_range": 0.2,
             "horizontal_flip": True, "vertical_flip": True, "width_shift_range": 0.2, "height_shift_range": 0.2, "fill_mode": "nearest",
             "featurewise_center": True, "featurewise_std_normalization": True},
}
FOLDS = 6
KEPT = 0.875                       # of what a fold does not test: an eighth validates
TRAINED = (1 - 1 / FOLDS) * KEPT   # of all pictures
WAYS = ("core", "thread", "machine")


def bind(way):
    """Binds this process and its children to its first core."""
    if way == "core":
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def speeds(pictures, cpu_s, wall_s):
    return {"pictures_per_s": round(pictures / cpu_s, 1), "by_the_clock": round(pictures / wall_s, 1)}


def handlens(options, generator, way):
    jobs = len(os.sched_getaffinity(0)) if way == "machine" else 1
    with tempfile.TemporaryDirectory() as cache:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [options.trial, options.pictures, "--model", "m1", "--size", str(options.size), "--generator", generator,
                   "--epochs", str(options.epochs), "--batch", "10", "--order", "paper", "--folds", str(FOLDS), "--jobs", str(jobs),
                   "--cache", cache]
        listing = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=lambda: bind(way)).stdout
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    folds = re.findall(r"n = (\d+)\), (\d+) epochs", listing)
    total = sum(int(n) for n, _ in folds)
    pictures = sum((total - int(n)) * KEPT * int(epochs) for n, epochs in folds)
    trained_cpu, trained_wall = map(float, re.search(r"([\d.]+) s of processor time, ([\d.]+) s by the clock", listing).groups())
    whole_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return speeds(pictures, trained_cpu, trained_wall) | {"checked": speeds(pictures, whole_cpu, wall)}


def keras_fit(options, generator, way):
    bind(way)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import keras
    import numpy as np
    import tensorflow as tf
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    if way != "machine":
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    source = ImageDataGenerator(validation_split=1 - TRAINED, **GENERATORS[generator])
    source.fit(np.random.rand(20, options.size, options.size, 3))
    flow = {"target_size": (options.size, options.size), "batch_size": 10, "class_mode": "sparse"}
    train = source.flow_from_directory(options.pictures, subset="training", **flow)
    validation = source.flow_from_directory(options.pictures, subset="validation", **flow)
    layers = keras.layers
    network = keras.Sequential([keras.Input((options.size, options.size, 3)), layers.Conv2D(32, 3, activation="relu"),
                                layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(128, activation="relu"),
                                layers.Dense(train.num_classes, activation="softmax")])
    network.compile(optimizer=keras.optimizers.SGD(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    cpu, start = time.process_time(), time.perf_counter()
    network.fit(train, validation_data=validation, validation_steps=max(1, train.samples // 90), epochs=options.keras_epochs,
                verbose=0)
    return speeds(train.samples * options.keras_epochs, time.process_time() - cpu, time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trial")
    parser.add_argument("pictures")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--keras-epochs", type=int, default=2, help="fewer do: its speed does not depend on them")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--generators", nargs="+", default=list(GENERATORS), choices=list(GENERATORS))
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    parser.add_argument("--json")
    options = parser.parse_args()
    rows = []
    for generator in options.generators:
        for way in options.ways:
            row = {"model": "m1", "size": options.size, "generator": generator, "way": way, "handlens": handlens(options, generator, way)}
            try:
                with multiprocessing.get_context("spawn").Pool(1) as apart:   # what is bound stays bound, and threads are set once
                    row["keras"] = apart.apply(keras_fit, (options, generator, way))
                for ratio, speed in (("ratio", "pictures_per_s"), ("ratio_by_the_clock", "by_the_clock")):
                    row[ratio] = round(row["handlens"][speed] / row["keras"][speed], 2)
            except ImportError as missing:
                print(f"{missing}: handlens alone; pip install -r bench/requirements.txt", file=sys.stderr)
            print(json.dumps(row), flush=True)
            rows.append(row)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
