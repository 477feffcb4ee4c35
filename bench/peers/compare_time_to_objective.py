"""Times Impasto and PyTorch on the way to the same value of the same objective; prints Markdown.

Impasto paints with its preset style-transfer-pytorch and as many iterations as asked for, then torch_style_transfer.py
paints with the same sizes, and with the published iterations or with Impasto's, alone on the machine each. Both read the same weights and pictures. The value is the higher of both
lowest totals at the last size; a run's time to it is that of its first iteration at the last size at or below it, from
the start of the process for Impasto, without importing PyTorch for the other. Impasto's iterations are timed by its
lines on standard error, one every ten seconds and one at the end of a size, and evenly between them.
"""

import argparse
import bisect
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare import HERE, markdown, processor

PLACE = re.compile(r"\(size (\d+) of \d+\), iteration (\d+) of")
HEADER = [
    "program", "first total", "lowest total", "s to the value", "of iteration", "s an iteration there", "s in all",
]


def arguments():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("content", type=Path)
    add("style", type=Path)
    add("--weights", type=Path, required=True, help="a network as safetensors, for both")
    add("--size", type=int, default=256, help="longest side of the last size (default 256)")
    add("--iterations", type=int, help="Impasto's, at each size but the first, which takes twice as many (default: as published)")
    add("--same-iterations", action="store_true", help="PyTorch takes Impasto's iterations, not the published ones")
    add("--threads", type=int, default=cores, help="of each program; default all cores")
    add("--judge-every", type=int, default=10, help="iterations between PyTorch's exact totals (default 10)")
    add("--impasto", type=Path, default=HERE.parent.parent / "target/release/impasto", metavar="PATH")
    options = parser.parse_args()
    for path in (options.content, options.style, options.weights, options.impasto):
        if not path.is_file():
            parser.error(f"{path} is missing")
    return options


def impasto(options):
    """Sizes with iterations, and of each iteration {"stage", "iteration", "total", "seconds"}."""
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        command = [options.impasto, "transfer", options.content, options.style, "--weights", options.weights]
        command += ["--preset", "style-transfer-pytorch", "--size", options.size, "--threads", options.threads]
        command += ["--iterations", options.iterations] if options.iterations else []
        command += [f"--json={trace}", "-o", Path(folder) / "picture.png"]
        start = time.perf_counter()
        child = subprocess.Popen(map(str, command), stderr=subprocess.PIPE, text=True)
        times = {(0, 0): 0.0}
        for line in child.stderr:
            print(line, end="", file=sys.stderr)
            if place := PLACE.search(line):
                times[int(place[1]), int(place[2])] = time.perf_counter() - start
        if child.wait() != 0:
            sys.exit(f"Impasto failed with status {child.returncode}")
        run = json.loads(trace.read_text())
    evaluations = run["evaluations"]
    at = [0] + [n for n, e in enumerate(evaluations, 1) if (e["stage"], e["iteration"]) in times]
    seconds = list(times.values())
    if len(at) != len(seconds):
        sys.exit("Impasto's lines and its trace disagree on the iterations")
    for n, evaluation in enumerate(evaluations, 1):
        after = min(bisect.bisect_left(at, n), len(at) - 1)
        part = (n - at[after - 1]) / (at[after] - at[after - 1])
        evaluation["seconds"] = seconds[after - 1] + part * (seconds[after] - seconds[after - 1])
    stages = [(max(s["size"]["width"], s["size"]["height"]), s["iterations"]) for s in run["plan"]["stages"]]
    return stages, evaluations


def text(stages):
    return ",".join(f"{size}:{iterations}" for size, iterations in stages)


def torch(options, stages):
    """PyTorch's first line, and the judged iterations."""
    command = [sys.executable, HERE / "torch_style_transfer.py", options.content, options.style]
    command += ["--weights", options.weights, "--threads", options.threads, "--stages", stages]
    command += ["--judge-every", options.judge_every]
    environment = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))
    printed = subprocess.run(map(str, command), env=environment, stdout=subprocess.PIPE, text=True, check=True)
    first, *lines = map(json.loads, printed.stdout.splitlines())
    return first, lines


def row(name, evaluations, last, level):
    at_last = [e for e in evaluations if e["stage"] == last]
    reached = next(e for e in at_last if e["total"] <= level)
    iterations = at_last[-1]["iteration"] - at_last[0]["iteration"]
    pace = (at_last[-1]["seconds"] - at_last[0]["seconds"]) / max(iterations, 1)
    lowest = min(e["total"] for e in at_last)
    cells = [name, f"{evaluations[0]['total']:.5f}", f"{lowest:.5f}", f"{reached['seconds']:.1f}"]
    cells += [f"{reached['iteration']}", f"{pace:.3f}", f"{evaluations[-1]['seconds']:.1f}"]
    return cells, reached["seconds"]


def main():
    options = arguments()
    stages, ours = impasto(options)
    published = [(size, 500 if place else 1000) for place, (size, _) in enumerate(stages)]
    torch_stages = stages if options.same_iterations else published
    first, theirs = torch(options, text(torch_stages))
    last = ours[-1]["stage"]
    level = max(min(e["total"] for e in run if e["stage"] == last) for run in (ours, theirs))
    rows, seconds = zip(*(row(name, run, last, level) for name, run in [("PyTorch", theirs), ("Impasto", ours)]))
    name, isa = processor()
    print(f"{name}, {isa}; {options.threads} threads; PyTorch {first['version']} ({first['isa']});", end=" ")
    print(f"{options.weights.name}.")
    print(f"Sizes with iterations: Impasto {text(stages)}, PyTorch {text(torch_stages)};", end=" ")
    print(f"value {level:.5f} at the last.", end=" ")
    print(f"The {first['import_seconds']:.1f} s to import PyTorch are not counted.\n")
    print(markdown([HEADER, ["---"] + ["---:"] * (len(HEADER) - 1), *rows]))
    print(f"\nImpasto is {seconds[0] / seconds[1]:.2f} times as fast to the value.")


if __name__ == "__main__":
    main()
