"""What `hooktap replay` does once it knows what to send: a set of deliveries, or one again and again."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look
from inspector.cli.progress import INTERRUPTED, Progress, on_ctrl_c
from inspector.cli.reach import reach
from inspector.core.text import safe
from inspector.core.turns import Replayed, Turn
from inspector.core.wire import attempt_to_json, dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError

if TYPE_CHECKING:
    from inspector.client import Client
    from inspector.client.autoreplay import Round
    from inspector.client.replaying import Order, Pace, Tally


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries to send."""

    ids: Sequence[int] | None
    """As they stand; None: those that match the query."""
    query: str = ""
    oldest_first: bool = True
    limit: int | None = None


@dataclass(slots=True)
class Telling:
    """Prints what comes of each replay, and remembers the first that could not be made."""

    look: Look
    as_json: bool
    progress: Progress = field(default_factory=Progress)
    problem: HooktapError | None = None

    def outcome(self, outcome: Replayed | HooktapError, **facts: object) -> None:
        """Print what came of one; `facts` are added to it."""
        self.progress.clear()
        if isinstance(outcome, HooktapError):
            self.problem = self.problem or outcome
            click.echo(f"hooktap: {safe(str(outcome))}", err=True)
        elif self.as_json:
            same = None if outcome.before is None else outcome.is_same_answer
            turn = {"turn": outcome.turn, "same_answer": same}
            click.echo(dumps({**attempt_to_json(outcome.attempt), **turn, **facts}))
        else:
            words = [self.look.attempt(outcome.attempt), self._turn(outcome)]
            words += [self.look.faint(safe(str(fact))) for fact in facts.values()]
            click.echo("  ".join(filter(None, words)))

    def _turn(self, outcome: Replayed) -> str:
        if outcome.turn in {None, Turn.SAME}:
            return self.look.faint(outcome.said) if outcome.said else ""
        return self.look.colored(outcome.said, "green" if outcome.turn is Turn.FIXED else "red")


def some(
    data_dir: DataDir, wanted: Wanted, order: "Order", pace: "Pace", telling: Telling, *, ask: bool
) -> tuple["Tally", bool]:
    """Send a set; return what it came to, and whether Ctrl-C ended it. With `ask`, a large one only if confirmed."""
    from inspector.client.replaying import ASK_FROM, SetReplay

    async def send(client: "Client") -> tuple["Tally", bool]:
        ids = await _found(client, wanted, telling.progress)
        if ask and len(ids) > ASK_FROM:
            _ask(len(ids))

        def told(_: int, outcome: Replayed | HooktapError) -> None:
            telling.outcome(outcome)
            if len(ids) > 1:
                telling.progress.show(
                    f"sent {run.tally.done:,} of {len(ids):,}, {run.tally.failed:,} failed"
                )

        run = SetReplay(client, order, pace, told)
        with on_ctrl_c(run.stop):
            tally = await run.run(ids)
        telling.progress.clear()
        if len(ids) != 1:
            _summarise(tally, len(ids), stopped=run.is_stopped)
        return tally, run.is_stopped

    return reach(data_dir, send)


def dry(data_dir: DataDir, wanted: Wanted, telling: Telling) -> None:
    """Print the numbers of what would be sent."""

    async def look(client: "Client") -> Sequence[int]:
        return await _found(client, wanted, telling.progress)

    ids = reach(data_dir, look)
    for id in ids:
        click.echo(dumps({"id": id}) if telling.as_json else f"#{id}")
    click.echo(f"hooktap: {_deliveries(len(ids))} would be sent", err=True)


def auto(
    data_dir: DataDir,
    id: int,
    order: "Order",
    telling: Telling,
    paths: Sequence[Path],
    *,
    until_success: bool,
) -> int:
    """Send one now and whenever there is a reason to; return the exit code."""
    from inspector.client.autoreplay import AutoReplay

    def told(round: "Round") -> None:
        telling.outcome(round.outcome, because=round.because)

    async def send(client: "Client") -> int:
        run = AutoReplay(client, id, order, told, paths=paths, until_success=until_success)
        task = asyncio.current_task()
        assert task is not None
        with on_ctrl_c(task.cancel):
            try:
                await run.run()
            except asyncio.CancelledError:
                task.uncancel()
                return INTERRUPTED
        return 0

    return reach(data_dir, send)


async def _found(client: "Client", wanted: Wanted, progress: Progress) -> Sequence[int]:
    from inspector.client.replaying import numbers

    if wanted.ids is not None:
        return wanted.ids
    ids = await numbers(
        client,
        wanted.query,
        limit=wanted.limit,
        oldest_first=wanted.oldest_first,
        show=lambda count: progress.show(f"found {count:,}"),
    )
    progress.clear()
    return ids


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{_deliveries(count)} would be sent and there is nobody to ask here: add --yes, or --dry-run to look first"
        )
    click.confirm(f"Send {_deliveries(count)} once more?", abort=True, err=True)


def _summarise(tally: "Tally", count: int, *, stopped: bool) -> None:
    rows = {
        "succeeded": tally.succeeded,
        "failed": tally.failed,
        "fixed": tally.fixed,
        "regressed": tally.regressed,
    }
    if tally.unsent:
        rows["not sent"] = tally.unsent
    width = len(f"{max(rows.values()):,}")
    head = "stopped: " if stopped else ""
    click.echo(
        f"hooktap: {head}sent {tally.done - tally.unsent:,} of {_deliveries(count)}", err=True
    )
    for name, number in rows.items():
        click.echo(f"  {name:<9}  {number:>{width},}", err=True)


def _deliveries(count: int) -> str:
    return f"{count:,} {'delivery' if count == 1 else 'deliveries'}"
