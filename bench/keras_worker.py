"""Keras on TensorFlow as an opponent: the same layers, one thread. Variants: fit (what users call) and step (the train
function that fit compiles, called directly on a batch that is ready: the fair opponent)."""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["OMP_NUM_THREADS"] = "1"

import keras
import numpy as np
import tensorflow as tf

import worker

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
L = keras.layers


def layer(spec, inputs):
    kind, x = spec["kind"], inputs[0]
    if kind == "dense" and len(x.shape) > 2:
        x = L.Flatten()(x)
    window = {"strides": spec.get("stride", 1), "padding": spec.get("padding", "valid")}
    bias = spec.get("bias", True)
    make = {
        "conv": lambda: L.Conv2D(spec["units"], spec["kernel"], use_bias=bias, **window),
        "depthwise": lambda: L.DepthwiseConv2D(spec["kernel"], use_bias=bias, **window),
        "dense": lambda: L.Dense(spec["units"], use_bias=bias),
        "batch_norm": L.BatchNormalization,
        "relu": L.ReLU,
        "relu6": lambda: L.ReLU(6.0),
        "max_pool": lambda: L.MaxPooling2D(spec["kernel"], **window),
        "global_avg_pool": L.GlobalAveragePooling2D,
        "dropout": lambda: L.Dropout(spec["rate"]),
        "add": L.Add,
    }[kind]()
    return make(inputs) if kind == "add" else make(x)


def network_of(model):
    picture = keras.Input((model["size_px"], model["size_px"], 3))
    outputs = []
    for index, spec in enumerate(model["layers"]):
        inputs = [picture if i < 0 else outputs[i] for i in worker.inputs_of(spec, index)]
        outputs.append(layer(spec, inputs))
    return keras.Model(picture, outputs[-1])


def build(row, variant):
    keras.backend.clear_session()
    model, batch = row["model"], row["batch"]
    network = network_of(model)
    options = {"momentum": 0.9, "nesterov": True} if row["optimizer"] == "nesterov" else {}
    network.compile(optimizer=keras.optimizers.SGD(row["rate"], **options), metrics=["accuracy"],
                    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    count = batch if variant == "step" else max(2 * batch, (640 if model["size_px"] <= 64 else 160) // batch * batch)
    pictures = np.random.rand(count, model["size_px"], model["size_px"], 3).astype("float32")
    labels = (np.arange(count) % model["classes"]).astype("int32")
    if variant == "fit":
        def run():
            network.fit(pictures, labels, batch_size=batch, epochs=1, verbose=0)
            return count
        return run
    network.fit(pictures, labels, batch_size=batch, epochs=1, verbose=0)
    batches = iter(tf.data.Dataset.from_tensors((pictures, labels)).repeat())
    function = network.make_train_function() or network.train_function

    def run():
        logs = function(batches)
        float(logs["loss"] if isinstance(logs, dict) else logs[0])
        return batch

    return run


if __name__ == "__main__":
    worker.serve(build)
