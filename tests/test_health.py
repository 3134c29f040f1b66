"""Whether somebody listens at a target: real ports, and a clock that the test turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from inspector.core.model import Failure
from inspector.forwarder import Forwarder
from inspector.health import DOWN_S, TARGETS_MAX, UP_S, Health
from tests import fakes


@dataclass
class Probing:
    """A health whose clock stands until it is moved, and the targets that it looked at."""

    forwarder: Forwarder
    now_s: float = 1000.0
    looked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.health = Health(
            self.reach,
            clock_us=lambda: int(self.now_s * 1_000_000),
            clock_s=lambda: self.now_s,
            patience_s=30,
        )

    async def reach(self, target: str) -> Failure | None:
        self.looked.append(target)
        return await self.forwarder.reach(target)


@asynccontextmanager
async def probing(*own_ports: int) -> AsyncIterator[Probing]:
    async with Forwarder(own_ports=own_ports) as forwarder:
        yield Probing(forwarder)


async def test_a_target_is_up_and_is_sent_nothing() -> None:
    """Somebody who takes the connection is all that is asked for."""
    async with fakes.serve(fakes.answering()) as target, probing() as probe:
        found = (await probe.health.of([target.url]))[target.url]
        assert found.to_json() == {
            "up": True,
            "since_us": 1_000_000_000,
            "checked_at_us": 1_000_000_000,
            "detail": "",
        }
        while not target.connections:
            await asyncio.sleep(0)
        assert target.requests == []


async def test_nothing_is_sent_to_an_app_that_speaks_tls() -> None:
    """Not even a handshake: an app that is given up in the middle of one logs that."""
    async with fakes.serve(fakes.answering()) as plain, probing() as probe:
        target = plain.url.replace("http:", "https:")
        assert (await probe.health.of([target]))[target].is_up


async def test_a_target_is_down_and_comes_back() -> None:
    """Since when is told; it is looked for oftener while it is down."""
    with fakes.refusing() as nobody:
        async with probing() as probe:
            for _ in range(2):
                await probe.health.of([nobody.url])
                probe.now_s += DOWN_S
            found = (await probe.health.of([nobody.url]))[nobody.url]
            assert (
                found.detail == f"nobody listens at 127.0.0.1:{nobody.port} (is your app running?)"
            )
            assert (found.is_up, found.since_us) == (False, 1_000_000_000)
            assert found.checked_at_us == int((1000 + 2 * DOWN_S) * 1_000_000)
            assert len(probe.looked) == 3


@pytest.mark.parametrize(("up", "wait_s"), [(True, UP_S), (False, DOWN_S)])
async def test_it_is_looked_at_no_oftener_than_is_of_use(up: bool, wait_s: float) -> None:
    async with fakes.serve(fakes.answering()) as target, probing() as probe:
        with fakes.refusing() as nobody:
            url = target.url if up else nobody.url
            for _ in range(3):
                await probe.health.of([url])
            probe.now_s += wait_s - 0.01
            await probe.health.of([url])
            assert probe.looked == [url]
            probe.now_s += 0.02
            await probe.health.of([url])
            assert probe.looked == [url, url]


async def test_one_target_of_many_endpoints_is_looked_at_once() -> None:
    async with fakes.serve(fakes.answering()) as target, probing() as probe:
        await asyncio.gather(*(probe.health.of([target.url] * 3) for _ in range(5)))
        assert probe.looked == [target.url]


async def test_one_that_answers_to_nothing_keeps_nobody_waiting() -> None:
    async def never(_: str) -> Failure | None:
        await asyncio.Event().wait()
        return None

    health = Health(never, patience_s=0.01)
    found = (await health.of(["http://127.0.0.1:1"]))["http://127.0.0.1:1"]
    assert (found.is_up, found.detail) == (False, "no connection within 0.01 s")


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("http://127.0.0.1:7", "this inspector's own"),
        ("http://0.0.0.0:80", "is no address to send to"),
        ("http://192.0.2.1:80", "is not on this machine"),
        ("nonsense", ""),
    ],
)
async def test_where_nothing_may_be_sent_is_down(target: str, why: str) -> None:
    """A probe goes nowhere that a delivery does not go."""
    async with probing(7) as probe:
        found = (await probe.health.of([target]))[target]
    assert not found.is_up
    assert why in found.detail
    assert found.detail


async def test_targets_that_are_gone_are_forgotten() -> None:
    async def up(_: str) -> None:
        return None

    health = Health(up)
    for start in range(0, 3 * TARGETS_MAX, 100):
        await health.of(f"http://127.0.0.1:{port}" for port in range(start, start + 100))
    assert len(health._found) <= TARGETS_MAX + 200
    assert health._found.keys() == health._next_s.keys()
