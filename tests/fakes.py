"""Targets on loopback, good ones and every bad kind: `serve(script)` runs a script for each connection it gets."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Taken:
    """One request as a target read it: `head` ends before the empty line."""

    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n")[0]

    @property
    def pairs(self) -> list[tuple[bytes, bytes]]:
        fields = [line.partition(b":") for line in self.head.split(b"\r\n")[1:]]
        return [(name, value.strip(b" \t")) for name, _, value in fields]

    def header(self, name: bytes) -> list[bytes]:
        return [value for each, value in self.pairs if each.lower() == name.lower()]


@dataclass(slots=True)
class Target:
    """A running target and what it was sent."""

    port: int = 0
    host: str = "127.0.0.1"
    scheme: str = "http"
    requests: list[Taken] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """One accepted connection, as a script sees it."""

    target: Target
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> bytes:
        """Read a request's head; empty when the connection ends first."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            return (await self.reader.readuntil(b"\r\n\r\n"))[:-4]
        return b""

    async def take(self) -> Taken | None:
        """Read and record one request; None when the connection ends first."""
        head = await self.head()
        if not head:
            return None
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        taken = Taken(head, await self.reader.readexactly(int(length[1]) if length else 0))
        self.target.requests.append(taken)
        return taken

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection by RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def serve(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Target]:
    """Run `script` for each connection, and close the connection after it."""
    target = Target(host=host, scheme="https" if tls else "http")
    running: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        target.connections += 1
        try:
            await script(Peer(target, reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side left, or the test is over
        finally:
            writer.close()
            running.discard(task)

    server = await asyncio.start_server(accept, host, 0, limit=2**20, backlog=1024, ssl=tls)
    target.port = server.sockets[0].getsockname()[1]
    try:
        yield target
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running)


@contextmanager
def refusing() -> Iterator[Target]:
    """A port at which nobody listens, kept from everybody else meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Target(port=bound.getsockname()[1])


@contextmanager
def refusing_early() -> Iterator[Target]:
    """Answers 413 before it has read the body, and closes: what is unread makes that a reset.

    It runs in a thread, as only then the reset can come at any point of what the sender does.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with peer:
                        peer.recv(1024)
                        peer.sendall(answer(413, body=b"too long"))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield Target(port=listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept
            thread.join()


def answer(
    status: int = 200, *headers: tuple[str, str], body: bytes = b"ok", length: int | None = None
) -> bytes:
    """Write an answer with its length, or with another one."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(data: bytes = OK) -> Script:
    """Answers every request with `data` and keeps the connection."""

    async def script(peer: Peer) -> None:
        while await peer.take():
            await peer.say(data)

    return script


def closing(data: bytes = OK) -> Script:
    """Answers one request with `data`, then closes: without a word, or too early, as `data` has it."""

    async def script(peer: Peer) -> None:
        if await peer.take():
            await peer.say(data)

    return script


def resetting(data: bytes = b"") -> Script:
    """Answers one request with `data` and resets the connection."""

    async def script(peer: Peer) -> None:
        await peer.take()
        await peer.say(data)
        peer.reset()

    return script


async def silent(peer: Peer) -> None:
    """Reads the request and never answers."""
    await peer.take()
    await asyncio.Event().wait()


async def deaf(peer: Peer) -> None:
    """Accepts and reads nothing at all."""
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.Event().wait()


def endless(head: bytes, unit: bytes) -> Script:
    """Answers with `head`, then with `unit` for ever, as fast as it is read."""

    async def script(peer: Peer) -> None:
        await peer.take()
        await peer.say(head)
        while True:
            await peer.say(unit)

    return script


def trickling(head: bytes, interval_s: float = 0.01) -> Script:
    """Answers with `head`, then with a byte now and then, for ever."""

    async def script(peer: Peer) -> None:
        await peer.take()
        await peer.say(head)
        while True:
            await peer.say(b".")
            await asyncio.sleep(interval_s)

    return script
