"""A VGG-shaped network in PyTorch, from a safetensors file with names such as conv1_1.weight.

The metadata `input` says how the network reads pictures, as in `rgb 0..1, minus mean (0.485,0.456,0.406), divided by
(0.229,0.224,0.225)`; without it, as the Caffe models do. The first convolution repeats the border of the picture, the
others pad with zeros. Pooling takes the largest of four.
"""

import json
import re
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
CAFFE = "bgr 0..255, minus mean (103.939,116.779,123.68)"
TYPES = {"F16": numpy.float16, "F32": numpy.float32}


def read_safetensors(path):
    """The tensors by name, in float32, and the metadata."""
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, tensor in header.items():
        first, end = (start + offset for offset in tensor["data_offsets"])
        values = numpy.frombuffer(data[first:end], TYPES[tensor["dtype"]]).astype(numpy.float32)
        tensors[name] = torch.from_numpy(values.reshape(tensor["shape"]))
    return tensors, metadata


class Network:
    """Reads pictures [1, 3, H, W], sRGB-encoded 0..1."""

    def __init__(self, path, layers=(CONTENT_LAYER, *STYLE_LAYERS), layout=torch.contiguous_format):
        tensors, metadata = read_safetensors(path)
        convention = metadata.get("input", CAFFE).lower()
        self.swaps = convention.startswith("bgr")
        self.scale = float(re.search(r"0\.\.(\d+)", convention)[1])
        triples = [
            torch.tensor([float(number) for number in triple.split(",")]).view(1, 3, 1, 1)
            for triple in re.findall(r"\(([^)]*)\)", convention)
        ]
        self.mean = triples[0] if triples else torch.zeros(1, 3, 1, 1)
        self.deviation = triples[1] if len(triples) > 1 else torch.ones(1, 3, 1, 1)
        self.layers = sorted(set(layers))
        self.convolutions = []
        block, index, last = 1, 1, self.layers[-1].removeprefix("relu")
        while f"{block}_{index}" <= last:
            name = f"{block}_{index}"
            if f"conv{name}.weight" in tensors:
                weight = tensors[f"conv{name}.weight"].to(memory_format=layout)
                self.convolutions.append((f"relu{name}", weight, tensors[f"conv{name}.bias"]))
                index += 1
            else:
                block, index = block + 1, 1

    def __call__(self, picture):
        """The maps [1, C, h, w] of the layers by name."""
        x = self.scale * (picture.flip(1) if self.swaps else picture)
        x = F.pad((x - self.mean) / self.deviation, (1, 1, 1, 1), mode="replicate")
        maps = {}
        for name, weight, bias in self.convolutions:
            if name.endswith("_1") and name != "relu1_1":
                x = F.max_pool2d(x, 2)
            x = F.relu(F.conv2d(x, weight, bias, padding=0 if name == "relu1_1" else 1), inplace=True)
            if name in self.layers:
                maps[name] = x
        return maps
