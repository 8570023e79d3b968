"""The plan: what follows from a configuration, without Snakemake."""

import functools
import re
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
import yaml
from repository import ROOT, rules, settings_in

from hw1.plan import plan as planning
from hw1.plan import reading
from hw1.plan.plan import Plan
from hw1.plan.sources import code, digest
from hw1.settings.claims import Claim, Region, Rule
from hw1.settings.configuration import Configuration
from hw1.settings.entries import OWN_TABLES, read

OF = {"experiment": "trajectory"}
RULE = Rule(measure="loss", statistic="final_loss", of=OF, confirmed=Region(below=1))
CLAIM = Claim(id="X", **OF, where="here", claim="It learns.", known="nothing", parts=(RULE,))


class Wildcards(SimpleNamespace):
    """Wildcards of a job, as Snakemake gives them."""

    def items(self):
        return vars(self).items()


def planned(change=lambda config: None) -> Plan:
    """The plan of config.yaml with a change, and a list of one claim."""
    said = settings_in()
    said["claims"] = {"mine": {"title": "Mine", "file": "workflow/claims.yaml"}}
    for experiment in said["experiments"].values():
        for figure in experiment["figures"].values():
            figure.pop("claims", None)
    change(said)
    config, experiments, analyses, figures, kinds = read(said)
    drawn = {figure.name: figure for figure in figures}
    return Plan(config, experiments, analyses, drawn, kinds, {"mine": [CLAIM]})


def recipes(plan: Plan) -> dict[str, str]:
    """The recipe of every job, named as in a dry run, but without seeds: of each variant, that of
    its first one."""
    found = {f"prepare_data {name}": plan.dataset_recipe(name) for name in plan.config.datasets}
    for name, experiment in plan.experiments.items():
        for variant in experiment.variants:
            batch = name, variant, plan.alone(name)[0]
            found[f"train {name}/{variant}"] = plan.checkpoint_recipe(*batch)
            for script in ("evaluate", "snapshot"):
                found[f"{script} {name}/{variant}"] = plan.of_checkpoint_recipe(script, *batch)
        for table in OWN_TABLES:
            found[f"tabulate {name}/{table}"] = plan.table_recipe(name, table)
    for made in plan.analyses:
        place = f"{made.kind.name} {made.experiment}/{made.name}"
        found[place] = plan.table_recipe(made.experiment, made.tables[0])
    for name in plan.figures:
        found[f"figure {name}"] = plan.figure_recipe(name)
    for name in plan.claims:
        found[f"claims {name}"] = plan.ledger_recipe(name, plan.arms[0])
    return found | {"page": plan.page_recipe("index")}


@functools.cache
def unchanged() -> dict[str, str]:
    return recipes(planned())


def changed(change=lambda config: None) -> set[str]:
    """What a change of the configuration has made anew."""
    after = recipes(planned(change))
    return {name for name, recipe in unchanged().items() if after.get(name) != recipe}


def of(jobs: set[str], rule: str) -> set[str]:
    return {job for job in jobs if job.split()[0] == rule}


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
    def of_a_figure(config):
        figure = config["experiments"]["interpolation"]["figures"]["interp"]
        figure["colours"] = {"train": "#123456"}

    assert changed(of_a_figure) == {"figure interp", "page"}
    of_all = changed(lambda config: config["figures"]["colours"].update(loss="#AA0000"))
    assert of_all == {"figure grad_norm", "page"}


def test_a_width_is_in_the_recipes_of_what_is_made_of_that_network():
    def change(config):
        variants = config["experiments"]["mnist_cnn"]["variants"]
        variants["deep"]["model"]["hidden"] = [255]

    assert changed(change) == {
        *(f"{rule} mnist_cnn/deep" for rule in ("train", "evaluate", "snapshot")),
        *(f"tabulate mnist_cnn/{table}" for table in OWN_TABLES),
        "figure cnn_loss",
        "figure cnn_accuracy",
        "page",
    }


