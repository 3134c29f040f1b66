"""`hooktap mark`: marks and notes from the command line."""

import asyncio
import json
from pathlib import Path

from inspector.datadir import DataDir
from tests.api.serving import Serving, serving
from tests.cli.conftest import Done, Hooktap
from tests.factories import delivery


async def asked(api: Serving, hooktap: Hooktap, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, *args, "--data-dir", str(api.data_dir.path))


async def test_marked_noted_and_removed(hooktap: Hooktap, tmp_path: Path) -> None:
    async with serving(DataDir(tmp_path / "data")) as api:
        for _ in range(3):
            await api.store.append_delivery(delivery())
        marked = await asked(api, hooktap, "mark", "1", "#2", "--note", "refund \x1b[31m")
        found = await asked(api, hooktap, "list", "is:marked note:refund", "--json")
        removed = await asked(api, hooktap, "mark", "2", "--remove", "--json")
        missing = await asked(api, hooktap, "mark", "9", "3")
        now = [each.id for each in await api.store.page() if each.marked]

    assert marked.text == "#1 marked  refund ␛[31m\n#2 marked  refund ␛[31m\n"
    assert [json.loads(line)["id"] for line in found.text.splitlines()] == [2, 1]
    assert json.loads(removed.text) == {"id": 2, "marked": False, "note": None}
    assert missing.text == "#3 marked\n"
    assert missing.code == 4
    assert now == [3, 1]


def test_what_cannot_be_meant(hooktap: Hooktap) -> None:
    assert hooktap("mark").code == 2
    assert hooktap("mark", "x").code == 2
    assert hooktap("mark", "1", "--note", "x" * 501).code == 2
    assert hooktap("mark", "1", "--note", "x", "--remove").code == 2
