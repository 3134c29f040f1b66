"""The delivery that is sent again by itself, while somebody works on the app."""

import asyncio
from collections.abc import Callable
from typing import Any

from textual.message import Message

from inspector.client import Client
from inspector.client.autoreplay import AutoReplay, Round
from inspector.client.replaying import Order
from inspector.errors import HooktapError
from tui import labels
from tui.messages import Told
from tui.screens.autoreplay import Pin
from tui.telling import came_of


class Pinned:
    """At most one delivery, with what its last round came to."""

    def __init__(
        self, client: Client, show: Callable[[str], None], post: Callable[[Message], Any]
    ) -> None:
        """`show` is given a line while one is pinned, and an empty one at its end; `post` is told each round."""
        self._client = client
        self._show = show
        self._post = post
        self._task: asyncio.Task[Told | None] | None = None
        self._delivery_id = 0
        self.line = ""

    @property
    def is_running(self) -> bool:
        """Whether one is pinned."""
        return self._task is not None

    def stop(self) -> None:
        """Let it go."""
        if self._task is not None:
            self._task.cancel()

    async def run(self, delivery_id: int, pin: Pin) -> Told | None:
        """Send it until it is let go, or has succeeded if that is asked for; return what there is to tell then."""
        if self._task is not None:
            return Told(f"#{self._delivery_id} is pinned already")
        self._delivery_id = delivery_id
        self._say("on its way")
        try:
            async with asyncio.TaskGroup() as group:
                self._task = task = group.create_task(self._follow(pin))
        finally:
            self._task = None
            self.line = ""
            self._show("")
        return Told(f"#{delivery_id} is let go") if task.cancelled() else task.result()

    async def _follow(self, pin: Pin) -> Told | None:
        try:
            auto = AutoReplay(
                self._client,
                self._delivery_id,
                Order(),
                self._tell,
                paths=pin.paths,
                until_success=pin.until_success,
            )
            await auto.run()
        except HooktapError as error:
            return Told.of(error)
        return Told(f"#{self._delivery_id} has succeeded, and is let go")

    def _tell(self, done: Round) -> None:
        if isinstance(done.outcome, HooktapError):
            self._post(Told.of(done.outcome))
            self._say(f"round {done.number}: not sent")
            return
        said = f", {done.outcome.said}" if done.outcome.said else ""
        sentence = f"#{self._delivery_id} ({done.because}): {came_of(done.outcome.attempt, said)}"
        self._post(Told(sentence, "information" if done.succeeded else "error"))
        self._say(f"round {done.number}: {labels.result(done.outcome.attempt).text}{said}")

    def _say(self, state: str) -> None:
        self.line = f"pinned #{self._delivery_id}, {state}   escape lets it go"
        self._show(self.line)
