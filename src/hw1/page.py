"""The page: what was measured, in one self-contained HTML file."""

import base64
import io
import json
import math
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup
from msgspec.structs import asdict
from PIL import Image

from hw1.results import tables, verification, wording
from hw1.settings import batches
from hw1.settings.claims import read

WIDTH = 1200  # pixels of an image: its width on a page, on a screen of 1.5 pixels per point
LONG = re.compile(r"-?\d+\.\d{3,}")
MOST_SVG = 120_000  # characters of a drawing within a page; a longer one is smaller as an image


def render(template: str, **context) -> str:
    """Fill in an HTML template (Jinja2). What is filled in is escaped; a missing name raises."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": wording.number,
        "quantity": wording.quantity,
        "evidence": wording.evidence,
        "seed_count": wording.seed_count,
        "duration": wording.duration,
        "outcome": wording.outcome,
        # 60 000 is one word, also at the end of a line.
        "unbroken": lambda text: re.sub(r"(?<=\d) (?=\d{3}\b)", "\u00a0", text),
        "decimals": decimals,
        "ranges": ranges,
    }
    return environment.from_string(template).render(context)


def whole(path: Path) -> bytes:
    """The content of a file. Raises ValueError if damaged (see `hw1.results.verification`)."""
    if said := verification.damage(path):
        raise ValueError(said)
    return path.read_bytes()


def image(path: Path) -> str:
    """A PNG file, made small, as the text of a data URL. Raises ValueError if it is damaged.

    No wider than WIDTH, and with a palette of 256 colours, which makes it a fifth of the size.
    """
    picture = Image.open(io.BytesIO(whole(path))).convert("RGB")
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    # A palette of the extremes, so that no rare colour is lost.
    picture.quantize(256, method=Image.Quantize.MAXCOVERAGE).save(small, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def drawing(png: Path, alternative: str) -> Markup:
    """A figure as HTML, with its alternative text. It is the SVG file of the same name, so that its
    words can be searched and selected, or the PNG file if the SVG is long. Raises ValueError if it
    is damaged."""
    text = inline(whole(png.with_suffix(".svg")).decode(), png.stem)
    if len(text) > MOST_SVG:
        return Markup('<img src="{}" alt="{}">').format(image(png), alternative)
    head = Markup('<svg role="img" aria-label="{}"').format(alternative)
    return head + Markup(text.removeprefix("<svg"))


def inline(svg: str, name: str) -> str:
    """An SVG file as a part of a page: without its size, with names of its own, and with paths
    rounded to hundredths of a point."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg)
    svg = svg.replace('<style type="text/css">*{', f"<style>#{name} *{{")
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    return re.sub(r' d="[^"]+"', lambda path: LONG.sub(hundredths, path[0]), svg)


def hundredths(number: re.Match) -> str:
    """A number in a text, rounded."""
    return f"{float(number[0]):.2f}"


def decimals(values: Iterable[float]) -> int:
    """How many decimals a column has, 2 to 6: enough for two digits of its least positive value."""
    least = min((value for value in values if value > 0), default=1)
    return min(max(1 - math.floor(math.log10(least)), 2), 6)


def finding(path: Path) -> str:
    """The text in a PNG file on what it shows; empty if there is none."""
    with Image.open(path) as picture:
        return picture.info.get("Description", "")


def ranges(seeds: Iterable[int]) -> str:
    """Seeds as a text; those in a row are named by the first and the last."""
    return re.sub("^seeds?", "", batches.name(seeds)).replace("+", ", ")


def results(metrics: pd.DataFrame) -> list[dict]:
    """Median and range over seeds of the final loss and accuracy: a row per variant and split."""
    last = metrics.groupby(["variant", "seed"])["epoch"].transform("max")
    final = metrics[metrics["epoch"] == last]
    return [
        {
            "variant": variant,
            "split": split,
            "seeds": rows["seed"].nunique(),
            "loss": summary(rows["loss"]),
            "accuracy": summary(100 * rows["accuracy"]),
        }
        for (variant, split), rows in final.groupby(["variant", "split"], sort=False)
    ]


