#!/usr/bin/env python3
"""One picture through a model by TensorFlow Lite for Microcontrollers, for bench/inference.cc: milliseconds of processor time.

Usage: tflm_worker.py MODEL.tflite SECONDS. Exit code 3 where the runtime is not in this Python.
"""
import sys
import time

try:
    import numpy as np
    from tflite_micro.python.tflite_micro import runtime
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

interpreter = runtime.Interpreter.from_file(sys.argv[1])
details = interpreter.get_input_details(0)
count = int(np.prod(details["shape"]))
interpreter.set_input((np.arange(count) * 37 % 251).astype(details["dtype"]).reshape(details["shape"]), 0)
interpreter.invoke()
begun, pictures = time.process_time(), 0
while pictures == 0 or time.process_time() - begun < float(sys.argv[2]):
    interpreter.invoke()
    pictures += 1
print(1e3 * (time.process_time() - begun) / pictures)
