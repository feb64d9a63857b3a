"""Records what PyTorch computes for small networks, as the oracle of src/nn (src/nn/testdata/*.safetensors).

    python3 tools/oracles/nn_torch.py src/nn/testdata [network ...]

Each file holds inputs, labels, picture weights, the starting weights (names as in nn.h), the logits' softmax, the gradient
of every trained tensor, the losses of ten steps of each optimiser, the batch norms' running statistics after those of SGD, and,
where layers are frozen, the means over all pixels of some outputs. Keras' formulas of Nesterov and Adam are spelt
out on PyTorch's gradients, since the two frameworks define them differently; running batch-norm variances are
biased ones, as Keras 3 keeps them. Written with PyTorch 2.15, double precision rounded once at the end.
"""
import json
import struct
import sys

import torch
import torch.nn.functional as F

STEPS, RATE, SMOOTHING = 10, 0.05, 0.1


def same_padding(x, kernel, stride, value=0.0):
    """TensorFlow's rule on (B, C, H, W): the odd pixel goes to the bottom and right."""
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max((-(-n // stride) - 1) * stride + kernel - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


def fixed(layer):
    return layer.get("fixed_statistics", False) or layer.get("frozen", False)


def trained(layers, p):
    return [n for n in p if n.split(".")[1] in ("kernel", "bias", "gamma", "beta") and not layers[int(n.split(".")[0])].get("frozen")]


def forward(layers, p, x, training, running=None, features=None):
    outputs = []
    for i, layer in enumerate(layers):
        kind = layer["kind"]
        sources = [x if s < 0 else outputs[s] for s in layer.get("inputs", [i - 1])]
        v = sources[0]
        k, s, same = layer.get("kernel", 0), layer.get("stride", 1), layer.get("padding") == "same"
        if kind in ("conv", "depthwise"):
            w = p[f"{i}.kernel"]
            w = w.permute(3, 2, 0, 1) if kind == "conv" else w.permute(2, 0, 1)[:, None]
            v = same_padding(v, k, s) if same else v
            v = F.conv2d(v, w, p.get(f"{i}.bias"), stride=s, groups=1 if kind == "conv" else w.shape[0])
        elif kind == "dense":
            v = v.permute(0, 2, 3, 1).reshape(len(v), -1) @ p[f"{i}.kernel"] + p[f"{i}.bias"]
            v = v[:, :, None, None]
        elif kind == "batch_norm":
            mean, variance = v.mean((0, 2, 3)), v.var((0, 2, 3), unbiased=False)
            if training and not fixed(layer):
                if running is not None:
                    for what, now in (("mean", mean), ("variance", variance)):
                        keep = layer.get("momentum", 0.99)
                        running[f"{i}.{what}"] = keep * p[f"{i}.{what}"] + (1 - keep) * now.detach()
            else:
                mean, variance = p[f"{i}.mean"], p[f"{i}.variance"]
            c = lambda t: t[None, :, None, None]
            v = (v - c(mean)) / torch.sqrt(c(variance) + 1e-3) * c(p[f"{i}.gamma"]) + c(p[f"{i}.beta"])
        elif kind == "normalize":
            v = (v - p[f"{i}.mean"][None, :, None, None]) / p[f"{i}.std"][None, :, None, None]
        elif kind == "relu":
            v = F.relu(v)
        elif kind == "relu6":
            v = F.relu6(v)
        elif kind == "max_pool":
            v = F.max_pool2d(same_padding(v, k, s, -float("inf")) if same else v, k, s)
        elif kind == "avg_pool":
            v = F.avg_pool2d(v, k, s)
        elif kind == "global_avg_pool":
            v = v.mean((2, 3), keepdim=True)
        elif kind == "add":
            v = sum(sources)
        outputs.append(v)
    if features is not None:
        return torch.cat([outputs[i].mean((2, 3)) for i in features], 1)
    return outputs[-1].reshape(len(x), -1)


def loss_of(logits, labels, weights, smoothing):
    target = F.one_hot(labels, logits.shape[1]) * (1 - smoothing) + smoothing / logits.shape[1]
    return -(weights * (target * F.log_softmax(logits, 1)).sum(1)).mean()


NORMS = dict(kind="batch_norm")
MODELS = {
    "pools": (9, 3, [dict(kind="conv", units=5, kernel=3), dict(kind="relu"), dict(kind="max_pool", kernel=2, stride=2),
                     dict(kind="conv", units=7, kernel=3, padding="same"), dict(kind="relu6"),
                     dict(kind="avg_pool", kernel=2, stride=1), dict(kind="dense", units=6), dict(kind="relu"),
                     dict(kind="dense", units=3)]),
    "fused": (14, 2, [dict(kind="conv", units=9, kernel=3), dict(kind="relu"), dict(kind="max_pool", kernel=2, stride=2),
                      dict(kind="conv", units=17, kernel=3), dict(kind="relu"), dict(kind="max_pool", kernel=2, stride=2),
                      dict(kind="dense", units=5), dict(kind="relu"), dict(kind="dense", units=2)]),
    "blocks": (11, 4, [dict(kind="normalize"), dict(kind="conv", units=8, kernel=3, stride=2, padding="same", bias=False), NORMS,
                       dict(kind="relu"), dict(kind="depthwise", kernel=3, padding="same", bias=False), NORMS, dict(kind="relu6"),
                       dict(kind="conv", units=8, kernel=1, bias=False), NORMS, dict(kind="add", inputs=[3, 8]),
                       dict(kind="depthwise", kernel=3, stride=2, padding="same"),
                       dict(kind="conv", units=12, kernel=1, bias=False), dict(kind="batch_norm", momentum=0.9), dict(kind="relu"),
                       dict(kind="max_pool", kernel=2, stride=1, padding="same"), dict(kind="global_avg_pool"),
                       dict(kind="dense", units=4)]),
}


# Layers 1 and 2 lie below the lowest that trains; 11 and 12 are frozen between layers that train.
FIXED = dict(kind="batch_norm", fixed_statistics=True)
MODELS["tuned"] = (13, 3, [
    dict(kind="normalize"), dict(kind="conv", units=7, kernel=3, stride=2, padding="same", bias=False, frozen=True),
    dict(kind="batch_norm", frozen=True), dict(kind="relu6"),
    dict(kind="depthwise", kernel=5, padding="same", bias=False), FIXED, dict(kind="relu6"),
    dict(kind="conv", units=10, kernel=1, bias=False), FIXED,
    dict(kind="conv", units=18, kernel=1, bias=False), FIXED, dict(kind="relu6"),
    dict(kind="depthwise", kernel=3, padding="same", frozen=True), dict(kind="batch_norm", frozen=True), dict(kind="relu6"),
    dict(kind="conv", units=10, kernel=1, bias=False), FIXED, dict(kind="add", inputs=[8, 16]),
    dict(kind="batch_norm"), dict(kind="relu"), dict(kind="depthwise", kernel=5, stride=2, padding="same"), FIXED, dict(kind="relu6"),
    dict(kind="conv", units=5, kernel=3, padding="same"), dict(kind="relu6"),
    dict(kind="global_avg_pool"), dict(kind="dense", units=3)])
FEATURES = {"tuned": [3, 8, 17, 24]}


def fresh(size, layers, g):
    p, shapes, x = {}, [], (size, size, 3)
    for i, layer in enumerate(layers):
        kind = layer["kind"]
        h, w, c = shapes[layer["inputs"][0]] if "inputs" in layer else (shapes[-1] if shapes else x)
        k, s = layer.get("kernel", 0), layer.get("stride", 1)
        draw = lambda *shape, scale=0.4: scale * torch.randn(*shape, generator=g, dtype=torch.float64)
        out = c
        if kind == "conv":
            out = layer["units"]
            p[f"{i}.kernel"] = draw(k, k, c, out, scale=1.2 / (k * k * c) ** 0.5)
        elif kind == "depthwise":
            p[f"{i}.kernel"] = draw(k, k, c)
        elif kind == "dense":
            out = layer["units"]
            p[f"{i}.kernel"] = draw(h * w * c, out, scale=1.2 / (h * w * c) ** 0.5)
        elif kind == "batch_norm":
            p[f"{i}.gamma"], p[f"{i}.beta"] = 1 + draw(c, scale=0.1), draw(c, scale=0.1)
            p[f"{i}.mean"], p[f"{i}.variance"] = draw(c, scale=0.1), 1 + draw(c, scale=0.1).abs()
        elif kind == "normalize":
            p[f"{i}.mean"], p[f"{i}.std"] = 0.5 + draw(c, scale=0.1), 0.3 + draw(c, scale=0.05).abs()
        if kind in ("conv", "depthwise", "dense") and layer.get("bias", True):
            p[f"{i}.bias"] = draw(out, scale=0.1)
        if kind in ("conv", "depthwise", "max_pool", "avg_pool"):
            along = lambda n: -(-n // s) if layer.get("padding") == "same" else (n - k) // s + 1
            h, w = along(h), along(w)
        if kind in ("dense", "global_avg_pool"):
            h = w = 1
        shapes.append((h, w, out))
    return {name: t.float().double() for name, t in p.items()}


OPTIMIZERS = {
    "sgd": lambda g, w, m, t: (w - RATE * g, m),
    "nesterov": lambda g, w, m, t: ((lambda v: (w + 0.9 * v - RATE * g, (v, None)))(0.9 * m[0] - RATE * g)),
    "momentum": lambda g, w, m, t: ((lambda v: (w + v, (v, None)))(0.9 * m[0] - RATE * g)),
    "adam": lambda g, w, m, t: adam(g, w, m, t),
}
CLIP = 0.3


def adam(g, w, m, t, rate=0.01):
    m1, m2 = m[0] + (g - m[0]) * 0.1, m[1] + (g * g - m[1]) * 0.001
    alpha = rate * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
    return w - m1 * alpha / (m2.sqrt() + 1e-7), (m1, m2)


def train(layers, start, data, optimizer):
    x, labels, weights = data
    p = {n: t.clone() for n, t in start.items()}
    learning = trained(layers, p)
    moments = {n: (torch.zeros_like(p[n]), torch.zeros_like(p[n])) for n in learning}
    losses = []
    for t in range(1, STEPS + 1):
        leaf = {n: v.clone().requires_grad_(n in learning) for n, v in p.items()}
        running = {}
        loss = loss_of(forward(layers, leaf, x, True, running), labels, weights, SMOOTHING)
        loss.backward()
        losses.append(loss.item())
        clipped = optimizer == "clipped"
        norm = sum((leaf[n].grad ** 2).sum() for n in learning) ** 0.5
        for n in learning:
            g = leaf[n].grad * (min(1, CLIP / norm.item()) if clipped else 1)
            if n.endswith("kernel"):
                g = g + 1e-3 * p[n] + (0.1 * (p[n] - start[n]) if clipped else 0)
            p[n], moments[n] = OPTIMIZERS["momentum" if clipped else optimizer](g, p[n], moments[n], t)
        p.update(running)
    return losses, {n: t for n, t in p.items() if n.endswith(("mean", "variance", "std"))}


def write(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, t in tensors.items():
        raw = t.float().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def main(folder, names):
    for name, (size, classes, layers) in MODELS.items():
        if names and name not in names:
            continue
        g = torch.Generator().manual_seed(1)
        x = torch.rand(4, size, size, 3, generator=g).double()
        labels = torch.tensor([0, 1, 1, classes - 1])
        weights = torch.tensor([1.0, 2.0, 0.5, 1.0], dtype=torch.float64)
        start = fresh(size, layers, g)
        nchw = x.permute(0, 3, 1, 2)
        out = {"inputs": x, "labels": labels, "weights": weights}
        out.update({f"start.{n}": t for n, t in start.items()})
        out["scores"] = forward(layers, start, nchw, False).softmax(1)
        leaf = {n: t.clone().requires_grad_() for n, t in start.items()}
        loss_of(forward(layers, leaf, nchw, True), labels, weights, SMOOTHING).backward()
        for n, t in leaf.items():
            if n in trained(layers, leaf):
                out[f"gradient.{n}"] = t.grad
        if name in FEATURES:
            out["features"] = forward(layers, start, nchw, False, features=FEATURES[name])
        for optimizer in [*OPTIMIZERS, "clipped"] if name in FEATURES else OPTIMIZERS:
            losses, fitted = train(layers, start, (nchw, labels, weights), optimizer)
            out[f"losses.{optimizer}"] = torch.tensor(losses)
            if optimizer == "sgd":
                out.update({f"after.{n}": t for n, t in fitted.items()})
        write(f"{folder}/{name}.safetensors", out, {"source": "PyTorch " + torch.__version__})
        with open(f"{folder}/{name}.json", "w") as f:
            json.dump({"name": name, "size_px": size, "classes": classes, "layers": layers}, f)
            f.write("\n")


main(sys.argv[1], sys.argv[2:])
