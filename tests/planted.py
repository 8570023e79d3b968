"""Tables as the workflow writes them, in which each seed is as a claim says, to a planted size.

A size of 2 is an effect twice as large as matters, 1 is the border itself, 0 is none, and below 0
is the reverse. What is told by a yes or a no is a yes above 0; of a claimed range 2 is the middle,
1 an end, and what is less lies outside.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from hw1.claims.decisions import assess
from hw1.networks.weights import Snapshots
from hw1.settings.architectures import Mlp
from hw1.settings.claims import Claim
from hw1.settings.dataset import Function
from hw1.settings.runs import Run
from hw1.settings.training import Training

Tables = dict[str, pd.DataFrame]
Sizes = np.ndarray  # one for each seed
Random = np.random.Generator


SETTINGS = {
    "experiment": "e", "variant": "v", "seed": 0, "stream": 0, "model": Mlp(hidden=()),
    "dataset": Function(function="sinc", points=2, low=-1, high=1),
    "training": Training(
        optimizer="sgd", learning_rate=1, batch_size=1, epochs=1, precision="fp32", history="epoch",
        history_every=1, gradient_norm=False, evaluate_each_epoch=(), snapshot_epochs=(),
    ),
}  # fmt: skip


def run_with(**given) -> Run:
    """The settings of a run of an MLP, of one input unless they say otherwise."""
    return Run(**SETTINGS | given)


def run_of(*snapshots: Sequence[float], hidden: Sequence[int] = (), **given) -> Snapshots:
    """A run of an MLP by its weights and biases layer by layer, before training and after every
    three epochs."""
    settings = run_with(model=Mlp(hidden=tuple(hidden)), **given)
    weights = np.array(snapshots, np.float32)
    epochs = np.arange(len(weights)) * 3
    return Snapshots(settings, epochs, weights, 0, np.empty((len(weights), 0)))


def metrics(rows: list[dict]) -> pd.DataFrame:
    """Final metrics with what all planted rows share."""
    common = {
        "epoch": 10,
        "split": "train",
        "examples": 10000,
        "parameters": 100,
        "loss": 0.1,
        "accuracy": 0.9,
        "constant_loss": 1.0,
        "constant_accuracy": 0.1,
    }
    return pd.DataFrame([common | row for row in rows])


def at_end(column: str, split: str = "train", **runs) -> pd.DataFrame:
    """Final metrics: what each seed of a variant has of a column."""
    return metrics(
        [
            {"variant": variant, "seed": seed, "split": split, column: value}
            for variant, values in runs.items()
            for seed, value in enumerate(values)
        ]
    )


def by_epoch(column: str, step: str = "epoch", **runs) -> pd.DataFrame:
    """A history: what each seed of a variant has of a column, from epoch (or iteration) 1 on."""
    return pd.DataFrame(
        {"variant": variant, "seed": seed, step: place, column: value}
        for variant, seeds in runs.items()
        for seed, values in enumerate(seeds)
        for place, value in enumerate(values, start=1)
    )


def c0(size: Sizes) -> Tables:
    stated = {
        "function_fit": {"sinc_deep": 401, "sinc_medium": 451, "sinc_shallow": 381},
        "mnist_cnn": {"shallow": 118_000, "deep": 520_000},
        "capacity": {"cnn1": 17_950, "cnn10": 10_173_898},
    }
    off = {"sinc_deep": 0 if size[0] > 0 else 50}
    return {
        f"{experiment}_metrics": metrics(
            [
                {"variant": name, "seed": 0, "parameters": count - off.get(name, 0)}
                for name, count in counts.items()
            ]
        )
        for experiment, counts in stated.items()
    }


# --- two functions

X = np.linspace(-1, 1, 21)
TARGET = np.cos(9 * X)


def ends(function: str, **losses) -> Tables:
    """Runs that end with some losses, of the best constant's 1."""
    runs = {f"{function}_{name}": values for name, values in losses.items()}
    return {"function_fit_metrics": at_end("loss", **runs)}


def predicted(function: str, **flat) -> Tables:
    """What networks predict that follow the function, or are flat."""
    frames = [
        pd.DataFrame(
            {"variant": f"{function}_{name}", "seed": seed, "x": X, "target": TARGET}
            | {"prediction": np.where(is_flat, 0.0, TARGET)}
        )
        for name, seeds in flat.items()
        for seed, is_flat in enumerate(seeds)
    ]
    return {f"function_fit_{function}_predictions": pd.concat(frames, ignore_index=True)}


def c1(size: Sizes) -> Tables:
    low = np.where(size > 0, 0.001, 1.0)
    return ends("sinc", deep=low, medium=low, shallow=low)


