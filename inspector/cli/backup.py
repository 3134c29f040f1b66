"""`hooktap backup`: one consistent copy of the database, also while deliveries arrive."""

from pathlib import Path

import click

from inspector.cli.look import size
from inspector.cli.options import FILE, as_json, command, here
from inspector.cli.progress import Progress
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir


@command()
@click.argument("file", type=FILE, metavar="FILE")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@as_json
@click.pass_context
def backup(ctx: click.Context, /, *, file: Path, force: bool, as_json: bool) -> None:
    """Copy everything that was received into FILE, and check the copy.

    It holds every delivery acknowledged before the command began; the inspector goes on receiving meanwhile. FILE is
    for its owner only, and appears when the copy is whole. To use it, stop the inspector and put it in place of
    hooktap.db in an empty data directory. Never copy hooktap.db itself: the newest deliveries are in the files beside
    it. --json prints one object: {"file", "deliveries", "newest", "bytes"}.
    """
    from inspector.store.backup import copy

    data_dir: DataDir = ctx.obj
    to = here() / file
    progress = Progress()

    def show(done: int, total: int) -> None:
        progress.show(f"copied {done * 100 // max(total, 1)} %")

    try:
        copied = copy(data_dir.database, to, replace=force, progress=show)
    finally:
        progress.clear()
    if as_json:
        found = {"deliveries": copied.deliveries, "newest": copied.newest, "bytes": copied.bytes}
        click.echo(dumps({"file": str(to), **found}))
    else:
        noun = "delivery" if copied.deliveries == 1 else "deliveries"
        click.echo(f"{safe(str(to))}: {copied.deliveries:,} {noun}, {size(copied.bytes)}, checked")
