"""`hooktap reverify`: check stored deliveries again, with the secrets and providers of now."""

import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Columns, Look, day
from inspector.cli.options import QueryCommand, as_json, command
from inspector.cli.progress import INTERRUPTED, Progress, noting_ctrl_c
from inspector.cli.reach import reach
from inspector.core.model import Delivery, Verdict
from inspector.core.wire import dumps, verdict_to_json
from inspector.datadir import DataDir

if TYPE_CHECKING:
    from inspector.client import Client

PAGE = 100
"""Deliveries checked by one call: a few tenths of a second, after which Ctrl-C is heard."""


@command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@as_json
@click.pass_context
def reverify(ctx: click.Context, /, *, query: tuple[str, ...], as_json: bool) -> None:
    """Check the deliveries that match QUERY once more, newest first, and print those whose outcome changed.

    After a secret was set, or a provider named: `hooktap reverify outcome:no_secret`. The first verdict stays; the new
    one is added with its time. QUERY is as in `hooktap list --help`; without it everything is checked. --json prints
    every new verdict, one per line.

    Ctrl-C stops it after the deliveries being checked; what was checked stays so. Exit 130 then.
    """
    data_dir: DataDir = ctx.obj
    run = _Run(Look.of(sys.stdout), as_json=as_json)
    with noting_ctrl_c() as pressed:
        reach(data_dir, lambda client: run.all(client, " ".join(query), pressed))
    run.summarise(stopped=pressed.is_set())
    ctx.exit(INTERRUPTED if pressed.is_set() else 0)


class _Run:
    """Counts, and prints what changes."""

    def __init__(self, look: Look, *, as_json: bool) -> None:
        self._look = look
        self._as_json = as_json
        self._progress = Progress()
        self._checked = 0
        self._changed = 0

    async def all(self, client: "Client", query: str, stop: threading.Event) -> None:
        """Check page after page, until there is no more or `stop` is set."""
        before: int | None = None
        while not stop.is_set():
            # As they are now: a verdict says what came of the check, and not what it was before.
            page = {found.id: found for found, _ in await client.deliveries(query, before, PAGE)}
            if not page:
                return
            done = await client.reverify(query, max(page) + 1, PAGE)
            self._checked += done.checked
            self._changed += done.changed
            self._progress.clear()
            for verdict in done.verdicts:
                self._print(verdict, page)
            self._progress.show(f"checked {self._checked:,} of which {self._changed:,} changed")
            before = done.before
            if before is None:
                return

    def summarise(self, *, stopped: bool) -> None:
        """Say what was done."""
        self._progress.clear()
        said = f"checked {self._checked:,}, of which {self._changed:,} changed"
        click.echo(f"hooktap: {f'stopped: {said} so far' if stopped else said}", err=True)

    def _print(self, verdict: Verdict, page: Mapping[int, Delivery]) -> None:
        old = page.get(verdict.delivery_id)
        if self._as_json:
            click.echo(dumps(verdict_to_json(verdict)))
        elif old is None:
            click.echo(self._look.recheck(verdict, when=day))
        elif old.verification.outcome is not verdict.verification.outcome:
            line = self._look.delivery(
                replace(old, verification=verdict.verification), Columns(day)
            )
            click.echo(f"{line}  {self._look.faint(f'was {old.verification.outcome}')}")
