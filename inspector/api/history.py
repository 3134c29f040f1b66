"""Every delivery of one event: what its sender tried again, and what a person had sent again by it."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from inspector.api.answers import as_json
from inspector.core.model import Attempt, Delivery
from inspector.core.query import And, Key, Query, Span, Term
from inspector.core.wire import delivery_to_json
from inspector.errors import NotFoundError
from inspector.store import Store

MOST = 200
"""Deliveries of one event that are told, the newest: a sender gives up long before."""
PAGE = 200
DEADLINE_S = 0.6
"""No index finds an event id: the text index does in a moment, and looking through the rest is given up."""


@dataclass(frozen=True, slots=True)
class History:
    """The deliveries of one event."""

    deliveries: Sequence[Delivery]
    """Oldest first, without bodies."""
    is_whole: bool
    """False: there may be older ones."""


async def answer(store: Store, delivery_id: int) -> web.Response:
    """Answer with the history of a delivery's event. Raises NotFoundError if there is no such delivery."""
    history = await of_event(store, delivery_id)
    attempts = await store.attempts([delivery.id for delivery in history.deliveries])
    return await asyncio.to_thread(_as_json, history, attempts)


async def of_event(store: Store, delivery_id: int) -> History:
    """Return all deliveries of the event that this one is of, itself among them. Raises NotFoundError."""
    found = await store.search(Span(Key.ID, delivery_id, delivery_id), limit=1)
    if not found.deliveries:
        raise NotFoundError(f"there is no delivery #{delivery_id}")
    (delivery,) = found.deliveries
    if delivery.event_id is None:
        return History([delivery], is_whole=True)
    same: list[Delivery] = []
    before: int | None = None
    until_s = time.monotonic() + DEADLINE_S
    while len(same) < MOST and time.monotonic() < until_s:
        page = await store.search(_like(delivery), before=before, limit=PAGE)
        same += (each for each in page.deliveries if _is_same(each, delivery))
        if page.reach.stopped is not None:
            before = page.reach.stopped.at
        elif len(page.deliveries) == PAGE:
            before = page.deliveries[-1].id
        else:
            return _newest(same, delivery, is_whole=len(same) <= MOST)
    return _newest(same, delivery, is_whole=False)


def _newest(newest_first: Sequence[Delivery], asked: Delivery, *, is_whole: bool) -> History:
    told = list(newest_first[:MOST])
    if all(each.id != asked.id for each in told):
        told = [*told[: MOST - 1], asked]
    return History(told[::-1], is_whole)


def _like(delivery: Delivery) -> Query:
    """Return what finds all that may be of the same event: ids that hold this one too, and in any case."""
    assert delivery.event_id is not None
    terms = [Term(Key.TEXT, delivery.event_id), Term(Key.ENDPOINT, delivery.endpoint)]
    return And(tuple(terms))


def _is_same(one: Delivery, other: Delivery) -> bool:
    return (one.endpoint, one.provider, one.event_id) == (
        other.endpoint,
        other.provider,
        other.event_id,
    )


def _as_json(history: History, attempts: Mapping[int, Sequence[Attempt]]) -> web.Response:
    deliveries = [delivery_to_json(each, attempts.get(each.id, ())) for each in history.deliveries]
    return as_json({"deliveries": deliveries, "complete": history.is_whole})
