"""Makes press_table.icc and press_stages.icc, profiles of a press that does not exist, and press_colors.txt, what
littleCMS makes of inks through them: perceptual, to its sRGB, in floating point and without tables of its own.

    python make_press_profiles.py /path/to/liblcms2.so
"""

import ctypes
import itertools
import random
import struct
import sys


def lab(c, m, y, k):
    """A press in a few lines: inks multiply, and spread a little in the middle tones."""
    light = lambda ink, least: 1 - (1 - least) * ink**0.8
    red = light(c, 0.12) * light(m, 0.62) * light(y, 0.95) * light(k, 0.06)
    green = light(c, 0.45) * light(m, 0.10) * light(y, 0.86) * light(k, 0.06)
    blue = light(c, 0.72) * light(m, 0.35) * light(y, 0.08) * light(k, 0.06)
    x = 0.4361 * red + 0.3851 * green + 0.1431 * blue
    luminance = 0.2225 * red + 0.7169 * green + 0.0606 * blue
    z = 0.0139 * red + 0.0971 * green + 0.7141 * blue
    f = lambda v: v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116
    fx, fy, fz = f(x / 0.9642), f(luminance), f(z / 0.8249)
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def u16(value):
    return struct.pack(">H", min(65535, max(0, round(value))))


def s15f16(value):
    return struct.pack(">i", round(value * 65536))


def grid(points, warp, encode):
    axes = [[i / (n - 1) for i in range(n)] for n in points]
    return b"".join(u16(v) for inks in itertools.product(*axes) for v in encode(*lab(*map(warp, inks))))


def table():
    """lut16Type, a grid of 6 points a side behind curves of square roots."""
    encode = lambda l, a, b: (l * 652.8, (a + 128) * 256, (b + 128) * 256)
    head = b"mft2" + bytes(4) + bytes([4, 3, 6, 0])
    head += b"".join(s15f16(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + struct.pack(">HH", 64, 2)
    before = b"".join(u16(65535 * (i / 63) ** 0.5) for i in range(64)) * 4
    return head + before + grid([6] * 4, lambda v: v * v, encode) + (u16(0) + u16(65535)) * 3


def stages():
    """lutAToBType: powers, a grid of other sizes for each ink, a matrix between curves."""
    encode = lambda l, a, b: (l * 655.35, (a + 128) * 257, (b + 128) * 257)
    power = lambda g: b"para" + bytes(4) + struct.pack(">HH", 0, 0) + s15f16(g)
    points = [5, 6, 7, 4]
    offset = 32
    b_curves, offset = offset, offset + 3 * 16
    matrix, offset = offset, offset + 48
    m_curves, offset = offset, offset + 3 * 16
    a_curves, offset = offset, offset + 4 * 16
    body = power(1.0) * 3
    body += b"".join(s15f16(v) for v in (0.98, 0, 0, 0.01, 1, 0, 0, 0.02, 0.97, 0.02, -0.005, 0.005))
    body += power(1.02) + power(1.0) * 2 + power(0.5) * 2 + power(0.6) * 2
    body += bytes(points).ljust(16, b"\0") + bytes([2, 0, 0, 0])
    body += grid(points, lambda v: v * v, encode)
    head = b"mAB " + bytes(4) + bytes([4, 3, 0, 0])
    return head + struct.pack(">5I", b_curves, matrix, m_curves, offset, a_curves) + body


def profile(version, tag):
    text = lambda t: b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", 2 * len(t), 28) + t.encode("utf-16-be")
    old = lambda t: b"desc" + bytes(4) + struct.pack(">I", len(t) + 1) + t.encode() + b"\0" + bytes(78)
    name, rights = "A press that does not exist", "Public domain"
    description = text(name) if version >= 4 else old(name)
    copyright = text(rights) if version >= 4 else b"text" + bytes(4) + rights.encode() + b"\0"
    white = b"XYZ " + bytes(4) + s15f16(0.9642) + s15f16(1) + s15f16(0.8249)
    tags = [(b"desc", description), (b"cprt", copyright), (b"wtpt", white), (b"A2B0", tag)]
    place, entries, data = 132 + 12 * len(tags), b"", b""
    for signature, value in tags:
        value += bytes(-len(value) % 4)
        entries += signature + struct.pack(">II", place + len(data), len(value))
        data += value
    head = struct.pack(">I4sB3s4s4s4s", place + len(data), bytes(4), version, bytes(3), b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + struct.pack(">I", 0)
    head += s15f16(0.9642) + s15f16(1) + s15f16(0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + entries + data


def littlecms(library, profile, colors):
    """sRGB of inks, 0 to 1, uncut."""
    cms = ctypes.CDLL(library)
    for name in ("cmsOpenProfileFromMem", "cmsCreate_sRGBProfile", "cmsCreateTransform"):
        getattr(cms, name).restype = ctypes.c_void_p
    cms.cmsCreateTransform.argtypes = [ctypes.c_void_p, ctypes.c_uint32] * 2 + [ctypes.c_uint32] * 2
    cms.cmsDoTransform.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_uint32]
    # Floating point, of four bytes, in the order of inks and of red, green and blue; inks are percentages.
    inks_of, rgb_of = 1 << 22 | 6 << 16 | 4 << 3 | 4, 1 << 22 | 4 << 16 | 3 << 3 | 4
    source = cms.cmsOpenProfileFromMem(profile, len(profile))
    no_optimize = 0x100
    transform = cms.cmsCreateTransform(source, inks_of, cms.cmsCreate_sRGBProfile(), rgb_of, 0, no_optimize)
    assert transform, "littleCMS does not take the profile"
    inks = (ctypes.c_float * (4 * len(colors)))(*(100 * ink for color in colors for ink in color))
    rgb = (ctypes.c_float * (3 * len(colors)))()
    cms.cmsDoTransform(transform, inks, rgb, len(colors))
    return [rgb[3 * i : 3 * i + 3] for i in range(len(colors))]


if __name__ == "__main__":
    source = random.Random(7)
    inks = [0, 1, 6553, 32768, 65535]
    colors = [tuple(source.choice([*inks, *(source.randrange(65536) for _ in range(7))]) for _ in range(4)) for _ in range(150)]
    colors[:2] = [(0, 0, 0, 0), (65535,) * 4]
    lines = []
    for name, made in [("press_table", profile(2, table())), ("press_stages", profile(4, stages()))]:
        open(f"{name}.icc", "wb").write(made)
        results = littlecms(sys.argv[1], made, [[ink / 65535 for ink in color] for color in colors])
        for color, rgb in zip(colors, results):
            cut = [min(1, max(0, value)) for value in rgb]
            lines.append(" ".join([name, *map(str, color), *(f"{value:.6f}" for value in cut)]))
    open("press_colors.txt", "w").write("\n".join(lines) + "\n")
