"""How long the API takes for what a person looks at: the newest page, a filter, a search."""

import re
import statistics
from collections.abc import Sequence
from functools import partial

from scripts.benches.api import NOTHING, Api, Found, RefusedError, looking_at
from scripts.benches.figures import Mark, Result, Row, columns, spread
from scripts.benches.setting import Setting

NEWEST = ""
FILTERS = (
    "outcome:mismatch",
    "outcome:no_secret",
    "provider:stripe",
    "provider:nobody",
    "endpoint:github",
    "endpoint:nobody",
    "event:booking.completed",
    "event:nothing.like.it",
    "method:PUT",
)
"""Each of the columns that can be asked for: a value that many deliveries have, and one that hardly any or none has."""
BESIDES = ("provider:jinko outcome:mismatch", "-provider:stripe event:booking.*", "nothinglikeit")
"""Of more than one column: shown, without a mark."""
WORD = re.compile(rb"[0-9A-Za-z]{12,}")
REPEATS = 3
"""For each round of the others: one takes milliseconds."""
Seen = dict[str, list[Found]]


def pages(setting: Setting) -> Result:
    """Time them on a store of many realistic deliveries, in memory as far as the system keeps its files there."""
    count = f"{setting.filled.deliveries:,}"
    with looking_at(setting.filled.data_dir) as api:
        searches, refusal = searches_of(api)
        queries = (NEWEST, *FILTERS, *BESIDES, *searches)
        runs = {query: partial(api.search, query) for query in queries}
        setting.take_turns("pages, warming up", runs, rounds=1)
        seen = setting.take_turns("pages", runs, rounds=setting.rounds * REPEATS)
    search = f"a `body:` search of {count}"
    rows = [
        Row(f"newest page of {count}", Mark(5, "ms"), _times_ms(seen, NEWEST)),
        _slowest(f"a column filter of {count}", Mark(50, "ms"), seen, FILTERS),
        _slowest(search, Mark(300, "ms"), seen, searches)
        if searches
        else Row(search, Mark(300, "ms"), said=f"the query language refuses it: {refusal}"),
    ]
    indexed_s = setting.filled.indexed_s
    built = "no text index" if indexed_s is None else f"text index built in {indexed_s:.0f} s"
    return Result(rows, f"{built}\n{_table(seen)}")


def _slowest(what: str, mark: Mark, seen: Seen, queries: Sequence[str]) -> Row:
    query = max(queries, key=lambda each: statistics.median(_times_ms(seen, each)))
    said = f"the slowest of {len(queries)}: `{query}`, a whole page or all looked through"
    return Row(what, mark, _times_ms(seen, query), said)


def searches_of(api: Api) -> tuple[Sequence[str], str]:
    """Return what to look for in bodies: a word of one, a common one, one of none; or why bodies are not searched."""
    newest = max(api.search(NEWEST).numbers, default=0)
    page = api.page(before=newest // 2)["deliveries"]
    words = (WORD.findall(api.get(f"/api/deliveries/{each['id']}/body")) for each in page)
    rare = max((word for found in words for word in found), key=len, default=b"nothing").decode()
    searches = (f"body:{rare}", "body:currency", NOTHING)
    try:
        for query in searches:
            api.page(query=query)
    except RefusedError as error:
        return (), str(error)
    return searches, ""


def _times_ms(seen: Seen, query: str) -> list[float]:
    return [each.took_ms for each in seen[query]]


def _table(seen: Seen) -> str:
    rows = [("", "found", "calls", "median ms", "lowest", "highest")]
    for query, found in seen.items():
        times_ms = _times_ms(seen, query)
        least, most = spread(times_ms)
        rows.append(
            (
                query or "(newest)",
                str(len(found[-1].numbers)),
                f"{statistics.median(each.calls for each in found):.0f}",
                f"{statistics.median(times_ms):.1f}",
                f"{least:.1f}",
                f"{most:.1f}",
            )
        )
    return columns(rows)
