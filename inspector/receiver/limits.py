"""How many connections each door keeps open, out of the descriptors there are, and what the others are told."""

import asyncio
import logging
import math
import sys
from collections import Counter
from dataclasses import dataclass
from typing import cast

from aiohttp import web

from inspector.core.peers import read_address
from inspector.teller import Teller

log = logging.getLogger(__name__)

DESCRIPTORS_MAX = 65_536
"""More are not asked for: a program we start may go through all that it could have inherited."""
DESCRIPTORS_USUAL = 8_192
"""Where the operating system has no such limit, or does not tell."""
RESERVE = 40
"""What an inspector has open of its own: 27 with the database, the loop and the doors, and something to spare."""
PUBLIC_MAX = 16_384
"""Idle ones take 10 KB of memory each."""
PRIVATE_MAX = 512
"""The API's. A page in a browser opens 256 at most, so there is room beside it for the terminal."""
LINGERING_MAX = 64
LINGER_S = 0.2
"""How long whoever is turned away has to read why, and to close."""

SENTENCE = b"too many connections; please send it again\n"
FULL = b"\r\n".join(
    (
        b"HTTP/1.1 503 Service Unavailable",
        b"Content-Type: text/plain; charset=utf-8",
        b"Retry-After: 5",
        b"Content-Length: %d" % len(SENTENCE),
        b"Connection: close",
        b"",
        SENTENCE,
    )
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many connections may be open. What is left of the descriptors is for the connections to targets."""

    public: int
    per_peer: int
    """From one address elsewhere, at the public door."""
    private: int
    lingering: int
    """Of those that were turned away."""

    @classmethod
    def within(cls, descriptors: int) -> "Limits":
        """Share out so many descriptors."""
        free = max(descriptors - RESERVE, 16)
        public = min(free * 5 // 8, PUBLIC_MAX)
        return cls(
            public=public,
            per_peer=max(public // 4, 1),
            private=min(free // 8, PRIVATE_MAX),
            lingering=min(free // 8, LINGERING_MAX),
        )


if sys.platform == "win32":

    def raise_limit() -> int:
        """Return how many descriptors this process may have."""
        return DESCRIPTORS_USUAL

else:
    import resource

    def raise_limit() -> int:
        """Let this process have as many descriptors as it is allowed to; return how many those are."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)
        for wanted in (most, min(most, DESCRIPTORS_USUAL)):
            if soft == resource.RLIM_INFINITY or soft >= wanted:
                break
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (ValueError, OSError):  # macOS has a lower limit than it says
                continue
            soft = wanted
        return DESCRIPTORS_MAX if soft == resource.RLIM_INFINITY else soft


class Porter:
    """Turns away whoever there is no room for."""

    def __init__(self, lingering_max: int) -> None:
        self._lingering_max = lingering_max
        self._lingering: set[TurnedAway] = set()
        self._free = asyncio.Event()
        self._free.set()
        self._teller = Teller(log, logging.WARNING)

    def turn_away(self, why: str) -> "TurnedAway":
        """Return what becomes of such a connection; the log is told why."""
        self._teller.tell(f"{why}: a connection was answered 503")
        return TurnedAway(self)

    async def free(self) -> None:
        """Wait until the next one can take his time."""
        await self._free.wait()

    def enter(self, turned_away: "TurnedAway") -> bool:
        """Note that somebody takes his time; return False if too many do."""
        if len(self._lingering) >= self._lingering_max:
            return False
        self._lingering.add(turned_away)
        if len(self._lingering) == self._lingering_max:
            self._free.clear()
        return True

    def leave(self, turned_away: "TurnedAway") -> None:
        """Note that somebody is gone, who may have had no time to take."""
        if turned_away in self._lingering:
            self._lingering.remove(turned_away)
            self._free.set()


class TurnedAway(asyncio.Protocol):
    """A connection that is answered before anything of it is read, and closed.

    What its sender has written is thrown away until it closes too: else the kernel would reset the connection, and the
    answer be lost on its way.
    """

    def __init__(self, porter: Porter) -> None:
        self._porter = porter
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say no."""
        wire = cast("asyncio.Transport", transport)
        wire.write(FULL)
        if self._porter.enter(self):
            wire.write_eof()
            self._end = asyncio.get_running_loop().call_later(LINGER_S, wire.abort)
        else:
            wire.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Make room for the next one."""
        self._porter.leave(self)
        if self._end is not None:
            self._end.cancel()


class Gate:
    """Makes the connections of a door: the server's as long as there is room for one more."""

    def __init__(self, server: web.Server, room: int, porter: Porter) -> None:
        self._server = server
        self._room = room
        self._porter = porter

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more."""
        # aiohttp's own `connections` would copy thousands for every one that comes.
        return len(self._server._connections) >= self._room  # noqa: SLF001

    async def ready(self) -> None:
        """Wait until there is room for one more, or for telling him that there is none."""
        if self.is_full:
            await self._porter.free()

    def __call__(self) -> asyncio.Protocol:
        """Return one for a socket just accepted."""
        if not self.is_full:
            return self._server()
        return self._porter.turn_away(
            f"{self._room} connections are open, all there is room for (ulimit -n)"
        )


class Peers:
    """How many connections each address has open.

    This machine's own are not counted: whatever a tunnel, a relay or a load test sends comes from 127.0.0.1, and nobody
    else does. Of IPv6 the network counts (/64), since whoever has one address has all of those.
    """

    def __init__(self, most: float = math.inf, porter: Porter | None = None) -> None:
        self._most = most
        self._porter = porter or Porter(0)
        self._open: Counter[str] = Counter()

    def enter(self, host: str) -> str | None:
        """Note one more from there; return what to call it by when it `leaves`, None if it is one too many."""
        name = _counted_as(host)
        if not name:
            return name
        if self._open[name] >= self._most:
            return None
        self._open[name] += 1
        return name

    def leave(self, name: str) -> None:
        """Note that one of those is gone."""
        if name:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    def turn_away(self, transport: asyncio.Transport, host: str) -> None:
        """Answer one too many, and have done with it."""
        refused = self._porter.turn_away(f"{self._most} connections are open from {host}")
        transport.set_protocol(refused)
        refused.connection_made(transport)


def _counted_as(host: str) -> str:
    address = read_address(host)
    if address is None or address.is_loopback:
        return ""
    return str(address) if address.version == 4 else f"{int(address) >> 64:x}"