def c2(size: Sizes) -> Tables:
    """Of three recorded epochs the last two are low: the running median is from the last on."""
    arrival = {"deep": 0.909**size, "medium": 0.909**size, "shallow": 0 * size + 1}
    losses = np.tile([1.0, 0.001, 0.001], (len(size), 1))
    runs = {f"sinc_{name}": losses for name in arrival}
    history = by_epoch("batch_loss", **runs)
    last = np.concatenate(list(arrival.values())) * 1000
    history.loc[history["epoch"] == 3, "epoch"] = np.round(last).astype(int)
    end = np.full(len(size), 0.001)
    return ends("sinc", **dict.fromkeys(arrival, end)) | {"function_fit_history": history}


def c3(size: Sizes) -> Tables:
    yes = size > 0
    end = np.full(len(size), 0.001)
    return predicted("sinc", deep=~yes, medium=yes, shallow=~yes) | ends("sinc", medium=end)


def c4(size: Sizes) -> Tables:
    """A plateau from a quarter of the epochs on, of a flat function, or losses that fall."""
    yes = size > 0
    low, plateau = np.where(yes, 0.1, 0.9), np.where(yes, 0.889, 0.1)
    history = by_epoch("batch_loss", sign_medium=[[1.0] + [end] * 7 for end in plateau])
    return (
        ends("sign", deep=low, medium=plateau, shallow=low)
        | predicted("sign", medium=yes)
        | {"function_fit_history": history}
    )


def c17(size: Sizes) -> Tables:
    """Alike, or the shallow one is a tenth of the others."""
    end = np.full(len(size), 0.01)
    return ends("sinc", deep=end, medium=end, shallow=np.where(size > 0, end, end / 10))


def c18(size: Sizes) -> Tables:
    end, twice = np.full(len(size), 0.01), np.where(size > 0, 0.005, 0.02)
    both = [ends(name, deep=end, medium=end, shallow=twice) for name in ("sinc", "sign")]
    frames = [tables["function_fit_metrics"] for tables in both]
    return {"function_fit_metrics": pd.concat(frames, ignore_index=True)}


def c25(size: Sizes) -> Tables:
    low = np.where(size > 0, 0.1, 0.9)
    return ends("sign", deep=low, shallow=low)


# --- two CNNs, and labels made random

EPOCHS = np.arange(1, 11)


def cnns(column: str, shallow: np.ndarray, deep: np.ndarray, **columns: np.ndarray) -> Tables:
    """A history of ten epochs, and columns of which the shallow network ends with 0.01 or 0.99."""
    n = len(deep)
    runs = {"shallow": np.broadcast_to(shallow, (n, 10)), "deep": np.broadcast_to(deep, (n, 10))}
    end = at_end("seed", shallow=range(n), deep=range(n))
    for name, value in columns.items():
        first = {"loss": 0.01, "accuracy": 0.99}[name]
        end[name] = np.concatenate([np.full(n, first), value])
    return {"mnist_cnn_history": by_epoch(column, **runs), "mnist_cnn_metrics": end}


def c5(size: Sizes) -> Tables:
    losses = np.exp(-0.3 * EPOCHS)
    ratio = 0.95**size
    return cnns("batch_loss", losses, losses * ratio[:, None], loss=0.01 * ratio)


def c6(size: Sizes) -> Tables:
    accuracies = 0.98 + 0.001 * EPOCHS
    gain = 0.0005 * size
    tables = cnns("batch_accuracy", accuracies, accuracies + gain[:, None], accuracy=0.99 + gain)
    history = tables["mnist_cnn_history"]
    history["test_accuracy"] = history["batch_accuracy"]
    return tables


def c19(size: Sizes) -> Tables:
    falling, zigzag = np.exp(-0.2 * EPOCHS), 1.0 + EPOCHS % 2
    losses = np.where(size[:, None] > 0, falling, zigzag)
    return cnns("batch_loss", losses, losses)


def c21(size: Sizes) -> Tables:
    """The best epoch is not the last one."""
    best = np.where(size > 0, 0.997, 0.99)[:, None]
    tables = cnns("batch_accuracy", 0.98, best - 0.001 * abs(EPOCHS - 8))
    end = tables["mnist_cnn_metrics"]
    end["accuracy"] = np.tile(0.985 - 0.005 * (1 - size), 2)
    return tables


def c15(size: Sizes) -> Tables:
    """The test loss goes up and down around a line; it is never without any movement."""
    train = 2.3 - 0.1 * size[:, None] * (EPOCHS - 1) / 9
    moves = np.maximum(size, 0.1)[:, None] * np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1])
    history = by_epoch("train_loss", lenet5=train)
    history["test_loss"] = (2.3 + 0.01 * EPOCHS + 0.02 * moves).ravel()
    end = at_end("accuracy", lenet5=np.where(size > 0, 0.5, 0.11))
    end = end.assign(loss=2.3, constant_loss=2.3)
    return {"random_labels_metrics": end, "random_labels_history": history}


