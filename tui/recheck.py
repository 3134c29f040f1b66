"""Checking every stored delivery again, as far as a person lets it."""

from collections.abc import Callable

from inspector.client import Client
from inspector.errors import HooktapError
from tui.longrun import LongRun
from tui.messages import Told

PAGE = 100
"""Deliveries per call: a few tenths of a second, after which a wish to stop is heard."""


class Recheck:
    """Runs through the store, newest first; one run at a time."""

    def __init__(self, client: Client, show: Callable[[str], None]) -> None:
        """`show` is given a line on how far a run has come, and an empty one at its end."""
        self._client = client
        self._long = LongRun(show)
        self._checked = self._changed = 0

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self._long.is_running

    async def run(self) -> Told:
        """Check page after page; return what it came to."""
        if self.is_running:
            return Told("everything is being checked already")
        self._checked = self._changed = 0
        with self._long.running(self._counts):
            try:
                return await self._run()
            except HooktapError as error:
                return Told(f"{self._counts()}, then: {error}", "error")

    def stop(self) -> None:
        """End the run after the deliveries that are being checked."""
        self._long.stop()

    async def _run(self) -> Told:
        before: int | None = None
        while not self._long.is_stopping:
            self._long.show()
            done = await self._client.reverify(before=before, limit=PAGE)
            self._checked += done.checked
            self._changed += done.changed
            before = done.before
            if before is None:
                return Told(self._counts())
        return Told(f"stopped: {self._counts()}", "warning")

    def _counts(self) -> str:
        return f"checked {self._checked:,}, {self._changed:,} changed"
