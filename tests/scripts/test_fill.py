"""A filled data directory: realistic, sound, and by the store's own code."""

import asyncio
import json
import random
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from inspector.core.model import Attempt, Delivery, Outcome, Record, Trigger, Verdict
from inspector.datadir import DataDir
from inspector.simulate import samples
from inspector.store import Store
from scripts.fill import fill
from scripts.filling.bodies import LARGEST_BYTES, Bodies
from scripts.filling.month import MONTH_US, Made, Month
from tests.factories import NOW_S

UNTIL_US = NOW_S * 1_000_000


@pytest.fixture(scope="module")
def month() -> list[Made]:
    return list(Month(UNTIL_US).deliveries(2000))


def test_every_provider_with_samples_takes_part(month: list[Made]) -> None:
    seen = {made.delivery.provider for made in month}

    assert seen == {*samples.providers(), None}
    assert len(seen) > 9


def test_every_kind_of_verdict_is_among_them(month: list[Made]) -> None:
    outcomes = Counter(made.delivery.verification.outcome for made in month)

    assert outcomes.keys() == set(Outcome)
    assert outcomes[Outcome.VERIFIED] > 0.75 * len(month)
    assert outcomes[Outcome.MALFORMED] >= 0.005 * len(month)


def test_events_and_sizes_differ(month: list[Made]) -> None:
    sizes = sorted(made.delivery.body_bytes for made in month)

    assert len({made.delivery.event for made in month}) > 30
    assert sizes[len(sizes) // 2] in range(800, 3000)
    assert sizes[0] < 500
    assert sizes[-1] > 10_000


def test_no_two_bodies_nor_items_are_alike(month: list[Made]) -> None:
    """A text index over copies of one body would be small."""
    bodies = [made.delivery.request.body for made in month]
    items = [found for body in bodies for found in re.findall(rb"itm_[0-9a-f]{16}", body)]

    assert len(set(bodies)) > 0.98 * len(month)
    assert len(items) > len(month)
    assert len(set(items)) == len(items)


def test_json_stays_json_and_a_form_a_form(month: list[Made]) -> None:
    for made in month:
        request = made.delivery.request
        if request.headers.get(b"Content-Type") == b"application/json":
            json.loads(request.body)
        if request.headers.get(b"Content-Type") == b"application/x-www-form-urlencoded":
            assert not set(request.body) & set(b' {}"\r\n')


def test_they_come_in_the_order_of_time(month: list[Made]) -> None:
    times = [made.delivery.received_at_us for made in month]

    assert all(one < other for one, other in pairwise(times))
    assert UNTIL_US - MONTH_US <= times[0] <= times[-1] < UNTIL_US


def test_attempts_fail_and_are_made_again(month: list[Made]) -> None:
    attempts = [made.attempts for made in month if made.attempts]

    assert {each.trigger for made in attempts for each in made} == set(Trigger)
    assert all(made[-1].succeeded for made in attempts)
    assert any(not made[0].succeeded for made in attempts)


def test_the_same_seed_makes_the_same_month() -> None:
    one, other = (list(Month(UNTIL_US, seed=7).deliveries(50)) for _ in range(2))

    assert [made.delivery.request for made in one] == [made.delivery.request for made in other]


def test_none_is_nothing() -> None:
    assert list(Month(UNTIL_US).deliveries(0)) == []


@pytest.mark.parametrize("body", [b"", b"[]", b"<a/>", b"{", b'{"a":1}', b"a=1"])
def test_a_body_grows_to_its_size_or_not_at_all(body: bytes, bodies: Bodies) -> None:
    grown = bodies.grown(body, 5000)

    assert grown == body or 5000 <= len(grown) + 1 < 6000
    assert bodies.grown(body, 10) == body
    assert bodies.size_bytes() <= LARGEST_BYTES


@pytest.fixture(scope="module")
def bodies() -> Bodies:
    return Bodies(random.Random(3))


# Stored


async def test_the_store_holds_what_was_counted(tmp_path: Path) -> None:
    """Whole commits and a rest, numbered without a gap."""
    data_dir = DataDir(tmp_path / "data")
    told: list[int] = []

    filled = await fill(data_dir, 1500, stop=asyncio.Event(), tell=told.append)

    records = await stored(data_dir)
    assert [record.id for record in records] == list(range(1, len(records) + 1))
    assert counts(records) == (filled.deliveries, filled.attempts, filled.verdicts)
    assert filled.deliveries == 1500
    assert filled.body_bytes == sum(
        each.body_bytes for each in records if isinstance(each, Delivery)
    )
    assert filled.raw_bytes > filled.body_bytes
    assert told
    assert told == sorted(told)


async def test_stopped_in_between_it_counts_what_is_there(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "data")
    stop = asyncio.Event()
    stop.set()

    filled = await fill(data_dir, 100_000, stop=stop, tell=lambda _done: None)

    assert 0 < filled.deliveries < 100_000
    assert counts(await stored(data_dir)) == (filled.deliveries, filled.attempts, filled.verdicts)


async def test_it_adds_to_what_is_there(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "data")

    filled = [
        await fill(data_dir, 10, stop=asyncio.Event(), tell=lambda _done: None) for _ in range(2)
    ]

    assert [each.deliveries for each in filled] == [10, 10]
    assert counts(await stored(data_dir))[0] == 20


async def stored(data_dir: DataDir) -> list[Record]:
    async with Store.open(data_dir, on_commit=lambda _records: None) as store:
        return await store.records_after(0, 1_000_000)


def counts(records: list[Record]) -> tuple[int, int, int]:
    """Return how many deliveries, attempts and later verdicts there are."""
    kinds = Counter(type(record) for record in records)
    return kinds[Delivery], kinds[Attempt], kinds[Verdict]
