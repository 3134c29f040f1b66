"""Wink's side, hooktap and an app, over real sockets: the stand-in sends by Wink's rules, on a scaled clock."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from inspector.core.wire import JSON
from inspector.simulate.standins.model import Parcel, State, Webhook
from inspector.simulate.standins.wink import WINK
from tests import fakes, process
from tests.fakes import Peer
from tests.simulate.standins.serving import Serving, serving
from tests.simulate.standins.winkcalls import ROOT, wanted

CONFIG = """
[endpoint.wink]
provider = "wink"
reply = "target"
forward_to = "{app}/webhooks/wink"
"""
FASTEST = 100_000.0
"""All retries within a tenth of a second."""
TOLD_S = 30
OWN_PROVIDER = """
title = "Wink, with the body that is assumed"
scheme = "unsigned"
event = "json:event"
dedupe = "json:identifier"
"""


@dataclass(frozen=True)
class Road:
    """The stand-in, with a webhook that leads to an endpoint of hooktap's."""

    wink: Serving
    hooktap: process.Running
    told: asyncio.Queue[Parcel]

    async def register(self, **changes: object) -> JSON:
        """Create a webhook by Wink's API."""
        answer = await self.wink.ask("POST", ROOT, json=self._wanted(changes))
        assert answer.status == 201
        made: JSON = answer.body
        return made

    async def change(self, webhook: JSON, **changes: object) -> None:
        """Update one by Wink's API."""
        path, body = f"{ROOT}/{webhook['id']}", self._wanted(changes)
        assert (await self.wink.ask("PATCH", path, json=body)).status == 200

    async def happen(self, event: str = "booking.create") -> None:
        """Have something happen at Wink's."""
        answer = await self.wink.ask("POST", "/simulate/events", json={"event": event})
        assert answer.status == 202

    async def attempt(self) -> Parcel:
        """Return what became of the next attempt."""
        async with asyncio.timeout(TOLD_S):
            return await self.told.get()

    async def end(self) -> list[Parcel]:
        """Return every attempt until one after which no other is made."""
        made = [await self.attempt()]
        while made[-1].state is State.PENDING:
            made.append(await self.attempt())
        return made

    async def taken(self, count: int) -> list[JSON]:
        """Return the next deliveries that hooktap has taken, when each was forwarded once."""
        lines = [await self.hooktap.line() for _ in range(2 * count)]
        return [line for line in lines if line["type"] == "delivery"]

    async def bodies(self, deliveries: list[JSON]) -> list[bytes]:
        """Return their bodies, as hooktap keeps them."""
        async with self.hooktap.client() as client:
            return [await client.body(each["id"]) for each in deliveries]

    def _wanted(self, changes: JSON) -> JSON:
        return wanted(eventUrl=self.hooktap.endpoint("wink"), **{"eventList": [], **changes})


@asynccontextmanager
async def road(folder: Path, app: str, speed: float = FASTEST) -> AsyncIterator[Road]:
    """Build it, with an app at the end of it."""
    told: asyncio.Queue[Parcel] = asyncio.Queue(100)

    def tell(_: Webhook, parcel: Parcel) -> None:
        told.put_nowait(parcel)

    async with (
        process.inspector(folder, config=CONFIG.format(app=app)) as hooktap,
        serving(WINK, folder / "wink.db", speed=speed, on_attempt=tell) as wink,
    ):
        yield Road(wink, hooktap, told)


async def test_what_happens_reaches_the_app(tmp_path: Path) -> None:
    with process.demo_app(None) as app:
        async with road(tmp_path, app) as way:
            await way.register(eventList=["booking.created"])
            await way.happen("property.updated")  # nobody wants to know
            await way.happen()
            (parcel,) = await way.end()
            delivery, attempt = await way.hooktap.line(), await way.hooktap.line()
            async with way.hooktap.client() as client:
                said = await client.response_body(attempt["id"])

    assert (parcel.state, parcel.attempts, parcel.last) == (State.DELIVERED, 1, "200")
    assert delivery["verification"]["outcome"] == "unsigned"
    assert attempt["status"] == 200
    assert said == b"wink: 'booking.create', unsigned: not to be trusted on its own\n"


