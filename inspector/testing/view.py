"""What a test sees of its inspector: the deliveries that came during the test, and no others."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from inspector.client import Client
from inspector.client.waiting import Row, first_match, summary, what_came
from inspector.config import ENDPOINT_NAME
from inspector.core.model import Outcome
from inspector.core.text import encode, safe
from inspector.core.variations import AS_SENT, SampleSign, Variation
from inspector.errors import ConfigError
from inspector.testing import frozen
from inspector.testing.bench import Bench, ask, run
from inspector.testing.process import Process
from inspector.testing.received import Received, Sent

T = TypeVar("T")

TIMEOUT_S = 10.0
PAGE = 500


class Hooktap:
    """An inspector for one test. It starts with the first call that needs it, and each call waits for its answer.

    A call raises HooktapError with a sentence when what is asked cannot be done.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._settings: dict[str, dict[str, Any]] = {}
        self._process: Process | None = None
        self._after = 0
        """The newest number before this test."""

    def configure(self, endpoint: str, **settings: Any) -> None:
        """Say how an endpoint is to be: `provider`, `secret`, `forward_to` and every other key of `[endpoint.NAME]`.

        A secret is given as its value, or a list of them while rotating; it goes into a file that only this user can
        read. What was said of the endpoint before holds on. In the middle of a test this restarts the inspector, on the
        same ports and with what it has.
        """
        if not ENDPOINT_NAME.fullmatch(endpoint):
            raise ConfigError(f"no endpoint can be called '{safe(endpoint)}'")
        self._settings[endpoint] = self._settings.get(endpoint, {}) | settings

    def url(self, endpoint: str) -> str:
        """Return where to send to."""
        return f"{self._running().ingress}/in/{endpoint}"

    def send(
        self,
        provider: str,
        event: str | None = None,
        *,
        endpoint: str | None = None,
        format: str | None = None,  # noqa: A002 - what `hooktap send` calls it
        set: Mapping[str, str] | None = None,  # noqa: A002
        headers: Mapping[str, str | None] | None = None,
        body: bytes | None = None,
        sign: str = SampleSign.FRESH,
    ) -> Sent:
        """Send a sample of an event as its provider would, by default the usual one; return what its sender was told.

        It goes to the endpoint configured for the provider, or else named like it. `set` puts values into the body by
        their paths, `headers` takes the place of those the sample has, `body` that of its body. `sign` may be `broken`,
        `stale`, `missing`, `wrong-secret` or `old-secret`.
        """
        variation = Variation(
            values=tuple((set or {}).items()),
            headers=tuple(
                (encode(name), None if value is None else encode(value))
                for name, value in (headers or {}).items()
            ),
            body=body,
            sign=_sign(sign),
        )
        answer = self._ask(
            lambda client: client.send_sample(
                provider,
                event=event,
                format=format,
                endpoint=endpoint or self._endpoint_of(provider),
                variation=variation,
            )
        )
        self._bench.samples += variation == AS_SENT
        return Sent(answer["status"], answer["body"], answer["event"], answer["event_id"])

    def send_file(
        self,
        path: str | Path,
        *,
        endpoint: str | None = None,
        to: str | None = None,
        sign: str = SampleSign.FRESH,
    ) -> list[Sent]:
        """Send the deliveries kept in a file, signed now; return what their sender was told.

        The file is one that `hooktap import` takes, such as a bundle. They go to the endpoint they came to, or to
        `endpoint`, or past the inspector `to` a URL; either way signed with the endpoint's secret, as `sign` says.
        """
        place = self._running()
        order = frozen.Order(endpoint, to, _sign(sign))
        return run(lambda: frozen.send(Path(path), order, place))

    def deliveries(self, query: str = "") -> list[Received]:
        """Return what has come during this test and matches, oldest first."""

        async def found(client: Client) -> list[Received]:
            rows: list[Row] = []
            while not rows or rows[-1][0].id > self._after:
                before = rows[-1][0].id if rows else None
                page = await client.deliveries(query, before, PAGE)
                rows += page
                if len(page) < PAGE:
                    break
            return [
                await _received(client, row) for row in reversed(rows) if row[0].id > self._after
            ]

        return self._ask(found)

    def wait_for(self, query: str = "", *, timeout: float = TIMEOUT_S) -> Received:
        """Return the first delivery of this test that matches, as soon as there is one: `event:booking.* status:2xx`.

        Raises AssertionError after `timeout` seconds; it tells what came instead.
        """
        __tracebackhide__ = True

        async def found(client: Client) -> tuple[Received | None, str]:
            try:
                async with asyncio.timeout(timeout):
                    row = await first_match(client, query, self._after)
            except TimeoutError:
                return None, await what_came(client, query, self._after)
            return await _received(client, row), ""

        received, instead = self._ask(found)
        if received is None:
            wanted = f"'{safe(query)}'" if query else "anything"
            raise AssertionError(f"no delivery matched {wanted} within {timeout:g} s; {instead}")
        return received

    def assert_verified(self, which: Received | str = "", *, timeout: float = TIMEOUT_S) -> None:
        """Check that a delivery is verified; or of a query that there is one in time, and that all that match are.

        Raises AssertionError with the verdict's sentence, and with what is behind it as far as that can be proved.
        """
        __tracebackhide__ = True
        if isinstance(which, Received):
            numbers = [which.id]
        else:
            self.wait_for(which, timeout=timeout)
            numbers = [each.id for each in self.deliveries(which)]
        complaints = self._ask(lambda client: _complaints(client, numbers))
        if complaints:
            raise AssertionError("\n".join(complaints))

    def _endpoint_of(self, provider: str) -> str:
        places = (name for name, keys in self._settings.items() if keys.get("provider") == provider)
        return next(places, provider)

    def _running(self) -> Process:
        if self._process is None:
            self._process = self._bench.first(self._settings)
            self._after = ask(self._process, _newest)
        else:
            self._process = self._bench.again(self._settings)
        return self._process

    def _ask(self, work: Callable[[Client], Awaitable[T]]) -> T:
        return ask(self._running(), work)


def _sign(name: str) -> SampleSign:
    try:
        return SampleSign(name)
    except ValueError as error:
        raise ConfigError(f"sign: must be one of {', '.join(SampleSign)}") from error


async def _newest(client: Client) -> int:
    return int((await client.health())["newest"])


async def _received(client: Client, row: Row) -> Received:
    delivery, attempts = row
    request = replace(delivery.request, body=await client.body(delivery.id))
    return Received(replace(delivery, request=request), attempts)


async def _complaints(client: Client, numbers: list[int]) -> list[str]:
    lines: list[str] = []
    for number in numbers:
        delivery, attempts = await client.delivery(number)
        if delivery.verification.outcome is not Outcome.VERIFIED:
            lines.append(f"{summary(delivery, attempts)}:")
            lines.append(f"  {safe(delivery.verification.detail)}")
            lines += [f"  because: {safe(each.detail)}" for each in await client.findings(number)]
    return lines
