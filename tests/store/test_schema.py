import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.core.edits import Edit
from inspector.core.marks import MarkOrder
from inspector.core.model import Timing
from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.store import Store, schema
from inspector.store.database import NEW_FILE, find_damage
from inspector.store.repair import is_whole, repair
from tests import factories

ONE = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1), (2);"
TWO = [
    "ALTER TABLE a ADD COLUMN y INTEGER;",
    "UPDATE a SET y = x * 2;",
    "CREATE TABLE b (z INTEGER) STRICT;",
]
# Rows as version 1 wrote them: a delivery that is due, its attempt, an endpoint, and a number that is gone.
ROWS_1 = """
    INSERT INTO delivery VALUES (
        3, 'the uid', 'jinko', 11, 'ingress', 'POST', x'2F', x'', '', 'jinko', NULL, NULL, NULL,
        'no_secret', 'no secret is set', '[]', NULL, NULL, 2, x'7B7D'
    );
    INSERT INTO attempt VALUES (4, 3, 1, 'forward', 'http://a/', x'', 12, 13, NULL, NULL, 200, x'', 0, 0, x'');
    INSERT INTO schedule VALUES (3, 5);
    INSERT INTO endpoint VALUES ('jinko', 10);
    UPDATE sequence SET deleted = 7;
"""


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


STATEMENTS_2 = list(_statements(schema.SCRIPT_2))
STATEMENTS_3 = list(_statements(schema.SCRIPT_3))
STATEMENTS_4 = list(_statements(schema.SCRIPT_4))
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


@pytest.mark.parametrize("step", range(len(STATEMENTS_2) + 1))
async def test_version_1_killed_on_its_way_to_2(data_dir: DataDir, step: int) -> None:
    """The real script on a version 1 with records: nothing of version 2 is left, and the next start has it all."""
    path = data_dir.database
    _make_version_1(path)
    deadly = "".join([*STATEMENTS_2[:step], "SELECT die();", *STATEMENTS_2[step:]])
    assert _migrate_in_child(path, [schema.SCRIPT_1, deadly]) == -signal.SIGKILL

    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == 1
        assert "verdict" not in _tables(connection)
        assert connection.execute("SELECT id, outcome FROM delivery").fetchall() == [
            (3, "no_secret")
        ]

    await _use_version_2(data_dir)


async def test_version_1_is_brought_to_2(data_dir: DataDir) -> None:
    """Its records stay what they were, and can be checked again."""
    _make_version_1(data_dir.database)

    await _use_version_2(data_dir)


async def _use_version_2(data_dir: DataDir) -> None:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert store.newest == 7
        (delivery,) = await store.page()
        assert (delivery.id, delivery.verification.outcome, delivery.handshake) == (
            3,
            "no_secret",
            None,
        )
        assert await store.body(3) == b"{}"
        assert [each.delivery_id for each in await store.due(5, 10)] == [3]
        assert await store.endpoint_names() == ["jinko"]

        (verdict,) = await store.append_verdicts([factories.verdict(delivery_id=3)])

        assert verdict.id == 8
        assert [each.id for each in await store.verdicts(3)] == [3, 8]
        assert [each.id for each in await store.records_after(0, 10)] == [3, 4, 8]


@pytest.mark.parametrize("step", range(len(STATEMENTS_3) + 1))
async def test_version_2_killed_on_its_way_to_3(data_dir: DataDir, step: int) -> None:
    """No row is rewritten. What is older than the checksums is read as it is; what comes after has its own."""
    path = data_dir.database
    _make_version_1(path)
    deadly = "".join([*STATEMENTS_3[:step], "SELECT die();", *STATEMENTS_3[step:]])
    assert _migrate_in_child(path, [schema.SCRIPT_1, schema.SCRIPT_2, deadly]) == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == 2
        assert "seal" not in _tables(connection)

    await _use_version_2(data_dir)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT unsealed FROM seal").fetchone() == (7,)
        assert connection.execute("SELECT headers FROM delivery").fetchall() == [(b"",)]
        assert connection.execute("SELECT id, checksum IS NULL FROM verdict").fetchall() == [(8, 0)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE delivery SET outcome = 'nonsense'",
        "UPDATE delivery SET covered = '['",
        "UPDATE delivery SET headers = x'61'",
        "UPDATE delivery SET event = CAST(x'ff' AS TEXT)",
    ],
)
async def test_nonsense_from_before_the_checksums(data_dir: DataDir, change: str) -> None:
    """It cannot be told from what was stored, but where it cannot be read it is damaged, not a crash."""
    _make_version_1(data_dir.database)
    with closing(sqlite3.connect(data_dir.database)) as connection:
        connection.executescript(change)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        with pytest.raises(StorageError, match="delivery #3 is damaged"):
            await store.delivery(3)
        (listed,) = await store.page()
        assert "delivery #3 is damaged" in listed.verification.detail
    # Text that is no text any more is better than none.
    assert repair(data_dir, "now").set_aside == (0 if "AS TEXT" in change else 1)
    assert is_whole(data_dir.database)


