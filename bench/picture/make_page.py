"""Paints contents in styles in several ways, and writes a page and contact sheets that show them side by side.

    python3 bench/picture/make_page.py --contents a.png b.png --styles c.png d.png --variants variants.json
        [--out bench/picture/page] [--size 384] [--impasto target/release/impasto] [--weights vgg19.safetensors]
        [--judge vgg19.safetensors] [--anchors FOLDER]

VARIANTS names sets of flags of `impasto transfer`, as in variants.json beside this script: {"NAME": "FLAGS"}, or
{"NAME": {"flags": "FLAGS", "impasto": "another build"}}. --weights is the network of all variants that name none, by
default the built-in one; --judge measures the distance to the style. FOLDER has pictures of other programs, named
CONTENT-STYLE.jpg or .png, which get a column of their own.

A picture is painted if it is missing or its command has changed; a new build counts only with --again. Written to OUT:
index.html, CONTENT-STYLE-VARIANT.png, sheet-CONTENT.jpg, and runs.json with the commands and seconds. Needs numpy and
pillow, with --judge also torch.
"""

import argparse
import html
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

import figures
import measure

ROOT = Path(__file__).resolve().parent.parent.parent
GAP, LABEL = 6, 20  # pixels of a contact sheet
STYLE = """body{font:14px sans-serif;margin:2em}td,th{padding:3px 6px;vertical-align:top;text-align:left}
img{width:256px;display:block}.figures{font-size:12px;border-collapse:collapse}.figures td{border-top:1px solid #ccc}
.figures td+td{text-align:right;white-space:nowrap}.worst{background:#fdd}"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--contents", nargs="+", type=Path, required=True)
    add("--styles", nargs="+", type=Path, required=True)
    add("--variants", type=Path, required=True, help="JSON file of names and flags")
    add("--out", type=Path, default=Path(__file__).resolve().parent / "page")
    add("--size", type=int, default=384, help="longest side in pixels (default 384)")
    add("--impasto", type=Path, default=ROOT / "target/release/impasto")
    add("--weights", type=Path, help="network of the variants (default: built in)")
    add("--judge", type=Path, help="VGG-19 as safetensors, for distances to the style")
    add("--anchors", type=Path, help="folder of CONTENT-STYLE pictures of other programs")
    add("--cell", type=int, default=256, help="width of a picture on the sheets (default 256)")
    add("--again", action="store_true", help="paint what is there once more")
    options = parser.parse_args()
    for path in [*options.contents, *options.styles, options.variants, *filter(None, [options.weights, options.judge])]:
        if not path.is_file():
            parser.error(f"{path} is no file")
    return options


def command(options, variant, content, style, picture):
    """What paints one picture."""
    flags = variant if isinstance(variant, str) else variant.get("flags", "")
    program = options.impasto if isinstance(variant, str) else variant.get("impasto", options.impasto)
    words = [str(program), "transfer", str(content), str(style), "--size", str(options.size)]
    words += ["--weights", str(options.weights)] if options.weights and "--weights" not in flags else []
    return [*words, *shlex.split(flags), "--quiet", "--force", "-o", str(picture)]


def paint(options, variants):
    """Paints what is missing; answers commands, seconds and failures by the name of the picture."""
    store = options.out / "runs.json"
    runs = json.loads(store.read_text()) if store.is_file() else {}
    for content in options.contents:
        for style in options.styles:
            for name, variant in variants.items():
                picture = options.out / f"{content.stem}-{style.stem}-{name}.png"
                words = command(options, variant, content, style, picture)
                known = runs.get(picture.name, {})
                if not options.again and picture.is_file() and known.get("command") == shlex.join(words):
                    continue
                start = time.perf_counter()
                child = subprocess.run(words, stderr=subprocess.PIPE, text=True)
                run = {"command": shlex.join(words), "seconds": time.perf_counter() - start}
                if child.returncode != 0:
                    picture.unlink(missing_ok=True)
                    run["error"] = child.stderr.strip().splitlines()[-1:]
                runs[picture.name] = run
                store.write_text(json.dumps(runs, indent=1))
                print(f"{picture.name}: {run['seconds']:.1f} s", *run.get("error", []), file=sys.stderr)
    return runs


def anchor(options, content, style):
    """The picture of another program, None if there is none."""
    if options.anchors is None:
        return None
    found = (options.anchors / f"{content.stem}-{style.stem}{end}" for end in (".jpg", ".png"))
    return next((path for path in found if path.is_file()), None)


def rows_of(options, variants, content):
    """Of one content, by style, the pictures by column."""
    rows = {}
    for style in options.styles:
        painted = {name: options.out / f"{content.stem}-{style.stem}-{name}.png" for name in variants}
        found = anchor(options, content, style)
        rows[style] = ({"anchor": found} if found else {}) | {n: path for n, path in painted.items() if path.is_file()}
    return rows


def sheet(options, columns, content, rows, path):
    """The contact sheet of one content."""
    font = ImageFont.load_default(14)
    width, height = figures.opened(content).size
    cell = options.cell, round(options.cell * height / width)
    picture = Image.new("RGB", (
        GAP + (cell[0] + GAP) * len(columns), LABEL + GAP + (cell[1] + LABEL + GAP) * len(rows)
    ), "white")
    draw = ImageDraw.Draw(picture)
    for row, (style, painted) in enumerate(rows.items()):
        for column, name in enumerate(columns):
            left, top = GAP + column * (cell[0] + GAP), GAP + row * (cell[1] + LABEL + GAP)
            draw.text((left, top), style.stem if name == "style" else name, "black", font)
            source = {"style": style, "content": content}.get(name, painted.get(name))
            if source is not None:
                thumbnail = ImageOps.contain(figures.opened(source), cell, Image.Resampling.LANCZOS)
                picture.paste(thumbnail, (left, top + LABEL))
    picture.save(path, quality=90)


def figure_table(rows):
    """HTML of the measurements of one content and style."""
    header, *lines = measure.table(rows)
    cells = "".join(f"<th>{html.escape(text)}" for text in header)
    for line in lines:
        cells += "<tr>"
        for text in line:
            cells += '<td class="worst">' if text.endswith(" *") else "<td>"
            cells += html.escape(text.removesuffix(" *"))
    return f'<table class="figures"><tr>{cells}</table>'


def page(options, columns, runs, judge):
    """index.html and the sheets; inputs and anchors are shown by copies, so that the folder holds all it shows."""
    parts = [f"<!DOCTYPE html><meta charset=utf-8><title>Side by side</title><style>{STYLE}</style>"]

    def image(path, copy):
        if path.parent != options.out:
            figures.opened(path, longest=2 * options.size).save(options.out / copy, quality=92)
            path = Path(copy)
        return f'<a href="{path.name}"><img src="{path.name}" alt="{html.escape(path.stem)}"></a>'

    for content in options.contents:
        rows = rows_of(options, columns, content)
        shown = ["style", "content", *(["anchor"] if any("anchor" in row for row in rows.values()) else []), *columns]
        sheet(options, shown, content, rows, options.out / f"sheet-{content.stem}.jpg")
        parts.append(f'<h2>{content.stem} (<a href="sheet-{content.stem}.jpg">sheet</a>)</h2>')
        for style, painted in rows.items():
            sources = {"style": style, "content": content} | painted
            pictures = ""
            for name in shown:
                run = runs.get(f"{content.stem}-{style.stem}-{name}.png", {})
                note = " ".join(run.get("error", [])) or (f"{run['seconds']:.1f} s" if run else "")
                copy = {"style": f"of-{style.stem}.jpg", "content": f"of-{content.stem}.jpg"}.get(
                    name, f"of-{content.stem}-{style.stem}-{name}.jpg"
                )
                found = image(sources[name], copy) if name in sources else ""
                label = html.escape(f"{name} {note}")
                pictures += f'<td title="{html.escape(run.get("command", ""))}">{label}{found}'
            measured = {
                name: measure.measure(str(content), str(style), str(path), judge) for name, path in painted.items()
            }
            (options.out / f"{content.stem}-{style.stem}.json").write_text(json.dumps(measured, indent=1))
            parts.append(f"<h3>{style.stem}</h3><table><tr>{pictures}</table>")
            parts += [figure_table(measured)] if measured else []
    (options.out / "index.html").write_text("\n".join(parts) + "\n")


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    variants = json.loads(options.variants.read_text())
    runs = paint(options, variants)
    judge = None
    if options.judge:
        from moments import Judge

        judge = Judge(options.judge)
    page(options, list(variants), runs, judge)
    print(f"wrote {options.out / 'index.html'}")


if __name__ == "__main__":
    main()
