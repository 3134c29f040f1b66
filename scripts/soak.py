"""Faults in their long forms against real inspectors, then load until the time is over; writes docs/reliability.md.

Each drill is a test's own, with larger numbers. What it says is a figure of this machine; that nothing was lost is not.
"""

import argparse
import asyncio
import contextlib
import io
import os
import platform
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import process
from tests.faults import disk, strace
from tests.faults.strace import altered
from tests.faults.test_big_bodies import big
from tests.faults.test_busy_screen import busy_screen
from tests.faults.test_clock_and_terminal import closings
from tests.faults.test_crowds import (
    crowd,
    duplicates,
    few_descriptors,
    leave_early,
    stop_in_flight,
)
from tests.faults.test_disk_errors import EIO, ENOSPC, endured, full_disk, long_reader, slow_disk
from tests.faults.test_power_loss import NORMAL, losses, recorded
from tests.load import Load, lost, stored
from tests.process import ROOT
from tests.test_durability import kills

PAGE = ROOT / "docs" / "reliability.md"
FULL_MINUTES = 10
"""For which the numbers are those of the promise; a shorter soak does proportionally less."""
STEADY_LEAST_S = 10
SENDERS = 16
NARRATION_CHARS = 4000


@dataclass(frozen=True)
class Drill:
    """One fault: what is done, and what came of it."""

    fault: str
    doing: str
    run: Callable[[Path], Awaitable[str]]


@dataclass(frozen=True)
class Size:
    """How much of everything a soak of so many minutes does."""

    minutes: float

    def __call__(self, full: int, least: int = 1) -> int:
        return max(least, round(full * min(1.0, self.minutes / FULL_MINUTES)))


