"""Taking connections off a listener, no faster than they can be dealt with.

Not the event loop's own server: with no descriptor left, uvloop's cuts off whoever connects next, and may give its
listener up for good, and asyncio's makes a thousand connections before it looks at any of them. When they stop, whoever
has connected and was not accepted yet is reset, with the request he may have sent.
"""

import asyncio
import logging
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

from inspector.receiver.limits import Gate
from inspector.tasks import owned
from inspector.teller import Teller

log = logging.getLogger(__name__)

BACKLOG = 1024
REST_S = 0.1
"""Before the next try, when there is no descriptor for another connection: those who wait do so in the kernel."""


@asynccontextmanager
async def accepting(listener: socket.socket, gate: Gate) -> AsyncIterator[None]:
    """Let in whoever connects until the block ends; then those who have connected so far, and close the listener."""
    listener.settimeout(0)
    async with owned() as group:
        accepting = group.create_task(_accept(listener, gate, group))
        try:
            yield
        finally:
            accepting.cancel()
            # Closed while the loop still listens to it, its number would be that of a socket the loop does not know.
            await asyncio.wait([accepting])
            with listener:
                for connection in _waiting(listener):
                    group.create_task(_let_in(connection, gate))


def _waiting(listener: socket.socket) -> Iterator[socket.socket]:
    """Accept whoever has connected, and no more than can have: new ones may come without end."""
    for _ in range(BACKLOG + 1):  # Linux queues one more than it is told
        try:
            connection, _address = listener.accept()
        except ConnectionError:  # he has left, and others wait behind him
            continue
        except OSError:  # BlockingIOError, as a rule: there are no more
            break
        yield connection


async def _accept(listener: socket.socket, gate: Gate, group: asyncio.TaskGroup) -> None:
    teller = Teller(log, logging.WARNING)
    while True:
        await gate.ready()
        try:
            connection = await _next(listener)
        except ConnectionError:  # he has left
            continue
        except OSError as error:
            teller.tell(f"no connection can be accepted: {error.strerror}")
            await asyncio.sleep(REST_S)
            continue
        await asyncio.shield(group.create_task(_let_in(connection, gate)))


async def _next(listener: socket.socket) -> socket.socket:
    while True:
        try:
            # Not by the loop, of which a later turn would hand him over: who is cancelled before that never hears of
            # him. So nothing comes between his being accepted and his being let in.
            connection, _address = listener.accept()
        except BlockingIOError:
            if sys.platform == "win32":  # whose loop cannot tell that somebody waits
                connection, _address = await asyncio.get_running_loop().sock_accept(listener)
                return connection
            await _somebody(listener)
        else:
            return connection


async def _somebody(listener: socket.socket) -> None:
    """Wait until somebody waits to be accepted."""
    loop, come = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(listener, come.set)
    try:
        await come.wait()
    finally:
        loop.remove_reader(listener)


async def _let_in(connection: socket.socket, gate: Gate) -> None:
    connection.settimeout(0)
    with suppress(OSError):  # he has left
        await asyncio.get_running_loop().connect_accepted_socket(gate, connection)
