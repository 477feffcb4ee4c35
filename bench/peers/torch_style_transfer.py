"""Paints as K. Crowson's style-transfer-pytorch does, in PyTorch, eager, float32, on the CPU; prints its way down.

Written from the formulas: the objective and the run are those that make_style_transfer_pytorch.py and
make_style_transfer_pytorch_run.py in crates/impasto/tests/fixtures state, but pictures are resized in 8 bits, and roots
of matrices are found as in the original: twelve Newton-Schulz steps on the matrix over its Frobenius norm, backward
by as many steps of an iteration for the Lyapunov equation (Lin and Maji, Improved Bilinear Pooling with CNNs, 2017).

Twelve steps are not enough for covariances that are nearly singular: the loss comes out up to a few per cent too high.
So every --judge-every iterations the total is computed anew with eigenvalues in float64, the clock halted meanwhile.

Prints one JSON object a line: first {"version", "isa", "import_seconds"}, then for each judged iteration {"stage",
"iteration", "own_total", "total", "seconds"}: the totals before the step, with twelve steps and exact, and the seconds
since the pictures were opened. compare_time_to_objective.py starts this as a child.
"""

import argparse
import json
import sys
import time
from pathlib import Path

START = time.perf_counter()

import numpy
import torch
import torch.nn.functional as F
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent))
from vgg import CONTENT_LAYER, STYLE_LAYERS, Network

IMPORTED = time.perf_counter()

CONTENT_WEIGHT, TV_WEIGHT, RIDGE = 0.015, 2, 1e-4
LAYER_WEIGHTS = [weight / 341 for weight in (256, 64, 16, 4, 1)]
ROOT_STEPS = 12
STEP, BETAS, EPSILON, DECAY = 0.02, (0.9, 0.99), 1e-8, 0.99
LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def identity(matrix):
    return torch.eye(len(matrix), dtype=matrix.dtype)


class Root(torch.autograd.Function):
    """The root of a symmetric positive definite matrix."""

    @staticmethod
    def forward(context, matrix):
        norm = matrix.norm()
        y, z, three = matrix / norm, identity(matrix), 3 * identity(matrix)
        for _ in range(ROOT_STEPS):
            half = (three - z @ y) / 2
            y, z = y @ half, half @ z
        root = y * norm.sqrt()
        context.save_for_backward(root)
        return root

    @staticmethod
    def backward(context, gradient):
        (root,) = context.saved_tensors
        norm = root.norm()
        a, q, three = root / norm, gradient / norm, 3 * identity(root)
        for _ in range(ROOT_STEPS):
            rest = three - a @ a
            q = (q @ rest - a @ (a @ q - q @ a)) / 2
            a = a @ rest / 2
        return q / 2


def moments(feature):
    """Mean [C] and covariance with its ridge [C, C] of a map [1, C, h, w]."""
    rows = feature[0].flatten(1)
    mean = rows.mean(1)
    raw = rows @ rows.T / rows.shape[1]
    return mean, raw - torch.outer(mean, mean) + RIDGE * identity(raw)


def wasserstein(feature, target):
    mean, covariance = moments(feature)
    target_mean, target_covariance, target_root = target
    between = Root.apply(target_root @ covariance @ target_root)
    return ((mean - target_mean) ** 2).mean() + (target_covariance + covariance - 2 * between).diagonal().mean()


def exact_wasserstein(feature, target):
    mean, covariance = moments(feature.double())
    target_mean, target_covariance, _ = (t.double() for t in target)
    values, vectors = torch.linalg.eigh(target_covariance)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    roots = torch.linalg.eigvalsh(root @ covariance @ root).clamp(min=0).sqrt().sum()
    trace = torch.trace(target_covariance + covariance)
    return ((mean - target_mean) ** 2).mean() + (trace - 2 * roots) / len(mean)


def nine_point(x):
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")
    middle = x[..., 1:-1, 1:-1]
    straight = ((x[..., 1:-1, 2:] - middle) ** 2).mean() + ((x[..., 2:, 1:-1] - middle) ** 2).mean()
    diagonal = ((x[..., 1:, 1:] - x[..., :-1, :-1]) ** 2).mean() + ((x[..., 1:, :-1] - x[..., :-1, 1:]) ** 2).mean()
    return 2 * (straight / 3 + diagonal / 12)


