"""Tables as the workflow writes them, in which a claim holds (effect 1), its reverse holds
(effect -1), or nothing is there (effect 0: no difference, a share of one half, or a value at the
edge of the claimed range)."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from hw1.claims.decisions import assess

Tables = dict[str, pd.DataFrame]
Random = np.random.Generator


def chance(random: Random, effect: int, n: int) -> np.ndarray:
    """One boolean per seed; always or never, or, without an effect, by the toss of a coin."""
    return random.random(n) < (1 + effect) / 2


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


def c0(random: Random, effect: int, n: int) -> Tables:
    right = {
        "function_fit": {"sinc_deep": 401, "sinc_medium": 451, "sinc_shallow": 381},
        "mnist_cnn": {"shallow": 118_000, "deep": 520_000},
        "capacity": {"cnn1": 17_950, "cnn10": 10_173_898},
    }
    wrong = 0 if effect > 0 else 1000
    return {
        f"{experiment}_metrics": metrics(
            [
                {
                    "variant": variant,
                    "seed": 0,
                    "parameters": count - (variant == "deep") * wrong * 90,
                }
                for variant, count in counts.items()
            ]
        )
        for experiment, counts in right.items()
    }


def c1(random: Random, effect: int, n: int) -> Tables:
    return {
        "function_fit_metrics": metrics(
            [
                {"variant": variant, "seed": seed, "loss": 0.001 if low else 0.5}
                for variant in ("sinc_deep", "sinc_medium", "sinc_shallow")
                for seed, low in enumerate(chance(random, effect, n))
            ]
        )
    }


def c2(random: Random, effect: int, n: int) -> Tables:
    epochs = np.arange(1, 61)
    runs, history = [], []
    for variant in ("sinc_deep", "sinc_medium", "sinc_shallow"):
        shift = 0 if variant == "sinc_shallow" else -effect * np.log(2)
        for seed in range(n):
            reached = np.exp(np.log(20) + shift + random.normal(0, 0.2))
            runs.append({"variant": variant, "seed": seed})
            losses = np.where(epochs < reached, 1.0, 0.001)
            history.append(
                pd.DataFrame(
                    {"variant": variant, "seed": seed, "epoch": epochs, "batch_loss": losses}
                )
            )
    return {"function_fit_metrics": metrics(runs), "function_fit_history": pd.concat(history)}


def c3(random: Random, effect: int, n: int) -> Tables:
    x = np.linspace(-1, 1, 21)
    target = np.cos(9 * x)
    frames = []
    for seed, pattern in enumerate(chance(random, effect, n)):
        for variant in ("sinc_deep", "sinc_medium", "sinc_shallow"):
            flat = variant == "sinc_medium" and pattern
            prediction = np.where(abs(x) > 0.2, target.mean() if flat else target, target + 5)
            columns = {"x": x, "target": target, "prediction": prediction}
            frames.append(pd.DataFrame({"variant": variant, "seed": seed, **columns}))
    return {
        "function_fit_sinc_predictions": pd.concat(frames),
        "function_fit_metrics": c1(random, 1, n)["function_fit_metrics"],
    }


def c4(random: Random, effect: int, n: int) -> Tables:
    runs, history = [], []
    for seed, pattern in enumerate(chance(random, effect, n)):
        for variant in ("sign_deep", "sign_medium", "sign_shallow"):
            end = 0.889 if variant == "sign_medium" and pattern else 0.1
            runs.append({"variant": variant, "seed": seed, "loss": end})
            columns = {"epoch": [1, 10, 25, 40], "batch_loss": [1.0, end, end, end]}
            history.append(pd.DataFrame({"variant": variant, "seed": seed, **columns}))
    return {"function_fit_metrics": metrics(runs), "function_fit_history": pd.concat(history)}


def c5(random: Random, effect: int, n: int) -> Tables:
    return {
        "mnist_cnn_metrics": metrics(
            [
                {"variant": variant, "seed": seed, "loss": 0.01 * np.exp(shift + noise)}
                for variant, shift in (("deep", -0.7 * effect), ("shallow", 0))
                for seed, noise in enumerate(random.normal(0, 0.1, n))
            ]
        )
    }


def c6(random: Random, effect: int, n: int) -> Tables:
    rows = []
    for seed, accurate in enumerate(chance(random, effect, n)):
        for split in ("train", "test"):
            deep = 0.996 if accurate else 0.994
            shallow = deep - 0.005 * effect + random.normal(0, 0.0005)
            rows.append({"variant": "deep", "seed": seed, "split": split, "accuracy": deep})
            rows.append({"variant": "shallow", "seed": seed, "split": split, "accuracy": shallow})
    return {"mnist_cnn_metrics": metrics(rows)}


def distances(random: Random, effect: int, n: int) -> pd.DataFrame:
    points = random.normal(size=(n, 50))
    moved = points * (1 - 0.4 * effect) + random.normal(0, 0.05, size=(n, 50))
    return pd.DataFrame(
        [
            {
                "variant": "mlp",
                "seed": first,
                "other_seed": second,
                "epoch": epoch,
                "distance": np.linalg.norm(place[first] - place[second]),
            }
            for epoch, place in ((0, points), (9, moved))
            for first in range(n)
            for second in range(first + 1, n)
        ]
    )


def c7(random: Random, effect: int, n: int) -> Tables:
    noise = random.normal(0, 0.002, n)
    centre = {1: 0.992, 0: 0.985, -1: 0.95}[effect]
    rows = [{"variant": "mlp", "seed": seed, "accuracy": centre + noise[seed]} for seed in range(n)]
    return {
        "trajectory_distances_layer1": distances(random, effect, n),
        "trajectory_metrics": metrics(rows),
    }


def c8(random: Random, effect: int, n: int) -> Tables:
    return {
        "trajectory_distances_model": distances(random, effect, n),
        "trajectory_metrics": c7(random, effect, n)["trajectory_metrics"],
    }


def c9(random: Random, effect: int, n: int) -> Tables:
    iterations = np.arange(1, 301)
    # Without an effect, right at the borders.
    first, last = {1: (1.5, 0.67), 0: (1.1, 0.9), -1: (0.5, 1.33)}[effect]
    level = np.where(iterations <= 50, first, np.where(iterations > 270, last, 1))
    frames = []
    for seed in range(n):
        noise = {
            column: level * np.exp(random.normal(0, 0.3, 300))
            for column in ("gradient_norm", "batch_loss")
        }
        frames.append(
            pd.DataFrame({"variant": "mlp", "seed": seed, "iteration": iterations, **noise})
        )
    rows = [{"variant": "mlp", "seed": seed} for seed in range(n)]
    return {"gradient_norm_history": pd.concat(frames), "gradient_norm_metrics": metrics(rows)}


def line(random: Random, n: int, loss: list[float], accuracy: list[float], noise: float) -> Tables:
    """Loss and accuracy on the line between two trainings, at alphas from -1 to 2."""
    rows = []
    for split in ("train", "test"):
        for seed in range(n):
            shaken = random.normal(0, noise, (2, len(ALPHAS)))
            rows += [
                {"seed": seed, "split": split, "alpha": alpha, "loss": a, "accuracy": b}
                for alpha, a, b in zip(
                    ALPHAS, np.array(loss) + shaken[0], np.array(accuracy) + shaken[1] / 10
                )
            ]
    table = pd.DataFrame(rows).assign(variant="a_b")
    return {
        "interpolation_lines": table,
        "interpolation_metrics": metrics([{"variant": "a", "seed": 0}]),
    }


ALPHAS = [-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0]


def c10(random: Random, effect: int, n: int) -> Tables:
    shape = {
        1: [3, 1, 0.8, 0.5, 0.8, 1, 2, 3],  # falls to the middle, rises beyond the end
        0: [1] * 8,
        -1: [1, 1, 2, 3, 2, 1, 0.7, 0.5],  # a barrier, then falling
    }[effect]
    return line(random, n, shape, [0.9] * 8, 0.02)


def c11(random: Random, effect: int, n: int) -> Tables:
    middle, fall = 0.8 + 0.02 * effect, 0.1 * effect
    shape = [0.7, 0.8, 0.8, middle, 0.8, 0.8, 0.8 - fall / 2, 0.8 - fall]
    return line(random, n, [1.0] * 8, shape, 0.02)


def sizes(n: int, column: str, split: str, values: Callable[[int], np.ndarray]) -> Tables:
    """Metrics of five sizes, `values` giving those of one seed from the smallest to the largest."""
    rows = [
        {
            "variant": f"cnn{size}",
            "parameters": 10**size,
            "seed": seed,
            "split": split,
            column: value,
        }
        for seed in range(n)
        for size, value in enumerate(values(seed), start=1)
    ]
    return {"capacity_metrics": metrics(rows)}


def c12(random: Random, effect: int, n: int) -> Tables:
    # Without an effect the largest are right at what is nearly perfect.
    slope = -effect * np.arange(5)
    errors = {1: [8, 4, 2, 0.2, 0.1], 0: [0.5] * 5, -1: [1, 2, 3, 4, 5]}[effect]
    losses = sizes(n, "loss", "train", lambda seed: np.exp(slope + random.normal(0, 0.5, 5)))
    accuracies = sizes(
        n,
        "accuracy",
        "train",
        lambda seed: 1 - np.array(errors) / 100 * np.exp(random.normal(0, 0.1, 5)),
    )
    table = losses["capacity_metrics"]
    table["accuracy"] = accuracies["capacity_metrics"]["accuracy"]
    return {"capacity_metrics": table}


def c13(random: Random, effect: int, n: int) -> Tables:
    shape = {1: [1, 0.5, 0, 0.5, 1], 0: [0] * 5, -1: [1, 0.75, 0.5, 0.25, 0]}[effect]
    return sizes(n, "loss", "test", lambda seed: np.exp(shape + random.normal(0, 0.02, 5)))


def c14(random: Random, effect: int, n: int) -> Tables:
    # Percent. Without an effect the best, and the largest, are better by just what matters.
    shape = {1: [97, 98, 99, 99, 98.5], 0: [98, 98, 98.05, 98, 98.1], -1: [99, 96, 96, 96, 99.5]}[
        effect
    ]
    return sizes(
        n, "accuracy", "test", lambda seed: (np.array(shape) + random.normal(0, 0.02, 5)) / 100
    )


def c15(random: Random, effect: int, n: int) -> Tables:
    epochs = np.arange(1, 11)
    memorised = chance(random, effect, n)
    rows = [
        {"variant": "lenet5", "seed": seed, "loss": 2.3, "constant_loss": 2.3, "accuracy": accuracy}
        for seed, accuracy in enumerate(np.where(memorised, 0.5, 0.11))
    ]
    frames = []
    for seed in range(n):
        fall = {1: 1.0, 0: 0.1, -1: -1.0}[effect]
        train = 2.3 - fall * (epochs - 1) / 9 + random.normal(0, 0.02, 10)
        # A rank correlation of about 0.8 without an effect.
        # Up and down, one rise of many, or as the toss of a coin says.
        up = 2.3 + 0.01 * epochs
        test = (
            up
            if effect < 0 or (effect == 0 and random.random() < 0.5)
            else 2.3 + 0.1 * (epochs % 2)
        )
        columns = {"epoch": epochs, "train_loss": train, "test_loss": test}
        frames.append(pd.DataFrame({"variant": "lenet5", "seed": seed, **columns}))
    return {"random_labels_metrics": metrics(rows), "random_labels_history": pd.concat(frames)}


def c16(random: Random, effect: int, n: int) -> Tables:
    within = chance(random, effect, n)
    return {
        "random_labels_metrics": metrics(
            [
                {
                    "variant": "lenet5",
                    "seed": seed,
                    "split": split,
                    "accuracy": 0.1 + random.uniform(0, 0.01) + (0 if within[seed] else 0.2),
                }
                for split in ("train", "test")
                for seed in range(n)
            ]
        )
    }


def c17(random: Random, effect: int, n: int) -> Tables:
    """Losses under 1 % of the variance: alike, or half, or a tenth, of the others'."""
    shift = {1: 0, 0: np.log(0.5), -1: np.log(0.1)}[effect]
    return {
        "function_fit_metrics": metrics(
            [
                {"variant": variant, "seed": seed, "loss": 0.001 * np.exp(own + noise)}
                for variant, own in (("sinc_deep", 0), ("sinc_medium", 0), ("sinc_shallow", shift))
                for seed, noise in enumerate(random.normal(0, 0.15, n))
            ]
        )
    }