def summary(values: pd.Series) -> dict | None:
    """Median, least and greatest; None where there are no values."""
    values = values.dropna()
    if values.empty:
        return None
    return {"median": values.median(), "low": values.min(), "high": values.max()}


def facts(files: Iterable[Path]) -> list[dict]:
    """What the provenance files of some runs say. Raises ValueError if one is damaged."""
    return [json.loads(whole(path)) for path in files if path.exists()]


def made(found: list[dict]) -> dict:
    """What is known of some runs: how many there are, how long they trained, and the different
    values of everything else."""
    same = ("device", "processor", "commit", "torch", "python", "platform")
    return {
        "runs": len(found),
        "seconds": sum(run["training_seconds"] for run in found),
        "first": min((run["finished"] for run in found), default=None),
        "last": max((run["finished"] for run in found), default=None),
        **{key: sorted({str(run[key]) for run in found if run.get(key)}) for key in same},
    }


def rules_commit(rules: Path) -> str | None:
    """The commit that last changed a list of claims and its date, and whether it was edited since;
    None outside a git checkout."""
    git = ["git", "-C", str(rules.parent)]
    try:
        show = [*git, "log", "-1", "--format=%h of %cs", "--", rules.name]
        commit = subprocess.run(show, capture_output=True, text=True).stdout.strip()
        diff = [*git, "diff", "--quiet", "HEAD", "--", rules.name]
        edited = subprocess.run(diff, capture_output=True).returncode
    except OSError:  # there is no git
        return None
    if not commit:
        return None
    return f"{commit}, and edited since" if edited else commit


def by_arm(paths: Iterable[Path], arms: dict[str, str]) -> dict[str, list[dict]]:
    """Tables whose names end with an arm, as rows by that arm in words."""
    found: dict[str, list[dict]] = {}
    for path in paths:
        if ends := [arm for arm in arms if path.stem.endswith(f"_{arm}")]:
            words = arms[max(ends, key=len)]  # as_coded, where coded is an arm, too
            found.setdefault(words, []).extend(tables.records(tables.read(path)))
    return {words: found[words] for words in arms.values() if words in found}


def lists_of(
    titles: dict[str, tuple[str, dict]],
    rules: Sequence[Path],
    first: str,
    ledgers: dict[str, list[dict]],
    parts: dict[str, list[dict]],
) -> list[dict]:
    """The lists of claims of a page. `titles` has the title of each, and what it leaves out, by
    name; `rules` has their files. Claims have their findings and measured parts by arm. `first` is
    the arm whose tables are linked."""
    found = []
    for (name, (title, left_out)), path in zip(titles.items(), rules, strict=True):
        claims = []
        for claim in read(path):
            decided = {arm: of(claim.id, rows) for arm, rows in ledgers.items()}
            if findings := {arm: rows[0] for arm, rows in decided.items() if rows}:
                measured = {arm: of(claim.id, rows) for arm, rows in parts.items()}
                claims.append(asdict(claim) | {"findings": findings, "measured": measured})
        found.append(
            {
                "name": name,
                "title": title,
                "left_out": left_out,
                "tables": [f"{name}_{first}", f"{name}_parts_{first}"],
                "file": path.name,
                "rules_commit": rules_commit(path),
                "claims": claims,
            }
        )
    return found


def of(claim: str, rows: list[dict]) -> list[dict]:
    """The rows about a claim."""
    return [row for row in rows if row["claim"] == claim]


def stated(rules: Iterable[Path]) -> dict[tuple[str, str], object]:
    """What the report states of a variant that a part of a claim is about."""
    return {
        (rule.of["experiment"], rule.of["variant"]): rule.stated
        for path in rules
        for claim in read(path)
        for rule in claim.parts
        if rule.stated
    }
