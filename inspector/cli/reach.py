"""The way from a command to the running inspector."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from inspector.datadir import DataDir

if TYPE_CHECKING:
    from inspector.client import Client

T = TypeVar("T")


def reach(data_dir: DataDir, work: Callable[["Client"], Awaitable[T]]) -> T:
    """Do `work` with the inspector that runs in `data_dir`. Raises UnreachableError if none does."""

    # Here, so that a command's help and completion need not wait for a client to load.
    from inspector.client import Client

    async def connected() -> T:
        async with Client.of(data_dir) as client:
            return await work(client)

    return asyncio.run(connected())
