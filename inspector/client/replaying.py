"""Sending deliveries once more from a client: one with what that changed, or a whole set at a pace."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from inspector.client import Client
from inspector.client.pacing import Pacer
from inspector.core.edits import Again, Changes, Edit
from inspector.core.model import Attempt, Delivery, Sign
from inspector.core.turns import Replayed, Turn, is_same_answer, wants_bodies
from inspector.errors import HooktapError, NotFoundError, UnreachableError

PAGE = 500
MOST_AT_ONCE = 32
"""Replays under way together; an app for one person has seen no more."""
ASK_FROM = 100
"""More than so many are not sent before somebody was asked."""


@dataclass(frozen=True, slots=True)
class Order:
    """How to send."""

    to: str | None = None
    """Another target than the endpoint's."""
    sign: Sign | None = None
    """None: freshly where a secret is known."""
    edit: Edit | Changes | Again | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast to send."""

    at_once: int = 1
    per_s: float | None = None
    """None: the next one as soon as there is room for it."""


@dataclass(slots=True)
class Tally:
    """What a set of replays has come to so far."""

    succeeded: int = 0
    failed: int = 0
    """Sent, and not answered 2xx."""
    unsent: int = 0
    """Could not be sent as asked."""
    fixed: int = 0
    regressed: int = 0

    @property
    def done(self) -> int:
        """How many it is done with."""
        return self.succeeded + self.failed + self.unsent

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.failed or self.unsent)

    def add(self, outcome: Replayed | HooktapError) -> None:
        """Count one."""
        if isinstance(outcome, HooktapError):
            self.unsent += 1
            return
        self.succeeded += outcome.attempt.succeeded
        self.failed += not outcome.attempt.succeeded
        self.fixed += outcome.turn is Turn.FIXED
        self.regressed += outcome.turn is Turn.REGRESSED


async def replay(client: Client, delivery_id: int, order: Order) -> Replayed:
    """Send a delivery once more, and compare it with the last attempt. Raises what the client raises."""
    attempts = await client.attempts(delivery_id)
    edit = await _edit(client, delivery_id, order, attempts)
    after = await client.replay(delivery_id, to=order.to, sign=order.sign, edit=edit)
    if not attempts:
        return Replayed(after)
    before = attempts[-1]
    return Replayed(after, before, await _is_same(client, before, after))


async def target_of(client: Client, delivery: Delivery) -> str | None:
    """Return where a delivery's endpoint forwards to."""
    targets = {each["name"]: each["target"] for each in await client.endpoints()}
    return targets.get(delivery.endpoint)


async def _edit(
    client: Client, delivery_id: int, order: Order, attempts: Iterable[Attempt]
) -> Edit | None:
    match order.edit:
        case Changes() as changes:
            delivery, _ = await client.delivery(delivery_id)
            body = await client.body(delivery_id) if changes.need_body else b""
            return changes.of(replace(delivery.request, body=body))
        case Again(number):
            return await client.edit(_edited(delivery_id, number, attempts).id)
        case edit:
            return edit


def _edited(delivery_id: int, number: int, attempts: Iterable[Attempt]) -> Attempt:
    edited = {attempt.number: attempt for attempt in attempts if attempt.edited}
    if number not in edited:
        known = f"it was for {', '.join(map(str, edited))}" if edited else "it never was"
        raise NotFoundError(f"#{delivery_id} was not edited for an attempt {number} ({known})")
    return edited[number]


async def _is_same(client: Client, before: Attempt, after: Attempt) -> bool:
    if not wants_bodies(before, after):
        return is_same_answer(before, after)
    bodies = await client.response_body(before.id), await client.response_body(after.id)
    return is_same_answer(before, after, bodies)


async def numbers(
    client: Client,
    query: str,
    *,
    limit: int | None = None,
    oldest_first: bool = True,
    show: Callable[[int], None] = lambda _: None,
) -> list[int]:
    """Return the numbers of the deliveries that match, up to `limit`, in the order to send them. Raises QueryError.

    `show` is told how many were found so far.
    """
    found: list[int] = []
    before: int | None = None
    wanted = None if oldest_first else limit
    while wanted is None or len(found) < wanted:
        page = await client.deliveries(query, before, PAGE)
        found += (delivery.id for delivery, _ in page)
        show(len(found))
        if len(page) < PAGE:
            break
        before = found[-1]
    if oldest_first:
        found.reverse()
    return found[:limit]


class SetReplay:
    """Sends the deliveries of a set, one after the other or several at once; for one run."""

    def __init__(
        self,
        client: Client,
        order: Order,
        pace: Pace,
        told: Callable[[int, Replayed | HooktapError], None],
    ) -> None:
        """`told` is given what came of each delivery, by number, or why it could not be sent."""
        self._client = client
        self._order = order
        self._pace = pace
        self._told = told
        self._pacer = Pacer(pace.per_s)
        self._lost: UnreachableError | None = None
        self.tally = Tally()

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._pacer.is_stopped

    def stop(self) -> None:
        """Begin no more; those under way are waited for."""
        self._pacer.stop()

    async def run(self, delivery_ids: Iterable[int]) -> Tally:
        """Send them in this order. Raises UnreachableError when the inspector is gone."""
        waiting = iter(delivery_ids)
        async with asyncio.TaskGroup() as group:
            for _ in range(self._pace.at_once):
                group.create_task(self._send_from(waiting))
        if self._lost is not None:
            raise self._lost
        return self.tally

    async def _send_from(self, waiting: Iterable[int]) -> None:
        for delivery_id in waiting:
            if not await self._pacer.turn():
                return
            outcome: Replayed | HooktapError
            try:
                outcome = await replay(self._client, delivery_id, self._order)
            except UnreachableError as error:
                self._lost = error
                self.stop()
                return
            except HooktapError as error:
                outcome = error
            self.tally.add(outcome)
            self._told(delivery_id, outcome)
