"""The certificates that deliveries name, fetched before they are checked and kept while the inspector runs.

Fetching is slow and may fail; checking is neither. So `learn` is awaited, and `get` answers from memory.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from inspector import outside
from inspector.core import coded
from inspector.core.fields import Fields
from inspector.core.model import Request
from inspector.core.providers import Provider
from inspector.errors import NothingThereError, OutsideError

KEPT_MAX = 64
"""URLs remembered; the one that was used the longest time ago is forgotten."""
IN_FLIGHT_MAX = 16
"""URLs fetched at once. No provider has that many certificates: yet another one counts as not being there, lest
somebody who asks for many gets a delivery through as one whose certificate could not be fetched."""
FORGET_FAILURE_S = 60.0
"""For how long nobody is asked again, so that a machine without network does not hold every delivery up."""

T = TypeVar("T")


async def fetch_nothing(url: str) -> bytes:
    """Stand in for `outside.get` where the configuration forbids it. Raises OutsideError."""
    raise OutsideError(f"not asked for {url}: fetch_certificates is false")


_PEM = b"-----BEGIN CERTIFICATE-----"


class Certificates:
    """What is at the URLs of certificates, as far as anybody has needed it."""

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[bytes]] = outside.get,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._failed: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        """Until when the failure counts; and what to say instead, if the host itself says that there is nothing."""
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """One per URL that is being fetched, for as long as somebody waits for it."""

    def get(self, url: str) -> bytes | None:
        """Return what is there; None if nobody could find out. Empty: the host says that there is nothing."""
        if url in self._kept:
            self._kept.move_to_end(url)
            return self._kept[url]
        return self._failed[url][1] if self._has_failed(url) else None

    async def learn(
        self, provider: Provider | None, request: Request, fields: Fields | None = None
    ) -> None:
        """Fetch the certificate that this delivery is to be checked with, unless it is known. Nothing raises."""
        url = coded.certificate_url(provider, request, fields) if provider else None
        if url is None or self._is_settled(url):
            return
        turn = self._turns.get(url)
        if turn is None:
            if len(self._turns) >= IN_FLIGHT_MAX:
                self._fail(url, b"")
                return
            turn = self._turns[url] = asyncio.Lock()
        async with turn:
            # Whoever was first has fetched it for all who waited; if it was cancelled, the next one does.
            if not self._is_settled(url):
                await self._ask(url)

    async def _ask(self, url: str) -> None:
        try:
            found = await self._fetch(url)
        except NothingThereError:
            self._fail(url, b"")
        except OutsideError:
            self._fail(url, None)
        else:
            if _PEM in found:
                _remember(self._kept, url, found)
            else:
                self._fail(url, b"")

    def _is_settled(self, url: str) -> bool:
        return url in self._kept or self._has_failed(url)

    def _has_failed(self, url: str) -> bool:
        return url in self._failed and self._clock() < self._failed[url][0]

    def _fail(self, url: str, instead: bytes | None) -> None:
        _remember(self._failed, url, (self._clock() + FORGET_FAILURE_S, instead))


def _remember(known: OrderedDict[str, T], url: str, value: T) -> None:
    known[url] = value
    known.move_to_end(url)
    if len(known) > KEPT_MAX:
        known.popitem(last=False)
