"""F15: an inspector is stopped in the middle of a thousand requests, none of which it may forget."""

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector.receiver.draining import CUT_S, DRAIN_S, LAST_WORDS_S
from tests import process
from tests.faults.test_crowds import end_of_process, many_descriptors
from tests.load import read_answer, stored
from tests.process import Running
from tests.wire import connect, statuses

LIMIT_S = 10
HEAD = b"POST /in/load HTTP/1.1\r\nHost: x\r\n"
PADDING = b"." * 3000

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Kind:
    """What senders have sent when the signal comes, and what they send afterwards."""

    before: bytes
    after: bytes = b""
    body: bytes = b""
    """What is stored, if anything is; `%06d` in it stands for the sender's number."""


def _numbered(text: bytes, number: int) -> bytes:
    return text.replace(b"%06d", b"%06d" % number)


FRAMED = HEAD + b"Content-Length: 3015\r\n\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
IDLE = Kind(HEAD + b"Content-Length: 11\r\n\r\nidle-%06d", body=b"idle-%06d")
HALF_HEAD = Kind(HEAD[:-3])
HALF_BODY = Kind(FRAMED + b"body-", b"%06dlast" + PADDING, b"body-%06dlast" + PADDING)
NO_BODY = Kind(FRAMED, b"none-%06dlast" + PADDING, b"none-%06dlast" + PADDING)
HALF_CHUNK = Kind(CHUNKED + b"b\r\nchun", b"-%06d\r\n0\r\n\r\n", b"chun-%06d")
NEVER = Kind(FRAMED + b"never-%06d")


@dataclass
class Stop:
    """How an inspector that was amid requests of every kind has stopped."""

    took_s: float = 0.0
    answered: Counter[int] = field(default_factory=Counter)
    """The status of what was amid its body when the signal came."""
    acknowledged: dict[bytes, int] = field(default_factory=dict)
    lost: int = 0
    unacknowledged: set[bytes] = field(default_factory=set)


async def _opened(running: Running, kind: Kind, number: int) -> Wire:
    reader, writer = await connect(running.ingress)
    writer.write(_numbered(kind.before, number))
    await writer.drain()
    return reader, writer


async def stop_amid(folder: Path, kinds: dict[Kind, int], *, signals: int = 1) -> Stop:
    """Stop an inspector amid so many requests of each kind. With a second signal nothing is sent after the first."""
    found = Stop()
    code = 0 if signals == 1 else -signal.SIGTERM
    with many_descriptors(sum(kinds.values()) + 200):
        async with process.inspector(folder, "--quiet", exit_code=code) as running:
            gone = end_of_process(running.pid)
            started = [
                (kind, number, await _opened(running, kind, number))
                for kind, count in kinds.items()
                for number in range(count)
            ]
            await _acknowledge_idle(started, found)
            os.kill(running.pid, signal.SIGTERM)
            started_s = time.perf_counter()
            await _let_go(started)
            if signals > 1:
                os.kill(running.pid, signal.SIGTERM)
                await gone
            await asyncio.gather(*(_end(*each, found) for each in started))
            await gone
            found.took_s = time.perf_counter() - started_s
    kept = stored(running.data_dir.database)
    found.lost = sum(kept.get(body) != number for body, number in found.acknowledged.items())
    found.unacknowledged = kept.keys() - found.acknowledged.keys()
    return found


async def _acknowledge_idle(started: list[tuple[Kind, int, Wire]], found: Stop) -> None:
    for kind, number, (reader, _) in started:
        if kind is IDLE:
            status, said = await read_answer(reader)
            assert status == 200
            found.acknowledged[_numbered(kind.body, number)] = int(
                said.removeprefix(b"stored as #")
            )


async def _let_go(started: list[tuple[Kind, int, Wire]]) -> None:
    """Wait for the end of those who have nothing under way."""
    for kind, _, (reader, _) in started:
        if kind in (IDLE, HALF_HEAD):
            assert await reader.read() == b""


async def _end(kind: Kind, number: int, wire: Wire, found: Stop) -> None:
    """Send the rest, and note the answer: it is whole, says that the connection ends, or there is none."""
    reader, writer = wire
    try:
        writer.write(_numbered(kind.after, number))
        answer = await reader.read()
    except ConnectionError:
        answer = b""
    writer.close()
    if not answer:
        return
    (status,) = statuses(answer)
    head, _, said = answer.partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head
    found.answered[status] += 1
    if status == 200:
        body = _numbered(kind.body, number)
        found.acknowledged[body] = int(said.removeprefix(b"stored as #"))


async def test_a_thousand_in_flight(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever goes on sending is answered, whoever has sent no whole head is let go, nobody is waited for too long."""
    kinds = {IDLE: 200, HALF_HEAD: 200, HALF_BODY: 300, NO_BODY: 150, HALF_CHUNK: 140, NEVER: 10}
    found = await stop_amid(tmp_path, kinds)

    assert found.answered == {200: 590, 408: 10}
    assert len(found.acknowledged) == 790
    assert found.lost == 0
    assert found.unacknowledged == set()
    assert found.took_s < 2 * LIMIT_S  # on a machine with other things to do
    assert capsys.readouterr().err == "hooktap: draining 600 requests (Ctrl-C: stop at once)\n"


def test_there_is_time_for_every_step_of_a_stop() -> None:
    assert DRAIN_S + LAST_WORDS_S + 2 * CUT_S < LIMIT_S


async def test_nothing_in_hand_is_nothing_to_wait_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = await stop_amid(tmp_path, {IDLE: 50, HALF_HEAD: 50})

    assert len(found.acknowledged) == 50
    assert found.lost == 0
    assert capsys.readouterr().err == ""


async def test_a_second_signal_waits_for_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing more is stored, nothing more is acknowledged, and what was is there."""
    found = await stop_amid(tmp_path, {IDLE: 50, HALF_BODY: 50, NEVER: 1}, signals=2)

    assert found.answered == {}
    assert len(found.acknowledged) == 50
    assert found.lost == 0
    assert found.unacknowledged == set()
    assert capsys.readouterr().err == "hooktap: draining 51 requests (Ctrl-C: stop at once)\n"
