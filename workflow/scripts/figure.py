"""Draw one figure from tables, as PNG and as SVG, and write into both what it shows."""

import argparse
import json
from pathlib import Path

from hw1 import drawing
from hw1.results import tables
from hw1.results.command import one_line_errors
from hw1.settings import kinds


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
    kind = kinds.load(args.kind)
    try:
        figure = drawing.draw(kind.draw, args.style, read)
        finding = drawing.describe(getattr(kind, "finding", lambda *_: ""), args.style, read)
    except KeyError as error:
        if error.__cause__ is None or any(error.args[0] in table for table in read):
            raise  # not about a table, or the column is there: a fault of the kind
        names = ", ".join(path.stem for path in args.tables)
        raise ValueError(
            f"{args.kind.stem} draws {error}, which {names} have not: give it tables that have"
        ) from error
    drawing.save(figure, args.png, args.svg, args.style["dpi"], finding)


if __name__ == "__main__":
    main()
