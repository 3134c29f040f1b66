import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from inspector.store import schema

ONE = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1), (2);"
TWO = [
    "ALTER TABLE a ADD COLUMN y INTEGER;",
    "UPDATE a SET y = x * 2;",
    "CREATE TABLE b (z INTEGER) STRICT;",
]
MIGRATE = """
import json, os, signal, sqlite3, sys
from inspector.store import schema

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = wal")
connection.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
schema.migrate(connection, json.loads(sys.argv[2]))
"""


@pytest.mark.parametrize("step", range(len(TWO) + 1))
def test_migration_killed_halfway_is_at_one_version(tmp_path: Path, step: int) -> None:
    """Killed after any statement of a script: the old version whole, and the next start finishes the work."""
    path = tmp_path / "test.db"
    deadly = " ".join([*TWO[:step], "SELECT die();", *TWO[step:]])
    assert _migrate_in_child(path, [ONE, deadly]) == -signal.SIGKILL

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert schema.version(connection) == 1
        assert connection.execute("SELECT * FROM a").fetchall() == [(1,), (2,)]

        schema.migrate(connection, [ONE, " ".join(TWO)])
        assert schema.version(connection) == 2
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2), (2, 4)]


def test_script_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as connection,
        pytest.raises(sqlite3.OperationalError, match="absent"),
    ):
        schema.migrate(connection, [ONE, "DROP TABLE a; DROP TABLE absent;"])

    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == 1
        assert connection.execute("SELECT count(*) FROM a").fetchone() == (2,)


def test_migrating_twice_is_harmless() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        schema.migrate(connection)

        assert schema.version(connection) == len(schema.SCRIPTS)


def test_every_table_is_strict() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        tables = connection.execute(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()

    assert dict(tables) == dict.fromkeys(
        ["delivery", "attempt", "schedule", "endpoint", "sequence"], 1
    )


@pytest.mark.parametrize(("table", "body"), [("delivery", "body"), ("attempt", "response_body")])
def test_body_is_the_last_column(table: str, body: str) -> None:
    """Later columns go before it, by a rewrite of the table: what follows a body cannot be read without it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]

    assert columns[-1] == body


def _migrate_in_child(path: Path, scripts: list[str]) -> int:
    return subprocess.run(
        [sys.executable, "-c", MIGRATE, path, json.dumps(scripts)],
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    ).returncode
