import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.api.answers import as_error
from inspector.core.wire import JSON
from inspector.simulate.standins.dashboard import PARCELS
from inspector.simulate.standins.jinko import JINKO
from tests.simulate.standins.serving import Serving, serving

NOBODY = "http://127.0.0.1:9/"


@pytest.fixture
async def jinko(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(JINKO, tmp_path / "state.db") as running:
        yield running


async def registered(jinko: Serving, **wanted: Any) -> JSON:
    answer = await jinko.ask("POST", "/simulate/webhooks", json={"url": NOBODY, **wanted})
    assert answer.status == 201, answer
    made: JSON = answer.body
    return made


async def about(jinko: Serving) -> JSON:
    told: JSON = (await jinko.ask("GET", "/simulate")).body
    return told


async def test_a_secret_is_told_once(jinko: Serving) -> None:
    made = await registered(jinko, name="é\x1b", events=["booking.failed"], enabled=False)

    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    told = await about(jinko)
    assert told["webhooks"] == [made]
    assert secret not in json.dumps(told)
    assert made == {
        "id": made["id"],
        "name": "é\x1b",
        "url": NOBODY,
        "events": ["booking.failed"],
        "format": "json",
        "enabled": False,
        "version": 0,
        "failures": 0,
    }


async def test_what_is_assumed_is_said(jinko: Serving) -> None:
    told = await about(jinko)

    assert told["provider"] == "jinko"
    assert told["assumed"] == list(JINKO.assumed)


async def test_a_change_is_of_what_it_names(jinko: Serving) -> None:
    made = await registered(jinko)
    path = f"/simulate/webhooks/{made['id']}"

    for change in ({"enabled": False}, {"name": "x", "events": ["a.b"]}, {"url": NOBODY + "y"}, {}):
        before = (await about(jinko))["webhooks"][0]
        answer = await jinko.ask("PATCH", path, json=change)
        assert answer.status == 200
        assert answer.body == before | change | {"version": before["version"] + 1}
        assert "secret" not in answer.body


async def test_deleted_is_gone(jinko: Serving) -> None:
    path = f"/simulate/webhooks/{(await registered(jinko))['id']}"

    assert (await jinko.ask("DELETE", path)).status == 200
    for method, more in (("DELETE", ""), ("PATCH", ""), ("POST", "/test")):
        assert (await jinko.ask(method, path + more, json={})).status == 404
    assert (await about(jinko))["webhooks"] == []


async def test_an_event_and_a_test(jinko: Serving) -> None:
    made = await registered(jinko)
    other = await registered(jinko, events=["booking.failed"])

    told = await jinko.ask("POST", "/simulate/events", json={"event": "booking.completed"})
    tested = await jinko.ask("POST", f"/simulate/webhooks/{other['id']}/test", json={})

    assert (told.status, tested.status) == (202, 202)
    assert told.body == {"event": "booking.completed", "webhooks": [made["id"]]}
    test, event = (await about(jinko))["sent"]
    assert (event["webhook"], test["webhook"]) == (made["id"], other["id"])
    assert event["event_id"] != test["event_id"]


async def test_only_the_newest_are_told(jinko: Serving) -> None:
    await registered(jinko)
    for _ in range(PARCELS + 3):
        await jinko.desk.happen("booking.completed")

    sent = (await about(jinko))["sent"]
    assert [each["id"] for each in sent] == list(range(PARCELS + 3, 3, -1))


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"url": None},
        {"url": 1},
        {"url": ""},
        {"url": "http://example.com/"},
        {"url": NOBODY, "urls": 1},
        {"url": NOBODY, "version": 1},
        {"url": NOBODY, "name": 1},
        {"url": NOBODY, "name": ["x"]},
        {"url": NOBODY, "name": "\ud800"},
        {"url": NOBODY, "format": "xml"},
        {"url": NOBODY, "format": {}},
        {"url": NOBODY, "enabled": 1},
        {"url": NOBODY, "enabled": "yes"},
        {"url": NOBODY, "events": "a.b"},
        {"url": NOBODY, "events": [1]},
        {"url": NOBODY, "events": {"a": 1}},
        {"url": NOBODY, "events": ["\udc80"]},
    ],
)
async def test_what_no_webhook_can_be(jinko: Serving, wanted: JSON) -> None:
    made = await registered(jinko)

    new = await jinko.ask("POST", "/simulate/webhooks", json=wanted)
    assert new.status == 400
    assert new.body["error"]
    if wanted.get("url") == NOBODY:
        changed = await jinko.ask("PATCH", f"/simulate/webhooks/{made['id']}", json=wanted)
        assert changed.status == 400
    assert [each["version"] for each in (await about(jinko))["webhooks"]] == [0]


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"event": 1}'])
@pytest.mark.parametrize("path", ["webhooks", "events"])
async def test_a_body_that_cannot_be_read(jinko: Serving, path: str, body: bytes) -> None:
    assert (await jinko.ask("POST", f"/simulate/{path}", data=body)).status == 400


