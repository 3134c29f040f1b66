"""The one hostile fixture: everything a sender or a target may write to steer, hide in, choke or end what shows it.

Here are the texts, the deliveries, the bodies, the answers of an app, and an inspector that was told all of it. What
may be shown of any of it is said in tests/wire.py.
"""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from inspector.core.text import encode
from tests import fakes, process
from tests.wire import HOSTILE, HOSTILE_JSON, Wire, status, talk

FIRST = "\x9b\u202e"
"""Before all else: a narrow cell, or a sentence that is cut, shows no more of it."""
MARKUP = "[/][/x][@click=app.quit]click[/][link=file:///]y[/link][bold]{}"
SEQUENCES = (
    "\x1b[2J\x1b[H\x1b[?1049l\x1b[6n"  # CSI: clear, home, leave the alternate screen, ask where the cursor is
    "\x1b]52;c;eA==\x07\x1b]0;title\x1b\\\x1b]8;;file:///etc/passwd\x1b\\link\x1b]8;;\x1b\\"  # OSC
    "\x1bP+q544e\x1b\\\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\\x1bc\x1b(0\x0e"  # DCS, APC, PM, SOS, RIS, other letters
)
C1 = "\x9b2J\x9d0;title\x9c\x90q\x9c\x85"
INVISIBLE = "\u202eabc\u202c\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u2028\u2029\ufeff\u00ad\u3164\U000e0041"
FLOODS = "\u200b" * 40 + "\u200d\u2060" * 20 + "Z" + "\u0301\u0489\u20dd" * 10
TEXT = "\x1b" + FIRST + MARKUP + SEQUENCES + C1 + INVISIBLE + FLOODS + "\x00\x7f\r\n\t\b\ud800"
"""All of it, as a parser or a wire would hand it over."""
RAW_C1 = b"\x9b2J\x9d52;c;eA==\x9c\x85"
WIRE = encode(TEXT.replace("\ud800", "\udcff")) + RAW_C1
FIELD = (FIRST + MARKUP + C1 + INVISIBLE + FLOODS).encode()
"""What a parser of HTTP lets into a header's value: no C0, but all the rest, as UTF-8."""
PATH = b"/" + quote(TEXT.replace("\ud800", ""), safe="[/]@=?&").encode()
IN_JSON = json.dumps(TEXT, ensure_ascii=False)[1:-1].replace("\ud800", "\\ud800").encode()
"""Inside a JSON string: what there must be escaped, only a parser makes what it is."""

JSON, XML = b"application/json", b"application/xml"
FORM, MULTIPART = b"application/x-www-form-urlencoded", b"multipart/form-data"


def typed(content_type: bytes, body: bytes, encoding: bytes = b"") -> Wire:
    """Return a delivery of a body of some type."""
    pairs = ((b"Content-Type", content_type), (b"Content-Encoding", encoding))
    return Wire(headers=tuple(pair for pair in pairs if pair[1]), body=body)


def bomb(inflated_bytes: int) -> bytes:
    return gzip.compress(b"\0" * inflated_bytes, mtime=0)


def _parts(*heads: bytes) -> bytes:
    return b"".join(b"--x\r\n%b\r\n\r\n%b\r\n" % (head, HOSTILE) for head in heads) + b"--x--\r\n"


