"""The query language, read into a tree: `outcome:mismatch (event:booking.* or size:>10k) -endpoint:demo refund`.

What stands side by side must all hold, `or` wants one of two, a leading `-` negates, parentheses group, and quotes
keep what would mean something else together: `body:"JNK-TEST00 paid"`. `key:value` compares, a trailing `*` makes it a
prefix. The case of ASCII letters does not matter. What a term means in SQL is the store's business.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from inspector.core.queryterms import (
    NONE,
    Field,
    Has,
    Is,
    Key,
    Leaf,
    Moment,
    Span,
    Term,
    Unreadable,
    key_named,
    read,
)
from inspector.core.text import safe
from inspector.errors import QueryError

__all__ = [
    "EVERYTHING",
    "MAX_CHARACTERS",
    "MAX_DEPTH",
    "MAX_TERMS",
    "NONE",
    "And",
    "Field",
    "Has",
    "Is",
    "Key",
    "Leaf",
    "Moment",
    "Not",
    "Or",
    "Query",
    "Span",
    "Term",
    "conjuncts",
    "leaves",
    "parse",
    "parts",
]

MAX_CHARACTERS = 1000
"""Of a whole query: what a person types, far below what would burden the store."""
MAX_TERMS = 100
MAX_DEPTH = 6
"""Of parentheses in each other: SQLite reads a statement with a stack of a hundred places."""


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match."""

    query: "Query"


@dataclass(frozen=True, slots=True)
class And:
    """All of them must hold; none at all lets every delivery through."""

    queries: "tuple[Query, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them must hold."""

    queries: "tuple[Query, ...]"


Query = Leaf | Not | And | Or

EVERYTHING = And(())


