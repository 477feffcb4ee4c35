"""Compares Impasto with PyTorch on one evaluation of the style-transfer objective; prints Markdown.

Both programs run as child processes in turn, round after round, so that a slow spell of the machine
meets both. Seconds are the best evaluation of all rounds. Peak memory is that of the whole process, as
the system reports it at its end (`wait4`), the largest of all rounds; for PyTorch the part in brackets
is taken by importing it, which depends on the build that is installed.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAYOUTS = {"PyTorch NCHW": "nchw", "PyTorch channels_last": "channels_last"}
IMPASTO = "Impasto"
AVX2_ONLY = {  # ATen's own kernels, oneDNN's convolutions, MKL's matrix products
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
HEADER = [
    "size", "PyTorch NCHW s", "PyTorch channels_last s", "Impasto s", "times faster",
    "PyTorch peak MB (import)", "Impasto peak MB", "memory ratio", "without import",
]


def arguments():
    def words(text):
        return text.split(",")

    def sizes(text):
        return [int(size) for size in text.split(",")]

    impasto = HERE.parent.parent / "target/release/impasto"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--network", type=words, default=["vgg19", "compact"], help="default vgg19,compact")
    add("--size", type=sizes, default=[256, 512, 1024], help="pixels a side, default 256,512,1024")
    add("--threads", type=int, default=cores, help="of each program; default all cores")
    add("--rounds", type=int, default=3, help="runs of each program, in turn (default 3)")
    add("--avx2", action="store_true", help="keep both programs from using AVX-512")
    add("--impasto", type=Path, default=impasto, metavar="PATH", help="default target/release/impasto")
    options = parser.parse_args()
    if min(options.rounds, options.threads, *options.size) < 1:
        parser.error("--rounds, --threads and --size must be at least 1")
    return options


def torch_command(options, network, size, layout):
    return [
        sys.executable, str(HERE / "torch_evaluation.py"), "--network", network, "--size", str(size),
        "--threads", str(options.threads), "--layout", layout,
    ]


def impasto_command(options, network, size):
    isa = ["--isa", "avx2"] if options.avx2 else []
    return [
        str(options.impasto), "bench", "--network", network, "--size", str(size),
        "--threads", str(options.threads), *isa, "--json",
    ]


def measure(command, environment):
    """The JSON object that a child prints, with its peak memory added; None if it failed."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        print(f"failed with status {child.returncode}: {' '.join(command)}", file=sys.stderr)
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return json.loads(printed) | {"process_peak_bytes": usage.ru_maxrss * unit}


def rounds(options, network, size):
    """Of each program all successful runs, the programs taking turns."""
    programs = {name: torch_command(options, network, size, layout) for name, layout in LAYOUTS.items()}
    programs[IMPASTO] = impasto_command(options, network, size)
    environment = os.environ | {
        "OMP_NUM_THREADS": str(options.threads),
        "MKL_NUM_THREADS": str(options.threads),
        **(AVX2_ONLY if options.avx2 else {}),
    }
    runs = {name: [] for name in programs}
    for _ in range(options.rounds):
        for name, command in programs.items():
            run = measure(command, environment)
            if run is not None:
                runs[name].append(run)
                print(f"{network} {size} {name}: {run['seconds_best']:.3f} s", file=sys.stderr)
    return runs


def row(size, runs):
    """One line of the table. The ratios take PyTorch's faster layout, and its thriftier one."""
    seconds = {name: min((run["seconds_best"] for run in of), default=None) for name, of in runs.items()}
    peaks = {name: max((run["process_peak_bytes"] for run in of), default=None) for name, of in runs.items()}
    imports = [run["library_bytes"] for name in LAYOUTS for run in runs[name]]

    def least_of_torch(values):
        return min((values[name] for name in LAYOUTS if values[name] is not None), default=None)

    def ratio(above, below, format):
        return "" if None in (above, below) else format % (above / below)

    cells = [f"{size} x {size}"]
    cells += ["failed" if value is None else f"{value:.3f}" for value in seconds.values()]
    cells.append(ratio(least_of_torch(seconds), seconds[IMPASTO], "%.1f"))
    peak, torch_peak, computing = peaks[IMPASTO], least_of_torch(peaks), None
    if imports:
        computing = torch_peak - max(imports)
        cells.append(f"{torch_peak / 1e6:.0f} ({max(imports) / 1e6:.0f})")
    else:
        cells.append("failed")
    cells.append("failed" if peak is None else f"{peak / 1e6:.0f}")
    return [*cells, ratio(peak, torch_peak, "%.2f"), ratio(peak, computing, "%.2f")]


def processor():
    """Name of the processor and the widest vectors it offers."""
    try:
        fields = dict(
            [part.strip() for part in line.split(":", 1)]
            for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line
        )
    except OSError:
        fields = {}
    flags = fields.get("flags", "").split()
    known = [("avx512f", "AVX-512"), ("avx2", "AVX2")]
    isa = next((name for flag, name in known if flag in flags), platform.machine())
    return fields.get("model name") or platform.processor() or "unknown processor", isa


def markdown(rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def main():
    options = arguments()
    if not options.impasto.is_file():
        sys.exit(f"{options.impasto} is missing: cargo build --release -p impasto-cli, or --impasto PATH")
    tables, versions, failed = [], set(), False
    for network in options.network:
        rows, prepared = [], []
        for size in options.size:
            runs = rounds(options, network, size)
            rows.append(row(size, runs))
            failed |= not runs[IMPASTO]
            prepared += [run["prepare_seconds"] for run in runs[IMPASTO]]
            versions |= {f"PyTorch {run['version']} ({run['isa']})" for name in LAYOUTS for run in runs[name]}
            versions |= {f"Impasto ({run['isa']})" for run in runs[IMPASTO]}
        lines = [f"**{network}**", "", markdown([HEADER, ["---"] + ["---:"] * (len(HEADER) - 1), *rows])]
        if prepared:
            lines += ["", f"Impasto prepares the weights in {min(prepared):.2f} s, once a run."]
        tables.append("\n".join(lines))
    name, isa = processor()
    print(f"{name}, {os.cpu_count()} cores, {isa}; {options.threads} threads; {datetime.date.today()}.")
    print(f"{', '.join(sorted(versions))}; best of {options.rounds} rounds, in turn.\n")
    print("\n\n".join(tables))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