def test_two_values_that_are_swapped_are_another_training():
    """Snakemake compares params as a set of values, so separate ones could be swapped unseen."""

    def swap(config):
        model = config["experiments"]["capacity"]["variants"]["cnn2"]["model"]
        model |= {"kernel": 1, "padding": 3}  # was 3 and 1

    assert of(changed(swap), "train") == {"train capacity/cnn2"}
    w = Wildcards(experiment="capacity", variant="cnn2", seeds="seed0")
    before, after = (plan.settings_of(w) for plan in (planned(), planned(swap)))
    assert before != after and sorted(before) == sorted(after)


def test_new_settings_of_a_data_set_train_its_runs_anew_and_no_other():
    found = changed(lambda config: config["datasets"]["sinc"].update(points=500))
    assert of(found, "prepare_data") == {"prepare_data sinc"}
    runs = {
        f"{name}/{variant}"
        for name, experiment in planned().experiments.items()
        for variant, dataset in experiment.datasets.items()
        if dataset == "sinc"
    }
    assert {"function_fit/sinc_deep", "function_fit/sinc_shallow"} <= runs
    assert of(found, "train") == {f"train {run}" for run in runs}


def test_a_new_title_of_a_data_set_is_in_the_recipes_of_figures_and_the_page_alone():
    found = changed(lambda config: config["datasets"]["sinc"].update(title="sinc function"))
    assert {"figure sinc_loss", "figure sinc_fit", "figure collapse"} <= found
    assert "figure sign_fit" not in found and found == of(found, "figure") | {"page"}


def test_how_seeds_are_cut_is_in_no_recipe_of_a_table():
    def change(config):
        config["experiments"]["trajectory"]["seeds_per_job"] = 3

    assert changed(change) == set()


def test_a_seed_is_in_the_recipes_of_its_experiment_and_of_the_claims_on_it():
    def change(config):
        config["experiments"]["trajectory"]["seeds"] = "0-30"

    drawn = planned().experiments["trajectory"].figures
    assert changed(change) == {
        *(f"tabulate trajectory/{table}" for table in OWN_TABLES),
        *(
            f"{kind} trajectory/{kind}_{view}"
            for kind in ("pca", "distances")
            for view in ("layer1", "model")
        ),
        *(f"figure {name}" for name in drawn),
        "claims mine",
        "figure mine",
        "page",
    }


def test_the_text_of_a_list_of_claims_is_in_the_recipes_of_its_ledger_and_the_page_alone(tmp_path):
    (tmp_path / "mine.yaml").write_text("said otherwise", encoding="utf-8")
    other = {"file": str(tmp_path / "mine.yaml")}
    found = changed(lambda config: config["claims"]["mine"].update(other))
    assert found == {"claims mine", "figure mine", "page"}


def test_the_page_is_made_from_all_figures():
    plan = planned()
    assert {f"results/fig_{name}.png" for name in plan.figures} <= {*plan.shown_by("index")}


def test_a_seed_beside_a_full_batch_is_a_batch_of_its_own():
    def seeds(text):
        more = {"seeds": text, "seeds_per_job": 2}
        return planned(lambda config: config["experiments"]["function_fit"].update(more))

    before, after = seeds("0-1"), seeds("0-2")
    full = ("function_fit", "sinc_deep", "seeds0-1")
    assert before.checkpoint_recipe(*full) == after.checkpoint_recipe(*full)
    w = Wildcards(experiment="function_fit", table="metrics")
    added = {*after.parts_of(w)} - {*before.parts_of(w)}
    variants = after.experiments["function_fit"].variants
    assert added == {f"results/metrics/function_fit/{v}/seed2.csv" for v in variants}


