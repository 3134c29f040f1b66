import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from inspector.simulate.standins.courier import AT_ONCE
from inspector.simulate.standins.desk import Change, Desk
from inspector.simulate.standins.model import Parcel, Rules, State, Webhook
from inspector.simulate.standins.wink import WINK
from tests import fakes
from tests.fakes import Peer
from tests.simulate.standins.serving import serving

EVENT = "booking.create"
TOLD_S = 30
NOW = Rules(waits_s=(0.0,) * 3, timeout_s=10, is_success=lambda status: status == 200)
"""Four attempts, one right after another."""


@dataclass
class Told:
    """What came of every attempt, as it is told."""

    attempts: list[Parcel] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, _: Webhook, parcel: Parcel) -> None:
        self.attempts.append(parcel)
        self._news.set()

    async def until(self, enough: Callable[[list[Parcel]], bool]) -> None:
        async with asyncio.timeout(TOLD_S):
            while not enough(self.attempts):
                self._news.clear()
                await self._news.wait()

    async def over(self, count: int) -> None:
        """Wait until that many have come to an end."""
        await self.until(
            lambda made: sum(each.state is not State.PENDING for each in made) >= count
        )


@asynccontextmanager
async def sending(
    folder: Path, rules: Rules = NOW, **options: Any
) -> AsyncIterator[tuple[Desk, Told]]:
    told = Told()
    stand_in = replace(WINK, rules=rules)
    async with serving(stand_in, folder / "state.db", on_attempt=told, **options) as running:
        yield running.desk, told


async def test_every_attempt_is_the_same_request(tmp_path: Path) -> None:
    refusal = fakes.answering(fakes.answer(500))
    async with fakes.serve(refusal) as app, sending(tmp_path) as (desk, told):
        await desk.register(app.url + "/a?b=c")
        await desk.happen(EVENT)
        await told.over(1)

    assert [each.attempts for each in told.attempts] == [1, 2, 3, 4]
    assert [each.last for each in told.attempts] == ["500"] * 4
    assert told.attempts[-1].state is State.EXHAUSTED
    assert len({(each.head, each.body) for each in app.requests}) == 1
    assert app.requests[0].line == b"POST /a?b=c HTTP/1.1"


async def test_two_attempts_of_one_parcel_never_overlap(tmp_path: Path) -> None:
    """However often it is told to look again, and however many there are."""
    open_now: Counter[bytes] = Counter()
    most: Counter[bytes] = Counter()
    all_open: list[int] = []
    full, let_go = asyncio.Event(), asyncio.Event()

    async def script(peer: Peer) -> None:
        taken = await peer.take()
        assert taken is not None
        open_now[taken.body] += 1
        most[taken.body] = max(most[taken.body], open_now[taken.body])
        all_open.append(open_now.total())
        if open_now.total() == AT_ONCE:
            full.set()
        await let_go.wait()
        open_now[taken.body] -= 1
        await peer.say(fakes.answer(503))

    async with fakes.serve(script) as app, sending(tmp_path) as (desk, told):
        webhook = await desk.register(app.url)
        for _ in range(3 * AT_ONCE):
            await desk.happen(EVENT)
            webhook = await desk.change(webhook, Change(name="x")) or webhook  # which wakes it
        async with asyncio.timeout(TOLD_S):
            await full.wait()
        let_go.set()
        await told.over(3 * AT_ONCE)

    assert max(all_open) == AT_ONCE
    assert set(most.values()) == {1}
    assert Counter(each.body for each in app.requests) == dict.fromkeys(most, 4)
    assert len(most) == 3 * AT_ONCE


async def test_what_is_switched_off_at_the_last_moment_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fakes.serve(fakes.answering()) as app, sending(tmp_path) as (desk, told):
        kept, off = desk.ledger, asyncio.Event()
        look_up = kept.due

        async def due_and_off(but: Sequence[int], limit: int) -> list[Parcel]:
            found = await look_up(but, limit)
            if found and not off.is_set():
                await kept.save(replace(webhook, enabled=False, version=1))
                off.set()
            return found

        monkeypatch.setattr(kept, "due", due_and_off)
        webhook = await desk.register(app.url)
        await desk.happen(EVENT)
        await off.wait()
        await desk.change(await desk.webhook(webhook.id), Change(url=app.url + "/on", enabled=True))
        await told.over(1)

    assert [each.line for each in app.requests] == [b"POST /on HTTP/1.1"]


async def test_an_app_that_says_nothing_is_given_up_on(tmp_path: Path) -> None:
    rules = replace(NOW, waits_s=(), timeout_s=0.05)
    async with fakes.serve(fakes.silent) as app, sending(tmp_path, rules) as (desk, told):
        await desk.register(app.url)
        await desk.happen(EVENT)
        await told.over(1)

    assert told.attempts[0].last == "no answer within 0.05 s"
    assert told.attempts[0].state is State.EXHAUSTED


