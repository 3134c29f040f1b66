"""F21, F22: bodies of many megabytes, alone and all at once, and what they cost in memory."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests import process
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


async def big(folder: Path, count: int, mib: int) -> Weight:
    """Send so many bodies of so many MiB at once."""
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
    async with process.inspector(folder, config=config) as running:
        before_mib = peak_mib(running.pid)
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(send(running, number))
        grown_mib = peak_mib(running.pid) - before_mib
        missing = len(lost(acknowledged, running.data_dir.database))
    return Weight(statuses, missing, grown_mib)


async def test_a_body_of_100_mib(tmp_path: Path) -> None:
    """Whole in memory three times over: as it came, as SQLite is given it, and in the row that is written."""
    found = await big(tmp_path, 1, 100)

    assert found.statuses == {200: 1}
    assert found.lost == 0
    assert found.grown_mib <= 320


async def test_many_big_bodies_at_once(tmp_path: Path) -> None:
    """Stored whole or refused with 503, in no more memory than twice what was sent."""
    found = await big(tmp_path, 10, 20)

    assert found.statuses.keys() <= {200, 503}
    assert found.statuses[200] > 0
    assert found.lost == 0
    assert found.grown_mib <= 2 * 200 + 50