def c16(size: Sizes) -> Tables:
    train = at_end("accuracy", lenet5=np.where(size > 0, 0.1, 0.3)).assign(loss=2.303)
    test = at_end("accuracy", split="test", lenet5=0.12 + 0.02 * (1 - size))
    test["loss"] = 2.323 + 0.02 * (1 - size)
    return {"random_labels_metrics": pd.concat([train, test], ignore_index=True)}


# --- the optimisation


def distances(size: Sizes) -> pd.DataFrame:
    """Of each two runs, as large as the first one's size says: apart at the start, where no way has
    been gone, and at an early snapshot, and as near as they come at the last."""
    return pd.DataFrame(
        {"variant": "mlp", "seed": first, "other_seed": second, "epoch": epoch}
        | {"distance": distance, "displacement_cosine": cosine}
        for first, own in enumerate(size)
        for second in range(first + 1, len(size))
        for epoch, distance, cosine in ((0, 1.0, np.nan), (3, 1.0, 0.5), (9, 0.9**own, 0.1 * own))
    )


def c7(size: Sizes) -> Tables:
    best = at_end("accuracy", mlp=0.985 + 0.002 * (size - 1)).assign(epoch=3)
    late = [best.assign(epoch=epoch, accuracy=0.9) for epoch in (0, 9)]
    return {
        "trajectory_distances_layer1": distances(size),
        "trajectory_metrics": pd.concat([best, *late], ignore_index=True),
    }


def c8(size: Sizes) -> Tables:
    return {
        "trajectory_distances_model": distances(size),
        "trajectory_metrics": c7(size)["trajectory_metrics"],
    }


ITERATIONS = np.arange(1, 61)


def recorded(gradient_norm: np.ndarray, batch_loss: np.ndarray) -> Tables:
    """A history of 60 iterations."""
    history = by_epoch("gradient_norm", step="iteration", mlp=gradient_norm)
    history["batch_loss"] = batch_loss.ravel()
    n = len(gradient_norm)
    return {"gradient_norm_history": history, "gradient_norm_metrics": at_end("seed", mlp=range(n))}


def c9(size: Sizes) -> Tables:
    first, last = ITERATIONS <= 6, ITERATIONS > 54
    level = np.where(first, 1.1 ** size[:, None], np.where(last, 0.9 ** size[:, None], 1.0))
    return recorded(level, level)


def c20(size: Sizes) -> Tables:
    """A norm that varies, and a loss that falls in the middle third alone; or neither."""
    yes = size[:, None] > 0
    norm = np.where(yes, 2 + (-1.0) ** ITERATIONS, 2.0)
    falls = 2 - np.clip(ITERATIONS - 20, 0, 20) / 20
    return recorded(norm, np.where(yes, falls, 1 + ITERATIONS / 60))


# --- the line between two trainings

ALPHAS = np.array([-1, -0.5, 0, 0.25, 0.4, 0.45, 0.5, 0.55, 0.6, 0.75, 1, 1.5, 2])
HALFWAY = np.clip(1 - 2 * abs(ALPHAS - 0.5), 0, None)  # 1 half-way, 0 at both trainings
BEFORE, BEYOND = np.clip(-ALPHAS, 0, None), np.clip(ALPHAS - 1, 0, None)  # and from them on


def on_line(n: int, loss=1.0, gap=0.1, accuracy=0.9) -> Tables:
    """What n pairs have on the line, the loss on training examples; the gap is that to the test."""
    columns = {"seed": np.repeat(np.arange(n), len(ALPHAS)), "alpha": np.tile(ALPHAS, n)}
    frames = [
        pd.DataFrame(
            {"variant": "a_b", "split": split, **columns}
            | {
                column: np.broadcast_to(values, (n, len(ALPHAS))).ravel()
                for column, values in (("loss", losses), ("accuracy", accuracy))
            }
        )
        for split, losses in (("train", loss), ("test", np.add(loss, gap)))
    ]
    return {
        "interpolation_lines": pd.concat(frames, ignore_index=True),
        "interpolation_metrics": at_end("seed", a=range(n), b=range(n)),
    }


def c10(size: Sizes) -> Tables:
    dip = np.where(size > 0, -0.1, 0.1)[:, None] * HALFWAY
    return on_line(len(size), loss=1 + BEFORE + dip + 0.05 * size[:, None] * BEYOND)


def c11(size: Sizes) -> Tables:
    return on_line(len(size), accuracy=0.9 + 0.001 * size[:, None] * (HALFWAY - BEYOND))


def c22(size: Sizes) -> Tables:
    return on_line(len(size), loss=1 + 0.05 * size[:, None] * (BEFORE + BEYOND))


def c23(size: Sizes) -> Tables:
    return on_line(len(size), loss=0.0, gap=0.95 ** (size[:, None] * HALFWAY))


