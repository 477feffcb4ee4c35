"""Compares Impasto with PyTorch on training cifar-simple; prints Markdown.

The bench of Impasto's training and torch_training.py run in turn, round after round. Seconds are those of the
best step of all rounds, PyTorch's in its faster memory layout.
"""

import argparse
import json
import os
import subprocess
import sys

from compare import HERE, markdown, processor


def arguments():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128, help="pictures of a step (default 128)")
    parser.add_argument("--steps", type=int, default=5, help="timed steps of a round (default 5)")
    parser.add_argument("--threads", type=int, default=cores, help="of each program; default all cores")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each program, in turn (default 3)")
    options = parser.parse_args()
    if min(options.batch, options.steps, options.threads, options.rounds) < 1:
        parser.error("all numbers must be at least 1")
    return options


def impasto(options):
    command = ["cargo", "bench", "--quiet", "-p", "impasto-train", "--bench", "training", "--"]
    command += [str(options.batch), str(options.steps), str(options.threads)]
    printed = subprocess.run(command, cwd=HERE.parent.parent, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(printed.stdout)


def torch(options):
    command = [sys.executable, str(HERE / "torch_training.py"), "--threads", str(options.threads)]
    command += ["--batch", str(options.batch), "--steps", str(options.steps + 1)]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))
    printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(printed.stdout)


def main():
    options = arguments()
    runs = [(impasto(options), torch(options)) for _ in range(options.rounds)]
    ours, theirs = (min(run[which]["seconds_best"] for run in runs) for which in (0, 1))
    header = ["network", "batch", "PyTorch images/s", "Impasto images/s", "times faster"]
    rate = lambda seconds: f"{options.batch / seconds:.0f}"
    row = ["cifar-simple", str(options.batch), rate(theirs), rate(ours), f"{theirs / ours:.2f}"]
    name, _ = processor()
    isa, peer = runs[0][0]["isa"], runs[0][1]
    print(f"{name}, {isa}; {options.threads} threads; PyTorch {peer['version']} ({peer['isa']});", end=" ")
    print(f"best of {options.rounds} rounds, in turn.\n")
    print(markdown([header, ["---"] + ["---:"] * (len(header) - 1), row]))


if __name__ == "__main__":
    main()