def c18(random: Random, effect: int, n: int) -> Tables:
    shift = {1: np.log(2), 0: np.log(0.5), -1: np.log(0.1)}[effect]
    return {
        "function_fit_metrics": metrics(
            [
                {"variant": variant, "seed": seed, "loss": 0.001 * np.exp(own + noise)}
                for function in ("sinc", "sign")
                for variant, own in ((f"{function}_deep", shift), (f"{function}_shallow", 0))
                for seed, noise in enumerate(random.normal(0, 0.15, n))
            ]
        )
    }


def c19(random: Random, effect: int, n: int) -> Tables:
    epochs, frames = np.arange(1, 11), []
    for variant in ("shallow", "deep"):
        for seed, steady in enumerate(chance(random, effect, n)):
            losses = np.exp(-0.2 * epochs) + (0 if steady else 0.5 * (epochs % 2))
            columns = {"epoch": epochs, "batch_loss": losses}
            frames.append(pd.DataFrame({"variant": variant, "seed": seed, **columns}))
    rows = [{"variant": v, "seed": seed} for v in ("shallow", "deep") for seed in range(n)]
    return {"mnist_cnn_history": pd.concat(frames), "mnist_cnn_metrics": metrics(rows)}


def c20(random: Random, effect: int, n: int) -> Tables:
    """A norm that varies more in the middle; a loss that falls there and stays at the end."""
    iterations = np.arange(1, 901)
    middle, last = (iterations > 300) & (iterations <= 600), iterations > 810
    spread = np.where(last, 0.3, 0.3 * {1: 2.0, 0: 1.1, -1: 0.4}[effect])
    fall, drift = {1: (0.2, 0.0), 0: (0.02, 0.05), -1: (-0.2, 0.3)}[effect]
    level = 1 - fall * (iterations - 450) / 300 * middle + drift * (iterations - 855) / 90 * last
    frames = []
    for seed in range(n):
        columns = {
            "gradient_norm": 2 + spread * random.uniform(-1, 1, 900),
            "batch_loss": level + random.normal(0, 0.05, 900),
        }
        frames.append(
            pd.DataFrame({"variant": "mlp", "seed": seed, "iteration": iterations, **columns})
        )
    rows = [{"variant": "mlp", "seed": seed} for seed in range(n)]
    return {"gradient_norm_history": pd.concat(frames), "gradient_norm_metrics": metrics(rows)}


PLANTED = {
    plant.__name__.upper(): plant
    for plant in (
        *(c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10),
        *(c11, c12, c13, c14, c15, c16, c17, c18, c19, c20),
    )
}


def first_seeds(tables: Tables, n: int) -> Tables:
    """The rows of the first so many seeds, and of pairs of these."""
    columns = ("seed", "other_seed")
    return {
        name: table[np.logical_and.reduce([table[c] < n for c in columns if c in table])]
        for name, table in tables.items()
        if "seed" in table
    }


def assert_prefixes(claim: dict, tables: Tables, few: int) -> None:
    """The values of few seeds are the first of those of more, of each part of a claim."""
    for rule in claim["parts"]:
        fewer, more = (
            assess(claim["id"], rule, t).sample for t in (first_seeds(tables, few), tables)
        )
        if fewer is not None and more is not None:
            assert fewer.values.tobytes() == more.values[: len(fewer.values)].tobytes(), rule
