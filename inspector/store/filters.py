"""A query as SQL: what each term means. Values are bound, so that nothing a person types is read as SQL."""

import re
import time
from collections.abc import Mapping

from inspector.core.query import (
    NONE,
    And,
    Field,
    Has,
    Is,
    Key,
    Leaf,
    Moment,
    Not,
    Or,
    Query,
    Span,
    Term,
)
from inspector.store.content import HEAD, HEAD_BYTES, folded
from inspector.store.values import HIGHEST, LOWEST, integer, text

Parameters = dict[str, str | int | bytes | None]

# Of the newest verdict, as `SELECT_DELIVERIES` has joined it.
_COLUMNS: Mapping[Key, tuple[str, ...]] = {
    Key.ENDPOINT: ("endpoint",),
    Key.PROVIDER: ("iif(verdict.id IS NULL, delivery.provider, verdict.provider)",),
    Key.OUTCOME: ("iif(verdict.id IS NULL, delivery.outcome, verdict.outcome)",),
    Key.EVENT: ("event",),
    Key.METHOD: ("method",),
    Key.TEXT: ("endpoint", "event", "event_id", "attempt_id"),
    Key.NOTE: ("(SELECT note FROM mark WHERE delivery_id = delivery.id)",),
}
_ANYWHERE = (Key.TEXT, Key.NOTE)

_LAST = "(SELECT {what} FROM attempt WHERE delivery_id = delivery.id ORDER BY number DESC LIMIT 1)"
_STATUS = _LAST.format(what="status")

_SPANNED = {Key.ID: "delivery.id", Key.SIZE: "body_bytes", Key.STATUS: _STATUS}

_HAS = {
    Has.ATTEMPT: "EXISTS (SELECT 1 FROM attempt WHERE delivery_id = delivery.id)",
    Has.HANDSHAKE: "EXISTS (SELECT 1 FROM handshake WHERE delivery_id = delivery.id)",
    Has.EVENT: "event IS NOT NULL",
    Has.NOTE: "EXISTS (SELECT 1 FROM mark WHERE delivery_id = delivery.id AND note IS NOT NULL)",
}

_IS = {
    Is.FAILED: _LAST.format(what="failure IS NOT NULL OR status NOT BETWEEN 200 AND 299"),
    Is.FORWARDED: _LAST.format(what="status BETWEEN 200 AND 299"),
    Is.PENDING: "EXISTS (SELECT 1 FROM schedule WHERE delivery_id = delivery.id)",
    Is.DUPLICATE: "EXISTS (SELECT 1 FROM duplicate WHERE delivery_id = delivery.id)",
    Is.MARKED: "EXISTS (SELECT 1 FROM mark WHERE delivery_id = delivery.id AND marked)",
}

_THIS_MILLENNIUM = 2000


