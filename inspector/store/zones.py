"""Stretches of deliveries in which something may match, by when they arrived and how long their bodies are."""

from inspector.core.query import Key, Moment, Query, Span, conjuncts
from inspector.store import textindex
from inspector.store.filters import moment_us
from inspector.store.textindex import TextIndex
from inspector.store.values import HIGHEST, LOWEST, integer

ZONES = """
    SELECT above, upto FROM zone
    WHERE upto >= :low AND above < :high AND newest_us >= :since_us AND oldest_us < :until_us
        AND largest_bytes >= :smallest AND smallest_bytes <= :largest
    ORDER BY upto DESC
"""


def zones(
    index: TextIndex | None, query: Query, now_us: int, low: int, high: int
) -> list[tuple[int, int]]:
    """Return the first and the last number of each from `low` to `high`, the newest first."""
    limits = _limits(query, now_us)
    if index is None or set(limits.values()) == {LOWEST, HIGHEST}:
        return [(low, high)]
    found = [(max(low, index.upto + 1), high)] if high > index.upto else []
    with textindex.told():
        known = index.connection.execute(ZONES, limits | {"low": low, "high": high}).fetchall()
    for above, upto in known:
        start, end = max(low, above + 1), min(high, upto)
        if found and found[-1][0] == end + 1:
            found[-1] = (start, found[-1][1])
        elif start <= end:
            found.append((start, end))
    return found


def _limits(query: Query, now_us: int) -> dict[str, int]:
    limits = {"since_us": LOWEST, "until_us": HIGHEST, "smallest": LOWEST, "largest": HIGHEST}
    for each in conjuncts(query):
        if isinstance(each, Moment):
            at_us = integer(moment_us(each, now_us))
            if each.key is Key.SINCE:
                limits["since_us"] = max(limits["since_us"], at_us)
            else:
                limits["until_us"] = min(limits["until_us"], at_us)
        elif isinstance(each, Span) and each.key is Key.SIZE:
            if each.low is not None:
                limits["smallest"] = max(limits["smallest"], integer(each.low))
            if each.high is not None:
                limits["largest"] = min(limits["largest"], integer(each.high))
    return limits
