"""Marks, what was seen of each, and whether it is met. Nothing is measured or printed here."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Mark(NamedTuple):
    """What a figure is to reach, or not to exceed."""

    limit: float
    unit: str
    """`x` a ratio, or `ms`, `MB`."""
    at_least: bool = False

    def is_met(self, value: float) -> bool:
        """Say whether a figure is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {written(self.limit, self.unit)}"


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, its mark, and what each round saw."""

    what: str
    mark: Mark
    seen: Sequence[float] = ()
    """Empty: it was not measured."""
    said: str = ""
    """What the figure is made of, or why there is none."""

    @property
    def value(self) -> float | None:
        """The median of the rounds."""
        return statistics.median(self.seen) if self.seen else None

    @property
    def figure(self) -> str:
        """The median with its spread, for a person."""
        if self.value is None:
            return "not measured"
        middle = written(self.value, self.mark.unit)
        if len(self.seen) == 1:
            return middle
        least, most = (written(each, self.mark.unit, bare=True) for each in spread(self.seen))
        return f"{middle} ({least}–{most})"  # noqa: RUF001 - a range

    @property
    def verdict(self) -> str:
        """Whether it is met, for a person."""
        if self.value is None:
            return "–"  # noqa: RUF001 - nothing to say
        return "met" if self.mark.is_met(self.value) else "missed"


class Result(NamedTuple):
    """What one section found."""

    rows: Sequence[Row]
    details: str
    """What the figures are made of: a few lines in columns."""


def written(value: float, unit: str, *, bare: bool = False) -> str:
    """Write a figure in three digits or so, with its unit unless it is to stand `bare`."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    number = f"{value:,.{digits}f}"
    if bare:
        return number
    return number + ("x" if unit == "x" else f" {unit}")


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the lowest and the highest."""
    return min(values), max(values)


def ratios(these: Iterable[float], those: Iterable[float]) -> list[float]:
    """Return how these compare to those, each with the one of its own round."""
    return [this / that for this, that in zip(these, those, strict=True)]


def added_ratios(
    these: Iterable[float], those: Iterable[float], floor: Iterable[float]
) -> list[float]:
    """Return how what these add to the floor compares to what those add to it, round by round.

    Those that add nothing at all leave nothing to compare with: such a round is left out.
    """
    rounds = zip(these, those, floor, strict=True)
    return [(this - least) / (that - least) for this, that, least in rounds if that > least]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the others does not exceed; `ordered` ascends and is not empty."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out in columns, the first to the left and the others to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
