"""T8, T10-T12: nothing that a sender can do to bytes, clocks, ids or the form of a signature makes a forgery right.

What a compare could give away (T9) is tested in tests/test_hostile_signatures.py.
"""

import base64
import gzip
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.verification import verify
from tests import factories, fakes, process
from tests.factories import NOW_S
from tests.wire import Wire, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = b"s3cr3t"
CONFIG = """
[endpoint.github]
provider = "github"
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.jinko]
provider = "jinko"
secret = {{ env = "THE_SECRET" }}
on_invalid = "hold"
forward_to = "{url}"

[endpoint.slack]
provider = "slack"
secret = {{ env = "THE_SECRET" }}
"""
BODY = b'{"event":"booking.completed","event_id":"evt_1"}'


def sha256(signed: bytes, key: bytes = SECRET) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).hexdigest().encode()


def github(body: bytes, signature: bytes | None = None, *, path: bytes = b"/in/github") -> Wire:
    header = (b"X-Hub-Signature-256", signature or b"sha256=" + sha256(body))
    return Wire(target=path, headers=(header,), body=body)


def jinko(at_s: int, signature: bytes | None = None) -> Wire:
    signature = signature or b"sha256=" + sha256(b"%d." % at_s + BODY)
    headers = ((b"X-Jinko-Timestamp", b"%d" % at_s), (b"X-Jinko-Signature", signature))
    return Wire(target=b"/in/jinko", headers=headers, body=BODY)


@dataclass(frozen=True)
class Rig:
    """An inspector and the app behind it."""

    running: process.Running
    app: fakes.Target

    async def outcome(self, wire: Wire) -> str:
        """Send a delivery; return what checking it came to."""
        number = stored_as(await talk(self.running.ingress, wire.raw))
        async with self.running.client() as client:
            delivery, _ = await client.delivery(number)
        return delivery.verification.outcome.value

    async def forwarded(self) -> fakes.Taken:
        """Wait for the next attempt; return what the app got."""
        while (await self.running.line())["type"] != "attempt":
            pass
        return self.app.requests[-1]


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with (
        fakes.serve(fakes.answering()) as app,
        process.inspector(
            tmp_path_factory.mktemp("verdicts"),
            config=CONFIG.format(url=app.url),
            environ={"THE_SECRET": SECRET.decode()},
        ) as running,
    ):
        yield Rig(running, app)


BODIES: Mapping[str, bytes] = {
    "nothing": b"",
    "a BOM": b"\xef\xbb\xbf{}",
    "a last line feed": b"{}\n",
    "CRLF": b'{\r\n"a": 1\r\n}\r\n',
    "repeated keys": b'{"a":1,"a":2}',
    "a number no float has": b'{"a":1.10000000000000000000000001e400}',
    "escapes": b'{"a":"\\u00e9\\/\\ud83d\\ude00"}',
    "no Unicode": b'{"a":"\xff\xfe"}',
    "NUL": b'{"a":"\0"}',
    "gzip": gzip.compress(b'{"a":1}', mtime=0),
    "a form": b"a=%2F&a=+&b=%e9&c",
}


@pytest.mark.parametrize("name", BODIES)
async def test_a_signature_is_over_the_bytes_that_came(rig: Rig, name: str) -> None:
    """Nothing between the socket and the app reads a body and writes it anew: the app can check it as well (T8)."""
    body = BODIES[name]
    wire = github(body, path=b"/in/github/%2F/..//%2e?a=%2f&a=+")
    encoding = (b"Content-Encoding", b"gzip" if name == "gzip" else b"identity")
    sent = Wire(wire.method, wire.target, (*wire.headers, encoding), body)

    assert await rig.outcome(sent) == "verified"
    taken = await rig.forwarded()
    assert taken.header(b"X-Hub-Signature-256") == [b"sha256=" + sha256(taken.body)]
    assert taken.line == b"POST /%2F/..//%2e?a=%2f&a=+ HTTP/1.1"


@pytest.mark.parametrize(
    ("age_s", "outcome"), [(0, "verified"), (290, "verified"), (-290, "verified")]
)
async def test_a_delivery_of_now_is_verified(rig: Rig, age_s: int, outcome: str) -> None:
    """Within the tolerance, before and after (T10)."""
    assert await rig.outcome(jinko(int(time.time()) - age_s)) == outcome


