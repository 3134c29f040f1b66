"""What was found, as a table in a terminal and as docs/performance.md."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from scripts.benches.figures import Result, Row, columns
from scripts.benches.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
BY_HAND = "## What stands in the way"
"""From this heading on, the page is written by people, and stays."""

HOW = f"""`./scripts/bench --write` measures all of this in one run and writes this page, but for "{BY_HAND[3:]}".

Contestants are processes of their own, take turns within each round, and get the same signed 2 KB delivery over
loopback; the load generator shares the cores with them, and whoever is not on turn is stopped. A figure is the
median of the rounds, beside it the lowest and the highest; a ratio is made within each round. "Verified and
fsynced" means what it does for a user: the signature is checked and the delivery is on disk (`synchronous=FULL`)
before the sender is answered. The text index is built behind that, slowly while deliveries arrive. mitmdump runs in
reverse mode with `-w` and its quickest honest settings (`scripts/benches/contestants.py`); it checks no signature
and waits for no disk. The rates are wrk's. The p99 is of a load with a fixed schedule (`scripts/benches/pace.py`):
an answer's time counts from when its request was due, so none is left out because the one before it was slow. Many
stored deliveries are those of `scripts/fill`: of all providers with true samples, in varied sizes, right and wrong,
forwarded and retried."""


class Run(NamedTuple):
    """What is said of a run besides its figures."""

    command: str
    day: date
    versions: str
    hardware: str
    rounds: int
    seconds: float


def table(rows: Sequence[Row]) -> str:
    """Return the rows for a terminal, and below them why some have no figure."""
    cells = [("", "mark", "seen", "")]
    cells += [(row.what, str(row.mark), row.figure, row.verdict) for row in rows]
    missing = [f"{row.what}: {row.said}" for row in rows if row.value is None]
    return "\n".join([columns(cells), *(f"not measured: {each}" for each in missing)])


def page(results: Mapping[str, Result], run: Run, before: str = "") -> str:
    """Return docs/performance.md; `before` is what it held, of which the part written by people is kept."""
    rows = [row for result in results.values() for row in result.rows]
    lines = [
        "# Performance",
        "",
        HOW,
        "",
        f"{run.day}, `{run.command}`: {run.rounds} rounds of {run.seconds:g} s. {run.versions}. {run.hardware}.",
        "",
        "| what | mark | seen | | made of |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
        "",
    ]
    for name, result in results.items():
        lines += [f"## {name}", "", "```", result.details, "```", ""]
    return "\n".join(lines) + by_hand(before)


def by_hand(before: str) -> str:
    """Return the part of a page that people wrote, ready to be appended; empty if there is none."""
    _, heading, rest = before.partition(f"\n{BY_HAND}\n")
    return f"\n{BY_HAND}\n{rest}" if heading else ""


def _line(row: Row) -> str:
    cells = (row.what, str(row.mark), row.figure, row.verdict, row.said)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
