"""The figures: what draws each, from which tables, in which colours, and what it says."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from configuration import all_runs, dataset_name


class Drawing(NamedTuple):
    """One figure of an experiment, or of all of them."""

    experiment: str | None
    function: str  # of hw1.figures
    tables: list[str]  # in the order in which the function takes them
    colours: list[str]  # keys of figures.colours in the configuration
    caption: str
    options: dict  # what the function finds in its style besides


MODELS = ["deep", "medium", "shallow"]

FIGURES = {
    "sinc_loss": Drawing(
        "function_fit",
        "function_loss",
        ["function_fit_history", "function_fit_metrics"],
        MODELS,
        "Training loss of the three models on sinc against the epoch.",
        {"function": "sinc"},
    ),
    "sinc_fit": Drawing(
        "function_fit",
        "function_fit",
        ["sinc_predictions"],
        [*MODELS, "truth"],
        "What the three models predict for sinc after the last epoch.",
        {"function": "sinc"},
    ),
    "sign_loss": Drawing(
        "function_fit",
        "function_loss",
        ["function_fit_history", "function_fit_metrics"],
        MODELS,
        "Training loss of the three models on sign against the epoch.",
        {"function": "sign"},
    ),
    "sign_fit": Drawing(
        "function_fit",
        "function_fit",
        ["sign_predictions"],
        [*MODELS, "truth"],
        "What the three models predict for sign after the last epoch.",
        {"function": "sign"},
    ),
    "collapse": Drawing(
        "function_fit",
        "collapse",
        ["function_fit_metrics"],
        [*MODELS, "guide"],
        "Final training loss of every run of the three models on sinc and sign.",
        {},
    ),
    "cnn_loss": Drawing(
        "mnist_cnn",
        "training_curves",
        ["mnist_cnn_history"],
        ["deep", "shallow"],
        "Training and test loss of the shallow and the deep CNN against the epoch.",
        {"measure": "loss"},
    ),
    "cnn_accuracy": Drawing(
        "mnist_cnn",
        "training_curves",
        ["mnist_cnn_history"],
        ["deep", "shallow"],
        "Training and test accuracy of the shallow and the deep CNN against the epoch.",
        {"measure": "accuracy"},
    ),
    "pca_layer1": Drawing(
        "trajectory",
        "trajectories",
        ["pca_layer1", "pca_layer1_variance", "trajectory_metrics"],
        [],
        "Two principal components of the first layer's weights, over runs and epochs.",
        {"part": "the first layer's weights"},
    ),
    "pca_model": Drawing(
        "trajectory",
        "trajectories",
        ["pca_model", "pca_model_variance", "trajectory_metrics"],
        [],
        "Two principal components of all weights, over runs and epochs.",
        {"part": "all weights"},
    ),
    "grad_norm": Drawing(
        "gradient_norm",
        "gradient_norm",
        ["gradient_norm_history"],
        ["gradient_norm", "loss"],
        "Gradient norm and loss of each iteration, with a running median.",
        {},
    ),
    "interp": Drawing(
        "interpolation",
        "interpolation",
        ["interpolation_lines"],
        ["train", "test", "guide"],
        "Loss and accuracy on the straight line between two trainings.",
        {},
    ),
    "params": Drawing(
        "capacity",
        "parameters",
        ["capacity_metrics"],
        ["train", "test"],
        "Final loss and accuracy against the number of parameters.",
        {},
    ),
    "random_labels": Drawing(
        "random_labels",
        "random_labels",
        ["random_labels_history"],
        ["train", "test", "guide"],
        "Loss and accuracy of a network trained on random labels against the epoch.",
        {},
    ),
    "claims": Drawing(
        None,
        "claims",
        ["claim_parts_as_written"],
        ["confirmed", "refuted", "inconclusive", "not_enough_seeds", "truth", "guide"],
        "Each claim of the report: effect, 95 % interval and verdict.",
        {},
    ),
}

# What the ledger needs besides the tables of the figures and the metrics.
DISTANCES = {"trajectory": ["pca_layer1_distances", "pca_model_distances"]}


def ledger_tables(experiments: Iterable[str]) -> list[str]:
    """The tables from which the claims about `experiments` are decided."""
    names = []
    for experiment in experiments:
        names += [f"{experiment}_metrics", *DISTANCES.get(experiment, [])]
        figures = [figure for figure in FIGURES.values() if figure.experiment == experiment]
        names += [table for figure in figures for table in figure.tables]
    return list(dict.fromkeys(names))


def evidence(experiments: Iterable[str], arm: str) -> list[str]:
    """The files of those tables: of this build, or of the notebooks' architectures as far as
    they were built in as_coded/."""
    names = ledger_tables(experiments)
    if arm == "as_written":
        return [f"results/tables/{name}.csv" for name in names]
    paths = [f"as_coded/results/tables/{name}.csv" for name in names]
    return [path for path in paths if Path(path).exists()]


def arms(experiments: Iterable[str]) -> list[str]:
    """The arms that claims are decided for."""
    coded = evidence(experiments, "as_coded")
    return ["as_written", *(["as_coded"] if any("_metrics" in path for path in coded) else [])]


def products(experiment: str) -> list[str]:
    """What an experiment is built for: its figures and its final metrics."""
    names = [name for name, figure in FIGURES.items() if figure.experiment == experiment]
    figures = [f"results/fig_{name}.png" for name in names]
    return [*figures, f"results/tables/{experiment}_metrics.csv"]


def drawn(experiments: Iterable[str]) -> list[str]:
    """The figures of `experiments`, and those of all."""
    return [name for name, f in FIGURES.items() if f.experiment in {None, *experiments}]


def dataset_titles(config: dict, names: Iterable[str]) -> str:
    """The titles of data sets, each once, as they stand on a figure or a page."""
    titles = [config["datasets"][name]["title"] for name in dict.fromkeys(names)]
    return " and ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))


def style(config: dict, name: str) -> dict:
    """How a figure looks, with only what it shows."""
    figure, look = FIGURES[name], config["figures"]
    experiments = [figure.experiment] if figure.experiment else config["experiments"]
    datasets = {
        run[:2]: dataset_name(config, run)
        for experiment in experiments
        for run in all_runs(config, experiment)
    }
    if function := figure.options.get("function"):
        datasets = {run: dataset for run, dataset in datasets.items() if dataset == function}
    found = {
        "dpi": look["dpi"],
        "dataset": dataset_titles(config, datasets.values()),
        "colours": {key: look["colours"][key] for key in figure.colours},
        **figure.options,
    }
    if figure.experiment:
        found["variants"] = [variant for _, variant in datasets]
    if figure.function == "trajectories":
        found["runs"] = look["runs"]
    return found
