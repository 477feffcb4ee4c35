"""Times training of the small CIFAR network in PyTorch, float32, on the CPU.

Steps of Adam on the cross-entropy of random pictures of 32x32: two convolutions of 64 channels, two of 128, three
of 256, each block with 2x2 max pooling, and fully connected layers of 4096, 4096 and 10 with dropout. Both memory
formats are timed. Prints one JSON object; compare_training.py starts this as a child.
"""

import argparse
import json
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def network():
    layers, inputs = [], 3
    for widths in ([64, 64], [128, 128], [256, 256, 256]):
        for outputs in widths:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True)]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    for inputs in (4096, 4096):
        layers += [nn.Linear(inputs, 4096), nn.ReLU(inplace=True), nn.Dropout(0.5)]
    return nn.Sequential(*layers, nn.Linear(4096, 10))


def train(memory_format, batch, steps):
    """Seconds of each step."""
    torch.manual_seed(0)
    model = network().to(memory_format=memory_format).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    pictures = torch.randn(batch, 3, 32, 32).contiguous(memory_format=memory_format)
    labels = torch.randint(10, (batch,))
    seconds = []
    for _ in range(steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        F.cross_entropy(model(pictures), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=6, help="of each memory format, the first untimed (default 6)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    formats = {"NCHW": torch.contiguous_format, "channels last": torch.channels_last}
    seconds = {name: train(layout, options.batch, options.steps) for name, layout in formats.items()}
    best = min(seconds, key=lambda name: min(seconds[name]))
    print(
        json.dumps(
            {
                "seconds_best": min(seconds[best]),
                "memory_format": best,
                "version": torch.__version__,
                "isa": torch.backends.cpu.get_cpu_capability(),
            }
        )
    )


if __name__ == "__main__":
    main()
