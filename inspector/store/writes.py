"""What is written: functions that each note one thing in a group commit, and give it its number."""

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace

from inspector.core.model import Attempt, Delivery, Trigger, Verdict
from inspector.store import bodies
from inspector.store.commit import Transaction, batched
from inspector.store.rows.attempts import sealed_attempt_row, sealed_edit_row
from inspector.store.rows.deliveries import sealed_delivery_row
from inspector.store.rows.verdicts import sealed_verdict_row
from inspector.store.values import Row, integer, text

READ_KNOWN = "SELECT id FROM delivery WHERE id IN (VALUES {rows})"


def insert_delivery(
    delivery: Delivery,
    row: Row,
    due_at_us: int | None,
    transaction: Transaction,
    *,
    hold_duplicate: bool = False,
) -> Delivery:
    """Store a delivery and, with `due_at_us`, its place in the schedule; return it with its number.

    Numbers are given out one after the other, so of copies that come together exactly one is the first.
    """
    number = transaction.next_id()
    first = transaction.marking.first_of(delivery, number)
    is_held = False
    if hold_duplicate and due_at_us is not None:
        is_held = first is not None and transaction.marking.is_handed(delivery, first)
        if is_held:
            due_at_us = None
        else:
            transaction.marking.schedules(delivery, first or number)
    if first is not None:
        transaction.duplicates.append((number, first, int(is_held)))
    numbered = delivery.numbered(number, first, duplicate_held=is_held)
    sealed = sealed_delivery_row(row, text(delivery.handshake), numbered.id, transaction.salt)
    if delivery.body_bytes > bodies.BIG_BYTES:
        *others, body = sealed
        transaction.big_bodies.append((numbered.id, body))
        sealed = (*others, b"")
    transaction.deliveries.append(sealed)
    transaction.counts.start(numbered.id)
    if delivery.handshake is not None:
        transaction.handshakes.append((numbered.id, text(delivery.handshake)))
    if due_at_us is not None:
        transaction.due[numbered.id] = integer(due_at_us)
    transaction.records.append(numbered)
    return numbered


def insert_attempt(
    attempt: Attempt,
    row: Row,
    retry_at_us: int | None,
    transaction: Transaction,
    *,
    edit: Row = (),
) -> Attempt | None:
    """Store an attempt and what it does to the schedule; return it with its numbers, None if its delivery is gone.

    `edit` is the row of what had been changed before it was sent, if anything was.
    """
    delivery_id = integer(attempt.delivery_id)
    number = transaction.counts.next_number(transaction.connection, delivery_id)
    if number is None:
        return None
    numbered = attempt.numbered(transaction.next_id(), number)
    salt = transaction.salt
    transaction.attempts.append(sealed_attempt_row(row, number, numbered.id, salt, edit[:1]))
    if edit:
        transaction.edits.append(sealed_edit_row(edit, numbered.id, salt))
    if attempt.trigger is not Trigger.REPLAY:
        transaction.due[delivery_id] = integer(retry_at_us)
    transaction.records.append(numbered)
    return numbered


def insert_verdicts(
    verdicts: Sequence[Verdict], rows: Sequence[Row], transaction: Transaction
) -> list[Verdict]:
    """Store verdicts on deliveries committed before; return those of deliveries that are there, with their numbers."""
    known = _known(transaction.connection, {row[0] for row in rows})
    stored: list[Verdict] = []
    for verdict, row in zip(verdicts, rows, strict=True):
        if row[0] in known:
            numbered = replace(verdict, id=transaction.next_id())
            transaction.verdicts.append(sealed_verdict_row(row, numbered.id, transaction.salt))
            stored.append(numbered)
    transaction.records += stored
    return stored


def _known(connection: sqlite3.Connection, delivery_ids: Collection[int]) -> set[int]:
    wanted = [(delivery_id,) for delivery_id in delivery_ids]
    return {
        found
        for sql, parameters in batched(READ_KNOWN, 1, wanted)
        for (found,) in connection.execute(sql, parameters)
    }


def unschedule(delivery_id: int, transaction: Transaction) -> None:
    """Take a delivery from the schedule, if it is there."""
    transaction.due[integer(delivery_id)] = None


def insert_endpoint(name: str, created_at_us: int, transaction: Transaction) -> None:
    """Remember an endpoint; the first time it was created counts."""
    transaction.endpoints.append((text(name), created_at_us))