@pytest.mark.parametrize("age_s", [310, -310, 86_400, 10**9])
async def test_a_captured_delivery_is_stale_later(rig: Rig, age_s: int) -> None:
    """The signature is right and always will be: its time is what tells (T10)."""
    assert await rig.outcome(jinko(int(time.time()) - age_s)) == "stale"


@pytest.mark.parametrize(
    ("age_s", "outcome"), [(299, "verified"), (-299, "verified"), (301, "stale"), (-301, "stale")]
)
async def test_the_tolerance_to_the_second(age_s: int, outcome: str) -> None:
    """With a clock that stands still (T10)."""
    sent = jinko(NOW_S - age_s)
    request = factories.request(headers=Headers(sent.headers), body=sent.body)
    found = verify(providers.load()["jinko"], request, (SECRET,), now_s=NOW_S)
    assert found.outcome.value == outcome


async def test_a_forged_id_does_not_stop_the_real_delivery(rig: Rig) -> None:
    """Whoever comes first with the id of a real event is held back alone; the real one goes on, once (T11)."""
    at_s = int(time.time())
    before = len(rig.app.requests)
    for _ in range(3):
        assert await rig.outcome(jinko(at_s, b"sha256=" + b"0" * 64)) == "mismatch"
    real = jinko(at_s)
    assert await rig.outcome(real) == "verified"
    while len(rig.app.requests) == before:
        await rig.forwarded()
    async with rig.running.client() as client:
        rows = await client.deliveries("event:booking.completed endpoint:jinko", limit=4)

    assert [len(attempts) for _, attempts in rows] == [1, 0, 0, 0]
    assert [taken.header(b"X-Jinko-Signature") for taken in rig.app.requests[before:]] == [
        [real.headers[1][1]]
    ]


RIGHT = sha256(BODY)
RAW = bytes.fromhex(RIGHT.decode())
FORGED: Mapping[str, bytes] = {
    "nothing": b" ",
    "the name alone": b"sha256=",
    "another name": b"sha1=" + RIGHT,
    "no name": b"=" + RIGHT,
    "an algorithm of nothing": b"none=",
    "half of it": b"sha256=" + RIGHT[:32],
    "more than it": b"sha256=" + RIGHT + b"00",
    "an empty key": b"sha256=" + sha256(BODY, b""),
    "a key that is a zero": b"sha256=" + sha256(BODY, b"\0" * 64),
    "the body's own hash": b"sha256=" + hashlib.sha256(BODY).hexdigest().encode(),
    "key and body, hashed": b"sha256=" + hashlib.sha256(SECRET + BODY).hexdigest().encode(),
    "another algorithm": b"sha256=" + hmac.new(SECRET, BODY, hashlib.sha512).hexdigest().encode(),
    "base64": b"sha256=" + base64.b64encode(RAW),
    "zeros": b"sha256=" + b"0" * 64,
    "the secret": b"sha256=" + SECRET,
    "signed of nothing": b"sha256=" + sha256(b""),
    "a thousand": b",".join([b"sha256=" + b"0" * 6] * 500),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_signature_of_another_form_is_wrong(rig: Rig, name: str) -> None:
    """What nobody who lacks the secret could not have written proves nothing (T12)."""
    assert await rig.outcome(github(BODY, FORGED[name])) in {"mismatch", "malformed", "missing"}


async def test_two_signatures_are_not_one(rig: Rig) -> None:
    """A header that came twice is not picked from, where its provider sends one (T12)."""
    right = (b"X-Hub-Signature-256", b"sha256=" + RIGHT)
    wrong = (b"X-Hub-Signature-256", b"sha256=" + b"0" * 64)
    assert await rig.outcome(Wire(target=b"/in/github", headers=(right,), body=BODY)) == "verified"
    for pairs in ((right, wrong), (wrong, right)):
        found = await rig.outcome(Wire(target=b"/in/github", headers=pairs, body=BODY))
        assert found in {"mismatch", "malformed"}


async def test_a_version_alone_signs_nothing(rig: Rig) -> None:
    """Slack's `v0=` with nothing behind it, and with the hash of nothing (T12)."""
    at = b"%d" % int(time.time())
    for signature in (
        b"v0=",
        b"v0",
        b"v1=" + sha256(b"v0:" + at + b":" + BODY),
        b"v0=" + sha256(b""),
    ):
        headers = ((b"X-Slack-Request-Timestamp", at), (b"X-Slack-Signature", signature))
        wire = Wire(target=b"/in/slack", headers=headers, body=BODY)
        assert await rig.outcome(wire) in {"mismatch", "malformed", "missing"}
