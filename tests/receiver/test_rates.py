"""How many deliveries an endpoint takes, by a clock of the test's and at a real inspector's door."""

from contextlib import suppress
from pathlib import Path

import pytest

from inspector.receiver.rates import Rates
from inspector.receiver.refused import Refused
from tests import process
from tests.factories import endpoint
from tests.wire import Wire, status, stored_as, talk


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


def admitted(rates: Rates, name: str, max_rate: float | None, count: int) -> int:
    """Return how many of so many at one moment are taken."""
    taken = 0
    for _ in range(count):
        with suppress(Refused):
            rates.admit(endpoint(name=name, max_rate=max_rate))
            taken += 1
    return taken


def wait_s(rates: Rates, max_rate: float) -> int:
    with pytest.raises(Refused) as raised:
        rates.admit(endpoint(max_rate=max_rate))
    assert raised.value.status == 429
    [(name, value)] = raised.value.headers
    assert name == b"Retry-After"
    return int(value)


def test_a_seconds_worth_at_once_and_then_as_time_passes() -> None:
    clock = Clock()
    rates = Rates(clock)

    assert admitted(rates, "a", 10, 100) == 10
    clock.now_s += 0.5
    assert admitted(rates, "a", 10, 100) == 5
    clock.now_s += 3600  # what was not used is not saved up
    assert admitted(rates, "a", 10, 100) == 10


def test_over_a_minute_it_is_the_rate(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    rates = Rates(clock)
    taken = 0
    for _ in range(60 * 64):
        taken += admitted(rates, "a", 10, 3)
        clock.now_s += 1 / 64

    assert 590 <= taken <= 610
    assert 55 <= len(caplog.messages) <= 61
    assert "endpoint 'a' takes 10 deliveries a second: one was answered 429 (and " in caplog.text


def test_each_endpoint_has_its_own_and_most_have_none() -> None:
    rates = Rates(Clock())

    assert admitted(rates, "a", 1, 5) == 1
    assert admitted(rates, "b", 2, 5) == 2
    assert admitted(rates, "c", None, 5000) == 5000


def test_less_than_one_a_second() -> None:
    """The first is taken, and whoever comes too early is told when there is room: not earlier, and not much later."""
    clock = Clock()
    rates = Rates(clock)
    rates.admit(endpoint(max_rate=0.1))

    assert wait_s(rates, 0.1) == 10
    clock.now_s += 4
    assert wait_s(rates, 0.1) == 6
    clock.now_s += 6
    rates.admit(endpoint(max_rate=0.1))


async def test_at_the_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused before its body is read, told once, and not stored; another endpoint knows nothing of it."""
    async with process.inspector(tmp_path, config="[endpoint.busy]\nmax_rate = 0.001\n") as running:
        assert stored_as(await talk(running.ingress, Wire(target=b"/in/busy").raw)) == 1
        for _ in range(20):
            answer = await talk(running.ingress, Wire(target=b"/in/busy", body=b"x" * 100).raw)
            assert status(answer) == 429
            assert b"\r\nRetry-After: 1000\r\n" in answer or b"\r\nRetry-After: 999\r\n" in answer
        assert stored_as(await talk(running.ingress, Wire(target=b"/in/idle").raw)) == 2
    _, told = capsys.readouterr()
    assert told.count("endpoint 'busy' takes 0.001 deliveries a second") <= 3
