"""The claims of the report, decided on tables in which the answer was planted."""

import inspect

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import (
    PLANTED,
    assert_prefixes,
    c1,
    c2,
    c5,
    c8,
    c10,
    c14,
    c15,
    c17,
    distances,
    metrics,
    sizes,
)

from hw1.claims import ledger, statistics
from hw1.claims.decisions import Finding, decide, estimate, interval
from hw1.claims.reading import Missing
from hw1.claims.sample import Sample
from hw1.inference import evidence
from hw1_workflow.claim_lists import check_claims, check_evidence, check_left_out
from hw1_workflow.claim_lists import statistics as known_statistics
from hw1_workflow.entries import read

CLAIMS = {
    claim["id"]: claim
    for claim in yaml.safe_load((ROOT / "workflow/claims.yaml").read_text(encoding="utf-8"))
}
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/claims.schema.yaml").read_text(encoding="utf-8"))
ALL = list(CLAIMS.values())


C5_PART = CLAIMS["C5"]["parts"][0]
C5 = C5_PART["of"]


def decided(claim: str, tables: dict, family: list[dict] = ALL) -> Finding:
    """The finding on one of the report's claims, as one of all of them."""
    (found,) = [finding for finding in decide(family, tables) if finding.claim["id"] == claim]
    return found


