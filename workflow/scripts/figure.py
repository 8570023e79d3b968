"""Draw one figure from tables, as PNG and as SVG."""

import argparse
import json
from pathlib import Path

from hw1 import drawing, kinds, tables
from hw1.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", type=Path, required=True, help="the file of the kind of figure")
    parser.add_argument("--style", type=json.loads, required=True, help="JSON: dpi, colours, ...")
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--svg", type=Path, required=True)
    args = parser.parse_args()
    read = [tables.read(path) for path in args.tables]
    figure = drawing.draw(kinds.load(args.kind).draw, args.style, read)
    drawing.save(figure, args.png, args.svg, args.style["dpi"])


if __name__ == "__main__":
    main()
