"""The README and the documents: short enough, and what they point to is there."""

import re

import pytest
from conftest import ROOT

from hw1.claims.inference import evidence

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL))
    for link in links:
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", head).lower().replace(" ", "-") for head in heads]
            assert anchor in slugs, link


def test_the_readme_is_read_in_one_sitting():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_every_document_is_linked():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for page in PAGES[1:]:
        assert f"{page.name})" in text, page


def test_every_experiment_and_figure_stands_in_the_documents(config):
    text = (ROOT / "docs/experiments.md").read_text(encoding="utf-8")
    shown = (ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    for name, experiment in config["experiments"].items():
        assert f"| `{name}` |" in text, name
        for figure in experiment["figures"]:
            assert f"`fig_{figure}`" in text, figure
            assert f"figures/fig_{figure}.png" in shown, figure


def test_what_a_bet_comes_to_is_said_first_and_right():
    first = (ROOT / "docs/decisions.md").read_text(encoding="utf-8").splitlines()[:20]
    seeds, _, e_values = (line for line in first if line.startswith("|"))
    agree = re.findall(r"(\d+) of (\d+)", seeds)
    said = [int(cell.replace(" ", "")) for cell in e_values.strip("|").split("|")[1:]]
    assert len(agree) > 5
    assert said == [round(evidence(int(x), int(n), 0.5)) for x, n in agree]
