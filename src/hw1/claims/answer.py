"""What was learned, in a few points that rest on verdicts (workflow/report/answer.yaml)."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hw1.results.wording import VERDICTS, number, quantity

PLACE = re.compile(r"\{(\w+)\.(\d+)(%?)\}")


class Point(NamedTuple):
    """A point of the answer: its `text` with numbers, and the verdicts that it rests on, by the ids
    of claims or their parts. `otherwise` has those verdicts that the point does not expect."""

    text: str
    rests_on: dict[str, str]
    otherwise: dict[str, str]

    @property
    def instead(self) -> str:
        """What to say before a point that does not stand."""
        decided = {*self.otherwise.values()} & {*VERDICTS[:4]}
        return "Not so by these verdicts" if decided else "Not decided yet"


def points(rules: Sequence[Mapping], parts: Sequence[Mapping]) -> list[Point]:
    """The points whose claims are all on the ledgers, from the rows of `parts` (see
    `hw1.claims.ledger.part_rows`)."""
    rows = {f"{row['claim']}.{row['part']}": row for row in parts}
    verdicts = {row["claim"]: row["claim_verdict"] for row in parts}
    verdicts |= {key: row["verdict"] for key, row in rows.items()}
    found = []
    for rule in rules:
        named = [*rule["rests_on"], *(f"{m[1]}.{m[2]}" for m in PLACE.finditer(rule["point"]))]
        if not all(key.partition(".")[0] in verdicts for key in named):
            continue
        found.append(
            Point(
                PLACE.sub(
                    lambda place: value(rows[f"{place[1]}.{place[2]}"], place[3]), rule["point"]
                ),
                {key: verdicts[key] for key in rule["rests_on"]},
                {
                    key: verdicts[key]
                    for key, expected in rule["rests_on"].items()
                    if (verdicts[key] == expected.removeprefix("not "))
                    == expected.startswith("not ")
                },
            )
        )
    return found


def value(row: Mapping, percent: str) -> str:
    """The estimate of a part, as a number or in percent."""
    if row["estimate"] is None:
        return "?"
    if percent:
        return f"{round(100 * row['estimate'])} %"
    return quantity(row["estimate"], row["unit"]) if row["unit"] else number(row["estimate"])
