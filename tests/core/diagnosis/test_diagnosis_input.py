"""Nothing that a sender, a person or a file can write makes a diagnosis raise."""

from hypothesis import given
from hypothesis import strategies as st

from inspector.core.diagnosis import diagnose
from inspector.core.headers import Headers
from inspector.core.model import Request
from tests.core.diagnosis.deliveries import BUILT_IN
from tests.factories import NOW_S

TEXT = st.text(st.characters())
SECRET = (
    st.binary()
    | TEXT
    | st.sampled_from(
        [
            "",
            "\0",
            "whsec_",
            "whsec_aGVsbG8=",
            "6162",
            "a:b",
            "-----BEGIN PUBLIC KEY-----",
            '{"kty":1}',
            "A=",
            "%",
            "\udc80",
        ]
    )
)
VALUE = st.binary() | st.sampled_from(
    [
        b"sha256=" + b"ab" * 32,
        b"sha1=" + b"AB" * 20,
        b"t=1780387200,v1=" + b"cd" * 32,
        b"v1,YWJj",
        b"1780387200",
        b"1780387200000",
        b"2026-06-02T08:00:00Z",
        b"9999-12-31T23:59:59Z",
        b"Basic YTpi",
        b"Tue, 02 Jun 2026 08:00:00 -9999",
        b"a.example:99999",
        b"[::1",
        b"ab" * 64,
        b"/x?%zz&&=",
        b'host="a";proto=b',
    ]
)
BODY = st.binary() | st.sampled_from(
    [
        b'{"a":1,"a":2}',
        b'"\\ud800"',
        b'{"a":"\\ud800","b":"\\udc00\\ud83d\\ude00","c":1e400,"d":-0,"e":12345678901234567890}',
        b"[" * 9000,
        b'{"a":[' * 40,
        b"1" * 5000,
        b'["\x01"]',
        b"\xff\xfe\x00",
        b"a=%F&b=+%20",
        b"\x1f\x8b\x08\x00",
        b"NaN",
        b'{"signature":{},"value":[{}],"notificationItems":[{}],"webhookTimestamp":1}',
    ]
)
NAMES = (
    b"Host",
    b"Date",
    b"Content-Length",
    b"X-Forwarded-Host",
    b"Forwarded",
    b"X-Forwarded-Port",
    b"X-Forwarded-Prefix",
    b"X-Original-URI",
    b"X-Hub-Signature",
)


@given(st.data())
def test_nothing_whatever_raises(data: st.DataObject) -> None:
    asked = BUILT_IN[data.draw(st.sampled_from(sorted(BUILT_IN)))]
    names = {locator.name.encode() for p in asked.placements for locator in p.locators()}
    names |= {p.signature.name.encode() for p in asked.placements}
    name = st.sampled_from(sorted(names | set(NAMES))) | st.binary()
    request = Request(
        method=data.draw(TEXT),
        target=data.draw(
            st.binary() | st.sampled_from([b"/in/x?a=1&b=%zz+", b"http://h/p?q#f", b"*"])
        ),
        headers=Headers(tuple(data.draw(st.lists(st.tuples(name, VALUE), max_size=8)))),
        body=data.draw(BODY),
    )

    found = diagnose(
        asked,
        request,
        data.draw(st.lists(SECRET, max_size=3)),
        now_s=data.draw(st.floats(0, 1e12) | st.just(float(NOW_S))),
        url=data.draw(
            st.none() | TEXT | st.sampled_from(["https://h:1/p/?b=%zz&a", "https://[::1]/"])
        ),
        other_secrets=data.draw(st.lists(SECRET | st.tuples(TEXT, SECRET), max_size=2)),
        tolerance_s=data.draw(st.none() | st.integers(0)),
    )

    assert all(finding.detail.isprintable() for finding in found)
