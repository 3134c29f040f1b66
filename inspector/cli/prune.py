"""`hooktap prune`: let old deliveries go, through the running inspector or without one."""

import asyncio
import re
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Protocol

import click

from inspector.cli.look import size
from inspector.cli.options import QueryCommand, as_json, command, query_of
from inspector.cli.progress import INTERRUPTED, Progress, noting_ctrl_c
from inspector.core.pruning import Pruned, PruneOrder, Reclaimed
from inspector.core.queryterms import UNITS_S
from inspector.core.wire import dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError

REST_S = 0.02
"""After each slice, in which deliveries are acknowledged."""
LONGEST_S = 36_500 * UNITS_S["d"]


class Pruner(Protocol):
    """What lets deliveries go: a client of the running inspector, or the store itself."""

    async def count(self, order: PruneOrder) -> Pruned:
        """Say what the next part would take away."""

    async def prune(self, order: PruneOrder) -> Pruned:
        """Take the next slice away."""

    async def reclaim(self) -> Reclaimed:
        """Give a slice of unused space back."""


@dataclass(slots=True)
class Tally:
    """The parts, added up."""

    deliveries: int = 0
    bytes: int = 0
    owed: int = 0
    freed_bytes: int = 0

    def add(self, part: Pruned) -> None:
        """Add one."""
        self.deliveries += part.deliveries
        self.bytes += part.bytes
        self.owed += part.owed


def age_s(text: str) -> int:
    """Read an age: `30d`, `12h`, `90m`, `2w`."""
    found = re.fullmatch(r"([0-9]{1,9})([mhdw])", text)
    if not found or not 0 < int(found[1]) * UNITS_S[found[2]] <= LONGEST_S:
        raise click.BadParameter(f"'{text}' is not an age such as 30d, 12h, 90m or 2w")
    return int(found[1]) * UNITS_S[found[2]]


@command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--older-than", type=age_s, metavar="AGE", help="Only what came longer ago: 30d, 12h."
)
@click.option(
    "--keep", type=click.IntRange(0), metavar="N", help="Keep the newest N of what matches."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@click.pass_context
def prune(
    ctx: click.Context,
    /,
    *,
    query: tuple[str, ...],
    older_than: int | None,
    keep: int | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete the deliveries that match QUERY, oldest first, with their attempts.

    `hooktap prune --older-than 30d`, `hooktap prune endpoint:demo --keep 1000`; `--keep 0` alone deletes everything.
    What its target is still to get stays, and so does what arrives meanwhile. It runs beside the inspector, which goes
    on receiving. QUERY is as in `hooktap list --help`. --json prints one object:
    {"deliveries", "bytes", "owed", "freed_bytes", "dry_run", "stopped"}.

    Ctrl-C stops it after the slice at hand; what is gone stays gone. Exit 130 then.
    """
    if not query and older_than is None and keep is None:
        raise click.UsageError("say what may go: a query, --older-than, or --keep")
    if not (dry_run or yes or _may_ask()):
        raise click.UsageError("there is nobody to ask here: add --yes, or --dry-run to look first")
    before_us = None if older_than is None else time.time_ns() // 1000 - older_than * 1_000_000
    order = PruneOrder(query_of(query), before_us, keep or 0)
    with noting_ctrl_c() as pressed:
        tally = asyncio.run(_run(ctx.obj, order, pressed, dry_run=dry_run, yes=yes))
    stopped = pressed.is_set()
    if as_json:
        click.echo(dumps({**asdict(tally), "dry_run": dry_run, "stopped": stopped}))
    else:
        _tell(tally, dry_run=dry_run, stopped=stopped)
    ctx.exit(INTERRUPTED if stopped else 0)


async def _run(
    data_dir: DataDir, order: PruneOrder, stop: threading.Event, *, dry_run: bool, yes: bool
) -> Tally:
    async with _pruner(data_dir) as pruner:
        would, order = await _counted(pruner, order, stop)
        if dry_run or not would.deliveries or stop.is_set():
            return would if dry_run else Tally(owed=would.owed)
        if not yes:
            _ask(would)
        tally = await _pruned(pruner, order, would, stop)
        tally.freed_bytes = await _reclaimed(pruner, stop)
        return tally


@asynccontextmanager
async def _pruner(data_dir: DataDir) -> AsyncIterator[Pruner]:
    """Find who can do it: the inspector if one runs, which alone may write; else the store, locked meanwhile."""
    from inspector.client import Client

    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(Client.of(data_dir))
            await client.health()
        except UnreachableError:
            from inspector.retention import Retention
            from inspector.store import Store

            if not data_dir.database.exists():
                raise HooktapError(
                    f"there is no database at {data_dir.database}: nothing was received yet"
                ) from None
            data_dir.prepare()
            store = await stack.enter_async_context(Store.open(data_dir, on_commit=lambda _: None))
            yield Retention(store)
        else:
            yield client


async def _counted(
    pruner: Pruner, order: PruneOrder, stop: threading.Event
) -> tuple[Tally, PruneOrder]:
    """Return what would go, and the order with its upper end settled."""
    tally, progress = Tally(), Progress()
    after: int | None = 0
    while after is not None and not stop.is_set():
        part = await pruner.count(replace(order, after=after))
        tally.add(part)
        order, after = replace(order, below=part.below), part.after
        progress.show(f"counting: {tally.deliveries:,} deliveries, {size(tally.bytes)}")
    progress.clear()
    return tally, order


async def _pruned(pruner: Pruner, order: PruneOrder, would: Tally, stop: threading.Event) -> Tally:
    tally, progress = Tally(), Progress()
    after: int | None = 0
    while after is not None and not stop.is_set():
        part = await pruner.prune(replace(order, after=after))
        tally.add(part)
        after = part.after
        progress.show(f"deleted {tally.deliveries:,} of {would.deliveries:,}, {size(tally.bytes)}")
        await asyncio.sleep(REST_S)
    progress.clear()
    return tally


async def _reclaimed(pruner: Pruner, stop: threading.Event) -> int:
    progress = Progress()
    freed_bytes = 0
    while not stop.is_set():
        part = await pruner.reclaim()
        freed_bytes += part.freed_bytes
        if not (part.freed_bytes and part.free_bytes):
            break
        progress.show(f"gave back {size(freed_bytes)}, {size(part.free_bytes)} to go")
        await asyncio.sleep(REST_S)
    progress.clear()
    return freed_bytes


def _may_ask() -> bool:
    return sys.stdin.isatty()


def _ask(would: Tally) -> None:
    what = _deliveries(would)
    click.confirm(f"Delete {what} for good?", abort=True, err=True)


def _deliveries(tally: Tally) -> str:
    noun = "delivery" if tally.deliveries == 1 else "deliveries"
    return f"{tally.deliveries:,} {noun} ({size(tally.bytes)})"


def _tell(tally: Tally, *, dry_run: bool, stopped: bool) -> None:
    if dry_run:
        said = f"{_deliveries(tally)} would go"
    else:
        said = f"{'stopped: ' if stopped else ''}deleted {_deliveries(tally)}"
        if tally.freed_bytes:
            said += f"; the database is {size(tally.freed_bytes)} smaller"
    if tally.owed:
        said += f"; {tally.owed:,} still owed to their target stay"
    click.echo(said)
