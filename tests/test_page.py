"""The page's parts, and that the look of a browser at it sees what is wrong."""

import json

import jinja2
import pandas as pd
import pytest
from browser import faults, look_at, needs_chromium
from PIL import Image

from hw1 import page
from hw1.results import tables, wording


def test_what_is_filled_in_is_escaped_and_nothing_may_be_missing():
    assert page.render("<p>{{ x }}</p>", x="<script>") == "<p>&lt;script&gt;</p>"
    with pytest.raises(jinja2.UndefinedError):
        page.render("{{ y }}")


def test_results_are_the_last_epochs_median_and_range():
    metrics = pd.DataFrame(
        {
            "variant": "m",
            "seed": [0, 0, 1, 2],
            "epoch": [0, 5, 5, 5],
            "split": "train",
            "loss": [9.0, 1.0, 3.0, 2.0],
            "accuracy": [0.1, 0.5, 0.7, 0.6],
        }
    )
    (row,) = page.results(metrics)
    assert row["seeds"] == 3
    assert row["loss"] == {"median": 2, "low": 1, "high": 3}
    assert row["accuracy"]["median"] == pytest.approx(60)
    (row,) = page.results(metrics.assign(accuracy=float("nan")))
    assert row["accuracy"] is None


def test_provenance_of_several_runs_is_joined_and_may_be_missing(tmp_path):
    for number, commit in enumerate(("abc", "def", "abc")):
        facts = {"finished": f"2026-01-0{number + 1}", "training_seconds": 1.5, "commit": commit}
        same = {"device": "cpu", "torch": "2", "python": "3", "platform": None}
        (tmp_path / f"{number}.json").write_text(json.dumps(facts | same), encoding="utf-8")
    made = page.made(page.facts([*sorted(tmp_path.glob("*.json")), tmp_path / "none.json"]))
    assert (made["runs"], made["seconds"], made["commit"]) == (3, 4.5, ["abc", "def"])
    assert (made["first"], made["last"], made["platform"]) == ("2026-01-01", "2026-01-03", [])
    assert page.made([])["first"] is None


SVG = (
    '<?xml version="1.0"?>\n<svg width="72pt" height="36pt" viewBox="0 0 72 36">'
    "<metadata>x</metadata>"
    '<style type="text/css">*{stroke-linejoin: round}</style>'
    '<path id="p" d="M 1.23456 -2.98765 L 3 4.5" clip-path="url(#c)"/><use xlink:href="#p"/>'
    "<text>0.02468</text></svg>"
)


def test_a_drawing_keeps_its_words_and_shares_no_name_with_another(tmp_path):
    png = tmp_path / "fig_a.png"
    Image.new("RGB", (8, 4), "white").save(png)
    png.with_suffix(".svg").write_text(
        SVG.replace("viewBox", 'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox'),
        encoding="utf-8",
    )
    drawn = str(page.drawing(png, 'loss < 1 & "low"'))
    assert drawn.startswith('<svg role="img" aria-label="loss &lt; 1 &amp; &#34;low&#34;"')
    assert "<text>0.02468</text>" in drawn  # what is read stays as it is
    assert 'd="M 1.23 -2.99 L 3 4.5"' in drawn
    assert 'id="fig_a-p"' in drawn and 'href="#fig_a-p"' in drawn and "url(#fig_a-c)" in drawn
    assert "#fig_a *{stroke-linejoin" in drawn and "metadata" not in drawn and "72pt" not in drawn


def test_a_heavy_drawing_is_an_image(tmp_path, monkeypatch):
    png = tmp_path / "fig_a.png"
    Image.new("RGB", (8, 4), "white").save(png)
    png.with_suffix(".svg").write_text('<svg id="a"></svg>', encoding="utf-8")
    monkeypatch.setattr(page, "MOST_SVG", 10)
    assert str(page.drawing(png, "a & b")).startswith('<img src="data:image/png;base64,')
    assert 'alt="a &amp; b"' in page.drawing(png, "a & b")


def test_a_column_has_the_decimals_that_its_least_number_needs():
    assert [page.decimals(v) for v in ([0.34, 0.0028], [12.0], [2.8e-9], [0.0], [])] == [
        4, 2, 6, 2, 2,
    ]  # fmt: skip
    assert page.ranges([0, 1, 2, 5, 7, 8]) == "0-2, 5, 7-8" and page.ranges([3]) == "3"


def test_a_table_is_of_the_arm_that_its_whole_name_ends_with(tmp_path):
    for arm in ("coded", "as_coded"):
        tables.write(tmp_path / f"claims_{arm}.csv", [{"verdict": arm}])
    found = page.by_arm(sorted(tmp_path.glob("*.csv")), {"coded": "One", "as_coded": "Other"})
    assert found == {"One": [{"verdict": "coded"}], "Other": [{"verdict": "as_coded"}]}


def test_numbers_are_worded():
    assert [wording.number(x) for x in (10173898, 999.7, 351, 0.012345, -0.0, 99.84)] == [
        "10 173 898", "1 000", "351", "0.0123", "0", "99.8",
    ]  # fmt: skip
    assert [wording.quantity(99.84, unit) for unit in ("%", "pp", "nat", None)] == [
        "99.84", "99.84", "99.8", "99.8",
    ]  # fmt: skip
    assert [wording.evidence(e) for e in (0.0001, 0.0304, 59.94, 1437.6, 2e19)] == [
        "under 0.01", "0.0304", "59.9", "1 438", "over 1 000 000",
    ]  # fmt: skip
    assert [wording.duration(s) for s in (7, 300, 9000)] == ["7 s", "5 min", "2.5 h"]


@needs_chromium
def test_the_browser_sees_faults(tmp_path):
    path = tmp_path / "bad.html"
    path.write_text(
        "<!DOCTYPE html><title>t</title><h1>a</h1><h3>b</h3><a href='#none'>c</a>"
        "<img src='nothing.png'><div style='width: 900px'>wide</div>"
        "<script>throw new Error('broken')</script><p style='color: #eee'>pale</p>"
        "<table class=held><tr><td>first<td>" + "x" * 500 + "<td>last</table>",
        encoding="utf-8",
    )
    found = "\n".join(faults(look_at(path)))
    for fault in (
        "broken image", "without alt", "h3 after h1", "nowhere", "request", "broken",
        "400: scrolls to", "400: beyond the screen: DIV wide",
        "400: a cell that is not held: TD last",
        "1280: axe: landmark-one-main", "axe: color-contrast", "axe: html-has-lang",
    ):  # fmt: skip
        assert fault in found
