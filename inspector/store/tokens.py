"""The text index's own language: what of a delivery goes into it, and which of its entries a query may be found by.

What it finds may match; what it does not find cannot. So every answer of it is looked at again, and it may leave out
of a query whatever it cannot say.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice

from inspector.core.query import And, Field, Has, Key, Or, Query, Term
from inspector.store.content import HEAD_BYTES, folded, words
from inspector.store.filters import is_plain
from inspector.store.values import text

WORD_BYTES = 16
"""So much of a word is kept: of names nearly all of it, of base64 enough."""
VALUE_CHARACTERS = 48
"""The same of a column's value."""
SHORTEST_PREFIX_BYTES = 3
"""What begins with less is found all over."""
MOST_ENTRIES = 12
"""Of a query are looked up; the others are only looked at."""

_LONG = re.compile(rb"([0-9A-Za-z\x80-\xff]{%d})[0-9A-Za-z\x80-\xff]+" % WORD_BYTES)
_LETTERS = {
    Key.ENDPOINT: "n",
    Key.PROVIDER: "p",
    Key.OUTCOME: "o",
    Key.EVENT: "e",
    Key.METHOD: "m",
}
# A column's value is one word: its key's letter behind a private character, and private characters for what would end
# a word.
_MARK = "\ue000"
_SHIFTED = {code: 0xE100 + code for code in range(128) if not chr(code).isalnum()}
_WITH_EVENT = _MARK + "h"


def entries(columns: Iterable[tuple[Key, str | None]]) -> list[str]:
    """Return the words that stand for a delivery's columns."""
    found = [_entry(key, value) for key, value in columns if value is not None]
    if any(entry.startswith(_MARK + _LETTERS[Key.EVENT]) for entry in found):
        found.append(_WITH_EVENT)
    return found


def document(columns: Iterable[str], body: bytes) -> bytes:
    """Return all words of a delivery: its `entries`, and the beginning of its body unless that is binary."""
    content = body[:HEAD_BYTES]
    said = b"" if b"\0" in content else _LONG.sub(rb"\1", content)
    return " ".join(columns).encode() + b"\n" + said


def names(values: Iterable[str | None]) -> str:
    """Return what a bare word is looked for in."""
    return "\n".join(value for value in values if value is not None).replace("\0", " ")


def words_of(query: Query, beginning: Callable[[str], Sequence[str] | None]) -> str | None:
    """Return an FTS5 query on the words that finds all that `query` may match; None if it has none to look for.

    `beginning` returns the known entries that begin so, None where they are too many. FTS5 itself would go through
    everything that has one of them before it gave the first.
    """
    return _match(query, partial(_words_of, beginning))


def names_of(query: Query) -> str | None:
    """Return an FTS5 query on the names, likewise."""
    return _match(query, _names_of)


def _match(query: Query, leaf: Callable[[Query], str | None]) -> str | None:
    match query:
        case And(queries):
            parts = [part for each in queries if (part := _match(each, leaf))]
            return _joined(" AND ", parts[:MOST_ENTRIES])
        case Or(queries):
            either = [_match(each, leaf) for each in queries]
            if len(either) > MOST_ENTRIES or None in either:
                return None
            return _joined(" OR ", [part for part in either if part])
        case _:
            return leaf(query)


def _words_of(beginning: Callable[[str], Sequence[str] | None], query: Query) -> str | None:
    match query:
        case Term(Key.BODY, value, prefix):
            return _said(value, prefix=prefix)
        case Term(Key.HAS, value) if value.lower() == Has.EVENT:
            return _quoted(_WITH_EVENT)
        case Term(key, value, prefix) if key in _LETTERS:
            entry = _entry(key, text(value))
            known = beginning(entry) if prefix else [entry]
            return (
                None
                if known is None
                else _joined(" OR ", [_quoted(each) for each in known or [entry]])
            )
        case Field(Key.JSON, path, value, prefix):
            plain = [name for name in path if is_plain(name) and not re.fullmatch("[0-9]+", name)]
            parts = [_said(name) for name in plain]
            if value is not None and is_plain(value):
                parts.append(_said(value, prefix=prefix))
            return _joined(" AND ", [part for part in parts if part][:MOST_ENTRIES])
        case _:
            return None


def _names_of(query: Query) -> str | None:
    if not (isinstance(query, Term) and query.key is Key.TEXT):
        return None
    value = text(query.value)
    triples = (value[start : start + 3] for start in range(len(value) - 2))
    plain = dict.fromkeys(each for each in triples if re.fullmatch("[ -~]{3}", each))
    return _joined(" AND ", [_quoted(each) for each in islice(plain, MOST_ENTRIES)])


def _said(value: str, *, prefix: bool = False) -> str | None:
    found = words(folded(value))
    ends_in_word = bool(found) and folded(value).endswith(found[-1])
    parts = []
    for number, word in enumerate(found, 1):
        begins_only = prefix and ends_in_word and number == len(found)
        if begins_only and len(word) < SHORTEST_PREFIX_BYTES:
            continue
        cut = word[:WORD_BYTES].decode("utf-8", "ignore")
        is_cut = len(cut.encode()) < min(len(word), WORD_BYTES)  # within a character
        if cut:
            parts.append(_quoted(cut, prefix=begins_only or is_cut))
    return _joined(" AND ", parts[:MOST_ENTRIES])


def _entry(key: Key, value: str) -> str:
    return f"{_MARK}{_LETTERS[key]}{value.translate(_LOWER).translate(_SHIFTED)[:VALUE_CHARACTERS]}"


_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _quoted(entry: str, *, prefix: bool = False) -> str:
    return '"' + entry.replace('"', '""') + ('"*' if prefix else '"')


def _joined(word: str, parts: list[str]) -> str | None:
    return "(" + word.join(parts) + ")" if parts else None
