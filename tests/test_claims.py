"""The claims of the report, decided on tables in which the answer was planted."""

import inspect
import sys

import msgspec
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from msgspec.structs import replace
from planted import (
    EPOCHS,
    MEASURED,
    PLANTED,
    assert_prefixes,
    at_end,
    by_epoch,
    c1,
    c2,
    c5,
    c8,
    c10,
    c11,
    c14,
    c15,
    c25,
    capacity,
    on_line,
    planted,
    shaken,
)

from hw1.claims import ledger, statistics
from hw1.claims.decisions import Finding, Part, decide, holm_steps
from hw1.claims.inference import evidence
from hw1.claims.sample import Sample
from hw1.settings.claim_lists import check_evidence, check_left_out, checked_claims
from hw1.settings.claim_lists import statistics as known_statistics
from hw1.settings.claims import Claim, Region
from hw1.settings.claims import read as read_claims
from hw1.settings.configuration import ClaimList
from hw1.settings.entries import read
from hw1.settings.yaml_files import load

SAID = load(ROOT / "workflow/claims.yaml").content
ALL = msgspec.convert(SAID, list[Claim])
CLAIMS = {claim.id: claim for claim in ALL}


(C5_SAID,) = (claim for claim in SAID if claim["id"] == "C5")
# What stands beside the part that decides, as if it decided.
END_PART = {key: value for key, value in C5_SAID["parts"][1].items() if key != "decides"}
C5 = END_PART["of"]
OF_SEEDS = [name for name in CLAIMS if name != "C0"]


def decided(claim: str, tables: dict, family: list[Claim] = ALL) -> Finding:
    """The finding on one of the report's claims, as one of all of them, of which no other is
    decided here."""
    (found,) = decide(family, tables, {entry.id for entry in family} - {claim})
    return found


