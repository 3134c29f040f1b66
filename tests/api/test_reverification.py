import asyncio
import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.api import reverification
from inspector.api.reverification import _first, _parts
from inspector.core.model import Delivery, Outcome, Verification
from inspector.errors import StorageError
from tests import factories
from tests.api.rawhttp import Answer, ask
from tests.api.serving import Serving

NO_SECRET = Verification(Outcome.NO_SECRET, "no secret is set")


async def post(api: Serving, order: object) -> Answer:
    body = order if isinstance(order, bytes) else json.dumps(order).encode()
    fields = [
        ("Host", f"127.0.0.1:{api.port}"),
        *api.authorization.items(),
        ("Content-Type", "application/json"),
    ]
    return await ask(api.port, "POST", "/api/reverify", fields, body)


async def reverify(api: Serving, **order: object) -> Any:
    answer = await post(api, order)
    assert answer.status == 200, answer
    return json.loads(answer.body)


async def fill(api: Serving, count: int, **fields: object) -> None:
    for _ in range(count):
        await api.store.append_delivery(factories.delivery(verification=NO_SECRET, **fields))


def checked(api: Serving) -> list[int]:
    return [delivery.id for part in api.pipeline.checked for delivery in part]


async def test_nothing_there(api: Serving) -> None:
    """The pipeline is not even asked."""
    assert await reverify(api) == {"checked": 0, "changed": 0, "verdicts": [], "before": None}
    assert api.pipeline.checked == []


async def test_each_is_checked_with_its_body_and_its_verdict_kept(api: Serving) -> None:
    await fill(api, 2, body=b"\x00\xff")

    answer = await reverify(api)

    assert (answer["checked"], answer["changed"], answer["before"]) == (2, 2, None)
    assert [each.request.body for part in api.pipeline.checked for each in part] == [
        b"\x00\xff"
    ] * 2
    assert [(each["id"], each["delivery_id"]) for each in answer["verdicts"]] == [(3, 2), (4, 1)]
    assert [each.id for each in await api.store.verdicts(1)] == [1, 4]


async def test_it_walks_from_the_newest_backwards(api: Serving) -> None:
    """A page that is full may have more behind it; one that is not is the last."""
    await fill(api, 5)

    pages = [await reverify(api, limit=2)]
    while (before := pages[-1]["before"]) is not None:
        pages.append(await reverify(api, limit=2, before=before))

    assert [page["checked"] for page in pages] == [2, 2, 1]
    assert [page["before"] for page in pages] == [4, 2, None]
    assert checked(api) == [5, 4, 3, 2, 1]


async def test_a_query_that_its_own_verdicts_empty_is_walked_whole(api: Serving) -> None:
    """What is verified now no longer matches; the walk goes by number, so none is skipped."""
    await fill(api, 5)

    first = await reverify(api, query="outcome:no_secret", limit=2)
    second = await reverify(api, query="outcome:no_secret", limit=100, before=first["before"])

    assert checked(api) == [5, 4, 3, 2, 1]
    assert second["before"] is None
    assert (await reverify(api, query="outcome:no_secret"))["checked"] == 0


async def test_changed_counts_other_outcomes_only(api: Serving) -> None:
    """Against the newest verdict, not that of the arrival."""
    await fill(api, 1)
    api.pipeline.found = NO_SECRET
    assert (await reverify(api))["changed"] == 0
    api.pipeline.found = Verification(Outcome.STALE, "too old")
    assert (await reverify(api))["changed"] == 1
    api.pipeline.found = Verification(Outcome.STALE, "too old, in other words")
    answer = await reverify(api)
    assert (answer["checked"], answer["changed"], len(answer["verdicts"])) == (1, 0, 1)


