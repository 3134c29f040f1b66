"""Duplicates on the real process (F26, T10, T11): what is marked, what an endpoint holds, and where that is shown.

Which delivery is the first is decided in the store: tests/store/test_duplicates.py.
"""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.client import Client
from inspector.core.model import Delivery
from tests import fakes, process
from tests.fakes import Peer
from tests.wire import Wire, stored_as, talk

SECRET = b"jks_duplicates"
CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "THE_SECRET" }}
duplicates = "{duplicates}"
forward_to = "{url}"
{more}

[endpoint.other]
provider = "jinko"
secret = {{ env = "THE_SECRET" }}
"""
BODY = b'{"event":"booking.completed","event_id":"evt_1"}'


def jinko(
    event_id: bytes = b"evt_1",
    attempt_id: bytes = b"dlv_1",
    *,
    age_s: int = 0,
    body: bytes = BODY,
    secret: bytes = SECRET,
    target: bytes = b"/in/jinko",
) -> Wire:
    """Build a delivery as Jinko's guide says; neither id is signed."""
    at = b"%d" % (time.time() - age_s)
    signature = hmac.new(secret, at + b"." + body, hashlib.sha256).hexdigest().encode()
    headers = (
        (b"X-Jinko-Timestamp", at),
        (b"X-Jinko-Signature", b"sha256=" + signature),
        (b"X-Jinko-Event-Id", event_id),
        (b"X-Jinko-Delivery-Id", attempt_id),
    )
    return Wire(target=target, headers=headers, body=body)


def answering_in_turn(*statuses: int) -> fakes.Script:
    """Answers its first requests with these, every further one with 200."""
    left = list(statuses)

    async def script(peer: Peer) -> None:
        while await peer.take():
            await peer.say(fakes.answer(left.pop(0) if left else 200))

    return script


@dataclass(frozen=True)
class Rig:
    """An inspector with the app behind it."""

    running: process.Running
    app: fakes.Target
    client: Client

    async def send(self, *wires: Wire) -> list[int]:
        """Send them all at once; return their numbers."""
        answers = await asyncio.gather(*(talk(self.running.ingress, wire.raw) for wire in wires))
        return [stored_as(answer) for answer in answers]

    async def settled(self, count: int) -> None:
        """Return when so many more attempts are over."""
        while count:
            count -= (await self.running.line())["type"] == "attempt"

    async def stored(self, number: int) -> Delivery:
        return (await self.client.delivery(number))[0]

    async def forwarded(self, numbers: Sequence[int]) -> list[int]:
        """Return which of them have attempts. One that was to be forwarded was scheduled when it was acknowledged."""
        return [number for number in numbers if (await self.client.delivery(number))[1]]


@asynccontextmanager
async def rig(
    folder: Path, duplicates: str = "forward", *statuses: int, more: str = ""
) -> AsyncIterator[Rig]:
    async with (
        fakes.serve(answering_in_turn(*statuses)) as app,
        process.inspector(
            folder,
            config=CONFIG.format(url=app.url, duplicates=duplicates, more=more),
            environ={"THE_SECRET": SECRET.decode()},
        ) as running,
        running.client() as client,
    ):
        yield Rig(running, app, client)


async def test_a_hundred_copies_at_once(tmp_path: Path) -> None:
    """All are acknowledged, stored and forwarded, for an app to show what it makes of them; one is the first (F26)."""
    async with rig(tmp_path) as it:
        numbers = await it.send(*[jinko()] * 100)
        await it.settled(100)
        found = [await it.stored(number) for number in sorted(numbers)]

        assert len(set(numbers)) == 100
        assert len(it.app.requests) == 100
    first, *others = found
    assert first.duplicate_of is None
    assert {each.duplicate_of for each in others} == {first.id}


async def test_a_hundred_copies_where_duplicates_are_held(tmp_path: Path) -> None:
    """All are acknowledged and stored, one is forwarded (F26)."""
    async with rig(tmp_path, "hold") as it:
        numbers = sorted(await it.send(*[jinko()] * 100))
        last = await it.send(jinko(b"evt_2", body=b"{}"))
        await it.settled(2)
        found = [await it.stored(number) for number in numbers]

        assert [each.duplicate_held for each in found] == [False] + 99 * [True]
    # After its end: nothing is on its way any more.
    assert len(it.app.requests) == 2
    with closing(sqlite3.connect(it.running.data_dir.database)) as connection:
        tried = connection.execute("SELECT delivery_id FROM attempt ORDER BY id").fetchall()
        assert sorted(tried) == [(numbers[0],), (last[0],)]
        assert connection.execute("SELECT count(*) FROM schedule").fetchone() == (0,)


async def test_held_or_not_it_can_be_replayed(tmp_path: Path) -> None:
    async with rig(tmp_path, "hold") as it:
        (first,) = await it.send(jinko())
        await it.settled(1)
        (held,) = await it.send(jinko(attempt_id=b"dlv_2"))
        assert (await it.stored(held)).duplicate_of == first
        assert await it.forwarded([held]) == []

        assert (await it.client.replay(held)).succeeded
        assert len(it.app.requests) == 2


