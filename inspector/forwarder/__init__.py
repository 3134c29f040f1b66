"""Sends deliveries to their targets, byte for byte, and says what came of it."""

import asyncio
import secrets
import time
from collections.abc import Collection
from dataclasses import replace
from types import TracebackType
from typing import Self

from inspector.core import forwarding
from inspector.core.forwarding import Origin
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Request,
    Response,
    Timing,
    Trigger,
)
from inspector.forwarder.connection import Deadline
from inspector.forwarder.dialler import Dialler
from inspector.forwarder.pool import Pool

_CIRCLE = (
    "this delivery was forwarded from here before and came back: forwarding it again would never end "
    "(does the target lead back to this inspector? A replay sends it all the same)"
)


class Forwarder:
    """Sends deliveries; as an async context manager, it closes its idle connections in the end.

    Follows no redirect, keeps no cookie, asks no proxy, and inflates nothing. Any number of `send`s may run at once.
    """

    def __init__(
        self,
        *,
        own_ports: Collection[int],
        allow_remote: bool = False,
        connect_timeout_s: float = 5,
        total_timeout_s: float = 30,
    ) -> None:
        self._dialler = Dialler(own_ports=own_ports, allow_remote=allow_remote)
        self._pool = Pool()
        self._connect_timeout_s = connect_timeout_s
        self._total_timeout_s = total_timeout_s
        self.hop = secrets.token_hex(8).encode()
        """What this inspector is called in the hops of what it forwards: not to be guessed, as it stops a forward."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.close()

    async def send(
        self, delivery: Delivery, target: str, trigger: Trigger, *, secret_path: bytes = b""
    ) -> Attempt:
        """Hand `delivery` to the base URL `target` once; return the attempt, not yet numbered.

        `secret_path` is its endpoint's, which the target does not get. One that was forwarded from here before is not
        sent again, unless a person asks for it. Never raises for what the target is or does, nor for a delivery that
        HTTP cannot express.
        """
        started_at_us = time.time_ns() // 1000
        started_ns = time.perf_counter_ns()
        url, headers = target, Headers()
        result: Response | Failure
        timing: Timing | None = None
        try:
            if trigger is not Trigger.REPLAY and forwarding.has_passed(delivery.request, self.hop):
                raise ValueError(_CIRCLE)
            parsed = forwarding.parse_target(target)
            request = forwarding.outgoing(delivery, parsed, secret_path=secret_path, hop=self.hop)
            head = forwarding.head(request)
        except ValueError as error:
            result = Failure(FailureKind.FORBIDDEN, str(error))
        else:
            url, headers = parsed.url(request), request.headers
            result, timing = await self._send(parsed.origin, head, request)
        return Attempt(
            id=0,
            delivery_id=delivery.id,
            number=0,
            trigger=trigger,
            url=url,
            request_headers=headers,
            started_at_us=started_at_us,
            duration_us=(time.perf_counter_ns() - started_ns) // 1000,
            result=result,
            timing=timing,
        )

    async def reach(self, target: str) -> Failure | None:
        """Say why nobody takes connections at a target; None: somebody does. Nothing is sent there, not even TLS."""
        try:
            origin = forwarding.parse_target(target).origin
        except ValueError as error:
            return Failure(FailureKind.FORBIDDEN, str(error))
        plain = origin._replace(scheme="http")
        connection = await self._dialler.connect(plain, self._connect_timeout_s)
        if isinstance(connection, Failure):
            return connection
        connection.close()
        return None

    async def _send(
        self, origin: Origin, head: bytes, request: Request
    ) -> tuple[Response | Failure, Timing]:
        loop = asyncio.get_running_loop()
        deadline = Deadline(loop.time() + self._total_timeout_s, self._total_timeout_s)
        connection, lost_us = self._pool.take(origin), None
        if connection is not None:
            result, timing = await connection.exchange(head, request, deadline)
            self._pool.keep(origin, connection)
            if timing.read_us is not None or not _is_disconnected(result):
                return result, timing
            # A kept connection that dies without a word was most likely closed before our request reached it: apps
            # close idle connections when they like, some after every answer without saying so. So this request goes
            # out once more, on a new connection. Should the app have seen it after all, it sees the same delivery id
            # again. Such a target's connections are not kept any more, so that it cannot happen twice.
            self._pool.distrust(origin)
            lost_us = timing.wait_us
        dialling_ns = time.perf_counter_ns()
        dialled = await self._dialler.connect(
            origin, min(self._connect_timeout_s, deadline.at - loop.time())
        )
        connect_us = (time.perf_counter_ns() - dialling_ns) // 1000
        if isinstance(dialled, Failure):
            return dialled, Timing(connect_us, None, None, lost_us)
        result, timing = await dialled.exchange(head, request, deadline)
        self._pool.keep(origin, dialled)
        return result, replace(timing, connect_us=connect_us, lost_us=lost_us)


def _is_disconnected(result: Response | Failure) -> bool:
    return isinstance(result, Failure) and result.kind is FailureKind.DISCONNECTED
