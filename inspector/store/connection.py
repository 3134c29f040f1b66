"""How anything runs in a SQLite connection's own thread: one hop for as many statements as belong together."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

P = ParamSpec("P")
T = TypeVar("T")

# At DEBUG it would write every argument of every call, whole deliveries, to whatever log there is.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


async def in_thread(
    connection: aiosqlite.Connection,
    function: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a plain function on the connection, in its thread, and return its result.

    aiosqlite has no public way to do this; a hop for every statement would cost more than the statements. Cancelling
    the caller does not stop the function. Raises ValueError when the connection is closed.
    """
    run, raw = connection._execute, connection._conn  # noqa: SLF001 - see tests/store/test_connection.py
    result: T = await run(function, raw, *args, **kwargs)  # type: ignore[no-untyped-call]
    return result
