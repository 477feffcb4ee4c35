"""Judges the pictures of a page of compare.sh by VGG-19, with PyTorch; prints Markdown.

For each network and layer, the mean over all pictures of |G(x) - G(style)| / |G(style)|, G being the Gram matrix of
VGG-19's features (Gatys 2015), and at relu4_2 of |F(x) - F(content)| / |F(content)|. The row `content` is that of the
unpainted contents. Needs numpy, pillow and torch:

    python3 bench/networks/judge.py vgg19.safetensors page assets/content assets/style
"""

import json
import sys
from pathlib import Path

import numpy
import torch
from PIL import Image

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"
MEAN = torch.tensor((103.939, 116.779, 123.68)).view(1, 3, 1, 1)
TYPES = {"F16": numpy.float16, "F32": numpy.float32}


def read_weights(path):
    data = Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    weights = {}
    for name, tensor in header.items():
        first, end = (start + offset for offset in tensor["data_offsets"])
        values = numpy.frombuffer(data[first:end], TYPES[tensor["dtype"]]).astype(numpy.float32)
        weights[name] = torch.from_numpy(values.reshape(tensor["shape"]))
    return weights


@torch.no_grad()
def features(weights, picture):
    """Style layers as Gram matrices over positions, the content layer as it is."""
    x = torch.from_numpy(numpy.asarray(picture, numpy.float32)).permute(2, 0, 1)[None, [2, 1, 0]] - MEAN
    found = {}
    for block, convolutions in enumerate((2, 2, 4, 4, 1), 1):
        for index in range(1, convolutions + 1):
            name = f"conv{block}_{index}"
            x = torch.nn.functional.conv2d(x, weights[name + ".weight"], weights[name + ".bias"], padding=1).relu()
            layer = f"relu{block}_{index}"
            if layer in STYLE_LAYERS:
                flat = x[0].flatten(1)
                found[layer] = flat @ flat.T / flat.shape[1]
            elif layer == CONTENT_LAYER:
                found[layer] = x
        x = torch.nn.functional.max_pool2d(x, 2)
    return found


def distances(painted, content, style):
    pairs = [(painted[layer], style[layer]) for layer in STYLE_LAYERS]
    pairs.append((painted[CONTENT_LAYER], content[CONTENT_LAYER]))
    return [float((x - target).norm() / target.norm()) for x, target in pairs]


def shrunk(path, side):
    picture = Image.open(path).convert("RGB")
    scale = side / max(picture.size)
    return picture.resize([round(length * scale) for length in picture.size], Image.Resampling.LANCZOS)


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    weights = read_weights(sys.argv[1])
    page, contents, styles = map(Path, sys.argv[2:])
    # Both at the size of the page's pictures, as they were when painted.
    side = max(Image.open(next(page.glob("*.jpg"))).size)
    of_styles = {path.stem: features(weights, shrunk(path, side)) for path in sorted(styles.iterdir())}
    rows = {}
    for path in sorted(contents.iterdir()):
        content = features(weights, shrunk(path, side))
        for name, style in of_styles.items():
            rows.setdefault("content", []).append(distances(content, content, style))
            start = f"{path.stem}-{name}-"
            for picture in sorted(page.glob(f"{start}*.jpg")):
                painted = features(weights, Image.open(picture).convert("RGB"))
                rows.setdefault(picture.stem[len(start):], []).append(distances(painted, content, style))
    print("| network |", " | ".join(STYLE_LAYERS), f"| content, {CONTENT_LAYER} |")
    print("| --- |" + " ---: |" * (len(STYLE_LAYERS) + 1))
    for network, values in rows.items():
        print(f"| {network} |", " | ".join(f"{mean:.3f}" for mean in numpy.mean(values, 0)), "|")


main()
