"""Nobody who has connected before the door closes is dropped unheard."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from inspector.receiver import accepting as module
from inspector.receiver.accepting import accepting
from inspector.receiver.limits import Gate, Porter
from inspector.server import run
from tests.wire import Wire, status

WHOLE = Wire(target=b"/in/demo", body=b"{}").raw

both_loops = pytest.mark.parametrize("runner", [asyncio.run, run])
Runner = Callable[[Coroutine[Any, Any, None]], None]


@asynccontextmanager
async def opened(room: int = 100) -> AsyncIterator[Gate]:
    """Run a server that answers 200; yield the way to it."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(headers={"Connection": "close"})

    server = web.Server(answer)
    try:
        yield Gate(server, room, Porter(8))
    finally:
        await server.shutdown()


def send(stack: ExitStack, listener: socket.socket) -> socket.socket:
    """Connect and send a request, while the event loop stands."""
    sender = stack.enter_context(socket.create_connection(listener.getsockname(), timeout=5))
    sender.sendall(WHOLE)
    return sender


async def answers(senders: list[socket.socket]) -> list[int]:
    gc.collect()  # what was accepted and forgotten is closed
    return [status(await asyncio.to_thread(sender.recv, 10_000)) for sender in senders]


@both_loops
def test_whoever_connects_is_let_in(runner: Runner) -> None:
    """One after the other, and many at once."""

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with ExitStack() as stack:
            async with opened() as gate, accepting(listener, gate):
                for count in (1, 1, 20):
                    senders = [send(stack, listener) for _ in range(count)]
                    assert await answers(senders) == [200] * count

    runner(main())


@both_loops
@pytest.mark.parametrize("turns", range(6))
def test_whoever_came_shortly_before_the_end_is_answered(runner: Runner, turns: int) -> None:
    """However many turns of the loop before: he may have been accepted in just that one."""

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        with ExitStack() as stack:
            async with opened() as gate:
                async with accepting(listener, gate):
                    await asyncio.sleep(0.01)  # as it is when nobody has come for a while
                    sender = send(stack, listener)
                    for _ in range(turns):
                        await asyncio.sleep(0)
                assert listener.fileno() == -1
                assert await answers([sender]) == [200]

    runner(main())


@both_loops
def test_whoever_comes_in_the_turn_of_the_end_is_answered(runner: Runner) -> None:
    """When it was told to end, and does not know yet."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener = socket.create_server(("127.0.0.1", 0))
        senders: list[socket.socket] = []
        with ExitStack() as stack:
            async with opened() as gate:
                async with accepting(listener, gate):
                    await asyncio.sleep(0.01)
                    end = asyncio.Event()
                    loop.call_soon(end.set)
                    loop.call_soon(
                        lambda: loop.call_soon(lambda: senders.append(send(stack, listener)))
                    )
                    await end.wait()
                assert await answers(senders) == [200]

    runner(main())


class Left(socket.socket):
    """A listener whose first sender has left while he waited, which Linux does not tell and others do."""

    left = False

    def accept(self) -> tuple[socket.socket, Any]:
        connection, address = super().accept()
        if not self.left:
            self.left = True
            connection.close()
            raise ConnectionAbortedError
        return connection, address


async def test_one_who_left_takes_nobody_along_at_the_end() -> None:
    with ExitStack() as stack:
        listener = Left()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        async with opened() as gate:
            async with accepting(listener, gate):
                senders = [send(stack, listener) for _ in range(3)]
            assert listener.left
            assert await answers(senders[1:]) == [200, 200]


async def test_a_full_queue_is_let_in_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux holds one connection more than it is told."""
    monkeypatch.setattr(module, "BACKLOG", 2)
    listener = socket.create_server(("127.0.0.1", 0), backlog=2)
    with ExitStack() as stack:
        async with opened() as gate:
            async with accepting(listener, gate):
                senders = [send(stack, listener) for _ in range(3)]
            assert await answers(senders) == [200] * 3
