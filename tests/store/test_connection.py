import logging
import sqlite3
import threading
import weakref

import aiosqlite
import pytest

from inspector.store.connection import in_thread


async def test_function_runs_in_the_connections_thread() -> None:
    """`in_thread` leans on two private names of aiosqlite; an upgrade that changes them fails here."""
    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:

        def several_statements(raw: sqlite3.Connection, factor: int) -> tuple[int, int]:
            raw.execute("CREATE TABLE t (n)")
            raw.execute("INSERT INTO t VALUES (:n)", {"n": 21 * factor})
            return raw.execute("SELECT n FROM t").fetchone()[0], threading.get_ident()

        answer, thread = await in_thread(connection, several_statements, 2)

    assert answer == 42
    assert thread != threading.get_ident()


async def test_error_of_the_function_reaches_the_caller() -> None:
    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            await in_thread(connection, lambda raw: raw.execute("SELECT * FROM absent"))


async def test_arguments_reach_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """aiosqlite logs each call at DEBUG, and ours carry the deliveries."""
    with caplog.at_level(logging.DEBUG):
        async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
            await in_thread(connection, lambda raw, body: raw.execute("SELECT ?", [body]), "secret")

    assert "secret" not in caplog.text


async def test_the_thread_keeps_nothing_of_a_call() -> None:
    """It waits for the next one with the last in hand: a body of many megabytes would stay as long as that takes."""

    class Body:
        pass

    async with aiosqlite.connect(":memory:", isolation_level=None) as connection:
        given = Body()
        returned = await in_thread(connection, lambda _, body: [body, Body()], given)
        kept = [weakref.ref(body) for body in returned]
        del given, returned

        assert [reference() for reference in kept] == [None, None]
