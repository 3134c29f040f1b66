"""`hooktap export`: deliveries as commands, scripts or files for elsewhere."""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector import __version__
from inspector.cli.deliveries import is_plain, newest
from inspector.cli.options import QueryCommand, command, delivery_number, query_of, target_url
from inspector.cli.reach import reach
from inspector.core.export import FORMATS, Copy, Format, copy_of, url_of
from inspector.core.forwarding import outgoing, parse_target
from inspector.core.model import Attempt, Delivery
from inspector.core.text import decode, safe
from inspector.datadir import DataDir
from inspector.errors import HooktapError, NotFoundError

if TYPE_CHECKING:
    from inspector.client import Client

Found = tuple[Delivery, list[Attempt]]
LIMIT = 1000
BODIES_MAX_BYTES = 256 * 1024 * 1024
"""Of all bodies in one export: it is put together in memory."""


@command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True, metavar="QUERY|ID...")
@click.option("--as", "format", type=click.Choice(list(FORMATS)), default="curl", show_default=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=str),
    metavar="FILE|DIR/",
    help="Write to FILE, for its owner only, or into DIR/, with a file for each delivery.",
)
@click.option(
    "--to",
    type=target_url,
    metavar="URL|PORT",
    help="Where it is to be sent, instead of where the last attempt went.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=LIMIT,
    show_default=True,
    help="At most so many of those that match, the newest.",
)
@click.option(
    "--include-secrets",
    is_flag=True,
    help="Keep credentials, and tokens that are the endpoint's secret, which are REDACTED otherwise.",
)
@click.pass_obj
def export(
    data_dir: DataDir,
    *,
    query: tuple[str, ...],
    format: str,
    output: str | None,
    to: str | None,
    limit: int,
    include_secrets: bool,
) -> None:
    """Write deliveries down for elsewhere, the oldest first: those with these IDs, or that match QUERY.

    \b
    curl, httpie    a command for a POSIX shell
    python, fetch   a script with requests, and JavaScript
    raw             the request itself, byte for byte
    har             an HTTP Archive 1.2 of all of them
    bundle          all of them, for `hooktap import` on another machine

    A command or a script goes to where the last attempt went, or to the inspector if there was none. The signature is
    the one that arrived: an app that checks its age will refuse it in a few minutes (`hooktap replay` signs afresh).
    """
    chosen = FORMATS[format]

    async def collect(client: "Client") -> list[Copy]:
        ingress = str((await client.health())["ingress"])
        copies: list[Copy] = []
        room = BODIES_MAX_BYTES
        async for delivery, attempts in _chosen(client, query, limit):
            room -= delivery.body_bytes
            if room < 0:
                raise HooktapError(
                    f"the bodies have more than {BODIES_MAX_BYTES >> 20} MiB together: choose fewer"
                )
            copies.append(
                copy_of(
                    delivery,
                    await client.body(delivery.id),
                    _url(delivery, attempts, to, ingress, chosen),
                    attempts,
                    secret_places=await client.secret_places(delivery.id),
                    include_secrets=include_secrets,
                )
            )
        return sorted(copies, key=lambda copy: copy.delivery.id)

    copies = reach(data_dir, collect)
    if not copies:
        raise NotFoundError("no delivery matches")
    if output is None:
        _print(chosen, copies)
    elif output.endswith(os.sep) or Path(output).is_dir():
        _write_each(chosen, copies, Path(output))
    else:
        _write_file(Path(output), _written(chosen, copies))
        _tell(len(copies), Path(output))


async def _chosen(client: "Client", words: Sequence[str], limit: int) -> AsyncIterator[Found]:
    if all(word.removeprefix("#").isdigit() for word in words):
        for number in dict.fromkeys(map(delivery_number, words)):
            yield await client.delivery(number)
        return
    async for found in newest(client, query_of(tuple(words)), limit):
        yield found


def _url(
    delivery: Delivery, attempts: Sequence[Attempt], to: str | None, ingress: str, chosen: Format
) -> str:
    if to is None:
        return url_of(delivery, attempts, ingress, is_record=chosen.is_record)
    target = parse_target(to)
    return target.base + decode(outgoing(delivery, target).target)


def _written(chosen: Format, copies: Sequence[Copy]) -> bytes:
    if len(copies) > 1 and not chosen.holds_several:
        raise HooktapError(
            f"one {chosen.name} file holds one delivery, and there are {len(copies)}: use --output DIR/"
        )
    return chosen.write(copies, __version__)


def _print(chosen: Format, copies: Sequence[Copy]) -> None:
    content = _written(chosen, copies)
    if not chosen.is_text and sys.stdout.isatty() and not is_plain(content.replace(b"\r\n", b"\n")):
        raise HooktapError("it holds bytes that are not for a terminal: use --output FILE")
    sys.stdout.buffer.write(content)


def _write_each(chosen: Format, copies: Sequence[Copy], folder: Path) -> None:
    """Write a file for each, named by its number: nothing that a sender chose names a file."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise HooktapError(f"cannot make {folder}: {error.strerror}") from error
    for copy in copies:
        path = folder / f"delivery-{copy.delivery.id}{chosen.suffix}"
        _write_file(path, _written(chosen, [copy]))
    _tell(len(copies), folder)


def _write_file(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise HooktapError(f"cannot write {path}: {error.strerror}") from error


def _tell(count: int, path: Path) -> None:
    noun = "delivery" if count == 1 else "deliveries"
    click.echo(f"hooktap: {count:,} {noun} in {safe(str(path))}", err=True)
