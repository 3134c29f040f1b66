"""What may stand in a filter where the cursor is: keys, and values that are known."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from inspector.core.model import FailureKind, Outcome
from inspector.core.queryterms import NONE, Has, Is, Key
from inspector.core.text import safe

_WORD = re.compile(r'(?:[^\s()"]|"(?:[^"\\]|\\.)*"?)*$')
_PLAIN = re.compile(r'[^\s()"\\]*[^\s()"\\*]')  # a star at the end would stand for anything

CHOICES: Mapping[Key, Sequence[str]] = {
    Key.OUTCOME: tuple(Outcome),
    Key.FAILURE: tuple(FailureKind),
    Key.HAS: tuple(Has),
    Key.IS: tuple(Is),
    Key.STATUS: ("2xx", "4xx", "5xx", NONE),
    Key.SINCE: ("10m", "1h", "1d"),
    Key.METHOD: ("POST", "GET", "PUT"),
}
"""Of keys with few values, and examples for some others."""


class Completion(NamedTuple):
    """Something that may stand in place of the word before the cursor."""

    start: int
    """Where in the text that word begins."""
    text: str


def complete(text: str, known: Mapping[Key, Iterable[str]]) -> list[Completion]:
    """Return what the last word of `text` may become; `known` are values that were seen, by key."""
    found = _WORD.search(text)
    start = found.start() if found else len(text)
    if text[start : start + 1] == "-":
        start += 1
    word = text[start:]
    name, colon, beginning = word.partition(":")
    if not colon:
        names = [f"{key}:" for key in Key if key is not Key.TEXT]
        return [Completion(start, each) for each in names if each.startswith(word.lower())]
    if name.lower() not in set(Key):
        return []
    key = Key(name.lower())
    values = dict.fromkeys([*CHOICES.get(key, ()), *sorted(known.get(key, ()))])
    wanted = beginning.strip('"').lower()
    return [
        Completion(start, f"{key}:{_quoted(value)}")
        for value in values
        if value.lower().startswith(wanted) and value == safe(value)
    ]


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    escaped = re.sub(r'(["\\])', r"\\\1", value)
    return f'"{escaped}"'
