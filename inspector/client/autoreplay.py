"""Sending one delivery again and again: whenever its target comes back, or a file changes."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.client import Client
from inspector.client.replaying import Order, replay, target_of
from inspector.client.watching import Files, is_accepting
from inspector.core.forwarding import Origin, parse_target
from inspector.core.model import Failure, FailureKind
from inspector.core.turns import Replayed
from inspector.errors import HooktapError

LOOK_S = 0.5
"""Between two looks at the files."""
SETTLE_S = 0.3
"""How long nothing may change before it counts as done."""
SETTLE_LOOKS = 10
"""After so many it is taken for done all the same."""
PROBE_S = 1.0
BEGUN = "start"
BACK = "the target is back"


@dataclass(frozen=True, slots=True)
class Round:
    """One time it was sent."""

    number: int
    """Counts from 1."""
    because: str
    outcome: Replayed | HooktapError

    @property
    def succeeded(self) -> bool:
        """Whether the app answered 2xx."""
        return isinstance(self.outcome, Replayed) and self.outcome.attempt.succeeded


class AutoReplay:
    """Sends a delivery at once, and whenever there is a reason to; for one run, ended by cancelling it."""

    def __init__(
        self,
        client: Client,
        delivery_id: int,
        order: Order,
        told: Callable[[Round], None],
        *,
        paths: Sequence[Path] = (),
        until_success: bool = False,
    ) -> None:
        """`told` is given each round. Raises HooktapError if one of `paths` is not there."""
        if absent := next((path for path in paths if not path.exists()), None):
            raise HooktapError(f"there is no {absent} to watch")
        self._client = client
        self._delivery_id = delivery_id
        self._order = order
        self._told = told
        self._until_success = until_success
        self._paths = paths
        self._rounds = 0
        self._was_down = False
        self._is_sending = False
        # A reason that comes while one is waiting has nothing to add to it.
        self._reasons: asyncio.Queue[str] = asyncio.Queue(1)

    async def run(self) -> None:
        """Send until it succeeds, if that is asked for. Raises what stands in the way of the first time."""
        origin = await self._origin()  # before the first round: after it the delivery may be gone
        files = await asyncio.to_thread(Files, self._paths)
        if files.is_partial:
            raise HooktapError(
                f"{files.count:,} files and more to watch: name the folders that matter"
            )
        first = await self._send(BEGUN, files)
        if isinstance(first.outcome, HooktapError):
            raise first.outcome
        async with asyncio.TaskGroup() as group:
            watchers = [group.create_task(self._watch_files(files))]
            if origin is not None:
                watchers.append(group.create_task(self._watch_target(origin)))
            try:
                last = first
                while not (self._until_success and last.succeeded):
                    last = await self._send(await self._reasons.get(), files)
            finally:
                for watcher in watchers:
                    watcher.cancel()

    async def _send(self, because: str, files: Files) -> Round:
        outcome: Replayed | HooktapError
        self._is_sending = True
        try:
            outcome = await replay(self._client, self._delivery_id, self._order)
            result = outcome.attempt.result
            self._was_down |= isinstance(result, Failure) and result.kind is FailureKind.REFUSED
        except HooktapError as error:
            outcome = error
        finally:
            self._is_sending = False
        self._rounds += 1
        done = Round(self._rounds, because, outcome)
        if not (isinstance(outcome, HooktapError) and done.number == 1):  # that one is raised
            self._told(done)
        if changed := await asyncio.to_thread(files.changed_meanwhile):
            self._give(_said(changed))
        return done

    async def _origin(self) -> Origin | None:
        target = self._order.to
        if target is None:
            delivery, _ = await self._client.delivery(self._delivery_id)
            target = await target_of(self._client, delivery)
        return None if target is None else parse_target(target).origin

    async def _watch_target(self, origin: Origin) -> None:
        while True:
            if not await is_accepting(origin):
                self._was_down = True
            elif self._was_down:
                self._was_down = False
                self._give(BACK)
            await asyncio.sleep(PROBE_S)

    async def _watch_files(self, files: Files) -> None:
        while self._paths:
            await asyncio.sleep(LOOK_S)
            if not self._is_sending and (changed := await asyncio.to_thread(files.changed)):
                self._give(_said(changed | await self._settled(files)))

    async def _settled(self, files: Files) -> set[str]:
        """Wait until a burst of changes is over; return what else has changed."""
        more: set[str] = set()
        for _ in range(SETTLE_LOOKS):
            await asyncio.sleep(SETTLE_S)
            changed = await asyncio.to_thread(files.changed)
            if not changed:
                break
            more |= changed
        return more

    def _give(self, reason: str) -> None:
        if not self._reasons.full():
            self._reasons.put_nowait(reason)


def _said(changed: set[str]) -> str:
    first = Path(min(changed)).name
    others = len(changed) - 1
    return f"{first} changed" + (f", and {others} more" if others else "")
