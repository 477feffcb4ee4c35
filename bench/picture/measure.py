"""Measures painted pictures beside their content and style; prints Markdown.

    python3 bench/picture/measure.py CONTENT STYLE PICTURE... [--weights vgg19.safetensors] [--json]

The worst picture of each column has a star. Content and style are brought to the size of each picture. Columns:

    L bands, chroma bands   rms of lightness and of chroma in three octaves, finest first, over the style's
    1 .. 5                  distance to the style by the moments of VGG-19 at relu1_1 .. relu5_1, with --weights
    gradients, SSIM         how much of the content is kept at a quarter of the size, 1 is all
    rims                    fine chroma along the content's edges over that elsewhere (in brackets, in the content)
    axes                    part of the fine energy along rows and columns, 0.22 if no direction is preferred
                            (in brackets, in the style)
    peak                    how far one fine frequency stands out where the content is flat, 2 to 4 is grain
    border                  change of pixels across the outer ring over that further in, 1 is alike
    L, chroma               means (in brackets, of content and style)

Needs numpy and pillow, with --weights also torch. figures.py and moments.py say how each is computed.
"""

import argparse
import functools
import json
import math
import sys

import numpy

import figures

# Of each column its key, and the badness of a value: the largest is the worst.
COLUMNS = {
    **{f"L band {n}": lambda ratio: abs(math.log(max(ratio, 1e-6))) for n in (1, 2, 3)},
    **{f"chroma band {n}": lambda ratio: abs(math.log(max(ratio, 1e-6))) for n in (1, 2, 3)},
    **{f"{n}": lambda distance: distance for n in (1, 2, 3, 4, 5)},
    "gradients": lambda kept: -kept,
    "SSIM": lambda kept: -kept,
    "rims": lambda ratio: ratio,
    "axes": lambda share: abs(share - 0.22),
    "peak": lambda ratio: ratio,
    "border": lambda ratio: abs(math.log(max(ratio, 1e-6))),
    "L": None,
    "chroma": None,
}


@functools.lru_cache(maxsize=16)
def planes(path, size=None, longest=None):
    return figures.lab(figures.opened(path, size, longest))


@functools.lru_cache(maxsize=16)
def moments(judge, path, size=None, longest=None):
    return judge.moments(figures.opened(path, size, longest))


def means(lab):
    return float(lab[0].mean()), float(numpy.hypot(*lab[1:]).mean())


def measure(content, style, picture, judge=None):
    """The figures of one picture by column, with those of content and style under `content` and `style`."""
    size = figures.opened(picture).size
    ours, contents, styles = planes(picture), planes(content, size), planes(style, None, max(size))
    rows = {
        name: {
            "L bands": figures.bands(lab[0]),
            "chroma bands": figures.bands(lab[1:]),
            "rims": figures.rims(lab[1:], contents[0]) if name != "style" else None,
            "axes": figures.axis_share(lab[0]),
            "peak": figures.lone_peak(lab[0], lab[0] if name == "style" else contents[0]),
            "border": figures.border(lab[0]),
            "L": means(lab)[0],
            "chroma": means(lab)[1],
        }
        for name, lab in [("picture", ours), ("content", contents), ("style", styles)]
    }
    row = rows["picture"]
    for kind in ("L bands", "chroma bands"):
        ratios = [one / max(other, 1e-6) for one, other in zip(row[kind], rows["style"][kind])]
        row |= {f"{kind[:-1]} {n}": ratio for n, ratio in enumerate(ratios, 1)}
    row["gradients"] = figures.gradient_correlation(ours[0], contents[0])
    row["SSIM"] = figures.structural_similarity(ours[0], contents[0])
    if judge:
        distances = judge.distances(moments(judge, picture), moments(judge, style, None, max(size)))
        row |= {f"{n}": distance for n, distance in enumerate(distances, 1)}
    return row | {"content": rows["content"], "style": rows["style"]}


def cell(row, column):
    value = row.get(column)
    if value is None:
        return ""
    others = {"rims": ["content"], "axes": ["style"], "L": ["content", "style"], "chroma": ["content", "style"]}
    digits = {"peak": 1, "L": 0, "chroma": 0}.get(column, 2)
    beside = [row[of][column] for of in others.get(column, [])]
    beside = f" ({', '.join('' if v is None else f'{v:.{digits}f}' for v in beside)})" if beside else ""
    return f"{value:.{digits}f}{beside}"


def table(rows):
    """Header and rows of text, from measurements by name; the worst of each column with a star."""
    columns = [column for column in COLUMNS if any(row.get(column) is not None for row in rows.values())]
    lines = [["picture", *columns]] + [[name, *(cell(row, c) for c in columns)] for name, row in rows.items()]
    for at, column in enumerate(columns, 1):
        if (badness := COLUMNS[column]) is None:
            continue
        known = [(badness(row[column]), n) for n, row in enumerate(rows.values(), 1) if row.get(column) is not None]
        if len(known) > 1:
            lines[max(known)[1]][at] += " *"
    return lines


def markdown(lines):
    rule = ["---"] + ["---:"] * (len(lines[0]) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [lines[0], rule, *lines[1:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("content")
    parser.add_argument("style")
    parser.add_argument("picture", nargs="+")
    parser.add_argument("--weights", help="VGG-19 as safetensors, for distances to the style")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    options = parser.parse_args()
    judge = None
    if options.weights:
        from moments import Judge

        judge = Judge(options.weights)
    try:
        rows = {path: measure(options.content, options.style, path, judge) for path in options.picture}
    except OSError as error:
        sys.exit(f"error: {error}")
    print(json.dumps(rows, indent=1) if options.json else markdown(table(rows)))


if __name__ == "__main__":
    main()
