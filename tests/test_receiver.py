"""The public door, over real sockets and raw bytes."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from aiohttp import http_parser, web, web_protocol
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import BadHttpMessage

from inspector.core.admission import judge
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Reply, Request
from inspector.core.overlays import Overlay, SecretHeader, SecretQuery, SourceAddresses
from inspector.errors import StorageError
from inspector.receiver import Receiver, bodies
from inspector.receiver.budget import Budget
from inspector.receiver.malformed import Malformed
from inspector.receiver.parser import StrictParser
from tests.wire import HOSTILE, assert_harmless

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
async def opened(
    door: Door, listening: socket.socket | None = None, *, budget: Budget | None = None
) -> AsyncIterator[Door]:
    runner = Receiver(
        resolve=door.resolve, accept=door.accept, body_cap_bytes=CAP, budget=budget
    ).runner()
    await runner.setup()
    bound = listening or socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, bound).start()
    door.port = bound.getsockname()[1]
    try:
        yield door
    finally:
        await runner.cleanup()


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The parser on which `door` runs: aiohttp looks for it when a connection is made."""
    if request.param == "Python":
        monkeypatch.setattr(
            "aiohttp.web_protocol.HttpRequestParser", http_parser.HttpRequestParserPy
        )
    elif http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        pytest.skip("aiohttp has no C extension here")
    return str(request.param)


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


@pytest.mark.parametrize("name", [b"Demo", b"my%20app", b".x", b"x" * 65])
async def test_a_name_that_no_endpoint_can_have(door: Door, name: bytes) -> None:
    answer = await door.talk(b"POST /in/" + name + b" HTTP/1.1\r\nHost: x\r\n\r\n")

    assert status(answer) == 404
    assert b"not an endpoint's name" in answer


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
    monkeypatch.setattr(bodies, "BODY_IDLE_S", 0.05)
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


@pytest.mark.parametrize(
    "raw",
    [
        b"OPTIONS /in/demo RTSP/1.0\r\nHost: x\r\n\r\n",
        b"SOURCE /in/demo ICE/1.0\r\nHost: x\r\n\r\n",
        b"post /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"CONNECT /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
        b"POST /in/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chun\xe2\x84\xaaed\r\n\r\n0\r\n\r\n",
        b"POST /in/demo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"0" * 5000 + b"2\r\n\r\n",
        b"POST http://\xff\xfe/in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
        b"POST http://xn--a-\xc2/in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_one_parser_lets_through_neither_does(
    door: Door, parser: str, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """One says POST for `post`, the other takes RTSP for HTTP: 400, nothing kept, and one line about it."""
    answer = await door.talk(raw)

    assert answer.split(b" ", 2)[1] == b"400"
    assert door.accepted == []
    (record,) = caplog.records
    assert record.getMessage().startswith("malformed request from 127.0.0.1:")
    assert record.exc_info is None


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        (b"Transfer-Encoding: chunked", b"2\r\nhi\r\nZ\r\n"),
        (b"Transfer-Encoding: chunked", b"2\r\nhiXX"),
        (b"Transfer-Encoding: chunked", b"2\r\nhi\r\n0\r\nno trailer\r\n\r\n"),
    ],
)
async def test_a_body_that_breaks_is_refused_at_once(
    door: Door, parser: str, head: bytes, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody waits for the rest of it, and the log has one line, without a traceback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(
        b"POST /in/demo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + head + b"\r\n\r\n"
    )
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(rest)

    assert status(await reader.read()) == 400
    writer.close()
    await writer.wait_closed()
    assert door.accepted == []
    (record,) = caplog.records
    assert "malformed request from 127.0.0.1:" in record.getMessage()
    assert record.exc_info is None


@pytest.mark.parametrize(
    "first",
    [
        b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi",
        b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Forged: 1\r\n\r\n",
    ],
)
async def test_no_request_is_read_where_it_would_be_read_wrong(
    door: Door, parser: str, first: bytes
) -> None:
    """Behind an upgrade llhttp drops bytes; behind a trailer the next request would get it for a header."""
    hidden = b"POST /in/demo/hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    second = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(hidden)

    answer = await door.talk(b"POST /in/demo HTTP/1.1\r\nHost: x\r\n" + first + second, hidden)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert door.request.body == b"hi"


async def test_a_connect_is_kept_and_opens_no_tunnel(door: Door, parser: str) -> None:
    """Any method is received. What comes behind this one is no body, and no request."""
    hidden = b"POST /in/demo/hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

    answer = await door.talk(b"CONNECT /in/demo HTTP/1.1\r\nHost: x\r\n\r\n" + hidden)

    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert (door.request.method, door.request.body) == ("CONNECT", b"")


async def test_a_sender_with_no_more_to_say_is_still_answered(door: Door) -> None:
    """Both of its requests, and then the connection ends (RFC 9112, 9.6)."""
    one = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"

    answer = await door.talk(one + one, half_close=True)

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert len(door.accepted) == 2


async def test_garbage_leaves_one_line_in_the_log(
    door: Door, parser: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever sends rubbish does not own the log: one short line a second, and none of the rubbish in it."""
    for _ in range(3):
        raw = b"POST /in/demo HTTP/1.1\r\nHost: x\r\nX-Token: whsec_canary\x1b[2J\r\n\r\n"
        assert status(await door.talk(raw)) == 400

    (record,) = caplog.records
    assert record.exc_info is None
    assert re.fullmatch(
        r"malformed request from 127\.0\.0\.1:\d+: Invalid [a-zA-Z ]+", record.getMessage()
    )


@pytest.mark.parametrize(
    "raw", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"\x00\xff\xfe\r\n\r\n", b"\r\n\n x\r\n\r\n"]
)
async def test_what_is_not_even_a_request_line_is_told(
    door: Door, parser: str, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """aiohttp would tell of a first request's at DEBUG only."""
    await door.talk(raw)

    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("malformed request from 127.0.0.1:")


async def test_nothing_is_read_after_an_error(parser: str) -> None:
    """A connection that sends on is neither heard nor told of again."""
    told: list[str] = []
    made = web_protocol.__dict__["HttpRequestParser"]  # as `parser` has it
    loop = asyncio.get_running_loop()
    strict = StrictParser(
        made(BaseProtocol(loop), loop, 65536), lambda error: told.append(error.message)
    )

    with pytest.raises(BadHttpMessage):
        strict.feed_data(b"POST /in/demo HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n")

    assert strict.feed_data(b"POST /in/demo HTTP/1.1\r\nHost: x\r\n\r\n") == ((), False, b"")
    assert len(told) == 1


def test_the_log_counts_what_it_does_not_show(caplog: pytest.LogCaptureFixture) -> None:
    """One line a second whoever sends: the next says how many there were besides. Nothing in it steers a terminal."""
    now_s = 100.0
    malformed = Malformed(clock_s=lambda: now_s)

    for each in range(5):
        malformed.tell(f"192.0.2.{each}:1", HOSTILE.decode("latin-1") + "x" * 500)
    now_s += 1
    malformed.tell("[2001:db8::1]:2", "Invalid method")
    now_s += 1
    malformed.tell("", "Invalid method")

    first, second, third = [record.getMessage() for record in caplog.records]
    assert first.startswith("malformed request from 192.0.2.0:1: \u241b[2J")
    assert len(first.encode()) < 300
    assert "\n" not in first
    assert_harmless(first)
    assert (
        second
        == "malformed request from [2001:db8::1]:2: Invalid method (and 4 more since the last)"
    )
    assert third == "malformed request from nobody: Invalid method"
