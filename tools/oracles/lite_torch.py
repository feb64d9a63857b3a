#!/usr/bin/env python3
"""EfficientNet-Lite by the package efficientnet-lite-pytorch 0.1.0 and PyTorch, the oracle of src/backbone.

    lite_torch.py record CHECKPOINT.pth OUT.safetensors
    lite_torch.py check CHECKPOINT.pth BUILD FOLDER [--name lite0] [--half] [--label 985]

`record` writes src/backbone/testdata/lite0_features.safetensors: the means over all pixels behind every block and behind the head,
of pictures made by a formula, with kernels rounded to half precision as in the file that `./dev` makes.

`check` compares the logits of the first 50 pictures of FOLDER (by name; centre square, bicubic) with our engine's, float32
kernels. BUILD is the build folder with make_backbone and model_scores. With --half our kernels are in half precision, and the
check is that no picture's first class changes. --label counts how often that class is first and among the first five, over all
pictures of the folder.

Needs torch, numpy, Pillow, efficientnet-lite-pytorch.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

SIZES = {"lite0": 224, "lite1": 240, "lite2": 260}


def network(checkpoint, name):
    model = EfficientNet.from_name("efficientnet-" + name)
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True))
    return model.eval()


def normalised(pictures):
    """uint8 (n, size, size, 3) -> the network's input."""
    return torch.from_numpy((pictures.astype(np.float32) - 127) / 128).permute(0, 3, 1, 2).contiguous()


def made_picture(size, seed):
    """Waves of three colours, of whole numbers alone, so that every language makes the same bytes."""
    y, x = np.mgrid[0:size, 0:size].astype(np.int64)
    channels = [(x * (3 + seed) + y * (5 + 2 * c) + (x * y >> (3 + c)) + 40 * c * seed) % 256 for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def feature_means(model, pictures):
    means = []
    with torch.no_grad():
        x = model._swish(model._bn0(model._conv_stem(normalised(pictures))))
        for block in model._blocks:
            x = block(x)
            means.append(x.mean((2, 3)))
        means.append(model._swish(model._bn1(model._conv_head(x))).mean((2, 3)))
    return torch.cat(means, 1).numpy()


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        raw = array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def record(arguments):
    model = network(arguments.checkpoint, "lite0")
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.data = module.weight.data.half().float()
    pictures = np.stack([made_picture(224, seed) for seed in range(2)])
    write_safetensors(arguments.out, {"means": feature_means(model, pictures)})


def square(path, size):
    """A picture's centre square as uint8 (size, size, 3)."""
    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return np.asarray(image.resize((size, size), Image.BICUBIC, box=(left, top, left + side, top + side)))


def real_pictures(folder, size):
    paths = sorted(p for p in pathlib.Path(folder).iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
    return np.stack([square(path, size) for path in paths])


def engine_scores(arguments, pictures):
    with tempfile.TemporaryDirectory() as folder:
        build, files = pathlib.Path(arguments.build), pathlib.Path(folder)
        exact = [] if arguments.half else ["--exact"]
        subprocess.run([build / "make_backbone", arguments.name, arguments.checkpoint, files / "backbone.safetensors", *exact,
                        "--classifier", files / "model.safetensors"], check=True)
        (files / "pictures").write_bytes(pictures.tobytes())
        subprocess.run([build / "model_scores", files / "model.safetensors", files / "pictures", files / "scores"], check=True)
        return np.frombuffer((files / "scores").read_bytes(), np.float32).reshape(len(pictures), -1)


def check(arguments):
    pictures = real_pictures(arguments.folder, SIZES[arguments.name])
    model = network(arguments.checkpoint, arguments.name)
    with torch.no_grad():
        logits = np.concatenate([model(normalised(p[None])).numpy() for p in pictures]).astype(np.float64)
    if arguments.label is not None:
        ranks = (logits > logits[:, arguments.label, None]).sum(1)
        print(f"oracle: class {arguments.label} first {(ranks == 0).sum()}, among five {(ranks < 5).sum()} of {len(ranks)}")
    some = pictures if arguments.label is not None else pictures[:50]
    scores = engine_scores(arguments, some).astype(np.float64)
    if arguments.label is not None:
        ranks = (scores > scores[:, arguments.label, None]).sum(1)
        print(f"engine: class {arguments.label} first {(ranks == 0).sum()}, among five {(ranks < 5).sum()} of {len(ranks)}")
    # Softmax forgets a constant a picture: both are compared around their means.
    ours, theirs = np.log(scores), logits[:len(some)]
    ours, theirs = ours - ours.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True)
    same = (ours.argmax(1) == theirs.argmax(1)).sum()
    print(f"logits of {len(some)} pictures: largest difference {np.abs(ours - theirs).max():.2e} "
          f"(logits reach {np.abs(theirs).max():.1f}); first class the same in {same}")
    return 0 if same == len(some) and (arguments.half or np.abs(ours - theirs).max() < 1e-4) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("record")
    verb.add_argument("checkpoint")
    verb.add_argument("out")
    verb.set_defaults(do=record)
    verb = verbs.add_parser("check")
    verb.add_argument("checkpoint")
    verb.add_argument("build")
    verb.add_argument("folder")
    verb.add_argument("--name", default="lite0")
    verb.add_argument("--half", action="store_true")
    verb.add_argument("--label", type=int)
    verb.set_defaults(do=check)
    arguments = parser.parse_args()
    return arguments.do(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