def random(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# The loss of the largest is the lowest, not higher: no rise is no difference.
REVERSE = {"C13": "no difference that matters"}
PAIRS = ("C7", "C8")  # distances have a value for each two seeds


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("effect", [1, -1], ids=["planted", "reverse"])
def test_planted_effects_are_found(claim, effect):
    finding = decided(claim, PLANTED[claim](random(11), effect, 28 if claim in PAIRS else 14))
    expected = "confirmed" if effect == 1 else REVERSE.get(claim, "refuted")
    assert finding.verdict == expected, ledger.sentence(finding)
    assert finding.needed is None


@pytest.mark.parametrize("claim", [name for name in CLAIMS if name != "C0"])
def test_nothing_is_confirmed_where_nothing_was_planted(claim):
    finding = decided(claim, PLANTED[claim](random(11), 0, 13))
    assert finding.verdict not in ("confirmed", "not computed"), ledger.sentence(finding)


# --- verdicts that were wrong once


def largest_gains_all_the_way(seed: int) -> np.ndarray:
    return (98 + 0.04 * np.arange(10) + random(seed).normal(0, 0.001, 10)) / 100


def rising_loss(seed: int) -> np.ndarray:
    return np.exp(0.2 * np.arange(5.0) + random(seed).normal(0, 0.01, 5))


def history(test_loss: np.ndarray, n: int = 14) -> dict:
    tables = c15(random(1), 1, n)
    epochs = tables["random_labels_history"]["epoch"]
    return tables | {
        "random_labels_history": tables["random_labels_history"].assign(
            test_loss=test_loss[epochs - 1]
        )
    }


def some_at_60_percent() -> dict:
    values = np.where(np.arange(30) < 9, 0.6, 0.105)
    return {
        "random_labels_metrics": metrics(
            [
                {"variant": "lenet5", "seed": seed, "split": split, "accuracy": value}
                for split in ("train", "test")
                for seed, value in enumerate(values)
            ]
        )
    }


def lowest_at_the_start() -> dict:
    tables = c10(random(2), 1, 14)
    lines = tables["interpolation_lines"]
    lines.loc[lines["alpha"] == 0, "loss"] -= 0.9
    return tables


def some_never_arrive() -> dict:
    """Faster in all of the eight pairs where both arrive; in four the deep one never does."""
    tables = c2(random(3), 1, 12)
    table = tables["function_fit_history"]
    never = (table["variant"] != "sinc_shallow") & (table["seed"] < 2)
    table.loc[never, "batch_loss"] = 1.0
    return tables


@pytest.mark.parametrize(
    "claim, tables, verdicts",
    [
        # One direction tested of two that are claimed.
        ("C13", sizes(14, "loss", "test", rising_loss), {"no difference that matters"}),
        ("C14", sizes(14, "accuracy", "test", largest_gains_all_the_way), {"refuted"}),
        ("C10", lowest_at_the_start(), {"refuted"}),
        # The direction ignored.
        ("C16", some_at_60_percent(), {"inconclusive"}),
        ("C15", history(np.full(10, 2.3)), {"refuted"}),
        ("C15", history(2.3 + 0.1 * abs(np.arange(10) - 4.5)), {"refuted"}),
        # Censoring: how fast is not how often.
        ("C2", some_never_arrive(), {"confirmed", "not enough seeds"}),
    ],
)
def test_planted_cases_that_a_weaker_rule_got_wrong(claim, tables, verdicts):
    finding = decided(claim, tables)
    assert finding.verdict in verdicts, ledger.sentence(finding)


@pytest.mark.parametrize(
    "claim, tables",
    [
        ("C2", c2(random(4), 0, 14)),
        ("C5", c5(random(4), 0, 12)),
        ("C9", PLANTED["C9"](random(4), 0, 12)),
        ("C13", PLANTED["C13"](random(4), 0, 14)),
    ],
)
def test_what_is_smaller_than_matters_is_not_refuted(claim, tables):
    """Differences that are all exactly none, and small ones in the direction claimed."""
    for name, table in tables.items():
        columns = [c for c in table if c in ("loss", "batch_loss", "gradient_norm", "accuracy")]
        if claim == "C2" and "history" in name:
            table[columns] = np.where(table[["epoch"]] < 20, 1.0, 0.001)
        elif claim == "C9":
            table[columns] = 1.0
        elif claim in ("C5", "C13"):
            table[columns] = 0.5
    finding = decided(claim, tables)
    assert finding.verdict == "no difference that matters", ledger.sentence(finding)


def test_a_small_effect_as_claimed_is_told_from_the_reverse():
    def ratio_of(shift: float) -> str:
        rows = [
            {"variant": variant, "seed": seed, "loss": 0.01 * np.exp(own + 0.001 * seed)}
            for variant, own in (("deep", shift), ("shallow", 0))
            for seed in range(12)
        ]
        return decided("C5", {"mnist_cnn_metrics": metrics(rows)}).verdict

    assert ratio_of(np.log(0.97)) == "smaller than matters"
    assert ratio_of(np.log(1.03)) == "refuted"
    assert ratio_of(np.log(0.9)) == "confirmed"


# --- tables that cannot be right


def damaged(column: str, value: float, seed: int = 3) -> dict:
    tables = c5(random(5), 1, 12)
    table = tables["mnist_cnn_metrics"].astype({column: float})
    table.loc[table["seed"] == seed, column] = value
    return {"mnist_cnn_metrics": table}


def without_the_last_epoch() -> dict:
    tables = c5(random(5), 1, 12)
    table = tables["mnist_cnn_metrics"]
    earlier = table.assign(epoch=5)
    late = table[(table["seed"] != 3) | (table["variant"] != "deep")]
    return {"mnist_cnn_metrics": pd.concat([earlier, late])}


def a_seed_twice(**others) -> dict:
    table = c5(random(5), 1, 12)["mnist_cnn_metrics"]
    again = table[table["seed"] == 3].assign(**others)
    return {"mnist_cnn_metrics": pd.concat([table, again])}


@pytest.mark.parametrize(
    "tables, reason",
    [
        (damaged("loss", np.nan), "mnist_cnn_metrics: deep, seed 3, epoch 10: loss is nan"),
        (damaged("loss", np.inf), "loss is inf"),
        (damaged("loss", -0.1), "loss is -0.1"),
        (damaged("seed", 3.5), "seed is 3.5"),
        (a_seed_twice(), "deep, seed 3, epoch 10: stands there twice"),
        (a_seed_twice(loss=0.5), "deep, seed 3, epoch 10: stands there twice"),
        (without_the_last_epoch(), "deep, seed 3: the last epoch is 5, expected 10"),
        (
            {"mnist_cnn_metrics": damaged("loss", 1)["mnist_cnn_metrics"].assign(loss="0.1")},
            "loss holds text, expected numbers",
        ),
    ],
)
def test_a_table_that_cannot_be_right_is_named_and_decides_nothing(tables, reason):
    finding = decided("C5", tables)
    assert finding.verdict == "not computed"
    assert reason in ledger.sentence(finding)


@pytest.mark.parametrize("claim", ["C1", "C3", "C4", "C6", "C8", "C15"])
def test_columns_without_numbers_refute_nothing(claim):
    tables = PLANTED[claim](random(5), 1, 12)
    numbers = ("loss", "batch_loss", "accuracy", "distance", "prediction", "train_loss")
    for table in tables.values():
        for column in set(numbers) & set(table):
            table[column] = np.nan
    finding = decided(claim, tables)
    assert finding.verdict == "not computed" and "nan" in ledger.sentence(finding)


def test_the_order_of_rows_does_not_matter():
    for claim in CLAIMS:
        tables = PLANTED[claim](random(6), 1, 12)
        mixed = {name: table.sample(frac=1, random_state=0) for name, table in tables.items()}
        assert ledger.part_rows(decide(ALL, tables)) == ledger.part_rows(decide(ALL, mixed))


def test_borders_of_arithmetic_cost_no_other_claim_its_verdict():
    # A loss of exactly 0 is lower than any; a ratio to it is none.
    tables = c5(random(5), 1, 12)
    table = tables["mnist_cnn_metrics"]
    table.loc[(table["variant"] == "deep") & (table["seed"] < 7), "loss"] = 0.0
    assert decided("C5", tables).verdict == "confirmed"
    assert ledger.part_rows([decided("C5", tables)])[0]["effect"] is None
    table.loc[(table["variant"] == "shallow") & (table["seed"] == 3), "loss"] = 0.0
    assert "seed 3: a ratio to 0" in ledger.sentence(decided("C5", tables))

    tables = PLANTED["C7"](random(5), 1, 28) | c8(random(5), 1, 28)
    tables["trajectory_distances_model"].loc[0, "distance"] = 0.0
    assert decided("C7", tables).verdict == "confirmed"
    assert decided("C8", tables).verdict == "not computed"
    assert "seed 0: a ratio to 0" in ledger.sentence(decided("C8", tables))


def test_a_run_that_was_stopped_early_ends_where_its_history_does():
    tables = without_the_last_epoch()
    assert decided("C5", tables).verdict == "not computed"
    ends = {("deep", 3): 5}
    tables["mnist_cnn_history"] = pd.DataFrame(
        [
            {"variant": variant, "seed": seed, "epoch": ends.get((variant, seed), 10)}
            for variant in ("deep", "shallow")
            for seed in range(12)
        ]
    )
    assert decided("C5", tables).verdict == "confirmed"


# --- how many seeds


def test_what_a_verdict_takes_does_not_depend_on_what_was_built():
    # Alone, 7 seeds that all agree give 58 of 40 that it takes; as one of 20 claims it takes 12.
    assert decided("C5", c5(random(1), 1, 7), [CLAIMS["C5"]]).verdict == "confirmed"
    few = decided("C5", c5(random(1), 1, 11))
    assert (few.verdict, few.needed, few.e_needed) == ("not enough seeds", 12, 800)
    assert few.e_confirmed == pytest.approx(749, abs=0.5)
    assert "about 12 seeds would decide" in ledger.sentence(few)
    assert decided("C5", c5(random(1), 1, 12)).verdict == "confirmed"


def test_seeds_that_give_no_value_are_counted_with_those_that_are_needed():
    # Both arrive at every fourth seed: 12 such seeds take 48.
    tables = c17(random(2), 1, 24)
    table = tables["function_fit_metrics"]
    table.loc[(table["variant"] == "sinc_deep") & (table["seed"] % 4 > 0), "loss"] = 0.5
    found = decided("C17", {"function_fit_metrics": table}, [CLAIMS["C17"]])
    assert [part.n for part in found.parts] == [6, 24] and found.parts[0].seeds == 24
    assert (found.verdict, found.needed) == ("inconclusive", 28)  # one part has seeds enough
    # And a distance takes two: 7 pairs are 14 seeds.
    found = decided("C7", PLANTED["C7"](random(3), 1, 10), [CLAIMS["C7"]])
    assert (found.parts[0].n, found.verdict, found.needed) == (5, "inconclusive", 14)
    assert "5 pairs of runs" in ledger.sentence(found)


@given(st.sampled_from([name for name in CLAIMS if name != "C0"]), st.integers(2, 13), st.data())
@settings(max_examples=60)
def test_further_seeds_change_no_value_of_the_seeds_before(claim, few, data):
    """To the last bit, of every statistic: so one may look in between."""
    effect = data.draw(st.sampled_from([1, 0, -1]))
    tables = PLANTED[claim](random(data.draw(st.integers(0, 99))), effect, 14)
    assert_prefixes(CLAIMS[claim], tables, few)


def test_a_claim_is_refuted_by_the_mean_of_its_parts():
    """By one of two that is clear enough, or by both that are not; the evidence is their mean."""
    part = C5_PART | {"confirmed": {"above": 2.0}}
    two = CLAIMS["C5"] | {"parts": [part, part | {"confirmed": {"above": 0.1}}]}
    (found,) = decide([two], c5(random(1), 1, 9))
    assert found.e_refuted == pytest.approx((evidence(9, 9, 0.5) + evidence(0, 9, 0.5)) / 2)
    assert found.e_confirmed == evidence(0, 9, 0.5) and found.verdict == "refuted"
    (found,) = decide([two], c5(random(1), 1, 7))
    assert found.verdict == "inconclusive" and found.needed == 8


@pytest.mark.parametrize(
    "values, expected",
    [
        # The border is 0.95: twice the effect, half of it, none, the reverse, tied, of two peaks.
        (lambda n: np.full(n, 0.9), "confirmed"),
        (lambda n: np.full(n, 0.975), "smaller than matters"),
        (lambda n: np.full(n, 1.0), "no difference that matters"),
        (lambda n: np.full(n, 1.2), "refuted"),
        (lambda n: np.full(n, 0.95), "inconclusive"),
        (lambda n: np.where(np.arange(n) % 2, 0.5, 2.0), "inconclusive"),
        (lambda n: np.where(np.arange(n) % 12 == 5, 2.0, 0.5), "confirmed"),
    ],
    ids=["twice", "half", "none", "reverse", "tied", "two peaks", "one in twelve"],
)
def test_planted_sizes_at_any_number_of_seeds(values, expected):
    """Never another verdict than the right one, and that one once there are seeds enough."""
    found = []
    for n in (6, 12, 24, 100):
        rows = [
            {"variant": variant, "seed": seed, "loss": loss}
            for variant, losses in (("deep", values(n)), ("shallow", np.ones(n)))
            for seed, loss in enumerate(losses)
        ]
        found.append(decided("C5", {"mnist_cnn_metrics": metrics(rows)}).verdict)
    assert found[0] == "not enough seeds" and found[-1] == expected
    assert set(found[1:]) <= {expected, "inconclusive"}


def test_one_seed_is_reported_without_an_interval():
    finding = decided("C5", c5(random(2), 1, 1))
    assert finding.verdict == "not enough seeds"
    assert "one seed" in ledger.sentence(finding)
    (row,) = ledger.part_rows([finding])
    assert (row["n"], row["low"], row["high"]) == (1, None, None)
    assert row["estimate"] == pytest.approx(np.exp(-0.7), rel=0.3)


def test_the_reports_own_number_stands_beside_ours():
    (row,) = ledger.part_rows([decided("C5", c5(random(2), 1, 12))])
    assert row["reported"] == 1.49
    text = "The report's 1.49: 12 of 12 seeds are below it, outside their range"
    assert row["reported_text"].startswith(text)
    (row,) = ledger.part_rows([decided("C5", c5(random(2), 1, 39))])
    assert row["reported_text"].endswith("outside the seeds' 95 % prediction interval")


# --- statistics by hand


def test_median_ratio_by_hand():
    rows = [
        {"variant": variant, "seed": seed, "loss": loss}
        for variant, losses in (("deep", (1, 2, 6)), ("shallow", (2, 2, 2)))
        for seed, loss in enumerate(losses)
    ]
    # Seed 3 of deep alone has no partner.
    rows.append({"variant": "deep", "seed": 3, "loss": 100.0})
    tables = {"mnist_cnn_metrics": metrics(rows)}
    found = statistics.final.final_ratio(tables, "mnist_cnn", "deep", "shallow", "train")
    assert found.values.tolist() == [0.5, 1, 3]
    assert estimate(found) == 1
    assert estimate(Sample(np.array([0.5, 2]), null=1)) == 1  # of ratios the geometric mean
    assert interval(found) is None


def test_speed_is_of_the_pairs_where_both_arrive():
    tables = c2(random(3), 0, 4)
    table = tables["function_fit_history"]
    deep, shallow = (table["variant"] == f"sinc_{size}" for size in ("deep", "shallow"))
    table.loc[deep & (table["seed"] <= 1), "batch_loss"] = 1.0
    table.loc[shallow & (table["seed"] == 1), "batch_loss"] = 1.0
    arguments = {"experiment": "function_fit", "below": 0.05}
    epochs = statistics.course.epochs_to(tables, variant="sinc_deep", **arguments)
    assert epochs.isna().tolist() == [True, True, False, False]
    found = statistics.course.convergence_ratio(
        tables, variant="sinc_deep", baseline="sinc_shallow", **arguments
    )
    baseline = statistics.course.epochs_to(tables, variant="sinc_shallow", **arguments)
    assert found.values == pytest.approx([epochs[2] / baseline[2], epochs[3] / baseline[3]])
    arrived = statistics.course.arrives(tables, variant="sinc_deep", **arguments)
    assert (arrived.share, estimate(arrived)) == (True, 0.5)


def test_a_running_median_ignores_a_single_dip():
    table = pd.DataFrame({"variant": "sinc_deep", "seed": 0, "epoch": range(1, 61)})
    table["batch_loss"] = 1.0
    table.loc[20, "batch_loss"] = 0.0
    table.loc[40:, "batch_loss"] = 0.0
    tables = {
        "function_fit_history": table,
        "function_fit_metrics": metrics([{"variant": "sinc_deep", "seed": 0}]),
    }
    # Six of the last eleven epochs are low first at epoch 46 (index 45).
    assert statistics.course.epochs_to(tables, "function_fit", "sinc_deep", 0.05)[0] == 46


def test_contraction_by_hand():
    # Of seeds 0, 1, 3, 4 and 7 the pairs are 0 with 1 and 3 with 4; 7 has none.
    seeds = (0, 1, 3, 4, 7)
    rows = [
        {"variant": "mlp", "seed": a, "other_seed": b, "epoch": epoch, "distance": distance}
        for epoch in (0, 9)
        for a in seeds
        for b in seeds
        if a < b
        for distance in [{(0, 0, 1): 2.0, (9, 0, 1): 3.0, (0, 3, 4): 4.0, (9, 3, 4): 1.0}
                         .get((epoch, a, b), 9.0)]
    ]  # fmt: skip
    found = statistics.distances.contraction({"d": pd.DataFrame(rows)}, "d")
    assert found.values.tolist() == [1.5, 0.25] and found.of_pairs


def test_contraction_needs_the_weights_before_training_and_each_pair():
    table = distances(random(4), 1, 6)
    for kept in (table[table["epoch"] == 0], table[table["epoch"] == 9]):
        with pytest.raises(Missing, match="epoch 0 and of a later one"):
            statistics.distances.contraction({"d": kept}, "d")
    with pytest.raises(Missing, match="d: not each of 3 pairs of runs is there after each epoch"):
        statistics.distances.contraction({"d": table.iloc[:-1]}, "d")
    with pytest.raises(Missing, match="has no rows"):
        statistics.distances.contraction({"d": table.iloc[:0]}, "d")


@pytest.mark.parametrize(
    "losses, expected",
    [
        # alpha 0, 0.25, 0.5, 0.75, 1
        ((1, 0.9, 0.8, 0.9, 1), -0.2),  # under both ends: how far
        ((1, 1.2, 1.5, 1.2, 1), 0.5),  # a barrier of 0.5
        ((0, 0.25, 0.5, 0.75, 1), 0.0),  # the chord itself: higher than one end, but no barrier
        ((1, 0.6, 0.4, 0.25, 0.2), -0.15),  # falling all the way: how far under the chord
    ],
)
def test_barrier_by_hand(losses, expected):
    lines = pd.DataFrame(
        {
            "variant": "a_b",
            "seed": 0,
            "split": "train",
            "alpha": [0.0, 0.25, 0.5, 0.75, 1.0],
            "loss": losses,
        }
    )
    found = statistics.line.barrier({"interpolation_lines": lines}, "interpolation", "train")
    assert estimate(found) == pytest.approx(expected)


def test_two_variants_of_one_size_are_two_points():
    tables = sizes(6, "loss", "train", lambda seed: np.exp(-np.arange(5.0)))
    table = tables["capacity_metrics"]
    table.loc[table["variant"] == "cnn2", "parameters"] = 10
    found = statistics.size.size_correlation(tables, "capacity", "train", "loss")
    assert estimate(found) == pytest.approx(-0.975, abs=0.001)


def test_best_size_is_chosen_on_the_seeds_before():
    values = pd.DataFrame({10: [1.0, 5.0, 1.0, 5.0], 20: [2.0, 3.0, 2.0, 3.0]}, index=[0, 1, 2, 3])
    # Before seed 1 it is 20 (2 against 1), before 2 it is 10 (3 against 2.5), before 3 it is 10
    # (2.33 either way, of which it is the first).
    assert statistics.size.best_size(values).to_dict() == {1: 3.0, 2: 1.0, 3: 5.0}


@pytest.mark.parametrize("last, word", [(98.98, "it plateaus"), (98.0, "it falls")])
def test_plateau_or_fall_is_said(last, word):
    def values(seed: int) -> np.ndarray:
        return (np.array([97, 98, 99, 99, last]) + random(seed).normal(0, 0.02, 5)) / 100

    finding = decided("C14", sizes(20, "accuracy", "test", values))
    assert word in ledger.sentence_of(finding.parts[1])


@pytest.mark.parametrize("accuracy, loss, share", [(0.16, 2.3, 1), (0.12, 2.1, 1), (0.12, 2.25, 0)])
def test_memorising_by_accuracy_or_by_loss(accuracy, loss, share):
    row = {"accuracy": accuracy, "loss": loss, "constant_loss": 2.3, "constant_accuracy": 0.1}
    table = metrics([{"variant": "lenet5", "seed": seed, **row} for seed in range(6)])
    found = statistics.final.memorised({"r_metrics": table}, "r", accuracy_gain=0.05, loss_gain=0.1)
    assert estimate(found) == share


# --- the ledger


def test_missing_variants_tables_and_grid_points_are_named():
    tables = c1(random(5), 1, 12)
    table = tables["function_fit_metrics"]
    tables["function_fit_metrics"] = table[table["variant"] != "sinc_medium"]
    finding = decided("C1", tables)
    assert [part.verdict for part in finding.parts] == ["confirmed", "not computed", "confirmed"]
    assert finding.verdict == "not computed"
    assert "no runs of sinc_medium" in ledger.sentence(finding)
    assert "no table function_fit_history" in ledger.sentence(decided("C2", tables))

    tables = c10(random(5), 1, 12)
    lines = tables["interpolation_lines"]
    tables["interpolation_lines"] = lines[lines["alpha"] != -1]
    assert "no alpha of -1" in decided("C10", tables).parts[4].missing

    table = c5(random(5), 1, 12)["mnist_cnn_metrics"].drop(columns="loss")
    assert decided("C5", {"mnist_cnn_metrics": table}).parts[0].missing.endswith("no column loss")


def test_a_part_that_decides_nothing_stands_beside_the_others():
    finding = decided("C10", c10(random(5), 1, 12))
    assert [part.decides for part in finding.parts] == [True] * 4 + [False] * 4
    assert ledger.sentence(finding).startswith("4 of 4 parts confirmed")
    beside = ledger.part_rows([finding])[-1]
    assert beside["rule"].startswith("decides nothing") and beside["decides"] is False


def test_a_claim_without_tables_says_so_unless_nobody_asks_for_it():
    tables = c14(random(6), 1, 6)
    found = {finding.claim["id"]: finding for finding in decide(ALL, tables)}
    assert list(found) == list(CLAIMS)
    assert "no table mnist_cnn_metrics" in ledger.sentence(found["C5"])
    others = [name for name in CLAIMS if name not in ("C0", "C12", "C13", "C14")]
    findings = decide(ALL, tables, others)
    assert [finding.claim["id"] for finding in findings] == ["C0", "C12", "C13", "C14"]
    # What a verdict takes does not depend on what is asked for.
    assert findings[-1] == found["C14"]._replace(parts=findings[-1].parts)


@pytest.mark.parametrize("error", [TypeError, KeyError, ZeroDivisionError, ValueError])
def test_an_error_of_a_statistic_is_no_verdict(monkeypatch, error):
    def wrong(tables, **of):
        raise error("of the code")

    monkeypatch.setitem(statistics.STATISTICS, "final_ratio", wrong)
    with pytest.raises((error, RuntimeError)) as caught:
        decide(ALL, c5(random(7), 1, 12))
    assert not isinstance(caught.value, ValueError)  # which a script makes one line of


@pytest.mark.parametrize(
    "change, said",
    [
        (
            {"of": C5 | {"converged_below": "1e-2"}},
            "0.parts.0.of.converged_below: claim C5: found '1e-2' (str), expected a number: write",
        ),
        (
            {"of": C5 | {"varient": "deep"}},
            "0.parts.0.of: claim C5: unknown key 'varient': did you",
        ),
        (
            {"of": C5 | {"variant": ["deep"]}},
            "0.parts.0.of.variant: claim C5: found ['deep'] (list)",
        ),
        (
            {"of": C5 | {"split": "tset"}},
            "0.parts.0.of.split: claim C5: found 'tset': did you mean t",
        ),
        ({"of": {}}, "0.parts.0.of: claim C5: the key 'experiment' of final_ratio is missing"),
        (
            {"confirmed": {"within": [2, 1]}},
            "0.parts.0.confirmed.within: claim C5: found [2, 1], expected a range that goes up",
        ),
        (
            {"reading": {"where": {"within": [2, 1]}, "inside": "a", "outside": "b"}},
            "0.parts.0.reading.where.within: claim C5: found [2, 1]",
        ),
        ({"decides": False}, "0.parts: claim C5: found none that decides it"),
        (
            {"of": C5 | {"experiment": "capacitty"}},
            "0.parts.0.of.experiment: claim C5: found 'capaci",
        ),
        ({"of": {"experiment": 3}}, "0.parts.0.of.experiment: claim C5: found 3 (int), expected"),
        (
            {"statistic": "final"},
            "0.parts.0.statistic: claim C5: found 'final': did you mean final_",
        ),
    ],
)
def test_what_a_claim_cannot_say_is_refused_before_any_run(change, said):
    known = [claim["experiment"] for claim in ALL if claim["experiment"]]
    check_claims(ALL, known, "mine.yaml")
    with pytest.raises(ValueError) as caught:
        changed = CLAIMS["C5"] | {"parts": [CLAIMS["C5"]["parts"][0] | change]}
        check_claims([changed], known, "mine.yaml")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    "claim, part, of, said",
    [
        (
            "C1",
            0,
            {"variant": "sinc_dep"},
            "of.variant: claim C1: found 'sinc_dep': did you mean sin",
        ),
        (
            "C3",
            0,
            {"following": ["sinc_deep", "x"]},
            "of.following: claim C3: found 'x': allowed are",
        ),
        (
            "C3",
            0,
            {"table": "function_fit_cosine"},
            "of.table: claim C3: found 'function_fit_cosine'",
        ),
        (
            "C5",
            0,
            {"experiment": "function_fit"},
            "of.variant: claim C5: found 'deep': did you mean",
        ),
        (
            "C7",
            0,
            {"column": "distances"},
            "of.column: claim C7: found 'distances': did you mean dis",
        ),
        (
            "C9",
            0,
            {"column": "gradient"},
            "of.column: claim C9: the history of mlp has no column 'gra",
        ),
        (
            "C9",
            0,
            {"experiment": "trajectory"},
            "of.experiment: claim C9: mlp of trajectory has not",
        ),
        (
            "C6",
            3,
            {"experiment": "function_fit", "variant": "sinc_deep"},
            "of.experiment: claim C6",
        ),
        ("C12", 1, {"experiment": "trajectory"}, "of.experiment: claim C12: trajectory has one"),
        ("C12", 1, {"experiment": "function_fit"}, "of.column: claim C12: found 'accuracy'"),
        (
            "C10",
            0,
            {"experiment": "capacity"},
            "of.experiment: claim C10: capacity has no table lines",
        ),
        (
            "C15",
            1,
            {"experiment": "capacity"},
            "of.experiment: claim C15: found the variants cnn1, cn",
        ),
        (
            "C15",
            2,
            {"experiment": "trajectory"},
            "of.experiment: claim C15: the history of mlp has no",
        ),
        (
            "C18",
            0,
            {"split": "test"},
            "of.split: claim C18: found 'test', but sinc_deep has no test s",
        ),
        (
            "K6",
            0,
            {"variant": "a"},
            "of.variant: claim K6: found 'a': allowed are independent, match",
        ),
        (
            "K14",
            0,
            {"column": "largest"},
            "of.column: claim K14: found 'largest': allowed are exp",
        ),
    ],
)
def test_what_no_build_will_have_is_refused_before_any_run(config, claim, part, of, said):
    done, _, _ = read(config)
    lists = {
        name: yaml.safe_load((ROOT / entry["file"]).read_text(encoding="utf-8"))
        for name, entry in config["claims"].items()
    }
    name = "claims" if claim.startswith("C") else "controls"
    check_evidence(name, lists[name], config, done, {})
    (wrong,) = [entry for entry in lists[name] if entry["id"] == claim]
    wrong["parts"][part]["of"] |= of
    with pytest.raises(ValueError) as caught:
        check_evidence(name, [wrong], config, done, {})
    assert str(caught.value).startswith(f"0.parts.{part}.{said}")
    # Unless the configuration leaves it out, the claim or the variant.
    config["claims"][name]["leave_out"] = {claim: "not here"}
    check_evidence(name, [wrong], config, done, {})
    if claim == "C1":
        del config["claims"][name]["leave_out"]
        check_evidence(name, [wrong], config, done, {"function_fit": ["sinc_dep"]})


