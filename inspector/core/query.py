"""The filter language, read into terms: `outcome:mismatch event:booking.* -endpoint:demo refund`.

Every term must hold. `key:value` compares, a trailing `*` makes it a prefix, a leading `-` negates, and a bare word
is looked for inside endpoint, event, event id and attempt id. The case of ASCII letters does not matter. What a term
means in SQL is the store's business.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inspector.core.model import Outcome
from inspector.core.text import safe
from inspector.errors import QueryError

MAX_CHARACTERS = 1000
"""Of a whole query: what a person types, far below what would burden the store."""


class Key(StrEnum):
    """What a term looks at."""

    ID = "id"
    ENDPOINT = "endpoint"
    PROVIDER = "provider"
    OUTCOME = "outcome"
    EVENT = "event"
    METHOD = "method"
    TEXT = "text"
    """A bare word: anywhere inside endpoint, event, event id or attempt id."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on a delivery."""

    key: Key
    value: str
    prefix: bool = False
    """The value is only how it begins."""
    negated: bool = False


Query = tuple[Term, ...]
"""All of them must hold; none at all lets every delivery through."""

_PREFIXABLE = frozenset({Key.ENDPOINT, Key.PROVIDER, Key.EVENT, Key.METHOD})


def parse(text: str) -> Query:
    """Read a query. Raises QueryError, whose second and third line show the query and where it goes wrong."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    return tuple(_term(text, word) for word in re.finditer(r"\S+", text))


def _term(text: str, word: re.Match[str]) -> Term:
    negated = word.group().startswith("-")
    start = word.start() + negated
    name, colon, value = text[start : word.end()].partition(":")
    if not colon:
        if not name:
            raise _error("nothing to exclude after '-'", text, word.start(), word.end())
        return Term(Key.TEXT, name, negated=negated)
    if name.lower() not in set(Key):
        problem = f"unknown key '{safe(name)}' {_suggestion(name, Key)}"
        raise _error(problem, text, start, start + max(len(name), 1))
    key = Key(name.lower())
    if complaint := _complaint(key, value):
        raise _error(complaint, text, start, word.end())
    if key in _PREFIXABLE and value.endswith("*"):
        return Term(key, value[:-1], prefix=True, negated=negated)
    return Term(key, value, negated=negated)


def _complaint(key: Key, value: str) -> str | None:
    if not value:
        return f"'{key}:' needs a value"
    if key is Key.ID and not (value.isascii() and value.isdigit()):
        return f"'{safe(value)}' is not a number"
    if key is Key.OUTCOME and value.lower() not in set(Outcome):
        return f"unknown outcome '{safe(value)}' {_suggestion(value, Outcome)}"
    return None


def _suggestion(wrong: str, choices: Iterable[str]) -> str:
    names = [str(choice) for choice in choices]
    nearest = difflib.get_close_matches(wrong.lower(), names, n=1)
    return f"(did you mean '{nearest[0]}'?)" if nearest else f"(one of {', '.join(names)})"


def _error(problem: str, text: str, start: int, end: int) -> QueryError:
    indent = " " * (2 + len(safe(text[:start])))
    carets = "^" * len(safe(text[start:end]))
    return QueryError(f"{problem}\n  {safe(text)}\n{indent}{carets}")
