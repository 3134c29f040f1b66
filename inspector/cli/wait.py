"""`hooktap wait`: block until something has arrived, for scripts and tests."""

import asyncio
import sys
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look
from inspector.cli.options import QueryCommand, as_json, command, delivery_number, seconds
from inspector.cli.reach import reach
from inspector.core.wire import delivery_to_json, dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError

if TYPE_CHECKING:
    from inspector.client import Client
    from inspector.client.waiting import Row


@command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--timeout",
    "timeout_s",
    type=seconds,
    metavar="TIME",
    help="Give up after so long (30s, 2m, 1h), with exit code 1.",
)
@click.option(
    "--after",
    type=delivery_number,
    metavar="ID",
    help="Count what is numbered above ID, also if it is already there.",
)
@as_json
@click.pass_obj
def wait(
    data_dir: DataDir,
    *,
    query: tuple[str, ...],
    timeout_s: float | None,
    after: int | None,
    as_json: bool,
) -> None:
    """Wait for a delivery that matches QUERY (see `hooktap list --help`), print it, and exit 0.

    Only what comes from now on counts, or what is numbered above --after: note the newest number first, start what
    sends, then wait. In a pipe, or with --json, it is printed as JSON.

    If none matches in time, what came instead is told on stderr, with what of QUERY it fails.
    """
    delivery, attempts = reach(
        data_dir, lambda client: _wait(client, " ".join(query), timeout_s, after)
    )
    if as_json or not _on_terminal():
        click.echo(dumps(delivery_to_json(delivery, attempts)))
    else:
        click.echo(Look.of(sys.stdout).delivery(delivery))


async def _wait(client: "Client", query: str, timeout_s: float | None, after: int | None) -> "Row":
    from inspector.client.waiting import first_match, what_came

    since = int((await client.health())["newest"]) if after is None else after
    try:
        async with asyncio.timeout(timeout_s):
            return await first_match(client, query, since)
    except TimeoutError as error:
        sentence = (
            f"no delivery matched within {timeout_s:g} s; {await what_came(client, query, since)}"
        )
        if earlier := await client.deliveries(query, limit=1):
            number = earlier[0][0].id
            sentence += f"\n  #{number} matches, but came before: --after {number - 1} counts it"
        raise HooktapError(sentence) from error


def _on_terminal() -> bool:
    return sys.stdout.isatty()
