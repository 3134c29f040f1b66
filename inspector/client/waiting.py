"""Waiting for a delivery that matches a query, and saying what came instead when none does."""

from collections.abc import Sequence
from contextlib import aclosing

from inspector.client import Client, Connection
from inspector.core.model import Attempt, Delivery, Response
from inspector.core.query import parts
from inspector.core.text import safe, shorten

Row = tuple[Delivery, list[Attempt]]

MOST = 500
"""Of what came, the newest that are looked at to say why they do not match."""
TOLD = 3
PAGE = 500
"""Numbers that are asked for at a time: with each record that comes, but mostly few are newer."""
EVENT_MAX = 60


async def first_match(client: Client, query: str, after: int) -> Row:
    """Wait for a delivery numbered above `after` that matches, and return the oldest of them. Raises QueryError."""
    await client.deliveries(query, limit=1)
    async with aclosing(client.feed(after)) as feed:
        async for item in feed:
            if item is Connection.RECONNECTING:
                continue
            # Asked anew with each record: an attempt or a later verdict can make an older delivery match.
            if (number := await _oldest(client, query, after)) is not None:
                return await client.delivery(number)
    raise AssertionError("the feed tries for ever")


async def _oldest(client: Client, query: str, after: int) -> int | None:
    oldest: int | None = None
    before: int | None = None
    while before is None or before > after:
        found = await client.numbers(query, before=before, limit=PAGE)
        oldest = min((number for number in found.numbers if number > after), default=oldest)
        if found.before is None:
            break
        before = found.before
    return oldest


async def what_came(client: Client, query: str, after: int) -> str:
    """Say what is numbered above `after`, which does not match, and what of the query it fails: the nearest first."""
    rows = [row for row in await client.deliveries("", limit=MOST) if row[0].id > after]
    if not rows:
        return "nothing arrived"
    failing = await _failing(client, query, [delivery.id for delivery, _ in rows])
    nearest = sorted(rows, key=lambda row: len(failing[row[0].id]))[:TOLD]
    count = f"{MOST} or more" if len(rows) == MOST else str(len(rows))
    shown = ", the nearest of them" if len(rows) > TOLD else ""
    lines = [line for row in nearest for line in _lines(row, failing[row[0].id])]
    return "\n  ".join((f"{count} arrived{shown}:", *lines))


def summary(delivery: Delivery, attempts: Sequence[Attempt]) -> str:
    """Say in a few words which delivery this is, and what became of it."""
    event = shorten(safe(delivery.event or "without event"), EVENT_MAX)
    outcome = delivery.verification.outcome.value
    return f"#{delivery.id} {delivery.endpoint} {event}, {outcome}, {_ended(attempts)}"


async def _failing(client: Client, query: str, ids: Sequence[int]) -> dict[int, list[str]]:
    """Return by delivery the parts of the query that it does not match."""
    failing: dict[int, list[str]] = {number: [] for number in ids}
    for part in parts(query):
        matching = set((await client.numbers(part, ids=ids)).numbers)
        for number in ids:
            if number not in matching:
                failing[number].append(part)
    return failing


def _lines(row: Row, failing: Sequence[str]) -> list[str]:
    delivery, attempts = row
    verification = delivery.verification
    why = f"fails {safe(' '.join(failing))}" if failing else "matches, a moment too late"
    lines = [f"{summary(delivery, attempts)}: {why}"]
    if verification.outcome.is_invalid:
        lines.append(f"  {safe(verification.detail)}")
    return lines


def _ended(attempts: Sequence[Attempt]) -> str:
    if not attempts:
        return "not forwarded"
    result = attempts[-1].result
    return f"answered {result.status}" if isinstance(result, Response) else result.kind.value
