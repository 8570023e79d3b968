"""Batches: the seeds of a variant that one job trains, and how files are named after them.

`seed3` is a batch of one; `seeds0-9` has ten, and `seeds0-2+5` the seeds 0, 1, 2 and 5.
"""

from collections.abc import Iterable, Sequence

SEED_LIMIT = 100_000  # of an experiment
PATTERN = r"seed\d+|seeds\d+-\d+(?:\+\d+(?:-\d+)?)*|seeds\d+(?:\+\d+(?:-\d+)?)+"


def seed_list(seeds: str | Sequence[int]) -> list[int]:
    """The seeds that a configuration names, a list or a range such as 0-9, ends included. They are
    sorted, as in a batch, so that the cut into batches changes the order of no table.

    Raises ValueError where a range goes down, or has more than `SEED_LIMIT` seeds.
    """
    if not isinstance(seeds, str):
        return sorted(seeds)
    first, last = map(int, seeds.split("-"))
    if last < first:
        raise ValueError(f"found {seeds}, expected a range that goes up: {last}-{first}")
    if last - first >= SEED_LIMIT:
        raise ValueError(f"found {seeds}, {last - first + 1} seeds, expected at most {SEED_LIMIT}")
    return list(range(first, last + 1))


def cut(seeds: Sequence[int], size: int) -> list[str]:
    """The names of the batches of at most `size` seeds, in the order of `seeds`, so that larger
    seeds that are added leave the full batches before them alone."""
    return [name(seeds[first : first + size]) for first in range(0, len(seeds), size)]


def name(seeds: Iterable[int]) -> str:
    """The name of a batch, and of its files."""
    ranges: list[list[int]] = []
    for seed in sorted(seeds):
        if ranges and ranges[-1][1] == seed - 1:
            ranges[-1][1] = seed
        else:
            ranges.append([seed, seed])
    parts = [str(first) if first == last else f"{first}-{last}" for first, last in ranges]
    return ("seed" if parts[0].isdecimal() and len(parts) == 1 else "seeds") + "+".join(parts)


def seeds_of(batch: str) -> list[int]:
    """The seeds of a batch by its name. Raises ValueError where it names none."""
    parts = batch.removeprefix("seeds").removeprefix("seed").split("+")
    return [seed for part in parts for seed in seed_list(part if "-" in part else [int(part)])]
