"""Whether a row that was read is what was stored; one from before the seals may be anything."""

from typing import cast

from inspector.store.seals import body_checksum, damaged, is_body_intact, is_intact
from inspector.store.values import SEAL, Row, decode_headers, unsealed

# What says whether a row is what was stored: both are read once for all rows of a query.
GUARD = "(SELECT salt FROM seal), (SELECT unsealed FROM seal)"

NONSENSE = (ValueError, TypeError, AttributeError)
"""What comes of reading values that are not what they should be."""


def check(columns: Row, headers_at: int, number: int, guard: Row) -> None:
    """Raise one of `NONSENSE` if these columns are not those that were stored. From before the seals, all may be."""
    salt, upto = guard
    headers = columns[headers_at]
    if number > upto:
        before = (*columns[:headers_at], unsealed(headers), *columns[headers_at + 1 :])
        intact = is_intact(headers, before, number, salt)
    else:
        # What is no UTF-8 was read as lone surrogates, which are never stored.
        "".join([value for value in columns if type(value) is str]).encode()
        decode_headers(headers)
        intact = not headers.startswith(SEAL)
    if not intact:
        raise ValueError(number)


def body_from_row(what: str, number: int, row: Row) -> bytes | None:
    """Give back the body of `SELECT_BODY` or `SELECT_RESPONSE_BODY`. Raises StorageError if it is damaged."""
    body, headers, salt, upto = row
    try:
        if number > upto and not is_body_intact(headers, body_checksum(body or b""), number, salt):
            raise ValueError(number)
    except NONSENSE:
        raise damaged(what, number) from None
    return cast("bytes | None", body)
