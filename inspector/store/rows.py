"""Records as rows and back, column by column; how each value is held stands in `values`."""

from typing import Any

from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Response,
    Trigger,
    Verdict,
    Verification,
)
from inspector.store.values import (
    HIGHEST,
    covered_from_text,
    covered_to_text,
    decode_headers,
    encode_headers,
    integer,
    storable,
    text,
)

Row = tuple[Any, ...]

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
        iif(verdict.id IS NULL, delivery.provider, verdict.provider),
        event, event_id, attempt_id,
        iif(verdict.id IS NULL, delivery.outcome, verdict.outcome),
        iif(verdict.id IS NULL, delivery.detail, verdict.detail),
        iif(verdict.id IS NULL, delivery.covered, verdict.covered),
        iif(verdict.id IS NULL, delivery.secret_index, verdict.secret_index),
        iif(verdict.id IS NULL, delivery.signed_at_s, verdict.signed_at_s),
        body_bytes,
        handshake.detail
    FROM {tables}
    LEFT JOIN handshake ON handshake.delivery_id = delivery.id
"""

SELECT_DELIVERIES = _DELIVERIES.format(
    tables="""
        delivery
        LEFT JOIN verdict ON verdict.id = (SELECT max(id) FROM verdict WHERE delivery_id = delivery.id)
    """
)

# CROSS JOIN keeps the order of the tables: the verdicts first, which are few.
SELECT_RECHECKED = _DELIVERIES.format(
    tables="""
        verdict
        CROSS JOIN delivery ON delivery.id = verdict.delivery_id
            AND verdict.id = (SELECT max(id) FROM verdict WHERE delivery_id = delivery.id)
    """
)

INSERT_HANDSHAKES = "INSERT INTO handshake (delivery_id, detail) VALUES {rows}"
HANDSHAKE_COLUMNS = 2

INSERT_ATTEMPTS = """
    INSERT INTO attempt (
        id, number, delivery_id, trigger, url, request_headers, started_at_us, duration_us,
        failure, detail, status, response_headers, response_truncated, response_body_bytes, response_body
    ) VALUES {rows}
"""
ATTEMPT_COLUMNS = 15

SELECT_ATTEMPTS = """
    SELECT
        id, number, delivery_id, trigger, url, request_headers, started_at_us, duration_us,
        failure, detail, status, response_headers, response_truncated, response_body_bytes
    FROM attempt
"""

INSERT_VERDICTS = """
    INSERT INTO verdict (
        id, delivery_id, checked_at_us, provider, outcome, detail, covered, secret_index, signed_at_s
    ) VALUES {rows}
"""
VERDICT_COLUMNS = 9

SELECT_VERDICTS = """
    SELECT id, delivery_id, checked_at_us, provider, outcome, detail, covered, secret_index, signed_at_s
    FROM verdict
"""

SELECT_FIRST_VERDICTS = """
    SELECT id, id, received_at_us, provider, outcome, detail, covered, secret_index, signed_at_s
    FROM delivery
"""


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


def delivery_from_row(row: Row, body: bytes = b"") -> Delivery:
    """Give back a delivery of `SELECT_DELIVERIES`."""
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
        provider,
        event,
        event_id,
        attempt_id,
        outcome,
        detail,
        covered,
        secret_index,
        signed_at_s,
        body_bytes,
        handshake,
    ) = row
    return Delivery(
        id=number,
        uid=uid,
        endpoint=endpoint,
        received_at_us=received_at_us,
        via=via,
        request=Request(method, target, decode_headers(headers), body, peer),
        body_bytes=body_bytes,
        provider=provider,
        event=event,
        event_id=event_id,
        attempt_id=attempt_id,
        verification=_verification(outcome, detail, covered, secret_index, signed_at_s),
        handshake=handshake,
    )


def verdict_row(verdict: Verdict) -> Row:
    """Return what `INSERT_VERDICTS` takes for one, without the id."""
    verification = verdict.verification
    return (
        integer(verdict.delivery_id),
        integer(verdict.checked_at_us),
        text(verdict.provider),
        verification.outcome.value,
        text(verification.detail),
        covered_to_text(verification.covered),
        integer(verification.secret_index),
        integer(verification.signed_at_s),
    )


def verdict_from_row(row: Row) -> Verdict:
    """Give back a verdict of `SELECT_VERDICTS` or `SELECT_FIRST_VERDICTS`."""
    number, delivery_id, checked_at_us, provider, *verification = row
    return Verdict(number, delivery_id, checked_at_us, provider, _verification(*verification))


def _verification(
    outcome: str, detail: str, covered: str, secret_index: int | None, signed_at_s: int | None
) -> Verification:
    return Verification(
        outcome=Outcome(outcome),
        detail=detail,
        secret_index=secret_index,
        signed_at_s=signed_at_s,
        covered=covered_from_text(covered),
    )


def attempt_row(attempt: Attempt) -> Row:
    """Return what `INSERT_ATTEMPTS` takes for one, without id and number."""
    return (
        integer(attempt.delivery_id),
        attempt.trigger.value,
        text(attempt.url),
        encode_headers(attempt.request_headers),
        integer(attempt.started_at_us),
        integer(attempt.duration_us),
        *_result_row(attempt.result),
    )


def _result_row(result: Response | Failure) -> Row:
    if isinstance(result, Failure):
        return (result.kind.value, text(result.detail), None, None, None, None, None)
    return (
        None,
        None,
        integer(result.status),
        encode_headers(result.headers),
        int(result.truncated),
        integer(result.body_bytes),
        result.body,
    )


def attempt_from_row(row: Row) -> Attempt:
    """Give back an attempt of `SELECT_ATTEMPTS`, without its answer's body."""
    number, count, delivery_id, trigger, url, request_headers, started_at_us, duration_us = row[:8]
    return Attempt(
        id=number,
        delivery_id=delivery_id,
        number=count,
        trigger=Trigger(trigger),
        url=url,
        request_headers=decode_headers(request_headers),
        started_at_us=started_at_us,
        duration_us=duration_us,
        result=_result_from_row(row[8:]),
    )


def _result_from_row(row: Row) -> Response | Failure:
    failure, detail, status, headers, truncated, body_bytes = row
    if failure is not None:
        return Failure(FailureKind(failure), detail)
    return Response(status, decode_headers(headers), b"", body_bytes, truncated=bool(truncated))


def size_bytes(row: Row) -> int:
    """Return about how much memory a record's row takes while it waits."""
    return sum([len(value) for value in row if type(value) is bytes]) + _OTHERS_BYTES


_OTHERS_BYTES = 1024
"""For the columns that are short."""
