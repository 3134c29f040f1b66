"""Short ways to the numbers of all deliveries that may match a query: indexes, instead of looking at every one."""

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

from inspector.core.query import Has, Is, Key, Query, Span, Term, conjuncts, leaves
from inspector.store import textindex, tokens
from inspector.store.filters import Parameters
from inspector.store.textindex import TextIndex
from inspector.store.values import HIGHEST, LOWEST, integer, text

NEAR_ENOUGH = 20_000
"""Numbers that are not in the text index, and it is of use all the same."""

_BY_COLUMN = """
    SELECT id FROM delivery
    WHERE {column} = :value COLLATE NOCASE AND id BETWEEN :low AND :high
    ORDER BY id DESC
"""
ARRIVED = {
    Key.OUTCOME: _BY_COLUMN.format(column="outcome"),
    Key.PROVIDER: _BY_COLUMN.format(column="provider"),
}

_REFERS = "SELECT delivery_id FROM {table} WHERE delivery_id BETWEEN :low AND :high ORDER BY delivery_id DESC"
RECHECKED = _REFERS.format(table="verdict")
MARKED = _REFERS.format(table="mark")

# The first condition is that of the index `attempt_failed`, word for word.
_FAILED = """
    SELECT delivery_id FROM attempt INDEXED BY attempt_failed
    WHERE (failure IS NOT NULL OR status NOT BETWEEN 200 AND 299)
        AND delivery_id BETWEEN :low AND :high {which}
    ORDER BY delivery_id DESC
"""
FAILED = _FAILED.format(which="")
FAILED_SO = _FAILED.format(which="AND failure = :value")
FAILED_WITH = _FAILED.format(which="AND status BETWEEN :least AND :most")

IN_TABLE = {
    str(Is.PENDING): _REFERS.format(table="schedule"),
    str(Is.DUPLICATE): _REFERS.format(table="duplicate"),
    str(Is.MARKED): MARKED,
    str(Is.FAILED): FAILED,
    str(Has.HANDSHAKE): _REFERS.format(table="handshake"),
    str(Has.NOTE): MARKED,
}

WITH_WORDS = "SELECT rowid FROM word WHERE word MATCH :match AND rowid BETWEEN :low AND :high ORDER BY rowid DESC"

WITH_NAMES = "SELECT rowid FROM name WHERE name MATCH :match AND rowid BETWEEN :low AND :high ORDER BY rowid DESC"


class _Statement(NamedTuple):
    """Numbers in descending order."""

    connection: sqlite3.Connection
    sql: str
    wanted: Parameters
    in_index: bool = False


class Way(NamedTuple):
    """Every number that may match is what one of the statements finds, or above what the text index has."""

    statements: Sequence[_Statement]

    @property
    def in_index(self) -> bool:
        """Whether it needs the text index."""
        return any(statement.in_index for statement in self.statements)

    def numbers(self, low: int, high: int) -> Iterator[int]:
        """Go through them, newest first, each once."""
        span: Parameters = {"low": low, "high": high}
        last = None
        for number in heapq.merge(
            *(_numbers(each, span) for each in self.statements), reverse=True
        ):
            if number != last:
                yield number
            last = number


def ways(
    connection: sqlite3.Connection, index: TextIndex | None, query: Query, high: int
) -> Iterator[Way]:
    """Return those there are to what matches up to the number `high`; perhaps none."""
    if index is not None and high - index.upto <= NEAR_ENOUGH:
        if match := tokens.words_of(query, partial(textindex.values, index.connection)):
            words = _Statement(index.connection, WITH_WORDS, {"match": match}, in_index=True)
            yield Way([words, *_rechecked(connection, query)])
        if match := tokens.names_of(query):
            yield Way([_Statement(index.connection, WITH_NAMES, {"match": match}, in_index=True)])
    for each in conjuncts(query):
        if statements := _own(each):
            yield Way([_Statement(connection, *statement) for statement in statements])


def _rechecked(connection: sqlite3.Connection, query: Query) -> Sequence[_Statement]:
    verdicts = (Key.OUTCOME, Key.PROVIDER)  # the index has those of the arrival
    depends = any(leaf.key in verdicts for leaf in leaves(query))
    return [_Statement(connection, RECHECKED, {})] if depends else []


def _numbers(statement: _Statement, span: Parameters) -> Iterator[int]:
    with textindex.told() if statement.in_index else nullcontext():
        found = statement.connection.execute(statement.sql, statement.wanted | span)
        yield from (number for (number,) in found)


def _own(query: Query) -> Sequence[tuple[str, Parameters]]:
    """Return what finds in the database itself all that may match a part of a query; nothing if it cannot be found."""
    match query:
        case Term(Key.OUTCOME | Key.PROVIDER as key, value, False):
            return (ARRIVED[key], {"value": text(value)}), (RECHECKED, {})
        case Term(Key.HAS | Key.IS, value) if value.lower() in IN_TABLE:
            return ((IN_TABLE[value.lower()], {}),)
        case Term(Key.NOTE):
            return ((MARKED, {}),)
        case Term(Key.FAILURE, value):
            return ((FAILED_SO, {"value": value.lower()}),)
        case Span(Key.STATUS, low, high) if _never_2xx(low, high):
            least = LOWEST if low is None else integer(low)
            most = HIGHEST if high is None else integer(high)
            return ((FAILED_WITH, {"least": least, "most": most}),)
        case _:
            return ()


def _never_2xx(least: int | None, most: int | None) -> bool:
    return (least is not None and least > 299) or (most is not None and most < 200)