async def test_bodies_are_read_in_parts(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are asked for; one that is larger than a part comes alone."""
    monkeypatch.setattr(reverification, "PART_BYTES", 1000)
    for length in (10, 400, 400, 300, 5000, 10):
        await fill(api, 1, body=b"x" * length)

    answer = await reverify(api)

    assert [[each.id for each in part] for part in api.pipeline.checked] == [
        [6],
        [5],
        [4, 3],
        [2, 1],
    ]
    assert answer["checked"] == 6


async def test_a_call_ends_when_it_has_read_enough(
    api: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its caller waits for the answer: it may go on from there."""
    monkeypatch.setattr(reverification, "CALL_BYTES", 1000)
    await fill(api, 5, body=b"x" * 400)

    first = await reverify(api)
    second = await reverify(api, before=first["before"])
    third = await reverify(api, before=second["before"])

    assert [(each["checked"], each["before"]) for each in (first, second, third)] == [
        (2, 4),
        (2, 2),
        (1, None),
    ]


async def test_two_callers_take_turns(api: Serving) -> None:
    """The second finds what the first has stored: nothing is checked twice."""
    await fill(api, 3)

    answers = await asyncio.gather(*(reverify(api, query="outcome:no_secret") for _ in range(4)))

    assert sorted(answer["checked"] for answer in answers) == [0, 0, 0, 3]
    assert len(await api.store.verdicts(1)) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delivery SET body = x'00' WHERE id = 3",
        "UPDATE delivery SET event = 'another' WHERE id = 3",
    ],
)
async def test_a_damaged_one_keeps_none_of_the_others_from_being_checked(
    api: Serving, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not counted as checked, and the log says which it was."""
    await fill(api, 5)
    with closing(sqlite3.connect(api.data_dir.database, isolation_level=None)) as connection:
        connection.execute(change)

    answer = await reverify(api)

    assert checked(api) == [5, 4, 2, 1]
    assert (answer["checked"], answer["changed"], answer["before"]) == (4, 4, None)
    (told,) = caplog.messages
    assert told.startswith("not checked again: delivery #3 is damaged: ")


async def test_a_damaged_verdict_keeps_none_of_the_others_from_being_checked(
    api: Serving,
) -> None:
    """What it comes to now cannot be compared with."""
    await fill(api, 2)
    await reverify(api)
    with closing(sqlite3.connect(api.data_dir.database, isolation_level=None)) as connection:
        connection.execute("UPDATE verdict SET outcome = 'stale' WHERE delivery_id = 2")

    assert (await reverify(api))["checked"] == 1


async def test_a_failure_in_mid_walk_is_told(api: Serving) -> None:
    """And the next caller gets its turn."""
    await fill(api, 1)
    api.pipeline.error = StorageError("disk full")
    answer = await post(api, {})
    assert (answer.status, answer.error) == (503, "disk full")

    api.pipeline.error = None
    assert (await reverify(api))["checked"] == 1


@pytest.mark.parametrize(
    "order",
    [
        b"",
        b"[]",
        {"query": 1},
        {"query": "nonsense:1"},
        {"query": "\ud800"},
        {"limit": 0},
        {"limit": 501},
        {"limit": -1},
        {"limit": 1.5},
        {"limit": 2.0},
        {"limit": True},
        {"limit": "5"},
        {"limit": [5]},
        {"before": -1},
        {"before": 2**63},
        {"before": "7"},
        b'{"before": ' + b"9" * 4000 + b"}",
        b'{"before": ' + b"9" * 5000 + b"}",
        b'{"limit": NaN}',
        {"befor": 7},
    ],
)
async def test_a_bad_order(api: Serving, order: object) -> None:
    """Refused with a sentence; nothing is checked."""
    await fill(api, 1)
    answer = await post(api, order)
    assert answer.status == 400
    assert answer.error
    assert api.pipeline.checked == []


async def test_null_is_as_good_as_absent(api: Serving) -> None:
    await fill(api, 1)
    assert (await reverify(api, query=None, before=None, limit=None))["checked"] == 1
    assert (await reverify(api, before=2**63 - 1, limit=500))["checked"] == 1
    assert (await reverify(api, before=0))["checked"] == 0


@given(st.lists(st.integers(0, 50)), st.integers(0, 100))
def test_parts_keep_the_order_and_fit(lengths: list[int], room_bytes: int) -> None:
    """Each part fits or is one delivery, and none could have taken in the first of the next."""
    page = [factories.delivery(id=number, body_bytes=each) for number, each in enumerate(lengths)]

    parts = list(_parts(page, room_bytes))

    def size(part: list[Delivery]) -> int:
        return sum(each.body_bytes for each in part)

    assert [each for part in parts for each in part] == page
    assert all(part and (len(part) == 1 or size(list(part)) <= room_bytes) for part in parts)
    assert all(size([*part, following[0]]) > room_bytes for part, following in pairwise(parts))
    assert list(_first(page, room_bytes)) == (list(parts[0]) if parts else [])
