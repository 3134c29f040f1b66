"""The public door, over real sockets and raw bytes."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from aiohttp import web

from inspector import receiver
from inspector.core.admission import judge
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.core.overlays import Overlay, SecretHeader, SecretQuery, SourceAddresses
from inspector.errors import StorageError
from inspector.receiver import Receiver

CAP = 1_000_000


@dataclass
class Door:
    """A running receiver and what it accepted."""

    host: str = "127.0.0.1"
    port: int = 0
    accepted: list[tuple[Endpoint, Request]] = field(default_factory=list)
    reply: Reply = field(default_factory=lambda: Reply(200, Headers(), b"ok"))
    failure: Exception | None = None

    async def resolve(self, name: str) -> Endpoint | None:
        return Endpoint(name) if name == "demo" else None

    async def accept(self, endpoint: Endpoint, request: Request) -> Reply:
        if self.failure:
            raise self.failure
        self.accepted.append((endpoint, request))
        return self.reply

    async def talk(self, *pieces: bytes, half_close: bool = False) -> bytes:
        """Send `pieces` one by one, return everything the receiver said until it closed."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if half_close:
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def post(self, body: bytes, *headers: bytes, target: bytes = b"/in/demo") -> bytes:
        lines = [b"POST " + target + b" HTTP/1.1", b"Host: x", b"Connection: close", *headers]
        if not any(
            line.lower().startswith((b"transfer-encoding", b"content-length")) for line in lines
        ):
            lines.append(b"Content-Length: %d" % len(body))
        return await self.talk(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    @property
    def request(self) -> Request:
        """The one request that was accepted."""
        ((_, request),) = self.accepted
        return request


@asynccontextmanager
async def opened(door: Door, listening: socket.socket | None = None) -> AsyncIterator[Door]:
    runner = Receiver(resolve=door.resolve, accept=door.accept, body_cap_bytes=CAP).runner()
    await runner.setup()
    bound = listening or socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, bound).start()
    door.port = bound.getsockname()[1]
    try:
        yield door
    finally:
        await runner.cleanup()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Door()) as running:
        yield running


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


async def test_every_byte_of_a_request_is_kept(door: Door) -> None:
    """Order, case and repeats of headers, the raw target and a body that is not UTF-8 arrive as sent."""
    body = bytes(range(256))

    answer = await door.post(
        body,
        b"X-Dup: 1",
        b"x-dup: 2",
        b"X-Latin: caf\xe9",
        b"CONTENT-type:  text/plain ",
        target=b"/in/demo/a//%7e/%zz/../b?x=1&x=2?",
    )

    assert status(answer) == 200
    assert door.request.method == "POST"
    assert door.request.target == b"/in/demo/a//%7e/%zz/../b?x=1&x=2?"
    assert door.request.body == body
    assert door.request.headers.pairs == (
        (b"Host", b"x"),
        (b"Connection", b"close"),
        (b"X-Dup", b"1"),
        (b"x-dup", b"2"),
        (b"X-Latin", b"caf\xe9"),
        (b"CONTENT-type", b"text/plain"),
        (b"Content-Length", b"256"),
    )
    assert door.request.peer.startswith("127.0.0.1:")


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
@pytest.mark.parametrize(
    ("listens", "host", "peer"),
    [
        ("::1", "::1", "[::1]:"),
        ("::", "::1", "[::1]:"),
        ("::", "127.0.0.1", "[::ffff:127.0.0.1]:"),
    ],
)
async def test_the_peer_is_whoever_connected(listens: str, host: str, peer: str) -> None:
    """A socket that listens on both families tells IPv4 in IPv6 form; an overlay takes it for what it is."""
    both = listens == "::"
    bound = socket.create_server((listens, 0), family=socket.AF_INET6, dualstack_ipv6=both)
    async with opened(Door(host=host), bound) as door:
        await door.post(b"", b"X-Forwarded-For: 203.0.113.7")

    assert door.request.peer.startswith(peer)
    assert not judge([SourceAddresses((ip_network(host),))], door.request).failed
    assert judge([SourceAddresses((ip_network("203.0.113.7"),))], door.request).failed


