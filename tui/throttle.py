"""What is asked for more often than anybody can read."""

from collections.abc import Callable

from textual.message_pump import MessagePump


class Throttle:
    """Calls at once when it is asked to, and then once in a while, however often it is asked."""

    def __init__(self, owner: MessagePump, every_s: float, call: Callable[[], object]) -> None:
        """The `owner` keeps the time; nothing is called once it is gone."""
        self._owner = owner
        self._every_s = every_s
        self._call = call
        self.is_resting = False
        """Whether it was called a moment ago."""
        self._is_wanted = False

    def ask(self) -> None:
        """Have it called, now or soon."""
        if self.is_resting:
            self._is_wanted = True
            return
        self.is_resting = True
        self._owner.set_timer(self._every_s, self._rested)
        self._call()

    def _rested(self) -> None:
        self.is_resting = False
        if self._is_wanted:
            self._is_wanted = False
            self.ask()
