"""`hooktap doctor`: everything that may keep hooktap from working, looked at in one go."""

import asyncio
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from inspector.cli.look import Look
from inspector.cli.options import as_json, command, config_file, here
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir

SIGNS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "failed": ("✗", "red")}


@command()
@config_file
@click.option("--repair", is_flag=True, help="Recover a damaged database instead of looking.")
@as_json
@click.pass_context
def doctor(ctx: click.Context, /, *, config_file: Path | None, repair: bool, as_json: bool) -> None:
    """Look for what may keep hooktap from working, and change nothing.

    Exit 0 if all is well (what is only worth knowing is marked with a dot), 1 if something is not. No secret is
    printed. --json prints one object: {"ok": ..., "checks": [{"name", "state", "detail"}, ...]}.

    With --repair it changes something, if the database is damaged, or an inspector has put a damaged one away when it
    started: what can be read of it goes into a new one, row by row, and the damaged files stay beside it in a
    directory of their own. No inspector may run meanwhile. --json prints
    {"damaged", "moved_to", "recovered": {"delivery", ...}, "unreadable", "set_aside"} then: what is set aside could be
    read, but is not what was stored.
    """
    if repair:
        _repair(ctx.obj, as_json=as_json)
        return
    from inspector.cli import checks

    found = asyncio.run(checks.all_of(ctx.obj, config_file, os.environ, here()))
    healthy = all(check.state is not checks.State.FAILED for check in found)
    if as_json:
        click.echo(dumps({"ok": healthy, "checks": [asdict(check) for check in found]}))
    else:
        look = Look.of(sys.stdout)
        for check in found:
            sign, color = SIGNS[check.state]
            mark = look.colored(look.mark(sign), color)
            click.echo(f"{mark} {check.name:<16} {safe(check.detail)}")
    ctx.exit(0 if healthy else 1)


def _repair(data_dir: DataDir, *, as_json: bool) -> None:
    from inspector.store.repair import repair

    done = repair(data_dir, f"{datetime.now(UTC):%Y%m%d-%H%M%S}")
    moved_to = None if done.moved_to is None else str(done.moved_to)
    if as_json:
        lost = {"unreadable": done.unreadable, "set_aside": done.set_aside}
        found = {"damaged": moved_to is not None, "moved_to": moved_to, "recovered": done.recovered}
        click.echo(dumps({**found, **lost}))
    elif moved_to is None:
        click.echo("the database is whole: there is nothing to repair")
    else:
        rows = done.recovered
        deliveries, attempts = rows.get("delivery", 0), rows.get("attempt", 0)
        click.echo(f"recovered {deliveries:,} deliveries and {attempts:,} attempts")
        places = "place" if done.unreadable == 1 else "places"
        click.echo(f"{done.unreadable:,} {places} could not be read")
        records = "record is" if done.set_aside == 1 else "records are"
        click.echo(f"{done.set_aside:,} {records} not what was stored, and left out")
        click.echo(f"the damaged files are kept in {safe(moved_to)}")