def random(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# Distances have a value for each two seeds; against 10 % a share that never says yes takes more.
SEEDS = {"C7": 60, "C8": 60, "C1": 130, "C18": 130}


# Sizes as in `planted`: by how many times what matters each seed is as claimed. Two seeds after one
# another are alike, so that pairs of runs are as seeds are.
PATTERNS = {
    "twice": lambda n: np.linspace(1.5, 2.5, n),
    "tied": lambda n: np.full(n, 2.0),
    "half": lambda n: np.linspace(0.3, 0.7, n),
    "none": lambda n: np.where(np.arange(n) // 2 % 2, 0.2, -0.2),
    "reverse": lambda n: np.linspace(-2.5, -1.5, n),
    "border": lambda n: np.ones(n),
    "two peaks": lambda n: np.where(np.arange(n) // 2 % 2, 3.0, -2.0),
}
SMALLER, NONE = "smaller than matters", "no difference that matters"
# What a part says of an effect; of a number that is no effect, by itself; and of a share.
WORDS = {
    "twice": ("confirmed", "confirmed", "confirmed"),
    "tied": ("confirmed", "confirmed", "confirmed"),
    "half": (SMALLER, "refuted", "confirmed"),
    "none": (NONE, "refuted", "inconclusive"),
    "reverse": ("refuted", "refuted", "refuted"),
    "border": ("inconclusive", "inconclusive", "confirmed"),
    "two peaks": ("inconclusive", "inconclusive", "inconclusive"),
}
# Some are refuted from another border on, which half an effect does not reach; a range of what
# moves is never below 0.
OTHERWISE = {
    ("contraction", "half"): "inconclusive",
    ("midpoint_gain", "half"): "inconclusive",
    ("midpoint_gain", "none"): "inconclusive",
    ("detrended_range", "none"): SMALLER,
    ("detrended_range", "reverse"): SMALLER,
}
# Planted always: of two losses one is at most twice the other, and all runs of C2 arrive.
ALWAYS = [rule.measure for rule in (*CLAIMS["C17"].parts[::2], *CLAIMS["C2"].parts[-3:])]
# Sums and lines by least squares: right at the border the last digit of a float decides.
ROUNDED = {
    *("curve_ratio", "phase_ratio", "line_slope", "rise_beyond", "per_decade"),
    *("group_difference", "group_gap_ratio", "loss_fall", "detrended_range"),
}


def expected(part: Part, pattern: str) -> str:
    rule, sample = part.rule, part.sample
    (side, border), *_ = rule.confirmed.sides
    if (rule.statistic, pattern) in OTHERWISE:
        return OTHERWISE[rule.statistic, pattern]
    if rule.measure in ALWAYS:
        return "confirmed"
    if sample.share and pattern in ("none", "two peaks") and border != 0.5:
        return "confirmed" if side == "above" else "refuted"  # half of them, of more than 10 %
    # That an effect is at most so small is no effect.
    level = sample.null is None or ((side, border) == ("below", 0.1) and sample.null == 0)
    return WORDS[pattern][2 if sample.share else 1 if level else 0]


@pytest.mark.parametrize("claim", OF_SEEDS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_part_says_what_was_planted(claim, pattern):
    """And the claim what its parts say: all of them, or the first word that any has for it."""
    finding = decided(claim, PLANTED[claim](PATTERNS[pattern](SEEDS.get(claim, 30))))
    told = [p for p in finding.parts if pattern != "border" or p.rule.statistic not in ROUNDED]
    for part in told:
        assert part.verdict == expected(part, pattern), ledger.sentence_of(part)
    said = {part.verdict for part in finding.parts if part.decides}
    if said != {"confirmed"}:
        said -= {"confirmed"}
    assert finding.verdict == next(
        word for word in ("refuted", SMALLER, NONE, "inconclusive", "confirmed") if word in said
    )
    assert finding.needed is None or finding.verdict not in ("confirmed", "refuted")


# --- verdicts that were wrong once


def of_sizes(column: str, values: np.ndarray, n: int = 14) -> dict:
    """Ten sizes that end with some values, and with chance in them."""
    return shaken(random(1), capacity(n, **{column: values}))


def history(test_loss: np.ndarray, n: int = 14) -> dict:
    tables = c15(np.full(n, 2.0))
    table = tables["random_labels_history"]
    tables["random_labels_history"] = table.assign(test_loss=np.tile(test_loss, n))
    return tables


def some_at_60_percent() -> dict:
    """Of the accuracies the median is as it should be, and 7 of 10 of them."""
    accuracies = np.where(np.arange(30) < 9, 0.6, 0.105)
    both = [at_end("accuracy", split=split, lenet5=accuracies) for split in ("train", "test")]
    return {"random_labels_metrics": pd.concat(both)}


def on_all_pairs(alpha: float, column: str, change: float, tables: dict) -> dict:
    lines = tables["interpolation_lines"]
    lines.loc[lines["alpha"] == alpha, column] += change
    return tables


def some_never_arrive() -> dict:
    """Faster in all of the twelve pairs where both arrive; in two the deep one never does."""
    tables = c2(np.full(14, 2.0))
    table = tables["function_fit_history"]
    never = (table["variant"] != "sinc_shallow") & (table["seed"] < 2)
    table.loc[never, "batch_loss"] = 1.0
    return tables


def worse_at_the_end() -> dict:
    """Lower along the curve, higher with frozen weights."""
    tables = c5(np.full(14, 2.0))
    table = tables["mnist_cnn_metrics"]
    table.loc[table["variant"] == "deep", "loss"] = 0.02
    return tables


@pytest.mark.parametrize(
    "claim, tables, verdicts",
    [
        # One direction tested of two that are claimed.
        ("C13", of_sizes("test_loss", 0.01 * 1.3 ** np.arange(10)), {"refuted"}),
        ("C13", of_sizes("test_loss", 0.01 * 0.7 ** np.arange(10)), {"refuted"}),
        ("C14", of_sizes("test_accuracy", 0.98 + 0.0005 * np.arange(10)), {"refuted"}),
        ("C10", on_all_pairs(0, "loss", -0.9, c10(np.full(14, 2.0))), {"refuted"}),
        ("C22", on_all_pairs(2, "loss", -0.9, PLANTED["C22"](np.full(14, 2.0))), {"refuted"}),
        # The largest of all are not the upper half of them, and the least accurate one counts.
        ("C12", of_sizes("train_accuracy", np.repeat([0.98, 0.99], 5)), {"refuted"}),
        # The direction ignored.
        ("C16", some_at_60_percent(), {"inconclusive"}),
        ("C15", history(2.3 + 0.1 * EPOCHS), {SMALLER, NONE}),
        ("C15", history(2.3 - 0.1 * EPOCHS), {SMALLER, NONE}),
        ("C15", history(2.3 + 0.1 * (EPOCHS % 2)), {"confirmed"}),
        # Censoring: how fast is not how often.
        ("C2", some_never_arrive(), {"confirmed"}),
        # Along the curve is not at the end, which stands beside.
        ("C5", worse_at_the_end(), {"confirmed"}),
        # A peak about half-way may lie beside the middle.
        ("C11", on_all_pairs(0.45, "accuracy", 0.01, c11(np.full(14, 1.5))), {"confirmed"}),
        ("C11", on_all_pairs(0.25, "accuracy", 0.01, c11(np.full(14, -1.5))), {"refuted"}),
    ],
)
def test_planted_cases_that_a_weaker_rule_got_wrong(claim, tables, verdicts):
    finding = decided(claim, tables)
    assert finding.verdict in verdicts, ledger.sentence(finding)


# --- tables that cannot be right


def damaged(claim: str, name: str, change: dict, seed: int = 3) -> dict:
    """The tables of a claim of which a run has in one what cannot be."""
    tables = PLANTED[claim](np.full(12, 2.0))
    table = tables[name].astype({column: float for column in change})
    of_run = (table["seed"] == seed) & table["variant"].str.endswith("deep")
    table.loc[of_run & (table["epoch"] == table["epoch"].max()), [*change]] = [*change.values()]
    return tables | {name: table}


def damaged_end(column: str, value: float) -> dict:
    return damaged("C25", "function_fit_metrics", {column: value})


def damaged_curve(column: str, value: float) -> dict:
    return damaged("C5", "mnist_cnn_history", {column: value})


def without_the_last_epoch() -> dict:
    tables = c25(np.full(12, 2.0))
    table = tables["function_fit_metrics"]
    earlier = table.assign(epoch=5)
    late = table[(table["seed"] != 3) | (table["variant"] != "sign_deep")]
    return {"function_fit_metrics": pd.concat([earlier, late])}


def a_seed_twice(**others) -> dict:
    table = c25(np.full(12, 2.0))["function_fit_metrics"]
    again = table[table["seed"] == 3].assign(**others)
    return {"function_fit_metrics": pd.concat([table, again])}


def without_a_row() -> dict:
    tables = c5(np.full(12, 2.0))
    table = tables["mnist_cnn_history"]
    lost = (table["variant"] == "deep") & (table["seed"] == 3) & (table["epoch"] == 10)
    return tables | {"mnist_cnn_history": table[~lost]}


@pytest.mark.parametrize(
    "claim, tables, reason",
    [
        ("C25", damaged_end("loss", np.nan), "_metrics: sign_deep, seed 3, epoch 10: loss is nan"),
        ("C25", damaged_end("loss", np.inf), "loss is inf"),
        ("C25", damaged_end("constant_loss", 0), "sign_deep: constant_loss is 0, a ratio to 0"),
        ("C25", damaged_end("seed", 3.5), "seed is 3.5"),
        ("C25", a_seed_twice(loss=0.5), "sign_deep, seed 3, epoch 10: stands there twice"),
        ("C25", without_the_last_epoch(), "sign_deep, seed 3: the last epoch is 5, expected 10"),
        (
            "C25",
            {"function_fit_metrics": c25(np.ones(12))["function_fit_metrics"].assign(loss="0.1")},
            "loss holds text, expected numbers",
        ),
        ("C5", damaged_curve("batch_loss", np.nan), "deep, seed 3, epoch 10: batch_loss is nan"),
        ("C5", without_a_row(), "deep, seed 3: found 9 of the 10 rows that the runs have by epoch"),
    ],
)
def test_a_table_that_cannot_be_right_is_named_and_decides_nothing(claim, tables, reason):
    finding = decided(claim, tables)
    assert finding.verdict == "not computed"
    assert reason in ledger.sentence(finding)


@pytest.mark.parametrize("claim", OF_SEEDS)
def test_columns_without_numbers_refute_nothing(claim):
    tables = PLANTED[claim](np.full(12, 2.0))
    for table in tables.values():
        for column in table:
            if column.endswith(MEASURED):
                table[column] = np.nan
    finding = decided(claim, tables)
    assert finding.verdict == "not computed" and "nan" in ledger.sentence(finding)


def test_the_order_of_rows_does_not_matter():
    for claim in CLAIMS:
        tables = planted(claim, random(6), 1, 12)
        mixed = {name: table.sample(frac=1, random_state=0) for name, table in tables.items()}
        ours, theirs = (decide([CLAIMS[claim]], of) for of in (tables, mixed))
        assert ledger.part_rows(ours) == ledger.part_rows(theirs)


def test_borders_of_arithmetic_cost_no_other_claim_its_verdict():
    # A loss of exactly 0 is lower than any; a ratio to it is none.
    tables = c5(np.full(12, 2.0))
    table = tables["mnist_cnn_history"]
    table.loc[(table["variant"] == "deep") & (table["seed"] < 7), "batch_loss"] = 0.0
    assert decided("C5", tables).verdict == "confirmed"
    assert ledger.part_rows([decided("C5", tables)])[0]["effect"] is None
    table.loc[(table["variant"] == "shallow") & (table["seed"] == 3), "batch_loss"] = 0.0
    assert "seed 3: a ratio to 0" in ledger.sentence(decided("C5", tables))

    tables = PLANTED["C7"](np.full(28, 2.0)) | c8(np.full(28, 2.0))
    tables["trajectory_distances_model"].loc[0, "distance"] = 0.0
    assert decided("C7", tables).verdict == "confirmed"
    assert decided("C8", tables).verdict == "not computed"
    assert "seed 0: a ratio to 0" in ledger.sentence(decided("C8", tables))


def test_a_run_that_was_stopped_early_ends_where_its_history_does():
    tables = without_the_last_epoch()
    assert decided("C25", tables).verdict == "not computed"
    last = {("sign_deep", 3): 5}
    tables["function_fit_history"] = pd.DataFrame(
        [
            {"variant": variant, "seed": seed, "epoch": last.get((variant, seed), 10)}
            for variant in ("sign_deep", "sign_shallow")
            for seed in range(12)
        ]
    )
    assert decided("C25", tables).verdict == "confirmed"


# --- how many seeds


def test_what_a_verdict_takes_does_not_depend_on_what_was_built():
    # Alone, 7 seeds that all agree give 58 of 40 that it takes; as one of 25 claims it takes 12.
    assert decided("C5", c5(np.full(7, 2.0)), [CLAIMS["C5"]]).verdict == "confirmed"
    few = decided("C5", c5(np.full(11, 2.0)))
    assert (few.verdict, few.needed, few.e_needed) == ("not enough seeds", 12, 1000)
    assert few.e_confirmed == pytest.approx(749, abs=0.5)
    assert "about 12 seeds would decide" in ledger.sentence(few)
    assert decided("C5", c5(np.full(12, 2.0))).verdict == "confirmed"


def test_each_claim_that_is_decided_leaves_less_for_the_others_to_reach():
    # Of three at 2.5 % a side: 120 for the largest, 80 for the next, 40 for the last.
    assert holm_steps([10, 2000, 90], 3) == pytest.approx([40, 120, 80])
    assert holm_steps([100, 90, 10], 3) == pytest.approx([120, 120, 120])  # none is decided


def test_seeds_that_give_no_value_are_counted_with_those_that_are_needed():
    # Both arrive at every fourth seed: 7 such seeds take 28.
    tables = c2(np.full(24, 2.0))
    table = tables["function_fit_history"]
    table.loc[(table["variant"] == "sinc_deep") & (table["seed"] % 4 > 0), "batch_loss"] = 0.5
    found = decided("C2", tables, [CLAIMS["C2"]])
    assert [part.n for part in found.parts[:4]] == [6, 24, 6, 24] and found.parts[0].seeds == 24
    assert (found.verdict, found.needed) == ("inconclusive", 28)  # one part has seeds enough
    # And a distance takes two: 7 pairs are 14 seeds.
    found = decided("C7", planted("C7", random(3), 1, 10), [CLAIMS["C7"]])
    assert (found.parts[0].n, found.verdict, found.needed) == (5, "inconclusive", 14)
    assert "5 pairs of runs" in ledger.sentence(found)


@pytest.mark.parametrize("claim", OF_SEEDS)
@pytest.mark.parametrize("effect", [1, 0])
def test_further_seeds_change_no_value_of_the_seeds_before(claim, effect):
    """To the last bit, of every statistic: so one may look in between."""
    tables = planted(claim, random(12), effect, 14)
    for few in (2, 5, 8, 13):
        assert_prefixes(CLAIMS[claim], tables, few)


def test_a_claim_is_refuted_by_the_mean_of_its_parts():
    """By one of two that is clear enough, or by both that are not; the evidence is their mean."""
    rule = CLAIMS["C5"].parts[0]
    parts = (replace(rule, confirmed=Region(above=border)) for border in (2.0, 0.1))
    two = replace(CLAIMS["C5"], parts=tuple(parts))
    (found,) = decide([two], c5(np.full(9, 2.0)))
    assert found.e_refuted == pytest.approx((evidence(9, 9, 0.5) + evidence(0, 9, 0.5)) / 2)
    assert found.e_confirmed == evidence(0, 9, 0.5) and found.verdict == "refuted"
    (found,) = decide([two], c5(np.full(7, 2.0)))
    assert found.verdict == "inconclusive" and found.needed == 8


def ratios(values: np.ndarray) -> dict:
    """Tables of C5 in which the ratio of each seed has a value; the border is 0.95."""
    table = by_epoch("batch_loss", deep=values[:, None], shallow=np.ones((len(values), 1)))
    return {"mnist_cnn_history": table}


def yes(seeds: np.ndarray) -> dict:
    """Tables of C25, which is about more than half of the runs, in which some are as claimed."""
    return c25(np.where(seeds, 1.0, -1.0))


@pytest.mark.parametrize(
    "claim, tables, expected",
    [
        ("C5", lambda n: ratios(np.full(n, 0.9)), "confirmed"),
        ("C5", lambda n: ratios(np.full(n, 0.975)), SMALLER),
        ("C5", lambda n: ratios(np.full(n, 1.0)), NONE),
        ("C5", lambda n: ratios(np.full(n, 1.03)), "refuted"),
        ("C5", lambda n: ratios(np.full(n, 0.95)), "inconclusive"),
        ("C5", lambda n: ratios(np.where(np.arange(n) % 2, 0.5, 2.0)), "inconclusive"),
        ("C5", lambda n: ratios(np.where(np.arange(n) % 12 == 5, 2.0, 0.5)), "confirmed"),
        ("C25", lambda n: yes(np.arange(n) % 2 == 0), "inconclusive"),
        ("C25", lambda n: yes(np.arange(n) % 5 > 1), "inconclusive"),
        ("C25", lambda n: yes(np.arange(n) % 10 != 5), "confirmed"),
        ("C25", lambda n: yes(np.arange(n) % 10 == 5), "refuted"),
    ],
    ids="twice,half,none,reverse,tied,two peaks,one in twelve,one in two,three in five,"
    "nine in ten,one in ten".split(","),
)
def test_planted_effects_at_any_number_of_seeds(claim, tables, expected):
    """Never another verdict than the right one, and that one once there are seeds enough."""
    found = [decided(claim, tables(n)).verdict for n in (6, 12, 24, 100)]
    assert found[0] == "not enough seeds" and found[-1] == expected
    assert set(found[1:]) <= {expected, "inconclusive"}


def test_one_seed_is_reported_without_an_interval():
    finding = decided("C5", c5(np.full(1, 2.0)))
    assert finding.verdict == "not enough seeds"
    assert "one seed" in ledger.sentence(finding)
    row, _ = ledger.part_rows([finding])
    assert (row["n"], row["low"], row["high"]) == (1, None, None)
    assert row["estimate"] == pytest.approx(0.95**2)


def test_the_reports_own_number_stands_beside_ours():
    _, row = ledger.part_rows([decided("C5", c5(np.full(12, 2.0)))])
    assert row["reported"] == 1.49
    text = "The report's 1.49: 12 of 12 seeds are below it, outside their range"
    assert row["reported_text"].startswith(text)
    _, row = ledger.part_rows([decided("C5", c5(np.full(39, 2.0)))])
    assert row["reported_text"].endswith("outside the seeds' 95 % prediction interval")


# --- the ledger


@pytest.mark.parametrize("size, word", [(2.0, "it plateaus"), (5.0, "it falls")])
def test_plateau_or_fall_is_said(size, word):
    finding = decided("C14", c14(np.full(20, size)))
    assert word in ledger.sentence_of(finding.parts[1])


def test_a_missing_variant_table_or_grid_point_is_named():
    tables = c1(np.full(12, 2.0))
    table = tables["function_fit_metrics"]
    tables["function_fit_metrics"] = table[table["variant"] != "sinc_medium"]
    finding = decided("C1", tables)
    verdicts = [part.verdict for part in finding.parts[:3]]
    assert verdicts == ["confirmed", "not computed", "confirmed"]
    assert finding.verdict == "not computed"
    assert "no runs of sinc_medium" in ledger.sentence(finding)
    assert "no table function_fit_history" in ledger.sentence(decided("C2", tables))

    lines = on_line(12)["interpolation_lines"]
    without = {"interpolation_lines": lines[lines["alpha"] != 0.5]}
    assert "no alpha of 0.5" in decided("C10", without).parts[1].missing


def test_a_part_that_decides_nothing_stands_beside_the_others():
    finding = decided("C2", c2(np.full(14, 2.0)))
    assert [part.decides for part in finding.parts] == [True] * 4 + [False] * 7
    assert ledger.sentence(finding).startswith("4 of 4 parts confirmed")
    beside = ledger.part_rows([finding])[-1]
    assert beside["rule"].startswith("decides nothing") and beside["decides"] is False


def test_a_claim_without_tables_says_so_unless_nobody_asks_for_it():
    tables = c14(np.full(6, 2.0))
    found = {finding.claim.id: finding for finding in decide(ALL, tables)}
    assert list(found) == list(CLAIMS)
    assert "no table mnist_cnn_history" in ledger.sentence(found["C5"])
    asked = ["C0", "C12", "C13", "C14", "C24"]
    findings = decide(ALL, tables, [name for name in CLAIMS if name not in asked])
    assert [finding.claim.id for finding in findings] == asked
    # What a verdict takes does not depend on what is asked for.
    assert findings[3] == found["C14"]._replace(parts=findings[3].parts)


@pytest.mark.parametrize("error", [TypeError, KeyError, ZeroDivisionError, ValueError])
def test_an_error_of_a_statistic_is_no_verdict(monkeypatch, error):
    def wrong(tables, **of):
        raise error("of the code")

    monkeypatch.setitem(statistics.STATISTICS, "final_ratio", wrong)
    with pytest.raises((error, RuntimeError)) as caught:
        decide(ALL, c5(np.full(12, 2.0)))
    assert not isinstance(caught.value, ValueError)  # which a script makes one line of


@pytest.mark.parametrize(
    "change, said",
    [
        ({"statistic": "final"}, ".0.statistic: found 'final': did you mean final_"),
        (
            {"statistic": "arrives", "of": {"experiment": "e", "variant": "v", "below": "1e-2"}},
            ".0.of.below: found '1e-2' (str), expected number",
        ),
        ({"of": {}}, ".0.of: the key 'experiment' is missing"),
        ({"of": C5 | {"experiment": "capacitty"}}, ".0.of.experiment: found 'capacitty'"),
        ({"of": C5 | {"varient": "deep"}}, ".0.of: unknown key 'varient': did you"),
        ({"of": C5 | {"variant": ["deep"]}}, ".0.of.variant: found ['deep'] (list)"),
        ({"of": C5 | {"split": "tset"}}, ".0.of.split: found 'tset', expected one of"),
        ({"confirmed": {"within": [2, 1]}}, ".0.confirmed.within: found [2, 1], expected them"),
        ({"confirmed": {"above": 1, "below": 2}}, ".0.confirmed: found {'above': 1, 'below': 2}"),
        ({"refuted": {"above": 1, "below": 2}}, ".0.refuted: found {'above': 1, 'below': 2}"),
        ({"refuted": {}}, ".0.refuted: found {}, expected at least one entry"),
        ({"refuted": {"below": 0.5}}, ".0.refuted: found numbers that confirm it, too"),
        ({"refuted": {"within": [0.5, 2]}}, ".0.refuted: found numbers that confirm it, too"),
        ({"decides": False}, ": found none that decides it"),
    ],
)
def test_what_a_claim_cannot_say_is_refused_before_any_run(change, said):
    known = [claim.experiment for claim in ALL if claim.experiment]
    assert checked_claims(SAID, known, "mine.yaml") == ALL
    with pytest.raises(ValueError) as caught:
        changed = C5_SAID | {"parts": [END_PART | change]}
        checked_claims([changed], known, "mine.yaml")
    key, _, what = said.partition(": ")
    assert str(caught.value).startswith(f"0.parts{key}: claim C5: {what}")


SINC = {"experiment": "function_fit", "variant": "sinc_deep", "baseline": "sinc_shallow"}


@pytest.mark.parametrize(
    "claim, part, of, said",
    [
        ("C1", 0, {"variant": "sinc_dep"}, "variant: found 'sinc_dep': did you mean sin"),
        ("C12", 2, {"variants": ["cnn6", "x"]}, "variants: found 'x': allowed are"),
        ("C3", 0, {"table": "function_fit_cosine"}, "table: found 'function_fit_cosine'"),
        ("C5", 1, SINC | {"split": "test"}, "split: found 'test', but sinc_deep has no test s"),
        ("C6", 0, SINC, "experiment: sinc_deep of function_fit has not what curve_difference"),
        ("C9", 0, {"column": "gradient"}, "column: the history of mlp has no column 'gra"),
        ("C10", 0, {"experiment": "capacity"}, "experiment: capacity has no table lines"),
        ("C12", 1, {"experiment": "trajectory"}, "experiment: trajectory has one"),
        ("C12", 1, {"experiment": "function_fit"}, "column: found 'accuracy'"),
        ("C15", 0, {"experiment": "trajectory"}, "experiment: the history of mlp has no"),
        ("C15", 1, {"experiment": "capacity"}, "experiment: found the variants cnn1, cn"),
        ("K6", 0, {"variant": "a"}, "variant: found 'a': allowed are independent, match"),
    ],
)
def test_what_no_build_will_have_is_refused_before_any_run(config, claim, part, of, said):
    name = "claims" if claim.startswith("C") else "controls"
    claims = read_claims(ROOT / config["claims"][name]["file"])
    check_evidence(name, claims, read(config), {})
    (wrong,) = [entry for entry in claims if entry.id == claim]
    wrong.parts[part].of.update(of)
    with pytest.raises(ValueError) as caught:
        check_evidence(name, [wrong], read(config), {})
    key, _, what = said.partition(": ")
    assert str(caught.value).startswith(f"0.parts.{part}.of.{key}: claim {claim}: {what}")
    # Unless the configuration leaves it out, the claim or the variant.
    config["claims"][name]["leave_out"] = {claim: "not here"}
    check_evidence(name, [wrong], read(config), {})
    if claim == "C1":
        del config["claims"][name]["leave_out"]
        check_evidence(name, [wrong], read(config), {"function_fit": ["sinc_dep"]})


def test_a_claim_that_is_left_out_is_on_the_list():
    with pytest.raises(
        ValueError, match=r"^claims\.mine\.leave_out: found 'C99': did you mean C9\?"
    ):
        mine = ClaimList(title="t", file="f", leave_out={"C99": "x"})
        check_left_out({"mine": mine}, {"mine": ALL})


def test_effects_are_in_units_of_the_smallest_one_that_matters():
    def effect(value: float, region: Region, null: float | None = 0) -> float:
        return ledger.scale(Sample(np.ones(6), null=null), region)(value)

    assert effect(0.3, Region(above=0.1)) == pytest.approx(3)
    assert effect(0.81, Region(below=0.9), 1) == pytest.approx(2)
    assert effect(1.1, Region(below=0.9), 1) < 0
    assert effect(0.3, Region(above=0)) == pytest.approx(0.3)
    assert effect(11.5, Region(within=(9.5, 11.5)), None) == pytest.approx(1)


def test_tables_of_the_ledger_have_a_row_per_claim_and_part():
    findings = [found for c in ALL for found in decide([c], PLANTED[c.id](np.full(6, 2.0)))]
    rows, parts = ledger.claim_rows(findings), ledger.part_rows(findings)
    assert [row["claim"] for row in rows] == list(CLAIMS)
    assert len(parts) == sum(len(claim.parts) for claim in ALL)
    assert all(row["sentence"].endswith(".") for row in [*rows, *parts])


def test_the_keys_of_all_statistics_are_known_without_importing_them():
    found = known_statistics()
    assert found.keys() == statistics.STATISTICS.keys()
    for name, function in statistics.STATISTICS.items():
        _, *arguments = inspect.signature(function).parameters.values()
        assert [*found[name]] == [argument.name for argument in arguments]
        assert [key.optional for key in found[name].values()] == [
            argument.default is not argument.empty for argument in arguments
        ]
    assert found["loss_fall"]["experiment"].needs == (
        "one variant", "history.train_loss", "a row per epoch",
    )  # fmt: skip
    assert found["order_correlation"]["column"].allowed == ("loss", "accuracy", "epoch")
    assert found["final_loss"]["variant"].kind == "Variant"


@pytest.mark.parametrize(
    "head, message",
    [
        ("()", "found (), expected annotations as in src/hw1/claims/keys.py, one of them an exp"),
        ("(tables, table)", "found (tables, table), expected"),
        ("(tables, table: Annotated[str])", "found (tables, table: Annotated[str]), expected"),
        (
            "(tables, table: Table, v: Varient)",
            "found (tables, table: Table, v: Varient), expected",
        ),
        ("(tables, table: Table, *, v: Variant)", "found (tables, table: Table, *, v: Variant)"),
    ],
)
def test_a_statistic_that_does_not_say_its_keys_is_named_with_its_line(tmp_path, head, message):
    (tmp_path / "statistics").mkdir()
    file = tmp_path / "statistics/own.py"
    file.write_text(f"\ndef own{head} -> Sample:\n    pass\n", encoding="utf-8")
    with pytest.raises(ValueError) as raised:
        known_statistics((str(tmp_path),))
    assert str(raised.value).startswith(f"{file}, line 2: own: {message}")


@pytest.mark.parametrize(
    "confirmed, refuted, meets",
    [
        ({"above": 1}, {"below": 1}, False),
        ({"above": 1}, {"below": 1.5}, True),
        ({"below": 1}, {"below": 0.5}, True),
        ({"within": [0, 1]}, {"above": 1}, False),
        ({"within": [0, 1]}, {"above": 0.9}, True),
        ({"within": [0, 1]}, {"within": [1, 2]}, True),
        ({"within": [0, 1]}, {"within": [2, 3]}, False),
    ],
)
def test_regions_meet_where_they_have_a_number_in_common(confirmed, refuted, meets):
    one, other = Region(**confirmed), Region(**refuted)
    assert one.meets(other) == other.meets(one) == meets


@pytest.mark.parametrize("claim", ["C5", "C6", "C21"])
def test_a_mean_over_the_epochs_takes_all_of_them(config, claim):
    (entry,) = [c for c in read_claims(ROOT / "workflow/claims.yaml") if c.id == claim]
    config["experiments"]["mnist_cnn"]["training"]["history_every"] = 10
    with pytest.raises(ValueError, match=r"deep of mnist_cnn has not what \w+ needs: every epoch"):
        check_evidence("claims", [entry], read(config), {})


def test_a_last_snapshot_is_of_runs_that_end_at_one_epoch(config):
    (entry,) = [c for c in read_claims(ROOT / "workflow/claims.yaml") if c.id == "C8"]
    config["experiments"]["trajectory"]["training"]["stop"] = {"batch_loss": 0.1}
    config["experiments"]["trajectory"]["training"]["snapshot_epochs"] = [0, 1, 2]
    with pytest.raises(ValueError, match=r"has not what contraction needs: no stop"):
        check_evidence("claims", [entry], read(config), {})


def test_a_statistic_whose_annotations_are_text_decides_claims(tmp_path, monkeypatch):
    monkeypatch.setattr(statistics, "STATISTICS", {})
    monkeypatch.setattr("sys.path", [*sys.path])
    text = (
        "from __future__ import annotations\nfrom hw1.claims.sample import Sample\n"
        "def own(tables, table: str) -> Sample:\n    pass\n"
    )
    (tmp_path / "own.py").write_text(text, encoding="utf-8")
    statistics.load([tmp_path / "own.py"])
    assert list(statistics.STATISTICS) == ["own"]