@pytest.mark.parametrize(
    "module, anew, spared",
    [
        ("src/hw1/training/loop.py", "train evaluate figure", "prepare_data"),
        ("workflow/scripts/train.py", "train evaluate figure", "prepare_data"),
        ("src/hw1/data/datasets.py", "prepare_data train evaluate figure", ""),
        ("src/hw1/drawing.py", "figure", "train evaluate tabulate pca"),
        ("src/hw1/analyses/interpolate.py", "interpolate figure", "train snapshot pca"),
        ("src/hw1/analyses/pca.py", "pca figure", "train snapshot interpolate"),
        ("src/hw1/claims/statistics/line.py", "claims page", "train evaluate tabulate"),
        ("src/hw1/page.py", "page", "train evaluate claims figure"),
        ("workflow/scripts/tabulate.py", "tabulate figure", "train evaluate pca"),
    ],
)
def test_a_module_is_in_the_recipes_of_what_it_is_part_of(monkeypatch, module, anew, spared):
    def of_edited(script, kind=None):
        return digest(script, kind) + " edited" * (ROOT / module in code(script, kind))

    assert changed() == set()
    monkeypatch.setattr(planning, "digest", of_edited)
    found = rules(changed())
    assert {*anew.split()} <= found and not {*spared.split()} & found


def test_a_file_of_ones_own_is_told_by_its_content(tmp_path):
    def with_file(text):
        (tmp_path / "mine.npz").write_text(text, encoding="utf-8")
        entry = {"title": "Mine", "kind": "arrays", "file": str(tmp_path / "mine.npz")}
        own = {"mine": entry | {"shape": [2], "examples": 9, "classes": 3}}
        config = msgspec.convert(settings_in() | {"datasets": own}, Configuration)
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


@pytest.mark.parametrize("before", ["fig_", "tables/", ""])
def test_in_the_folder_of_the_published_tables_a_name_is_one_of_theirs(before):
    names = planning.either(before, ["ours", "both"], ["theirs", "both"])
    pattern = re.compile(f"results/(published/)?{before}({names})")

    def known(folder: str) -> list[str]:
        every = ("ours", "theirs", "both", "none")
        return [name for name in every if pattern.fullmatch(f"{folder}/{before}{name}")]

    assert known("results") == ["ours", "both"]
    assert known("results/published") == ["theirs", "both"]


# --- the files of a configuration


def read_with(folder: Path, overlay: dict) -> Plan:
    """The plan of config.yaml with an overlay."""
    path = folder / "overlay.yaml"
    path.write_text(yaml.safe_dump(overlay), encoding="utf-8")
    return reading.planned(reading.files_of(ROOT, [str(path)]))


def test_a_configuration_without_an_experiment_has_a_page_without_it(tmp_path):
    plan = read_with(tmp_path, {"experiments": {"capacity": None}})
    shown = plan.shown_by("index")
    assert "results/fig_claims.png" in shown and plan.claims
    assert not any("params" in file or "capacity" in file for file in shown)


@pytest.mark.parametrize(
    "overlay, message",
    [
        ({"experiments": []}, "experiments: found [] (list), expected object"),
        ({"experiments": {"capacity": {"training": {"epoch": 3}}}}, "capacity.training: unknown"),
    ],
)
def test_a_mistake_in_an_overlay_is_named_with_its_file(tmp_path, overlay, message):
    with pytest.raises(ValueError) as caught:
        read_with(tmp_path, overlay)
    said = str(caught.value)
    assert "overlay.yaml, line " in said and message in said and "\n" not in said


def test_a_mistake_in_a_list_of_claims_is_named_with_its_line(tmp_path):
    text = (ROOT / "workflow/claims.yaml").read_text(encoding="utf-8")
    text = text.replace("statistic: loss_fall", "statistic: loss_falls")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    line = 1 + text[: text.index("loss_falls")].count("\n")
    with pytest.raises(ValueError) as caught:
        read_with(tmp_path, {"claims": {"claims": {"file": "mine.yaml"}}})
    said = rf"mine.yaml, line {line}: 15.parts.0.statistic: claim C15: found 'loss_falls': did you"
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_base_named_again_and_an_overlay_twice_are_no_conflict(monkeypatch):
    monkeypatch.chdir(ROOT)
    for again in (
        ["presets/demo.yaml"],
        ["config.yaml", "presets/demo.yaml", "./presets/../config.yaml", "presets/demo.yaml"],
        ["presets/demo.yaml", "./presets/../config.yaml"],
    ):
        assert reading.overlays(ROOT, again) == ["presets/demo.yaml"]
    assert reading.overlays(ROOT, ["config.yaml"]) == reading.overlays(ROOT, None) == []