@pytest.mark.parametrize("event", ["", "x", "\ud800.a", "A.b", "a.b\0", "a." * 5000])
async def test_an_event_that_there_is_not(jinko: Serving, event: str) -> None:
    assert (await jinko.ask("POST", "/simulate/events", json={"event": event})).status == 400


async def test_a_body_of_megabytes(jinko: Serving) -> None:
    body = io.BytesIO(b" " * 2**21)

    assert (await jinko.ask("POST", "/simulate/events", data=body)).status == 413


@pytest.mark.parametrize("name", ["x", "%00", "%ff", "..", "'", "a" * 2000])
async def test_an_id_that_is_none(jinko: Serving, name: str) -> None:
    answer = await jinko.ask("PATCH", f"/simulate/webhooks/{name}", json={})

    assert answer.status == 404


async def test_an_outage_is_the_providers_own(jinko: Serving) -> None:
    """It fails as often as was asked, in the provider's own way of failing; the dashboard stays."""
    asked = await jinko.ask("POST", "/simulate/fail", json={"status": 500, "times": 2})

    assert asked.body == {"status": 500, "times": 2}
    assert (await jinko.ask("GET", "/simulate")).status == 200
    seen = [(await jinko.ask("GET", "/bookings/x")) for _ in range(3)]
    assert [each.status for each in seen] == [500, 500, 404]
    assert seen[0].body == {"error": "this failure was asked for under /simulate/fail"}


async def test_an_outage_can_be_ended(jinko: Serving) -> None:
    await jinko.ask("POST", "/simulate/fail", json={"times": 1000})
    assert (await jinko.ask("GET", "/bookings/x")).status == 503
    await jinko.ask("POST", "/simulate/fail", json={"times": 0})

    assert (await jinko.ask("GET", "/bookings/x")).status == 404


@pytest.mark.parametrize(
    "wanted",
    [
        {"status": 200},
        {"status": 399},
        {"status": 600},
        {"status": "503"},
        {"status": True},
        {"status": None},
        {"status": 503.0},
        {"times": -1},
        {"times": 10**30},
        {"times": "1"},
        {"times": True},
    ],
)
async def test_an_outage_that_cannot_be(jinko: Serving, wanted: JSON) -> None:
    assert (await jinko.ask("POST", "/simulate/fail", json=wanted)).status == 400
    assert (await jinko.ask("GET", "/bookings/x")).status == 404


async def test_a_failure_of_ours_is_said_without_its_cause(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Any:
        raise RuntimeError("the cause")

    broken = replace(JINKO, make=fail, refuse=as_error)
    async with serving(broken, tmp_path / "state.db") as running:
        answer = await running.ask("POST", "/simulate/events", json={"event": "a.b"})

    assert answer.status == 500
    assert answer.body == {"error": "the stand-in failed; its log says why"}
    assert "the cause" in caplog.text
