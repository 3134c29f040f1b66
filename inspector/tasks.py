"""Owning tasks without wrapping errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def owned() -> AsyncIterator[asyncio.TaskGroup]:
    """Own tasks until they are done; an error of the block itself comes out as it is.

    Out of a plain TaskGroup it would come as an ExceptionGroup, with the tasks cancelled. Here they are only waited
    for: the block ends them in its own `finally`. An error of a task is an ExceptionGroup as ever.
    """
    ended_by: BaseException | None = None
    async with asyncio.TaskGroup() as group:
        try:
            yield group
        except BaseException as error:  # noqa: BLE001 - raised below
            ended_by = error
    if ended_by is not None:
        raise ended_by