class Objective:
    """For one content and one style, pictures [1, 3, H, W]."""

    @torch.no_grad()
    def __init__(self, network, content, style):
        self.network = network
        self.content = network(content)[CONTENT_LAYER]
        maps = network(style)
        self.style = [(*(m := moments(maps[layer])), Root.apply(m[1])) for layer in STYLE_LAYERS]

    def __call__(self, x, wasserstein=wasserstein):
        maps = self.network(x)
        loss = CONTENT_WEIGHT * ((maps[CONTENT_LAYER] - self.content) ** 2).mean() + TV_WEIGHT * nine_point(x)
        for layer, weight, target in zip(STYLE_LAYERS, LAYER_WEIGHTS, self.style):
            loss = loss + weight * wasserstein(maps[layer], target)
        return loss


def fitted(picture, longest, enlarge, layout):
    """The picture as [1, 3, H, W] with its longest side as asked for."""
    width, height = picture.size
    if enlarge or longest < max(width, height):
        short = round(longest * min(width, height) / max(width, height))
        picture = picture.resize((short, longest) if height > width else (longest, short), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(numpy.asarray(picture, numpy.float32) / 255)
    return pixels.permute(2, 0, 1)[None].contiguous(memory_format=layout)


def resampled(x, like, mode):
    return F.interpolate(x, like.shape[2:], mode=mode, align_corners=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("content")
    add("style")
    add("--weights", required=True, help="a network as safetensors")
    add("--stages", default="128:1000,181:500,256:500", help="longest sides with iterations (default %(default)s)")
    add("--judge-every", type=int, default=10, help="iterations between exact totals (default 10)")
    add("--threads", type=int, default=2)
    add("--layout", choices=LAYOUTS, default="channels_last")
    add("--output", help="where to write the picture")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    layout = LAYOUTS[options.layout]
    first = {"version": torch.__version__, "isa": torch.backends.cpu.get_cpu_capability()}
    print(json.dumps(first | {"import_seconds": IMPORTED - START}), flush=True)
    start = time.perf_counter()
    network = Network(options.weights, layout=layout)
    pictures = [Image.open(path).convert("RGB") for path in (options.content, options.style)]
    stages = [tuple(map(int, stage.split(":"))) for stage in options.stages.split(",")]
    average = state = None
    for stage, (size, iterations) in enumerate(stages, start=1):
        content, style = (fitted(p, size, enlarge, layout) for p, enlarge in zip(pictures, (True, False)))
        x = content if average is None else resampled(average, content, "bicubic")
        x = x.clamp(0, 1).clone(memory_format=layout)
        objective = Objective(network, content, style)
        x.requires_grad_()
        optimizer = torch.optim.Adam([x], lr=STEP, betas=BETAS, eps=EPSILON)
        if state is not None:
            optimizer.state[x] = {
                "step": state["step"], "exp_avg": resampled(state["exp_avg"], x, "bicubic"),
                "exp_avg_sq": F.relu(resampled(state["exp_avg_sq"], x, "bilinear")),
            }
        faded, count = (1 - DECAY) * x.detach(), 1
        for iteration in range(1, iterations + 1):
            optimizer.zero_grad()
            loss = objective(x)
            loss.backward()
            if iteration % options.judge_every in (0, 1) or iteration == iterations:
                halted = time.perf_counter()
                torch.set_num_threads(1)  # eigenvalues take longer with several
                with torch.no_grad():
                    total = objective(x, exact_wasserstein).item()
                torch.set_num_threads(options.threads)
                line = {"stage": stage, "iteration": iteration, "own_total": loss.item(), "total": total}
                print(json.dumps(line | {"seconds": halted - start}), flush=True)
                start += time.perf_counter() - halted
            optimizer.step()
            with torch.no_grad():
                x.clamp_(0, 1)
                faded, count = DECAY * faded + (1 - DECAY) * x, count + 1
        average, state = faded / (1 - DECAY**count), optimizer.state[x]
    if options.output:
        pixels = (255 * average[0].clamp(0, 1)).round().byte().permute(1, 2, 0)
        Image.fromarray(pixels.numpy()).save(options.output)


if __name__ == "__main__":
    main()
