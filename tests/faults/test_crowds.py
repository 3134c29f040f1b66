"""F14, F15, F20, F26, F36: senders that leave, a stop under load, very many at once, and too few descriptors."""

import asyncio
import hashlib
import hmac
import os
import resource
import signal
import socket
import sqlite3
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import aclosing, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.core.forwarding import DELIVERY_ID
from inspector.core.model import Attempt
from inspector.receiver.limits import Limits
from tests import fakes, process
from tests.load import Load, lost, stored
from tests.process import Running
from tests.wire import Wire, connect, stored_as, talk

SECRET = "jks_faults"
CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "FAULTS_SECRET" }}
forward_to = "{url}"
"""
RESET = struct.pack("ii", 1, 0)
DESCRIPTORS = 64
FEW_DESCRIPTORS = ("sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh", *process.PROGRAM)


@dataclass(frozen=True)
class Crowd:
    """What very many senders at once saw."""

    statuses: Mapping[int, int]
    lost: int
    p50_ms: float
    p99_ms: float
    peak_mib: float
    """The inspector's memory at its highest."""


@dataclass(frozen=True)
class Stopped:
    """How an inspector ended under load."""

    in_flight: int
    answered: int
    """With 200, after the signal."""
    lost: int
    took_s: float


@contextmanager
def many_descriptors(wanted: int) -> Iterator[None]:
    """Let this process, and whom it starts, have so many files open; skip where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this needs {wanted} open files; the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def peak_mib(pid: int) -> float:
    """Return the most memory a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1024


