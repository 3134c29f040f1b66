"""The database's shape: numbered scripts, each committed together with its number."""

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x484B5450
"""`HKTP`: what says that a database is ours (SQLite's `PRAGMA application_id`)."""

SCRIPT_1 = """
    -- The body stands last: SQLite reads a row from its beginning, so what lists deliveries never touches a body.
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY,
        uid TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        received_at_us INTEGER NOT NULL,
        via TEXT NOT NULL,
        method TEXT NOT NULL,
        target BLOB NOT NULL,
        headers BLOB NOT NULL,
        peer TEXT NOT NULL,
        provider TEXT,
        event TEXT,
        event_id TEXT,
        attempt_id TEXT,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        covered TEXT NOT NULL,
        secret_index INTEGER,
        signed_at_s INTEGER,
        body_bytes INTEGER NOT NULL,
        body BLOB NOT NULL
    ) STRICT;

    -- Either status and the response's columns, or failure and its detail.
    CREATE TABLE attempt (
        id INTEGER PRIMARY KEY,
        delivery_id INTEGER NOT NULL REFERENCES delivery ON DELETE CASCADE,
        number INTEGER NOT NULL,
        trigger TEXT NOT NULL,
        url TEXT NOT NULL,
        request_headers BLOB NOT NULL,
        started_at_us INTEGER NOT NULL,
        duration_us INTEGER NOT NULL,
        failure TEXT,
        detail TEXT,
        status INTEGER,
        response_headers BLOB,
        response_truncated INTEGER,
        response_body_bytes INTEGER,
        response_body BLOB
    ) STRICT;
    CREATE UNIQUE INDEX attempt_of_delivery ON attempt (delivery_id, number);

    -- Deliveries still owed to their target.
    CREATE TABLE schedule (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
        due_at_us INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX schedule_by_due ON schedule (due_at_us);

    -- Endpoints created on first use.
    CREATE TABLE endpoint (
        name TEXT PRIMARY KEY,
        created_at_us INTEGER NOT NULL
    ) STRICT;

    -- One row: the highest number whose record is gone. It is not to be given out again.
    CREATE TABLE sequence (deleted INTEGER NOT NULL) STRICT;
    INSERT INTO sequence (deleted) VALUES (0);
    CREATE TRIGGER delivery_deleted AFTER DELETE ON delivery BEGIN
        UPDATE sequence SET deleted = max(deleted, old.id);
    END;
    CREATE TRIGGER attempt_deleted AFTER DELETE ON attempt BEGIN
        UPDATE sequence SET deleted = max(deleted, old.id);
    END;
"""

SCRIPT_2 = """
    -- What a delivery was found to be when it was checked again; its first verdict stands in its own row.
    CREATE TABLE verdict (
        id INTEGER PRIMARY KEY,
        delivery_id INTEGER NOT NULL REFERENCES delivery ON DELETE CASCADE,
        checked_at_us INTEGER NOT NULL,
        provider TEXT,
        outcome TEXT NOT NULL,
        detail TEXT NOT NULL,
        covered TEXT NOT NULL,
        secret_index INTEGER,
        signed_at_s INTEGER
    ) STRICT;
    -- An index ends in the rowid, which is the id: the newest verdict is the last of its delivery.
    CREATE INDEX verdict_of_delivery ON verdict (delivery_id);
    CREATE TRIGGER verdict_deleted AFTER DELETE ON verdict BEGIN
        UPDATE sequence SET deleted = max(deleted, old.id);
    END;

    -- How we answered a sender that only asked whether somebody is there. Not a column of delivery: few rows have one.
    CREATE TABLE handshake (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
        detail TEXT NOT NULL
    ) STRICT;

    -- A filter that hardly any delivery passes would else look at every one of a million. By what was found on
    -- arrival; the verdict table is small. The case is ignored, as by the filters.
    CREATE INDEX delivery_by_outcome ON delivery (outcome COLLATE NOCASE);
    CREATE INDEX delivery_by_provider ON delivery (provider COLLATE NOCASE);
"""

SCRIPTS = (SCRIPT_1, SCRIPT_2)
"""Script n brings a database of version n - 1 to version n. What has been released is never edited."""


def version(connection: sqlite3.Connection) -> int:
    """Return the number of the last script that the database has been through."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def migrate(connection: sqlite3.Connection, scripts: Sequence[str] = SCRIPTS) -> None:
    """Bring the database to the newest version. Stopped at any moment, it is wholly at one version or the next."""
    done = version(connection)
    for number, script in enumerate(scripts[done:], done + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;"
        )
