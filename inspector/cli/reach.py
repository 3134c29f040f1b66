"""The way from a command to the running inspector."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from inspector.client import Client
from inspector.datadir import DataDir

T = TypeVar("T")


def reach(data_dir: DataDir, work: Callable[[Client], Awaitable[T]]) -> T:
    """Do `work` with the inspector that runs in `data_dir`. Raises UnreachableError if none does."""

    async def connected() -> T:
        async with Client.of(data_dir) as client:
            return await work(client)

    return asyncio.run(connected())
