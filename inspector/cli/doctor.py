"""`hooktap doctor`: everything that may keep hooktap from working, looked at in one go."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import click

from inspector.cli import checks
from inspector.cli.checks import Check, State
from inspector.cli.look import Look
from inspector.cli.options import as_json, command, config_file
from inspector.config import load
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir
from inspector.errors import ConfigError

_SIGNS = {State.OK: ("✓", "green"), State.NOTE: ("·", "yellow"), State.FAILED: ("✗", "red")}


@command()
@config_file
@as_json
@click.pass_context
def doctor(ctx: click.Context, /, *, config_file: Path | None, as_json: bool) -> None:
    """Look for what may keep hooktap from working, and change nothing.

    Exit 0 if all is well (what is only worth knowing is marked with a dot), 1 if something is not. No secret is
    printed. --json prints one object: {"ok": ..., "checks": [{"name", "state", "detail"}, ...]}.
    """
    found = asyncio.run(_collect(ctx.obj, config_file))
    healthy = all(check.state is not State.FAILED for check in found)
    if as_json:
        click.echo(dumps({"ok": healthy, "checks": [asdict(check) for check in found]}))
    else:
        look = Look.of(sys.stdout)
        for check in found:
            click.echo(_line(look, check))
    ctx.exit(0 if healthy else 1)


async def _collect(data_dir: DataDir, config_file: Path | None) -> list[Check]:
    return [check async for check in _examine(data_dir, config_file)]


async def _examine(data_dir: DataDir, config_file: Path | None) -> AsyncIterator[Check]:
    for check in checks.machine(os.environ):
        yield check
    yield checks.terminal(os.environ)
    yield checks.privacy(data_dir)
    yield await checks.database(data_dir)
    try:
        config = load(
            environ=os.environ, cwd=Path.cwd(), config_file=config_file, data_dir=data_dir.path
        )
    except ConfigError as error:
        yield checks.failed("configuration", str(error))
        return
    for check in checks.configuration(config):
        yield check
    async for check in checks.doors(config):
        yield check
    async for check in checks.targets(config):
        yield check


def _line(look: Look, check: Check) -> str:
    sign, color = _SIGNS[check.state]
    return f"{look.colored(look.mark(sign), color)} {check.name:<16} {safe(check.detail)}"
