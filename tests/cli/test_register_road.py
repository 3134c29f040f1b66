"""`hooktap register wink` with the stand-in and hooktap as processes of their own: what is registered arrives."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from inspector.config import Registration
from inspector.core.wire import JSON
from inspector.register import Webhook, Wink
from tests import process
from tests.cli.conftest import Hooktap
from tests.cli.test_register import configured
from tests.register.wink import ENTITY
from tests.simulate.standins.serving import Command, command

EVENTS = ("booking.create", "property.updated", "spa.created", "activity.created")


@dataclass
class Person:
    """Somebody with a shell, and at Wink's dashboard."""

    hooktap: Hooktap
    wink: Command

    async def register(self, *args: str) -> Any:
        """Run `hooktap register wink`, and return what it prints."""
        done = await asyncio.to_thread(self.hooktap, "register", "wink", *args, "--json")
        assert done.code == 0, done.err
        found = [json.loads(line) for line in done.text.splitlines()]
        return found if args[0] in {"list", "events"} else found[0]

    async def happen(self, event: str) -> None:
        """Have something happen at Wink's."""
        headers = {"Authorization": f"Bearer {self.wink.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.wink.url}/simulate/events", json={"event": event}) as answer,
        ):
            assert answer.status == 202

    def client(self) -> Wink:
        """Return the client itself."""
        return Wink(Registration(self.wink.url, ENTITY, "The Siam", self.wink.token.encode))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the processes run, so that this person's own files are below no directory of theirs."""
    for name in ("wink", "hooktap", "person"):
        (tmp_path / name).mkdir()
    return tmp_path


async def test_from_creating_to_deleting(
    hooktap: Hooktap, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is paused nothing arrives, nor once it is deleted."""
    monkeypatch.chdir(folder / "person")
    async with (
        process.inspector(folder / "hooktap") as running,
        command(folder / "wink", "wink") as wink,
    ):
        monkeypatch.setenv("WINK_TOKEN", wink.token)
        configured(folder / "person", wink.url)
        person = Person(hooktap, wink)

        made = await person.register("create", "--url", running.endpoint("wink"))
        await person.happen(EVENTS[0])
        first = await _taken(running)

        paused = await person.register("pause", made["id"])
        assert (await person.register("list"))[0] == paused
        await person.happen(EVENTS[1])
        resumed = await person.register("resume", made["id"])
        assert await person.register("show", made["id"]) == resumed
        await person.happen(EVENTS[2])
        second = await _taken(running)

        await person.register("delete", made["id"], "--yes")
        assert await person.register("list") == []
        # What another webhook gets shows that the one before it would have got its share by now.
        await person.register("create", "--url", running.endpoint("other"))
        await person.happen(EVENTS[3])
        third = await _taken(running)
        async with running.client() as client:
            kept = [each.endpoint for each, _ in await client.deliveries()]

    assert [each["event"] for each in (first, second, third)] == [EVENTS[0], EVENTS[2], EVENTS[3]]
    assert kept == ["other", "wink", "wink"]
    assert [each["enabled"] for each in (made, paused, resumed)] == [True, False, True]
    assert made["version"] < paused["version"] < resumed["version"]


async def test_events_are_those_that_can_happen(
    hooktap: Hooktap, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with command(folder / "wink", "wink") as wink:
        monkeypatch.setenv("WINK_TOKEN", wink.token)
        monkeypatch.chdir(folder / "person")
        configured(folder / "person", wink.url)
        known = await Person(hooktap, wink).register("events")

    assert {each["name"] for each in known} >= set(EVENTS)
    assert all(each["label"] for each in known)


async def test_a_lost_update(hooktap: Hooktap, folder: Path) -> None:
    """Somebody renames it between our reading and our writing: both changes hold."""
    async with command(folder / "wink", "wink") as wink:
        person = Person(hooktap, wink)
        client = Overtaken(person)
        made = await client.create("http://127.0.0.1:9/in/wink", name="ours")
        paused = await client.switch(made.id, enabled=False)
        stale = await client._update(made, enabled=True)

    assert (paused.name, paused.enabled) == ("theirs", False)
    assert client.read == 2
    assert stale.status == 409


class Overtaken(Wink):
    """A client after whose first reading somebody else changes what was read."""

    def __init__(self, person: Person) -> None:
        self.read = 0
        self._person = person
        super().__init__(person.client()._registration)

    async def webhook(self, webhook_id: str) -> Webhook:
        found = await super().webhook(webhook_id)
        self.read += 1
        if self.read == 1:
            other = self._person.client()
            body: JSON = other._wanted("theirs", found.url, (), found.owner_name, enabled=True)
            answer = await other._ask("PATCH", f"/{webhook_id}", body)
            assert answer.status == 200
        return found


async def _taken(running: process.Running) -> JSON:
    """Return the body of the next delivery."""
    line = await running.line()
    assert line["type"] == "delivery"
    async with running.client() as client:
        found: JSON = json.loads(await client.body(line["id"]))
    return found
