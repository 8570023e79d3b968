"""The configuration: what it resolves to, and one clear line for each mistake."""

import re
import runpy
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from hw1.plan import reading
from hw1.settings import (
    configuration,
    entries,
    estimates,
    experiments,
    overlays,
    schemas,
    validation,
)
from hw1.settings.dataset import Inputs
from hw1.settings.runs import Start
from hw1.settings.yaml_files import Document

KINDS = "Function Mnist FashionMnist Kmnist Digits Arrays Mlp Cnn Constant Cosine Step".split()


def test_default_and_presets_are_valid(config, preset):
    entries.read(config)
    for path in Path(ROOT / "presets").glob("*.yaml"):
        entries.read(preset(path.stem))


def documents(**contents) -> dict[str, Document]:
    return {f"{name}.yaml": Document(content, {}) for name, content in contents.items()}


def test_overlays_that_disagree_are_named_and_others_are_not():
    base = {"device": "auto", "experiments": {"capacity": {"seeds": [7], "title": "t"}}}
    demo = {"experiments": {"capacity": {"seeds": [0, 1], "training": {"epochs": 3}}}}
    more = {"experiments": {"capacity": {"seeds": list(range(90))}}}
    with pytest.raises(ValueError) as caught:
        overlays.settings_of_files(documents(base=base, demo=demo, more=more))
    assert str(caught.value).startswith(
        "experiments.capacity.seeds: found [0, 1] in demo.yaml and list [0, 1, 2, 3"
    )
    assert "... in more.yaml, expected overlays that agree: give one" in str(caught.value)
    # Also where one takes out, or says as a whole, what another has settings for.
    stop = {"experiments": {"capacity": {"training": {"stop": {"batch_loss": 0.2}}}}}
    none = {"experiments": {"capacity": {"training": {"stop": None}}}}
    for first, second in ((stop, none), (none, stop), (none, {"experiments": {"capacity": None}})):
        with pytest.raises(
            ValueError, match=r"capacity\S*: found .* in a\.yaml and .*overlays that"
        ):
            overlays.settings_of_files(documents(base=base, a=first, b=second))
    more["experiments"]["capacity"]["seeds"] = [0, 1]
    more |= {"device": "cpu", "x-mine": 3}
    assert overlays.settings_of_files(documents(base=base, demo=demo, more=more)) == {
        "device": "cpu",
        "experiments": {"capacity": {"seeds": [0, 1], "title": "t", "training": {"epochs": 3}}},
    }
    with pytest.raises(ValueError, match=r"list\.yaml: found \[1\], expected keys with values"):
        overlays.settings_of_files(documents(base=base, list=[1]))


def test_a_message_names_the_line_of_the_file_that_sets_the_key():
    base = {
        ("experiments",): 1, ("experiments", "e"): 2, ("experiments", "e", "training"): 3,
        ("experiments", "e", "training", "epochs"): 4, ("experiments", "e", "variants", "v"): 6,
        ("defaults",): 7, ("defaults", "training", "precision"): 8,
        ("experiments", "e", "seeds", 1): 9,
        ("experiments", "e", "grid"): 10, ("experiments", "e", "grid", "net"): 10,
        ("experiments", "e", "grid", "net", "big"): 10,
        ("experiments", "e", "grid", "net", "big", "training", "epochs"): 10,
    }  # fmt: skip
    over = {
        ("experiments", "e", "training", "epochs"): 2, ("experiments", "e", "sedes"): 3,
        ("experimens",): 5, ("figures",): 6,
    }  # fmt: skip
    files = {"base.yaml": Document({}, base), "over.yaml": Document({}, over)}
    for message, line in (
        ("experiments.e.training.epochs: found 0", "over.yaml, line 2"),
        ("experiments.e.variants.v.training.epochs: found 0", "over.yaml, line 2"),
        ("experiments.e.variants.v.training.precision: found x", "base.yaml, line 8"),
        ("experiments.e.variants.v.model is missing: describe", "base.yaml, line 6"),
        ("experiments.e: unknown key 'sedes': did you", "over.yaml, line 3"),
        ("experiments.e.seeds.1: found 0.0", "base.yaml, line 9"),
        ("experiments.e.variants.sinc_big.training.epochs: found 0", "base.yaml, line 10"),
        ("experiments.e.variants.sinc_big: found real targets", "base.yaml, line 2"),
        ("experiments.e.variants: found 'Wide'", "base.yaml, line 2"),
        ("experiments.e.variants.sinc_bigger.training.epochs: found 0", "over.yaml, line 2"),
        ("the configuration: unknown key 'experimens': did you", "over.yaml, line 5"),
        ("the configuration: the key 'figures' is missing", "over.yaml, line 6"),
    ):
        assert overlays.with_line(message, files) == f"{line}: {message}"
    assert overlays.with_line("the configuration: x", files) == "the configuration: x"


