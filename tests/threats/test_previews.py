"""T13, T14: a body made to hurt whoever looks at it costs no more than any other, and shows as well as it can."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from inspector.core.headers import Headers
from tests import process
from tests.threats.command import hooktap
from tests.wire import HOSTILE, HOSTILE_JSON, Wire, assert_harmless, stored_as, talk
from tui.bodyview import SHOWN_BYTES, SHOWN_LINES, Body, View, build

GROWTH_BYTES = 8 * 1024 * 1024
"""What a bomb of 20 KB may cost the inspector, which stores it as it is (T13)."""
LOOK_BYTES = 16 * 1024 * 1024
"""What looking at a bomb may cost the terminal: a mebibyte of it, as lines of text."""


def bomb(inflated_bytes: int) -> bytes:
    return gzip.compress(b"\0" * inflated_bytes, mtime=0)


def typed(content_type: bytes, body: bytes, encoding: bytes = b"") -> Wire:
    pairs = ((b"Content-Type", content_type), (b"Content-Encoding", encoding))
    return Wire(headers=tuple(pair for pair in pairs if pair[1]), body=body)


JSON, XML = b"application/json", b"application/xml"
FORM, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data"
BOMBS: Mapping[str, Wire] = {
    "20 KB that are 20 MiB": typed(JSON, bomb(20 << 20), b"gzip"),
    "20 KB of members": typed(JSON, gzip.compress(b"", mtime=0) * 1000, b"gzip"),
    "members that are bombs": typed(JSON, bomb(1 << 20) * 20, b"gzip"),
    "a bomb in a bomb": typed(JSON, gzip.compress(bomb(50 << 20), mtime=0), b"gzip, gzip"),
    "a bomb of zlib": typed(JSON, zlib.compress(b"[" * (20 << 20)), b"deflate"),
    "a bomb of lines": typed(JSON, gzip.compress(b"\n" * (20 << 20), mtime=0), b"gzip"),
    "gzip in name only": typed(JSON, b"{}", b"gzip"),
    "brotli that is none": typed(JSON, b"\x1b" * 2000, b"br"),
    "zstd that is none": typed(JSON, b"\x28\xb5\x2f\xfd" + b"\xff" * 2000, b"zstd"),
}
HOSTILE_BODIES: Mapping[str, Wire] = {
    "100,000 brackets": typed(JSON, b"[" * 100_000 + b"]" * 100_000),
    "100,000 brackets, unclosed": typed(JSON, b"[" * 100_000),
    "100,000 objects": typed(JSON, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "20,000 digits": typed(JSON, b'{"a":' + b"9" * 20_000 + b"}"),
    "an exponent": typed(JSON, b'{"event":1e999999999,"a":-1e-999999999}'),
    "no numbers": typed(JSON, b'{"a":NaN,"b":Infinity,"c":-Infinity}'),
    "repeated keys": typed(JSON, b"{" + b'"__proto__":{},' * 20_000 + b'"a":1}'),
    "half a surrogate": typed(JSON, b'{"event":"\\ud800","a":"\\udfff\\ud800"}'),
    "quotes without an end": typed(JSON, b'"' * 50_001),
    "backslashes": typed(JSON, b'"' + b"\\" * 100_001),
    "escapes of a terminal": typed(JSON, b'{"event":"%b"}' % HOSTILE_JSON),
    "a million laughs": typed(
        XML,
        b'<!DOCTYPE x [<!ENTITY a "ha">%b]><x><type>&k;</type></x>'
        % b"".join(
            b'<!ENTITY %c "%b">' % (98 + step, b"&%c;" % (97 + step) * 10) for step in range(10)
        ),
    ),
    "one entity, often": typed(
        XML, b'<!DOCTYPE x [<!ENTITY a "%b">]><x>%b</x>' % (b"a" * 50_000, b"&a;" * 50_000)
    ),
    "a file of this machine": typed(
        XML, b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><type>&a;</type></x>'
    ),
    "a DTD from elsewhere": typed(
        XML, b'<!DOCTYPE x PUBLIC "-" "http://127.0.0.1:9/x.dtd"><x><type>%a;</type></x>'
    ),
    "XML that only opens": typed(XML, b"<a>" * 100_000),
    "an element of attributes": typed(
        XML, b"<a %b/>" % b" ".join(b'a%d="1"' % number for number in range(20_000))
    ),
    "a comment without an end": typed(XML, b"<!--" * 50_000),
    "no boundary": typed(MULTIPART, b"--x\r\n" * 1000),
    "a boundary of nothing": typed(MULTIPART + b"; boundary=", b"--\r\n" * 10_000),
    "a boundary of escapes": typed(MULTIPART + b'; boundary="[/]\xc2\x9b"', HOSTILE * 100),
    "parts without an end": typed(MULTIPART + b"; boundary=x", b"--x\r\nA: b\r\n" * 20_000),
    "100,000 fields": typed(FORM, b"&".join([b"a[b][c]=%1b%5b2J%0"] * 20_000)),
    "a type of escapes": typed(b"application/json; [/][@click=app.quit]\xc2\x9b2J", b"{"),
    "a line of a mebibyte": typed(b"text/plain", b"a" * (1 << 20)),
    "a mebibyte of lines": typed(b"text/plain", b"\n" * (1 << 20)),
    "marks on one letter": typed(b"text/plain", b"a" + "\u0301".encode() * 100_000),
    "every byte": typed(b"text/plain", bytes(range(256)) * 100),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="running")
async def make_running(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[process.Running]:
    async with process.inspector(tmp_path_factory.mktemp("previews"), "--quiet") as running:
        yield running


def body_of(wire: Wire) -> Body:
    return Body.of(wire.body, len(wire.body), Headers(wire.headers))


def most_bytes(pid: int) -> int:
    """Return the most memory that a process ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(found.split()[1]) * 1024


