"""Sending to real targets: what they get, and what is recorded of everything they may do."""

import asyncio
import hashlib
import tracemalloc

import pytest

from inspector.core.forwarding import DELIVERY_ID, HOPS, RESPONSE_CAP_BYTES
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Failure, FailureKind, Response, Trigger
from inspector.forwarder import Forwarder
from inspector.forwarder.connection import Connection
from tests import factories, fakes

LONG_BODY = bytes(range(256)) * (32 * 4096)
"""32 MiB: what the receiver takes by default."""


def forwarder(total_timeout_s: float = 30, connect_timeout_s: float = 5) -> Forwarder:
    return Forwarder(
        own_ports={8400, 8401},
        total_timeout_s=total_timeout_s,
        connect_timeout_s=connect_timeout_s,
    )


async def send(url: str, total_timeout_s: float = 30, **fields: object) -> Attempt:
    """Send one delivery to a target."""
    async with forwarder(total_timeout_s) as sender:
        return await sender.send(factories.delivery(**fields), url, Trigger.FORWARD)


def response(attempt: Attempt) -> Response:
    assert isinstance(attempt.result, Response), attempt.result
    return attempt.result


def failure(attempt: Attempt) -> Failure:
    assert isinstance(attempt.result, Failure), attempt.result
    return attempt.result


async def test_the_target_gets_what_arrived() -> None:
    """Odd bytes and all: only Host, Content-Length and our own fields are other than they came."""
    request = factories.request(
        method="PATCH",
        target=b"/in/demo//a%2Fb/../c?x=%zz&x=2?",
        headers=Headers(
            (
                (b"X-Dup", b"1"),
                (b"host", b"tunnel.example"),
                (b"x-dup", b"caf\xe9"),
                (b"Connection", b"keep-alive"),
                (b"Accept-Encoding", b"gzip"),
                (b"Transfer-Encoding", b"chunked"),
            )
        ),
        body=bytes(range(256)),
    )
    async with fakes.serve(fakes.answering()) as target, forwarder() as sender:
        delivery = factories.delivery(request=request)
        attempt = await sender.send(delivery, target.url + "/hooks?token=a", Trigger.FORWARD)

    [taken] = target.requests
    authority = b"127.0.0.1:%d" % target.port
    assert taken.line == b"PATCH /hooks//a%2Fb/../c?token=a&x=%zz&x=2? HTTP/1.1"
    assert taken.pairs == [
        (b"X-Dup", b"1"),
        (b"host", authority),
        (b"x-dup", b"caf\xe9"),
        (b"Accept-Encoding", b"gzip"),
        (b"Content-Length", b"256"),
        (DELIVERY_ID, factories.delivery().uid.encode()),
        (HOPS, sender.hop),
    ]
    assert taken.body == bytes(range(256))
    assert attempt.request_headers.pairs == tuple(taken.pairs)
    assert attempt.url == target.url + "/hooks//a%2Fb/../c?token=a&x=%zz&x=2?"


async def test_what_was_forwarded_from_here_before_goes_no_further() -> None:
    """Unless a person asks for it: that ends after one round, where a forward would begin the next."""
    async with (
        fakes.serve(fakes.answering()) as target,
        forwarder() as sender,
        forwarder() as other,
    ):
        for hop in (b"0123456789abcdef, " + sender.hop, sender.hop + b",0123456789abcdef"):
            headers = Headers(((b"hooktap-hops", b"0123456789abcdef"), (b"HOOKTAP-HOPS", hop)))
            delivery = factories.delivery(request=factories.request(headers=headers))
            for trigger in (Trigger.FORWARD, Trigger.RETRY):
                attempt = await sender.send(delivery, target.url, trigger)
                assert failure(attempt).kind is FailureKind.FORBIDDEN
                assert "would never end" in failure(attempt).detail
                assert len(attempt.request_headers) == 0
            assert target.requests == []
            assert (await sender.send(delivery, target.url, Trigger.REPLAY)).succeeded
            assert (await other.send(delivery, target.url, Trigger.FORWARD)).succeeded
            target.requests.clear()


async def test_the_secret_segment_stays_here() -> None:
    """Neither the target nor the attempt that is shown of it has it."""
    request = factories.request(target=b"/in/wink/S3CR3T/extra?x=1")
    async with fakes.serve(fakes.answering()) as target, forwarder() as sender:
        attempt = await sender.send(
            factories.delivery(request=request),
            target.url + "/hooks",
            Trigger.FORWARD,
            secret_path=b"S3CR3T",
        )

    assert target.requests[0].line == b"POST /hooks/extra?x=1 HTTP/1.1"
    assert attempt.url == target.url + "/hooks/extra?x=1"


