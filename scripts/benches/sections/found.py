"""How soon the terminal shows the first page of what a filter finds."""

import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

from scripts.benches import contestants, sights, terminal
from scripts.benches.api import NOTHING, Api, connected
from scripts.benches.figures import Mark, Result, Row, columns, spread
from scripts.benches.sections.pages import searches_of
from scripts.benches.setting import Setting
from scripts.benches.terminal import Terminal

FILTERS = (
    "outcome:mismatch",
    "provider:stripe",
    "endpoint:github",
    "event:booking.completed",
    "provider:jinko outcome:mismatch",
)
SETTLE_S = 0.3
CLEAR = "\x1b"
FILTER_MARK, SEARCH_MARK = Mark(50, "ms"), Mark(300, "ms")


class _Taken(NamedTuple):
    entered_ms: float
    """From enter, pressed right behind a query that is pasted."""
    typed_ms: float
    """The same without enter: the terminal waits whether more is typed."""


def found(setting: Setting) -> Result:
    """Time filters from when they are entered until the newest that match stand there, and how many match.

    Every line has all its columns then. The query is pasted and enter pressed in the same instant, while the filter's
    line is open already; the time counts from there. Nothing else happens meanwhile, and the store is in memory as far
    as the system keeps files there.
    """
    filled = setting.filled
    with ExitStack() as stack:
        stack.enter_context(contestants.hooktap("found", filled.data_dir))
        api = stack.enter_context(connected(filled.data_dir))
        shown = stack.enter_context(terminal.opened(filled.data_dir, setting.work))
        shown.until(sights.counts(filled.deliveries), "the number of all deliveries")
        searches = [query for query in searches_of(api)[0] if query != NOTHING]
        pages = {query: _page(api, query) for query in (*FILTERS, *searches)}
        runs = {
            query: partial(_run, shown, query, page, _page(api, ""))
            for query, page in pages.items() if page
        }  # fmt: skip
        setting.take_turns("found, warming up", runs, rounds=1)
        seen = setting.take_turns("found", runs)
    count = f"{filled.deliveries:,}"
    rows = [
        _slowest(f"a column filter of {count} to its first page in the terminal", FILTER_MARK, seen, FILTERS),
        _slowest(f"a `body:` search of {count} to its first page in the terminal", SEARCH_MARK, seen, searches),
    ]  # fmt: skip
    return Result(rows, _table(seen))


def _page(api: Api, query: str) -> Sequence[int]:
    return api.search(query).numbers


def _run(shown: Terminal, query: str, page: Sequence[int], everything: Sequence[int]) -> _Taken:
    entered, typed = (_filtered_ms(shown, query, page, everything, end=end) for end in ("\r", ""))
    return _Taken(entered, typed)


def _filtered_ms(
    shown: Terminal, query: str, page: Sequence[int], everything: Sequence[int], *, end: str
) -> float:
    """Filter, and list everything again."""
    shown.painted_ms("/", sights.has_filter, "the filter's line")
    shown.rest(SETTLE_S)
    pasted = f"\x1b[200~{query}\x1b[201~"
    took_ms = shown.painted_ms(pasted + end, sights.finds(page), f"the first page of {query}")
    shown.rest(SETTLE_S)
    shown.painted_ms(CLEAR, sights.shows(everything), "everything again")
    shown.rest(SETTLE_S)
    return took_ms


def _slowest(
    what: str, mark: Mark, seen: Mapping[str, Sequence[_Taken]], queries: Sequence[str]
) -> Row:
    times = {query: [each.entered_ms for each in seen[query]] for query in queries if query in seen}
    if not times:
        return Row(what, mark, said="nothing of the kind is stored")
    query = max(times, key=lambda each: statistics.median(times[each]))
    return Row(what, mark, times[query], f"the slowest of {len(times)}: `{query}`")


def _table(seen: Mapping[str, Sequence[_Taken]]) -> str:
    rows = [("", "entered: ms", "lowest", "highest", "typed only: ms")]
    for query, taken in seen.items():
        entered = [each.entered_ms for each in taken]
        least, most = spread(entered)
        typed = statistics.median(each.typed_ms for each in taken)
        middle = statistics.median(entered)
        rows.append((query, f"{middle:.0f}", f"{least:.0f}", f"{most:.0f}", f"{typed:.0f}"))
    return columns(rows)
