"""What takes longer: one run at a time, which says how far it is, and can be stopped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class LongRun:
    """Whether one is under way, and whether it is to end."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """`show` is given a line on how far a run has come, and an empty one at its end."""
        self._show = show
        self._counts: Callable[[], str] = str
        self.is_running = False
        self.is_stopping = False

    @contextmanager
    def running(self, counts: Callable[[], str]) -> Iterator[None]:
        """Be under way until the block ends; `counts` says how far it is."""
        self._counts = counts
        self.is_running = True
        self.is_stopping = False
        try:
            yield
        finally:
            self.is_running = False
            self._show("")

    def stop(self) -> None:
        """Ask it to end after what is at hand."""
        self.is_stopping = True
        self.show()

    def show(self) -> None:
        """Show how far it is now."""
        self._show(f"{self._counts()}   {'stopping' if self.is_stopping else 'escape stops'}")
