import asyncio
import json
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import hdrs

from inspector.simulate import samples
from inspector.simulate.standins import winkwire
from inspector.simulate.standins.model import Occasion, Webhook
from inspector.simulate.standins.wink import WINK, make
from tests.simulate.standins.serving import Serving, serving
from tests.simulate.standins.winkcalls import ENTITY, OTHER, ROOT, URL, created, is_problem, wanted


async def test_a_new_webhook_is_told_whole(wink: Serving) -> None:
    made = await created(wink)

    ids = (made["id"], made["userIdentifier"], made["ownerIdentifier"])
    assert [str(uuid.UUID(each)) for each in ids] == list(ids)
    assert made["createdDate"] == made["lastUpdate"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", made["createdDate"])
    assert made == {
        "id": made["id"],
        "createdDate": made["createdDate"],
        "lastUpdate": made["lastUpdate"],
        "version": 0,
        "userIdentifier": made["userIdentifier"],
        "ownerIdentifier": ENTITY,
        "ownerName": "The Siam Residences, Bangkok",
        "name": "Booking confirmation sync",
        "enabled": True,
        "eventUrl": URL,
        "eventList": ["booking.created"],
    }
    assert (await wink.ask("GET", f"{ROOT}/{made['id']}")).body == made
    assert (await wink.ask("GET", f"{ROOT}/{made['id'].upper()}")).body == made
    assert (await wink.ask("GET", f"{ROOT}/list")).body == [made]


async def test_the_events_are_those_of_the_catalogue(wink: Serving) -> None:
    told = (await wink.ask("GET", f"{ROOT}/event/list")).body

    assert [each["value"] for each in told] == samples.events("wink")
    assert len(told) == 105
    assert all(each["label"] for each in told)


async def test_an_update_is_the_next_version(wink: Serving) -> None:
    made = await created(wink)
    entity = {"identifier": ENTITY.upper(), "name": "New name\0"}

    saved = await wink.ask(
        "PATCH",
        f"{ROOT}/{made['id']}",
        json=wanted(name="\x1b[31m é", entity=entity, enabled=False, eventList=[]),
    )

    assert saved.status == 200
    assert saved.body == made | {
        "version": 1,
        "lastUpdate": saved.body["lastUpdate"],
        "name": "\x1b[31m é",
        "ownerName": "New name\0",
        "enabled": False,
        "eventList": [],
    }
    assert (await wink.ask("GET", f"{ROOT}/list")).body == [saved.body]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_what_was_changed_since_it_was_read_is_a_conflict(wink: Serving, method: str) -> None:
    """`version` is echoed as If-Match, says the description of it."""
    path = f"{ROOT}/{(await created(wink))['id']}"
    body = wanted() if method == "PATCH" else None
    await wink.ask("PATCH", path, json=wanted(), headers={"If-Match": "0"})

    for stale in ("0", '"0"', "2", "", "one", 'W/"1"', "01", "-1", "0, 2"):
        answer = await wink.ask(method, path, json=body, headers={"If-Match": stale})
        assert is_problem(answer, 409), stale
    assert (await wink.ask("GET", path)).body["version"] == 1
    fresh = await wink.ask(method, path, json=body, headers={"If-Match": "1"})
    assert fresh.status == 200


@pytest.mark.parametrize("match", ["0", '"0"', "*", "7, 0", '"7", "0"'])
async def test_if_match_as_http_writes_it(wink: Serving, match: str) -> None:
    path = f"{ROOT}/{(await created(wink))['id']}"

    answer = await wink.ask("PATCH", path, json=wanted(), headers={"If-Match": match})

    assert answer.body["version"] == 1


async def test_an_update_overtaken_by_another_is_a_conflict(
    wink: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even without If-Match: the other was saved after this one's webhook was looked up, and before its body came."""
    path = f"{ROOT}/{(await created(wink))['id']}"
    looked_up, overtaken = asyncio.Event(), asyncio.Event()
    look_up = wink.desk.ledger.webhook

    async def watched(webhook_id: str) -> Webhook | None:
        found = await look_up(webhook_id)
        looked_up.set()
        return found

    async def slow_body() -> AsyncIterator[bytes]:
        yield b" "
        await overtaken.wait()
        yield json.dumps(wanted(name="slow")).encode()

    monkeypatch.setattr(wink.desk.ledger, "webhook", watched)
    headers = {hdrs.CONTENT_TYPE: "application/json"}
    async with asyncio.TaskGroup() as tasks:
        slow = tasks.create_task(wink.ask("PATCH", path, data=slow_body(), headers=headers))
        await looked_up.wait()
        saved = await wink.ask("PATCH", path, json=wanted(name="quick"))
        overtaken.set()

    assert is_problem(slow.result(), 409)
    assert (await wink.ask("GET", path)).body == saved.body


async def test_a_deletion_overtaken_by_an_update_is_a_conflict(
    wink: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{ROOT}/{(await created(wink))['id']}"
    kept = wink.desk.ledger
    look_up = kept.webhook

    async def overtaken(webhook_id: str) -> Webhook | None:
        found = await look_up(webhook_id)
        if found is not None:
            await kept.save(replace(found, version=found.version + 1))
        return found

    monkeypatch.setattr(kept, "webhook", overtaken)
    assert is_problem(await wink.ask("DELETE", path, headers={"If-Match": "0"}), 409)
    assert [each.version for each in await kept.webhooks()] == [1]
    assert (await wink.ask("DELETE", path)).status == 200


async def test_many_updates_of_one_version_are_one(wink: Serving) -> None:
    path = f"{ROOT}/{(await created(wink))['id']}"

    answers = await asyncio.gather(
        *(
            wink.ask("PATCH", path, json=wanted(name=f"n{n}"), headers={"If-Match": "0"})
            for n in range(8)
        )
    )

    assert sorted(each.status for each in answers) == [200] + [409] * 7
    (winner,) = (each.body for each in answers if each.status == 200)
    assert (await wink.ask("GET", path)).body == winner


async def test_deleted_is_gone_for_good(wink: Serving) -> None:
    made = await created(wink)
    path = f"{ROOT}/{made['id']}"

    deleted = await wink.ask("DELETE", path)

    assert deleted.status == 200
    assert deleted.body == {
        "id": made["id"],
        "message": "Record successfully removed",
        "success": True,
    }
    assert is_problem(await wink.ask("GET", path), 404)
    assert is_problem(await wink.ask("DELETE", path), 404)
    assert is_problem(await wink.ask("PATCH", path, json=wanted()), 404)
    assert (await wink.ask("GET", f"{ROOT}/list")).body == []


async def test_another_entitys_webhook_is_not_there(wink: Serving) -> None:
    made = await created(wink)
    theirs = f"/api/managing-entity/{OTHER}/webhook"

    assert (await wink.ask("GET", f"{theirs}/list")).body == []
    entity = {"identifier": OTHER, "name": "x"}
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", wanted(entity=entity))):
        assert is_problem(await wink.ask(method, f"{theirs}/{made['id']}", json=body), 404)
    assert is_problem(await wink.ask("POST", theirs, json=wanted()), 403)
    assert is_problem(
        await wink.ask("PATCH", f"{ROOT}/{made['id']}", json=wanted(entity=entity)), 403
    )
    assert (await wink.ask("GET", f"{ROOT}/list")).body == [made]


async def test_more_than_the_description_has_is_ignored(wink: Serving) -> None:
    """Its schema forbids no other property; unknown events are any text."""
    made = await created(wink, secret="x", id="y", version=9, eventList=["", "no.such", "\0"])

    assert made["version"] == 0
    assert made["eventList"] == ["", "no.such", "\0"]


async def test_what_the_dashboard_has_registered_is_an_entitys(wink: Serving) -> None:
    """It belongs to the one that the sample bodies are about."""
    made = await wink.desk.register("http://127.0.0.1:1/in/wink")

    root = f"/api/managing-entity/{winkwire.OUR_ENTITY}/webhook"
    (told,) = (await wink.ask("GET", f"{root}/list")).body
    assert told["id"] == made.id
    assert (told["ownerIdentifier"], told["ownerName"]) == (
        winkwire.OUR_ENTITY,
        winkwire.OUR_ENTITY_NAME,
    )
    body = make(Occasion("booking.create", 1.0, "x", is_test=False), "json").body.decode()
    assert winkwire.OUR_ENTITY in body
    assert winkwire.OUR_ENTITY_NAME in body


async def test_the_token_and_the_webhooks_outlive_a_restart(tmp_path: Path) -> None:
    async with serving(WINK, tmp_path / "state.db") as wink:
        made, token = await created(wink), wink.token
    async with serving(WINK, tmp_path / "state.db") as wink:
        assert wink.token == token
        assert (await wink.ask("GET", f"{ROOT}/{made['id']}")).body == made
