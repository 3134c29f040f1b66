"""Deliveries as rows, each with what belongs to it alone, and back with its newest verdict."""

from inspector.core.model import Delivery, Request, Verdict
from inspector.store.rows.guard import GUARD, NONSENSE, check
from inspector.store.rows.verdicts import verdict_from_row, verification_from_columns
from inspector.store.seals import body_checksum, damaged, salt_of, sealed
from inspector.store.values import (
    HIGHEST,
    Row,
    covered_to_text,
    decode_headers,
    encode_headers,
    storable,
    unsealed,
)

# The inserts take their values by position, because binding twenty of them by name takes half as long as all the rest.
INSERT_DELIVERIES = """
    INSERT INTO delivery (
        id, uid, endpoint, received_at_us, via, method, target, headers, peer, provider, event, event_id, attempt_id,
        outcome, detail, covered, secret_index, signed_at_s, body_bytes, body
    ) VALUES {rows}
"""
DELIVERY_COLUMNS = 20

_DELIVERIES = """
    SELECT
        delivery.id, uid, endpoint, received_at_us, via, method, target, headers, peer,
        delivery.provider, event, event_id, attempt_id,
        delivery.outcome, delivery.detail, delivery.covered, delivery.secret_index, delivery.signed_at_s, body_bytes,
        handshake.detail,
        {guard},
        verdict.id, verdict.delivery_id, verdict.checked_at_us, verdict.provider,
        verdict.outcome, verdict.detail, verdict.covered, verdict.secret_index, verdict.signed_at_s, verdict.checksum,
        duplicate.of, duplicate.held, mark.marked, mark.note
    FROM {tables}
    LEFT JOIN handshake ON handshake.delivery_id = delivery.id
    LEFT JOIN duplicate ON duplicate.delivery_id = delivery.id
    LEFT JOIN mark ON mark.delivery_id = delivery.id
"""
_HEADERS, _OWN, _VERDICT, _DUPLICATE = 7, 20, 22, 32
"""Where in such a row the headers are, where what is guarded by the delivery's checksum ends, its verdict begins, and
that ends."""

_JUDGED = """
    delivery
    LEFT JOIN verdict ON verdict.id = (SELECT max(id) FROM verdict WHERE delivery_id = delivery.id)
"""

SELECT_DELIVERIES = _DELIVERIES.format(guard=GUARD, tables=_JUDGED)

SELECT_NUMBERS = f"SELECT delivery.id FROM {_JUDGED}"  # noqa: S608 - constants

# One of many megabytes is read on its own: see `bodies`.
SELECT_BODY = f"""
    SELECT iif(length(body) > :big, NULL, body), headers, {GUARD}
    FROM delivery
    WHERE id = :id
"""  # noqa: S608 - constants

INSERT_HANDSHAKES = "INSERT INTO handshake (delivery_id, detail) VALUES {rows}"
HANDSHAKE_COLUMNS = 2

INSERT_DUPLICATES = "INSERT INTO duplicate (delivery_id, of, held) VALUES {rows}"
DUPLICATE_COLUMNS = 3


def delivery_row(delivery: Delivery) -> Row:
    """Return what `INSERT_DELIVERIES` takes for one, without the id."""
    request, verification = delivery.request, delivery.verification
    row = (
        delivery.uid,
        delivery.endpoint,
        delivery.received_at_us,
        delivery.via,
        request.method,
        request.target,
        encode_headers(request.headers),
        request.peer,
        delivery.provider,
        delivery.event,
        delivery.event_id,
        delivery.attempt_id,
        verification.outcome.value,
        verification.detail,
        covered_to_text(verification.covered),
        verification.secret_index,
        verification.signed_at_s,
        delivery.body_bytes,
        request.body,
    )
    # Nearly every row is ASCII with small numbers: one look at all of it together says so.
    texts = "".join([value for value in row if type(value) is str])
    if texts.isascii() and -HIGHEST < (verification.signed_at_s or 0) < HIGHEST:
        return row
    return tuple([storable(value) for value in row])


def sealed_delivery_row(row: Row, handshake: str | None, number: int, salt: int) -> Row:
    """Return a whole row of `INSERT_DELIVERIES`, of one that `delivery_row` made."""
    uid, endpoint, received_at_us, via, method, target, headers, *others = row
    seal = sealed(headers, (*row[:-1], handshake), body_checksum(row[-1]), number, salt)
    return (number, uid, endpoint, received_at_us, via, method, target, seal, *others)


def delivery_from_row(row: Row, body: bytes = b"") -> Delivery:
    """Give back a delivery of `SELECT_DELIVERIES`. Raises StorageError if it or its newest verdict is damaged."""
    (
        number,
        uid,
        endpoint,
        received_at_us,
        via,
        method,
        target,
        headers,
        peer,
        _,
        event,
        event_id,
        attempt_id,
        *_,
        body_bytes,
        handshake,
    ) = row[:_OWN]
    verdict = first_verdict_from_row(row)
    if row[_VERDICT] is not None:
        verdict = verdict_from_row((*row[_VERDICT:_DUPLICATE], *row[_OWN:_VERDICT]))
        if verdict.delivery_id != number:  # by an index that leads astray
            raise damaged("delivery", number)
    duplicate_of, duplicate_held, marked, note = row[_DUPLICATE:]
    return Delivery(
        id=number,
        uid=uid,
        endpoint=endpoint,
        received_at_us=received_at_us,
        via=via,
        request=Request(method, target, decode_headers(headers), body, peer),
        body_bytes=body_bytes,
        provider=verdict.provider,
        event=event,
        event_id=event_id,
        attempt_id=attempt_id,
        verification=verdict.verification,
        handshake=handshake,
        duplicate_of=duplicate_of,
        duplicate_held=bool(duplicate_held),
        marked=bool(marked),
        note=note,
    )


def salt_from_row(row: Row) -> int | None:
    """Return the salt that a row of `SELECT_DELIVERIES` was sealed with, if it is what was stored."""
    headers = row[_HEADERS]
    columns = (*row[1:_HEADERS], unsealed(headers), *row[_HEADERS + 1 : _OWN])
    return salt_of(headers, columns, row[0])


def first_verdict_from_row(row: Row) -> Verdict:
    """Give back what a delivery of `SELECT_DELIVERIES` was found to be on arrival. Raises StorageError."""
    number, provider, verification = row[0], row[9], row[13:18]
    try:
        check(row[1:_OWN], _HEADERS - 1, number, row[_OWN:_VERDICT])
        return Verdict(number, number, row[3], provider, verification_from_columns(*verification))
    except NONSENSE:
        raise damaged("delivery", number) from None