@pytest.mark.parametrize("step", range(len(STATEMENTS_4) + 1))
async def test_version_3_killed_on_its_way_to_4(data_dir: DataDir, step: int) -> None:
    """What came before is no duplicate of anything, and may be the first of what comes."""
    path = data_dir.database
    _make_version_1(path)
    deadly = "".join([*STATEMENTS_4[:step], "SELECT die();", *STATEMENTS_4[step:]])
    assert _migrate_in_child(path, [*schema.SCRIPTS[:3], deadly]) == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == 3
        assert "duplicate" not in _tables(connection)

    await _use_version_2(data_dir)


@pytest.mark.parametrize(
    ("script", "step"),
    [
        (number, step)
        for number in (5, 6, 7, 8)
        for step in range(len(list(_statements(schema.SCRIPTS[number - 1]))) + 1)
    ],
)
async def test_killed_on_the_way_to_a_later_version(
    data_dir: DataDir, script: int, step: int
) -> None:
    """Nothing of what it would have brought is left; the next start has it all, and it can be used."""
    path = data_dir.database
    _make_version_1(path)
    before = schema.SCRIPTS[: script - 1]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, before)
        whole = _everything(connection)
    statements = list(_statements(schema.SCRIPTS[script - 1]))
    deadly = "".join([*statements[:step], "SELECT die();", *statements[step:]])
    assert _migrate_in_child(path, [*before, deadly]) == -signal.SIGKILL
    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == script - 1
        assert _everything(connection) == whole

    await _use_version_2(data_dir)
    await _use_version_8(data_dir)
    assert find_damage(path, limit_s=60) is None


async def _use_version_8(data_dir: DataDir) -> None:
    edit, edited = Edit(method="PUT", body=b"[]"), factories.attempt(delivery_id=3)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        made = await store.append_attempt(replace(edited, edited=edit.parts), edit=edit)
        await store.mark(3, MarkOrder(marked=True, note="mine"))
        await store.pause("jinko", 12)

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert await store.edit(made.id) == edit
        assert (await store.stored(3)).note == "mine"
        assert await store.paused() == {"jinko": 12}


async def test_version_8_is_brought_to_9(data_dir: DataDir) -> None:
    """Attempts with and without a seal, all without a timing, stay what they were; the next has one."""
    path, told = data_dir.database, factories.attempt(delivery_id=3)
    _make_version_1(path)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_attempt(told)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 8")
        before = connection.execute("SELECT * FROM attempt").fetchall()

    timed = replace(told, timing=Timing(1, 2, 3))
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_attempt(timed)
        found = (await store.attempts([3]))[3]

    assert [(each.id, each.timing) for each in found] == [(4, None), (8, None), (9, timed.timing)]
    with closing(sqlite3.connect(path)) as connection:
        assert schema.version(connection) == len(schema.SCRIPTS)
        assert connection.execute("SELECT * FROM attempt").fetchall()[:-1] == before
    assert find_damage(path, limit_s=60) is None


def test_version_8_killed_on_its_way_to_9(tmp_path: Path) -> None:
    """Nothing is built, so all there is to do is to write the number."""
    path = tmp_path / "test.db"
    deadly = "SELECT die();" + schema.SCRIPT_9
    assert _migrate_in_child(path, [*schema.SCRIPTS[:8], deadly]) == -signal.SIGKILL

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert schema.version(connection) == 8
        schema.migrate(connection)
        assert schema.version(connection) == len(schema.SCRIPTS)


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
        tables = _tables(connection)

    assert tables == dict.fromkeys(
        [
            "delivery",
            "attempt",
            "schedule",
            "endpoint",
            "sequence",
            "verdict",
            "handshake",
            "duplicate",
            "mark",
            "edit",
            "paused",
            "seal",
        ],
        1,
    )


@pytest.mark.parametrize(("table", "body"), [("delivery", "body"), ("attempt", "response_body")])
def test_body_is_the_last_column(table: str, body: str) -> None:
    """Later columns go before it, by a rewrite of the table: what follows a body cannot be read without it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]

    assert columns[-1] == body


def _tables(connection: sqlite3.Connection) -> dict[str, int]:
    return dict(
        connection.execute(
            "SELECT name, strict FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    )


def _everything(connection: sqlite3.Connection) -> list[tuple[str, str, str | None]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def _make_version_1(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name, value in NEW_FILE.items():
            connection.execute(f"PRAGMA {name} = {value}")
        schema.migrate(connection, [schema.SCRIPT_1])
        connection.executescript(ROWS_1)


def _migrate_in_child(path: Path, scripts: list[str]) -> int:
    return subprocess.run(
        [sys.executable, "-c", MIGRATE, path, json.dumps(scripts)],
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    ).returncode
