"""How often verdicts are wrong, and how many seeds they take, for docs/decisions.md.

    python benchmarks/decisions.py [REPETITIONS]

Nothing is trained: values of seeds are drawn from distributions whose median is known.
"""

import argparse
import sys
from itertools import product
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.batches import seed_list  # noqa: E402
from hw1.claims.decisions import decide, tested  # noqa: E402
from hw1.claims.sample import Sample  # noqa: E402
from hw1.claims.statistics import STATISTICS  # noqa: E402
from hw1.command import one_line_errors  # noqa: E402
from hw1.inference import LEVEL, binomial_tail, pseudo_values  # noqa: E402

SEEDS = (6, 7, 8, 10, 12, 30)
UNDECIDED = ("inconclusive", "not enough seeds")
# Of median 0.
NOISE = {
    "normal": lambda random, shape: random.normal(0, 1, shape),
    "skewed (lognormal)": lambda random, shape: np.exp(random.normal(0, 1, shape)) - 1,
    "heavy-tailed (Cauchy)": lambda random, shape: random.standard_cauchy(shape),
    "tied (-1, 0 or 1)": lambda random, shape: random.integers(-1, 2, shape).astype(float),
}


def median(random, noise, n: int) -> Sample:
    return Sample(noise(random, n), null=-1.0)


def share(random, noise, n: int) -> Sample:
    return Sample((random.random(n) < 0.5).astype(float), share=True)


def distances(random, noise, n: int) -> Sample:
    """The logarithm of each pair's ratio has a part of either run, and a normal one of its own."""
    runs, own = noise(random, n), np.triu(random.normal(0, 0.5, (n, n)), 1)
    # Logarithms, since some of these would be too large as numbers.
    return Sample(pseudo_values(runs[:, None] + runs[None, :] + own + own.T), null=-1.0)


# A part of a claim, and values that lie exactly at its border.
PARTS = {
    "median against a border": ({"above": 0.0}, median),
    "median in a range, at its end": ({"within": [-4.0, 0.0]}, median),
    "share against 1/2": ({"above": 0.5}, share),
    "distances between runs": ({"below": 0.0}, distances),
}


def verdicts(claims: list[list[tuple[dict, Sample]]]) -> list[str]:
    """What is decided of a list of claims, each given as regions and samples of its parts."""
    drawn = [sample for claim in claims for _, sample in claim]
    places = iter(range(len(drawn)))
    STATISTICS["drawn"] = lambda tables, place: drawn[place]
    rules = [
        {
            "id": "S1",
            "experiment": None,
            "parts": [
                {"statistic": "drawn", "of": {"place": next(places)}, "confirmed": region}
                for region, _ in claim
            ],
        }
        for claim in claims
    ]
    return [finding.verdict for finding in decide(rules, {})]


def table(corner: str, rows: dict[str, list[str]]) -> str:
    head = f"| {corner} | " + " | ".join(f"n = {n}" for n in SEEDS) + " |"
    lines = [f"| {name} | " + " | ".join(cells) + " |" for name, cells in rows.items()]
    return "\n".join([head, "|---" * (len(SEEDS) + 1) + "|", *lines])


def of_one_part(random, repetitions: int) -> str:
    """Rates in percent of false confirmations and refutations, alone in a list."""
    rows: dict[str, list[str]] = {}
    for (kind, (region, draw)), (name, noise), n in product(PARTS.items(), NOISE.items(), SEEDS):
        if draw is share and name != "normal":
            continue  # a yes or no has no other distribution
        found = [verdicts([[(region, draw(random, noise, n))]])[0] for _ in range(repetitions)]
        confirmed = found.count("confirmed")
        refuted = sum(verdict not in UNDECIDED for verdict in found) - confirmed
        cell = f"{100 * confirmed / repetitions:.1f}, {100 * refuted / repetitions:.1f}"
        rows.setdefault(kind if draw is share else f"{kind}; {name}", []).append(cell)
    return table("part; values", rows)


