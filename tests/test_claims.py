"""The claims of the report, decided on tables in which the answer was planted."""

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from planted import PLANTED, c1, c2, c5, c10, c14, distances, flat, metrics, sizes

from hw1 import claims, inference, ledger

CLAIMS = {
    claim["id"]: claim
    for claim in yaml.safe_load((ROOT / "workflow/claims.yaml").read_text(encoding="utf-8"))
}


def decided(claim: str, tables: dict) -> ledger.Finding:
    """The finding on one of the report's claims."""
    (finding,) = ledger.decide([CLAIMS[claim]], tables)
    return finding


def random(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize(
    "effect, verdicts",
    [(1, {"confirmed"}), (-1, {"refuted"}), (0, {"refuted", "inconclusive"})],
    ids=["planted", "reverse", "nothing"],
)
def test_planted_effects_are_found(claim, effect, verdicts):
    finding = decided(claim, PLANTED[claim](random(11), effect, 10))
    assert finding.verdict in verdicts, ledger.sentence(finding)


def null_cases() -> list:
    """One part for each statistic, and what plants nothing for it."""
    first = {}
    for claim, content in CLAIMS.items():
        for part in content["parts"]:
            plant = flat if part["statistic"] == "best_to_smallest" else PLANTED[claim]
            first.setdefault(part["statistic"], (claim, part, plant))
    del first["parameter_count"]  # exact: there is no sampling
    return [pytest.param(*case, id=statistic) for statistic, case in first.items()]


@pytest.mark.slow
@pytest.mark.parametrize("claim, part, plant", null_cases())
def test_false_confirmations_are_at_most_the_nominal_level(monkeypatch, claim, part, plant):
    """Over 1000 simulated tables without an effect, of as few seeds as a verdict takes. Holm's
    correction, which only makes confirmation rarer, is not used."""
    monkeypatch.setattr(inference, "RESAMPLES", 499)
    generator, simulations = random(0), 1000
    confirmed = [
        ledger.assess(claim, part, plant(generator, 0, 6 + simulation % 2)).verdict == "confirmed"
        for simulation in range(simulations)
    ]
    assert sum(confirmed) <= 0.05 * simulations


def test_holm_needs_more_seeds_the_more_claims_are_tested():
    # Alone, 6 seeds that all agree have p = 2 / 2**6; among nine such tests 9 times that.
    one = decided("C5", c5(random(1), 1, 6))
    assert (one.verdict, one.p) == ("confirmed", 1 / 32)
    tables = {
        name: table
        for claim in ("C2", "C5", "C9", "C10")
        for name, table in PLANTED[claim](random(1), 1, 6).items()
    }
    tested = [CLAIMS[claim] for claim in ("C2", "C5", "C9", "C10")]
    findings = {found.claim["id"]: found for found in ledger.decide(tested, tables)}
    assert findings["C5"].p_holm == 4 / 32
    assert findings["C5"].verdict == "not enough seeds"
    assert all(part.verdict == "confirmed" for part in findings["C5"].parts)
    assert "after Holm" in ledger.sentence(findings["C5"])


def test_fewer_than_six_seeds_are_not_enough_but_reported():
    finding = decided("C5", c5(random(2), 1, 5))
    assert finding.verdict == "not enough seeds"
    assert finding.parts[0].evidence.estimate == pytest.approx(np.exp(-0.7), rel=0.2)
    assert "5 seeds" in ledger.sentence(finding)
    assert "one seed" in ledger.sentence(decided("C5", c5(random(2), 1, 1)))


def test_median_ratio_by_hand():
    rows = [
        {"variant": variant, "seed": seed, "loss": loss}
        for variant, losses in (("deep", (1, 2, 6)), ("shallow", (2, 2, 2)))
        for seed, loss in enumerate(losses)
    ]
    # Seed 3 of deep alone has no partner.
    rows.append({"variant": "deep", "seed": 3, "loss": 100.0})
    found = claims.final_ratio(
        {"mnist_cnn_metrics": metrics(rows)}, "mnist_cnn", "deep", "shallow", "train"
    )
    assert (found.estimate, found.n) == (pytest.approx(1), 3)  # ratios 0.5, 1 and 3


def test_a_run_that_never_converges_counts_with_its_last_epoch():
    tables = c2(random(3), 0, 4)
    history = tables["function_fit_history"]
    deep, shallow = (history["variant"] == f"sinc_{size}" for size in ("deep", "shallow"))
    history.loc[deep & (history["seed"] <= 1), "batch_loss"] = 1.0
    history.loc[shallow & (history["seed"] == 1), "batch_loss"] = 1.0
    arguments = {"experiment": "function_fit", "below": 0.05}
    epochs = claims.epochs_to(tables, variant="sinc_deep", **arguments)
    assert epochs.isna().tolist() == [True, True, False, False]
    found = claims.convergence_ratio(
        tables, variant="sinc_deep", baseline="sinc_shallow", **arguments
    )
    assert found.n == 3  # of the pair where neither converges nothing is known
    baseline = claims.epochs_to(tables, variant="sinc_shallow", **arguments)
    expected = [60 / baseline[0], epochs[2] / baseline[2], epochs[3] / baseline[3]]
    assert found.estimate == pytest.approx(np.median(expected))


def test_a_mean_on_the_other_side_of_the_median_is_no_support():
    # Most runs are better, a few collapse: the mean is significantly worse.
    found = claims.ratio(pd.Series([-0.3] * 21 + [3.2] * 9))
    assert found.estimate < 1
    assert inference.sign_flip(np.array([-0.3] * 21 + [3.2] * 9)) < 0.05
    assert found.p == 1


def test_a_running_median_ignores_a_single_dip():
    history = pd.DataFrame({"variant": "sinc_deep", "seed": 0, "epoch": range(1, 61)})
    history["batch_loss"] = 1.0
    history.loc[20, "batch_loss"] = 0.0
    history.loc[40:, "batch_loss"] = 0.0
    tables = {
        "function_fit_history": history,
        "function_fit_metrics": metrics([{"variant": "sinc_deep", "seed": 0}]),
    }
    # Six of the last eleven epochs are low first at epoch 46 (index 45).
    assert claims.epochs_to(tables, "function_fit", "sinc_deep", 0.05)[0] == 46


def test_contraction_by_hand():
    rows = [
        {"variant": "mlp", "seed": a, "other_seed": b, "epoch": epoch, "distance": distance}
        for epoch, triangle in ((0, (3, 4, 5)), (9, (1, 2, 3)))
        for (a, b), distance in zip(((0, 1), (0, 2), (1, 2)), triangle)
    ]
    found = claims.contraction({"d": pd.DataFrame(rows)}, "d")
    assert (found.estimate, found.n) == (pytest.approx(6 / 12), 3)


def test_contraction_resamples_runs():
    # One run far from the others at the end: whether it is drawn matters more than any pair.
    table = distances(random(4), 1, 8)
    outlier = (table["epoch"] == 9) & (table["other_seed"] == 7)
    table.loc[outlier, "distance"] *= 10
    found = claims.contraction({"d": table}, "d")
    assert found.high - found.low > 0.5


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
            "seed": 0,
            "split": "train",
            "alpha": [0.0, 0.25, 0.5, 0.75, 1.0],
            "loss": losses,
        }
    )
    found = claims.barrier({"interpolation_lines": lines}, "interpolation", "train")
    assert found.estimate == pytest.approx(expected)


