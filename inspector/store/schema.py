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

SCRIPT_3 = """
    -- What the checksums in this database's rows are mixed with, and the last number of the time before there were any.
    CREATE TABLE seal (
        salt INTEGER NOT NULL,
        unsealed INTEGER NOT NULL
    ) STRICT;
    INSERT INTO seal
    SELECT
        random() & 4294967295,
        max(
            deleted,
            (SELECT coalesce(max(id), 0) FROM delivery),
            (SELECT coalesce(max(id), 0) FROM attempt),
            (SELECT coalesce(max(id), 0) FROM verdict)
        )
    FROM sequence;
    -- Deliveries and attempts have theirs in front of their headers: what follows a body is read through it.
    ALTER TABLE verdict ADD COLUMN checksum INTEGER;
"""

SCRIPT_4 = """
    -- Deliveries whose event came before: in which it came first, which may be gone by now, and whether this one was
    -- not forwarded because that one was. Not columns of delivery: few rows have them.
    CREATE TABLE duplicate (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
        of INTEGER NOT NULL,
        held INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX duplicate_not_held ON duplicate (of) WHERE NOT held;
"""

SCRIPT_5 = """
    -- A filter for what failed. What was answered 2xx, which is nearly all, costs it nothing.
    CREATE INDEX attempt_failed ON attempt (delivery_id, status, failure)
    WHERE failure IS NOT NULL OR status NOT BETWEEN 200 AND 299;
"""

SCRIPT_6 = """
    -- What a person had changed in a delivery before it was sent once more; what is as it arrived is NULL. Which parts
    -- they are is guarded with the attempt.
    CREATE TABLE edit (
        attempt_id INTEGER PRIMARY KEY REFERENCES attempt ON DELETE CASCADE,
        parts TEXT NOT NULL,
        checksum INTEGER NOT NULL,
        method TEXT,
        target BLOB,
        headers BLOB,
        body BLOB
    ) STRICT;
"""

SCRIPT_7 = """
    -- Endpoints whose deliveries a person has put by: they are in the schedule, due at a time that does not come.
    CREATE TABLE paused (
        endpoint TEXT PRIMARY KEY,
        paused_at_us INTEGER NOT NULL
    ) STRICT;
    -- How many came to an endpoint, without a look at each of a million. In the case of the filters.
    CREATE INDEX delivery_by_endpoint ON delivery (endpoint COLLATE NOCASE);
"""

SCRIPT_8 = """
    -- What a person marked, or wrote a note to. It stays when others go.
    CREATE TABLE mark (
        delivery_id INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
        marked INTEGER NOT NULL,
        note TEXT
    ) STRICT;
"""

SCRIPT_9 = """
    -- Nothing is built otherwise, but from here on an attempt's timing may stand in front of its request headers, where
    -- programs that know only version 8 would take it for damage: they are to refuse the database.
"""

SCRIPTS = (
    SCRIPT_1,
    SCRIPT_2,
    SCRIPT_3,
    SCRIPT_4,
    SCRIPT_5,
    SCRIPT_6,
    SCRIPT_7,
    SCRIPT_8,
    SCRIPT_9,
)
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
