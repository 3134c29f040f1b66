"""A page of what matches a query, within a bounded time: it says how far it has looked, and the next one goes on there.

Whatever may match is looked at, newest first, a part at a time. Where the text index or an index of the database knows
numbers outside of which nothing can match, only those are.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from inspector.core.found import Coverage, Numbers, Reach, Stopped
from inspector.core.model import Delivery
from inspector.core.query import Key, Query, Span, conjuncts, leaves
from inspector.store import listed, textindex
from inspector.store.filters import Parameters, conditions
from inspector.store.reader import snapshot
from inspector.store.rows.deliveries import SELECT_DELIVERIES, SELECT_NUMBERS
from inspector.store.textindex import TextIndex
from inspector.store.values import Row, integer
from inspector.store.ways import ways
from inspector.store.zones import zones

T = TypeVar("T")

BUDGET_S = 0.15
"""After which a page is as it is."""
FIRST_LOOK = 512
FIRST_LOOK_INSIDE = 32
"""Numbers looked at first; fewer where bodies are read. It is not interrupted: every page gets somewhere."""
LARGEST_LOOK = 8192
LOOK_S = 0.02
"""What a look should take: the next one is twice or half as large."""
PROBE = 1000
"""Of the candidates that each way leads to are counted: the one with the fewest is taken."""
MOST_WAYS = 4
PROBE_S = 0.03
"""What takes longer to begin is no short way."""
STEPS = 2000
"""Of SQLite's, between two looks at the clock."""

RANGE = "WHERE delivery.id BETWEEN :low AND :high AND {conditions} ORDER BY delivery.id DESC LIMIT :limit"

_CHOSEN = "WHERE delivery.id IN (SELECT value FROM json_each(:numbers)) AND {conditions} "
CHOSEN = _CHOSEN + "ORDER BY delivery.id DESC LIMIT :limit"

ENDS = "SELECT (SELECT min(id) FROM delivery), (SELECT max(id) FROM delivery)"


@dataclass(frozen=True, slots=True)
class Found:
    """A page."""

    deliveries: list[Delivery]
    """Newest first, without bodies."""
    reach: Reach


class _Part(NamedTuple):
    """What to look at next."""

    low: int
    high: int
    numbers: Sequence[int] | None = None
    """None: every one from `low` to `high`."""


class _Shape(NamedTuple, Generic[T]):
    """What is returned of a delivery that matches."""

    select: str
    read: Callable[[Row], T]


DELIVERIES = _Shape(SELECT_DELIVERIES, listed.delivery)
NUMBERS = _Shape(SELECT_NUMBERS, lambda row: int(row[0]))


class _Interrupted(Exception):
    """The time is up."""


def page(
    connection: sqlite3.Connection,
    index_path: Path | None,
    query: Query,
    before: int | None,
    limit: int,
    budget_s: float | None = None,
    among: Sequence[int] | None = None,
) -> Found:
    """Return up to `limit` deliveries below `before` that match, as many as are found in time.

    Only of those numbered in `among`, if it is given. Without the text index where `index_path` is None. Raises
    textindex.Unusable if that is damaged.
    """
    with textindex.reading(index_path) as index, snapshot(connection):
        seconds = BUDGET_S if budget_s is None else budget_s
        search = _Search(connection, index, query, DELIVERIES, limit, seconds, among)
        return Found(*search.run(before))


def numbers(
    connection: sqlite3.Connection,
    index_path: Path | None,
    query: Query,
    before: int | None,
    limit: int,
    among: Sequence[int] | None = None,
) -> Numbers:
    """Return the numbers of the same."""
    with textindex.reading(index_path) as index, snapshot(connection):
        search = _Search(connection, index, query, NUMBERS, limit, BUDGET_S, among)
        found, reach = search.run(before)
        onward = found[-1] if found and len(found) == limit else None
        if reach.stopped is not None:
            onward = reach.stopped.at
        oldest, _ = connection.execute(ENDS).fetchone()
        return Numbers(found, onward, oldest, reach.index)


