"""Times one evaluation of a style-transfer objective in PyTorch, on the CPU or an NVIDIA card.

One evaluation: the picture [1, 3, size, size] forward through a VGG-shaped network to relu5_1, the mean
squared difference at relu4_2, the mean squared difference of Gram matrices F Ft / (C*H*W) at relu1_1 ..
relu5_1, and backward to the pixels. Weights are He-scaled random numbers, frozen: speed does not depend
on them. Prints one JSON object; compare.py and compare_gpu.py start this as a child. `library_bytes` in it is
the peak memory of the process when PyTorch was imported and nothing computed, `device_bytes` that of the card.

Precisions: f32 is float32 throughout, with TF32 off; tf32 lets a card round the factors of convolutions and
products; bf16 has weights, maps and pixels in bfloat16, Gram matrices and losses in float32. With --graph an
evaluation on a card is captured once as a CUDA graph and replayed: nothing is launched from Python.
"""

import argparse
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
LIBRARY_BYTES = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT

NETWORKS = {  # output channels of the 3x3 convolutions, block by block, down to relu5_1
    "vgg19": [[64] * 2, [128] * 2, [256] * 4, [512] * 4, [512]],
    "compact": [[32] * 2, [64] * 2, [128] * 2, [256] * 2, [256]],
}
CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
LAYOUTS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
PRECISIONS = {"f32": torch.float32, "tf32": torch.float32, "bf16": torch.bfloat16}


def random_weights(blocks, layout, device, precision):
    weights, inputs = [], 3
    for widths in blocks:
        weights.append([])
        for outputs in widths:
            weight = (2 / (9 * inputs)) ** 0.5 * torch.randn(outputs, inputs, 3, 3)
            weight, bias = weight.to(memory_format=layout), torch.zeros(outputs)
            weights[-1].append((weight.to(device, precision), bias.to(device, precision)))
            inputs = outputs
    return weights


def tapped_layers(weights, x):
    taps = {}
    for block, convolutions in enumerate(weights, start=1):
        if block > 1:
            x = F.max_pool2d(x, 2)
        for index, (weight, bias) in enumerate(convolutions, start=1):
            x = F.relu(F.conv2d(x, weight, bias, padding=1), inplace=True)
            name = f"relu{block}_{index}"
            if name == CONTENT_LAYER or name in STYLE_LAYERS:
                taps[name] = x
    return taps


def gram(feature):
    """F Ft / (C*H*W) in float32, from a view without copying in either layout."""
    channels = feature.shape[1]
    if feature.is_contiguous(memory_format=torch.channels_last):
        rows = feature.permute(0, 2, 3, 1).reshape(-1, channels)
        return (rows.T @ rows).float() / feature.numel()
    rows = feature.view(channels, -1)
    return (rows @ rows.T).float() / feature.numel()


def captured(evaluation):
    """The evaluation as a CUDA graph, after some on a stream of their own, as PyTorch asks for."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            evaluation()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        evaluation()
    return graph.replay


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, default="vgg19")
    parser.add_argument("--size", type=int, default=512, help="pixels a side (default 512)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=LAYOUTS, default="channels_last")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=PRECISIONS, default="f32")
    parser.add_argument("--graph", action="store_true", help="replay a CUDA graph; needs --device cuda")
    parser.add_argument("--evaluations", type=int, default=5, help="timed, after one to warm up (default 5)")
    options = parser.parse_args()

    if options.graph and options.device != "cuda":
        parser.error("--graph needs --device cuda")

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    layout, precision = LAYOUTS[options.layout], PRECISIONS[options.precision]
    weights = random_weights(NETWORKS[options.network], layout, options.device, precision)

    def picture():
        pixels = torch.rand(1, 3, options.size, options.size).to(memory_format=layout)
        return pixels.to(options.device, precision)

    with torch.no_grad():
        content = tapped_layers(weights, picture())[CONTENT_LAYER]
        style = tapped_layers(weights, picture())
        style = {name: gram(style[name]) for name in STYLE_LAYERS}
    pixels = picture().requires_grad_()

    def evaluation():
        taps = tapped_layers(weights, pixels)
        loss = ((taps[CONTENT_LAYER] - content).float() ** 2).mean()
        for name, target in style.items():
            loss = loss + ((gram(taps[name]) - target) ** 2).mean()
        return torch.autograd.grad(loss, pixels)

    def finish():
        if options.device == "cuda":
            torch.cuda.synchronize()

    run = captured(evaluation) if options.graph else evaluation
    seconds = []
    for _ in range(1 + options.evaluations):
        finish()
        start = time.perf_counter()
        run()
        finish()
        seconds.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "seconds_best": min(seconds[1:]),
                "seconds_median": statistics.median(seconds[1:]),
                "library_bytes": LIBRARY_BYTES,
                "device_bytes": torch.cuda.max_memory_allocated() if options.device == "cuda" else 0,
                "device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu",
                "version": torch.__version__,
                "isa": torch.backends.cpu.get_cpu_capability(),
            }
        )
    )


if __name__ == "__main__":
    main()
