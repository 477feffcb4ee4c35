#!/usr/bin/env python3
"""How near the innermost loops of the kernels come to the limit of an AArch64 processor, computed by llvm-mca.

    aarch64_loops.py ASSEMBLY FUNCTION... [--cpu CPU]... [--least N]

ASSEMBLY is what the compiler writes with `--emit asm` for aarch64. Shown are the innermost loops with at least N
(default 16) floating-point operations, of the functions whose mangled name contains each FUNCTION. For each CPU
(default apple-m1 and neoverse-v1) a loop has its cycles and, in per cent, how many of them the arithmetic alone would
take: so many operations divided by those that the model starts in a cycle. LLVM_MCA names another llvm-mca.

The figures are of llvm-mca's models, which know neither caches nor branches that go wrong. That of apple-m1 is an older
core with three units for vectors, where the processor has four.
"""

import argparse
import os
import re
import subprocess

ARITHMETIC = re.compile(r"\s+(fmla|fmls|fmadd|fmsub|fadd|fsub|fmul|fneg)\b")
ITERATIONS = 400


def loops(lines, names):
    """Function and lines of each innermost loop: from a label to the first branch back to it, without another
    label that is branched back to between them."""
    function, labels = None, {}
    for number, line in enumerate(lines):
        if found := re.match(r'"?(_[A-Za-z]\S*?)"?:', line):
            function, labels = found[1], {}
        elif found := re.match(r"(\.L\w+):", line):
            labels[found[1]] = number
        elif found := re.match(r"\s+(?:b\.\w+|b|cbn?z|tbn?z)\s.*?(\.L\w+)\s*$", line):
            start = labels.get(found[1])
            if start is None or not all(name in function for name in names):
                continue
            body = [line for line in lines[start + 1 : number + 1] if re.match(r"\s+[a-z]", line)]
            if not any(re.match(r"\.L", line) for line in lines[start + 1 : number + 1]):
                yield function, start + 1, body


def model(cpu, body):
    """Cycles of one iteration as simulated, and those that the busiest units alone would take."""
    run = [os.environ.get("LLVM_MCA", "llvm-mca"), "-mtriple=aarch64", f"-mcpu={cpu}", f"-iterations={ITERATIONS}"]
    out = subprocess.run(run, input="\n".join(body), capture_output=True, text=True, check=True).stdout
    figure = lambda name: float(re.search(rf"{name}:\s+([\d.]+)", out)[1])
    return figure("Total Cycles") / ITERATIONS, figure("Block RThroughput")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assembly")
    parser.add_argument("function", nargs="+")
    parser.add_argument("--cpu", action="append")
    parser.add_argument("--least", type=int, default=16)
    arguments = parser.parse_args()
    cpus = arguments.cpu or ["apple-m1", "neoverse-v1"]
    sixty = ["\tfmla v0.4s, v30.4s, v31.s[0]"] * 60
    rates = {cpu: len(sixty) / model(cpu, sixty)[1] for cpu in cpus}
    with open(arguments.assembly) as file:
        lines = file.read().split("\n")
    shown = set()
    for function, line, body in loops(lines, arguments.function):
        operations = sum(bool(ARITHMETIC.match(line)) for line in body)
        code = re.sub(r"\.L\w+", "", "\n".join(body))
        if operations < arguments.least or code in shown:
            continue
        shown.add(code)
        count = lambda pattern: sum(bool(re.match(rf"\s+{pattern}", line)) for line in body)
        spilled = sum("[sp" in line for line in body)
        print(f"{function[-60:]}, line {line}")
        print(f"  {len(body)} instructions: {operations} operations ({count('fml')} FMA), {count('ld')} loads, "
              f"{count('st')} stores, {spilled} of either on the stack")
        for cpu in cpus:
            taken, _ = model(cpu, body)
            limit = operations / rates[cpu]
            share = f"{100 * limit / taken:3.0f} % of {rates[cpu]:.1f} operations a cycle"
            print(f"  {cpu:12} {taken:6.1f} cycles, {share}")


main()
