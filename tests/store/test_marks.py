"""What a person made of a delivery stays with it, is found by it, and keeps it."""

import asyncio

import pytest

from inspector.core import query
from inspector.core.marks import Mark, MarkOrder
from inspector.core.model import Delivery
from inspector.core.query import EVERYTHING
from inspector.errors import NotFoundError
from inspector.store import Selection, Store
from tests.factories import delivery

MARKED, NOTED = MarkOrder(marked=True), MarkOrder(note="Refund of 100% for C_3PO")


async def received(store: Store, count: int) -> list[Delivery]:
    return [await store.append_delivery(delivery()) for _ in range(count)]


async def found(store: Store, text: str) -> list[int]:
    return [each.id for each in await store.page(query=query.parse(text))]


async def test_a_mark_is_read_with_its_delivery(store: Store) -> None:
    """In lists, alone, and after the feed's cursor; what was not marked has none."""
    await received(store, 2)
    assert await store.mark(1, MARKED) == Mark(True)
    assert await store.mark(1, NOTED) == Mark(True, NOTED.note)

    for each in (await store.stored(1), (await store.page())[1]):
        assert (each.marked, each.note) == (True, NOTED.note)
    second = await store.stored(2)
    assert (second.marked, second.note) == (False, None)


async def test_it_is_no_record_of_the_feed(store: Store) -> None:
    await received(store, 1)
    await store.mark(1, MARKED)

    assert store.newest == 1
    assert [each.id for each in await store.records_after(0, 10)] == [1]


async def test_two_changes_of_one_commit_add_up(store: Store) -> None:
    await received(store, 1)
    await asyncio.gather(store.mark(1, MARKED), store.mark(1, NOTED))

    assert await store.mark(1, MarkOrder()) == Mark(True, NOTED.note)


async def test_taken_away_it_is_as_if_it_never_was(store: Store) -> None:
    await received(store, 1)
    await store.mark(1, MARKED)
    assert await store.mark(1, MarkOrder(marked=False)) == Mark()
    await store.delete([1])

    assert await store.delivery(1) is None


async def test_of_no_delivery(store: Store) -> None:
    for number in (1, 2**63):
        with pytest.raises(NotFoundError, match="there is no delivery"):
            await store.mark(number, MARKED)


@pytest.mark.parametrize("order", [MARKED, NOTED])
async def test_what_is_marked_or_noted_stays(store: Store, order: MarkOrder) -> None:
    """No candidate of retention; and the delete itself looks, as the mark may be a moment old."""
    await received(store, 3)
    await store.mark(2, order)
    candidates, _ = await store.candidates(Selection(EVERYTHING), after=0, limit=10)
    await store.delete([1, 2, 3])

    assert [candidate.id for candidate in candidates] == [1, 3]
    assert await found(store, "") == [2]


async def test_a_mark_of_the_same_commit_keeps_it(store: Store) -> None:
    await received(store, 1)
    await asyncio.gather(store.delete([1]), store.mark(1, MARKED))

    assert await found(store, "") == [1]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("is:marked", [3, 1]),
        ("-is:marked", [4, 2]),
        ("note:refund", [3, 2]),
        ('note:"100% for"', [3, 2]),
        ("note:c_3po", [3, 2]),
        ("note:cx3po", []),
        ("is:marked note:refund", [3]),
        ("is:marked or note:refund", [3, 2, 1]),
        ("-note:refund", [4, 1]),
        ("has:note", [3, 2]),
        ("-has:NOTE", [4, 1]),
        ("is:marked -has:note", [1]),
        ("has:note or is:marked", [3, 2, 1]),
    ],
)
async def test_found_by_it(store: Store, text: str, numbers: list[int]) -> None:
    await received(store, 4)
    for number, order in ((1, MARKED), (2, NOTED), (3, MARKED), (3, NOTED)):
        await store.mark(number, order)

    assert await found(store, text) == numbers


async def test_a_note_taken_away_is_found_no_longer(store: Store) -> None:
    await received(store, 2)
    for number in (1, 2):
        await store.mark(number, NOTED)
    await store.mark(1, MARKED)
    for number in (1, 2):
        await store.mark(number, MarkOrder(note=""))

    assert await found(store, "has:note") == []
    assert await found(store, "is:marked") == [1]
