"""How large the database file is: over what was on the wire, and its text index over the bodies."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from scripts.benches.figures import Mark, Result, Row, columns
from scripts.benches.processes import MEGABYTE
from scripts.benches.setting import Setting

SELECT_DBSTAT = "SELECT 1 FROM pragma_module_list WHERE name = 'dbstat'"
SELECT_VIRTUAL = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL TABLE%'"
SELECT_DELIVERY = "SELECT 1 FROM sqlite_schema WHERE name = 'delivery'"
SELECT_SIZES = """
    SELECT coalesce(owner.tbl_name, dbstat.name), sum(pgsize)
    FROM dbstat
    LEFT JOIN sqlite_schema AS owner ON owner.name = dbstat.name
    GROUP BY 1
"""
NO_DBSTAT = "this Python's SQLite is built without dbstat, which tells how large a table is"
FILE = "file size over raw bytes stored, without the text index"
INDEX = "the text index over body bytes"
FILE_MARK = Mark(1.25, "x")
INDEX_MARK = Mark(0.6, "x")
LEAST_SHARE = 0.001
"""Smaller tables are not shown."""


def sizes(setting: Setting) -> Result:
    """Measure a closed store of realistic deliveries, its log put away."""
    filled = setting.filled
    setting.say("size: adding up the pages of every table")
    databases = sorted(filled.data_dir.glob("*.db"))
    if not all(map(_can_tell, databases)):
        rows = [Row(FILE, FILE_MARK, said=NO_DBSTAT), Row(INDEX, INDEX_MARK, said=NO_DBSTAT)]
        return Result(rows, NO_DBSTAT)
    parts = {f"{path.stem}: {name}": size for path in databases for name, size in tables(path)}
    file_bytes = sum(path.stat().st_size for path in databases)
    index_bytes = sum(map(text_index_bytes, databases))
    table = [("", "MB", "of the wire's")]
    for name, size in sorted(parts.items(), key=lambda part: part[1], reverse=True):
        if size > filled.raw_bytes * LEAST_SHARE:
            table.append((name, f"{size / MEGABYTE:,.1f}", f"{size / filled.raw_bytes:.3f}"))
    said = (
        f"{filled.deliveries:,} deliveries and {filled.attempts:,} attempts: {_mb(filled.raw_bytes)} on the wire, "
        f"of it bodies of deliveries {_mb(filled.body_bytes)}; files {_mb(file_bytes)}"
    )
    plain = (file_bytes - index_bytes) / filled.raw_bytes
    return Result(
        [
            Row(
                FILE,
                FILE_MARK,
                [plain],
                "deliveries and attempts with heads and bodies, as on the wire",
            ),
            Row(INDEX, INDEX_MARK, [index_bytes / filled.body_bytes])
            if filled.indexed_s is not None
            else Row(INDEX, INDEX_MARK, said="this version has none"),
        ],
        f"{said}\n{columns(table)}",
    )


def tables(path: Path) -> list[tuple[str, int]]:
    """Return every table of a database with the bytes of its pages, those of its indices among them."""
    with closing(_opened(path)) as connection:
        return connection.execute(SELECT_SIZES).fetchall()


def text_index_bytes(path: Path) -> int:
    """Return the bytes of the text index: a file of its own with all there is in it, or full-text tables of the one.

    SQLite keeps a full-text table in others that are named after it.
    """
    with closing(_opened(path)) as connection:
        virtual = [name for (name,) in connection.execute(SELECT_VIRTUAL)]
        is_ours = connection.execute(SELECT_DELIVERY).fetchone() is not None
    if virtual and not is_ours:
        return path.stat().st_size
    owned = re.compile(f"(?:{'|'.join(map(re.escape, virtual))})_[a-z]+")
    return sum(size for name, size in tables(path) if virtual and owned.fullmatch(name))


def _can_tell(path: Path) -> bool:
    with closing(_opened(path)) as connection:
        return connection.execute(SELECT_DBSTAT).fetchone() is not None


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / MEGABYTE:,.1f} MB"