async def test_a_failure_and_then_recovery(tmp_path: Path) -> None:
    """The app is down; once it is up, the same event comes through."""
    with ExitStack() as down:
        nobody = down.enter_context(fakes.refusing())
        async with road(tmp_path, nobody.url, speed=600) as way:
            await way.register()
            await way.happen()
            failed = await way.attempt()
            down.close()
            with process.demo_app(None, nobody.port):
                recovered = await way.end()
            bodies = await way.bodies(await way.taken(recovered[-1].attempts))

    assert (failed.state, failed.last) == (State.PENDING, "502")
    assert (recovered[-1].state, recovered[-1].last) == (State.DELIVERED, "200")
    assert len(bodies) >= 2
    assert len(set(bodies)) == 1


async def test_five_attempts_are_all_it_makes(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.url) as way:
            await way.register()
            await way.happen()
            made = await way.end()
            assert await way.wink.desk.ledger.due([], 1) == []

    assert [each.attempts for each in made] == [1, 2, 3, 4, 5]
    assert [each.state for each in made] == [State.PENDING] * 4 + [State.EXHAUSTED]


async def test_nothing_but_200_will_do(tmp_path: Path) -> None:
    statuses = [201, 202, 204, 301, 500]
    answers = iter(statuses)

    async def next_status(peer: Peer) -> None:
        await peer.take()
        await peer.say(fakes.answer(next(answers), ("Location", "/"), body=b""))

    async with fakes.serve(next_status) as app, road(tmp_path, app.url) as way:
        await way.register()
        await way.happen()
        made = await way.end()

    assert [each.last for each in made] == [str(status) for status in statuses]
    assert made[-1].state is State.EXHAUSTED


async def test_a_paused_webhook_is_sent_nothing_and_keeps_what_waits(tmp_path: Path) -> None:
    with ExitStack() as down:
        nobody = down.enter_context(fakes.refusing())
        async with road(tmp_path, nobody.url, speed=600) as way:
            webhook = await way.register()
            await way.happen()
            await way.attempt()
            await way.change(webhook, enabled=False)
            await way.happen("property.updated")
            assert await way.wink.desk.ledger.due([], 1) == []
            down.close()
            with process.demo_app(None, nobody.port):
                await way.change(webhook, enabled=True)
                made = await way.end()
            bodies = await way.bodies(await way.taken(made[-1].attempts))

    assert made[-1].state is State.DELIVERED
    assert {json.loads(each)["event"] for each in bodies} == {"booking.create"}


async def test_a_deleted_webhook_is_sent_nothing_ever(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.url, speed=1) as way:
            webhook = await way.register()
            await way.happen()
            first = await way.attempt()
            await way.wink.ask("DELETE", f"{ROOT}/{webhook['id']}")
            await way.happen()
            (parcel,) = await way.wink.desk.ledger.parcels(10)
            assert await way.wink.desk.ledger.due([], 1) == []

    assert (parcel.id, parcel.state, parcel.attempts) == (first.id, State.DROPPED, 1)


async def test_a_retry_is_known_by_its_body_alone(tmp_path: Path) -> None:
    """Wink documents no event id, so hooktap marks nothing; byte for byte the attempts are the same."""
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.url) as way:
            await way.register()
            await way.happen()
            await way.end()
            await way.happen()
            await way.end()
            taken = await way.taken(10)
            bodies = await way.bodies(taken)

    assert {each["duplicate_of"] for each in taken} == {None}
    assert {each["event_id"] for each in taken} == {None}
    assert len(set(bodies[:5])) == len(set(bodies[5:])) == 1
    assert bodies[0] != bodies[5]


async def test_who_trusts_the_assumed_body_has_duplicates_marked(tmp_path: Path) -> None:
    """A provider file of one's own names the body's `identifier` as the event's id."""
    own = tmp_path / "config" / "hooktap" / "providers" / "wink.toml"
    own.parent.mkdir(parents=True)
    own.write_text(OWN_PROVIDER, "utf-8")
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.url) as way:
            await way.register()
            await way.happen()
            await way.end()
            first, *later = await way.taken(5)

    assert (first["event"], first["duplicate_of"]) == ("booking.create", None)
    assert [each["duplicate_of"] for each in later] == [first["id"]] * 4
