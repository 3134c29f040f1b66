"""The numbers of all deliveries, by an index: for whoever shows a million of them and reads only those in sight.

Read from the table itself they would come with their bodies, which lie between them.
"""

import sqlite3

from inspector.core.found import Numbers, Repeat
from inspector.store.reader import snapshot
from inspector.store.values import integer

OLDEST = "SELECT min(id) FROM delivery"

# The index has them in descending order within each outcome, of which there are few: they are merged as they are read.
# As bytes, because a flipped bit may have left what is no UTF-8.
NEXT_OUTCOME = """
    SELECT CAST(outcome AS BLOB) FROM delivery
    WHERE outcome > CAST(:after AS TEXT) COLLATE NOCASE
    ORDER BY outcome COLLATE NOCASE
    LIMIT 1
"""

OF_OUTCOME = """
    SELECT id FROM delivery WHERE outcome = CAST({value} AS TEXT) COLLATE NOCASE AND id < :before
"""

MERGED = " ORDER BY id DESC LIMIT :limit"

# All in one row. For each row Python lets go of the interpreter lock, and waits for it again: beside a rush of
# deliveries that takes longer than all the reading.
IN_ONE = "SELECT group_concat(id) FROM ({})"

# Most never failed, which the index of failures knows: the attempts themselves are read only of those that did. The
# condition is that of the index, word for word.
REPEATS = """
    SELECT group_concat(delivery_id || ',' || CAST(of AS INTEGER) || ',' || (
        EXISTS (
            SELECT 1 FROM attempt INDEXED BY attempt_failed
            WHERE delivery_id = duplicate.delivery_id AND (failure IS NOT NULL OR status NOT BETWEEN 200 AND 299)
        )
        AND (
            SELECT failure IS NOT NULL OR status NOT BETWEEN 200 AND 299 FROM attempt
            WHERE delivery_id = duplicate.delivery_id
            ORDER BY number DESC
            LIMIT 1
        ) IS TRUE
    ))
    FROM duplicate
    WHERE delivery_id BETWEEN :low AND :high
"""


def page(connection: sqlite3.Connection, before: int, limit: int) -> Numbers:
    """Return the `limit` highest numbers below `before`, and where to go on."""
    with snapshot(connection):
        (oldest,) = connection.execute(OLDEST).fetchone()
        outcomes = _outcomes(connection)
        if not outcomes or limit <= 0:
            return Numbers([], oldest=oldest)
        values = {f"outcome_{n}": each for n, each in enumerate(outcomes)}
        parts = [OF_OUTCOME.format(value=f":{name}") for name in values]
        sql = IN_ONE.format(" UNION ALL ".join(parts) + MERGED)
        wanted = {"before": integer(before), "limit": limit}
        numbers = _integers(connection.execute(sql, {**values, **wanted}))
        numbers.sort(reverse=True)  # they are: but SQL does not promise in which order it joins
        repeats = _repeats(connection, numbers) if numbers else []
    onward = numbers[-1] if len(numbers) == limit else None
    return Numbers(numbers, onward, oldest, repeats=repeats)


def _repeats(connection: sqlite3.Connection, newest_first: list[int]) -> list[Repeat]:
    """Return those of a page whose event came before."""
    span = {"low": newest_first[-1], "high": newest_first[0]}
    integers = iter(_integers(connection.execute(REPEATS, span)))
    repeats = zip(integers, integers, integers, strict=True)
    return sorted(
        (Repeat(number, first, bool(failed)) for number, first, failed in repeats), reverse=True
    )


def _integers(rows: sqlite3.Cursor) -> list[int]:
    """Return the integers with commas between that the only row holds, if there are any."""
    (joined,) = rows.fetchone()
    return [int(each) for each in joined.split(",")] if joined else []


def _outcomes(connection: sqlite3.Connection) -> list[str]:
    """Return every outcome that there is, from one to the next by the index."""
    found: list[str] = []
    while row := connection.execute(NEXT_OUTCOME, {"after": found[-1] if found else ""}).fetchone():
        found.append(row[0])
    return found