def test_what_snakemake_made_text_of_is_told_to_go_to_a_file():
    def said(message: str, name: str = "--config") -> str:
        key = tuple(message.partition(":")[0].split("."))
        return overlays.with_line(message, {name: Document({}, {key: 0})})

    hint = ": Snakemake makes text of all that is nested in --config: write it to a file, and name "
    hint += "that with --configfile"
    number = "e.v.rate: found '0.1' (str), expected number"
    as_written = number + ": write it without quotes and with a dot, as 0.1"
    assert said(as_written) == f"--config: {number}{hint}"
    for wrong in (
        "e.v.snapshots: found 'true' (str), expected boolean", "e.v.size: found '64', expected x",
        "e.v: found 'null' (str), expected object",
    ):  # fmt: skip
        assert said(wrong) == f"--config: {wrong}{hint}"
    for right in (
        "e.v.optimizer: found 'adma', expected one of adam, sgd", "e.v.rate: found -1, expected x",
        "e.v: unknown key 'rat': did you mean rate?", "interval: found 'ten' (str), expected x",
    ):  # fmt: skip
        assert said(right) == f"--config: {right}"
    assert said(as_written, "mine.yaml") == f"mine.yaml: {as_written}"


@pytest.mark.parametrize(
    "text, hint",
    [("1e-3", "as 0.001"), ("0,001", "as 0.001"), ("1e-9", "as 1.0e-09"), ("5", "as 5"),
     ("ten", "write a number")],
)  # fmt: skip
def test_text_that_seems_a_number_is_written_as_one(text, hint):
    assert validation.number_hint(text).endswith(hint)


def test_a_figure_draws_another_experiment_beside_its_own_where_that_is_there(config):
    def drawn():
        found = entries.read(config)
        (figure,) = [figure for figure in found.figures if figure.name == "random_labels"]
        return figure.tables, entries.style(found.config, found.experiments, figure).get("beside")

    tables, beside = drawn()
    assert tables == ["random_labels_history", "memorisation_history"]
    title = "Labels that are memorised"
    assert beside == {
        "experiment": "memorisation", "variant": "random100", "title": title, "dataset": "MNIST"
    }  # fmt: skip
    del config["experiments"]["memorisation"]
    assert drawn() == (["random_labels_history"], None)


def test_default_has_the_specified_runs(config):
    found = experiments.experiments_of(config)
    seeds = {name: len(experiment.seeds) for name, experiment in found.items()}
    assert seeds == {
        "function_fit": 20, "mnist_cnn": 2, "trajectory": 24, "gradient_norm": 12,
        "interpolation": 12, "capacity": 1, "random_labels": 12, "dying_relu": 10, "born_dead": 100,
        "connectivity": 6, "memorisation": 3, "true_labels": 1, "large_batches": 1,
        "gradient_zero": 10, "aligned_runs": 24, "error_surface": 1, "double_descent": 6,
    }  # fmt: skip
    runs_of = [len(experiment.variants) * len(experiment.seeds) for experiment in found.values()]
    assert sum(runs_of) == 206 + 200 + 600 + 36 + 15 + 1 + 10 + 20 + 24 + 3 + 54


def test_every_object_of_the_schema_is_closed():
    def visit(node, path):
        if isinstance(node, dict):
            if node.get("type") == "object" and "allOf" not in node:  # closed by its kind
                open_here = node.get("additionalProperties", True) is True
                assert open_here == (path in OPEN), path
            for key, value in node.items():
                visit(value, f"{path}.{key}")

    # What its kind declares is checked with it; so is what the statistic of a part takes.
    OPEN = {".$defs.AnalysisEntry", ".$defs.FigureEntry"}
    visit(configuration.schema(configuration.Written), "")


def test_the_reference_of_all_keys_is_what_the_schema_says():
    script = ROOT / "docs/reference.py"
    written = runpy.run_path(str(script))["written"]()
    for path, said in written.items():
        assert path.read_text(encoding="utf-8") == said, f"write it anew: python {script}"
    assert len(written) == 3
    keys = written[ROOT / "docs/configuration.md"]
    assert (
        "| `experiments.NAME.training.momentum` | number | `0.0` | at least 0, less than 1" in keys
    )


