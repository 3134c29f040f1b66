"""`hooktap mark`: deliveries to find again, and what they are remembered for."""

from typing import TYPE_CHECKING

import click

from inspector.cli.options import as_json, command, delivery_number
from inspector.cli.reach import reach
from inspector.core.marks import Mark, note_of
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError

if TYPE_CHECKING:
    from inspector.client import Client


def note_text(text: str) -> str:
    """Read a note."""
    try:
        return note_of(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@command()
@click.argument("ids", type=delivery_number, nargs=-1, required=True, metavar="ID...")
@click.option(
    "--note", type=note_text, metavar="TEXT", help="What to remember it for; '' for nothing."
)
@click.option("--remove", is_flag=True, help="Take mark and note away.")
@as_json
@click.pass_context
def mark(
    ctx: click.Context,
    /,
    *,
    ids: tuple[int, ...],
    note: str | None,
    remove: bool,
    as_json: bool,
) -> None:
    """Mark deliveries, so that `is:marked` finds them; with a note, so that `note:TEXT` does.

    What is marked or has a note stays when old deliveries go, and `hooktap prune` leaves it too. One that cannot be
    marked is told on stderr, the others are marked all the same, and the exit code is that of the first.
    """
    if remove and note is not None:
        raise click.UsageError("--remove takes the note away: leave out --note")
    data_dir: DataDir = ctx.obj
    wanted = Mark(not remove, "" if remove else note)
    codes: list[int] = []

    async def mark_each(client: "Client") -> None:
        for id in ids:
            try:
                now = await client.mark(id, marked=wanted.marked, note=wanted.note)
                _tell(id, now, as_json=as_json)
            except UnreachableError:
                raise
            except HooktapError as error:
                click.echo(f"hooktap: {safe(str(error))}", err=True)
                codes.append(error.exit_code)

    reach(data_dir, mark_each)
    ctx.exit(codes[0] if codes else 0)


def _tell(number: int, now: Mark, *, as_json: bool) -> None:
    if as_json:
        click.echo(dumps({"id": number, "marked": now.marked, "note": now.note}))
        return
    note = f"  {safe(now.note)}" if now.note is not None else ""
    click.echo(f"#{number} {'marked' if now.marked else 'not marked'}{note}")