async def test_what_failed_is_forwarded_when_the_provider_sends_it_again(tmp_path: Path) -> None:
    """The app was down for the first: were its retry held, the event would be lost. The third is one too many."""
    async with rig(tmp_path, "hold", 503) as it:
        (first,) = await it.send(jinko())
        await it.settled(1)
        (retry,) = await it.send(jinko(attempt_id=b"dlv_2"))
        await it.settled(1)
        (third,) = await it.send(jinko(attempt_id=b"dlv_3"))

        assert await it.forwarded([first, retry, third]) == [first, retry]
        assert (await it.stored(third)).duplicate_held


async def test_what_we_try_again_ourselves_is_not_sent_twice(tmp_path: Path) -> None:
    """The first is still owed to the target, so the provider's retry is held meanwhile."""
    more = "retry = { attempts = 2, first_s = 0.5, jitter = 0 }"
    async with rig(tmp_path, "hold", 503, more=more) as it:
        (first,) = await it.send(jinko())
        await it.settled(1)
        (retry,) = await it.send(jinko(attempt_id=b"dlv_2"))
        await it.settled(1)

        assert await it.forwarded([first, retry]) == [first]
        assert len(it.app.requests) == 2


@pytest.mark.parametrize("duplicates", ["forward", "hold"])
async def test_a_forged_id_sent_first_changes_nothing(tmp_path: Path, duplicates: str) -> None:
    """Nor does a real delivery, captured and played back under the id of an event to come (T11)."""
    async with rig(tmp_path, duplicates) as it:
        forged = await it.send(*[jinko(secret=b"guess")] * 3)
        (real,) = await it.send(jinko())
        await it.settled(4)
        assert [(await it.stored(each)).duplicate_of for each in (*forged, real)] == 4 * [None]

        (captured,) = await it.send(jinko(b"evt_2"))
        await it.settled(1)
        (later,) = await it.send(jinko(b"evt_2", body=b'{"event":"booking.failed"}'))
        await it.settled(1)
        assert await it.forwarded([later]) == [later]
        assert (await it.stored(later)).duplicate_of == captured


@pytest.mark.parametrize(
    ("age_s", "outcome"),
    [(0, "verified"), (290, "verified"), (-290, "verified"), (310, "stale"), (-310, "stale")],
)
async def test_whatever_is_played_back_is_marked(tmp_path: Path, age_s: int, outcome: str) -> None:
    """Within the tolerance or not, each of ten copies, and those of another attempt (T10)."""
    async with rig(tmp_path, "hold") as it:
        (first,) = await it.send(jinko())
        again = [jinko(attempt_id=b"dlv_%d" % number, age_s=age_s) for number in range(10)]
        numbers = await it.send(*again)
        found = [await it.stored(number) for number in numbers]
        await it.settled(1)

        assert {each.verification.outcome.value for each in found} == {outcome}
        assert {each.duplicate_of for each in found} == {first}
        assert await it.forwarded(numbers) == []


async def test_a_restart_and_another_endpoint(tmp_path: Path) -> None:
    """What came before is known at once; what came elsewhere is another matter."""
    async with rig(tmp_path) as it:
        (first,) = await it.send(jinko())
        (other,) = await it.send(jinko(target=b"/in/other"))
        assert (await it.stored(other)).duplicate_of is None
    async with rig(tmp_path) as it:
        (again,) = await it.send(jinko())
        assert (await it.stored(again)).duplicate_of == first


def hooktap(folder: Path, *arguments: str) -> str:
    """Run a command to its end; return what it prints."""
    command = [*process.PROGRAM, *arguments, "--data-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


async def test_every_view_says_so(tmp_path: Path) -> None:
    async with rig(tmp_path, "hold") as it:
        (first,) = await it.send(jinko())
        await it.settled(1)
        (copy,) = await it.send(jinko())
        (retry,) = await it.send(jinko(attempt_id=b"dlv_2"))
        (changed,) = await it.send(jinko(body=b'{"event":"x"}'))
        told = [await it.running.line() for _ in range(3)]
        pages = [
            await asyncio.to_thread(hooktap, it.running.data_dir.path, *arguments)
            for arguments in (["list"], ["show", str(copy)], ["show", str(retry)])
        ]
        shown = await asyncio.to_thread(hooktap, it.running.data_dir.path, "show", "3", "--json")

    listed, of_copy, of_retry = pages
    newest, *held, oldest = listed.splitlines()
    assert newest.endswith(f"  dup of #{first}")
    assert all(line.endswith(f"  held: duplicate of #{first}") for line in held)
    assert "dup" not in oldest
    assert f"of #{first}: the same delivery again; held, not forwarded\n" in of_copy
    assert f"of #{first}: sent again by the provider; held, not forwarded\n" in of_retry
    assert json.loads(shown)["duplicate_of"] == first
    assert [(each["duplicate_of"], each["duplicate_held"]) for each in told] == [
        (first, True),
        (first, True),
        (first, False),
    ]
    assert changed == told[-1]["id"]
