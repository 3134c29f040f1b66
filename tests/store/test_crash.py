"""What is acknowledged is there after `kill -9`: the promise that a 2xx stands on."""

import signal
import subprocess
import sys
from pathlib import Path

from inspector.datadir import DataDir
from inspector.store import Store

ROOT = Path(__file__).parents[2]

APPEND = """
import asyncio, os, sys
from pathlib import Path
from inspector.datadir import DataDir
from inspector.store import Store
from tests.factories import delivery

async def append(store, sender):
    count = 0
    while True:
        count += 1
        body = b"%d.%d" % (sender, count)
        stored = await store.append_delivery(delivery(body=body + b" " * 2000), due_at_us=1)
        os.write(1, b"%d %s\\n" % (stored.id, body))

async def main():
    async with Store.open(DataDir(Path(sys.argv[1])), on_commit=lambda records: None) as store:
        async with asyncio.TaskGroup() as tasks:
            for sender in range(64):
                tasks.create_task(append(store, sender))

asyncio.run(main())
"""


async def test_acknowledged_deliveries_survive_kill_9(data_dir: DataDir) -> None:
    """Twice over the same database: the second run goes on from what the first left."""
    acknowledged: dict[int, bytes] = {}
    for minimum in (500, 700):
        seen = _append_until_killed(data_dir, minimum)
        assert len(seen) >= minimum
        assert seen.keys().isdisjoint(acknowledged)
        acknowledged |= seen

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert store.newest >= max(acknowledged)
        for number, body in acknowledged.items():
            assert await store.body(number) == body + b" " * 2000
        records = await store.records_after(0, store.newest)
        due = await store.due(1, store.newest)
    assert [row.delivery_id for row in due] == [record.id for record in records]


def _append_until_killed(data_dir: DataDir, minimum: int) -> dict[int, bytes]:
    """Run 64 senders, kill them after `minimum` acknowledgements; return all that were given until then."""
    with subprocess.Popen(
        [sys.executable, "-c", APPEND, data_dir.path], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(minimum)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    return {int(number): body for number, body in (line.split() for line in lines)}
