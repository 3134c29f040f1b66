"""What a filter finds inside a delivery: words of its body, values of its JSON, its headers.

Functions that SQL calls for a row. They never raise, whatever a sender wrote: that would fail the whole page.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from inspector.core.text import encode_any
from inspector.store.values import decode_headers

HEAD_BYTES = 64 * 1024
"""So much of a body is looked into. JSON that is longer is not read at all."""

HEAD = f"iif(body_bytes <= {HEAD_BYTES}, body, hooktap_head(delivery.id))"
"""SQL for the beginning of a body. SQLite would read the whole of a long one to cut it."""

_WORD = rb"[0-9A-Za-z\x80-\xff]"


def folded(value: str) -> bytes:
    """Return what a person typed as it is compared: in UTF-8, without the case of ASCII letters."""
    return encode_any(value).lower()


def words(content: bytes) -> list[bytes]:
    """Return the runs of letters and digits, as the text index has them; what is not ASCII counts as a letter."""
    return re.findall(_WORD + rb"+", content)


def head(connection: sqlite3.Connection, delivery_id: int) -> bytes:
    """Return the beginning of a body."""
    try:
        with connection.blobopen("delivery", "body", delivery_id, readonly=True) as body:
            return body.read(HEAD_BYTES)
    except sqlite3.Error:  # gone meanwhile
        return b""


def register(connection: sqlite3.Connection) -> None:
    """Give a reading connection the functions that `filters` writes into its SQL."""

    def hooktap_head(delivery_id: int) -> bytes:
        return head(connection, delivery_id)

    functions: tuple[tuple[Callable[..., Any], int], ...] = (
        (hooktap_head, 1),
        (hooktap_says, 3),
        (hooktap_header, 4),
        (hooktap_json, 4),
    )
    for function, arguments in functions:
        connection.create_function(function.__name__, arguments, function)


def hooktap_says(body: bytes, wanted: bytes, prefix: int) -> bool:
    """Whether a text has these words, from the beginning of one to the end of one; with `prefix` to anywhere in it."""
    return b"\0" not in body and _pattern(wanted, bool(prefix)).search(body.lower()) is not None


@lru_cache(maxsize=128)
def _pattern(wanted: bytes, prefix: bool) -> re.Pattern[bytes]:  # noqa: FBT001 - for the cache
    before = rb"(?<!%s)" % _WORD if re.match(_WORD, wanted) else b""
    after = rb"(?!%s)" % _WORD if re.match(_WORD, wanted[-1:]) and not prefix else b""
    return re.compile(before + re.escape(wanted) + after)


def hooktap_header(blob: bytes, name: bytes, wanted: bytes | None, prefix: int) -> bool:
    """Whether there is a header of that name and, unless it is None, that value."""
    try:
        pairs = decode_headers(blob).pairs
    except ValueError:  # damaged: whoever shows it says so
        return False
    return any(
        field.lower() == name and (wanted is None or _equals(value.lower(), wanted, prefix))
        for field, value in pairs
    )


def hooktap_json(body: bytes, path: str, wanted: bytes | None, prefix: int) -> bool:
    """Whether a JSON body has something at a path and, unless it is None, that text or number as it is written."""
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_int=str, parse_float=str)
        found = list(_at(document, path.split(".")))
    except (ValueError, RecursionError):
        return False
    if wanted is None:
        return bool(found)
    return any(_equals(text, wanted, prefix) for text in map(_as_text, found) if text is not None)


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
        return
    name, rest = path[0], path[1:]
    if isinstance(value, dict):
        if name in value:
            yield from _at(value[name], rest)
    elif isinstance(value, list):
        if name == "*":
            for each in value:
                yield from _at(each, rest)
        elif name.isascii() and name.isdigit() and len(name) < 8 and int(name) < len(value):
            yield from _at(value[int(name)], rest)


def _as_text(value: Any) -> bytes | None:
    if value is None or isinstance(value, bool):
        return {None: b"null", True: b"true", False: b"false"}[value]
    return folded(value) if isinstance(value, str) else None


def _equals(text: bytes, wanted: bytes, prefix: int) -> bool:
    return text.startswith(wanted) if prefix else text == wanted
