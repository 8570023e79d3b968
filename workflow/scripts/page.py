"""Write the page: settings, figures, numbers, claims with verdicts, and how it was made."""

import argparse
import functools
import importlib.metadata
import json
import os
from pathlib import Path

from hw1 import page
from hw1.claims import answer
from hw1.results import recipes, tables
from hw1.results.command import one_line_errors
from hw1.results.files import replacing
from hw1.settings.yaml_files import load

PACKAGES = ("snakemake", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib")


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--template", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True, help="the points that rest on claims")
    parser.add_argument("--sections", type=json.loads, required=True, help="JSON, see sections.py")
    parser.add_argument("--shown", type=json.loads, required=True, help="JSON: recipes by file")
    parser.add_argument("--command", required=True, help="what builds the page")
    parser.add_argument("--arms", type=json.loads, required=True, help="JSON: titles by name")
    parser.add_argument("--lists", type=json.loads, required=True, help="JSON: titles, reasons")
    parser.add_argument("--claims", type=Path, nargs="*", required=True)
    parser.add_argument("--ledgers", type=Path, nargs="*", required=True)
    parser.add_argument("--parts", type=Path, nargs="*", required=True)
    parser.add_argument("--metrics", type=Path, nargs="+", required=True)
    parser.add_argument("--figures", type=Path, nargs="+", required=True)
    parser.add_argument("--provenance", type=Path, required=True, help="folder")
    parser.add_argument("--runs", type=Path, nargs="*", required=True, help="tables in its place")
    parser.add_argument("--published", type=Path, nargs="*", required=True, help="ledgers")
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    metrics = {path.stem.removesuffix("_metrics"): tables.read(path) for path in args.metrics}
    runs = {path.stem.removesuffix("_runs"): path for path in args.runs}
    for section in args.sections:
        name = section["experiment"]
        section["results"] = page.results(metrics[name])
        section["made"] = page.made(
            tables.records(tables.read(runs[name]))
            if name in runs
            else page.facts(
                args.provenance / name / model["variant"] / f"seed{seed}.json"
                for model in section["models"]
                for seed in section["seeds"]
            )
        )
    ledgers = page.by_arm(args.ledgers, args.arms)
    parts = page.by_arm(args.parts, args.arms)
    if args.published:
        found = (tables.records(tables.read(path)) for path in args.published)
        ledgers["published"] = [row for rows in found for row in rows]
    lists = page.lists_of(args.lists, args.claims, next(iter(args.arms)), ledgers, parts)
    rules = load(args.answer).content
    text = page.render(
        args.template.read_text(encoding="utf-8"),
        sections=args.sections,
        lists=lists,
        claims=[claim for entry in lists for claim in entry["claims"]],
        arms=list(ledgers),
        points=answer.points(rules, next(iter(parts.values()), [])),
        stated=page.stated(args.claims),
        drawings={path.stem: functools.partial(page.drawing, path) for path in args.figures},
        findings={path.stem: page.finding(path) for path in args.figures},
        tables=os.path.relpath(args.metrics[0].parent, args.output.parent),
        source="the published tables" if args.runs else "this build",
        command=args.command,
        recipe=recipes.current(),
        otherwise=[
            os.path.relpath(path, args.output.parent)
            for path, recipe in args.shown.items()
            if recipes.of(path) != recipe
        ],
        versions={name: importlib.metadata.version(name) for name in PACKAGES},
    )
    with replacing(args.output) as temporary:
        temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
