"""Sends what is due, by the provider's rules: the same event until somebody takes it, or every attempt is made."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from inspector.core.model import Request
from inspector.errors import ConfigError, UnreachableError
from inspector.simulate import sender
from inspector.simulate.standins.ledger import Ledger
from inspector.simulate.standins.model import Parcel, StandIn, State, Webhook

AT_ONCE: Final = 8
"""Attempts in flight."""


OnAttempt = Callable[[Webhook, Parcel], None]
"""Is told what came of every attempt: who was sent what, both as they are after that."""


class Courier:
    """The sending half of a stand-in.

    Its waits are `speed` times shorter; the time it writes and signs is the true one.
    """

    def __init__(
        self, stand_in: StandIn, ledger: Ledger, speed: float, on_attempt: OnAttempt
    ) -> None:
        self._stand_in = stand_in
        self._ledger = ledger
        self._speed = speed
        self._on_attempt = on_attempt
        self._in_flight: set[int] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look again what is due: something was added, or a webhook enabled."""
        self._wake.set()

    async def run(self) -> None:
        """Send for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                room = AT_ONCE - len(self._in_flight)
                waiting = await self._ledger.due(list(self._in_flight), room) if room else []
                now_us = _now_us()
                for parcel in waiting:
                    if parcel.due_us <= now_us:
                        self._in_flight.add(parcel.id)
                        tasks.create_task(self._attempt(parcel))
                later = [parcel.due_us for parcel in waiting if parcel.due_us > now_us]
                with suppress(TimeoutError):
                    async with asyncio.timeout((later[0] - now_us) / 1e6 if later else None):
                        await self._wake.wait()

    async def _attempt(self, parcel: Parcel) -> None:
        try:
            webhook = await self._ledger.webhook(parcel.webhook_id)
            if webhook is None or not webhook.enabled:
                return
            request = self._stand_in.sign(webhook, parcel, time.time())
            delivered, said = await self._send(webhook.url, request)
            after = self._after(parcel, said, delivered=delivered)
            await self._ledger.attempted(after, self._stand_in.rules.disabled_after)
            self._on_attempt(await self._ledger.webhook(webhook.id) or webhook, after)
        finally:
            self._in_flight.discard(parcel.id)
            self._wake.set()

    async def _send(self, url: str, request: Request) -> tuple[bool, str]:
        rules = self._stand_in.rules
        try:
            async with asyncio.timeout(rules.timeout_s):
                answer = await sender.send(url, request)
        except TimeoutError:
            return False, f"no answer within {rules.timeout_s:g} s"
        except (UnreachableError, ConfigError) as error:
            return False, str(error)
        return rules.is_success(answer.status), str(answer.status)

    def _after(self, parcel: Parcel, said: str, *, delivered: bool) -> Parcel:
        waits, made = self._stand_in.rules.waits_s, parcel.attempts + 1
        state, wait_s = State.PENDING, 0.0
        if delivered:
            state = State.DELIVERED
        elif made > len(waits):
            state = State.EXHAUSTED
        else:
            wait_s = waits[made - 1] / self._speed
        due_us = _now_us() + round(wait_s * 1e6)
        return replace(parcel, attempts=made, state=state, last=said, due_us=due_us)


def _now_us() -> int:
    return time.time_ns() // 1000
