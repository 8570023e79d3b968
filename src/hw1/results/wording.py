"""Numbers as text, and sentences about several."""

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping

# The verdicts on a claim, in the order of reports; see hw1.claims.decisions.
VERDICTS = (
    "confirmed",
    "smaller than matters",
    "no difference that matters",
    "refuted",
    "inconclusive",
    "not enough seeds",
    "not computed",
)


def outcome(verdicts: Iterable[str], what: str = "claim") -> str:
    """How many claims, or parts of claims, have which verdict."""
    counts = Counter(verdicts)
    total = f"one {what}" if counts.total() == 1 else f"{counts.total()} {what}s"
    said = [f"{counts[verdict]} {verdict}" for verdict in sorted(counts, key=VERDICTS.index)]
    return ", ".join([f"of {total}", *said])


def number(value: float) -> str:
    """Three significant digits; 1000 and more in full, in groups of three."""
    if abs(value) >= 999.5:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value + 0.0:.3g}"  # + 0.0: without the sign of -0.0


def quantity(value: float, unit: str | None) -> str:
    """A number with some unit: percentages and their points to hundredths, others as `number`."""
    return f"{value:.2f}" if unit in ("%", "pp") else number(value)


def median(values: Iterable[float], unit: str = "") -> str:
    """The median of the numbers that are known; if they differ, with the least and the greatest."""
    known = sorted(value for value in values if not math.isnan(value))
    if not known:
        return "no number"
    text = f"{quantity(statistics.median(known), unit)} {unit}".strip()
    low, high = quantity(known[0], unit), quantity(known[-1], unit)
    return text if low == high else f"{text} ({low} to {high})"


def change(before: float, after: float, unit: str = "") -> str:
    """How a number changes, with a verb; a change too small for its digits is given by itself."""
    first, last = quantity(before, unit), quantity(after, unit)
    if math.isclose(before, after):
        return f"is {last} {unit}".strip() + " at either end"
    verb = "rises" if after > before else "falls" if after < before else "goes"
    small = first == last and verb != "goes"
    way = f"by {number(abs(after - before))}" if small else f"from {first}"
    return f"{verb} {way} to {last} {unit}".strip()


def each(said: Mapping[str, tuple[float, str]], most: int = 3) -> str:
    """The text for each name, given with the number that it is about. If there are more names than
    `most`, only the names with the least and the greatest number have their texts."""
    if len(said) == 1:
        return next(iter(said.values()))[1]
    names = [name.replace("_", " ") for name in said]
    names = [name if name.startswith("with ") else f"for {name}" for name in names]
    texts = [f"{text} {name}" for name, (_, text) in zip(names, said.values())]
    if len(said) <= most:
        return f"{', '.join(texts[:-1])} and {texts[-1]}"
    if len({text for _, text in said.values()}) == 1:
        return f"{next(iter(said.values()))[1]} for each of {len(said)}"
    order = sorted(zip(said.values(), texts), key=lambda row: (math.isnan(row[0][0]), row[0][0]))
    return f"{order[0][1]} (least) and {order[-1][1]} (most of {len(said)})"


def in_seeds(found: Iterable[bool], words: str) -> str:
    """`words`, with the number of seeds for which something is so in place of {}; empty for one
    seed."""
    flags = list(found)
    return words.format(f"{sum(flags)} of {len(flags)} seeds") if len(flags) > 1 else ""


def evidence(e_value: float) -> str:
    """An e-value, without digits that say nothing."""
    if e_value > 1e6:
        return "over 1 000 000"
    return "under 0.01" if e_value < 0.01 else number(e_value)


def seed_count(n: int) -> str:
    """A number of seeds."""
    return "one seed" if n == 1 else f"{n} seeds"


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is readable."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
