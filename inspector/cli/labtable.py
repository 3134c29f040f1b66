"""The table of `hooktap lab`: a line per case as it comes, and under one that failed, why that matters."""

import sys
import textwrap

import click

from inspector.cli.look import Look, duration
from inspector.cli.progress import Progress
from inspector.core.text import fit, safe
from inspector.simulate.lab import reports
from inspector.simulate.lab.answers import told
from inspector.simulate.lab.cases import CASES, Case
from inspector.simulate.lab.runner import Row, Ruling, Run

_NAME = max(len(case.name) for case in CASES)
_EXPECTED = len("2xx or 413")
_ANSWERED = 15
_TOOK = 7
_WIDTH = 80
_INDENT = " " * 4
_SIGNS = {
    Ruling.PASSED: ("✓", "green"),
    Ruling.FAILED: ("✗", "red"),
    Ruling.LEFT_OUT: ("·", "yellow"),
}


class Table:
    """Prints it while the cases are being sent."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._look = Look.of(sys.stdout)
        self._progress = Progress()
        self._said = ""
        """Why the last one was left out: said once for all that follow."""

    def head(self) -> None:
        """Say what is sent where, and print the titles."""
        click.echo(
            f"{self._run.bench.provider.title} {self._look.mark('→')} {safe(self._run.to)}\n"
        )
        titles = self._columns("case", "expected", "answered", f"{'took':>{_TOOK}}")
        click.echo(self._look.faint(f"{titles}  verdict"))

    def starts(self, case: Case) -> None:
        """Show what is being sent."""
        number = CASES.index(case) + 1
        self._progress.show(f"{number} of {len(CASES)}: {case.name}")

    def ended(self, row: Row) -> None:
        """Print what one case came to."""
        self.clear()
        sign, color = _SIGNS[row.ruling]
        line = self._columns(
            row.case.name,
            told(row.case.expected, self._run.bench.provider),
            reports.statuses(row.answers) or "-",
            f"{duration(row.took_us) if row.answers else '-':>{_TOOK}}",
        )
        verdict = self._look.colored(f"{self._look.mark(sign)} {row.ruling}", color)
        click.echo(f"{line}  {verdict}")
        if row.ruling is Ruling.FAILED:
            self._under(f"{row.reason}. {row.case.why}")
        elif row.reason != self._said:
            self._under(row.reason)
        self._said = row.reason if row.ruling is Ruling.LEFT_OUT else ""

    def clear(self) -> None:
        """Take the progress away."""
        self._progress.clear()

    def _columns(self, name: str, expected: str, answered: str, took: str) -> str:
        answered = fit(answered, _ANSWERED, _ANSWERED)
        return f"{name:<{_NAME}}  {expected:<{_EXPECTED}}  {answered}  {took}"

    def _under(self, text: str) -> None:
        for line in textwrap.wrap(text, _WIDTH - len(_INDENT)):
            click.echo(_INDENT + self._look.faint(line))
