#!/usr/bin/env python3
"""What the Flutter project's C code, built by the project's own CMake files, answers to its held-out pictures.

Usage: flutter_records.py PROJECT ANSWERS. Needs cc and cmake.
"""
import ctypes
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "projects"))
import check  # noqa: E402

project, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
bundle = project / "assets/bundle"
held = json.loads((bundle / "check/check.json").read_text(encoding="utf-8"))["pictures"]
with tempfile.TemporaryDirectory() as work:
    subprocess.run(["cmake", "-Wno-dev", "-S", project / "native_model/linux", "-B", work], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", work], check=True, stdout=subprocess.DEVNULL)
    library = check.load(pathlib.Path(work) / "shared/libnative_model.so")
    memory = ctypes.create_string_buffer(library.handlens_ffi_arena_bytes() + 16)
    aligned = ctypes.c_void_p((ctypes.addressof(memory) + 15) & ~15)
    answers = []
    for picture in held:
        _, _, rgb = check.read_png((bundle / "check" / picture["file"]).read_bytes())
        scores = (ctypes.c_float * library.handlens_ffi_classes())()
        assert library.handlens_ffi_classify(rgb, aligned, scores) == 0
        wanted = [ctypes.c_float(score).value for score in picture["scores"]]
        answers.append({"scores": list(scores), "equal": list(scores) == wanted, "same_input": hashlib.sha256(rgb).hexdigest() == picture["input_sha256"]})
assert len(answers) >= 4 and all(answer["equal"] and answer["same_input"] for answer in answers), answers
out.write_text(json.dumps(answers), encoding="utf-8")
