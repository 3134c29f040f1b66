"""Keys that come faster than they are handled: from a slow line, a macro, or a person who knows the way."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key, Paste
from textual.worker import Worker

from tui.workers import DIALOG, OPERATION

PATIENCE_S = 0.5
"""So long at most one waits for another: something may be stuck."""
LOOK_S = 0.005
OPERATION_S = 0.1
"""So long at most one waits for an operation: most open nothing, and a replay may take as long as the app."""
AT_ONCE = frozenset({"ctrl+c", "ctrl+q"})
"""What is pressed when something is stuck."""


class TypeAhead:
    """Hands on what is typed, one after the other: each when all is done that the one before it has set going.

    Textual hands a key to whatever has the focus as it comes. Of `/refund` in one piece the slash opened the filter,
    and the letters were keys of the list: they replayed, edited and exported.
    """

    def __init__(self, app: App[None], hand_on: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand_on = hand_on
        self._typed: deque[Key | Paste] = deque()
        self._turn = 0
        """Counts what was handed on, so that who waited too long for one does not go on with another."""
        self._waiting: asyncio.TimerHandle | None = None
        """While something that was handed on is not done."""
        self._began_s = 0.0
        self._screens = 0
        self._workers: set[Worker[object]] = set()
        """Those that were open, and at work, when it was handed on."""

    async def take(self, event: Key | Paste) -> None:
        """Hand something on, or keep it until its turn comes. Called by the application's own message pump."""
        if self._waiting is None or (isinstance(event, Key) and event.key in AT_ONCE):
            await self._begin(event)
        else:
            self._typed.append(event)

    async def _begin(self, event: Key | Paste) -> None:
        self._turn += 1
        goes_to = self._app.focused or self._app.screen
        self._began_s = time.monotonic()
        self._screens, self._workers = len(self._app.screen_stack), set(self._app.workers)
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().call_later(
            PATIENCE_S, partial(self._app.call_later, self._next, self._turn)
        )
        await self._hand_on(event)
        self._follow(goes_to, self._turn)

    def _follow(self, node: DOMNode | None, turn: int) -> None:
        """Go the way of a key that nobody takes, behind it: from a widget to its parents and the application."""
        while node is not None and node is not self._app:
            above = node.parent
            if node.call_later(self._follow, above, turn):
                return
            node = above  # it is closed
        self._app.call_later(self._settle, turn)

    def _settle(self, turn: int) -> None:
        """Let a screen be opened and get ready, and then the focus go where it was sent."""
        if turn != self._turn or self._waiting is None:
            return
        if self._is_opening():
            asyncio.get_running_loop().call_later(LOOK_S, self._settle, turn)
            return
        done = partial(self._app.call_later, self._next, turn)
        if not self._app.screen.call_later(done):
            done()

    def _is_opening(self) -> bool:
        if len(self._app.screen_stack) != self._screens:
            return False
        is_early = time.monotonic() - self._began_s < OPERATION_S
        awaited = {DIALOG, OPERATION} if is_early else {DIALOG}
        begun = set(self._app.workers) - self._workers
        return any(each.group in awaited and not each.is_finished for each in begun)

    async def _next(self, turn: int) -> None:
        if turn != self._turn or self._waiting is None:
            return
        self._waiting.cancel()
        self._waiting = None
        if self._typed:
            await self._begin(self._typed.popleft())
