"""Jinko's side, hooktap and an app, each a process, over real sockets: Jinko's rules on a scaled clock."""

import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from inspector.core.model import Outcome
from inspector.core.wire import JSON
from tests import fakes, process
from tests.simulate.standins import roads

CONFIG = """
[endpoint.jinko]
secret = {{ file = "jinko.secret" }}
reply = "target"
forward_to = "{app}/webhooks/jinko"
"""
UNHURRIED = "100"
"""The first attempt is made again after 1.2 seconds: time to start an app."""


@dataclass(frozen=True)
class Road:
    """The stand-in, with a webhook whose secret hooktap knows."""

    jinko: roads.StandIn
    webhook: JSON
    hooktap: process.Running


@asynccontextmanager
async def road(folder: Path, port: int, speed: str = roads.FASTEST) -> AsyncIterator[Road]:
    """Build it as a person does: register, write the secret down, start hooktap; the app is at `port`."""
    async with roads.stand_in(folder, "jinko", speed) as jinko:
        webhook = await jinko.register(roads.NOWHERE)
        (folder / "jinko.secret").write_text(webhook["secret"])
        config = CONFIG.format(app=f"http://127.0.0.1:{port}")
        async with process.inspector(folder, config=config) as hooktap:
            await jinko.change(webhook, url=hooktap.endpoint("jinko"))
            yield Road(jinko, webhook, hooktap)


async def test_what_happens_reaches_the_app(tmp_path: Path) -> None:
    """Signed as the app checks it, and thin: the rest is fetched by the booking's reference."""
    with ExitStack() as down:
        port = down.enter_context(fakes.refusing()).port
        async with road(tmp_path, port) as way:
            down.close()
            with process.demo_app(way.webhook["secret"], port):
                await way.jinko.happen("booking.completed")
                (made,) = await way.jinko.end()
                ((delivery, attempts),) = await roads.taken(way.hooktap, 1)
                (said,) = await roads.answers(way.hooktap, attempts)
            (body,) = await roads.bodies(way.hooktap, [delivery])
            told = json.loads(body)
            booking = await way.jinko.ask("GET", f"/bookings/{told['booking_ref']}")

    assert (made["state"], made["attempts"], made["last"]) == ("delivered", 1, "200")
    assert delivery.verification.outcome is Outcome.VERIFIED
    assert delivery.event == "booking.completed"
    assert said.decode() == f"jinko: 'booking.completed' of booking {told['booking_ref']!r}\n"
    assert booking == {key: told[key] for key in ("booking_ref", "status", "livemode")}


async def test_a_test_says_that_it_is_one(tmp_path: Path) -> None:
    with ExitStack() as down:
        port = down.enter_context(fakes.refusing()).port
        async with road(tmp_path, port) as way:
            down.close()
            with process.demo_app(way.webhook["secret"], port):
                await way.jinko.ask("POST", f"/simulate/webhooks/{way.webhook['id']}/test")
                await way.jinko.end()
                ((delivery, _),) = await roads.taken(way.hooktap, 1)
            (body,) = await roads.bodies(way.hooktap, [delivery])
            booking = await way.jinko.ask("GET", "/bookings/JNK-TEST00")

    assert delivery.verification.outcome is Outcome.VERIFIED
    assert (json.loads(body)["livemode"], json.loads(body)["booking_ref"]) == (False, "JNK-TEST00")
    assert booking["livemode"] is False


async def test_a_failure_and_then_recovery(tmp_path: Path) -> None:
    """The app is down; once it is up the same event comes through, signed anew, and hooktap knows it again."""
    with ExitStack() as down:
        port = down.enter_context(fakes.refusing()).port
        async with road(tmp_path, port, UNHURRIED) as way:
            await way.jinko.happen("booking.completed")
            failed = await way.jinko.attempt()
            down.close()
            with process.demo_app(way.webhook["secret"], port):
                made = [failed, *await way.jinko.end()]
                found = await roads.taken(way.hooktap, len(made))
            deliveries = [delivery for delivery, _ in found]
            (*_, said) = await roads.answers(way.hooktap, found[-1][1])

    assert (failed["state"], failed["last"]) == ("pending", "502")
    assert (made[-1]["state"], made[-1]["last"]) == ("delivered", "200")
    assert b"of booking" in said
    assert {each.verification.outcome for each in deliveries} == {Outcome.VERIFIED}
    assert len({each.event_id for each in deliveries}) == 1
    assert len({each.attempt_id for each in deliveries}) == len(made) >= 2
    assert {each.duplicate_of for each in deliveries[1:]} == {deliveries[0].id}


async def test_eight_attempts_are_all_it_makes(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.port) as way:
            await way.jinko.happen("booking.failed")
            made = await way.jinko.end()
            found = [delivery for delivery, _ in await roads.taken(way.hooktap, 8)]
            (parcel,) = (await way.jinko.ask("GET", "/simulate"))["sent"]

    assert [each["attempts"] for each in made] == list(range(1, 9))
    assert [each["state"] for each in made] == ["pending"] * 7 + ["exhausted"]
    assert len({each.event_id for each in found}) == 1
    assert len({each.attempt_id for each in found}) == 8
    assert (parcel["state"], parcel["last"]) == ("exhausted", "502")


async def test_pause_and_delete_are_respected(tmp_path: Path) -> None:
    """Off, what waits is kept and what happens meanwhile is not; deleted, nothing is sent at all."""
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.port, UNHURRIED) as way:
            await way.jinko.happen("booking.completed")
            await way.jinko.attempt()
            await way.jinko.change(way.webhook, enabled=False)
            await way.jinko.happen("booking.failed")
            await way.jinko.change(way.webhook, enabled=True)
            again = await way.jinko.attempt()
            await way.jinko.ask("DELETE", f"/simulate/webhooks/{way.webhook['id']}")
            await way.jinko.happen("booking.failed")
            about = await way.jinko.ask("GET", "/simulate")
            found = await roads.taken(way.hooktap, 2)

    assert (again["event"], again["attempts"]) == ("booking.completed", 2)
    assert about["webhooks"] == []
    assert [(each["event"], each["state"]) for each in about["sent"]] == [
        ("booking.completed", "dropped")
    ]
    assert {delivery.event for delivery, _ in found} == {"booking.completed"}