def test_a_claim_that_is_left_out_is_on_the_list():
    with pytest.raises(
        ValueError, match=r"^claims\.mine\.leave_out: found 'C99': did you mean C9\?"
    ):
        check_left_out({"mine": {"leave_out": {"C99": "x"}}}, {"mine": ALL})


def test_a_wrong_number_costs_no_other_claim_its_verdict():
    rule = CLAIMS["C5"]["parts"][0]
    tables = c5(random(7), 1, 12)
    wrong = CLAIMS["C5"] | {"id": "C99", "parts": [rule | {"confirmed": {"below": 0}}]}
    found = {f.claim["id"]: f.verdict for f in decide([*ALL, wrong], tables)}
    assert found["C5"] == "confirmed" and found["C99"] != "confirmed"


def test_effects_are_in_units_of_the_smallest_one_that_matters():
    def effect(value: float, region: dict, null: float | None = 0) -> float:
        return ledger.scale(Sample(np.ones(6), null=null), {"confirmed": region})(value)

    assert effect(0.3, {"above": 0.1}) == pytest.approx(3)
    assert effect(0.81, {"below": 0.9}, 1) == pytest.approx(2)
    assert effect(1.1, {"below": 0.9}, 1) < 0
    assert effect(0.3, {"above": 0}) == pytest.approx(0.3)
    assert effect(11.5, {"within": [9.5, 11.5]}, None) == pytest.approx(1)


def test_tables_of_the_ledger_have_a_row_per_claim_and_part():
    findings = [decided(claim, PLANTED[claim](random(8), 1, 6)) for claim in CLAIMS]
    rows, parts = ledger.claim_rows(findings), ledger.part_rows(findings)
    assert [row["claim"] for row in rows] == list(CLAIMS)
    assert len(parts) == sum(len(claim["parts"]) for claim in CLAIMS.values())
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
    assert found["fluctuates"]["experiment"].needs == (
        "one variant", "history.test_loss", "a row per epoch",
    )  # fmt: skip
    assert found["order_correlation"]["column"].allowed == ("loss", "accuracy", "epoch")
    assert found["final_loss"]["variant"].kind == "Variant"
