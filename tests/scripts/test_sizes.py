"""How large tables are, out of a real database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from scripts.benches.sections.sizes import SELECT_DBSTAT, tables, text_index_bytes


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute(SELECT_DBSTAT).fetchone() is None:
            pytest.skip("this SQLite has no dbstat")
        connection.executescript(
            """
            CREATE TABLE delivery (id INTEGER PRIMARY KEY, outcome TEXT, body BLOB);
            CREATE INDEX delivery_by_outcome ON delivery (outcome);
            CREATE TABLE body_text_other (id INTEGER PRIMARY KEY);
            """
        )
        connection.execute("INSERT INTO delivery VALUES (1, 'verified', zeroblob(100000))")
        connection.commit()
    return path


def test_an_index_is_part_of_its_table_and_nothing_is_counted_twice(database: Path) -> None:
    sizes = dict(tables(database))

    assert sizes.keys() == {"delivery", "body_text_other", "sqlite_schema"}
    assert sum(sizes.values()) == database.stat().st_size


def test_without_a_text_index_it_is_nothing(database: Path) -> None:
    assert text_index_bytes(database) == 0


def test_a_text_index_is_all_the_tables_behind_it(database: Path) -> None:
    before_bytes = database.stat().st_size
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE VIRTUAL TABLE body_text USING fts5(body)")
        connection.execute("INSERT INTO body_text VALUES (?)", ("word " * 10_000,))
        connection.commit()

    assert text_index_bytes(database) >= database.stat().st_size - before_bytes - 4096
    assert text_index_bytes(database) < database.stat().st_size


def test_a_file_of_its_own_counts_as_a_whole(tmp_path: Path, database: Path) -> None:
    """With what is free in it, and with what is not text."""
    path = tmp_path / "text.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE VIRTUAL TABLE word USING fts5(said, content='')")
        connection.execute("CREATE TABLE zone (upto INTEGER PRIMARY KEY)")
        connection.commit()

    assert text_index_bytes(path) == path.stat().st_size
    assert text_index_bytes(database) == 0
