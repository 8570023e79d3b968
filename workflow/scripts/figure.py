"""Draw one figure from tables, as PNG and as SVG."""

import argparse
import json
from pathlib import Path

from hw1 import figures, tables
from hw1.command import one_line_errors


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", required=True, help="function of hw1.figures")
    parser.add_argument("--style", type=json.loads, required=True, help="JSON: dpi, colours, ...")
    parser.add_argument("--tables", type=Path, nargs="+", required=True)
    parser.add_argument("--png", type=Path, required=True)
    parser.add_argument("--svg", type=Path, required=True)
    args = parser.parse_args()
    read = [tables.read(path) for path in args.tables]
    figures.save(figures.draw(args.draw, args.style, read), args.png, args.svg, args.style["dpi"])


if __name__ == "__main__":
    main()
