"""Attempts as rows and back, and beside them what was changed before one was sent."""

from inspector.core.edits import Edit
from inspector.core.model import Attempt, Failure, FailureKind, Part, Response, Trigger
from inspector.store.rows.guard import GUARD, NONSENSE, check
from inspector.store.rows.timings import encode_timing, split_timing
from inspector.store.seals import body_checksum, checksum, damaged, sealed
from inspector.store.values import Row, decode_headers, encode_headers, integer, text, unsealed

INSERT_ATTEMPTS = """
    INSERT INTO attempt (
        id, number, delivery_id, trigger, url, request_headers, started_at_us, duration_us,
        failure, detail, status, response_headers, response_truncated, response_body_bytes, response_body
    ) VALUES {rows}
"""
ATTEMPT_COLUMNS = 15

SELECT_ATTEMPTS = f"""
    SELECT
        id, number, delivery_id, trigger, url, request_headers, started_at_us, duration_us,
        failure, detail, status, response_headers, response_truncated, response_body_bytes, edit.parts,
        {GUARD}
    FROM attempt
    LEFT JOIN edit ON edit.attempt_id = attempt.id
"""  # noqa: S608 - constants

SELECT_RESPONSE_BODY = f"SELECT response_body, request_headers, {GUARD} FROM attempt WHERE id = :id"  # noqa: S608

INSERT_EDITS = (
    "INSERT INTO edit (attempt_id, parts, checksum, method, target, headers, body) VALUES {rows}"
)
EDIT_COLUMNS = 7

SELECT_EDIT = """
    SELECT method, target, headers, body, checksum, (SELECT salt FROM seal) FROM edit WHERE attempt_id = :id
"""


def attempt_row(attempt: Attempt) -> Row:
    """Return what `INSERT_ATTEMPTS` takes for one, without id and number."""
    return (
        integer(attempt.delivery_id),
        attempt.trigger.value,
        text(attempt.url),
        encode_timing(attempt.timing) + encode_headers(attempt.request_headers),
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


def sealed_attempt_row(row: Row, count: int, number: int, salt: int, parts: Row = ()) -> Row:
    """Return a whole row of `INSERT_ATTEMPTS`, of one that `attempt_row` made; `parts` are those of its edit."""
    delivery_id, trigger, url, headers, *others = row
    seal = sealed(headers, (count, *row[:-1], *parts), body_checksum(row[-1] or b""), number, salt)
    return (number, count, delivery_id, trigger, url, seal, *others)


def attempt_from_row(row: Row) -> Attempt:
    """Give back an attempt of `SELECT_ATTEMPTS`, without its answer's body. Raises StorageError if it is damaged."""
    number, count, delivery_id, trigger, url, request_headers, started_at_us, duration_us = row[:8]
    try:
        parts = row[14]
        check(row[1:14] if parts is None else row[1:15], 4, number, row[15:])
        timing, sent = split_timing(unsealed(request_headers))
        return Attempt(
            id=number,
            delivery_id=delivery_id,
            number=count,
            trigger=Trigger(trigger),
            url=url,
            request_headers=decode_headers(sent),
            started_at_us=started_at_us,
            duration_us=duration_us,
            result=_result_from_row(row[8:14]),
            edited=tuple(map(Part, (parts or "").split())),
            timing=timing,
        )
    except NONSENSE:
        raise damaged("attempt", number) from None


def _result_from_row(row: Row) -> Response | Failure:
    failure, detail, status, headers, truncated, body_bytes = row
    if failure is not None:
        return Failure(FailureKind(failure), detail)
    return Response(status, decode_headers(headers), b"", body_bytes, truncated=bool(truncated))


def edit_row(edit: Edit) -> Row:
    """Return what `INSERT_EDITS` takes for one, without the attempt's number and the checksum."""
    headers = None if edit.headers is None else encode_headers(edit.headers)
    return (" ".join(edit.parts), edit.method, edit.target, headers, edit.body)


def sealed_edit_row(row: Row, number: int, salt: int) -> Row:
    """Return a whole row of `INSERT_EDITS`, of one that `edit_row` made."""
    parts, *others = row
    return (number, parts, checksum(tuple(others), number, salt), *others)


def edit_from_row(number: int, row: Row) -> Edit:
    """Give back an edit of `SELECT_EDIT`. Raises StorageError if it is damaged."""
    method, target, headers, body, kept, salt = row
    try:
        if kept != checksum(row[:4], number, salt):
            raise ValueError(number)
        return Edit(method, target, None if headers is None else decode_headers(headers), body)
    except NONSENSE:
        raise damaged("the edit of attempt", number) from None
