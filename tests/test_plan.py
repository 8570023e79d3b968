"""The plan: what follows from a configuration, without Snakemake."""

from copy import deepcopy
from types import SimpleNamespace

import pytest
from repository import settings_in

from hw1.plan.plan import Plan
from hw1.settings.entries import read

CLAIM = {"id": "X", "experiment": "trajectory", "parts": [{"of": {"experiment": "trajectory"}}]}


class Wildcards(SimpleNamespace):
    """Wildcards of a job, as Snakemake gives them."""

    def items(self):
        return vars(self).items()


def planned(change=lambda config: None) -> Plan:
    """The plan of config.yaml with a change, and a list of one claim."""
    config = deepcopy(settings_in())
    config["claims"] = {"mine": {"title": "Mine", "file": "workflow/claims.yaml"}}
    for experiment in config["experiments"].values():
        for figure in experiment["figures"].values():
            figure.pop("claims", None)
    change(config)
    experiments, analyses, figures, kinds = read(config)
    drawn = {figure.name: figure for figure in figures}
    return Plan(config, experiments, analyses, drawn, kinds, {"mine": [CLAIM]})


def recipes(plan: Plan) -> dict[str, str]:
    """The recipe of everything that the page shows, and its own."""
    return plan.shown_by("index") | {"page": plan.page_recipe("index")}


def changed(change) -> set[str]:
    """What a change has made anew."""
    before, after = recipes(planned()), recipes(planned(change))
    return {name for name in before if before[name] != after.get(name)}


def test_a_job_of_an_analysis_sees_the_networks_of_its_scope():
    few = {"seeds": "0-4", "seeds_per_job": 4}
    plan = planned(lambda config: config["experiments"]["trajectory"].update(few))
    w = Wildcards(experiment="trajectory", analysis="pca_model")
    assert plan.networks_of(w) == [
        f"results/weights/trajectory/mlp/{batch}.npz" for batch in ("seeds0-3", "seed4")
    ]
    one = Wildcards(
        experiment="function_fit", analysis="sinc_predictions", variant="sinc_deep", seeds="seed3"
    )
    assert plan.networks_of(one) == ["results/weights/function_fit/sinc_deep/seed3.npz"]
    assert plan.data_of_analysis(one) == ["results/data/sinc.npz"]
    assert plan.data_of_analysis(w) == []


def test_a_training_starts_from_the_batches_that_have_its_seeds():
    plan = planned(lambda config: config["experiments"]["connectivity"].update(seeds_per_job=2))
    w = Wildcards(experiment="connectivity", variant="a_after_1", seeds="seeds1-2")
    assert plan.start_of(w) == [
        f"results/checkpoints/connectivity/a/{seeds}.pt" for seeds in ("seeds0-1", "seeds2-3")
    ]


def test_a_colour_is_in_the_recipes_of_the_figures_that_use_it_alone():
    def change(config):
        config["experiments"]["interpolation"]["figures"]["interp"]["colours"] = {
            "train": "#123456"
        }

    assert changed(change) == {"results/fig_interp.png", "page"}


def test_a_width_is_in_the_recipes_of_what_is_made_of_that_network():
    def change(config):
        variants = config["experiments"]["mnist_cnn"]["variants"]
        variants["deep"]["model"]["hidden"] = [255]

    shown = {"results/tables/mnist_cnn_metrics.csv", "page"}
    shown |= {"results/fig_cnn_loss.png", "results/fig_cnn_accuracy.png"}
    assert changed(change) == shown


def test_how_seeds_are_cut_is_in_no_recipe_of_a_table():
    def change(config):
        config["experiments"]["trajectory"]["seeds_per_job"] = 3

    assert changed(change) == set()


def test_a_seed_is_in_the_recipes_of_its_experiment_and_of_the_claims_on_it():
    def change(config):
        config["experiments"]["trajectory"]["seeds"] = "0-30"

    found = changed(change)
    assert "results/tables/mine_as_written.csv" in found
    drawn = planned().config["experiments"]["trajectory"]["figures"]
    assert found == {
        "results/tables/trajectory_metrics.csv",
        "results/tables/mine_as_written.csv",
        "results/fig_mine.png",
        "page",
        *(f"results/fig_{name}.png" for name in drawn),
    }


def test_a_file_of_ones_own_is_told_by_its_content(tmp_path):
    def with_file(text):
        (tmp_path / "mine.npz").write_text(text, encoding="utf-8")
        entry = {"title": "Mine", "kind": "arrays", "file": str(tmp_path / "mine.npz")}
        config = {"datasets": {"mine": entry | {"shape": [2], "examples": 9, "classes": 3}}}
        return Plan(config, {}, [], {}, [], {}).dataset_recipe("mine")

    assert len({with_file("one"), with_file("two"), with_file("one")}) == 2


def test_what_a_job_asks_for_grows_with_its_seeds_and_with_each_attempt():
    plan = planned()
    one, ten = (
        Wildcards(experiment="capacity", variant="cnn10", seeds=s) for s in ("seed0", "seeds0-9")
    )
    seconds = plan.seconds_of(ten)
    assert plan.seconds_of(one) > 60 and seconds == pytest.approx(10 * plan.seconds_of(one), 0.02)
    assert plan.minutes_of(ten, 1) == 20 + seconds // 8
    assert plan.minutes_of(ten, 3) == 3 * plan.minutes_of(ten, 1)
    assert plan.memory_of(ten, 2) == 2 * plan.memory_of(ten, 1) > 2 * plan.memory_of(one, 1)
