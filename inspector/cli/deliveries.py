"""`hooktap list`, `show` and `body`: what has arrived."""

import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from inspector.cli.look import INDENT, Columns, Look, day, moment, size
from inspector.cli.options import FILE, QueryCommand, as_json, command, delivery_number
from inspector.cli.progress import Progress
from inspector.cli.reach import reach
from inspector.core import duplicates, timing
from inspector.core.found import Coverage
from inspector.core.model import Attempt, Delivery, Outcome, Verdict
from inspector.core.text import decode, safe, safe_lines
from inspector.core.wire import (
    JSON,
    delivery_to_json,
    dumps,
    finding_to_json,
    verdict_to_json,
)
from inspector.datadir import DataDir
from inspector.errors import HooktapError, NotFoundError

if TYPE_CHECKING:
    from inspector.client import Client
    from inspector.core.diagnosis import Finding

PAGE = 100
UNINDEXED = 1000
"""Numbers that are not in the text index; with more a search takes longer than it will, and says so."""
SHOWN_BODY_BYTES = 16 * 1024
"""What `show` prints of a body; `body` gives the whole of it."""
LONGEST_OUTCOME = max(map(len, Outcome))

delivery_id = click.argument("id", type=delivery_number, metavar="ID")


class Shown(NamedTuple):
    """All there is to show of a delivery."""

    delivery: Delivery
    attempts: list[Attempt]
    verdicts: list[Verdict]
    """That of its arrival first."""
    findings: "list[Finding]"
    content: bytes
    first: Delivery | None
    """That of the same event, where this one is a duplicate and it is still stored."""


