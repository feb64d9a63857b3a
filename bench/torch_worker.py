"""PyTorch as an opponent: the same layers, one thread. Variants: eager, channels_last."""
import os

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from torch import nn
from torch.nn import functional as F

import worker

torch.set_num_threads(1)


class Network(nn.Module):
    """A ModelSpec, layer by layer."""

    def __init__(self, model):
        super().__init__()
        self.specs = model["layers"]
        self.layers = nn.ModuleList()
        shapes = []
        with torch.no_grad():
            for index, spec in enumerate(self.specs):
                source = worker.inputs_of(spec, index)[0]
                x = torch.zeros(1, 3, model["size_px"], model["size_px"]) if source < 0 else torch.zeros(shapes[source])
                self.layers.append(self.layer(spec, x))
                shapes.append(self.apply_layer(index, [x, x]).shape)

    @staticmethod
    def layer(spec, x):
        kind, bias = spec["kind"], spec.get("bias", True)
        if kind == "conv":
            return nn.Conv2d(x.shape[1], spec["units"], spec["kernel"], spec.get("stride", 1), bias=bias)
        if kind == "depthwise":
            channels = x.shape[1]
            return nn.Conv2d(channels, channels, spec["kernel"], spec.get("stride", 1), groups=channels, bias=bias)
        if kind == "dense":
            return nn.Linear(x[0].numel(), spec["units"], bias=bias)
        if kind == "batch_norm":
            norm = nn.BatchNorm2d(x.shape[1], eps=1e-3, momentum=0.01)
            if spec.get("fixed_statistics") or spec.get("frozen"):
                norm.eval()
            return norm
        return nn.Dropout(spec["rate"]) if kind == "dropout" else nn.Identity()

    @staticmethod
    def padded(spec, x):
        """TensorFlow's "same": what is missing goes to the end first; even paddings are left to the convolution."""
        if spec.get("padding") != "same":
            return x, 0
        total = []
        for side in (x.shape[3], x.shape[2]):
            stride = spec.get("stride", 1)
            total.append(max((-(-side // stride) - 1) * stride + spec["kernel"] - side, 0))
        if all(t % 2 == 0 for t in total):
            return x, (total[1] // 2, total[0] // 2)
        return F.pad(x, (total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2)), 0

    def apply_layer(self, index, inputs):
        spec, layer, x = self.specs[index], self.layers[index], inputs[0]
        kind = spec["kind"]
        if kind in ("conv", "depthwise"):
            x, padding = self.padded(spec, x)
            return F.conv2d(x, layer.weight, layer.bias, layer.stride, padding, 1, layer.groups)
        if kind == "dense":
            return layer(x.flatten(1))
        if kind == "max_pool":
            return F.max_pool2d(x, spec["kernel"], spec["stride"])
        simple = {"relu": F.relu, "relu6": F.relu6, "global_avg_pool": lambda t: t.mean((2, 3)),
                  "add": lambda t: t + inputs[1], "batch_norm": layer, "dropout": layer, "normalize": lambda t: (t - 127 / 255) / (128 / 255)}
        return simple[kind](x)

    def forward(self, x):
        outputs = []
        for index, spec in enumerate(self.specs):
            inputs = [x if i < 0 else outputs[i] for i in worker.inputs_of(spec, index)]
            outputs.append(self.apply_layer(index, inputs))
        return outputs[-1]


def build(row, variant):
    torch.manual_seed(1)
    model, batch = row["model"], row["batch"]
    network = Network(model)
    pictures = torch.rand(batch, 3, model["size_px"], model["size_px"])
    labels = torch.arange(batch) % model["classes"]
    if variant == "channels_last":
        network = network.to(memory_format=torch.channels_last)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    options = {"momentum": 0.9, "nesterov": True, "weight_decay": 5e-4} if row["optimizer"] == "nesterov" else {}
    optimizer = torch.optim.SGD(network.parameters(), lr=row["rate"], fused=True, **options)

    def forward():
        with torch.inference_mode():
            network(pictures).softmax(1)[0, 0].item()
        return batch

    if row["task"] == "forward":
        network.eval()
        return forward

    def run():
        optimizer.zero_grad()
        loss = F.cross_entropy(network(pictures), labels)
        loss.backward()
        optimizer.step()
        loss.item()
        return batch

    return run


if __name__ == "__main__":
    worker.serve(build)
