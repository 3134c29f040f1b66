"""Where the terminal was left, for the next one to begin there: kept in a file that only this user can read."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

from inspector.core import query
from inspector.errors import HooktapError
from tui.bodyview import View
from tui.listing import Listing
from tui.private import write_private
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import TABS, DetailPane

FILE = "bookmark.json"
FILE_MAX_BYTES = 16_384
"""What is longer is not ours."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What was to be seen."""

    query: str = ""
    """What was listed matches it."""
    delivery_id: int | None = None
    following: bool = True
    """Whether each new delivery was selected as it arrived."""
    tab: str = TABS[0]
    view: View | None = None
    """Of that delivery's body, if it was not shown as suits it best."""


class Returning:
    """Brings a terminal back to where the last one was left; the later of two that were open at once decides."""

    def __init__(self, directory: Path, listing: Listing, deliveries: DeliveryList) -> None:
        self._path = directory / FILE
        self._listing = listing
        self._list = deliveries
        self._begun = _read(self._path)
        self._wanted = None if self._begun.following else self._begun.delivery_id

    def begin(self, detail: DetailPane) -> str:
        """Show the tab and the view that were chosen; return the filter that held."""
        detail.begin(self._begun.tab, self._begun.delivery_id, self._begun.view)
        return self._begun.query

    def look(self) -> None:
        """Select the delivery that was selected, as soon as it is listed.

        If the person has gone elsewhere meanwhile, or it is gone, what is selected stays.
        """
        if self._wanted is None or not self._list.following:
            self._wanted = None
        elif self._listing.is_filtered or not self._begun.query:
            numbers = self._listing.listed
            if numbers.index(self._wanted) is not None:
                self._list.go_to(self._wanted)
                self._wanted = None
            elif len(numbers) and numbers[0] < self._wanted:
                self._wanted = None

    def keep(self, filtered: str, detail: DetailPane) -> None:
        """Leave a bookmark, unless all is as it was; a disk that takes no file forgets it."""
        left = Bookmark(
            filtered,
            self._list.selected,
            self._list.following,
            detail.tabs.active,
            detail.body_pane.chosen,
        )
        if left != self._begun:
            with contextlib.suppress(HooktapError):
                _write(self._path, left)


def _read(path: Path) -> Bookmark:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(FILE_MAX_BYTES))
        match found:
            case {
                "query": str(filtered),
                "delivery": int() | None as delivery_id,
                "following": bool(following),
                "tab": str(tab),
                "view": str() | None as view,
            }:
                query.parse(filtered)
                return Bookmark(
                    filtered, delivery_id, following, tab, None if view is None else View(view)
                )
    except (OSError, ValueError, RecursionError, HooktapError):
        pass  # nothing in it is worth an error
    return Bookmark()


def _write(path: Path, bookmark: Bookmark) -> None:
    data = {
        "query": bookmark.query,
        "delivery": bookmark.delivery_id,
        "following": bookmark.following,
        "tab": bookmark.tab,
        "view": bookmark.view,
    }
    write_private(path, json.dumps(data, indent=1))
