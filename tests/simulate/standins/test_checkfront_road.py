"""Checkfront's side, hooktap and an app, each a process, over real sockets: Checkfront's rules on a scaled clock."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.core.model import Outcome
from inspector.core.wire import JSON
from tests import fakes, process
from tests.simulate.standins import roads

CONFIG = """
[endpoint.checkfront]
reply = "target"
forward_to = "http://127.0.0.1:{port}/webhooks/checkfront"
"""
HAPPENINGS = {
    "booking.HOLD": "booking HOLD",
    "item.update": "item update",
    "rate.update": "rate update",
    "transaction.insert": "transaction insert",
}
"""And what the app says of each."""
UNHURRIED = "50"
"""The first attempt is made again after 1.2 seconds: time to start an app."""


@dataclass(frozen=True)
class Road:
    """The stand-in, and a webhook that leads to hooktap."""

    checkfront: roads.StandIn
    webhook: JSON
    hooktap: process.Running


@asynccontextmanager
async def road(
    folder: Path, port: int, *events: str, kind: str = "json", speed: str = roads.FASTEST
) -> AsyncIterator[Road]:
    """Build it; the app is at `port`."""
    async with (
        process.inspector(folder, config=CONFIG.format(port=port)) as hooktap,
        roads.stand_in(folder, "checkfront", speed) as checkfront,
    ):
        webhook = await checkfront.register(
            hooktap.endpoint("checkfront"), events=list(events), format=kind
        )
        yield Road(checkfront, webhook, hooktap)


@pytest.mark.parametrize("kind", ["json", "xml", "form"])
async def test_what_happens_reaches_the_app(tmp_path: Path, kind: str) -> None:
    events = ("booking.status", "item.update", "rate.update", "transaction.insert")
    with process.demo_app(None) as app:
        port = int(app.rpartition(":")[2])
        async with road(tmp_path, port, *events, kind=kind) as way:
            for event in HAPPENINGS:
                await way.checkfront.happen(event, about="one booking")
                (made,) = await way.checkfront.end()
                assert (made["event"], made["last"]) == (event, "200")
            found = await roads.taken(way.hooktap, len(HAPPENINGS))
            said = await roads.answers(way.hooktap, [each for _, (each,) in found])

    assert [delivery.event for delivery, _ in found] == list(HAPPENINGS)
    assert {delivery.verification.outcome for delivery, _ in found} == {Outcome.UNSIGNED}
    for answer, words in zip(said, HAPPENINGS.values(), strict=True):
        assert answer.decode().startswith(f"checkfront: {words!r}, unsigned")


async def test_a_new_status_is_told_twice(tmp_path: Path) -> None:
    """Who registers one URL for both events of a booking, as its page discourages, is sent the same body twice."""
    with process.demo_app(None) as app:
        async with road(tmp_path, int(app.rpartition(":")[2])) as way:
            await way.checkfront.happen("booking.PAID")
            made = [await way.checkfront.attempt(), await way.checkfront.attempt()]
            found = [delivery for delivery, _ in await roads.taken(way.hooktap, 2)]
            bodies = await roads.bodies(way.hooktap, found)

    assert {each["event"] for each in made} == {"booking.modified", "booking.PAID"}
    assert bodies[0] == bodies[1]
    assert [each.duplicate_of for each in found] == [None, found[0].id]


async def test_a_failure_and_then_recovery(tmp_path: Path) -> None:
    """A success ends the row of failures."""
    with ExitStack() as down:
        port = down.enter_context(fakes.refusing()).port
        async with road(tmp_path, port, "booking.status", speed=UNHURRIED) as way:
            await way.checkfront.happen("booking.PAID")
            failed = await way.checkfront.attempt()
            down.close()
            with process.demo_app(None, port):
                made = [failed, *await way.checkfront.end()]
                found = [delivery for delivery, _ in await roads.taken(way.hooktap, len(made))]
            webhook = await way.checkfront.webhook()

    assert (failed["state"], failed["last"]) == ("pending", "502")
    assert (made[-1]["state"], made[-1]["last"]) == ("delivered", "200")
    assert (webhook["enabled"], webhook["failures"]) == (True, 0)
    assert {each.duplicate_of for each in found[1:]} == {found[0].id}


async def test_five_failures_in_a_row_disable_it(tmp_path: Path) -> None:
    """Whatever happens then is not sent, until a person enables it."""
    with ExitStack() as down:
        port = down.enter_context(fakes.refusing()).port
        async with road(tmp_path, port, "booking.status", "item.update") as way:
            await way.checkfront.happen("booking.PAID")
            made = await way.checkfront.end()
            off = await way.checkfront.command.line()
            await way.checkfront.happen("item.update")
            down.close()
            with process.demo_app(None, port):
                on = await way.checkfront.change(way.webhook, enabled=True)
                await way.checkfront.happen("booking.HOLD")
                last = await way.checkfront.end()
                found = [delivery for delivery, _ in await roads.taken(way.hooktap, 6)]

    assert [each["state"] for each in made] == ["pending"] * 4 + ["exhausted"]
    assert (off["type"], off["enabled"], off["failures"]) == ("webhook", False, 5)
    assert (on["enabled"], on["failures"]) == (True, 0)
    assert [(each["event"], each["last"]) for each in last] == [("booking.HOLD", "200")]
    assert [each.event for each in found] == ["booking.PAID"] * 5 + ["booking.HOLD"]


async def test_pause_and_delete_are_respected(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        async with road(tmp_path, nobody.port, "booking.status", speed=UNHURRIED) as way:
            await way.checkfront.happen("booking.PAID")
            await way.checkfront.attempt()
            await way.checkfront.change(way.webhook, enabled=False)
            await way.checkfront.happen("booking.HOLD")
            await way.checkfront.change(way.webhook, enabled=True)
            again = await way.checkfront.attempt()
            await way.checkfront.ask("DELETE", f"/simulate/webhooks/{way.webhook['id']}")
            await way.checkfront.happen("booking.HOLD")
            about = await way.checkfront.ask("GET", "/simulate")

    assert (again["event"], again["attempts"]) == ("booking.PAID", 2)
    assert about["webhooks"] == []
    assert [(each["event"], each["state"]) for each in about["sent"]] == [
        ("booking.PAID", "dropped")
    ]
