"""`GET /api/deliveries/{id}/history` and `PUT /api/deliveries/{id}/mark`, through the client."""

import json

import pytest

from inspector.api import history
from inspector.core.marks import NOTE_MAX, Mark
from inspector.errors import ConfigError, NotFoundError
from tests.api.rawhttp import Answer, ask
from tests.api.serving import Serving
from tests.factories import attempt, delivery


async def fill(api: Serving) -> None:
    """Store 1 and 4 of one event, with attempt 5; 2 and 3 of others; 6 without an event, 7 at another endpoint."""
    for event_id in ("evt_1", "evt_10", "EVT_1", "evt_1"):
        await api.store.append_delivery(delivery(event_id=event_id))
    await api.store.append_attempt(attempt(delivery_id=4))
    await api.store.append_delivery(delivery(event_id=None))
    await api.store.append_delivery(delivery(event_id="evt_1", endpoint="other"))


async def test_deliveries_of_an_event(api: Serving) -> None:
    """Oldest first, with their attempts; an id that only holds this one, or differs in case, is another's."""
    await fill(api)
    async with api.client() as client:
        found = await client.history(4)
        alone = await client.history(6)
        with pytest.raises(NotFoundError):
            await client.history(99)

    numbers = [(made.id, [each.id for each in attempts]) for made, attempts in found.deliveries]
    assert numbers == [(1, []), (4, [5])]
    assert found.is_whole
    assert [made.id for made, _ in alone.deliveries] == [6]


async def test_only_so_many(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest, and that which was asked about; and it says that there are others."""
    monkeypatch.setattr(history, "MOST", 2)
    monkeypatch.setattr(history, "PAGE", 2)
    for _ in range(5):
        await api.store.append_delivery(delivery(event_id="evt_1"))

    found = await history.of_event(api.store, 1)

    assert [each.id for each in found.deliveries] == [1, 5]
    assert [each.id for each in (await history.of_event(api.store, 4)).deliveries] == [4, 5]
    assert not found.is_whole


async def test_when_there_is_no_time(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked about is there all the same."""
    monkeypatch.setattr(history, "DEADLINE_S", 0.0)
    await fill(api)

    found = await history.of_event(api.store, 1)

    assert [each.id for each in found.deliveries] == [1]
    assert not found.is_whole


async def test_marks(api: Serving) -> None:
    await fill(api)
    async with api.client() as client:
        assert await client.mark(1, marked=True) == Mark(True)
        assert await client.mark(1, note="  [/]\x1b ") == Mark(True, "[/]\x1b")
        made, _ = await client.delivery(1)
        assert (made.marked, made.note) == (True, "[/]\x1b")
        assert [each.id for each, _ in await client.deliveries("is:marked")] == [1]
        assert await client.mark(1, marked=False, note="") == Mark()
        with pytest.raises(NotFoundError):
            await client.mark(99, marked=True)
        with pytest.raises(ConfigError, match="at most"):
            await client.mark(1, note="x" * (NOTE_MAX + 1))


async def put(api: Serving, order: object, content_type: str = "application/json") -> Answer:
    fields = [
        ("Host", f"127.0.0.1:{api.port}"),
        *api.authorization.items(),
        ("Content-Type", content_type),
    ]
    path = "/api/deliveries/1/mark"
    return await ask(api.port, "PUT", path, fields, json.dumps(order).encode())


@pytest.mark.parametrize(
    "order",
    [[], {"marked": 1}, {"marked": "yes"}, {"note": 1}, {"note": "\udcff"}, {"more": True}],
)
async def test_orders_that_are_none(api: Serving, order: object) -> None:
    await fill(api)

    assert (await put(api, order)).status == 400
    assert (await put(api, {}, "text/plain")).status == 415
    assert not (await api.store.stored(1)).marked


async def test_json_of_what_is_not_marked_says_nothing_of_it(api: Serving) -> None:
    await fill(api)
    fields = [("Host", f"127.0.0.1:{api.port}"), *api.authorization.items()]
    answer = await ask(api.port, "GET", "/api/deliveries/1", fields)

    assert {"marked", "note"}.isdisjoint(json.loads(answer.body))