def conditions(query: Query, now_us: int | None = None) -> tuple[str, Parameters]:
    """Return a condition on a row of `SELECT_DELIVERIES` that holds where the query does, and its parameters.

    `now_us` is what `since:1h` counts from; None: the present.
    """
    compiler = _Compiler(time.time_ns() // 1000 if now_us is None else now_us)
    return compiler.tree(query), compiler.parameters


def moment_us(moment: Moment, now_us: int) -> int:
    """Return a time as Unix microseconds; one that no clock here can show is the nearest."""
    if moment.at is None:
        return now_us - moment.ago_s * 1_000_000
    try:
        return int(moment.at.timestamp() * 1_000_000)
    except (OverflowError, OSError, ValueError):
        return LOWEST if moment.at.year < _THIS_MILLENNIUM else HIGHEST


class _Compiler:
    """Writes SQL, and notes the values it is to be run with."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self.parameters: Parameters = {}

    def tree(self, query: Query) -> str:
        match query:
            case And(queries):
                return self._joined(" AND ", queries) or "TRUE"
            case Or(queries):
                return self._joined(" OR ", queries)
            case Not(inner):
                return f"NOT {self.tree(inner)}"
            case _:
                # Absent is NULL, and a comparison with it neither true nor false: `-event:x` wants those without an
                # event too.
                return f"(({self._leaf(query)}) IS TRUE)"

    def _joined(self, word: str, queries: tuple[Query, ...]) -> str:
        parts = [self.tree(each) for each in queries]
        return f"({word.join(parts)})" if parts else ""

    def _bound(self, value: str | int | bytes | None) -> str:
        name = f"term_{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def _leaf(self, leaf: Leaf) -> str:
        match leaf:
            case Term():
                return self._term(leaf)
            case Span(key, low, high):
                return self._span(_SPANNED[key], low, high)
            case Moment(key):
                limit = self._bound(integer(moment_us(leaf, self._now_us)))
                return f"received_at_us {'>=' if key is Key.SINCE else '<'} {limit}"
            case Field():
                return self._field(leaf)

    def _span(self, what: str, low: int | None, high: int | None) -> str:
        if low == high and low is not None:
            return f"{what} = {self._bound(integer(low))}"
        lower = self._bound(LOWEST if low is None else integer(low))
        return (
            f"{what} BETWEEN {lower} AND {self._bound(HIGHEST if high is None else integer(high))}"
        )

    def _term(self, term: Term) -> str:
        value = term.value.lower()
        match term.key:
            case Key.STATUS:
                assert value == NONE
                return f"{_STATUS} IS NULL"
            case Key.FAILURE:
                return f"{_LAST.format(what='failure')} = {self._bound(value)}"
            case Key.HAS:
                return _HAS[Has(value)]
            case Key.IS:
                return _IS[Is(value)]
            case Key.BODY:
                return self._body(term)
            case _:
                return self._comparison(term)

    def _comparison(self, term: Term) -> str:
        value = text(term.value)  # as the rows were stored
        # Both comparisons ignore the case of ASCII letters.
        if term.prefix or term.key in _ANYWHERE:
            value = re.sub(r"[\\%_]", r"\\\g<0>", value) + "%"
            if term.key in _ANYWHERE:
                value = "%" + value
            comparison = rf"LIKE {self._bound(value)} ESCAPE '\'"
        else:
            comparison = f"= {self._bound(value)} COLLATE NOCASE"
        return " OR ".join(f"{column} {comparison}" for column in _COLUMNS[term.key])

    def _body(self, term: Term) -> str:
        wanted = self._bound(folded(term.value))
        return f"{_contains(HEAD, wanted)} AND hooktap_says({HEAD}, {wanted}, {int(term.prefix)})"

    def _field(self, field: Field) -> str:
        wanted = self._bound(None if field.value is None else folded(field.value))
        prefix = int(field.prefix)
        if field.key is Key.HEADER:
            name = self._bound(folded(field.path[0]))
            pair = field.path[0] + (
                "" if field.value is None else f"\0{field.value}"
            )  # as it is stored
            found = _contains("headers", self._bound(folded(pair)))
            return f"{found} AND hooktap_header(headers, {name}, {wanted}, {prefix})"
        path = self._bound(text(".".join(field.path)))
        # Where the value is written without escapes, few bodies have to be read as JSON.
        sieve = (
            "TRUE" if field.value is None or not is_plain(field.value) else _contains(HEAD, wanted)
        )
        return f"body_bytes <= {HEAD_BYTES} AND {sieve} AND hooktap_json(body, {path}, {wanted}, {prefix})"


def is_plain(value: str) -> bool:
    """Whether every writer of JSON writes these characters as they are."""
    return re.fullmatch(r"[0-9A-Za-z _.:+@-]*", value) is not None


def _contains(content: str, wanted: str) -> str:
    # SQLite's own search, which does not keep the event loop from the interpreter; what it finds is looked at again.
    return f"instr(CAST(lower(CAST({content} AS TEXT)) AS BLOB), {wanted})"
