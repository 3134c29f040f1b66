"""scripts/demo_app.py as a newcomer runs it: a process of its own, spoken to over loopback."""

import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import pytest

from tests import process

SECRET = "jinko-demo-secret"
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class App:
    url: str

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], method: str = "POST"
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def jinko(self, body: bytes, **changes: str | None) -> tuple[int, str]:
        """Post as Jinko does; `signature` and `timestamp` may be changed, or left out with None."""
        timestamp = changes.get("timestamp", str(int(time.time())))
        digest = hmac.new(SECRET.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        headers = {
            "X-Jinko-Timestamp": timestamp,
            "X-Jinko-Signature": changes.get("signature", f"sha256={digest.hexdigest()}"),
        }
        present = {name: value for name, value in headers.items() if value is not None}
        return self.post("/webhooks/jinko", body, JSON | present)


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with process.demo_app(SECRET) as url:
        yield App(url)


def event(event_id: str) -> bytes:
    return json.dumps(
        {"event": "booking.completed", "booking_ref": "JNK-TEST00", "event_id": event_id}
    ).encode()


def test_accepts_a_valid_signature(app: App) -> None:
    assert app.jinko(event("evt_valid")) == (
        200,
        "jinko: 'booking.completed' of booking 'JNK-TEST00'\n",
    )


def test_the_raw_body_is_what_is_signed(app: App) -> None:
    assert app.jinko(b" " + event("evt_raw") + b"\r\n")[0] == 200


def test_an_event_is_handled_once(app: App) -> None:
    """Providers retry; the id that counts is the one inside the signed body."""
    assert app.jinko(event("evt_twice"))[0] == 200

    assert app.jinko(event("evt_twice")) == (200, "jinko: 'evt_twice' was already handled\n")


def test_refuses_a_tampered_body(app: App) -> None:
    signed = hmac.new(SECRET.encode(), b"%d." % time.time() + event("evt_a"), hashlib.sha256)

    status, sentence = app.jinko(event("evt_b"), signature=f"sha256={signed.hexdigest()}")

    assert (status, sentence) == (401, "the signature does not match\n")


@pytest.mark.parametrize("shift", [-301, 310])
def test_refuses_a_time_too_far_off(app: App, shift: int) -> None:
    """A signature that is right does not stay right for ever, nor does a clock that runs ahead help."""
    status, sentence = app.jinko(event("evt_late"), timestamp=str(int(time.time()) + shift))

    assert status == 400
    assert "more than 5 minutes off" in sentence


def test_accepts_a_time_within_five_minutes(app: App) -> None:
    assert app.jinko(event("evt_slow"), timestamp=str(int(time.time()) - 200))[0] == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": None},
        {"timestamp": None},
        {"signature": ""},
        {"signature": "sha512=00"},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"timestamp": "-1"},
        {"timestamp": "9" * 5000},
        {"timestamp": "\u00b2\u00b3"},
    ],
)
def test_refuses_headers_it_cannot_read(app: App, changes: dict[str, str | None]) -> None:
    status, sentence = app.jinko(event("evt_headers"), **changes)

    assert status == 400
    assert "missing or" in sentence


@pytest.mark.parametrize("signature", ["sha256=", "sha256=zz", "sha256=" + "0" * 64, "sha256=\xff"])
def test_refuses_a_signature_that_is_wrong(app: App, signature: str) -> None:
    assert app.jinko(event("evt_wrong"), signature=signature)[0] == 401


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"null", b"[]", b"{}", b'{"event":"a","event_id":7}', b"[" * 100_000],
)
def test_refuses_a_signed_body_it_cannot_read(app: App, body: bytes) -> None:
    assert app.jinko(body)[0] == 400


def test_without_a_secret_nothing_of_jinko_is_accepted() -> None:
    """An app that cannot check must not pretend to; 500 makes the provider try again once it is set."""
    with process.demo_app(None) as url:
        app = App(url)
        status, sentence = app.jinko(event("evt_any"))
        wink = app.post("/webhooks/wink", b'{"event":"booking.create"}', JSON)

    assert status == 500
    assert "JINKO_WEBHOOK_SECRET is not set" in sentence
    assert wink[0] == 200


def test_wink_is_accepted_and_not_trusted(app: App) -> None:
    status, sentence = app.post("/webhooks/wink", b'{"event":"booking.create"}', JSON)

    assert status == 200
    assert "'booking.create', unsigned" in sentence


def test_control_characters_are_escaped(app: App) -> None:
    _, sentence = app.post("/webhooks/wink", b'{"event":"\\u001b]0;x\\u0007"}', JSON)

    assert "\x1b" not in sentence


BOOKING_XML = b"<checkfront-notify><booking><status>PAID</status></booking></checkfront-notify>"
ITEM_XML = b"<checkfront-notify><type>item</type><action>update</action><item/></checkfront-notify>"


@pytest.mark.parametrize(
    ("mimetype", "body", "expected"),
    [
        ("application/json", b'{"booking":{"status":"PAID"}}', "booking PAID"),
        ("application/json", b'{"type":"item","action":"update"}', "item update"),
        ("application/xml", BOOKING_XML, "booking PAID"),
        ("text/xml; charset=utf-8", ITEM_XML, "item update"),
        ("application/x-www-form-urlencoded", b"booking%5Bstatus%5D=PAID", "booking PAID"),
        ("application/x-www-form-urlencoded", b"type=item&action=update", "item update"),
    ],
)
def test_checkfront_in_its_three_formats(
    app: App, mimetype: str, body: bytes, expected: str
) -> None:
    status, sentence = app.post("/webhooks/checkfront", body, {"Content-Type": mimetype})

    assert status == 200
    assert sentence.startswith(f"checkfront: '{expected}', unsigned")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    ],
)
def test_checkfront_xml_with_a_dtd_is_refused(app: App, body: bytes) -> None:
    """An entity may expand to gigabytes or read a file of ours."""
    status, sentence = app.post("/webhooks/checkfront", body, {"Content-Type": "application/xml"})

    assert (status, sentence) == (400, "a document type declaration is not accepted\n")


@pytest.mark.parametrize(
    ("mimetype", "body", "status"),
    [
        ("application/xml", b"", 400),
        ("application/xml", b"<a", 400),
        ("application/xml", b"\xff\xfe\x00", 400),
        ("application/json", b"<a/>", 400),
        ("application/x-www-form-urlencoded", b"\xff&=&&%zz", 400),
        ("application/x-www-form-urlencoded", b"booking[status]=%ff", 400),
        ("application/x-www-form-urlencoded", b"", 400),
        ("application/x-www-form-urlencoded", b"a&" * 2000, 400),
        ("application/json", b"{}", 400),
        ("text/plain", b"booking", 415),
    ],
)
def test_checkfront_bodies_it_cannot_read(
    app: App, mimetype: str, body: bytes, status: int
) -> None:
    assert app.post("/webhooks/checkfront", body, {"Content-Type": mimetype})[0] == status


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_every_other_path_answers(app: App, method: str) -> None:
    status, sentence = app.post("/some/where", b"\x00\x01", {}, method)

    assert status == 200
    assert sentence == f"{method} '/some/where': 2 bytes\n"


def test_it_takes_a_large_body(app: App) -> None:
    body = urlencode({"padding": "x" * 3_000_000}).encode()

    assert app.post("/", body, {})[1].endswith(f"{len(body)} bytes\n")
