"""Records as lists show them: one that is damaged has its place, its number, and a sentence in place of all the rest.

A flipped bit is no reason to show none of the others. Whoever asks for a single record gets the error itself.
"""

import sqlite3
from collections.abc import Mapping

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Trigger,
    Verdict,
    Verification,
)
from inspector.errors import StorageError
from inspector.store.rows.attempts import attempt_from_row
from inspector.store.rows.deliveries import delivery_from_row
from inspector.store.rows.verdicts import verdict_from_row
from inspector.store.seals import damaged
from inspector.store.values import Row

NOBODY = 0
"""The number of no delivery."""


def all_rows(connection: sqlite3.Connection, sql: str, wanted: Mapping[str, object]) -> list[Row]:
    """Return all rows of a query, also where a flipped bit has left text that is no UTF-8."""
    # Asked once more only then: text that Python decodes takes longer to read. What was no UTF-8 fails its checksum.
    try:
        return connection.execute(sql, wanted).fetchall()
    except sqlite3.OperationalError:  # any other comes again
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        try:
            return connection.execute(sql, wanted).fetchall()
        finally:
            connection.text_factory = str


def delivery(row: Row) -> Delivery:
    """Give back a delivery of `SELECT_DELIVERIES`, or what stands for it."""
    try:
        return delivery_from_row(row)
    except StorageError as error:
        return Delivery(
            id=row[0],
            uid="",
            endpoint="",
            received_at_us=0,
            via="",
            request=Request("", b"", Headers(), b""),
            body_bytes=0,
            provider=None,
            event=None,
            event_id=None,
            attempt_id=None,
            verification=_unknown(error),
        )


def attempt(row: Row, delivery_id: int | None = None) -> Attempt:
    """Give back an attempt of `SELECT_ATTEMPTS`, at this delivery if it is given, or what stands for it."""
    try:
        found = attempt_from_row(row)
        if delivery_id in {found.delivery_id, None}:
            return found
        raise damaged("attempt", row[0])  # by an index that leads astray
    except StorageError as error:
        return Attempt(
            id=row[0],
            delivery_id=NOBODY if delivery_id is None else delivery_id,
            number=0,
            trigger=Trigger.FORWARD,
            url="",
            request_headers=Headers(),
            started_at_us=0,
            duration_us=0,
            result=Failure(FailureKind.ABANDONED, str(error)),
        )


def verdict(row: Row) -> Verdict:
    """Give back a verdict of `SELECT_VERDICTS`, or what stands for it."""
    try:
        return verdict_from_row(row)
    except StorageError as error:
        return Verdict(row[0], NOBODY, 0, None, _unknown(error))


def _unknown(error: StorageError) -> Verification:
    return Verification(Outcome.UNKNOWN, str(error))
