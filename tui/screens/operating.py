"""Operations that a screen carries out: in workers, one dialog at a time, and what is told of how they end."""

from collections.abc import Awaitable
from typing import TypeVar

from textual import work
from textual.screen import ModalScreen, Screen
from textual.worker import Worker, WorkerState

from inspector.errors import HooktapError
from tui.messages import Told
from tui.workers import DIALOG, OPERATION

Answer = TypeVar("Answer")

SLOW_S = 0.5
"""A replay that takes longer is announced."""


class OperatingScreen(Screen[None]):
    """Waits for what takes time, while the person goes on."""

    @work(group=OPERATION, exit_on_error=False)
    async def _do(self, operation: Awaitable[Told | None], *, waiting: str | None = None) -> None:
        """Carry out an operation and tell what came of it, if it says; after a while, tell that it is `waiting`."""
        slow = self.set_timer(SLOW_S, lambda: self.notify(waiting or ""), pause=waiting is None)
        try:
            told = await operation
        except HooktapError as error:
            told = Told.of(error)
        finally:
            slow.stop()
        if told is not None:
            self.post_message(told)

    async def _ask(self, screen: ModalScreen[Answer]) -> Answer | None:
        return await self.app.push_screen_wait(screen)

    @work(group=DIALOG, exclusive=True, exit_on_error=False)
    async def _open(self, screen: Awaitable[Screen[None] | None]) -> None:
        try:
            made = await screen
        except HooktapError as error:
            self.post_message(Told.of(error))
        else:
            if made is not None:
                self.app.push_screen(made)

    def on_worker_state_changed(self, message: Worker.StateChanged) -> None:
        """Tell of a mistake of ours; it ends one worker, not the application."""
        if message.state is WorkerState.ERROR:
            error = message.worker.error
            self.notify(f"{message.worker.name} failed: {error!r}", severity="error")
