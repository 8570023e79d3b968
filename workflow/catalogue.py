"""The twelve figures: what draws each, from which tables, in which colours, and what it says."""

from typing import NamedTuple


class Drawing(NamedTuple):
    """One figure of an experiment."""

    experiment: str
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
}
