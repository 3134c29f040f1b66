"""F21, F22: bodies of many megabytes, alone and all at once, and what they cost in memory."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.receiver.budget import BUDGET_BYTES
from tests import fakes, process
from tests.faults.test_crowds import peak_mib
from tests.load import lost, read_answer
from tests.process import Running
from tests.wire import connect

MIB = 2**20
PIECE = b"x" * MIB
CONFIG = "[inspector]\nbody_cap_bytes = {}\n"


@dataclass(frozen=True)
class Weight:
    """What big bodies at once came to."""

    statuses: Counter[int]
    lost: int
    grown_mib: float
    """How much the inspector's memory grew at its highest."""
    peak_mib: float
    """What it came to."""


async def big(folder: Path, count: int, mib: int, *, target: str | None = None) -> Weight:
    """Send so many bodies of so many MiB at once; with a `target`, they are forwarded to it once they are stored."""
    statuses: Counter[int] = Counter()
    acknowledged: dict[bytes, int] = {}

    async def send(running: Running, number: int) -> None:
        mark = b"%08d" % number
        reader, writer = await connect(running.ingress)
        writer.write(
            b"POST /in/big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (mib * MIB)
        )
        try:
            writer.write(mark)
            for _ in range(mib - 1):
                writer.write(PIECE)
                await writer.drain()
            writer.write(PIECE[len(mark) :])
            status, said = await read_answer(reader)
        except ConnectionError:  # refused before it was read
            status, said = await read_answer(reader)
        finally:
            writer.close()
        statuses[status] += 1
        if status == 200:
            acknowledged[mark + b"x" * (mib * MIB - len(mark))] = int(said[11:])

    config = CONFIG.format(mib * MIB)
    if target is not None:
        config += f'[endpoint.big]\nforward_to = "{target}"\n'
    async with process.inspector(folder, config=config) as running:
        before_mib = peak_mib(running.pid)
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(send(running, number))
        most_mib = peak_mib(running.pid)
        missing = len(lost(acknowledged, running.data_dir.database))
    return Weight(statuses, missing, most_mib - before_mib, most_mib)


@pytest.mark.parametrize("mib", [32, 100])
async def test_a_huge_body(tmp_path: Path, mib: int) -> None:
    """Whole in memory once, as it came: SQLite is given it as it is, and writes it page by page."""
    found = await big(tmp_path, 1, mib)

    assert found.statuses == {200: 1}
    assert found.lost == 0
    assert found.grown_mib <= 1.2 * mib + 20


async def test_many_big_bodies_at_once(tmp_path: Path) -> None:
    """Half as much again as there is room for: whoever comes later waits, and is stored whole or refused with 503."""
    found = await big(tmp_path, 20, 20)

    assert found.statuses.keys() <= {200, 503}
    assert found.statuses[200] > 0
    assert found.lost == 0
    assert found.peak_mib <= BUDGET_BYTES / MIB + 100


async def test_what_waits_for_its_target_waits_on_disk(tmp_path: Path) -> None:
    """Once they are acknowledged, their room is others': so only one or two of them are sent at a time."""
    async with fakes.serve(fakes.answering()) as target:
        found = await big(tmp_path, 20, 20, target=target.url)

    assert found.statuses[200] > 0
    assert found.lost == 0
    assert found.peak_mib <= BUDGET_BYTES / MIB + 100
