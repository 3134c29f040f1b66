"""A checksum in every row: what comes out of the disk is what went in, or it is told to be damaged.

SQLite finds a page that is not built as it should be, but not a bit that flipped inside a value. So each row holds two
CRC-32: one of its columns and one of its body, because whoever lists deliveries reads no bodies. Both are mixed with
the record's number, for a row that is found under another's, and with a number drawn for each database, for pages that
come from another's. Rows from before there were checksums have none and are not checked: the table `seal` says up to
which number.

In deliveries and attempts they stand in front of the headers. A column added by ALTER TABLE would come after the body,
and be read through it; a table beside them would cost twice the bytes, and a statement more for each commit.
"""

import marshal
import sqlite3
import struct
import zlib
from typing import Any

from inspector.errors import DamagedRecordError
from inspector.store.values import SEAL, SEAL_BYTES, Row

READ_SALT = "SELECT salt FROM seal"

_LAYOUT = struct.Struct(f"<{len(SEAL)}sII")


def read_salt(connection: sqlite3.Connection) -> int:
    """Return the number that was drawn for this database."""
    (salt,) = connection.execute(READ_SALT).fetchone()
    return int(salt)


def body_checksum(body: bytes, checksum: int = 0) -> int:
    """Return the checksum of a body, or of its next part on top of that of the parts before."""
    try:
        return zlib.crc32(body, checksum)
    except TypeError:  # no bytes: SQLite refuses it, and says so
        return 0


def checksum(columns: Row, number: int, salt: int) -> int:
    """Return the checksum of a record's columns."""
    return zlib.crc32(_packed(columns)) ^ _mark(number, salt)


def sealed(headers: bytes, columns: Row, body: int, number: int, salt: int) -> bytes:
    """Return headers with both checksums in front; `columns` are all but the body, `body` is its `body_checksum`."""
    mark = _mark(number, salt)
    return _LAYOUT.pack(SEAL, zlib.crc32(_packed(columns)) ^ mark, body ^ mark) + headers


def is_intact(headers: bytes, columns: Row, number: int, salt: int) -> bool:
    """Whether the columns are those that `headers` was sealed with; `columns` hold it as it was before."""
    seal = _seal(headers)
    return seal is not None and seal[0] == checksum(columns, number, salt)


def is_body_intact(headers: bytes, body: int, number: int, salt: int) -> bool:
    """Whether a body with this `body_checksum` is the one that `headers` was sealed with."""
    seal = _seal(headers)
    return seal is not None and seal[1] == body ^ _mark(number, salt)


def salt_of(headers: bytes, columns: Row, number: int) -> int | None:
    """Return the salt with which these columns are what `headers` was sealed with; None if it never was."""
    seal = _seal(headers)
    return None if seal is None else seal[0] ^ checksum(columns, number, 0)


def damaged(what: str, number: int) -> DamagedRecordError:
    """Return the error to raise for a record that is not what was stored."""
    return DamagedRecordError(
        f"{what} #{number} is damaged: on the disk are other bytes than were stored "
        "(stop the inspector; `hooktap doctor --repair` sets it aside)"
    )


def _packed(columns: Row) -> bytes:
    # Version 2 of the format has neither references nor flags: the same values are the same bytes, in every Python.
    try:
        return marshal.dumps(columns, 2)
    except ValueError:
        pass
    try:  # a member of an enumeration, or the like, which SQLite gives back without its class
        return marshal.dumps(tuple([_plain(value) for value in columns]), 2)
    except ValueError:  # SQLite refuses it, and says so
        return b""


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str.__str__(value)
    return int(value) if isinstance(value, int) else value


def _seal(headers: bytes) -> tuple[int, int] | None:
    """Return both checksums, of the columns and of the body."""
    if not headers.startswith(SEAL) or len(headers) < SEAL_BYTES:
        return None
    _, columns, body = _LAYOUT.unpack_from(headers)
    return columns, body


def _mark(number: int, salt: int) -> int:
    return (number ^ salt) & 0xFFFFFFFF
