"""Connections that can carry another request, kept for a moment."""

import asyncio

from inspector.core.forwarding import Origin
from inspector.forwarder.connection import Connection

IDLE_LIMIT_S = 4.0
"""Several servers close an idle connection after 5 s: we are to be the first."""
IDLE_PER_TARGET = 64


class Pool:
    """Idle connections by origin, the last used on top."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[Connection]] = {}
        self._distrusted: set[Origin] = set()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    def take(self, origin: Origin) -> Connection | None:
        """Return an open connection to `origin`, if one is idle."""
        idle = self._idle.get(origin)
        if not idle:
            return None
        oldest_s = asyncio.get_running_loop().time() - IDLE_LIMIT_S
        while idle:
            connection = idle.pop()
            if connection.is_open and connection.idle_since >= oldest_s:
                return connection
            connection.close()
        return None

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection; close it if there is no place for it."""
        if not connection.is_open:
            return
        idle = self._idle.setdefault(origin, [])
        if self._closed or origin in self._distrusted or len(idle) >= IDLE_PER_TARGET:
            connection.close()
            return
        idle.append(connection)
        if self._sweep is None:
            self._sweep_later()

    def distrust(self, origin: Origin) -> None:
        """Never again keep a connection to `origin`."""
        self._distrusted.add(origin)
        for connection in self._idle.pop(origin, ()):
            connection.close()

    def close(self) -> None:
        """Close what is idle, and keep nothing from now on."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def _sweep_later(self) -> None:
        self._sweep = asyncio.get_running_loop().call_later(IDLE_LIMIT_S, self._close_aged)

    def _close_aged(self) -> None:
        oldest_s = asyncio.get_running_loop().time() - IDLE_LIMIT_S
        for origin, idle in list(self._idle.items()):
            for connection in idle:
                if connection.idle_since <= oldest_s:
                    connection.close()
            idle[:] = [connection for connection in idle if connection.is_open]
            if not idle:
                del self._idle[origin]
        self._sweep = None
        if self._idle:
            self._sweep_later()