def test_every_key_is_described():
    undescribed = []

    def text_of(noun, field):
        undescribed.extend([f"{noun.__name__}.{field}"] * (not own_text(noun, field)))
        return ""

    own_text = runpy.run_path(str(ROOT / "docs/reference.py"))["text_of"]
    schemas.schema_of(configuration.Written, text_of)
    assert {*undescribed} - {f"{kind}.kind" for kind in KINDS} == set()


def test_a_variant_overrides_its_experiment_and_that_the_defaults(config):
    settings = experiments.settings_of(config, "interpolation", "b")
    assert settings.stream == 1
    assert settings.inputs == Inputs(size=28, range=(0, 1), labels="given")
    assert settings.training.batch_size == 1024
    assert settings.training.history == "epoch"
    assert (settings.experiment, settings.variant) == ("interpolation", "b")


def test_of_arrays_the_range_is_a_setting_where_they_are_pixels(config):
    arrays = {"title": "t", "kind": "arrays", "file": "f", "shape": [28, 28], "examples": 60_000}
    for more, kept in (
        ({"classes": 10}, Inputs(labels="given")),
        ({"classes": 10, "pixels": False}, Inputs(labels="given")),
        ({"classes": 10, "pixels": True}, Inputs(labels="given", range=(0, 1))),
        ({"outputs": 1}, Inputs()),
        ({"outputs": 1, "pixels": True}, Inputs(range=(0, 1))),
    ):
        config["datasets"]["mnist"] = arrays | more
        assert experiments.settings_of(config, "interpolation", "a").inputs == kept
    config["datasets"]["mnist"] = arrays | {"classes": 10, "pixels": True}
    config["experiments"]["interpolation"]["variants"]["a"]["inputs"] = {"range": [0, 2]}
    config["experiments"]["interpolation"]["variants"]["b"]["inputs"] = {"range": [0, 2]}
    entries.read(config)
    config["datasets"]["mnist"]["pixels"] = False
    with pytest.raises(ValueError, match=r"a\.inputs\.range: found \[0, 2\], but mnist, which a"):
        entries.read(config)


def test_a_start_is_said_as_a_whole(config):
    """The epoch of another run's snapshot is none of this one's."""
    config["experiments"]["connectivity"]["start"] = OF_MLP | {"epoch": 3}
    first = config["experiments"]["connectivity"]["variants"]["a_after_1"]["start"]
    start = experiments.settings_of(config, "connectivity", "a_after_1").start
    assert start == Start(experiment=first["experiment"], variant=first["variant"], epoch=1)
    del first["epoch"]
    assert experiments.settings_of(config, "connectivity", "a_after_1").start.epoch is None


def test_a_figure_draws_by_settings_and_by_nothing_else_that_runs_have(config):
    run = experiments.settings_of(config, "capacity", "cnn1")
    for key, value in (
        ("stream", 0), ("training.gradient_norm", False), ("model.conv", (16, 28)), ("model", None),
        ("model.slope", None), ("layers", None), ("training.in_phases", None), ("__class__", None),
        ("model.kind", "cnn"),
    ):  # fmt: skip
        assert entries.value_of(run, key) == value, key


def test_settings_hold_nothing_that_does_not_shape_the_run(config):
    before = experiments.settings_of(config, "function_fit", "sinc_deep")
    config["datasets"]["sinc"]["title"] = "another title"
    config["defaults"]["inputs"]["size"] = 14
    config["device"] = "cuda"
    config["resume_interval"] = 1
    assert experiments.settings_of(config, "function_fit", "sinc_deep") == before


def test_the_time_of_a_training_by_hand(config):
    # 784-128-64-10 has 109 184 weights and 202 outputs, for each of 60 000 images nine times over,
    # in batches of 64.
    settings = experiments.settings_of(config, "trajectory", "mlp")
    expected = 9 * (60_000 * (6 * 109_184 / 85e9 + 202 * 5e-9) + 937.5 * 0.00004)
    assert estimates.training_seconds(settings) == pytest.approx(expected)