def of_the_list(random, repetitions: int, parts: list[int]) -> str:
    """Rate in percent of lists in which any verdict is wrong, with every part at its border."""
    rows: dict[str, list[str]] = {}
    for (name, noise), n in product(NOISE.items(), SEEDS):
        wrong = 0
        for _ in range(repetitions):
            claims = [[({"above": 0.0}, median(random, noise, n)) for _ in range(k)] for k in parts]
            wrong += any(verdict not in UNDECIDED for verdict in verdicts(claims))
        rows.setdefault(name, []).append(f"{100 * wrong / repetitions:.1f}")
    return table("values", rows)


def deciding(claim: dict) -> list[dict]:
    return [part for part in claim["parts"] if part.get("decides", True)]


def fewest(k: int, level: float) -> str:
    """Seeds that confirm, and refute one of k parts, where all agree."""
    confirm, refute = (next(n for n in range(1, 99) if 2.0**-n <= at) for at in (level, level / k))
    return f"{confirm}, {refute}"


# How probable it is that a seed lies on the side of its border on which the median does: of twice
# the smallest effect, with a standard deviation of that effect; of a range whose ends are two
# standard deviations from its middle.
SIDE = {"above": 0.841, "below": 0.841, "within": 0.977}


def of_runs(border: float) -> float:
    """A share of runs four fifths of the way from its border to 1: 90 % where that is one half."""
    return border + 0.8 * (1 - border)


def is_share(part: dict) -> bool:
    """Whether a part of a claim is about a share of the seeds."""
    return part["measure"].startswith("share of") and part["statistic"] != "plane_variance"


def power(claims: list[dict], presets: dict[str, dict[str, int]]) -> str:
    """Probability in percent that a true claim is confirmed, first and last in Holm's order."""
    claims = [claim for claim in claims if tested(claim)]
    levels = LEVEL / 2 / len(claims), LEVEL / 2
    lines = [
        f"| claim | parts | seeds where all agree | {' | '.join(presets)} |",
        "|---" * (3 + len(presets)) + "|",
    ]
    for claim in claims:
        parts = deciding(claim)
        cells = []
        for seeds in presets.values():
            n = seeds[claim["experiment"]]
            found = []
            for level in levels:
                chance = 1.0
                for part in parts:
                    ((side, bound),) = part["confirmed"].items()
                    share = is_share(part)
                    border = bound if share else 0.5
                    least = next(
                        (s for s in range(n + 1) if binomial_tail(s, n, border) <= level), n + 1
                    )
                    chance *= binomial_tail(least, n, of_runs(bound) if share else SIDE[side])
                found.append(f"{100 * chance:.0f}")
            cells.append(f"{n}: {', '.join(found)}")
        few = fewest(len(parts), levels[0])
        lines.append(f"| {claim['id']} | {len(parts)} | {few} | {' | '.join(cells)} |")
    return "\n".join(lines)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repetitions", type=int, nargs="?", default=4000)
    repetitions = parser.parse_args().repetitions
    if repetitions < 1:
        raise ValueError(f"repetitions: found {repetitions}, expected 1 or more")
    random = np.random.default_rng(0)

    def read(path: str):
        return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))

    claims, controls = (read(f"workflow/{name}.yaml") for name in ("claims", "controls"))
    seeds = {
        title: {
            name: len(seed_list(entry["seeds"]))
            for name, entry in read(path)["experiments"].items()
        }
        for title, path in (("default", "config.yaml"), ("replication", "presets/replication.yaml"))
    }
    seeds["replication"] = seeds["default"] | seeds["replication"]  # what it leaves as it is
    parts = [len(deciding(claim)) for claim in claims if tested(claim)]
    print(f"{repetitions} repetitions\n")
    print(of_one_part(random, repetitions), "\n")
    print(of_the_list(random, repetitions, parts), "\n")
    print(power(claims, seeds), "\n")
    print(power(controls, seeds))


if __name__ == "__main__":
    main()