DELIVERIES: Mapping[str, Wire] = {
    "in method, path, query and headers": Wire(
        b"PROPFIND",
        b"/in/demo/%1b%5b2J/[/]?[@click=app.quit]=%c2%9b",
        ((b"X-A", FIELD), (b"X-B", RAW_C1), (b"User-Agent", FIELD + RAW_C1)),
        HOSTILE,
    ),
    "in all of the path": Wire(target=b"/in/demo" + PATH, body=WIRE),
    "in headers' names": Wire(
        headers=(
            (b"`'|~^$%&*+!#", FIELD),
            (b"x-dup", b"1"),
            (b"X-DUP", b"2"),
            (b"_" * 500, b"[/]"),
        ),
        body=b"{}",
    ),
    "in an event and its ids": Wire(
        b"POST",
        b"/in/github",
        (
            (b"X-GitHub-Event", FIELD),
            (b"X-GitHub-Delivery", RAW_C1),
            (b"X-Hub-Signature-256", b"sha256=" + RAW_C1),
            (b"Content-Type", JSON + b"; charset=" + FIELD),
        ),
        b'{"action":"%b","\\u001b[2J":"%b"}' % (HOSTILE_JSON, IN_JSON),
    ),
    "in an event of JSON": Wire(
        b"POST",
        b"/in/checkfront",
        ((b"Content-Type", JSON), (b"Content-Encoding", b"gzip [/]")),
        b'{"event":"%b","booking":{"id":"%b"}}' % (IN_JSON, IN_JSON),
    ),
    "in a signature": Wire(
        b"POST",
        b"/in/jinko",
        (
            (b"X-Jinko-Event-Id", FIELD),
            (b"X-Jinko-Timestamp", RAW_C1),
            (b"X-Jinko-Signature", FIELD),
        ),
        b'{"event":"%b","event_id":"%b"}' % (IN_JSON, IN_JSON),
    ),
    "in a signature once more": Wire(
        b"POST",
        b"/in/jinko",
        ((b"X-Jinko-Event-Id", FIELD), (b"Content-Type", JSON)),
        b'{"event":"%b","event_id":"%b","other":[%b]}' % (IN_JSON, IN_JSON, b"9" * 5000),
    ),
    "in a challenge": Wire(
        b"GET", b"/in/meta?hub.mode=subscribe&hub.challenge=%1b%5b2J&hub.verify_token=%c2%9b2J"
    ),
    "in keys and values": typed(
        JSON, b'{"%b":{"%b":["%b",1e999,-0]},"%b":"again"}' % ((IN_JSON,) * 4)
    ),
    "in parts' names": typed(
        MULTIPART + b"; boundary=x",
        _parts(
            b'Content-Disposition: form-data; name="%b"; filename="%b"' % (WIRE[:90], FIELD),
            b"Content-Disposition: form-data; name*=UTF-8''%1b%5b2J%c2%9b; filename=../../[/]",
            b"Content-Type: application/json; [/]\xc2\x9b\r\nContent-Transfer-Encoding: \x1b[2J",
            FIELD,
        ),
    ),
    "in a form": typed(FORM, b"%1b%5b2J=%9b&[/]=%e2%80%ae&" + quote(FIELD).encode() + b"=%00"),
    "in elements": typed(
        XML, "<a x='\u202e[/]'><!--\x9b2J--><?pi [/]?>\u200b<![CDATA[\x85]]></a>".encode()
    ),
}
"""One of each place in which a sender can write."""
BOMBS: Mapping[str, Wire] = {
    "20 KB that are 20 MiB": typed(JSON, bomb(20 << 20), b"gzip"),
    "20 KB of members": typed(JSON, gzip.compress(b"", mtime=0) * 1000, b"gzip"),
    "members that are bombs": typed(JSON, bomb(1 << 20) * 20, b"gzip"),
    "a bomb in a bomb": typed(JSON, gzip.compress(bomb(50 << 20), mtime=0), b"gzip, gzip"),
    "a bomb of zlib": typed(JSON, zlib.compress(b"[" * (20 << 20)), b"deflate"),
    "a bomb of lines": typed(JSON, gzip.compress(b"\n" * (20 << 20), mtime=0), b"gzip"),
    "escapes in gzip": typed(b"text/plain", gzip.compress(WIRE * 50, mtime=0), b"gzip"),
    "gzip in name only": typed(JSON, b"{}", b"gzip"),
    "brotli that is none": typed(JSON, b"\x1b" * 2000, b"br"),
    "zstd that is none": typed(JSON, b"\x28\xb5\x2f\xfd" + b"\xff" * 2000, b"zstd"),
}
BODIES: Mapping[str, Wire] = {
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
    "escapes of a terminal": typed(JSON, b'{"event":"%b"}' % IN_JSON),
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
    "a line of a mebibyte of escapes": typed(b"text/plain", b"\x1b[/]" * (1 << 18)),
    "a mebibyte of lines": typed(b"text/plain", b"\n" * (1 << 20)),
    "marks on one letter": typed(b"text/plain", b"a" + "\u0301".encode() * 100_000),
    "nothing to see": typed(b"text/plain", "\u200b\u2060".encode() * 50_000),
    "every byte": typed(b"text/plain", bytes(range(256)) * 100),
}
ALL: Mapping[str, Wire] = {**DELIVERIES, **BODIES, **BOMBS}
ANSWERS = (
    fakes.answer(500, ("X-A", C1), body=HOSTILE),
    fakes.answer(500, ("[]", "[/]"), body=HOSTILE),
    b"HTTP/1.1 200 \x1b[2J\x9b2J\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-\x1b[2J: a\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: \x1b]52;c;eA==\x07\r\nContent-Length: 0\r\n\r\n",
    b"\x1b[2J\x9b2J\xe2\x80\xae[/]\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x1b[2J\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\x1b[2J\r\n\r\n",
    fakes.answer(999, ("Content-Type", "application/json"), body=b'{"a":"%b"}' % IN_JSON),
    fakes.answer(200, ("Content-Encoding", "gzip"), body=bomb(1 << 20)),
    b"HTTP/1.1 302 [/]\r\nLocation: %b\r\nContent-Length: %d\r\n\r\n%b" % (FIELD, len(WIRE), WIRE),
)
CONFIG = """
[notify]
bell = true
desktop = true

[inspector]
forward_to = "{url}"

[endpoint.github]
provider = "github"
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.meta]
verify_token = {{ env = "THE_SECRET" }}
"""


async def answering(peer: fakes.Peer) -> None:
    """Answer each request with the next of ANSWERS, and close."""
    if await peer.take():
        await peer.say(ANSWERS[len(peer.target.requests) % len(ANSWERS)])


@dataclass(frozen=True)
class Rig:
    """An inspector that was told some of it, and an app that answers with the rest."""

    running: process.Running
    target: fakes.Target
    numbers: Mapping[str, int]
    """Of each delivery, by its name above."""


@asynccontextmanager
async def inspector(folder: Path, wires: Mapping[str, Wire]) -> AsyncIterator[Rig]:
    """Run an inspector that has stored `wires`, two of which the app has answered in every way."""
    async with (
        fakes.serve(answering) as target,
        process.inspector(
            folder,
            "--quiet",
            config=CONFIG.format(url=target.url),
            environ={"THE_SECRET": "s3cr3t"},
        ) as running,
    ):
        for name, wire in wires.items():
            assert status(await talk(running.ingress, wire.raw)) in {200, 403}, name
        async with running.client() as client:
            found = [delivery.id for delivery, _ in await client.deliveries()]
            assert len(found) == len(wires)
            for number in sorted(found)[:2]:
                for _ in ANSWERS:
                    await client.replay(number, to=target.url)
        yield Rig(running, target, dict(zip(wires, sorted(found), strict=True)))
