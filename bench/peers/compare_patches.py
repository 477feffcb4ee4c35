"""Compares Impasto with PyTorch on the search for nearest patches; prints Markdown.

The bench of Impasto's kernels and torch_patches.py run in turn, round after round. Seconds are the best of
all rounds. "memory" is what a search takes beside both maps: of Impasto the packed bank and its scratch, of
PyTorch the peak of the process less what importing it took.
"""

import argparse
import json
import os
import re
import subprocess
import sys

from compare import HERE, markdown, processor

# What the bench prints: "3x3, 256x128x128", seconds, five rates, then MB of the bank and of the scratch.
LINE = re.compile(r"(\d+)x\1, (\d+)x(\d+)x\3 +([\d.]+)(?: +[\d.]+){5} +([\d.]+) +([\d.]+)")
HEADER = ["patches", "maps", "PyTorch s", "Impasto s", "times faster", "PyTorch memory MB", "Impasto memory MB"]


def arguments():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=128, help="positions a side (default 128)")
    parser.add_argument("--threads", type=int, default=cores, help="of each program; default all cores")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each program, in turn (default 2)")
    options = parser.parse_args()
    if min(options.rounds, options.threads) < 1 or options.side < 16:
        parser.error("--rounds and --threads must be at least 1, --side at least 16")
    return options


def impasto(options):
    """Of each search its seconds and bytes."""
    command = ["cargo", "bench", "--quiet", "-p", "impasto-kernels", "--bench", "patches", "--"]
    command += [str(options.side), str(options.threads)]
    printed = subprocess.run(command, cwd=HERE.parent.parent, stdout=subprocess.PIPE, text=True, check=True)
    return {
        (int(size), int(channels), int(side)): (float(seconds), (float(bank) + float(more)) * 1e6)
        for size, channels, side, seconds, bank, more in LINE.findall(printed.stdout)
    }


def torch(options, size, channels, side):
    command = [sys.executable, str(HERE / "torch_patches.py"), "--threads", str(options.threads)]
    command += ["--size", str(size), "--channels", str(channels), "--side", str(side)]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))
    printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(printed.stdout)


def main():
    options = arguments()
    ours, theirs = {}, {}
    for _ in range(options.rounds):
        for search, run in impasto(options).items():
            ours.setdefault(search, []).append(run)
        for search in ours:
            theirs.setdefault(search, []).append(torch(options, *search))
    rows = []
    for (size, channels, side), runs in ours.items():
        peers = theirs[size, channels, side]
        seconds, peer_seconds = min(runs)[0], min(run["seconds_best"] for run in peers)
        peer_bytes = min(run["more_bytes"] for run in peers)
        rows.append([
            f"{size} x {size}", f"{channels} x {side} x {side}", f"{peer_seconds:.3f}", f"{seconds:.3f}",
            f"{peer_seconds / seconds:.1f}", f"{peer_bytes / 1e6:.0f}", f"{runs[0][1] / 1e6:.1f}",
        ])
    name, isa = processor()
    run = next(iter(theirs.values()))[0]
    print(f"{name}, {isa}; {options.threads} threads; PyTorch {run['version']} ({run['isa']});", end=" ")
    print(f"best of {options.rounds} rounds, in turn.\n")
    print(markdown([HEADER, ["---"] * 2 + ["---:"] * (len(HEADER) - 2), *rows]))


if __name__ == "__main__":
    main()