@pytest.mark.parametrize(
    ("overlay", "header", "query"),
    [
        (SecretHeader("x-token", b"t" * 8000), b"X-Token: \t" + b"t" * 8000 + b"  ", b""),
        (SecretQuery("token", b"a+\xff"), b"A: 1", b"?" + b"x&" * 4000 + b"token=a+%FF"),
        (
            SourceAddresses((ip_network("203.0.113.7"),), (ip_network("127.0.0.1"),)),
            b"X-Forwarded-For: 198.51.100.1\r\nA: 1\r\nx-forwarded-for: 203.0.113.7",
            b"",
        ),
    ],
)
async def test_an_overlay_judges_what_came_over_the_wire(
    door: Door, overlay: Overlay, header: bytes, query: bytes
) -> None:
    """As long as a head may be. The space around a header's value is none of it (RFC 9112, 5.1)."""
    assert status(await door.post(b"{}", header, target=b"/in/demo" + query)) == 200

    assert not judge([overlay], door.request).failed


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
async def test_any_method_is_received(door: Door, method: str) -> None:
    answer = await door.talk(
        method.encode() + b" /in/demo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert status(answer) == 200
    assert door.request.method == method


@pytest.mark.parametrize(
    ("encoding", "body"),
    [(b"gzip", b"not gzip at all"), (b"br", b"\x00\x01"), (b"deflate", b"{}"), (b"zzz", b"\xff")],
)
async def test_an_encoded_body_is_never_decoded(door: Door, encoding: bytes, body: bytes) -> None:
    """The signature is over the bytes on the wire, whatever they claim to be."""
    answer = await door.post(body, b"Content-Encoding: " + encoding)

    assert status(answer) == 200
    assert door.request.body == body


async def test_a_chunked_body_is_joined_and_nothing_else(door: Door) -> None:
    answer = await door.post(
        b"3;ext=1\r\nabc\r\n2\r\n\r\n\r\n0\r\nTrailer-X: 1\r\n\r\n", b"Transfer-Encoding: chunked"
    )

    assert status(answer) == 200
    assert door.request.body == b"abc\r\n"
    assert b"Trailer-X" not in dict(door.request.headers.pairs)


async def test_a_body_in_many_pieces_arrives_whole(door: Door) -> None:
    head = (
        b"POST /in/demo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n"
    )

    answer = await door.talk(head, *[b"z" * 100_000] * 3)

    assert status(answer) == 200
    assert door.request.body == b"z" * 300_000


async def test_continue_is_said_only_after_the_checks(door: Door) -> None:
    """A sender that asks first gets 100 for a body that fits and the refusal for one that does not."""
    head = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(head + b"Content-Length: 2\r\n\r\n")

    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"hi")
    assert status(await reader.read()) == 200
    writer.close()
    await writer.wait_closed()
    assert status(await door.talk(head + b"Content-Length: 1000001\r\n\r\n")) == 413
    assert door.request.body == b"hi"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n", 413),
        (b"POST /in/demo HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417),
        (
            b"POST /in/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (b"POST /in/demo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (
            b"POST /in/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\nContent-Length: 0\r\n\r\n",
            400,
        ),
        (b"POST /in/demo HTTP/2.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 505),
        (b"BREW /in/demo HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"\x00\xff\xfe\r\n\r\n", 400),
    ],
)
async def test_what_could_be_read_two_ways_is_refused(
    door: Door, raw: bytes, expected: int
) -> None:
    """Nothing that a proxy and an app might frame differently is stored, and the connection ends."""
    answer = await door.talk(raw)

    assert status(answer) == expected
    assert door.accepted == []


async def test_a_body_cut_short_is_not_a_delivery(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """A sender that leaves before its body is complete gets no answer, and leaves no record and no traceback."""
    head = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"

    with caplog.at_level(logging.INFO):
        assert await door.talk(head, half_close=True) == b""
    assert door.accepted == []
    assert [record for record in caplog.records if record.exc_info] == []


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/in",
        b"/in/",
        b"/in/Demo",
        b"/in/other",
        b"/in/..",
        b"//in/demo",
        b"/api/health",
        b"*",
    ],
)
async def test_nothing_else_is_served(door: Door, target: bytes) -> None:
    answer = await door.talk(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status(answer) == 404
    assert door.accepted == []


async def test_an_absolute_target_is_kept_as_it_is(door: Door) -> None:
    answer = await door.post(b"", target=b"http://example.test/in/demo?x=1")

    assert status(answer) == 200
    assert door.request.target == b"http://example.test/in/demo?x=1"


async def test_a_chunked_body_over_the_cap_is_cut(door: Door) -> None:
    """Without a length to go by the cap is reached while reading."""
    chunk = b"%x\r\n" % 600_000 + b"a" * 600_000 + b"\r\n"

    answer = await door.post(chunk + chunk + b"0\r\n\r\n", b"Transfer-Encoding: chunked")

    assert status(answer) == 413
    assert door.accepted == []


async def test_a_body_that_never_comes_ends_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "BODY_IDLE_S", 0.05)
    async with opened(Door()) as door:
        head = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"

        answer = await door.talk(head)

        assert status(answer) == 408
        assert door.accepted == []


async def test_a_store_in_trouble_is_never_a_success(door: Door) -> None:
    door.failure = StorageError("disk full")

    answer = await door.post(b"{}")

    assert status(answer) == 503
    assert b"\r\nRetry-After: 5\r\n" in answer
    assert b"disk full" not in answer


async def test_the_reply_keeps_repeated_headers_and_its_status(door: Door) -> None:
    door.reply = Reply(
        418,
        Headers(((b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"X-N", b"n\xe9"))),
        b"tea",
    )

    answer = await door.post(b"")

    assert answer.startswith(b"HTTP/1.1 418 ")
    assert answer.count(b"Set-Cookie: ") == 2
    assert b"X-N: n\xe9" in answer
    assert answer.endswith(b"\r\n\r\ntea")


async def test_two_requests_in_one_packet_are_two_deliveries(door: Door) -> None:
    head = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"

    answer = await door.talk(head + b"\r\na" + head + b"Connection: close\r\n\r\nb")

    assert answer.count(b"HTTP/1.1 200") == 2
    assert [request.body for _, request in door.accepted] == [b"a", b"b"]


async def test_garbage_leaves_one_line_in_the_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever sends rubbish does not own the log: one short line a second, without a traceback."""
    for _ in range(3):
        await door.talk(b"POST /in/demo HTTP/1.1\r\nHost: x\r\nBad Header: \x1b[2J\r\n\r\n")

    (record,) = caplog.records
    assert record.exc_info is None
    assert "\x1b" not in record.getMessage()
    assert len(record.getMessage()) < 300
