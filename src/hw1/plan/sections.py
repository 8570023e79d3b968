"""The settings of all experiments as the page shows them."""

from collections.abc import Container, Sequence

from hw1.settings.architectures import Mlp, parameter_count
from hw1.settings.configuration import Configuration
from hw1.settings.dataset import Function, Mnist
from hw1.settings.entries import Figure
from hw1.settings.experiments import Experiments
from hw1.settings.runs import Settings


def sections(
    config: Configuration,
    experiments: Experiments,
    coded: Experiments,
    figures: Sequence[Figure],
    claimed: Container[str],
) -> list[dict]:
    """One section for each experiment: title, data, models with their settings, figures.

    `coded` are experiments with the notebooks' architectures, for their parameter counts;
    `claimed` are the names of those that claims are about.
    """
    found = []
    for name, experiment in experiments.items():
        of_notebooks = coded[name].variants if name in coded else {}
        found.append(
            {
                "experiment": name,
                "title": experiment.title,
                "text": experiment.text,
                "dataset": config.titles(experiment.datasets.values()),
                "seeds": experiment.seeds,
                "as_reported": name not in claimed
                or all(  # on the data that the claims are about
                    isinstance(settings.dataset, Function | Mnist)
                    for settings in experiment.variants.values()
                ),
                "models": [
                    model(variant, settings, of_notebooks.get(variant))
                    | {"dataset": config.titles([experiment.datasets[variant]])}
                    for variant, settings in experiment.variants.items()
                ],
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


def model(variant: str, settings: Settings, coded: Settings | None) -> dict:
    """Settings of one variant, and its numbers of parameters as written and as coded."""
    shown = ("optimizer", "learning_rate", "batch_size", "epochs")
    return {
        "variant": variant,
        "model": description(settings),
        **{key: getattr(settings.training, key) for key in shown},
        "parameters": count(settings),
        "coded_parameters": count(coded) if coded else None,
    }


def count(settings: Settings) -> int | None:
    """Number of parameters of a run's model; None if it cannot be built, since the notebooks'
    architectures need not fit other inputs."""
    try:
        return parameter_count(settings.layers)
    except ValueError:
        return None


def description(settings: Settings) -> str:
    """An architecture in a line: the units of each layer, or convolutions and hidden layers."""
    spec = settings.model
    activation = f", {spec.activation}" if spec.activation != "relu" else ""
    if isinstance(spec, Mlp):
        stack = settings.layers
        units = "-".join(str(layer.inputs) for layer in stack)
        return f"MLP {units}-{stack[-1].outputs}{activation}"
    kernel = f"{spec.kernel}x{spec.kernel}"
    pooling = ", each with 2x2 pooling" if spec.pooling else ""
    hidden = f"; hidden {', '.join(map(str, spec.hidden))}" if spec.hidden else ""
    filters = ", ".join(map(str, spec.conv))
    padding = f"padding {spec.padding}"
    return f"CNN {filters} filters of {kernel}, {padding}{pooling}{hidden}{activation}"
