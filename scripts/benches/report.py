"""What was found, as a table in a terminal and as docs/performance.md: its part on the inspector or the terminal."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from scripts.benches.figures import Result, Row, columns
from scripts.benches.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
OF_TERMINAL = "## The terminal"
BY_HAND = "## What stands in the way"
"""From this heading on, the page is written by people, and stays."""

HOW = f"""`./scripts/bench --write` measures all of this in one run and writes this page, but for what stands below
"{OF_TERMINAL[3:]}" and "{BY_HAND[3:]}".

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

HOW_TERMINAL = """`./scripts/bench --tui --write` measures this and writes this part.

A real terminal runs in a window of 120x40 (a pseudo-terminal) on a real inspector. A time goes from when a key is
written to the window until what it does has been read back from it: a line with all its columns, not a cursor alone.
The programs, the window's reader and the sender of the load share the cores. Deliveries that arrive are events of
their own, signed, 500 a second. Memory is what the kernel says of the terminal's process (Pss)."""


class Part(NamedTuple):
    """What one run measures and writes; the rest of the page stays as it is."""

    heading: str
    how: str


INSPECTOR = Part("# Performance", HOW)
TERMINAL = Part(OF_TERMINAL, HOW_TERMINAL)


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


def page(part: Part, results: Mapping[str, Result], run: Run, before: str = "") -> str:
    """Return docs/performance.md with one part anew; `before` is what it held, of which all else is kept."""
    before = f"\n{before}"
    first, _, _ = before.partition(f"\n{OF_TERMINAL}\n")
    first, _, _ = first.partition(f"\n{BY_HAND}\n")
    kept = {heading: _kept(before, heading) for heading in (OF_TERMINAL, BY_HAND)}
    pieces = {INSPECTOR.heading: first.strip("\n"), **kept}
    pieces[part.heading] = _written(part, results, run)
    return "\n\n".join(filter(None, pieces.values())) + "\n"


def _kept(before: str, heading: str) -> str:
    """Return a part of a page with its heading, up to the next one that is kept; empty if there is none."""
    _, found, rest = before.partition(f"\n{heading}\n")
    rest, _, _ = rest.partition(f"\n{BY_HAND}\n")
    return f"{heading}\n{rest}".strip("\n") if found else ""


def _written(part: Part, results: Mapping[str, Result], run: Run) -> str:
    level = "#" * (part.heading.count("#", 0, 2) + 1)
    rows = [row for result in results.values() for row in result.rows]
    lines = [
        part.heading,
        "",
        part.how,
        "",
        f"{run.day}, `{run.command}`: {run.rounds} rounds of {run.seconds:g} s. {run.versions}. {run.hardware}.",
        "",
        "| what | mark | seen | | made of |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows),
    ]
    for name, result in results.items():
        lines += ["", f"{level} {name}", "", "```", result.details, "```"]
    return "\n".join(lines)


def _line(row: Row) -> str:
    cells = (row.what, str(row.mark), row.figure, row.verdict, row.said)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