async def leave_early(running: Running, count: int) -> int:
    """Send so many deliveries whole and reset each connection right after; return how many were stored."""
    bodies = [b"left-%d " % number + b"x" * (number % 3000) for number in range(count)]
    for body in bodies:
        _, writer = await connect(running.ingress)
        writer.write(b"POST /in/load HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)
        await writer.drain()
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    after = Load(running.ingress, "after")
    await after.run(1, 1)
    found = stored(running.data_dir.database)
    assert after.acknowledged.items() <= found.items()
    assert found.keys() - after.acknowledged.keys() <= set(bodies)
    return len(found) - 1


async def test_senders_that_leave_leave_whole_deliveries_or_none(tmp_path: Path) -> None:
    """Reset right after the last byte: no row is half there, and the next sender is answered."""
    async with process.inspector(tmp_path) as running:
        await leave_early(running, 200)


async def stop_in_flight(folder: Path, count: int, *, signals: int) -> Stopped:
    """Stop an inspector while so many deliveries wait for the disk, then let the disk go on."""
    code = 0 if signals == 1 else -signal.SIGTERM
    with many_descriptors(count + 200):
        return await _stopped(folder, count, code, signals)


async def _stopped(folder: Path, count: int, code: int, signals: int) -> Stopped:
    async with process.inspector(folder, exit_code=code) as running:
        load, gone = Load(running.ingress, body_bytes=2000), end_of_process(running.pid)
        database = running.data_dir.database
        async with asyncio.TaskGroup() as tasks:
            # The lock is taken once each sender has a connection, and so has something in flight from then on.
            tasks.create_task(load.run(count))
            await load.answers(2 * count)
            with write_locked(database):
                before = load.statuses[200]
                os.kill(running.pid, signal.SIGTERM)
                stopped_s = time.perf_counter()
                await refuses(running)
                if signals > 1:
                    os.kill(running.pid, signal.SIGTERM)
                    await gone
            await gone
    assert load.statuses.keys() == {200}
    return Stopped(
        in_flight=count,
        answered=load.statuses[200] - before,
        lost=len(lost(load.acknowledged, database)),
        took_s=time.perf_counter() - stopped_s,
    )


@contextmanager
def write_locked(database: Path) -> Iterator[None]:
    """Keep everybody from committing, as a disk that takes its time does."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=60)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def end_of_process(pid: int) -> asyncio.Future[None]:
    """Return a future that is done when a process has ended."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    descriptor = os.pidfd_open(pid)

    def end() -> None:
        loop.remove_reader(descriptor)
        os.close(descriptor)
        ended.set_result(None)

    loop.add_reader(descriptor, end)
    return ended


async def refuses(running: Running) -> None:
    """Return when nobody takes connections there any more."""
    with suppress(OSError):
        while True:
            _, writer = await connect(running.ingress)
            writer.close()


async def test_a_stop_answers_what_is_in_flight(tmp_path: Path) -> None:
    """200 wait for their commit when SIGTERM comes: new senders are refused, these are answered, exit 0."""
    found = await stop_in_flight(tmp_path, 200, signals=1)

    assert found.answered >= 200
    assert found.lost == 0


async def test_a_second_signal_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The disk hangs, so the first signal does not end it; the second does, on the spot."""
    found = await stop_in_flight(tmp_path, 200, signals=2)

    assert found.lost == 0


async def crowd(folder: Path, count: int) -> Crowd:
    """Post 2 KB on so many connections at the same time."""
    with many_descriptors(count + 200):
        async with process.inspector(folder) as running:
            load = Load(running.ingress, body_bytes=2000)
            await load.run(count, 1)
            missing = len(lost(load.acknowledged, running.data_dir.database))
            assert len(stored(running.data_dir.database)) == load.statuses[200]
            waits_ms = sorted(wait_s * 1000 for wait_s in load.waits_s)
            return Crowd(
                load.statuses,
                missing,
                waits_ms[len(waits_ms) // 2],
                waits_ms[len(waits_ms) * 99 // 100],
                peak_mib(running.pid),
            )


async def test_a_thousand_at_once_are_all_answered(tmp_path: Path) -> None:
    found = await crowd(tmp_path, 1000)

    assert found.statuses == {200: 1000}
    assert found.lost == 0
    assert found.peak_mib < 200


async def few_descriptors(folder: Path, senders: int) -> tuple[Load, Load, int]:
    """Give an inspector few descriptors; return a load of many, one after it, and how many deliveries were lost."""
    with many_descriptors(senders + 200):
        return await _starved(folder, senders)


async def _starved(folder: Path, senders: int) -> tuple[Load, Load, int]:
    async with process.inspector(folder, program=FEW_DESCRIPTORS) as running:
        crowded = Load(running.ingress)
        await crowded.run(senders, 10)
        later = Load(running.ingress, "later")
        await later.run(8, 10)
        acknowledged = crowded.acknowledged | later.acknowledged
        return crowded, later, len(lost(acknowledged, running.data_dir.database))


async def test_too_few_descriptors_stop_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four times more senders than descriptors: each is answered, 200 or 503, and later ones are served."""
    crowded, later, missing = await few_descriptors(tmp_path, 4 * DESCRIPTORS)

    assert crowded.statuses.keys() == {200, 503}
    assert crowded.unanswered == set()
    assert later.statuses == {200: 80}
    assert missing == 0
    told = capsys.readouterr().err.splitlines()
    assert told
    full = f"{Limits.within(DESCRIPTORS).public} connections are open, all there is room for"
    assert all(full in line for line in told)


async def test_descriptors_that_are_taken_away_stop_nothing(tmp_path: Path) -> None:
    """After the start, when room was shared out by what there was: senders are cut off, and none is told a lie."""
    with many_descriptors(4 * DESCRIPTORS + 200):
        async with process.inspector(tmp_path) as running:
            resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            crowded = Load(running.ingress)
            await crowded.run(4 * DESCRIPTORS, 10)
            later = Load(running.ingress, "later")
            await later.run(8, 10)

    assert crowded.statuses.keys() == {200}
    assert later.statuses == {200: 80}
    assert lost(crowded.acknowledged | later.acknowledged, running.data_dir.database) == set()


async def duplicates(folder: Path, count: int) -> tuple[int, int, int]:
    """Send one signed delivery many times at once; return how many were acknowledged, verified, and forwarded."""
    body = b'{"event":"x"}'
    signed_s = b"%d" % int(time.time())
    signature = hmac.new(SECRET.encode(), signed_s + b"." + body, hashlib.sha256).hexdigest()
    wire = Wire(
        target=b"/in/jinko",
        headers=(
            (b"X-Jinko-Timestamp", signed_s),
            (b"X-Jinko-Signature", b"sha256=" + signature.encode()),
            (b"X-Jinko-Event-Id", b"evt_1"),
            (b"X-Jinko-Delivery-Id", b"dlv_1"),
        ),
        body=body,
    )
    attempts: list[Attempt] = []
    async with (
        fakes.serve(fakes.answering()) as target,
        process.inspector(
            folder, config=CONFIG.format(url=target.url), environ={"FAULTS_SECRET": SECRET}
        ) as running,
        running.client() as client,
    ):
        answers = await asyncio.gather(*(talk(running.ingress, wire.raw) for _ in range(count)))
        numbers = {stored_as(answer) for answer in answers}
        async with aclosing(client.feed(after=0)) as records:
            async for record in records:
                if isinstance(record, Attempt):
                    attempts.append(record)
                if len(attempts) == count:
                    break
        deliveries = await client.deliveries(query="outcome:verified", limit=count)
    assert {attempt.delivery_id for attempt in attempts} == numbers
    uids = {taken.header(DELIVERY_ID)[0] for taken in target.requests}
    return len(numbers), len(deliveries), len(uids)


async def test_the_same_delivery_many_times_at_once(tmp_path: Path) -> None:
    """100 copies with one id: each is acknowledged, stored under its own number, and forwarded once under its own id.

    Hooktap inspects: a provider that repeats itself is shown, not hidden, and the app sees what it would have seen.
    """
    assert await duplicates(tmp_path, 100) == (100, 100, 100)
