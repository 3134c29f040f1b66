"""Which deliveries match the filter: first of those there are, newest first, then of those that come or change."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from textual.message import Message

from inspector.client import Client
from inspector.core.briefs import News
from inspector.core.model import Delivery
from inspector.errors import HooktapError, QueryError
from tui.messages import FilterRefused, MatchesFound, MatchesSettled
from tui.pages import Pages

FIRST = 64
"""Matches that are asked for first: a screen full."""
BREATH_S = 0.1
"""After those; the inspector gives out their rows then, which would else have to wait for the others."""
MORE = 25_000
AT_ONCE = 500
"""Deliveries looked at again in one call: as many as the API takes."""
MOST_CHANGED = 10_000
"""More than these are not looked at one by one: the search begins anew."""
PAUSE_S = 0.25
RETRY_S = 1.0

Tell = Callable[[Message], object]


class Matching:
    """One filter at a time; what is being asked for another is to be cancelled."""

    def __init__(self, client: Client, pages: Pages) -> None:
        self._client = client
        self._pages = pages
        self._changed: dict[int, None] = {}
        self._has_changed = asyncio.Event()

    def note(self, records: Iterable[News]) -> None:
        """Have those deliveries looked at that have come, or of which something has become known."""
        for record in records:
            self._changed[record.id if isinstance(record, Delivery) else record.delivery_id] = None
        if self._changed:
            self._has_changed.set()

    async def run(self, query: str, tell: Tell) -> None:
        """Tell what matches, until cancelled. It ends where the query cannot be read."""
        self._changed.clear()
        while True:
            try:
                await self._search(query, tell)
                await self._keep_up(query, tell)
            except QueryError as error:
                tell(FilterRefused(query, str(error)))
                return
            except HooktapError as error:
                tell(FilterRefused(query, str(error)))
                await asyncio.sleep(RETRY_S)

    async def _search(self, query: str, tell: Tell) -> None:
        found = await self._client.numbers(query, limit=FIRST)
        # With their rows: lines without them would be painted first, which takes as long as to read them.
        await self._pages.fetch(found.numbers, tell)
        tell(MatchesFound(query, found, is_first=True))
        await asyncio.sleep(BREATH_S if found.before is not None else 0)
        while found.before is not None:
            await self._settle(query, tell)
            found = await self._client.numbers(query, before=found.before, limit=MORE)
            tell(MatchesFound(query, found, is_first=False))

    async def _keep_up(self, query: str, tell: Tell) -> None:
        """Look at what changes; return when that is too much for single looks."""
        while len(self._changed) <= MOST_CHANGED:
            await self._has_changed.wait()
            await self._settle(query, tell)
            await asyncio.sleep(PAUSE_S)
        self._changed.clear()

    async def _settle(self, query: str, tell: Tell) -> None:
        numbers = list(self._changed)[:AT_ONCE]
        if not numbers:
            return
        matching = await self._matching(query, numbers)
        for number in numbers:
            self._changed.pop(number, None)
        if not self._changed:
            self._has_changed.clear()
        tell(MatchesSettled(query, numbers, matching))

    async def _matching(self, query: str, numbers: Sequence[int]) -> set[int]:
        matching: set[int] = set()
        before: int | None = None
        while True:
            found = await self._client.numbers(query, before=before, limit=AT_ONCE, ids=numbers)
            matching.update(found.numbers)
            before = found.before
            if before is None:
                return matching
