"""Checking every stored delivery again, as far as a person lets it."""

from collections.abc import Callable

from inspector.client import Client
from inspector.errors import HooktapError
from tui.messages import Told

PAGE = 100
"""Deliveries per call: a few tenths of a second, after which a wish to stop is heard."""


class Recheck:
    """Runs through the store, newest first; one run at a time."""

    def __init__(self, client: Client, show: Callable[[str], None]) -> None:
        """`show` is given a line on how far a run has come, and an empty one at its end."""
        self._client = client
        self._show = show
        self._checked = self._changed = 0
        self._is_stopped = False
        self.is_running = False

    async def run(self) -> Told:
        """Check page after page; return what it came to."""
        if self.is_running:
            return Told("everything is being checked already")
        self._checked = self._changed = 0
        self._is_stopped = False
        self.is_running = True
        try:
            return await self._run()
        except HooktapError as error:
            return Told(f"{self._counts()}, then: {error}", "error")
        finally:
            self.is_running = False
            self._show("")

    def stop(self) -> None:
        """End the run after the deliveries that are being checked."""
        self._is_stopped = True
        self._show_progress()

    async def _run(self) -> Told:
        before: int | None = None
        while not self._is_stopped:
            self._show_progress()
            done = await self._client.reverify(before=before, limit=PAGE)
            self._checked += done.checked
            self._changed += done.changed
            before = done.before
            if before is None:
                return Told(self._counts())
        return Told(f"stopped: {self._counts()}", "warning")

    def _show_progress(self) -> None:
        self._show(f"{self._counts()}   {'stopping' if self._is_stopped else 'escape stops'}")

    def _counts(self) -> str:
        return f"checked {self._checked:,}, {self._changed:,} changed"