def test_contraction_needs_the_weights_before_training():
    table = distances(random(4), 1, 6)
    for kept in (table[table["epoch"] == 0], table[table["epoch"] == 9]):
        with pytest.raises(claims.Missing, match="epoch 0 and of a later one"):
            claims.contraction({"d": kept}, "d")


def test_two_variants_of_one_size_are_two_points():
    tables = sizes(6, "loss", "train", lambda seed: np.exp(-np.arange(5.0)))
    metrics = tables["capacity_metrics"]
    metrics.loc[metrics["variant"] == "cnn2", "parameters"] = 10
    assert claims.size_correlation(tables, "capacity").estimate == pytest.approx(-0.975, abs=0.001)


def test_best_size_is_chosen_on_other_seeds():
    values = pd.DataFrame({10: [1.0, 5.0], 20: [2.0, 3.0]}, index=[0, 1])
    # For seed 0 the best size is that of seed 1 (10), and the other way round (20).
    assert claims.at_best_size(values).to_dict() == {0: 1.0, 1: 3.0}


@pytest.mark.parametrize("last, word", [(98.98, "it plateaus"), (98.0, "it falls")])
def test_plateau_or_fall_is_said(last, word):
    def values(seed: int) -> np.ndarray:
        return (np.array([97, 98, 99, 99, last]) + random(seed).normal(0, 0.02, 5)) / 100

    finding = decided("C14", sizes(10, "accuracy", "test", values))
    assert word in ledger.sentence_of(finding.parts[1])