@dataclass(frozen=True)
class Drills:
    """What is done for each fault; each returns its figure, and raises AssertionError when something is lost."""

    size: Size
    seed: int

    def all(self) -> list[Drill]:
        """Return them in the order of the table."""
        return [
            Drill("F1", "`kill -9` at random moments under 64 senders", self.killed),
            Drill("F2, F3", "power loss, replayed from the recorded system calls", self.power),
            Drill(
                "F2", "the same with `synchronous=NORMAL`, to show that it can fail", self.normal
            ),
            Drill(
                "F4", "`ENOSPC` from every write under load", lambda at: self.injected(at, ENOSPC)
            ),
            Drill("F4", "a disk of 16 MiB filled, then room made", self.full),
            Drill(
                "F6", "`EIO` from every `fdatasync` under load", lambda at: self.injected(at, EIO)
            ),
            Drill("F12", "a foreign reader holds one moment open", self.reader),
            Drill("F14", "senders that reset the connection after the last byte", self.leaving),
            Drill("F15", "SIGTERM, once and twice, while the disk hangs", self.stopped),
            Drill("F20", "2 KB from all at the same time", self.crowded),
            Drill("F21", "one huge body", lambda at: self.heavy(at, 1, 100)),
            Drill(
                "F22", "many huge bodies at once", lambda at: self.heavy(at, self.size(50, 5), 20)
            ),
            Drill("F23", "every `fdatasync` takes 200 ms longer", self.slow),
            Drill("F24", "the worst bodies opened beside 200 deliveries a second", self.screen),
            Drill("F26", "one signed delivery, many times at once", self.copies),
            Drill("F35", "the terminal's window closed under 8 senders", self.windows),
            Drill("F36", "64 file descriptors", self.starved),
        ]

    async def killed(self, folder: Path) -> str:
        count = self.size(200, 5)
        return f"{count} kills, {await kills(folder, count, self.seed):,} acknowledged, 0 lost"

    async def power(self, folder: Path) -> str:
        steps, bodies = await recorded(folder, 600)
        images = self.size(1000, 50)
        found = losses(folder, steps, bodies, images, disk.nothing)
        torn = losses(folder, steps, bodies, images, disk.torn(random.Random(self.seed)))  # noqa: S311
        assert found.lost == torn.lost == 0
        return (
            f"{found.acknowledged} acknowledged; {found.images} images of what was synced: {found.lost} lost; "
            f"{torn.images} with torn and reordered writes: {torn.lost} lost, all sound"
        )

    async def normal(self, folder: Path) -> str:
        steps, bodies = await recorded(folder, 600, NORMAL)
        found = losses(folder, steps, bodies, 60, disk.nothing)
        assert found.lost > 0, "the test cannot fail"
        return f"{found.lost} of {found.acknowledged} lost at worst, as must be"

    async def injected(self, folder: Path, fault: str) -> str:
        async with process.inspector(folder, program=altered()) as running:
            found = await endured(
                running, strace.injected(running.pid, fault), self.size(3000, 100), 503
            )
        assert found.lost == found.refused_but_stored == 0
        return f"{found.acknowledged:,} acknowledged, {found.refused:,} refused with 503, 0 lost"

    async def full(self, folder: Path) -> str:
        acknowledged, refused, missing = await full_disk(folder)
        assert missing == 0
        return f"{acknowledged:,} acknowledged, {refused:,} refused with 503, 0 lost, stored again with room"

    async def reader(self, folder: Path) -> str:
        during_bytes, after_bytes = await long_reader(folder, self.size(6000, 600))
        return f"log {during_bytes >> 20} MiB while it read, {after_bytes} bytes after the stop, nobody refused"

    async def leaving(self, folder: Path) -> str:
        count = self.size(2000, 200)
        async with process.inspector(folder) as running:
            kept = await leave_early(running, count)
        return f"{count} resets, {kept} stored whole, the others not at all"

    async def stopped(self, folder: Path) -> str:
        found = await stop_in_flight(folder, self.size(1000, 200), signals=1)
        twice = await stop_in_flight(folder, self.size(1000, 200), signals=2)
        assert found.lost == twice.lost == 0
        return (
            f"{found.in_flight} in flight, {found.answered} answered 200 after the signal, "
            f"{found.took_s:.1f} s, 0 lost"
        )

    async def crowded(self, folder: Path) -> str:
        found = await crowd(folder, self.size(10_000, 1000))
        assert found.lost == 0
        return (
            f"{_statuses(found.statuses)}; 0 lost; p50 {found.p50_ms:.0f} ms, p99 {found.p99_ms:.0f} ms, "
            f"peak {found.peak_mib:.0f} MiB"
        )

    async def heavy(self, folder: Path, count: int, mib: int) -> str:
        found = await big(folder, count, mib)
        assert found.lost == 0
        return f"{count} x {mib} MiB: {_statuses(found.statuses)}; 0 lost; memory +{found.grown_mib:.0f} MiB"

    async def slow(self, folder: Path) -> str:
        slowest_s, missing = await slow_disk(folder, self.size(2000, 200))
        assert missing == 0
        return f"longest wait {slowest_s * 1000:.0f} ms, 0 refused, 0 lost"

    async def screen(self, folder: Path) -> str:
        found = await busy_screen(folder)
        return (
            f"worst loop lag, inspector {found.inspector_ms} ms / terminal {found.terminal_ms} ms"
        )

    async def windows(self, folder: Path) -> str:
        count = self.size(30, 5)
        ended = await closings(folder, count)
        assert ended == count
        return f"{count} windows closed, {ended} terminals ended, every sender answered 200, 0 lost"

    async def copies(self, folder: Path) -> str:
        stored_count, verified, forwarded = await duplicates(folder, 100)
        return f"100 copies at once: {stored_count} stored, {verified} verified, {forwarded} forwarded once each"

    async def starved(self, folder: Path) -> str:
        crowded, later, missing = await few_descriptors(folder, self.size(1000, 256))
        assert missing == 0
        return (
            f"{_statuses(crowded.statuses)}, {len(crowded.unanswered)} cut off; "
            f"{later.statuses[200]} of 80 later ones answered; 0 lost"
        )


