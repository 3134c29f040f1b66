"""Taking connections off a listener, no faster than they can be dealt with.

Not the event loop's own server: with no descriptor left, uvloop's cuts off whoever connects next, and may give its
listener up for good, and asyncio's makes a thousand connections before it looks at any of them. When they stop, whoever
has connected and was not accepted yet is reset, with the request he may have sent.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
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
            with listener, suppress(OSError):  # BlockingIOError, as a rule: there are no more
                for _ in range(BACKLOG):
                    connection, _address = listener.accept()
                    group.create_task(_let_in(connection, gate))


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
    try:
        # At once, if somebody waits: so nothing comes between his being accepted and his being let in.
        connection, _address = listener.accept()
    except BlockingIOError:
        connection, _address = await asyncio.get_running_loop().sock_accept(listener)
    return connection


async def _let_in(connection: socket.socket, gate: Gate) -> None:
    connection.settimeout(0)
    with suppress(OSError):  # he has left
        await asyncio.get_running_loop().connect_accepted_socket(gate, connection)