@pytest.mark.parametrize("accuracy, loss, share", [(0.16, 2.3, 1), (0.12, 2.1, 1), (0.12, 2.25, 0)])
def test_memorising_by_accuracy_or_by_loss(accuracy, loss, share):
    row = {"accuracy": accuracy, "loss": loss, "constant_loss": 2.3, "constant_accuracy": 0.1}
    table = metrics([{"variant": "lenet5", "seed": seed, **row} for seed in range(6)])
    found = claims.memorised({"r_metrics": table}, "r", accuracy_gain=0.05, loss_gain=0.1)
    assert found.estimate == share


def test_missing_variants_tables_and_grid_points_are_named():
    tables = c1(random(5), 1, 6)
    table = tables["function_fit_metrics"]
    tables["function_fit_metrics"] = table[table["variant"] != "sinc_medium"]
    finding = decided("C1", tables)
    assert [part.verdict for part in finding.parts] == [
        "confirmed",
        "not enough seeds",
        "confirmed",
    ]
    assert "no runs of sinc_medium" in ledger.sentence(finding)
    assert "no table function_fit_history" in ledger.sentence(decided("C2", tables))

    tables = c10(random(5), 1, 6)
    lines = tables["interpolation_lines"]
    tables["interpolation_lines"] = lines[lines["alpha"] != -1]
    assert "no alpha of -1" in decided("C10", tables).parts[0].missing

    table = c5(random(5), 1, 6)["mnist_cnn_metrics"].drop(columns="loss")
    assert decided("C5", {"mnist_cnn_metrics": table}).parts[0].missing.endswith("no 'loss'")

    one_run = {"trajectory_distances_layer1": pd.DataFrame(), "trajectory_metrics": metrics([])}
    part = ledger.assess("C7", CLAIMS["C7"]["parts"][0], one_run)
    assert part.missing == "no pair of runs"


def test_claims_of_an_experiment_that_was_not_built_are_left_out():
    findings = ledger.decide(list(CLAIMS.values()), c14(random(6), 1, 6))
    assert [finding.claim["id"] for finding in findings] == ["C0", "C12", "C13", "C14"]


def test_wrong_arguments_are_one_line():
    rule = CLAIMS["C5"]["parts"][0]
    rule = rule | {"of": rule["of"] | {"arm": "deep"}}
    with pytest.raises(ValueError, match=r"claim C5, final_ratio: .*'arm'"):
        ledger.assess("C5", rule, c5(random(7), 1, 6))


def test_effects_are_in_units_of_the_smallest_one_of_interest():
    def effect(value: float, rule: dict, ratio: bool = False) -> float:
        return ledger.scale(claims.Evidence(0, 0, 0, 6, ratio=ratio), rule)(value)

    assert effect(0.3, {"confirmed": {"above": 0.1}}) == pytest.approx(3)
    assert effect(0.81, {"confirmed": {"below": 0.9}}, ratio=True) == pytest.approx(2)
    assert effect(1.1, {"confirmed": {"below": 0.9}}, ratio=True) < 0
    assert effect(0.1, {"confirmed": {"above": 0}, "smallest_effect": 0.05}) == pytest.approx(2)
    assert effect(0.3, {"confirmed": {"above": 0}}) == pytest.approx(0.3)
    assert effect(11.5, {"confirmed": {"within": [9.5, 11.5]}}) == pytest.approx(1)


def test_tables_of_the_ledger_have_a_row_per_claim_and_part():
    findings = [decided(claim, PLANTED[claim](random(8), 1, 6)) for claim in CLAIMS]
    rows, parts = ledger.claim_rows(findings), ledger.part_rows(findings)
    assert [row["claim"] for row in rows] == list(CLAIMS)
    assert len(parts) == sum(len(claim["parts"]) for claim in CLAIMS.values())
    assert all(row["sentence"].endswith(".") for row in [*rows, *parts])


def test_schema_lists_the_statistics():
    schema = yaml.safe_load(
        (ROOT / "workflow/schemas/claims.schema.yaml").read_text(encoding="utf-8")
    )
    listed = schema["$defs"]["part"]["properties"]["statistic"]["enum"]
    assert sorted(listed) == sorted(claims.STATISTICS)