async def test_an_attempt_says_what_was_answered() -> None:
    wire = fakes.answer(201, ("Set-Cookie", "a"), ("set-cookie", "b"), body=b"\0\xff")
    async with fakes.serve(fakes.answering(wire)) as target, forwarder() as sender:
        attempt = await sender.send(factories.delivery(id=7), target.url, Trigger.RETRY)

    assert (attempt.id, attempt.number, attempt.delivery_id) == (0, 0, 7)
    assert attempt.trigger is Trigger.RETRY
    assert attempt.started_at_us > 0
    assert attempt.duration_us > 0
    assert attempt.succeeded
    assert response(attempt) == Response(
        201,
        factories.headers(("Set-Cookie", "a"), ("set-cookie", "b"), ("Content-Length", "2")),
        b"\0\xff",
        2,
    )


async def test_no_redirect_is_followed_and_no_cookie_kept() -> None:
    wire = fakes.answer(302, ("Location", "http://169.254.169.254/"), ("Set-Cookie", "a=1"))
    async with fakes.serve(fakes.answering(wire)) as target, forwarder() as sender:
        first = await sender.send(factories.delivery(), target.url, Trigger.FORWARD)
        await sender.send(factories.delivery(), target.url, Trigger.FORWARD)

    assert response(first).status == 302
    assert len(target.requests) == 2
    assert all(not taken.header(b"Cookie") for taken in target.requests)


async def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fakes.serve(fakes.answering()) as target:
        with fakes.refusing() as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("ALL_PROXY", proxy.url)
            assert (await send(target.url)).succeeded


async def test_an_answer_to_head_has_no_body() -> None:
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    request = factories.request(method="HEAD", body=b"")
    async with fakes.serve(fakes.answering(wire)) as target:
        attempt = await send(target.url, request=request)

    assert (response(attempt).status, response(attempt).body_bytes) == (200, 0)


async def test_nobody_listens() -> None:
    with fakes.refusing() as target:
        attempt = await send(target.url)

    assert failure(attempt) == Failure(
        FailureKind.REFUSED,
        f"nobody listens at 127.0.0.1:{target.port} (is your app running?)",
    )


BROKEN: dict[str, tuple[fakes.Script, FailureKind, str]] = {
    "closes at once": (
        fakes.closing(b""),
        FailureKind.DISCONNECTED,
        "closed the connection without answering",
    ),
    "closes in the head": (
        fakes.closing(b"HTTP/1.1 200"),
        FailureKind.DISCONNECTED,
        "closed the connection after 12 bytes of a head",
    ),
    "short body": (
        fakes.closing(fakes.answer(body=b"x" * 120, length=500)),
        FailureKind.DISCONNECTED,
        "closed the connection after status 200 and 120 of 500 body bytes",
    ),
    "no last chunk": (
        fakes.closing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
        FailureKind.DISCONNECTED,
        "after status 200 and 2 body bytes without an end",
    ),
    "resets at once": (
        fakes.resetting(),
        FailureKind.DISCONNECTED,
        "reset the connection without answering",
    ),
    "bad chunk": (
        fakes.answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n"),
        FailureKind.MALFORMED,
        "Invalid character in chunk size",
    ),
    "garbage": (
        fakes.answering(b"\x1b]52;c;ZXZpbA==\x07"),
        FailureKind.MALFORMED,
        "begins with '␛]52;c;ZXZpbA==␇'",
    ),
    "interim flood": (
        fakes.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 10),
        FailureKind.MALFORMED,
        "more than 16 interim",
    ),
    "huge head": (
        fakes.endless(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536),
        FailureKind.MALFORMED,
        "longer than 64 KiB",
    ),
    "many headers": (
        fakes.endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
        FailureKind.MALFORMED,
        "more than 256 headers",
    ),
    "silent": (fakes.silent, FailureKind.TIMEOUT, "within 0.5 s: the target sent nothing"),
    "deaf": (fakes.deaf, FailureKind.TIMEOUT, "within 0.5 s: the target sent nothing"),
    "trickling head": (
        fakes.trickling(b"HTTP/1.1 200 OK\r\nX: "),
        FailureKind.TIMEOUT,
        " bytes of a head",
    ),
    "trickling body": (
        fakes.trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"),
        FailureKind.TIMEOUT,
        "status 200 and ",
    ),
    "never ending body": (
        fakes.trickling(b"HTTP/1.1 200 OK\r\n\r\n"),
        FailureKind.TIMEOUT,
        " body bytes without an end",
    ),
}


@pytest.mark.parametrize(("script", "kind", "sentence"), BROKEN.values(), ids=BROKEN)
async def test_a_broken_target_is_a_failure_that_says_what_happened(
    script: fakes.Script, kind: FailureKind, sentence: str
) -> None:
    limit_s = 0.5 if kind is FailureKind.TIMEOUT else 30
    async with fakes.serve(script) as target:
        attempt = await send(target.url, total_timeout_s=limit_s)

    assert failure(attempt).kind is kind
    assert sentence in failure(attempt).detail
    assert failure(attempt).detail.isprintable()
    assert target.connections == 1


