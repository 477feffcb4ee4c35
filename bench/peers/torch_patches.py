"""Times the search for nearest patches in PyTorch, float32, on the CPU.

For every patch of a random map [channels, side, side] the patch of another with the highest normalised
cross-correlation: both maps unfolded, the patches of the second divided by their norms, products in chunks of
them, and a running maximum. Prints one JSON object; compare_patches.py starts this as a child.
"""

import argparse
import json
import resource
import sys
import time

import torch
import torch.nn.functional as F

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


LIBRARY_BYTES = peak_bytes()
CHUNK_BYTES = 64 << 20  # of products at a time


def patches(feature, size):
    """[patches, channels * size * size], rows in reading order."""
    return F.unfold(feature[None], size)[0].T.contiguous()


def search(queries, sources, size):
    queries, sources = patches(queries, size), patches(sources, size)
    scale = 1 / sources.norm(dim=1)
    best = torch.full((len(queries),), -torch.inf)
    match = torch.zeros(len(queries), dtype=torch.long)
    chunk = max(1, CHUNK_BYTES // (4 * len(queries)))
    for start in range(0, len(sources), chunk):
        products = queries @ sources[start : start + chunk].T
        scores, found = products.mul_(scale[start : start + chunk]).max(dim=1)
        higher = scores > best
        best = torch.where(higher, scores, best)
        match = torch.where(higher, found + start, match)
    return best, match


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=256)
    parser.add_argument("--side", type=int, default=128, help="positions a side (default 128)")
    parser.add_argument("--size", type=int, default=3, help="side of a patch (default 3)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2, help="timed, the best is printed (default 2)")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    queries, sources = torch.rand(2, options.channels, options.side, options.side)
    seconds = []
    with torch.no_grad():
        for _ in range(options.runs):
            start = time.perf_counter()
            search(queries, sources, options.size)
            seconds.append(time.perf_counter() - start)
    maps = 2 * 4 * options.channels * options.side**2
    print(
        json.dumps(
            {
                "seconds_best": min(seconds),
                "more_bytes": peak_bytes() - LIBRARY_BYTES - maps,
                "version": torch.__version__,
                "isa": torch.backends.cpu.get_cpu_capability(),
            }
        )
    )


if __name__ == "__main__":
    main()
