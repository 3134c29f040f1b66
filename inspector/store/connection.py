"""How anything runs in a SQLite connection's own thread: one hop for as many statements as belong together."""

import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Concatenate, Generic, ParamSpec, TypeVar

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
    execute, raw = connection._execute, connection._conn  # noqa: SLF001 - see tests/store/test_connection.py
    call = _Call(partial(function, raw, *args, **kwargs))
    await execute(call.run)  # type: ignore[no-untyped-call]
    return call.take()


class _Call(Generic[T]):
    """A call, and then what it returned. The thread keeps its last one until the next comes: it keeps nothing in it."""

    __slots__ = ("_function", "_result")

    def __init__(self, function: Callable[[], T]) -> None:
        self._function: Callable[[], T] = function
        self._result: T

    def run(self) -> None:
        function = self._function
        del self._function
        self._result = function()

    def take(self) -> T:
        result = self._result
        del self._result
        return result
