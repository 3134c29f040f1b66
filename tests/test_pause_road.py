"""A paused endpoint over kill -9: what came under load is all there, and is sent in the order of its arrival."""

import asyncio
import os
import signal
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from inspector.core.wire import JSON
from tests import fakes, process
from tests.load import Load, lost, stored

SENDERS = 32
ACKNOWLEDGED = 400
CONFIG = '[endpoint.load]\nforward_to = "{url}"\n'


async def shown(running: process.Running) -> JSON:
    """Return how the one endpoint does."""
    async with running.client() as client:
        (endpoint,) = await client.endpoints()
    return endpoint


async def pause(folder: Path, config: str) -> None:
    async with process.inspector(folder, config=config) as running, running.client() as client:
        assert (await client.pause("load"))["paused_at_us"] is not None


async def killed_while_paused(folder: Path, config: str) -> Mapping[bytes, int]:
    """Run a paused inspector under load, and kill -9 it; return what was acknowledged."""
    async with process.inspector(folder, config=config, exit_code=-signal.SIGKILL) as running:
        load = Load(running.ingress, "load")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run(SENDERS))
            await load.answers(ACKNOWLEDGED)
            os.kill(running.pid, signal.SIGKILL)
    assert load.statuses.keys() == {200}
    return load.acknowledged


async def killed_while_sending(folder: Path, config: str, target: fakes.Target) -> None:
    """Resume, and kill -9 in the middle of the backlog."""
    async with process.inspector(folder, config=config, exit_code=-signal.SIGKILL) as running:
        async with running.client() as client:
            await client.resume("load")
        while len(target.requests) < ACKNOWLEDGED // 4:
            await asyncio.sleep(0.001)
        os.kill(running.pid, signal.SIGKILL)


async def test_nothing_is_lost_and_the_order_is_kept(tmp_path: Path) -> None:
    """Killed while it is paused, and again while the backlog is being sent: only what was on its way comes twice."""
    async with fakes.serve(fakes.answering()) as target:
        config = CONFIG.format(url=target.url)
        await pause(tmp_path, config)
        acknowledged = await killed_while_paused(tmp_path, config)
        assert target.requests == []
        await killed_while_sending(tmp_path, config, target)
        async with process.inspector(tmp_path, config=config) as running:
            database = running.data_dir.database
            assert lost(acknowledged, database) == set()
            while (await shown(running))["backlog"]:
                await asyncio.sleep(0.01)
            arrived = sorted(stored(database), key=stored(database).__getitem__)

    sent = [taken.body for taken in target.requests]
    assert [body for body, _ in groupby(sent)] == arrived
    assert len(sent) - len(arrived) <= 1
