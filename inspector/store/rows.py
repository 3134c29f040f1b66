"""Records as rows and back. What a sender wrote can neither break a commit nor come back changed where it is evidence.

Evidence (target, header pairs, bodies) is BLOB, byte for byte. Text for people (event, detail, ...) is TEXT, where no
lone surrogate may stand: it is stored as its escape, `\\udc80`. A number too big for SQLite is stored as the nearest.
"""

import json
from functools import lru_cache
from itertools import chain
from typing import Any, overload

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Response,
    Trigger,
    Verification,
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

SELECT_DELIVERIES = """
    SELECT
        id, uid, endpoint, received_at_us, via, method, target, headers, peer, provider, event, event_id, attempt_id,
        outcome, detail, covered, secret_index, signed_at_s, body_bytes
    FROM delivery
"""

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
        _covered_to_text(verification.covered),
        verification.secret_index,
        verification.signed_at_s,
        delivery.body_bytes,
        request.body,
    )
    # Nearly every row is ASCII with small numbers: one look at all of it together says so.
    texts = "".join([value for value in row if type(value) is str])
    if texts.isascii() and -_HIGHEST < (verification.signed_at_s or 0) < _HIGHEST:
        return row
    return tuple([_storable(value) for value in row])


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
        verification=Verification(
            outcome=Outcome(outcome),
            detail=detail,
            secret_index=secret_index,
            signed_at_s=signed_at_s,
            covered=_covered_from_text(covered),
        ),
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
    """Return about how much memory a delivery's or an attempt's row takes while it waits."""
    return sum([len(value) for value in row if type(value) is bytes]) + _OTHERS_BYTES


_OTHERS_BYTES = 1024
"""For the columns that are short."""


def encode_headers(headers: Headers) -> bytes:
    """Write the pairs into one blob: name, NUL, value, NUL, name, ... where a field's own NUL or SOH is escaped."""
    fields = list(chain.from_iterable(headers.pairs))
    blob = b"\0".join(fields)
    if _ESCAPE in blob or blob.count(b"\0") != len(fields) - 1:  # never in what came over HTTP
        return b"\0".join([_escape(field) for field in fields])
    return blob


def decode_headers(blob: bytes) -> Headers:
    """Give back the pairs that `encode_headers` was given."""
    if not blob:
        return Headers()
    fields = blob.split(b"\0")
    if _ESCAPE in blob:
        fields = [_unescape(field) for field in fields]
    return Headers(tuple(zip(fields[::2], fields[1::2], strict=True)))


_ESCAPE = b"\1"
_NUL = b"\1\2"
_SOH = b"\1\3"


def _escape(field: bytes) -> bytes:
    return field.replace(_ESCAPE, _SOH).replace(b"\0", _NUL)


def _unescape(field: bytes) -> bytes:
    return field.replace(_NUL, b"\0").replace(_SOH, _ESCAPE)


@overload
def text(value: str) -> str: ...
@overload
def text(value: str | None) -> str | None: ...
def text(value: str | None) -> str | None:
    """Return text that SQLite can hold: the same, or with each lone surrogate as its escape."""
    if value is None or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


@overload
def integer(value: int) -> int: ...
@overload
def integer(value: int | None) -> int | None: ...
def integer(value: int | None) -> int | None:
    """Return a number that SQLite can hold: the same, or the nearest of 64 bits."""
    if value is None or _LOWEST <= value <= _HIGHEST:
        return value
    return _HIGHEST if value > 0 else _LOWEST


_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    return integer(value) if isinstance(value, int) else value


@lru_cache(maxsize=256)
def _covered_to_text(covered: tuple[str, ...]) -> str:
    return json.dumps(covered)


@lru_cache(maxsize=256)
def _covered_from_text(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))
