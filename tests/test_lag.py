import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from inspector.lag import EVERY_S, HELD_S, REMEMBERED_S, Lag
from inspector.server import run

HOLD_S = 2 * HELD_S


async def held(lag: Lag) -> int:
    """Hold the loop, let it look, and return what it saw."""
    with lag.watched():
        time.sleep(HOLD_S)
        await asyncio.sleep(EVERY_S)
    return lag.worst_ms()


@pytest.mark.parametrize("runner", [asyncio.run, run])
def test_a_held_loop_is_told_of_and_remembered(
    runner: Callable[[Coroutine[Any, Any, int]], int], caplog: pytest.LogCaptureFixture
) -> None:
    """On asyncio's loop and on uvloop. A look comes up to its own pause too late to see all of it."""
    worst_ms = runner(held(Lag()))

    assert worst_ms >= (HOLD_S - EVERY_S) * 1000
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        f"the event loop was held for {worst_ms} ms: whoever sent or asked something then had to wait"
    )


def test_a_loop_that_is_in_time_is_not_told_of(caplog: pytest.LogCaptureFixture) -> None:
    lag = Lag()
    assert lag.worst_ms() == 0
    for late_s in (-0.001, 0.0, 0.0014, HELD_S):
        lag._note(late_s)
    assert lag.worst_ms() == HELD_S * 1000
    assert not caplog.records


def test_one_line_for_many(caplog: pytest.LogCaptureFixture) -> None:
    """A loop that is late all the time does not fill the log."""
    lag = Lag()
    for _ in range(50):
        lag._note(0.3)
    assert len(caplog.records) == 1


def test_only_the_last_minute_counts() -> None:
    lag = Lag()
    lag._note(3.0)
    for _ in range(round(REMEMBERED_S / EVERY_S) - 1):
        lag._note(0.002)
    assert lag.worst_ms() == 3000
    lag._note(0.001)
    assert lag.worst_ms() == 2


async def test_nothing_is_left_behind() -> None:
    """After the block the loop is not called any more."""
    clock = iter(range(1000))
    lag = Lag(clock_s=lambda: next(clock))
    with lag.watched():
        pass
    looks = next(clock)
    await asyncio.sleep(2 * EVERY_S)
    assert next(clock) == looks + 1
