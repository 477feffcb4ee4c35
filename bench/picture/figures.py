"""What can be measured on the pixels of pictures, with numpy alone.

Lightness is L, chroma the a and b of CIE Lab (D65) of sRGB pictures. Every function takes planes [H, W] or
[2, H, W] of one picture and says what it returns.
"""

import numpy
from PIL import Image

SIGMAS = (0.5, 1, 2, 4)  # between which lie the three bands
BLOCK = 64  # pixels a side of a block whose spectrum is taken
FINE = 0.2  # cycles a pixel, above which a spectrum is judged
EDGES = 0.1  # part of the pixels that count as edges of the content


def opened(path, size=None, longest=None):
    """An RGB picture, resized to `size` (width, height), or so that its longest side is at most `longest`."""
    picture = Image.open(path).convert("RGB")
    if longest is not None and longest < max(picture.size):
        size = [max(1, round(length * longest / max(picture.size))) for length in picture.size]
    return picture if size is None else picture.resize(size, Image.Resampling.LANCZOS)


def lab(picture):
    """[3, H, W]: L 0..100, a and b about -100..100."""
    encoded = numpy.asarray(picture, numpy.float64) / 255
    linear = numpy.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    x, y, z = numpy.moveaxis(linear @ numpy.transpose(to_xyz) / [0.95047, 1, 1.08883], -1, 0)
    x, y, z = (numpy.where(v > 216 / 24389, numpy.cbrt(v), (24389 / 27 * v + 16) / 116) for v in (x, y, z))
    return numpy.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def blurred(planes, sigma):
    """Gaussian blur of the last two axes; outside, the planes are mirrored."""
    radius = int(4 * sigma + 0.5)
    kernel = numpy.exp(-(numpy.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (-1, -2):
        moved = numpy.moveaxis(planes, axis, -1)
        padded = numpy.pad(moved, [(0, 0)] * (moved.ndim - 1) + [(radius, radius)], mode="symmetric")
        moved = sum(k * padded[..., i : i + moved.shape[-1]] for i, k in enumerate(kernel))
        planes = numpy.moveaxis(moved, -1, axis)
    return planes


def bands(planes):
    """Root mean square of three octaves, finest first: differences of blurs of 1/2, 1, 2 and 4 pixels."""
    blurs = [blurred(planes, sigma) for sigma in SIGMAS]
    squares = [((fine - coarse) ** 2).reshape(-1, *planes.shape[-2:]) for fine, coarse in zip(blurs, blurs[1:])]
    return [float(square.sum(0).mean() ** 0.5) for square in squares]


def quartered(plane):
    height, width = (length // 4 * 4 for length in plane.shape)
    return plane[:height, :width].reshape(height // 4, 4, width // 4, 4).mean((1, 3))


def gradient_correlation(plane, content):
    """Correlation of the gradients of both planes at a quarter of the size, 1 for the same shapes."""
    one, other = (numpy.stack(numpy.gradient(quartered(p))) for p in (plane, content))
    return float((one * other).sum() / max(numpy.sqrt((one**2).sum() * (other**2).sum()), 1e-12))


def structural_similarity(plane, content):
    """SSIM (Wang et al. 2004) of lightness at a quarter of the size, Gaussian window of deviation 1.5."""
    x, y = quartered(plane), quartered(content)
    mx, my = blurred(x, 1.5), blurred(y, 1.5)
    pairs = [(x, x, mx, mx), (y, y, my, my), (x, y, mx, my)]
    vx, vy, covariance = (blurred(a * b, 1.5) - ma * mb for a, b, ma, mb in pairs)
    c1, c2 = 1.0, 9.0  # (0.01 * 100)^2 and (0.03 * 100)^2
    similarity = (2 * mx * my + c1) * (2 * covariance + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return float(similarity.mean())


def rims(chroma, content_lightness):
    """Fine chroma within 2 pixels of the content's edges over fine chroma elsewhere: rms deviations from a blur of 4
    pixels."""
    slope = numpy.hypot(*numpy.gradient(blurred(content_lightness, 1)))
    edges = slope > numpy.quantile(slope, 1 - EDGES)
    for axis in (0, 1):
        padded = numpy.pad(edges, [(2, 2) if a == axis else (0, 0) for a in (0, 1)])
        edges = numpy.any([numpy.roll(padded, by, axis) for by in range(-2, 3)], 0)
        edges = edges[2:-2] if axis == 0 else edges[:, 2:-2]
    energy = ((chroma - blurred(chroma, 4)) ** 2).sum(0)
    if edges.all() or not edges.any():
        return 1.0
    return float(numpy.sqrt(energy[edges].mean() / max(energy[~edges].mean(), 1e-12)))


def blocks(plane):
    """Half-overlapping blocks [N, 64, 64], none if the plane is smaller."""
    if min(plane.shape) < BLOCK:
        return numpy.zeros((0, BLOCK, BLOCK))
    windows = numpy.lib.stride_tricks.sliding_window_view(plane, (BLOCK, BLOCK))
    return windows[:: BLOCK // 2, :: BLOCK // 2].reshape(-1, BLOCK, BLOCK)


def spectra(plane):
    """Power spectra of the blocks under a Hann window, [N, 64, 64]."""
    window = numpy.hanning(BLOCK + 1)[:-1]
    tiles = blocks(plane)
    tiles = tiles - tiles.mean((1, 2), keepdims=True)
    return numpy.abs(numpy.fft.fft2(tiles * numpy.outer(window, window))) ** 2


def frequencies():
    """Cycles a pixel down and across, each [64, 64], and which of them are fine."""
    down, across = numpy.meshgrid(*2 * [numpy.fft.fftfreq(BLOCK)], indexing="ij")
    radius = numpy.hypot(down, across)
    return down, across, (radius > FINE) & (radius <= 0.5)


def axis_share(plane):
    """Of the fine power, the part within 10 degrees of the axes: 0.22 where no direction is preferred."""
    power = spectra(plane).sum(0)
    down, across, fine = frequencies()
    angle = numpy.degrees(numpy.arctan2(numpy.minimum(abs(down), abs(across)), numpy.maximum(abs(down), abs(across))))
    total = power[fine].sum()
    return float(power[fine & (angle <= 10)].sum() / total) if total > 0 else None


def lone_peak(plane, content):
    """How far one fine frequency stands out in the mean spectrum of the third of the blocks where the content is
    flattest: its power over the median at 2 and 3 bins around it. Grain gives 2 to 4, a regular pattern more."""
    power = spectra(plane)
    if not len(power):
        return None
    flatness = blocks(content).std((1, 2))
    power = power[numpy.argsort(flatness, kind="stable")[: -(-len(power) // 3)]].mean(0)
    around = [(i, j) for i in range(-3, 4) for j in range(-3, 4) if max(abs(i), abs(j)) >= 2]
    median = numpy.median([numpy.roll(power, shift, (0, 1)) for shift in around], 0)
    _, _, fine = frequencies()
    return float((power / numpy.maximum(median, 1e-12))[fine].max())


def border(plane):
    """How much pixels of the outer 2 px ring differ from those 2 px further in, over the same for the pixels 8 to 16 px
    from the border. About 1 where the border is like the rest."""
    def difference(first, last):
        strips = []
        for turned in (plane, plane[::-1], plane.T, plane.T[::-1]):
            along = turned[:, last:-last] if turned.shape[1] > 2 * last else turned
            strips.append(abs(along[first:last] - along[first + 2 : last + 2]).mean())
        return numpy.mean(strips)

    if min(plane.shape) < 40:
        return None
    return float(difference(0, 2) / max(difference(8, 16), 1e-12))
