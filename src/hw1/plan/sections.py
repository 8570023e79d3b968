"""The settings of all experiments as the page shows them."""

from collections.abc import Container, Sequence

from hw1.settings.architectures import example_shape, layers, parameter_count
from hw1.settings.entries import Figure, dataset_titles
from hw1.settings.runs import Run, dataset_name, run_settings, seeds_of_experiment


def sections(
    config: dict,
    experiments: Sequence[str],
    coded: dict,
    figures: Sequence[Figure],
    claimed: Container[str],
) -> list[dict]:
    """One section for each of some experiments: title, data, models with their settings, figures.

    `coded` is the configuration with the notebooks' architectures, for their parameter counts;
    `claimed` are the experiments that claims are about.
    """
    found = []
    for name in experiments:
        experiment = config["experiments"][name]
        seeds = seeds_of_experiment(config, name)
        runs = [Run(name, variant, seeds[0]) for variant in experiment["variants"]]
        found.append(
            {
                "experiment": name,
                "title": experiment["title"],
                "text": experiment.get("text"),
                "dataset": dataset_titles(config, (dataset_name(config, run) for run in runs)),
                "seeds": seeds,
                "as_reported": name not in claimed
                or all(  # on the data that the claims are about
                    config["datasets"][dataset_name(config, run)]["kind"] in ("function", "mnist")
                    for run in runs
                ),
                "models": [model(config, coded, run) for run in runs],
                "figures": {
                    f"fig_{figure.name}": {
                        "caption": figure.caption,
                        "tables": figure.tables,
                        "claims": figure.claims,
                    }
                    for figure in figures
                    if figure.experiment == name
                },
            }
        )
    return found


def model(config: dict, coded: dict, run) -> dict:
    """Settings of one variant, and its numbers of parameters as written and as coded."""
    settings = run_settings(config, run)
    training = settings["training"]
    return {
        "variant": run.variant,
        "dataset": dataset_titles(config, [dataset_name(config, run)]),
        "model": description(settings),
        "optimizer": training["optimizer"],
        "learning_rate": training["learning_rate"],
        "batch_size": training["batch_size"],
        "epochs": training["epochs"],
        "parameters": count(settings),
        "coded_parameters": count(run_settings(coded, run)) if is_there(coded, run) else None,
    }


def is_there(config: dict, run: Run) -> bool:
    """Whether a configuration has the variant of a run."""
    return run.variant in config["experiments"].get(run.experiment, {}).get("variants", {})


def count(settings: dict) -> int | None:
    """Number of parameters of a run's model; None if it cannot be built, since the notebooks'
    architectures need not fit other inputs."""
    try:
        return parameter_count(layers(settings["model"], *example_shape(settings)))
    except ValueError:
        return None


def description(settings: dict) -> str:
    """An architecture in a line: the units of each layer, or convolutions and hidden layers."""
    spec = settings["model"]
    activation = f", {spec['activation']}" if spec.get("activation", "relu") != "relu" else ""
    if spec["kind"] == "mlp":
        stack = layers(spec, *example_shape(settings))
        units = "-".join(str(layer.inputs) for layer in stack)
        return f"MLP {units}-{stack[-1].outputs}{activation}"
    kernel = f"{spec['kernel']}x{spec['kernel']}"
    pooling = ", each with 2x2 pooling" if spec["pooling"] else ""
    hidden = f"; hidden {', '.join(map(str, spec['hidden']))}" if spec["hidden"] else ""
    filters = ", ".join(map(str, spec["conv"]))
    padding = f"padding {spec['padding']}"
    return f"CNN {filters} filters of {kernel}, {padding}{pooling}{hidden}{activation}"
