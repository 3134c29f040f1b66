"""`hooktap diff`: what two deliveries, or two answers of an app, differ in."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look
from inspector.cli.options import as_json, command, delivery_number
from inspector.cli.reach import reach
from inspector.core.difference import Change, Difference, DiffLine, LineKind, Subject, compare
from inspector.core.model import Attempt, Response
from inspector.core.text import safe, shorten
from inspector.core.wire import dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError, NotFoundError

if TYPE_CHECKING:
    from inspector.client import Client

DIFFERENT = 1
VALUE_MAX = 2000
"""Characters of a value; `--json` has all of it."""
_COLORS = {LineKind.ADDED: "green", LineKind.REMOVED: "red"}


@command()
@click.argument("ids", type=delivery_number, nargs=-1, metavar="ID [ID]")
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="PATH",
    help="Leave this out: `header:Date`, `json:items.*.id`, or a path in JSON alone.",
)
@click.option(
    "--answers", is_flag=True, help="Compare what the app answered to each, the last time."
)
@click.option(
    "--attempts",
    type=(click.IntRange(min=1), click.IntRange(min=1)),
    metavar="N M",
    help="Compare the answers to attempts N and M of one delivery.",
)
@as_json
@click.pass_context
def diff(
    ctx: click.Context,
    /,
    *,
    ids: tuple[int, ...],
    ignored: tuple[str, ...],
    answers: bool,
    attempts: tuple[int, int] | None,
    as_json: bool,
) -> None:
    """Show what two deliveries differ in: request line, headers, and bodies; JSON by its values.

    Exit 0 if they are the same, but for what is ignored; 1 if not.
    """
    wanted = 1 if attempts else 2
    if len(ids) != wanted or (answers and attempts):
        raise click.UsageError(
            "give two deliveries, or one with --attempts N M (and not --answers with it)"
        )
    data_dir: DataDir = ctx.obj

    async def subjects(client: "Client") -> tuple[Subject, Subject]:
        if attempts is not None:
            one, other = attempts
            return await _answer(client, ids[0], one), await _answer(client, ids[0], other)
        if answers:
            return await _answer(client, ids[0]), await _answer(client, ids[1])
        return await _delivery(client, ids[0]), await _delivery(client, ids[1])

    try:
        difference = compare(*reach(data_dir, subjects), ignored)
    except HooktapError as error:
        raise _trouble(error) from error
    if as_json:
        click.echo(dumps(_as_json(difference)))
    else:
        for line in _lines(Look.of(sys.stdout), difference):
            click.echo(line)
    ctx.exit(0 if difference.is_empty else DIFFERENT)


def _trouble(error: HooktapError) -> HooktapError:
    """Return an error whose code does not say that something differs."""
    if error.exit_code == DIFFERENT:
        error.exit_code = 2
    return error


async def _delivery(client: "Client", number: int) -> Subject:
    delivery, _ = await client.delivery(number)
    return Subject.of_delivery(delivery, await client.body(number))


async def _answer(client: "Client", number: int, which: int | None = None) -> Subject:
    """Return the answer to an attempt at a delivery; without `which` the last there was."""
    _, attempts = await client.delivery(number)
    found: list[tuple[Attempt, Response]] = [
        (attempt, attempt.result)
        for attempt in attempts
        if isinstance(attempt.result, Response) and which in (None, attempt.number)
    ]
    if not found:
        of = "" if which is None else f" to attempt {which}"
        raise NotFoundError(f"there is no answer{of} of delivery #{number}")
    attempt, response = found[-1]
    body = await client.response_body(attempt.id) if response.body_bytes else b""
    return Subject.of_response(response, body)


def _lines(look: Look, difference: Difference) -> Iterator[str]:
    for change in difference.changes:
        yield from _change_lines(look, change)
    for line in difference.lines:
        yield _line(look, line)
    if difference.note:
        yield safe(difference.note)


def _change_lines(look: Look, change: Change) -> Iterator[str]:
    yield safe(change.part)
    for kind, value in ((LineKind.REMOVED, change.before), (LineKind.ADDED, change.after)):
        if value is not None:
            yield _line(look, DiffLine(kind, shorten(value, VALUE_MAX)), "  ")


def _line(look: Look, line: DiffLine, indent: str = "") -> str:
    if line.kind is LineKind.SKIPPED:
        return look.faint(f"@@ {safe(line.text)}")
    text = f"{indent}{line.kind.value} {safe(line.text)}"
    color = _COLORS.get(line.kind)
    return look.colored(text, color) if color else text


def _as_json(difference: Difference) -> dict[str, object]:
    return {
        "same": difference.is_empty,
        "changes": [{"kind": change.kind.value, **asdict(change)} for change in difference.changes],
        "lines": [{"kind": line.kind.name.lower(), "text": line.text} for line in difference.lines],
        "note": difference.note,
    }