@pytest.mark.parametrize(
    "script",
    [
        fakes.closing(b""),
        fakes.closing(b"SSH-2.0-\x1b[2J\r\n"),
        fakes.closing(b"HTTP/1.1 200 OK\r\nContent-Le"),
        fakes.resetting(),
        fakes.closing(fakes.answer(200, length=5)),
    ],
)
async def test_an_answer_that_is_none_is_a_failure(tmp_path: Path, script: fakes.Script) -> None:
    async with fakes.serve(script) as app, sending(tmp_path) as (desk, told):
        await desk.register(app.url)
        await desk.happen(EVENT)
        await told.over(1)

    assert [each.state for each in told.attempts] == [State.PENDING] * 3 + [State.EXHAUSTED]
    said = told.attempts[0].last or ""
    assert said
    assert "\x1b" not in said


async def test_the_waits_are_the_rules_and_shorter(tmp_path: Path) -> None:
    """An hour at a thousand times the speed is 3.6 seconds; what has been tried waits on disk."""
    rules = replace(NOW, waits_s=(3600.0,))
    with fakes.refusing() as nobody:
        async with sending(tmp_path, rules, speed=1000.0) as (desk, told):
            await desk.register(nobody.url)
            await desk.happen(EVENT)
            await told.until(bool)
            (waiting,) = await desk.ledger.due([], 9)

    assert waiting == told.attempts[0]
    # From the end of the first attempt, which came after it was made.
    assert waiting.due_us - waiting.made_us >= 3_600_000
    assert waiting.due_us - waiting.made_us < 3_600_000 + TOLD_S * 1_000_000


async def test_what_waits_keeps_nobody_waiting(tmp_path: Path) -> None:
    rules = replace(NOW, waits_s=(3600.0,))
    answers = fakes.answering()
    with fakes.refusing() as nobody:
        async with fakes.serve(answers) as app, sending(tmp_path, rules) as (desk, told):
            for _ in range(3 * AT_ONCE):
                await desk.register(nobody.url, events=("booking.failed",))
            await desk.register(app.url, events=(EVENT,))
            await desk.happen("booking.failed")
            await told.until(lambda made: len(made) == 3 * AT_ONCE)
            await desk.happen(EVENT)
            await told.over(1)

    assert told.attempts[-1].state is State.DELIVERED


async def test_what_is_off_is_sent_when_it_is_on_again(tmp_path: Path) -> None:
    """So does a person's test."""
    async with (
        fakes.serve(fakes.answering()) as app,
        sending(tmp_path) as (desk, told),
    ):
        webhook = await desk.register(app.url, enabled=False)
        await desk.test(webhook)
        assert await desk.happen(EVENT) == []
        assert await desk.ledger.due([], 9) == []
        await desk.change(webhook, Change(enabled=True))
        await told.over(1)

    assert len(app.requests) == 1


async def test_failures_in_a_row_end_it_until_a_person_comes(tmp_path: Path) -> None:
    rules = replace(NOW, waits_s=(0.0,) * 9, disabled_after=3)
    answers = [500, 500, 500, 200]

    async def script(peer: Peer) -> None:
        await peer.take()
        await peer.say(fakes.answer(answers.pop(0)))

    async with fakes.serve(script) as app, sending(tmp_path, rules) as (desk, told):
        webhook = await desk.register(app.url)
        await desk.happen(EVENT)
        await told.until(lambda made: len(made) == 3)
        disabled = await desk.webhook(webhook.id)
        assert await desk.ledger.due([], 9) == []
        await desk.change(disabled, Change(enabled=True))
        await told.over(1)

    assert (disabled.enabled, disabled.failures) == (False, 3)
    assert [each.attempts for each in told.attempts] == [1, 2, 3, 4]
    assert told.attempts[-1].state is State.DELIVERED


async def test_what_a_stop_has_left_is_sent_after_it(tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def script(peer: Peer) -> None:
        arrived.set()
        await fakes.silent(peer)

    async with fakes.serve(script) as app, sending(tmp_path) as (desk, told):
        webhook = await desk.register(app.url)
        await desk.happen(EVENT)
        async with asyncio.timeout(TOLD_S):
            await arrived.wait()
    assert told.attempts == []

    async with fakes.serve(fakes.answering()) as other, sending(tmp_path) as (desk, told):
        await desk.change(webhook, Change(url=other.url))
        await told.over(1)

    assert told.attempts[-1].state is State.DELIVERED
    assert len(other.requests) == 1
