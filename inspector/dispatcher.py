"""When stored deliveries are forwarded: how many at once, in which order, and when again.

The schedule itself is in the store, a row for each delivery that is still owed to its target, so a restart takes it up
where it was. Memory holds only what is on its way.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from inspector import tasks
from inspector.backlog import Backlog
from inspector.core.model import Delivery, Trigger
from inspector.core.retry import next_delay_s
from inspector.endpoints import Endpoints
from inspector.errors import NotFoundError, StorageError
from inspector.forwarder import Forwarder
from inspector.forwarder.abandoned import abandoned
from inspector.store import NEVER_US, Due, Store
from inspector.teller import Teller

log = logging.getLogger(__name__)

LIMIT_PER_TARGET = 16
"""Deliveries on their way to one target at a time; the others wait in the store."""
LIMIT_BYTES_PER_TARGET = 16 * 1024 * 1024
"""So many bytes of bodies, and no other sets out: they are in memory until they are there."""
BATCH = 256
"""How many due deliveries are looked at in one go."""
LOOK_ON_REST = 4
"""So many times as long as it took to look past what waits for full targets, it is not done again: that walks through
all of it, which may be a hundred thousand deliveries, while each that ends makes us look."""
LOOK_AGAIN_S = 30.0
"""The longest wait for what is due later: it is on a clock that may stand still while the machine sleeps, and what fell
due in that time would be late by as much."""


class Dispatcher:
    """Hands stored deliveries to their targets and keeps the schedule of those that failed."""

    def __init__(
        self,
        *,
        store: Store,
        forwarder: Forwarder,
        endpoints: Endpoints,
        backlog: Backlog,
        clock_us: Callable[[], int] | None = None,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._forwarder = forwarder
        self._endpoints = endpoints
        self._backlog = backlog
        self._clock_us = clock_us or _steady_clock()
        self._roll = roll
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._busy_bytes: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._waiting: set[str] = set()
        """Targets for which deliveries that are due wait in the store for a free place."""
        self._look_on_at_s = 0.0
        """Not before then are those looked for that stand behind what waits for full targets."""
        self._started: set[int] = set()
        """Started since the schedule was last read: that reading may not know it yet."""
        self._unreadable = Teller(log)
        self._unrecordable = Teller(log)
        self._unforeseen = Teller(log)
        self._unrecorded: set[int] = set()
        """Sent, perhaps, but what came of it is not stored: not sent again before a restart."""

    @asynccontextmanager
    async def running(self, drain_s: Callable[[], float]) -> AsyncIterator[None]:
        """Forward until the block ends; then give what is on its way `drain_s()` to finish."""
        async with tasks.owned() as group:
            self._group = group
            schedule = group.create_task(self._follow_schedule())
            releases = group.create_task(self._backlog.follow(self._forward_parked))
            try:
                yield
            finally:
                self._group = None
                schedule.cancel()
                releases.cancel()
                await self._drain(drain_s())

    def submit(self, delivery: Delivery, due_at_us: int) -> None:
        """Forward a delivery that was just stored with this place in the schedule: now, or when its turn comes."""
        if due_at_us == NEVER_US or self._backlog.puts_by(delivery.endpoint):
            return
        endpoint = self._endpoints.get(delivery.endpoint)
        if endpoint is None or endpoint.target is None or delivery.id in self._tasks:
            return
        target = endpoint.target
        if target in self._waiting or self._is_full(target):
            self._waiting.add(target)
        else:
            self._start(delivery.id, target, delivery.body_bytes, delivery)

    async def _follow_schedule(self) -> None:
        while True:
            self._wake.clear()
            now_us = self._clock_us()
            try:
                again_s = await self._start_due(now_us)
                next_us = await self._store.next_due_us(after_us=now_us)
            except StorageError as error:
                self._unreadable.tell(f"cannot read the schedule: {error}")
                again_s, next_us = 1.0, None
            waits_s = [] if again_s is None else [again_s]
            if next_us is not None:
                waits_s += [LOOK_AGAIN_S, max(0, next_us - self._clock_us()) / 1_000_000]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(waits_s, default=None)):
                    await self._wake.wait()

    async def _start_due(self, now_us: int) -> float | None:
        """Start what is due, longest overdue first; return when to look again at the latest, if there is more.

        What waits for a full target keeps nothing from another one.
        """
        self._started = set(self._tasks)
        # Before the schedule is read: that may not know what is submitted from here on.
        self._waiting.clear()
        passed_over: set[str] = set()
        if await self._start_page(now_us, passed_over):
            began_s = time.monotonic()
            if began_s < self._look_on_at_s:
                return self._look_on_at_s - began_s
            while await self._start_page(now_us, passed_over):
                pass
            ended_s = time.monotonic()
            self._look_on_at_s = ended_s + LOOK_ON_REST * (ended_s - began_s)
        # A pause that cannot be written down leaves what is due where it is, and wakes nobody.
        is_paused = any(self._backlog.paused_at_us(endpoint) for endpoint in passed_over)
        return LOOK_AGAIN_S if is_paused else None

    async def _start_page(self, now_us: int, passed_over: set[str]) -> bool:
        """Start a page of what is due; add the endpoints whose turn it is not. Whether there may be more."""
        skip = self._started | self._unrecorded
        due = await self._store.due(now_us, BATCH, skip=skip, without=passed_over)
        for row in due:
            target = self._target_of(row.endpoint)
            if row.delivery_id in self._started:
                continue
            if self._backlog.paused_at_us(row.endpoint):
                passed_over.add(row.endpoint)
            elif target is None:
                await self._store.unschedule(row.delivery_id)
            elif self._is_full(target):
                self._waiting.add(target)
                passed_over.add(row.endpoint)
            else:
                self._start(row.delivery_id, target, row.body_bytes, None)
        return len(due) == BATCH

    async def _forward_parked(self, row: Due) -> bool:
        """Send one that was put by, unless it is on its way already; whether that was written down."""
        target = self._target_of(row.endpoint)
        try:
            if target is None:
                await self._store.unschedule(row.delivery_id)
                return True
        except StorageError as error:
            self._unrecordable.tell(f"delivery #{row.delivery_id} stays in the schedule: {error}")
            return False
        if row.delivery_id not in self._tasks:
            self._start(row.delivery_id, target, row.body_bytes, None)
        if (task := self._tasks.get(row.delivery_id)) is None:
            return False  # stopping
        # Waited for, not awaited: when we are cancelled it still gets its time to finish.
        await asyncio.wait([task])
        return row.delivery_id not in self._unrecorded

    def _target_of(self, name: str) -> str | None:
        endpoint = self._endpoints.get(name)
        return endpoint.target if endpoint else None

    def _is_full(self, target: str) -> bool:
        return (
            self._busy[target] >= LIMIT_PER_TARGET
            or self._busy_bytes[target] >= LIMIT_BYTES_PER_TARGET
        )

    def _start(
        self, delivery_id: int, target: str, body_bytes: int, delivery: Delivery | None
    ) -> None:
        if self._group is None:  # stopping: its row stays for the next run
            return
        self._busy[target] += 1
        self._busy_bytes[target] += body_bytes
        self._started.add(delivery_id)
        self._tasks[delivery_id] = self._group.create_task(
            self._forward(delivery_id, target, body_bytes, delivery)
        )

    async def _forward(
        self, delivery_id: int, target: str, body_bytes: int, delivery: Delivery | None
    ) -> None:
        try:
            if delivery is not None:  # just stored
                await self._attempt(delivery, target, number=1)
            elif (stored := await self._store.delivery(delivery_id)) is not None:
                earlier = (await self._store.attempts([delivery_id])).get(delivery_id, [])
                number = 1 + sum(attempt.trigger is not Trigger.REPLAY for attempt in earlier)
                await self._attempt(stored, target, number)
        except (StorageError, NotFoundError) as error:  # NotFoundError: it was deleted meanwhile
            self._unrecorded.add(delivery_id)
            self._unrecordable.tell(f"attempt at delivery #{delivery_id} is not recorded: {error}")
        except Exception as error:  # noqa: BLE001 - told; it must not end the inspector
            self._unrecorded.add(delivery_id)
            self._unforeseen.tell(f"forwarding delivery #{delivery_id} failed", error)
        finally:
            del self._tasks[delivery_id]
            self._busy[target] -= 1
            self._busy_bytes[target] -= body_bytes
            if target in self._waiting:
                self._wake.set()

    async def _attempt(self, delivery: Delivery, target: str, number: int) -> None:
        trigger = Trigger.FORWARD if number == 1 else Trigger.RETRY
        endpoint = self._endpoints.get(delivery.endpoint)
        secret_path = endpoint.secret_path if endpoint else b""
        started_us = self._clock_us()
        try:
            attempt = await self._forwarder.send(delivery, target, trigger, secret_path=secret_path)
        except asyncio.CancelledError:
            # Stopping. Whether the app saw the request nobody knows: say so, and let the next run try again.
            cut_off = abandoned(delivery, target, trigger, started_us, self._clock_us())
            again_us = self._backlog.due_at_us(delivery.endpoint, started_us)
            await self._store.append_attempt(cut_off, retry_at_us=again_us)
            raise
        policy = endpoint.retry if endpoint else None
        delay_s = next_delay_s(policy, number, attempt.result, self._roll())
        retry_at_us = None if delay_s is None else self._clock_us() + int(delay_s * 1_000_000)
        retry_at_us = self._backlog.retry_at_us(delivery.endpoint, retry_at_us)
        await self._store.append_attempt(attempt, retry_at_us=retry_at_us)
        if retry_at_us is not None:
            self._wake.set()

    async def _drain(self, drain_s: float) -> None:
        if not self._tasks:
            return
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=drain_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)


def _steady_clock() -> Callable[[], int]:
    """Return the wall clock, but one that never goes back: put back by an hour, it would keep each retry for an hour.

    It does go forward, as after a laptop's sleep, which a monotonic clock knows nothing of.
    """
    last_us, read_at_ns = time.time_ns() // 1000, time.monotonic_ns()

    def clock_us() -> int:
        nonlocal last_us, read_at_ns
        now_ns = time.monotonic_ns()
        passed_us = (now_ns - read_at_ns) // 1000
        last_us, read_at_ns = max(time.time_ns() // 1000, last_us + passed_us), now_ns
        return last_us

    return clock_us
