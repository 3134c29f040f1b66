"""The exported command is run by a real shell and a real curl against a loopback server."""

import asyncio
import os
import shutil
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.export import copy_of, curl
from inspector.core.export.shellwords import TEXT_CAP_BYTES
from inspector.core.headers import Headers
from inspector.core.model import Delivery
from inspector.core.text import safe_lines
from tests.factories import delivery, headers, request

URL = "http://127.0.0.1:8400/in/demo"

needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None and os.environ.get("CI") != "true",
    reason="no curl on this machine",
)


@dataclass(frozen=True)
class Received:
    request_line: bytes
    headers: Headers
    body: bytes


async def run(made: Delivery, body: bytes, path: str = "/in/demo") -> Received:
    """Run the exported command in `sh`; return what a loopback server was sent."""
    received: list[Received] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        pairs = tuple(
            (n, v.strip()) for n, _, v in (line.partition(b":") for line in head[1:] if line)
        )
        found = Headers(pairs)
        length = int(found.get(b"Content-Length") or 0)
        received.append(Received(head[0], found, await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        command = curl(copy_of(made, body, f"http://127.0.0.1:{port}{path}"))
        shell = await asyncio.create_subprocess_exec(
            "sh",
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"]},
        )
        _, narration = await shell.communicate(command.encode())
    assert shell.returncode == 0, narration.decode()
    assert len(received) == 1
    return received[0]


BODIES = {
    "text": b'{"name":"it\'s $HOME `id` !! \\n","n":1}',
    "several lines": b"one\ntwo\n",
    "at sign": b"@/etc/passwd",
    "dash": b"--request DELETE",
    "not ASCII": "Zoë ☃ 日本".encode(),
    "tab and CR": b"a\tb\r\nc",
    "escape sequence": b"\x1b[201~; id\n",
    "direction override": "a\u202eb".encode(),
    "binary with NUL": bytes(range(256)),
    "long text": b"x" * (TEXT_CAP_BYTES * 4),
    "just under the cap": b"y" * TEXT_CAP_BYTES,
    "longer than curl sends unasked": os.urandom(1_200_000),
}


@needs_curl
@pytest.mark.parametrize("name", BODIES)
async def test_body_arrives_byte_for_byte(name: str) -> None:
    body = BODIES[name]

    received = await run(delivery(body=body), body)

    assert received.body == body
    assert b"Expect" not in received.headers


@needs_curl
async def test_headers_arrive_in_order_case_and_number() -> None:
    """Only Host and the framing are curl's; nothing else is added, folded or lost."""
    sent = Headers(
        (
            (b"hOsT", b"hooks.example.com"),
            (b"x-b", b"1"),
            (b"X-A", b'it\'s; "quoted" $(id) `id`'),
            (b"x-B", b"2"),
            (b"X-Empty", b""),
            (b"X-At", b"@/etc/passwd"),
            (b"X-Latin", b"caf\xe9"),
            (b"X-Tab", b"a\tb % \\101"),
            (b"Content-Type", b"application/json"),
            (b"Transfer-Encoding", b"chunked"),
        )
    )

    received = await run(delivery(request=request(headers=sent)), b"{}")

    kept = [pair for pair in received.headers if pair[0] not in (b"Host", b"Content-Length")]
    assert kept == list(sent.without([b"Host", b"Transfer-Encoding"]))


@needs_curl
async def test_request_target_is_not_normalised() -> None:
    path = "/in/demo/../a//b/%2e%2E/{x}[1-9]\\<'`|^?q=a b&r=é#frag"

    received = await run(delivery(), b"{}", path)

    assert received.request_line == (
        b"POST /in/demo/../a//b/%2e%2E/{x}[1-9]\\<'`|^?q=a%20b&r=%C3%A9%23frag HTTP/1.1"
    )


@needs_curl
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PURGE"])
async def test_bodyless_request_has_no_framing(method: str) -> None:
    received = await run(delivery(request=request(method=method, headers=Headers(), body=b"")), b"")

    assert received.request_line.startswith(method.encode() + b" ")
    assert [name for name, _ in received.headers] == [b"Host"]


@needs_curl
async def test_declared_empty_body_is_sent_as_one() -> None:
    declared = headers(("Content-Length", "0"))

    received = await run(delivery(request=request(headers=declared, body=b"")), b"")

    assert received.headers.get_all(b"Content-Length") == [b"0"]
    assert b"Content-Type" not in received.headers


def test_credentials_are_redacted_and_signatures_kept() -> None:
    sent = headers(
        ("Authorization", "Bearer abc"), ("cookie", "sid=1"), ("X-Jinko-Signature", "sha256=ab")
    )
    made = delivery(request=request(headers=sent))

    command = curl(copy_of(made, b"{}", URL))

    assert "abc" not in command
    assert "sid=1" not in command
    assert "X-Jinko-Signature: sha256=ab" in command
    assert "Bearer abc" in curl(copy_of(made, b"{}", URL, include_secrets=True))


def test_header_that_curl_would_read_as_a_file_is_left_out() -> None:
    sent = delivery(request=request(headers=headers(("@/etc/passwd", "x"))))
    command = curl(copy_of(sent, b"", URL))

    assert "passwd" not in command


@given(
    method=st.text() | st.just("\udcff\ud800"),
    pairs=st.lists(st.tuples(st.binary(), st.binary())),
    body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")),
    url=st.text(),
)
def test_command_is_safe_to_paste(
    method: str, pairs: list[tuple[bytes, bytes]], body: bytes, url: str
) -> None:
    """Whatever the sender wrote: no control, invisible or direction-changing character, and it is UTF-8."""
    made = delivery(request=request(method=method, headers=Headers(tuple(pairs)), body=body))

    command = curl(copy_of(made, body, url))

    assert safe_lines(command, tab_width=0) == command
    command.encode()
