"""Bring README.md, docs/first_reading.md and docs/gallery.md up to the published tables.

python docs/published.py, after snakemake published. Of the README it writes what stands between its
two marks: what was learned, the counts of verdicts, and the table of claims; of first_reading.md
the last column; of the gallery docs/figures/*.png, 800 pixels wide, and what each says it shows
as its alternative text.
"""

import re
from pathlib import Path

import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hw1.claims import answer
from hw1.results import tables, wording
from hw1.settings.yaml_files import load

HERE = Path(__file__).parent
ROOT = HERE.parent
PUBLISHED = ROOT / "results/published"
WIDTH = 800
LATER = "new seeds to come"  # of which no seed is published that may decide it
MARKS = "<!-- from here: python docs/published.py -->", "<!-- to here -->"


def ledger(name: str, folder: Path) -> pd.DataFrame:
    return tables.read(folder / f"tables/{name}.csv")


def written(folder: Path = PUBLISHED) -> str:
    """The README's answer, from the ledgers in a folder."""
    rules = load(ROOT / "workflow/report/answer.yaml").content
    claims = load(ROOT / "workflow/claims.yaml").content
    parts = [ledger(f"{name}_parts_as_written", folder) for name in ("claims", "controls")]
    lines = []
    for place, point in enumerate(answer.points(rules, tables.records(pd.concat(parts))), start=1):
        start = f"{point.instead}: " if point.otherwise else ""
        said = [f"{k} is {v}" if k in point.otherwise else k for k, v in point.rests_on.items()]
        lines.append(f"{place}. {start}{point.text} ({', '.join(said)})")
    told = (
        f"{len(lines)} of {len(rules)} points rest on published seeds; C7.1 is the first part of C7"
    )
    lines.append("")
    for title, name in (
        ("The report's claims", "claims_as_written"),
        ("Decided again with the networks that its notebooks build", "claims_as_coded"),
        ("The controls, on why it is so", "controls_as_written"),
    ):
        found = ledger(name, folder)
        rows = ledger(name.replace("_as", "_parts_as"), folder)
        rows = rows[rows["decides"] & rows["claim"].isin(found["claim"])]
        n = rows["n"].dropna().astype(int)
        both = [wording.outcome(found["verdict"]), wording.outcome(rows["verdict"], "part")]
        values = f", from {n.min()} to {n.max()} values of each measure" if len(n) else ""
        lines.append(f"- {title}{values}: {both[0]} ({both[1]}).")
    lines += ["", "<details><summary>Claim by claim</summary>", ""]
    lines += ["| | the report says | verdict |", "|---|---|---|"]
    verdicts = ledger("claims_as_written", folder).set_index("claim")["verdict"]
    if len(verdicts) < len(claims):
        later = f"{LATER.capitalize()}: so far only seeds that the rule was chosen on are published"
        lines[-3] = f"\n{later}. {told}.\n"
    lines += [f"| {c['id']} | {c['claim']} | {verdicts.get(c['id'], LATER)} |" for c in claims]
    return "\n".join([*lines, "", "</details>"])


def second_reading(text: str, folder: Path = PUBLISHED) -> str:
    """docs/first_reading.md with the verdicts of the ledgers, and of how many values each is."""
    rows = pd.concat(ledger(f"{name}_as_written", folder) for name in ("claims", "controls"))
    said = {
        row["claim"]: row["verdict"] + ("" if row["n"] is None else f" ({row['n']:.0f})")
        for row in tables.records(rows)
    }

    def row(match: re.Match) -> str:
        return f"{match[1]} {said.get(match[2], LATER)} |"

    return re.sub(r"(?m)^(\| ([CK]\d+) \|.*\|)[^|]*\|$", row, text)


def between_marks(text: str) -> re.Match:
    """What stands between the marks of a README."""
    found = re.search(rf"(?<={MARKS[0]}\n).*(?={MARKS[1]})", text, re.DOTALL)
    if found is None:
        raise ValueError(f"README.md: found no {MARKS[0]} and {MARKS[1]} after it")
    return found


def gallery() -> None:
    """Write the pictures of docs/gallery.md, and its alternative texts."""
    (HERE / "figures").mkdir(exist_ok=True)
    page = HERE / "gallery.md"
    text = page.read_text(encoding="utf-8")
    for source in sorted(PUBLISHED.glob("fig_*.png")):
        with Image.open(source) as large:
            said, picture = large.info.get("Description", ""), large.convert("RGB")
        height = round(picture.height * WIDTH / picture.width)
        small = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
        # A palette makes them a third of the size; of the extremes, lest a rare colour is lost.
        palette = small.quantize(256, method=Image.Quantize.MAXCOVERAGE)
        kept = PngInfo()
        if said:
            kept.add_text("Description", said)
        palette.save(HERE / "figures" / source.name, optimize=True, pnginfo=kept)
        link = f"](figures/{source.name})"
        text = re.sub(
            rf"!\[[^]]*{re.escape(link)}", lambda _, new=f"![{said or source.stem}{link}": new, text
        )
    page.write_text(text, encoding="utf-8")


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    span = between_marks(text).span()
    readme.write_text(f"{text[: span[0]]}{written()}\n{text[span[1] :]}", encoding="utf-8")
    page = HERE / "first_reading.md"
    page.write_text(second_reading(page.read_text(encoding="utf-8")), encoding="utf-8")
    gallery()


if __name__ == "__main__":
    main()
