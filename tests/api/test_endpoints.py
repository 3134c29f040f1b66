import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inspector.api.endpoints import midnight_us
from inspector.core.model import Endpoint, Outcome, Response, Verification
from inspector.core.wire import JSON
from inspector.errors import ConfigError, NotFoundError
from inspector.store import NEVER_US
from tests import factories
from tests.api.schema import complaints
from tests.api.serving import Serving
from tests.api.test_openapi import SCHEMAS, SPEC

SHOP = Endpoint("shop", target="http://127.0.0.1:3000/")
DOWN = Endpoint("down", target="http://127.0.0.1:9")
KEPT = Endpoint("kept")


async def listed(api: Serving) -> dict[str, JSON]:
    async with api.client() as client:
        found = await client.endpoints()
    for each in found:
        assert list(complaints(SPEC, SCHEMAS["Endpoint"], each)) == []
    return {each["name"]: each for each in found}


async def store(api: Serving, **fields: Any) -> int:
    delivery = factories.delivery(**fields)
    stored = await api.store.append_delivery(delivery, due_at_us=fields.get("due_at_us"))
    return stored.id


async def test_each_tells_how_its_target_does(api: Serving) -> None:
    api.endpoints.rows = [SHOP, DOWN, KEPT]
    found = await listed(api)
    assert found["shop"]["health"]["up"] is True
    assert found["shop"]["health"]["detail"] == ""
    assert found["down"]["health"]["up"] is False
    assert found["down"]["health"]["detail"].startswith("nobody listens")
    assert found["kept"]["health"] is None


async def test_a_pause_is_shown_with_its_backlog(api: Serving) -> None:
    api.endpoints.rows = [SHOP, KEPT]
    async with api.client() as client:
        paused = await client.pause("shop")
        await api.store.append_delivery(factories.delivery(endpoint="shop"), due_at_us=NEVER_US)
        again = await client.pause("shop")
    assert isinstance(paused["paused_at_us"], int)
    assert (paused["backlog"], again["backlog"]) == (0, 1)
    assert again["paused_at_us"] == paused["paused_at_us"]
    assert (await listed(api))["kept"]["paused_at_us"] is None
    async with api.client() as client:
        assert (await client.resume("shop"))["paused_at_us"] is None
        assert (await client.resume("shop"))["paused_at_us"] is None


@pytest.mark.parametrize("name", ["nobody", "shop2"])
async def test_there_is_no_such_endpoint(api: Serving, name: str) -> None:
    api.endpoints.rows = [SHOP]
    async with api.client() as client:
        for switch in (client.pause, client.resume):
            with pytest.raises(NotFoundError, match=f"there is no endpoint '{name}'"):
                await switch(name)


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "x" * 65, "%2e", "a?b", "\x1b", "é"])
async def test_what_cannot_be_a_name_leads_nowhere(api: Serving, name: str) -> None:
    async with api.client() as client:
        with pytest.raises(NotFoundError):
            await client.pause(name)


async def test_what_forwards_nothing_cannot_be_paused(api: Serving) -> None:
    """But what was paused when it did can be resumed."""
    api.endpoints.rows = [SHOP]
    async with api.client() as client:
        await client.pause("shop")
        api.endpoints.rows = [replace(SHOP, target=None), KEPT]
        assert (await client.resume("shop"))["paused_at_us"] is None
        with pytest.raises(ConfigError, match="'kept' has no target"):
            await client.pause("kept")


async def test_what_came_is_counted(api: Serving) -> None:
    api.endpoints.rows = [SHOP, KEPT]
    now_us = 2**61  # after any midnight of now
    bad = Verification(Outcome.MISMATCH, "none of 2 secrets reproduces it")
    await store(api, endpoint="shop")
    await store(api, endpoint="shop", received_at_us=now_us, verification=bad)
    number = await store(api, endpoint="shop", received_at_us=now_us + 5)
    for status in (500, 500, 200):
        result = factories.response(status=status)
        assert isinstance(result, Response)
        await api.store.append_attempt(factories.attempt(delivery_id=number, result=result))

    found = await listed(api)

    assert found["shop"]["tally"] == {
        "deliveries": 3,
        "recent": 2,
        "invalid": 1,
        "failed": 1,
        "last_at_us": now_us + 5,
    }
    assert found["kept"]["tally"] == {
        "deliveries": 0,
        "recent": 0,
        "invalid": 0,
        "failed": 0,
        "last_at_us": None,
    }


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"])
def test_the_day_begins_at_midnight_also_when_clocks_are_changed(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for day in (datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)):
            now = day.replace(hour=20)
            midnight = datetime.fromtimestamp(midnight_us(now) / 1_000_000).astimezone()
            here = now.astimezone()
            assert midnight.date() == here.date()
            assert (midnight.hour, midnight.minute, midnight.second) == (0, 0, 0)
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_health_says_what_is_left_of_the_disk(api: Serving) -> None:
    async with api.client() as client:
        health = await client.health()
    assert health["store_bytes"] > 4096
    assert health["disk_free_bytes"] > 0
    assert health["disk_is_scarce"] in {True, False}
    assert list(complaints(SPEC, SCHEMAS["Health"], health)) == []