def parse(text: str) -> Query:
    """Read a query. Raises QueryError, whose second and third line show the query and where it goes wrong."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"the query has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    return _Parser(text).whole()


def conjuncts(query: Query) -> tuple[Query, ...]:
    """Return the parts all of which must hold."""
    return query.queries if isinstance(query, And) else (query,)


def leaves(query: Query) -> Iterator[Leaf]:
    """Go through the terms, from left to right."""
    match query:
        case And(queries) | Or(queries):
            for each in queries:
                yield from leaves(each)
        case Not(inner):
            yield from leaves(inner)
        case _:
            yield query


def parts(text: str) -> list[str]:
    """Return the parts of a query all of which must hold, as they are written. Raises QueryError."""
    parse(text)
    found: list[str] = []
    start: int | None = None
    depth = 0
    for token in _tokens(text):
        if depth == 0 and token.kind == "or":
            return [text.strip()]
        if token.kind == "end" or (depth == 0 and token.kind == "and"):
            continue
        if start is None:
            start = token.start
        depth += (token.kind == "(") - (token.kind == ")")
        if depth == 0 and token.kind != "-":
            found.append(text[start : token.end])
            start = None
    return found


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["(", ")", "-", "or", "and", "word", "end"]
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<open>\()
    | (?P<close>\))
    | (?P<minus>-)(?=[^\s)])
    | (?P<word>(?: [^\s()"] | "(?:[^"\\]|\\.)*" )+)
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: dict[str, Literal["(", ")", "-", "word"]] = {
    "open": "(",
    "close": ")",
    "minus": "-",
    "word": "word",
}


def _tokens(text: str) -> Iterator[_Token]:
    at, negated = 0, False
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if at == len(text):
            yield _Token("end", at, at)
            return
        found = _TOKEN.match(text, at)
        if found is None:
            raise _error("this quote is not closed", text, at, len(text))
        kind = _KINDS[found.lastgroup or ""]
        if kind == "-" and negated:  # only one: a word may begin with another
            found = re.compile(r'(?:[^\s()"]|"(?:[^"\\]|\\.)*")+', re.DOTALL).match(text, at)
            assert found is not None
            kind = "word"
        negated = kind == "-"
        yield _token(kind, found)
        at = found.end()


def _token(kind: Literal["(", ")", "-", "word"], found: re.Match[str]) -> _Token:
    word = found.group().lower()
    if kind == "word" and word == "or":
        return _Token("or", *found.span())
    if kind == "word" and word == "and":
        return _Token("and", *found.span())
    return _Token(kind, *found.span())


class _Parser:
    """Reads tokens one after the other, and knows only the next."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = next(self._tokens)
        self._last = self._next
        self._terms = 0

    def whole(self) -> Query:
        if self._next.kind == "end":
            return EVERYTHING
        query = self._either(0)
        if self._next.kind == ")":
            raise self._refuse("nothing was opened that this closes")
        return query

    def _either(self, depth: int) -> Query:
        queries = [self._all(depth)]
        while self._next.kind == "or":
            self._step()
            queries.append(self._all(depth))
        return queries[0] if len(queries) == 1 else Or(tuple(queries))

    def _all(self, depth: int) -> Query:
        queries = [self._one(depth)]
        while True:
            if self._next.kind == "and":
                self._step()
            elif self._next.kind in ("or", ")", "end"):
                return queries[0] if len(queries) == 1 else And(tuple(queries))
            queries.append(self._one(depth))

    def _one(self, depth: int) -> Query:
        token = self._next
        if token.kind == "-":
            self._step()
            return Not(self._one(depth))
        if token.kind == "(":
            return self._group(depth + 1)
        if token.kind == "end":
            raise _error("no term follows this", self._text, self._last.start, self._last.end)
        if token.kind != "word":
            raise self._refuse("this stands where a term should be")
        self._step()
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise _error(f"at most {MAX_TERMS} terms are read", self._text, token.start, token.end)
        return _leaf(self._text, token)

    def _group(self, depth: int) -> Query:
        opening = self._step()
        if depth > MAX_DEPTH:
            problem = f"parentheses are read {MAX_DEPTH} deep"
            raise _error(problem, self._text, opening.start, opening.end)
        query = self._either(depth)
        if self._next.kind != ")":
            raise _error("this is not closed", self._text, opening.start, opening.end)
        self._step()
        return query

    def _step(self) -> _Token:
        token = self._next
        self._last = token
        if token.kind != "end":
            self._next = next(self._tokens)
        return token

    def _refuse(self, problem: str) -> QueryError:
        return _error(problem, self._text, self._next.start, self._next.end)


def _leaf(text: str, token: _Token) -> Leaf:
    raw = text[token.start : token.end]
    name, colon, rest = raw.partition(":")
    if not colon or '"' in name:
        value, _ = _value(raw, prefixable=False)
        if not value:
            raise _error("nothing stands between the quotes", text, token.start, token.end)
        if raw == "-":
            raise _error("nothing to exclude after '-'", text, token.start, token.end)
        return Term(Key.TEXT, value)
    try:
        key = key_named(name)
    except Unreadable as error:
        raise _error(str(error), text, token.start, token.start + max(len(name), 1)) from None
    value, prefix = _value(rest, prefixable=key is not Key.TEXT)
    try:
        return read(key, value, prefix=prefix)
    except Unreadable as error:
        raise _error(str(error), text, token.start, token.end) from None


def _value(raw: str, *, prefixable: bool) -> tuple[str, bool]:
    """Take the quotes off; whether a bare `*` stands at the end."""
    prefix = prefixable and raw.endswith("*")
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|([^"]+)', raw[:-1] if prefix else raw, re.DOTALL)
    return "".join(re.sub(r'\\(["\\])', r"\1", quoted) + bare for quoted, bare in parts), prefix


def _error(problem: str, text: str, start: int, end: int) -> QueryError:
    indent = " " * (2 + len(safe(text[:start])))
    carets = "^" * max(len(safe(text[start:end])), 1)
    return QueryError(f"{problem}\n  {safe(text)}\n{indent}{carets}")
