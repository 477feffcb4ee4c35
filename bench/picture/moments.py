"""How far a picture is from a style by the moments of VGG-19's features, with PyTorch.

At each of relu1_1 .. relu5_1 the Wasserstein-2 distance of the normal distributions with the means and covariances of
both pictures' features, over the root of the mean square of the style's features: 0 for the same moments, about 1 for a
picture whose features are all 0.
"""

import sys
from pathlib import Path

import numpy
import torch

sys.path.append(str(Path(__file__).resolve().parent.parent))
from vgg import STYLE_LAYERS, Network

torch.set_num_threads(1)  # eigenvalues take ten times as long where several threads wait for a busy processor


class Judge:
    """VGG-19 from a safetensors file."""

    def __init__(self, weights):
        self.network = Network(weights, STYLE_LAYERS)

    @torch.no_grad()
    def moments(self, picture):
        """Mean [C] and covariance [C, C] of each layer."""
        pixels = torch.from_numpy(numpy.asarray(picture, numpy.float32) / 255).permute(2, 0, 1)[None]
        found = []
        for name, feature in sorted(self.network(pixels).items()):
            rows = feature[0].flatten(1).double()
            mean = rows.mean(1)
            rows = rows - mean[:, None]
            found.append((mean, rows @ rows.T / rows.shape[1]))
        return found

    @torch.no_grad()
    def distances(self, picture, style):
        """Of the moments of two pictures, one number a layer."""
        found = []
        for (mean, covariance), (target, target_covariance) in zip(picture, style):
            values, vectors = torch.linalg.eigh(target_covariance)
            root = vectors * values.clamp(min=0).sqrt() @ vectors.T
            between = torch.linalg.eigvalsh(root @ covariance @ root).clamp(min=0).sqrt().sum()
            traces = torch.trace(covariance), torch.trace(target_covariance)
            distance = ((mean - target) ** 2).sum() + sum(traces) - 2 * between
            found.append(float((distance.clamp(min=0) / ((target**2).sum() + traces[1])).sqrt()))
        return found
