# The twelve figures: what each is drawn from, and in which colours.

from typing import NamedTuple


class FigureOf(NamedTuple):
    """A figure: the function of hw1.figures that draws it, and what that function is given."""

    draw: str
    experiment: str
    tables: list[str]
    colours: list[str]
    caption: str
    options: dict = {}


MODELS = ["deep", "medium", "shallow"]
FIGURES = {
    f"{function}_{name}": FigureOf(
        f"function_{name}",
        "function_fit",
        tables,
        colours,
        caption.format(function),
        {"function": function},
    )
    for function in ("sinc", "sign")
    for name, tables, colours, caption in (
        (
            "loss",
            ["function_fit_history", "function_fit_metrics"],
            MODELS,
            "Training loss of the three models on {} against the epoch.",
        ),
        (
            "fit",
            [f"{function}_predictions"],
            [*MODELS, "truth"],
            "What the three models predict for {} after the last epoch.",
        ),
    )
} | {
    f"cnn_{measure}": FigureOf(
        "training_curves",
        "mnist_cnn",
        ["mnist_cnn_history"],
        ["deep", "shallow"],
        f"Training and test {measure} of the shallow and the deep CNN against the epoch.",
        {"measure": measure},
    )
    for measure in ("loss", "accuracy")
} | {
    f"pca_{view}": FigureOf(
        "trajectories",
        "trajectory",
        [f"pca_{view}", f"pca_{view}_variance", "trajectory_metrics"],
        [],
        f"Two principal components of {part} over runs and epochs, with test accuracy.",
        {"part": part},
    )
    for view, part in (("layer1", "the first layer's weights"), ("model", "all weights"))
} | {
    "grad_norm": FigureOf(
        "gradient_norm",
        "gradient_norm",
        ["gradient_norm_history"],
        ["gradient_norm", "loss"],
        "Gradient norm and loss of each iteration, with a running median.",
    ),
    "interp": FigureOf(
        "interpolation",
        "interpolation",
        ["interpolation_lines"],
        ["train", "test", "guide"],
        "Loss and accuracy on the straight line between two trainings.",
    ),
    "params": FigureOf(
        "parameters",
        "capacity",
        ["capacity_metrics"],
        ["train", "test"],
        "Final loss and accuracy against the number of parameters.",
    ),
    "random_labels": FigureOf(
        "random_labels",
        "random_labels",
        ["random_labels_history"],
        ["train", "test", "guide"],
        "Loss and accuracy of a network trained on random labels against the epoch.",
    ),
}


def products(experiment):
    """What an experiment is built for: its figures and its final metrics."""
    names = [name for name, figure in FIGURES.items() if figure.experiment == experiment]
    return [f"results/fig_{name}.png" for name in names] + [
        f"results/tables/{experiment}_metrics.csv"
    ]


def style_of(wildcards):
    """How one figure looks, as one JSON text with only the colours that it uses."""
    figure, look = FIGURES[wildcards.figure], config["figures"]
    name = figure.options.get("function") or dataset_name(
        config, all_runs(config, figure.experiment)[0]
    )
    style = {
        "dpi": look["dpi"],
        "dataset": config["datasets"][name]["title"],
        "colours": {key: look["colours"][key] for key in figure.colours},
        **figure.options,
    }
    if figure.draw == "trajectories":
        style["runs"] = look["runs"]
    return json.dumps(style, sort_keys=True)


rule figure:
    input:
        script=f"{SCRIPTS}/figure.py",
        code=modules("figure"),
        tables=lambda wildcards: [
            f"results/tables/{table}.csv" for table in FIGURES[wildcards.figure].tables
        ],
    output:
        png=report(
            "results/fig_{figure}.png",
            caption="../report/figure.rst",
            category=lambda wildcards: config["experiments"][
                FIGURES[wildcards.figure].experiment
            ]["title"],
            labels=lambda wildcards: {"figure": wildcards.figure},
        ),
        svg="results/fig_{figure}.svg",
    wildcard_constraints:
        figure="|".join(FIGURES),
    params:
        draw=lambda wildcards: FIGURES[wildcards.figure].draw,
        style=style_of,
        caption=lambda wildcards: FIGURES[wildcards.figure].caption,
    log:
        "results/logs/figure/{figure}.log",
    benchmark:
        "results/benchmarks/figure/{figure}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "{PYTHON} {input.script:q} --draw {params.draw} --style {params.style:q} "
        "--tables {input.tables} --png {output.png} --svg {output.svg} > {log} 2>&1"