@command(cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@as_json
@click.pass_obj
def list_(data_dir: DataDir, *, query: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List deliveries that match QUERY, newest first, each with the outcome of its last attempt.

    QUERY is one or more terms: `outcome:mismatch event:booking.* -endpoint:demo refund`. All must hold; `or`, -TERM and
    parentheses as one would think, quotes around what has blanks.

    \b
    A word alone            in endpoint, event, event id or attempt id
    id: endpoint: provider: outcome: event: method:
    status: failure:        of the last attempt: 500, >=500, 5xx, none; timeout
    size: id:               >10k, 1000..1200
    since: until:           10m, 2h, 3d, 2026-06-02, 2026-06-02T08:00Z
    has:                    attempt, handshake, event, note
    is:                     failed, forwarded, pending, duplicate, marked
    note:TEXT               anywhere in a note of yours
    header:NAME=VALUE json:a.b.0.c=VALUE
    body:WORDS              in the first 64 KiB of a text, from the beginning of a word to the end of one

    VALUE* is what begins so. --json prints one delivery per line.
    """
    look = Look.of(sys.stdout)
    columns = Columns.within(shutil.get_terminal_size().columns if _on_terminal() else None)

    async def print_page(client: "Client") -> None:
        async for delivery, attempts in newest(client, " ".join(query), limit):
            if as_json:
                click.echo(dumps(delivery_to_json(delivery, attempts)))
            else:
                click.echo(_row(look, columns, delivery, attempts))

    reach(data_dir, print_page)


@command()
@delivery_id
@as_json
@click.pass_obj
def show(data_dir: DataDir, *, id: int, as_json: bool) -> None:
    """Show delivery ID: verdict and why, headers, the beginning of its body, and every attempt.

    Where its check failed, the cause that was found by computing it, and what to change. Where it was checked again,
    each verdict with its time.
    """

    async def fetch(client: "Client") -> Shown:
        delivery, attempts = await client.delivery(id)
        failed = delivery.verification.outcome.is_invalid
        return Shown(
            delivery,
            attempts,
            await client.verdicts(id),
            await client.findings(id) if failed else [],
            b"" if as_json else await client.body(id),
            await _first(client, delivery),
        )

    shown = reach(data_dir, fetch)
    if as_json:
        click.echo(dumps(_as_json(shown)))
    else:
        click.echo(_page(Look.of(sys.stdout), shown))


@command()
@delivery_id
@click.option("--output", "-o", type=FILE, metavar="FILE", help="Write to FILE instead of stdout.")
@click.option("--force", is_flag=True, help="Write to a terminal whatever it is.")
@click.pass_obj
def body(data_dir: DataDir, *, id: int, output: Path | None, force: bool) -> None:
    """Write the body of delivery ID to stdout, byte for byte.

    Bytes that a terminal would obey or could not show are not written to one, except with --force.
    """
    content = reach(data_dir, lambda client: client.body(id))
    if output is not None:
        try:
            output.write_bytes(content)
        except OSError as error:
            raise HooktapError(f"cannot write {output}: {error.strerror}") from error
    elif force or not _on_terminal() or is_plain(content):
        sys.stdout.buffer.write(content)
    else:
        raise HooktapError(
            f"the body of #{id} holds bytes that are not for a terminal: use --output FILE, or --force"
        )


async def _first(client: "Client", delivery: Delivery) -> Delivery | None:
    if delivery.duplicate_of is None:
        return None
    try:
        return (await client.delivery(delivery.duplicate_of))[0]
    except NotFoundError:
        return None


async def newest(
    client: "Client", query: str, limit: int
) -> AsyncIterator[tuple[Delivery, list[Attempt]]]:
    """Yield up to `limit` deliveries that match, newest first; what takes long says so on stderr."""
    before = None
    index: Coverage | None = None
    progress = Progress()
    while limit > 0:
        wanted = min(limit, PAGE)
        found = await client.search(query, before, wanted)
        index = found.reach.index
        progress.clear()
        for each in found.deliveries:
            yield each
        limit -= len(found.deliveries)
        if stopped := found.reach.stopped:
            before = stopped.at
            progress.show(f"looked down to #{before} of #{stopped.newest} to #{stopped.oldest}")
        elif len(found.deliveries) < wanted:
            break
        else:
            before = found.deliveries[-1][0].id
    progress.clear()
    if index is not None and index.newest - index.upto > UNINDEXED:
        click.echo(f"hooktap: {_slowly(index)}", err=True)


def _slowly(index: Coverage) -> str:
    if not index.available:
        return "there is no text index: bodies were read one by one"
    return (
        f"the text index is being built, #{index.upto} of #{index.newest} is done: "
        "newer bodies were read one by one"
    )


def _row(look: Look, columns: Columns, delivery: Delivery, attempts: list[Attempt]) -> str:
    line = look.delivery(delivery, columns)
    if attempts:
        line += " " * (LONGEST_OUTCOME - len(delivery.verification.outcome))
        line += f"  {look.mark('→')} {look.answer(attempts[-1])}"
    if delivery.handshake is not None:
        line += f"  {look.handshake(delivery.handshake)}"
    return line + look.duplicate(delivery)


def _as_json(shown: Shown) -> JSON:
    return {
        **delivery_to_json(shown.delivery, shown.attempts),
        "verdicts": [verdict_to_json(verdict) for verdict in shown.verdicts],
        "findings": [finding_to_json(finding) for finding in shown.findings],
    }


def _page(look: Look, shown: Shown) -> str:
    delivery = shown.delivery
    request = delivery.request
    lines = [f"#{delivery.id}  {look.faint(delivery.uid)}"]
    lines += [f"  {look.faint(f'{name:<10}')} {text}" for name, text in _facts(look, shown) if text]
    lines += ["", f"{safe(request.method)} {safe(request.target)}"]
    lines += [f"{look.faint(safe(name) + ':')} {safe(value)}" for name, value in request.headers]
    lines += ["", *_body_lines(delivery.id, shown.content)]
    for attempt in shown.attempts:
        lines.append(look.attempt(attempt, when=day))
        if told := timing.words(attempt):
            lines.append(f"{INDENT}{look.faint(told)}")
    return "\n".join(lines)


def _facts(look: Look, shown: Shown) -> Iterator[tuple[str, str]]:
    delivery = shown.delivery
    verification = delivery.verification
    yield "received", f"{moment(delivery.received_at_us)}, {size(delivery.body_bytes)}"
    yield "from", f"{safe(delivery.request.peer)} ({safe(delivery.via)})"
    yield "endpoint", delivery.endpoint
    yield "provider", safe(delivery.provider or "unknown")
    yield "event", safe(delivery.event or "")
    yield "event id", safe(delivery.event_id or "")
    yield "attempt id", safe(delivery.attempt_id or "")
    yield "verdict", f"{look.verdict(verification)}: {safe(verification.detail)}"
    yield from _named("because", [safe(finding.detail) for finding in shown.findings])
    yield "covered", safe(", ".join(verification.covered))
    if len(shown.verdicts) > 1:
        yield from _named("checked", [_check(look, verdict) for verdict in shown.verdicts])
    yield "handshake", safe(delivery.handshake or "")
    yield "duplicate", duplicates.sentence(delivery, shown.first) or ""


def _named(name: str, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate(texts):
        yield "" if number else name, text


def _check(look: Look, verdict: Verdict) -> str:
    verification = verdict.verification
    when = look.faint(day(verdict.checked_at_us))
    return f"{when}  {look.verdict(verification)}: {safe(verification.detail)}"


def _body_lines(id: int, content: bytes) -> list[str]:
    if not content:
        return []
    if b"\0" in content:
        return [f"({size(len(content))} of binary: hooktap body {id} --output FILE)", ""]
    lines = [safe_lines(content[:SHOWN_BODY_BYTES])]
    if len(content) > SHOWN_BODY_BYTES:
        lines.append(
            f"(the first {size(SHOWN_BODY_BYTES)} of {size(len(content))}: hooktap body {id})"
        )
    return [*lines, ""]


def _on_terminal() -> bool:
    return sys.stdout.isatty()


def is_plain(content: bytes) -> bool:
    """Whether a terminal shows these bytes as they are."""
    # Line feeds and tabs are laid out, not obeyed; everything else must need no escape.
    text = decode(content).replace("\t", " ").replace("\n", " ")
    return safe(text) == text
