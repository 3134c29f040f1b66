"""Replays as the terminal asks for them: one, one that was edited, a whole set, and one that repeats itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from textual.message import Message
from textual.screen import ModalScreen

from inspector.client import Client, replaying
from inspector.client.replaying import Order, Pace, SetReplay, Tally, numbers, target_of
from inspector.core.model import Delivery
from inspector.core.text import safe, shorten
from inspector.errors import HooktapError
from tui import labels
from tui.longrun import LongRun
from tui.messages import Told
from tui.pinned import Pinned
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import Answer, ConfirmScreen
from tui.screens.edit import EditScreen
from tui.telling import replayed

T = TypeVar("T")

MARKED = "is:marked"
QUERY_WIDTH = 40
"""Characters of a filter in a question."""


class Asking(Protocol):
    """Shows a question, and returns its answer."""

    def __call__(self, screen: ModalScreen[T], /) -> Awaitable[T | None]:
        """Ask."""


class Replaying:
    """What the keys for replays do; of what repeats or takes long, one at a time."""

    def __init__(
        self,
        client: Client,
        directory: Path,
        *,
        ask: Asking,
        show: Callable[[str], None],
        post: Callable[[Message], Any],
    ) -> None:
        """`ask` puts a question, `show` is given a line on what is going on, `post` a message of what to tell."""
        self._client = client
        self._directory = directory
        self._ask = ask
        self._show = show
        self._post = post
        self._long = LongRun(self._show_run)
        self._run: SetReplay | None = None
        self._pinned = Pinned(client, self._show_pinned, post)
        self._unsent: dict[int, Order] = {}
        """What was edited and could not be sent, by the delivery's number."""

    @property
    def is_running(self) -> bool:
        """Whether there is anything to stop."""
        return self._long.is_running or self._pinned.is_running

    def stop(self) -> None:
        """End a set after what is under way; if there is none, let the pinned delivery go."""
        if self._run is not None:
            self._run.stop()
            self._long.stop()
        else:
            self._pinned.stop()

    async def edited(self, delivery: Delivery) -> Told | None:
        """Ask what to change, begin with the last edit of this delivery, and send it.

        What could not be sent is kept, and asked about the next time: it is the work of a person.
        """
        number = delivery.id
        body = await self._client.body(number) if delivery.body_bytes else b""
        made = [attempt for attempt in await self._client.attempts(number) if attempt.edited]
        order = await self._ask(
            EditScreen(
                number,
                replace(delivery.request, body=body),
                self._directory,
                edit=await self._client.edit(made[-1].id) if made else None,
                target=await target_of(self._client, delivery),
                unsent=self._unsent.get(number),
            )
        )
        self._unsent.pop(number, None)
        if order is None:
            return None
        try:
            outcome = await replaying.replay(self._client, number, order)
        except HooktapError as error:
            self._unsent[number] = order
            told = Told.of(error)
            return Told(f"{told.sentence}\ne brings the edit back", told.severity)
        return replayed(number, outcome, order)

    async def all(self, query: str) -> Told | None:
        """Ask, and send what matches the list's filter, or what is marked; the oldest first."""
        if self._long.is_running:
            return Told("deliveries are being replayed already")
        listed = await numbers(
            self._client, query, show=lambda count: self._show(f"found {count:,}")
        )
        self._show_run("")
        marked = await numbers(self._client, MARKED) if query != MARKED else []
        if not listed:
            return Told("there is nothing to replay")
        which = f" that match {shorten(safe(query), QUERY_WIDTH)}" if query else ""
        question = ConfirmScreen(
            f"Replay {labels.count(len(listed), 'delivery', 'deliveries')}{which}?",
            "Each one is sent to its target, the oldest first.",
            f"only the {len(marked):,} marked" if marked else "",
        )
        answer = await self._ask(question)
        if answer not in (Answer.YES, Answer.INSTEAD) or self._long.is_running:
            return None
        return await self._send_all(listed if answer is Answer.YES else marked)

    async def _send_all(self, ids: Sequence[int]) -> Told:
        run = SetReplay(self._client, Order(), Pace(), lambda *_: self._long.show())
        self._run = run
        try:
            with self._long.running(lambda: _counts(run.tally, len(ids))):
                self._long.show()
                tally = await run.run(ids)
        except HooktapError as error:
            return Told(f"{_counts(run.tally, len(ids))}, then: {error}", "error")
        finally:
            self._run = None
        if run.is_stopped:
            return Told(f"stopped: {_counts(tally, len(ids))}", "warning")
        return Told(_counts(tally, len(ids)), "information" if tally.is_good else "error")

    async def auto(self, delivery_id: int) -> Told | None:
        """Pin a delivery: ask what for, and send it again and again. With one pinned already, let that go."""
        if self._pinned.is_running:
            self._pinned.stop()
            return None
        pin = await self._ask(AutoReplayScreen(delivery_id))
        return None if pin is None else await self._pinned.run(delivery_id, pin)

    def _show_run(self, line: str) -> None:
        self._show(line or self._pinned.line)

    def _show_pinned(self, line: str) -> None:
        if not self._long.is_running:
            self._show(line)


def _counts(tally: Tally, count: int) -> str:
    changed = ((tally.fixed, "fixed"), (tally.regressed, "regressed"), (tally.unsent, "not sent"))
    told = [f"replayed {tally.done:,} of {count:,}", f"{tally.failed:,} failed"]
    return ", ".join(told + [f"{number:,} {word}" for number, word in changed if number])
