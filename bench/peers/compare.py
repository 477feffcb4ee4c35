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
# Of PyTorch every precision in both memory layouts, of which the faster one counts.
TORCH = {
    f"PyTorch {precision} {layout}": (precision, layout)
    for precision in ("f32", "bf16") for layout in ("nchw", "channels_last")
}
# Of Impasto what is exact f32, and the matrix unit, which rounds to bfloat16, where the processor has one.
IMPASTO = {"Impasto f32": "f32", "Impasto bf16": "bf16"}
AVX2_ONLY = {  # ATen's own kernels, oneDNN's convolutions, MKL's matrix products
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
}
HEADER = [
    "size", "PyTorch f32 s", "PyTorch bf16 s", "Impasto f32 s", "Impasto bf16 s", "f32 times faster",
    "bf16 times faster", "PyTorch peak MB (import)", "Impasto peak MB", "memory ratio", "without import",
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


def torch_command(options, network, size, precision, layout):
    return [
        sys.executable, str(HERE / "torch_evaluation.py"), "--network", network, "--size", str(size),
        "--threads", str(options.threads), "--precision", precision, "--layout", layout,
    ]


def impasto_command(options, network, size, isa):
    return [
        str(options.impasto), "bench", "--engine", "cpu", "--network", network, "--size", str(size),
        "--threads", str(options.threads), "--isa", isa, "--json",
    ]


def instruction_sets(options):
    """The fastest exact instruction set of this machine, and its matrix unit if it has one."""
    info = subprocess.run([str(options.impasto), "info"], stdout=subprocess.PIPE, text=True, check=True).stdout
    line = next(line for line in info.splitlines() if line.strip().startswith("instruction sets"))
    known = [name for name in ("avx512", "avx2", "neon", "portable") if name in line]
    exact = "avx2" if options.avx2 else known[0]
    return {"f32": exact} | ({"bf16": "amx"} if "amx" in line and not options.avx2 else {})


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
    programs = {
        name: torch_command(options, network, size, *mode)
        for name, mode in TORCH.items() if mode[0] == "f32" or not options.avx2
    }
    for name, precision in IMPASTO.items():
        if precision in options.isa:
            programs[name] = impasto_command(options, network, size, options.isa[precision])
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
    """One line of the table. The ratios take PyTorch's faster layout, and its thriftier one in f32."""
    def best(names):
        return min((run["seconds_best"] for name in names for run in runs.get(name, [])), default=None)

    def peak(names):
        peaks = [max(run["process_peak_bytes"] for run in runs[name]) for name in names if runs.get(name)]
        return min(peaks, default=None)

    def ratio(above, below, format):
        return "" if None in (above, below) else format % (above / below)

    def torch_names(precision):
        return [name for name, mode in TORCH.items() if mode[0] == precision]

    torch = {precision: best(torch_names(precision)) for precision in ("f32", "bf16")}
    ours = {precision: best([name]) for name, precision in IMPASTO.items()}
    seconds = [*torch.values(), *ours.values()]
    cells = [f"{size} x {size}"] + ["–" if value is None else f"{value:.3f}" for value in seconds]
    cells += [ratio(torch[precision], ours[precision], "%.1f") for precision in ("f32", "bf16")]
    imports = [run["library_bytes"] for name in TORCH for run in runs.get(name, [])]
    our_peak, torch_peak, computing = peak(["Impasto f32"]), peak(torch_names("f32")), None
    if imports and torch_peak is not None:
        computing = torch_peak - max(imports)
        cells.append(f"{torch_peak / 1e6:.0f} ({max(imports) / 1e6:.0f})")
    else:
        cells.append("failed")
    cells.append("failed" if our_peak is None else f"{our_peak / 1e6:.0f}")
    return [*cells, ratio(our_peak, torch_peak, "%.2f"), ratio(our_peak, computing, "%.2f")]


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
    isa += " and AMX" if "amx_tile" in flags else ""
    return fields.get("model name") or platform.processor() or "unknown processor", isa


def markdown(rows):
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def main():
    options = arguments()
    if not options.impasto.is_file():
        sys.exit(f"{options.impasto} is missing: cargo build --release -p impasto-cli, or --impasto PATH")
    options.isa = instruction_sets(options)
    tables, versions, failed = [], set(), False
    for network in options.network:
        rows, prepared = [], []
        for size in options.size:
            runs = rounds(options, network, size)
            rows.append(row(size, runs))
            failed |= any(not runs[name] for name in IMPASTO if name in runs)
            prepared += [run["prepare_seconds"] for run in runs["Impasto f32"]]
            versions |= {
                f"PyTorch {run['version']} ({run['isa']})" for name in TORCH for run in runs.get(name, [])
            }
            versions |= {f"Impasto ({run['isa']})" for name in IMPASTO for run in runs.get(name, [])}
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
