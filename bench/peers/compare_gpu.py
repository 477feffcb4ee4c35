"""Compares Impasto with PyTorch on an NVIDIA card, on one evaluation of the objective; prints Markdown.

Both programs run as child processes in turn, round after round. Seconds are the best evaluation of all rounds. Those of
Impasto hold the way of the picture to the card and of its gradient back; PyTorch's stay on the card. Memory is what a
program takes on the card: of Impasto by its plan, of PyTorch at the peak by its allocator.
"""

import argparse
import datetime
import itertools
import os
import sys
from pathlib import Path

from compare import HERE, markdown, measure

# Precisions of PyTorch, each eager and as a CUDA graph, in both memory layouts, of which the faster one counts.
PRECISIONS = ["f32", "tf32", "bf16"]
LAYOUTS = ["nchw", "channels_last"]
HEADER = [
    "network", "size", "Impasto f32 ms", "PyTorch f32 eager, graph ms", "TF32 ms", "bf16 ms",
    "Impasto / PyTorch f32", "Impasto MB", "PyTorch f32 MB",
]


def arguments():
    def words(text):
        return text.split(",")

    def sizes(text):
        return [int(size) for size in text.split(",")]

    impasto = HERE.parent.parent / "target/release/impasto"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--network", type=words, default=["vgg19", "compact"], help="default vgg19,compact")
    add("--size", type=sizes, default=[512, 2048], help="pixels a side, default 512,2048")
    add("--rounds", type=int, default=3, help="runs of each program, in turn (default 3)")
    add("--gpu", default="0", help="number or name of Impasto's device (default 0)")
    add("--device", default="cuda", choices=["cuda", "cpu"], help="PyTorch's; cpu only tries the script")
    add("--impasto", type=Path, default=impasto, metavar="PATH", help="default target/release/impasto")
    options = parser.parse_args()
    if min(options.rounds, *options.size) < 1:
        parser.error("--rounds and --size must be at least 1")
    return options


def torch_modes(options):
    """Of each precision and way of launching the commands of both layouts."""
    ways = {"eager": [], "graph": ["--graph"]} if options.device == "cuda" else {"eager": []}
    return {
        (precision, way): [["--precision", precision, *flags, "--layout", layout] for layout in LAYOUTS]
        for precision, (way, flags) in itertools.product(PRECISIONS, ways.items())
    }


def measured(options, network, size):
    """Of Impasto, and of PyTorch in each mode, all successful runs."""
    place = ["--network", network, "--size", str(size)]
    ours = [str(options.impasto), "bench", *place, "--engine", "gpu", "--device", options.gpu, "--json"]
    theirs = [sys.executable, str(HERE / "torch_evaluation.py"), *place, "--device", options.device]
    runs = {"Impasto": []} | {mode: [] for mode in torch_modes(options)}
    for _ in range(options.rounds):
        runs["Impasto"].append(measure(ours, os.environ))
        for mode, commands in torch_modes(options).items():
            runs[mode] += [measure(theirs + command, os.environ) for command in commands]
    return {name: [run for run in of if run is not None] for name, of in runs.items()}


def row(network, size, runs):
    def best(name):
        return min((1e3 * run["seconds_best"] for run in runs.get(name, [])), default=None)

    def words(value):
        return "–" if value is None else f"{value:.2f}"

    def memory(name):
        return min((run["device_bytes"] for run in runs.get(name, [])), default=None)

    cells = [network, f"{size} x {size}", words(best("Impasto"))]
    for precision in PRECISIONS:
        cells.append(", ".join(words(best((precision, way))) for way in ("eager", "graph")))
    strict = min((best(("f32", way)) for way in ("eager", "graph") if best(("f32", way))), default=None)
    ours = best("Impasto")
    cells.append("–" if None in (ours, strict) else f"{ours / strict:.2f}")
    for name in ("Impasto", ("f32", "eager")):
        cells.append("–" if memory(name) is None else f"{memory(name) / 1e6:.0f}")
    return cells


def main():
    options = arguments()
    if not options.impasto.is_file():
        sys.exit(f"{options.impasto} is missing: cargo build --release -p impasto-cli --features gpu")
    rows, devices, failed = [], set(), False
    for network, size in itertools.product(options.network, options.size):
        runs = measured(options, network, size)
        rows.append(row(network, size, runs))
        failed |= not runs["Impasto"]
        devices |= {f"Impasto on {run['engine']}" for run in runs["Impasto"]}
        for name, of in runs.items():
            if name != "Impasto":
                devices |= {f"PyTorch {run['version']} on {run['device']}" for run in of}
    print(f"{'; '.join(sorted(devices))}; best of {options.rounds} rounds, in turn; {datetime.date.today()}.\n")
    print(markdown([HEADER, ["---"] * 2 + ["---:"] * (len(HEADER) - 2), *rows]))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
