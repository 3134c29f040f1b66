"""The door that speaks TLS, before real servers and real clients that trust this machine's authority only."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from inspector.core.forwarding import Origin
from inspector.simulate.standins import authority, frontdoor
from tests import fakes

SAID = b"POST /in/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi"
WAIT_S = 20


async def once(peer: fakes.Peer) -> None:
    """Answer one request, and close."""
    await peer.take()
    await peer.say(fakes.OK)


@asynccontextmanager
async def door(folder: Path, port: int) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Open one before `port`; yield its own, and what trusts it."""
    made = authority.of(folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        behind = Origin("http", "127.0.0.1", port)
        async with frontdoor.opened(listener, made.context, behind) as url:
            yield urlsplit(url).port or 0, ssl.create_default_context(cafile=made.certificate)


async def said(port: int, trust: ssl.SSLContext, request: bytes, host: str = "localhost") -> bytes:
    """Return all that comes for `request`, through TLS that is checked."""
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trust, server_hostname=host
        )
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
async def test_bytes_pass_both_ways(tmp_path: Path, host: str) -> None:
    async with fakes.serve(once) as target, door(tmp_path, target.port) as (port, trust):
        answer = await said(port, trust, SAID, host)

    assert answer == fakes.OK
    assert (target.requests[0].line, target.requests[0].body) == (b"POST /in/x HTTP/1.1", b"hi")


async def test_a_megabyte_passes(tmp_path: Path) -> None:
    body = bytes(range(256)) * 4096
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)

    async def echo(peer: fakes.Peer) -> None:
        taken = await peer.take()
        assert taken is not None
        await peer.say(taken.body)

    async with fakes.serve(echo) as target, door(tmp_path, target.port) as (port, trust):
        back = await said(port, trust, head + body)

    assert target.requests[0].body == back == body


async def test_nobody_behind_it_is_a_connection_that_ends(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        async with door(tmp_path, nobody.port) as (port, trust):
            with contextlib.suppress(OSError):
                assert await said(port, trust, SAID) == b""


async def test_who_does_not_trust_the_authority_sends_nothing(tmp_path: Path) -> None:
    async with fakes.serve(once) as target, door(tmp_path, target.port) as (port, trust):
        with pytest.raises(ssl.SSLCertVerificationError):
            await said(port, ssl.create_default_context(), SAID)
        with pytest.raises(ssl.SSLCertVerificationError):
            await said(port, trust, SAID, "example.com")

    assert target.requests == []


async def test_who_speaks_no_tls_gets_nothing(tmp_path: Path) -> None:
    async with (
        fakes.serve(once) as target,
        door(tmp_path, target.port) as (port, _),
        asyncio.timeout(WAIT_S),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SAID)
        with contextlib.suppress(ConnectionError):
            assert not (await reader.read()).startswith(b"HTTP")
        writer.close()

    assert target.requests == []


async def test_only_so_many_come_in_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontdoor, "AT_ONCE", 2)
    entered, leave = asyncio.Semaphore(0), asyncio.Event()

    async def stay(peer: fakes.Peer) -> None:
        await peer.take()
        entered.release()
        await leave.wait()
        await peer.say(fakes.OK)

    async with (
        fakes.serve(stay) as target,
        door(tmp_path, target.port) as (port, trust),
        asyncio.TaskGroup() as tasks,
    ):
        inside = [tasks.create_task(said(port, trust, SAID)) for _ in range(2)]
        for _ in inside:
            await entered.acquire()
        with contextlib.suppress(OSError):
            assert await said(port, trust, SAID) == b""
        leave.set()

    assert [each.result() for each in inside] == [fakes.OK] * 2
    assert len(target.requests) == 2


async def test_who_says_nothing_for_long_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontdoor, "IDLE_S", 0.05)
    async with fakes.serve(once) as target, door(tmp_path, target.port) as (port, trust):
        assert await said(port, trust, b"") == b""


async def test_it_closes_with_connections_inside(tmp_path: Path) -> None:
    entered = asyncio.Event()

    async def stay(peer: fakes.Peer) -> None:
        await peer.take()
        entered.set()
        await peer.reader.read()

    async with fakes.serve(stay) as target, asyncio.TaskGroup() as tasks:
        async with door(tmp_path, target.port) as (port, trust):
            left = tasks.create_task(said(port, trust, SAID))
            await entered.wait()
        with contextlib.suppress(OSError):
            assert await left == b""
