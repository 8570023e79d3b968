"""The points of the first page, which rest on verdicts."""

import pytest
import yaml
from conftest import ROOT

from hw1.claims.answer import PLACE, points

ROWS = [
    {"claim": "C1", "part": 1, "estimate": 0.175, "unit": None, "verdict": "confirmed"},
    {"claim": "C1", "part": 2, "estimate": 12.345, "unit": "pp", "verdict": "inconclusive"},
    {"claim": "K1", "part": 1, "estimate": None, "unit": None, "verdict": "not computed"},
]
ROWS = [row | {"claim_verdict": "refuted" if row["claim"] == "C1" else "confirmed"} for row in ROWS]


def point(text: str, **rests_on: str) -> dict:
    return {"point": text, "rests_on": {key.replace("_", "."): v for key, v in rests_on.items()}}


def test_a_point_has_the_numbers_of_its_parts():
    (found,) = points([point("{C1.1%} and {C1.1}, {C1.2} of {K1.1}", C1="refuted")], ROWS)
    assert found.text == "18 % and 0.175, 12.35 of ?"
    assert found.rests_on == {"C1": "refuted"} and found.otherwise == {}


@pytest.mark.parametrize(
    ("expected", "otherwise"),
    [
        ({"C1": "refuted", "C1_1": "confirmed", "K1": "confirmed"}, []),
        ({"C1": "confirmed", "C1_1": "confirmed"}, ["C1"]),
        ({"C1_2": "not confirmed", "C1_1": "not confirmed"}, ["C1.1"]),
        ({"C1_2": "refuted", "K1": "refuted"}, ["C1.2", "K1"]),
    ],
)
def test_a_point_says_which_verdicts_are_other_ones(expected, otherwise):
    (found,) = points([point("It is so.", **expected)], ROWS)
    assert list(found.otherwise) == otherwise


def test_a_point_about_claims_that_are_not_there_is_left_out():
    assert points([point("It is so.", C2="refuted"), point("{C9.1}", C1="refuted")], ROWS) == []


def test_the_points_rest_on_parts_of_the_lists():
    lists = [
        yaml.safe_load((ROOT / f"workflow/{name}.yaml").read_text(encoding="utf-8"))
        for name in ("claims", "controls")
    ]
    claims = {claim["id"]: claim for entries in lists for claim in entries}
    answer = yaml.safe_load((ROOT / "workflow/report/answer.yaml").read_text(encoding="utf-8"))
    assert len(answer) == 6
    for entry in answer:
        places = [(m[1], m[2]) for m in PLACE.finditer(entry["point"])]
        for name, part in (*places, *(key.split(".") for key in entry["rests_on"] if "." in key)):
            assert 1 <= int(part) <= len(claims[name]["parts"]), entry
        assert all(key.partition(".")[0] in claims for key in entry["rests_on"])
        # What is said in percent is a share, or a ratio.
        for m in PLACE.finditer(entry["point"]):
            unit = claims[m[1]]["parts"][int(m[2]) - 1].get("unit")
            assert not (m[3] and unit), entry


def test_each_claim_of_the_report_says_how_it_is_read():
    for claim in yaml.safe_load((ROOT / "workflow/claims.yaml").read_text(encoding="utf-8")):
        assert claim["read_as"] and not claim["read_as"].endswith("."), claim["id"]