@pytest.mark.asyncio(loop_scope="module")
async def test_a_bomb_is_kept_as_it_is(running: process.Running) -> None:
    """The inspector inflates nothing: what 20 KB would become costs it nothing (T13)."""
    first = Wire(body=b"x" * 20_000)
    stored_as(await talk(running.ingress, first.raw))
    before = most_bytes(running.pid)
    numbers = [stored_as(await talk(running.ingress, wire.raw)) for wire in BOMBS.values()]
    async with running.client() as client:
        kept = [await client.body(number) for number in numbers]

    assert kept == [wire.body for wire in BOMBS.values()]
    assert most_bytes(running.pid) - before < GROWTH_BYTES


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_hostile_is_shown(running: process.Running) -> None:
    """`show` prints the beginning of each, and steers no terminal with it; its event and ids are what they can be."""
    wires = [*HOSTILE_BODIES.values(), *BOMBS.values()]
    paths = (b"/in/checkfront", b"/in/jinko", b"/in/demo")
    sent = [
        Wire(wire.method, paths[index % len(paths)], wire.headers, wire.body)
        for index, wire in enumerate(wires)
    ]
    numbers = [stored_as(await talk(running.ingress, wire.raw)) for wire in sent]
    listed = await hooktap(running.data_dir, "list", "--limit", "200", "--json")
    shown = [await hooktap(running.data_dir, "show", str(number)) for number in numbers[::16]]
    shown.append(await hooktap(running.data_dir, "list", "--limit", "200"))

    assert {json.loads(line)["id"] for line in listed.out.splitlines()} >= set(numbers)
    assert b"root:" not in listed.out
    for done in shown:
        assert done.code == 0
        assert len(done.out) < 256 * 1024
        assert_harmless(done.said)


@pytest.mark.parametrize("name", [*BOMBS, *HOSTILE_BODIES])
def test_what_is_hostile_can_be_looked_at(name: str) -> None:
    """The terminal's views of it are bounded in lines and length, and steer nothing; none of them raises (T13, T14)."""
    for view in (None, *View):
        found = build(body_of({**BOMBS, **HOSTILE_BODIES}[name]), view)
        texts = [str(line.content) for line in found.lines]
        assert len(texts) <= SHOWN_LINES
        assert sum(map(len, texts)) <= 16 * SHOWN_BYTES
        assert_harmless("\n".join([*texts, *found.notes]))


@pytest.mark.parametrize("name", [name for name in BOMBS if "bomb" in name or "MiB" in name])
def test_a_bomb_is_looked_at_for_little(name: str) -> None:
    """No more of it is inflated than is shown (T13)."""
    body = body_of(BOMBS[name])
    tracemalloc.start()
    try:
        for view in (None, *View):
            build(body, view)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < LOOK_BYTES