async def test_a_reset_amid_the_answer() -> None:
    """What came before the reset may or may not be read; that it is no complete answer is certain."""
    async with fakes.serve(fakes.resetting(fakes.answer(length=500))) as target:
        attempt = await send(target.url)

    assert failure(attempt).kind is FailureKind.DISCONNECTED


async def test_without_a_length_the_close_ends_the_body() -> None:
    async with fakes.serve(fakes.closing(b"HTTP/1.0 200 OK\r\n\r\nold style")) as target:
        attempt = await send(target.url)

    assert response(attempt).body == b"old style"


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
    ],
    ids=["endless", "a gigabyte"],
)
async def test_a_huge_answer_is_cut_and_marked(head: bytes) -> None:
    async with fakes.serve(fakes.endless(head, b"x" * 65536)) as target:
        attempt = await send(target.url)

    result = response(attempt)
    assert len(result.body) == RESPONSE_CAP_BYTES
    assert result.truncated
    assert result.body_bytes > RESPONSE_CAP_BYTES


async def test_a_long_body_arrives_whole() -> None:
    async with fakes.serve(fakes.answering()) as target:
        attempt = await send(target.url, body=LONG_BODY)

    assert attempt.succeeded
    digest = hashlib.sha256(LONG_BODY).digest()
    assert hashlib.sha256(target.requests[0].body).digest() == digest


async def test_a_long_body_waits_for_the_target_without_a_copy() -> None:
    async with fakes.serve(fakes.deaf) as target:
        tracemalloc.start()
        try:
            attempt = await send(target.url, total_timeout_s=0.2, body=LONG_BODY)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert failure(attempt).detail.endswith("sent nothing and did not read the whole request")
    assert peak_bytes < 4 * 2**20


@pytest.mark.parametrize("body_bytes", [100, 2**20, 2**24])
async def test_an_answer_before_the_body_was_read_is_recorded(body_bytes: int) -> None:
    """What the target leaves unread makes its close a reset, which must not swallow the answer."""
    with fakes.refusing_early() as target:
        async with forwarder() as sender:
            for _ in range(20):
                delivery = factories.delivery(body=b"x" * body_bytes)
                attempt = await sender.send(delivery, target.url, Trigger.FORWARD)

                assert (response(attempt).status, response(attempt).body) == (413, b"too long")


async def test_hundreds_at_once() -> None:
    async def one(number: int) -> Attempt:
        body = b"%d" % number
        return await sender.send(factories.delivery(body=body), target.url, Trigger.FORWARD)

    async def echo(peer: fakes.Peer) -> None:
        while taken := await peer.take():
            await peer.say(fakes.answer(body=taken.body))

    async with fakes.serve(echo) as target, forwarder() as sender:
        for _ in range(2):
            attempts = await asyncio.gather(*(one(number) for number in range(300)))
            assert [int(response(each).body) for each in attempts] == list(range(300))


async def test_a_cancelled_send_closes_its_connection() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        asked.set()
        await peer.reader.read()
        left.set()

    async with fakes.serve(script) as target, forwarder() as sender, asyncio.TaskGroup() as group:
        task = group.create_task(sender.send(factories.delivery(), target.url, Trigger.FORWARD))
        await asked.wait()
        task.cancel()
        await left.wait()

    assert task.cancelled()


async def test_a_send_cancelled_as_its_answer_comes_closes_its_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the very turn of the loop in which it settled: the connection could be kept, but nobody takes it."""
    left = asyncio.Event()
    wake = Connection._wake

    def cancel_too(connection: Connection) -> None:
        wake(connection)
        task.cancel()

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await peer.say(fakes.OK)
        await peer.reader.read()
        left.set()

    monkeypatch.setattr(Connection, "_wake", cancel_too)
    async with fakes.serve(script) as target, forwarder() as sender, asyncio.TaskGroup() as group:
        task = group.create_task(sender.send(factories.delivery(), target.url, Trigger.FORWARD))
        async with asyncio.timeout(10):
            await left.wait()

    assert task.cancelled()


async def test_what_is_no_target_is_forbidden() -> None:
    attempt = await send("ftp://127.0.0.1/")

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert attempt.url == "ftp://127.0.0.1/"
    assert not attempt.request_headers.pairs


async def test_what_cannot_be_said_in_http_is_not_sent() -> None:
    headers = Headers(((b"X", b"a\r\nEvil: 1"),))
    async with fakes.serve(fakes.answering()) as target:
        attempt = await send(target.url, request=factories.request(headers=headers))

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert "cannot be sent" in failure(attempt).detail
    assert target.connections == 0


async def test_closing_twice_is_harmless() -> None:
    async with fakes.serve(fakes.answering()) as target:
        sender = forwarder()
        async with sender:
            await sender.send(factories.delivery(), target.url, Trigger.FORWARD)
        async with sender:
            late = await sender.send(factories.delivery(), target.url, Trigger.FORWARD)

    assert late.succeeded
