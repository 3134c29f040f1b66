"""`hooktap wait`: block until something has arrived, for scripts and tests."""

import asyncio
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look
from inspector.cli.options import QueryCommand, as_json, command, delivery_number, seconds
from inspector.cli.reach import reach
from inspector.core.model import Attempt, Delivery
from inspector.core.wire import delivery_to_json, dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError

if TYPE_CHECKING:
    from inspector.client import Client

Found = tuple[Delivery, list[Attempt]]


@command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--timeout",
    "timeout_s",
    type=seconds,
    metavar="SECONDS",
    help="Give up after so long, with exit code 1.",
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
    sends, then wait.
    """

    async def bounded(client: "Client") -> Found:
        try:
            async with asyncio.timeout(timeout_s):
                return await _first_match(client, " ".join(query), after)
        except TimeoutError as error:
            raise HooktapError(f"no delivery matched within {timeout_s:g} s") from error

    delivery, attempts = reach(data_dir, bounded)
    if as_json:
        click.echo(dumps(delivery_to_json(delivery, attempts)))
    else:
        click.echo(Look.of(sys.stdout).delivery(delivery))


async def _first_match(client: "Client", query: str, after: int | None) -> Found:
    from inspector.client import Connection

    since = int((await client.health())["newest"]) if after is None else after
    await client.deliveries(
        query, limit=1
    )  # a query that cannot be read fails now, not with the first delivery
    async with aclosing(client.feed(since)) as feed:
        async for item in feed:
            if item is Connection.RECONNECTING:
                continue
            matches = await client.deliveries(query)
            newer = [found for found in matches if found[0].id > since]
            if newer:
                return newer[-1]
    raise AssertionError("the feed tries for ever")
