"""`hooktap doctor`: everything that may keep hooktap from working, looked at in one go."""

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click

from inspector.cli.look import Look
from inspector.cli.options import as_json, command, config_file, here
from inspector.core.text import safe
from inspector.core.wire import dumps

SIGNS = {"ok": ("✓", "green"), "note": ("·", "yellow"), "failed": ("✗", "red")}


@command()
@config_file
@as_json
@click.pass_context
def doctor(ctx: click.Context, /, *, config_file: Path | None, as_json: bool) -> None:
    """Look for what may keep hooktap from working, and change nothing.

    Exit 0 if all is well (what is only worth knowing is marked with a dot), 1 if something is not. No secret is
    printed. --json prints one object: {"ok": ..., "checks": [{"name", "state", "detail"}, ...]}.
    """
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