# --- sizes of networks

PARAMETERS = np.array(
    [17_950, 36_390, 74_286, 152_446, 295_762, 599_218, 1_177_610, 2_457_738, 5_185_770, 10_173_898]
)
DECADES = np.log10(PARAMETERS / PARAMETERS[0])
MIDDLE, LARGE = (np.isin(np.arange(1, 11), sizes) for sizes in ((4, 5, 6), (8, 9, 10)))


def capacity(n: int, **shapes) -> Tables:
    """What n seeds of ten sizes end with: `train_loss`, `test_accuracy` and the like."""
    defaults = {"train_loss": 0.01, "test_loss": 0.03, "train_accuracy": 0.99}
    ends_with = defaults | {"test_accuracy": 0.99} | shapes
    columns = {
        "seed": np.repeat(np.arange(n), 10),
        "variant": np.tile([f"cnn{size}" for size in range(1, 11)], n),
        "parameters": np.tile(PARAMETERS, n),
        "epoch": 10,
    }
    frames = [
        pd.DataFrame(
            columns
            | {"split": split}
            | {
                column: np.broadcast_to(ends_with[f"{split}_{column}"], (n, 10)).ravel()
                for column in ("loss", "accuracy")
            }
        )
        for split in ("train", "test")
    ]
    return {"capacity_metrics": pd.concat(frames, ignore_index=True)}


def c12(size: Sizes) -> Tables:
    """The last but one is as accurate as the border says."""
    s = size[:, None]
    accuracy = 0.995 + 0.0005 * (s - 1) + 0.0005 * s * (DECADES - DECADES[8])
    return capacity(len(size), train_loss=0.01 * 0.9 ** (s * DECADES), train_accuracy=accuracy)


def c13(size: Sizes) -> Tables:
    s = size[:, None]
    middle = 0.95**s
    loss = np.where(MIDDLE, middle, np.where(LARGE, 1.05**s * middle, 1.0))
    return capacity(len(size), test_loss=0.05 * loss)


def c14(size: Sizes) -> Tables:
    s = size[:, None]
    gain, further = np.arange(1, 11) >= 4, np.clip(DECADES - DECADES[5], 0, None)
    accuracy = 0.98 + 0.0005 * s * gain + 0.001 * (2 - s) * further
    return capacity(len(size), test_accuracy=accuracy)


def c24(size: Sizes) -> Tables:
    gap = 1.1 ** (size[:, None] * LARGE)
    return capacity(len(size), train_loss=0.01, test_loss=0.01 + 0.02 * gap)


PLANTED = {
    plant.__name__.upper(): plant
    for plant in (
        *(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12),
        *(c13, c14, c15, c16, c17, c18, c19, c20, c21, c22, c23, c24, c25),
    )
}

MEASURED = ("loss", "accuracy", "distance", "cosine", "norm", "prediction")


def planted(claim: str, random: Random, effect: int, n: int) -> Tables:
    """Tables of n seeds in which a claim holds (effect 1), its reverse does (-1), or nothing is
    there (0: no difference in the middle, and yes or no as by the toss of a coin)."""
    return shaken(random, PLANTED[claim](2 * effect + random.normal(0, 0.3, n)))


def shaken(random: Random, tables: Tables) -> Tables:
    """Tables with chance in each number that was measured, of a hundredth of a percent."""
    found = {}
    for name, table in tables.items():
        columns = [c for c in table if c.endswith(MEASURED) and not c.startswith("constant")]
        noise = np.exp(random.normal(0, 1e-4, (len(table), len(columns))))
        found[name] = table.assign(**(table[columns] * noise))
    return found


def first_seeds(tables: Tables, n: int) -> Tables:
    """The rows of the first so many seeds, and of pairs of these."""
    columns = ("seed", "other_seed")
    return {
        name: table[np.logical_and.reduce([table[c] < n for c in columns if c in table])]
        for name, table in tables.items()
        if "seed" in table
    }


def assert_prefixes(claim: Claim, tables: Tables, few: int) -> None:
    """The values of few seeds are the first of those of more, of each part of a claim."""
    for rule in claim.parts:
        fewer, more = (assess(claim.id, rule, t).sample for t in (first_seeds(tables, few), tables))
        if fewer is not None and more is not None:
            assert fewer.values.tobytes() == more.values[: len(fewer.values)].tobytes(), rule


def by_batch_size(variants: Iterable[str]) -> dict:
    """What the style of the figure batch_sizes says of variants that are called RULE_SIZE."""
    choices = {name: dict(zip(("rule", "size"), name.rsplit("_", 1))) for name in variants}
    sizes = {name: int(choice["size"]) for name, choice in choices.items()}
    return {"choices": choices, "by_variant": {"training.batch_size": sizes}}
