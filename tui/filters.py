"""The filter that holds: what it lets through, what is told of it, and the book of earlier ones."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from textual.message import Message

from inspector.client import Client
from inspector.core import query
from inspector.core.briefs import News
from inspector.core.found import Coverage
from inspector.core.query import Key
from inspector.core.text import safe
from inspector.core.wire import JSON
from inspector.errors import HooktapError, QueryError
from tui.filterbook import FilterBook
from tui.listing import Listing
from tui.matching import Matching
from tui.messages import FilterRefused, MatchesFound, MatchesSettled
from tui.pages import Pages
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.filter_bar import FilterBar

UNINDEXED = 2000
"""Numbers that are not in the text index; with more, a search takes longer than it will."""


class Filters:
    """Turns what is typed into what is listed."""

    def __init__(
        self,
        client: Client,
        listing: Listing,
        pages: Pages,
        deliveries: DeliveryList,
        directory: Path,
    ) -> None:
        self.bar = FilterBar()
        self.book = FilterBook(directory)
        self.query = ""
        """Of what is listed; empty: everything is."""
        self._client = client
        self._matching = Matching(client, pages)
        self._listing = listing
        self._list = deliveries
        self._looked = 1.0
        """What part of all deliveries was looked at."""
        self._index: Coverage | None = None
        self._known: dict[Key, set[str]] = {Key.ENDPOINT: set(), Key.PROVIDER: set()}

    def show(self, text: str) -> bool:
        """Begin to list what matches; False if it is listed already, or `text` cannot be read.

        The list stays as it is until it is known what matches.
        """
        text = text.strip()
        self.bar.show(text)
        try:
            query.parse(text)
        except QueryError as error:
            self.bar.say(str(error))
            return False
        self.bar.say("")
        if text == self.query:
            return False
        self.query = text
        if not text:
            self._listing.show(None)
            self._list.show_other()
            self.bar.tell("")
        return True

    async def run(self, tell: Callable[[Message], object]) -> None:
        """Look for what matches, until cancelled."""
        if self.query:
            await self._matching.run(self.query, tell)

    def note(self, records: Iterable[News]) -> None:
        """Take notice of records of the feed: they may change what matches."""
        if self.query:
            self._matching.note(records)

    def know(self, endpoints: Iterable[JSON]) -> None:
        """Take notice of what endpoints there are, to offer their names."""
        for endpoint in endpoints:
            self._known[Key.ENDPOINT].add(str(endpoint["name"]))
            if endpoint.get("provider"):
                self._known[Key.PROVIDER].add(str(endpoint["provider"]))

    async def learn(self) -> None:
        """Find out which providers there are, to offer their names."""
        try:
            providers = await self._client.providers()
        except HooktapError:  # then only those that were seen are offered
            return
        self._known[Key.PROVIDER].update(str(provider["name"]) for provider in providers)
        self.bar.know(self._values())

    def open(self) -> None:
        """Let a filter be typed."""
        self.bar.know(self._values())
        self.bar.open(self.book.history)

    def close(self, notify: Callable[..., None]) -> None:
        """Remember the filter that was typed."""
        self._write(notify, lambda: self.book.use(self.query))
        if not self.query:
            self.bar.hide()

    def save(self, name: str, notify: Callable[..., None]) -> None:
        """Give the filter a name."""
        if self._write(notify, lambda: self.book.save(name, self.query)):
            notify(f"saved as {name}; ctrl+f lists it")

    def forget(self, name: str, notify: Callable[..., None]) -> None:
        """Take a name away."""
        self._write(notify, lambda: self.book.forget(name))

    def _write(self, notify: Callable[..., None], write: Callable[[], None]) -> bool:
        try:
            write()
        except HooktapError as error:
            notify(str(error), severity="error")
            return False
        return True

    def found(self, message: MatchesFound) -> None:
        """List what matches."""
        if message.query != self.query:
            return
        found = message.found
        self._looked = 1.0 if found.before is None else self._listing.share_above(found.before)
        self._index = found.index
        if self.bar.query_text.strip() == safe(self.query):
            self.bar.say("")
        if message.is_first:
            self._listing.show(found.numbers)
            self._list.show_other()
        else:
            self._listing.add_matching(found.numbers)
            self._list.apply()
        self.tell_count()

    def settled(self, message: MatchesSettled) -> None:
        """List what has come to match, and no longer what does not."""
        if message.query == self.query:
            added = self._listing.settle(message.looked_at, message.matching)
            self._list.apply(added)
            self.tell_count()

    def refused(self, message: FilterRefused) -> None:
        """Say why nothing can be found."""
        if message.query == self.query:
            self.bar.say(message.problem)

    def tell_count(self) -> None:
        """Show how many match, of how many."""
        if not (self.query and self._listing.is_filtered):
            return
        counts = f"{len(self._listing.listed):,} of {len(self._listing.everything):,}"
        looked = "" if self._looked >= 1 else f", looked at {int(self._looked * 100)} %"
        self.bar.tell(f"{counts}{looked}{_slowly(self._index)}")

    def _values(self) -> Mapping[Key, Iterable[str]]:
        seen: dict[Key, set[str]] = {key: set(values) for key, values in self._known.items()}
        seen |= {Key.EVENT: set(), Key.METHOD: set()}
        for row in self._listing.window:
            delivery = row.delivery
            seen[Key.ENDPOINT].add(delivery.endpoint)
            seen[Key.METHOD].add(delivery.request.method)
            if delivery.provider is not None:
                seen[Key.PROVIDER].add(delivery.provider)
            if delivery.event is not None:
                seen[Key.EVENT].add(delivery.event)
        return seen


def _slowly(index: Coverage | None) -> str:
    if index is None or index.newest - index.upto <= UNINDEXED:
        return ""
    if not index.available:
        return ", no text index"
    return f", text index at #{index.upto:,} of #{index.newest:,}"
