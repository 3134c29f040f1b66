"""2xx means stored: the process is killed under load, and nothing it acknowledged is missing afterwards."""

import asyncio
import os
import random
import signal
from collections.abc import Mapping
from pathlib import Path

from tests import process
from tests.load import Load, lost

SENDERS = 64
KILLS = 10


async def killed_under_load(folder: Path, name: str, acknowledged: int) -> Mapping[bytes, int]:
    """Run an inspector, kill -9 it once `acknowledged` deliveries are; return which ones were."""
    async with process.inspector(folder, exit_code=-signal.SIGKILL) as running:
        load = Load(running.ingress, name)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run(SENDERS))
            await load.answers(acknowledged)
            os.kill(running.pid, signal.SIGKILL)
    assert load.statuses.keys() == {200}
    return load.acknowledged


async def kills(folder: Path, count: int, seed: int) -> int:
    """Kill an inspector so often at random moments, look for everything after each; return how much there was."""
    dice = random.Random(seed)
    acknowledged: dict[bytes, int] = {}
    for kill in range(count):
        acknowledged |= await killed_under_load(folder, f"k{kill}", dice.randint(1, 600))
        async with process.inspector(folder) as running:
            assert lost(acknowledged, running.data_dir.database) == set(), f"after kill {kill}"
    return len(acknowledged)


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Ten kills at random moments with 64 senders at work; after each restart every acknowledged delivery is there."""
    assert await kills(tmp_path, KILLS, seed=20261121) > KILLS