def test_a_path_is_expanded_as_a_shell_does(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("MINE", "/a b/{c}")
    for written, meant in (
        ("~/data", "/home/me/data"), ("$HOME/data", "/home/me/data"), ("${MINE}/d", "/a b/{c}/d"),
        ("../data", "../data"), ("50 $", "50 $"),
    ):  # fmt: skip
        assert overlays.expanded("downloads", written) == meant
    for written, unknown in (("$NONE/data", "$NONE"), ("~nobody_here/x", "~nobody_here")):
        with pytest.raises(ValueError, match=rf"downloads: found .* {re.escape(unknown)} is not"):
            overlays.expanded("downloads", written)


ARRAYS = {"title": "t", "kind": "arrays", "file": "f", "shape": [20], "examples": 5}
BESIDE = "random_labels.figures.random_labels.beside"
LENET5 = {"experiment": "random_labels", "variant": "lenet5"}
MLP = {"kind": "mlp", "hidden": [9]}
OF_MLP = {"experiment": "trajectory", "variant": "mlp"}
OTHERS = {"title": "mine", "file": "workflow/claims.yaml"}
PAIRS = ["a", "a_b", "b", "b_b"]
PCA = {"kind": "pca", "view": "model"}
SGD = {"optimizer": "sgd", "learning_rate": 1, "batch_size": 9, "epochs": 1}
# What is put at a path, if not of the configuration then of its experiments; what is said of it.
MISTAKES = [
    ({"devise": "cpu"}, r"unknown key 'devise': did you mean device\?"),
    ({"device": "tpu"}, r"device: found 'tpu', expected one of auto, cpu, cuda, mps"),
    ({"experiments": {}}, r"experiments: found {}, expected at least one entry"),
    ({"experiments.mine": {"titel": "t"}}, r"mine: unknown key 'titel': did you mean title\?"),
    ({"experiments.capacitty": None}, r"capacitty: found nothing, expected object: null leaves"),
    ({"downloads": "a\0"}, r"downloads: found .*, expected one line"),
    ({"figures.colours.deep": "blue"}, r"colours\.deep: found 'blue', expected a colour as six"),
    ({"defaults.training": {}}, r"defaults\.training: the key 'precision' is missing"),
    # Data sets.
    ({"datasets.mnist.points": 5}, r"datasets\.mnist: unknown key 'points'"),
    ({"datasets.sinc.low": 1}, r"datasets\.sinc\.high: found 1, expected more than low \(1\)"),
    ({"datasets.mine": ARRAYS | {"shape": [20, 30]}}, r"mine\.shape: found \[20, 30\], expected"),
    ({"datasets.mine": ARRAYS}, r"datasets\.mine: expected either classes, of labels, or outputs"),
    # Experiments, their variants and seeds.
    ({"capacity.title": "  "}, r"capacity\.title: found '  ', expected one line"),
    ({"capacity.dataset": "cifar"}, r"capacity\.dataset: found 'cifar' .* mnist"),
    ({"trajectory.dataset": "sinc"}, r"experiments\.trajectory\.variants\.\S+: found"),
    ({"capacity.dataset": "sinc"}, r"experiments\.capacity\.variants\.\S+: found"),
    ({"capacity.variants": {"../x": {}}}, r"variants: found '\.\./x', expected a short name"),
    ({"capacity.variants": {"v\n": {}}}, r"capacity\.variants: found 'v\\n', expected"),
    ({"capacity.variants": {"$(touch x)": {}}}, r"variants: found '\$\(touch x\)', expected"),
    ({"experiments.a;touch x": {}}, r"experiments: found 'a;touch x', expected a short name"),
    ({"capacity.stream.batch": 1}, r"unknown key 'batch': did you mean batches"),
    ({"capacity.seeds": [1, 1]}, r"seeds: found \[1, 1\], expected no value twice"),
    ({"capacity.seeds": []}, r"seeds: found \[\], expected at least 1 item"),
    ({"capacity.seeds": [0.0]}, r"seeds\.0: found 0\.0 \(float\), expected integer"),
    ({"capacity.seeds": "7-3"}, r"seeds: found 7-3, expected a range that goes up"),
    ({"capacity.seeds": "0 to 9"}, r"seeds: found '0 to 9', expected a list of seeds or a"),
    ({"capacity.seeds": "0-999999999"}, r"0-999999999, 1000000000 seeds, expected at most 100000"),
    ({"capacity.seeds": "0-999"}, r"seeds_per_job: found none, so 1, which makes 10000 files"),
    (
        {"trajectory.seeds": "0-9999", "trajectory.seeds_per_job": 2},
        r"seeds_per_job: found 2, which makes 5000 files, more than .*: use \d+ or",
    ),
    (
        {"capacity.seeds": list(range(0, 400, 2)), "capacity.seeds_per_job": 200},
        r"capacity\.seeds: a batch of them would be called seeds0\+2\+4.*too long for a file",
    ),
    ({"capacity.inputs.range": [1, 1]}, r"range: found \[1, 1\], expected two that differ"),
    (
        {"trajectory.figures.pca_model.tables": ["pca_layer1", "pca_model_variance", "metrics"]},
        r"tables: found 'pca_model_variance' beside 'pca_layer1', expected pca_layer1_variance",
    ),
    (
        {"interpolation.figures.interp.variants": ["a"]},
        r"^experiments\.interpolation\.figures\.interp\.variants: found one, but it compares",
    ),
    ({"capacity.variants.nan": {}}, r"capacity\.variants: found 'nan', expected a short name .*"),
    # Inputs and models.
    ({"capacity.inputs.labels": 1.5}, r"labels: found 1\.5, expected at most 1"),
    ({"capacity.inputs.examples": 70_000}, r"examples: found 70000, but mnist has 60000 training"),
    ({"capacity.inputs.examples": 100}, r"batch_size: found 128, but mnist has 100 training exam"),
    ({"function_fit.inputs.examples": 10}, r"inputs\.examples: found 10, but s\w+, which \w+ tra"),
    ({"capacity.model.kind": "mlp"}, r"model\.conv is no key of kind mlp"),
    ({"capacity.variants.new": {"model": {"hidden": []}}}, r"model\.conv is missing"),
    ({"capacity.variants.cnn1.model.conv": [8] * 6}, r"conv: convolution 5 of 6 .* its 1x1 input"),
    ({"capacity.model.slope": 0.1}, r"cnn1\.model\.slope: found, and activation is relu: leaky"),
    ({"capacity.model.activation": "leaky_relu"}, r"model\.slope: missing, and act"),
    ({"trajectory.variants.b.model.hidden": [9]}, r"variants\.b\.model\.kind is missing"),
    ({"interpolation.model.batch_norm": True}, r"a\.model\.batch_norm: found true, but what it k"),
    (
        {"random_labels.model.batch_norm": True, "random_labels.inputs.examples": 65},
        r"batch_size: found 64, but of 65 training examples that makes a batch",
    ),
    # Trainings.
    ({"gradient_norm.training.history_every": 3}, r"history_every: needs history: epoch, or 1"),
    ({"capacity.training.learning_rate": "1e-3"}, r"rate: found '1e-3' \(str\), .*number.*0\.001"),
    ({"capacity.training.learning_rate": -1}, r"learning_rate: found -1, expected"),
    ({"capacity.training.learning_rate": float("nan")}, r"learning_rate: found nan"),
    ({"capacity.training.epochs": 0}, r"epochs: found 0, expected at least 1"),
    (
        {"capacity.training.batch_size": "all"},
        r"batch_size: found 'all', expected a number, or the",
    ),
    ({"capacity.inputs.labels": "rnd"}, r"labels: found 'rnd', expected given, random, or which"),
    ({"capacity.training.momentum": 0.9}, r"momentum: found with adam, expected with"),
    ({"gradient_norm.training.momentum": 1}, r"momentum: found 1, expected less th"),
    ({"interpolation.variants.c": {}}, r"c\.training\.optimizer is missing"),
    (
        {"trajectory.training.snapshot_epochs": [0, 12]},
        r"epochs: found 12, .* at most epochs \(9\)",
    ),
    ({"capacity.training.schedule": {"kind": "step", "every": 3}}, r"schedule\.factor is missing"),
    (
        {"capacity.training.schedule": {"kind": "cosine", "warmup": 10}},
        r"training\.schedule\.warmup: found 10, expected fewer than epochs \(10\)",
    ),
    ({"capacity.training.phases": [{}]}, r"training\.phases\.0: the key 'after' is missing"),
    (
        {"capacity.training.schedule": {"warmup": 1}},
        r"training\.schedule: the key 'kind' is missing",
    ),
    ({"capacity.training.phases": [{"after": 10}]}, r"phases: found phases after 10 of 10 epochs"),
    ({"capacity.training.phases": [{"after": 4}] * 2}, r"phases: found phases after 4, 4 of 10 e"),
    (
        {"capacity.training.phases": [{"after": 4, "momentum": 0.9}]},
        r"phases\.0\.momentum: found with adam, expected with sgd",
    ),
    ({"function_fit.training.precision": "bf16"}, r"precision: found bf16, but the errors .* fp32"),
    (
        {"capacity.training.precision": "bf16", "capacity.training.objective": "gradient_norm"},
        r"cnn1\.training\.precision: found bf16, but the gradient of a gradient's norm is finer",
    ),
    # Where a training starts.
    (
        {"gradient_norm.start": OF_MLP | {"experiment": "trajectry"}},
        r"mlp\.start\.experiment: found 'trajectry': did you mean traject",
    ),
    ({"gradient_norm.start": OF_MLP | {"epoch": 4}}, r"epoch: found 4, but .* keeps is 0, 3, 6, 9"),
    (
        {"gradient_norm.start": OF_MLP | {"epoch": 9}, "trajectory.training.stop.batch_loss": 0.1},
        r"start\.epoch: found 9, but what trajectory/mlp surely keeps is 0: leave epoch out",
    ),
    (
        {"trajectory.start": {"experiment": "capacity", "variant": "cnn1"}},
        r"mlp\.start: capacity has no seed 1, expected all the seeds of trajectory",
    ),
    (
        {"trajectory.start": LENET5, "trajectory.seeds": "0-11"},
        r"models of random_labels/lenet5 and trajectory/mlp differ",
    ),
    (
        {
            "gradient_norm.start": OF_MLP,
            "trajectory.start": OF_MLP | {"experiment": "gradient_norm"},
            "trajectory.seeds": "0-11",
        },
        r"start: trajectory/mlp, which starts from gradient_norm/mlp, which starts from traj",
    ),
    # Analyses.
    ({"trajectory.analyses.pca_model.kind": "pac"}, r"kind: found 'pac': did you mean pca\?"),
    ({"interpolation.analyses.lines.points": 60}, r"points: the 60 points from -1 to 2 miss 0 or"),
    ({"error_surface.analyses.surface.points": 4}, r"points: found 4, expected .*; an odd number"),
    ({"interpolation.variants.b.inputs.range": [-1, 1]}, r"variants: inputs of a and b differ"),
    ({"interpolation.variants.b.model.hidden": [9]}, r"variants: the models of a and b differ"),
    ({"capacity.analyses.history": PCA}, r"capacity\.variants: the models of cnn1 and cnn2 differ"),
    ({"gradient_norm.analyses.metrics": PCA}, r"metrics: .*\.metrics makes results/tables"),
    ({"function_fit.analyses.both.kind": "predict"}, r"both\.variants: found .* one data set"),
    (
        {"function_fit.analyses.sinc_predictions.variants": ["sine_*"]},
        r"sinc_predictions\.variants: found 'sine_\*', which none of sinc_deep, .* is",
    ),
    # Figures.
    ({"capacity.figures.params.draw": "parameter"}, r"draw: found 'parameter': did you mean para"),
    ({"capacity.figures.params.tables": ["metrics", "history"]}, r"tables: found 2, expected 1 in"),
    ({"mnist_cnn.figures.cnn_loss.tables": ["metrics"]}, r"tables: found 'metrics', expected hist"),
    (
        {"trajectory.figures.pca_model.tables": ["pca_modle", "metrics", "metrics"]},
        r"figures\.pca_model\.tables: found 'pca_modle': did you mean pca_model\?",
    ),
    (
        {"capacity.figures.interp": {"draw": "parameters", "groups": [], "caption": "c"}},
        r"figures\.interp: experiments\.interpolation\.figures\.interp makes results/fig_interp",
    ),
    ({"mnist_cnn.training.evaluate_each_epoch": []}, r"epoch: found \[\], but .*s\.cnn_loss"),
    ({"gradient_norm.training.history": "epoch"}, r"gradient_norm: needs history: iteration"),
    ({"random_labels.variants.b.model": MLP}, r"variants: found lenet5, b, but it shows one: .*"),
    ({"interpolation.figures.interp.variants": ["a"]}, r"variants: found one, but it compares two"),
    (
        {"function_fit.variants.sinc_deep.dataset": "mnist"},
        r"deep: found .* kind mnist, but it sho",
    ),
    (
        {"capacity.variants.cnn2.model": {"conv": [16, 28], "hidden": []}},
        r"capacity\.variants: cnn1 and cnn2 both have 17950 parameters, but it tells them apart",
    ),
    ({"random_labels.inputs.labels": "given"}, r"labels: found given, but it says that the train"),
    ({f"{BESIDE}.experiment": "memorization"}, r"experiment: found 'memorization': did you mean m"),
    ({f"{BESIDE}.variant": "random50"}, r"beside\.variant: found labels: 0\.5, but .* name a v"),
    (
        {BESIDE: {"experiment": "function_fit", "variant": "sinc_deep"}},
        r"figures\.random_labels\.beside\.variant: found labels: none",
    ),
    ({"memorisation.training.history": "iteration"}, r"variant: found history: iter.*: epoch"),
    ({"true_labels.figures.true_labels.beside": LENET5}, r"beside: training_curves draws nothin"),
    (
        {"trajectory.seeds": [0], "trajectory.training.snapshot_epochs": []},
        r"trajectory\.training\.snapshot_epochs: found 1 snapshots of all seeds, .* needs 3",
    ),
    (
        {"trajectory.seeds": [0], "trajectory.training.stop": {"batch_loss": 1}},
        r"trajectory\.training\.snapshot_epochs: found 2 snapshots of all seeds",
    ),
    (
        {
            "interpolation.analyses.lines.variants": PAIRS,
            "interpolation.variants": {name: {"training": SGD} for name in PAIRS},
        },
        r"lines\.variants: a_b is the name of two: call a variant otherwise",
    ),
    ({"aligned_runs.training.snapshot_epochs": []}, r"aligned_runs\..*epochs: found no 0, but"),
    (
        {"large_batches.variants.five_epochs_64.training.batch_size": 16},
        r"variants: five_epochs_16 and five_epochs_64 would be one point of one line: make",
    ),
    (
        {"large_batches.variants.same_loss_64.training.batch_size": "full"},
        r"same_loss_64\.training\.batch_size: found full, but it is drawn against numbers: change",
    ),
    # Lists of claims.
    ({"claims.index": OTHERS}, r"claims\.index: the page makes results/.*index.*, too: choose"),
    ({"claims.comparison": OTHERS}, r"comparison: snakemake compare makes results/.*comparison"),
]


@pytest.mark.parametrize("changes, message", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_key(config, changes, message):
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = config["experiments"] if parents and parents[0] not in config else config
        for key in parents:
            place = place.setdefault(key, {})
        place[last] = value
    with pytest.raises(ValueError) as caught:
        entries.read(config)
    assert re.search(message, str(caught.value)), caught.value
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


def test_an_experiment_may_have_variants_on_data_that_look_otherwise(config):
    training = {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": "full", "epochs": 1}
    mixed = {
        "title": "t", "dataset": "digits", "seeds": [0], "inputs": {"range": [-1, 1]},
        "model": {"kind": "mlp", "hidden": [3]}, "training": training,
        "variants": {"a": {}, "b": {"dataset": "sinc"}},
    }  # fmt: skip
    config["experiments"]["mixed"] = mixed
    entries.read(config)
    mixed["inputs"]["examples"] = 7
    with pytest.raises(
        ValueError, match=r"mixed\.inputs\.examples: found 7, but sinc, which b tra"
    ):
        entries.read(config)


def test_a_name_that_goes_on_where_another_ends_is_no_typo():
    for other in ("kmnist_cnn", "mnist_cnn_wide", "widths_b", None, "mnist_cnn"):
        validation.check_name(other, "e", ["mnist_cnn", "widths_a"])
    with pytest.raises(ValueError, match="e: found 'mnist_cmnn': did you mean mnist_cnn"):
        validation.check_name("mnist_cmnn", "e", ["mnist_cnn"])


def test_an_experiment_cannot_be_called_like_a_rule(config):
    for name in ("train", "all", "pca"):
        changed = config | {"experiments": {name: config["experiments"]["capacity"]}}
        with pytest.raises(ValueError, match=rf"experiments\.{name}: .* the target {name}, too"):
            entries.read(changed)


def test_an_experiment_cannot_be_called_like_the_target_of_a_figure(config):
    config["experiments"]["fig_interp"] = config["experiments"]["capacity"] | {"figures": {}}
    with pytest.raises(ValueError, match=r"interp: .* makes the target fig_interp, too"):
        entries.read(config)


def test_reserved_names_are_those_of_the_rules(config, tmp_path):
    command = [sys.executable, "-P", "-m", "snakemake", "--list-rules", "--directory", tmp_path]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = reading.planned({"config.yaml": Document(config, {})})
    named = {*found.experiments, *(f"fig_{name}" for name in found.figures)}
    named |= {kind.name for kind in found.kinds}
    named |= {entry["target"] for entry in config["claims"].values() if "target" in entry}
    # status is told before any rule
    assert {*run.stdout.split(), "status"} - named == {*configuration.RULES}


def test_a_grid_is_a_variant_of_each_choice_before_those_that_are_named(config):
    entry = config["experiments"]["function_fit"]
    model = {"kind": "mlp", "hidden": [3]}
    grid = {
        "function": {"sinc": {"dataset": "sinc"}, "sign": {"dataset": "sign"}},
        "network": {"one": {"model": model}, "two": {"model": model | {"hidden": [3, 3]}}},
    }
    mine = {key: entry[key] for key in ("title", "seeds", "training")} | {"grid": grid}
    mine["variants"] = {"sinc_two": None, "sign_one": {"stream": 1}, "odd": {"model": model}}
    found = overlays.with_grids({"experiments": {"mine": mine}})["experiments"]["mine"]
    assert "grid" not in found and list(found["variants"]) == [
        "sinc_one", "sign_one", "sign_two", "odd",
    ]  # fmt: skip
    choices = {"function": "sign", "network": "one"}
    said = {"dataset": "sign", "model": model, "stream": 1, "choices": choices}
    assert found["variants"]["sign_one"] == said


@pytest.mark.parametrize(
    "grid, message",
    [
        ([], "grid: found [] (list), expected object"),
        ({"a": {}}, "grid.a: found {}, expected at least one entry"),
        ({"a": {"b": 1}}, "grid.a.b: found 1 (int), expected object"),
    ],
)
def test_what_is_no_grid_is_named(config, grid, message):
    config["experiments"]["capacity"]["grid"] = grid
    with pytest.raises(ValueError) as raised:
        entries.read(overlays.with_grids(config))
    assert str(raised.value) == f"experiments.capacity.{message}"


def test_two_choices_of_a_grid_that_would_be_one_variant_are_refused():
    grid: dict = {"a": {"x": {}, "x_y": {}}, "b": {"y_z": {}, "z": {}}}
    with pytest.raises(ValueError, match="grid: two choices make x_y_z: name one"):
        overlays.with_grids({"experiments": {"mine": {"grid": grid}}})


def arms_of(config: dict, overlay: dict, path: Path) -> dict:
    """The experiments of the arms, with one of an overlay."""
    path.write_text(yaml.safe_dump(overlay), encoding="utf-8")
    config["arms"] = {"first": {"title": "f"}, "second": {"title": "s", "overlay": str(path)}}
    return reading.of_arms(entries.read(config), documents(config=config))


def test_an_arm_has_the_experiments_and_variants_of_the_configuration(config, tmp_path):
    del config["experiments"]["capacity"]["variants"]["cnn4"]
    entry = config["experiments"]["function_fit"]
    overlay = {
        "function_fit": {
            "variants": {"sinc_deep": {"model": {"hidden": [3]}}, "sinc_medium": None}
        },
        "capacity": {"variants": {"cnn4": {"model": {"hidden": []}}}},
        "never": {"seeds": [0]},
    }
    overlay["function_fit"]["variants"]["new"] = entry["variants"]["sinc_deep"]
    before = deepcopy(config)
    found = arms_of(config, {"experiments": overlay}, tmp_path / "arm.yaml")["second"]
    assert config["experiments"] == before["experiments"]
    variants = found["function_fit"].variants
    assert not {"sinc_medium", "new"} & variants.keys()
    assert variants["sinc_deep"].model.hidden == (3,)
    assert "cnn4" not in found["capacity"].variants
    assert "never" not in found


@pytest.mark.parametrize(
    "overlay, message",
    [
        ({"experiments": 3}, "experiments: found 3 (int), expected object"),
        ({"experiments": {"functon_fit": {}}}, "did you mean function_fit?"),
        ({"experiments": {"function_fit": {"variants": {"sinc_deeep": {}}}}}, "mean sinc_deep?"),
        (
            {"experiments": {"interpolation": {"analyses": {"lines": None}}}},
            "interpolation.analyses: found in the overlay of an arm",
        ),
        (
            {"experiments": {"function_fit": {"variants": {"sinc_deep": {"model": None}}}}},
            "sinc_deep.model is missing",
        ),
    ],
)
def test_a_mistake_in_the_overlay_of_an_arm_is_one_line(config, overlay, message, tmp_path):
    with pytest.raises(ValueError) as raised:
        arms_of(config, overlay, tmp_path / "arm.yaml")
    assert message in str(raised.value) and "\n" not in str(raised.value)


def test_the_first_arm_has_no_overlay(config):
    config["arms"] = {"as_coded": config["arms"]["as_coded"]}
    with pytest.raises(ValueError, match="overlay: found one of the first arm"):
        reading.of_arms(entries.read(config), documents(config=config))