async def steady(folder: Path, seconds: float) -> str:
    """Load an inspector for so long; its descriptors and memory must stay flat, and stored be what was acknowledged."""
    async with process.inspector(folder) as running:
        load = Load(running.ingress, body_bytes=2000)
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(load.run(SENDERS))
            await asyncio.sleep(seconds / 4)  # caches are warm
            early = _descriptors(running.pid), _memory_mib(running.pid)
            await asyncio.sleep(seconds * 3 / 4)
            late = _descriptors(running.pid), _memory_mib(running.pid)
            sending.cancel()
        found = stored(running.data_dir.database)
        assert lost(load.acknowledged, running.data_dir.database) == set()
        assert found.keys() - load.acknowledged.keys() <= load.unanswered
    assert late[0] <= early[0], f"{early[0]} descriptors became {late[0]}"
    assert late[1] <= early[1] + 16, f"{early[1]:.0f} MiB became {late[1]:.0f}"
    return (
        f"{seconds:.0f} s, {len(load.acknowledged):,} acknowledged, all stored, integrity_check ok; "
        f"descriptors {early[0]} -> {late[0]}, memory {early[1]:.0f} -> {late[1]:.0f} MiB"
    )


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208


def _memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _statuses(counted: object) -> str:
    assert isinstance(counted, dict)
    return ", ".join(f"{count:,} x {status}" for status, count in sorted(counted.items()))


async def soak(minutes: float, seed: int) -> bool:
    """Run every drill and write the page; return whether all went well."""
    started_s = time.monotonic()
    rows: list[tuple[str, str, str]] = []
    planned = Drills(Size(minutes), seed).all()

    async def rest(folder: Path) -> str:
        left_s = minutes * 60 - (time.monotonic() - started_s)
        return await steady(folder, max(STEADY_LEAST_S, left_s))

    for drill in [*planned, Drill("all", f"{SENDERS} senders for the rest of the time", rest)]:
        figure = await _tried(drill)
        rows.append((drill.fault, drill.doing, figure))
        print(f"{drill.fault:<7} {drill.doing}: {figure}", flush=True)
    PAGE.write_text(_page(rows, minutes), "utf-8")
    return not any(figure.startswith("FAILED") for _, _, figure in rows)


async def _tried(drill: Drill) -> str:
    narration = io.StringIO()  # of every inspector: shown only when something is wrong
    with (
        tempfile.TemporaryDirectory(prefix="hooktap-soak-") as folder,
        contextlib.redirect_stderr(narration),
    ):
        try:
            return await drill.run(Path(folder))
        except* pytest.skip.Exception as skipped:
            figure = f"not done: {_sentence(skipped)}"
        except* (AssertionError, OSError, sqlite3.Error) as failed:
            print(narration.getvalue()[-NARRATION_CHARS:])
            figure = f"FAILED: {_sentence(failed)}"
    return figure


def _sentence(group: BaseExceptionGroup[BaseException]) -> str:
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _sentence(first)
    return str(first).strip().partition("\n")[0] or type(first).__name__


def _page(rows: list[tuple[str, str, str]], minutes: float) -> str:
    table = "\n".join(f"| {fault} | {doing} | {figure} |" for fault, doing, figure in rows)
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "aiosqlite", "uvloop"))
    return f"""# Reliability

"2xx means stored" is a promise to be shown. `scripts/soak` breaks things under real inspectors and writes this page;
`tests/faults` does the same in short on every run of `scripts/test`, and `tests/faults/test_every_fault.py` names the
test of each fault.

{datetime.now(UTC):%Y-%m-%d}, `./scripts/soak --minutes {minutes:g}`: hooktap {version("hooktap")},
Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}, {platform.system()}
{platform.release().partition("-")[0]}, {os.cpu_count()} cores. The times and sizes are this machine's.

| fault | what is done | what came of it |
|---|---|---|
{table}

"Lost" is a delivery whose sender was told 200 and that is not in the database afterwards, byte for byte and under its
number. A power loss is replayed from what strace recorded of a running inspector: the image holds what was synced at
the moment an acknowledgement leaves, and of the rest nothing, or any part in sectors of 512 bytes. Every image is
opened, recovered, checked with `integrity_check`, and compared.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=FULL_MINUTES)
    parser.add_argument("--seed", type=int, default=20261121)
    options = parser.parse_args()
    if shutil.which(strace.STRACE) is None:
        sys.exit("soak needs strace: apt-get install strace")
    sys.exit(0 if asyncio.run(soak(options.minutes, options.seed)) else 1)


if __name__ == "__main__":
    main()