class _Search(Generic[T]):
    """One page in the making."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        index: TextIndex | None,
        query: Query,
        shape: _Shape[T],
        limit: int,
        budget_s: float,
        among: Sequence[int] | None,
    ) -> None:
        self._connection = connection
        self._index = index
        self._query = query
        self._shape = shape
        self._limit = limit
        self._among = None if among is None else sorted(map(integer, among), reverse=True)
        self._until_s = time.monotonic() + budget_s
        self._now_us = time.time_ns() // 1000
        self._sql, self._wanted = conditions(query, self._now_us)
        self._inside = any(leaf.key in (Key.BODY, Key.JSON) for leaf in leaves(query))
        self._size = FIRST_LOOK_INSIDE if self._inside else FIRST_LOOK
        self._upto = 0 if index is None else index.upto

    def run(self, before: int | None) -> tuple[list[T], Reach]:
        low, high, newest = self._ends(before)
        index = Coverage(self._index is not None, self._upto, newest) if self._inside else None
        if low > high or self._limit <= 0:
            return [], Reach(index=index)
        found: list[T] = []
        at = high + 1
        try:
            with self._interrupting():
                for part in self._parts(low, high):
                    found += self._look(part, self._limit - len(found))
                    at = part.low
                    if len(found) == self._limit:
                        return found, Reach(index=index)
                    if time.monotonic() > self._until_s:
                        raise _Interrupted
        except _Interrupted:
            if at > high:  # every page gets somewhere
                at = max(low, at - FIRST_LOOK_INSIDE)
                found = self._look(_Part(at, high, self._listed(at, high)), self._limit)
            if at > low and len(found) < self._limit:
                return found, Reach(Stopped(at, high, low), index)
        return found, Reach(index=index)

    def _ends(self, before: int | None) -> tuple[int, int, int]:
        first, newest = self._connection.execute(ENDS).fetchone()
        if first is None:
            return 1, 0, 0
        low, high = first, newest if before is None else min(newest, integer(before) - 1)
        for each in conjuncts(self._query):
            if isinstance(each, Span) and each.key is Key.ID:
                low = max(low, low if each.low is None else each.low)
                high = min(high, high if each.high is None else each.high)
        return low, high, newest

    def _listed(self, low: int, high: int) -> list[int] | None:
        if self._among is None:
            return None
        return [number for number in self._among if low <= number <= high]

    def _parts(self, low: int, high: int) -> Iterator[_Part]:
        if (known := self._listed(low, high)) is not None:
            yield from self._chosen(iter(known))
            return
        if not any(True for _ in leaves(self._query)):
            yield _Part(low, high)
            return
        stretches = zones(self._index, self._query, self._now_us, low, high)
        low = stretches[-1][0] if stretches else high + 1
        numbers, in_index = self._candidates(low, high)
        if numbers is None:
            for start, end in stretches:
                yield from self._ranges(start, end)
            return
        if in_index and self._upto < high:
            yield from self._ranges(max(low, self._upto + 1), high)
            numbers = dropwhile(lambda number: number > self._upto, numbers)
        yield from self._chosen(numbers)

    def _chosen(self, numbers: Iterator[int]) -> Iterator[_Part]:
        while chunk := list(islice(numbers, self._size)):
            yield _Part(chunk[-1], chunk[0], chunk)

    def _ranges(self, low: int, high: int) -> Iterator[_Part]:
        while high >= low:
            start = max(low, high - self._size + 1)
            yield _Part(start, high)
            high = start - 1

    def _candidates(self, low: int, high: int) -> tuple[Iterator[int] | None, bool]:
        """Return the shortest way to all that may match, and whether it is the index's; None: there is only looking."""
        best: Iterator[int] | None = None
        in_index, fewest = False, PROBE + 1
        for way in islice(ways(self._connection, self._index, self._query, high), MOST_WAYS):
            numbers = way.numbers(low, high)
            first = self._first(numbers)
            if first is not None and len(first) < fewest:
                best, fewest, in_index = chain(first, numbers), len(first), way.in_index
        return best, in_index

    def _first(self, numbers: Iterator[int]) -> list[int] | None:
        """Return the first candidates, if they are found at once."""
        until_s = self._until_s
        self._until_s = min(until_s, time.monotonic() + PROBE_S)
        try:
            return list(islice(numbers, PROBE))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return None
            raise
        finally:
            self._until_s = until_s

    def _look(self, part: _Part, limit: int) -> list[T]:
        began_s = time.monotonic()
        wanted: Parameters = {"limit": limit}
        if part.numbers is None:
            where = RANGE
            wanted |= {"low": part.low, "high": part.high}
        else:
            where = CHOSEN
            wanted["numbers"] = json.dumps(part.numbers)
        sql = self._shape.select + where.format(conditions=self._sql)
        rows = listed.all_rows(self._connection, sql, self._wanted | wanted)
        if time.monotonic() - began_s < LOOK_S / 2:
            self._size = min(self._size * 2, LARGEST_LOOK)
        elif time.monotonic() - began_s > LOOK_S:
            self._size = max(self._size // 2, FIRST_LOOK_INSIDE)
        return [self._shape.read(row) for row in rows]

    @contextmanager
    def _interrupting(self) -> Iterator[None]:
        """Stop both databases when the time is up."""
        connections = [self._connection]
        if self._index is not None:
            connections.append(self._index.connection)
        for each in connections:
            each.set_progress_handler(lambda: time.monotonic() > self._until_s, STEPS)
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                raise _Interrupted from None
            raise
        finally:
            for each in connections:
                each.set_progress_handler(None, STEPS)
