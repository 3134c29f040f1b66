"""Contentful's signed headers, by the behaviour of @contentful/node-apps-toolkit (src/requests)."""

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import coded
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.errors import SigningError
from tests.factories import NOW_S, headers, request

PROVIDER = parse("contentful", {"scheme": "contentful", "title": "Contentful"})
SECRET = "s" * 64
TIME = str(NOW_S * 1000)
NAMES = "content-type,x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic"
TEXT = f"""POST
/in/cms
content-type:application/json;x-contentful-signed-headers:{NAMES};x-contentful-timestamp:{TIME};x-contentful-topic:T
{{}}"""


def made_of(text: str | bytes, secret: str = SECRET) -> str:
    raw = text.encode() if isinstance(text, str) else text
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def delivery(
    names: str = NAMES, text: str | bytes = TEXT, *, target: bytes = b"/in/cms", body: bytes = b"{}"
) -> Request:
    return request(
        target=target,
        headers=headers(
            ("Host", "hooks.example.test"),
            ("Content-Type", "application/json"),
            ("X-Contentful-Topic", " T  "),
            ("x-contentful-signature", made_of(text)),
            ("X-Contentful-Signed-Headers", names),
            ("x-contentful-timestamp", TIME),
        ),
        body=body,
    )


def seen(made: Request, *secrets: str, now_s: float = NOW_S, **asked: Any) -> Verification:
    return coded.verify(PROVIDER, made, secrets or (SECRET,), now_s=now_s, **asked)


def test_right_one_says_what_it_covers() -> None:
    """The headers that the list names, and no others."""
    assert seen(delivery()) == Verification(
        Outcome.VERIFIED,
        "HMAC-SHA256 of method, path, 4 headers and body matches the secret",
        0,
        NOW_S,
        (
            "method",
            "path and query",
            "header content-type",
            "header x-contentful-signed-headers",
            "header x-contentful-timestamp",
            "header x-contentful-topic",
            "body",
        ),
    )


@pytest.mark.parametrize(
    ("target", "signed"),
    [
        ("/a b", "/a%20b"),
        ("/caf\u00e9?x=1&y=2", "/caf%C3%A9?x%253D1%2526y%253D2"),
        ("/p%20q?z=%41+b", "/p%2520q?z%253D%252541%252Bb"),
        ("/a?", "/a"),
        ("/a?b?c", "/a?b"),
        (
            "/a;,/:@&=+$-_.!~*'()#[]{}|^`\"<>\\?-_.!~*'();,/",
            "/a;,/:@&=+$-_.!~*'()#%5B%5D%7B%7D%7C%5E%60%22%3C%3E%5C?-_.!~*'()%253B%252C%252F",
        ),
    ],
)
def test_path_is_encoded_as_the_vendor_does(target: str, signed: str) -> None:
    """encodeURI over querystring.escape, so the query twice; the right side was computed with Node.js."""
    made = delivery(text=TEXT.replace("/in/cms", signed), target=target.encode())

    assert seen(made).outcome is Outcome.VERIFIED


def test_path_is_that_of_the_public_url() -> None:
    """Behind a proxy that strips a prefix, what came here is not what was signed."""
    made = delivery(text=TEXT.replace("/in/cms", "/hooks/cms?a%253Db"))

    assert seen(made, url="https://cms.example.test/hooks/cms?a=b").outcome is Outcome.VERIFIED
    asked = replace(made, target=b"/in/cms?a=b")
    assert seen(asked, url="https://cms.example.test/hooks/cms").outcome is Outcome.VERIFIED
    changed = replace(made, target=b"/in/cms?a=c")
    assert seen(changed, url="https://cms.example.test/hooks/cms?a=b").outcome is Outcome.MISMATCH
    found = seen(made)
    assert found.outcome is Outcome.MISMATCH
    assert "set public_url" in found.detail
    assert (
        seen(delivery(text=TEXT.replace("/in/cms", "/")), url="https://cms.test").outcome
        is Outcome.VERIFIED
    )


def test_order_of_the_list_does_not_count() -> None:
    """It is sorted before it is signed, and each name counts once."""
    turned = ",".join(reversed(NAMES.split(",")))

    assert seen(delivery(turned)).outcome is Outcome.VERIFIED
    assert seen(delivery(turned + ",content-type")).outcome is Outcome.VERIFIED
    two = "content-type,x-contentful-topic"
    assert seen(delivery(two)).outcome is Outcome.VERIFIED  # list and time are signed, named or not


@pytest.mark.parametrize(
    "names",
    [
        "x-contentful-timestamp",
        NAMES + ",",
        NAMES.replace(",", ", "),
        NAMES.upper(),
        "a,b\x00,c",
        ",",
        ",".join(f"x-{number}" for number in range(10_000)),
        "x" * 100_000,
        "caf\u00e9,x-contentful-timestamp",
    ],
)
def test_list_that_is_none_is_malformed(names: str) -> None:
    """At least two names in lower case, and not thousands."""
    found = seen(delivery(names))

    assert found.outcome is Outcome.MALFORMED
    assert len(found.detail) < 200


@pytest.mark.parametrize(
    ("without", "outcome"),
    [
        (b"x-contentful-signature", Outcome.MISSING),
        (b"x-contentful-signed-headers", Outcome.MISSING),
        (b"x-contentful-timestamp", Outcome.MISSING),
        (b"x-contentful-topic", Outcome.MISSING),
    ],
)
def test_absent_header_is_missing(without: bytes, outcome: Outcome) -> None:
    """Of the three, and of those the list names: somebody on the way took it out."""
    made = delivery()
    found = seen(replace(made, headers=made.headers.without([without])))

    assert found.outcome is outcome
    assert without.decode() in found.detail


@pytest.mark.parametrize(
    "name",
    [
        "x-contentful-signature",
        "x-contentful-signed-headers",
        "x-contentful-timestamp",
        "content-type",
    ],
)
def test_header_with_two_values_is_malformed(name: str) -> None:
    """Programs differ in which of them they read."""
    made = delivery()
    pairs = (*made.headers.pairs, (name.title().encode(), b"other"))

    assert seen(replace(made, headers=Headers(pairs))).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"x-contentful-signature", b""),
        (b"x-contentful-signature", b"abc"),
        (b"x-contentful-signature", b"\xff" * 65),
        (b"x-contentful-timestamp", b""),
        (b"x-contentful-timestamp", b"soon"),
        (b"x-contentful-timestamp", b"-1"),
        (b"x-contentful-timestamp", b"9" * 400),
        (b"x-contentful-signed-headers", b""),
    ],
)
def test_unreadable_value_is_malformed(name: bytes, value: bytes) -> None:
    """Before anything is computed."""
    made = delivery()

    assert (
        seen(replace(made, headers=made.headers.replacing(name, value))).outcome
        is Outcome.MALFORMED
    )


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"body": b"{} "},
        {"body": b""},
        {"target": b"/in/cms/"},
        {"target": b"/in/cms?a"},
    ],
)
def test_change_of_what_is_covered_is_a_mismatch(change: dict[str, Any]) -> None:
    """And of a header that is listed."""
    made = delivery()
    other = made.headers.replacing(b"X-Contentful-Topic", b"U")

    assert seen(replace(made, **change)).outcome is Outcome.MISMATCH
    assert seen(replace(made, headers=other)).outcome is Outcome.MISMATCH


def test_upper_case_hex_is_another_text() -> None:
    """As for the vendor."""
    made = delivery()
    raw = made_of(TEXT).upper().encode()

    assert (
        seen(replace(made, headers=made.headers.replacing(b"x-contentful-signature", raw))).outcome
        is Outcome.MISMATCH
    )


def test_age_is_told_from_the_signature() -> None:
    """Thirty seconds, the last of them excluded, and the future does not count."""
    assert seen(delivery(), now_s=NOW_S + 29.999).outcome is Outcome.VERIFIED
    assert seen(delivery(), now_s=NOW_S + 30).outcome is Outcome.STALE
    assert seen(delivery(), now_s=NOW_S - 90_000).outcome is Outcome.VERIFIED
    assert seen(delivery(), now_s=NOW_S + 50, tolerance_s=60).outcome is Outcome.VERIFIED
    assert "signature is right" in seen(delivery(), now_s=NOW_S + 50).detail
    assert seen(delivery(), "w" * 64, now_s=NOW_S + 50).outcome is Outcome.MISMATCH


def test_secrets() -> None:
    """Any of them; none at all is no mismatch; one of another length is worth a word."""
    assert seen(delivery(), "o" * 64, SECRET).secret_index == 1
    nobody = coded.verify(PROVIDER, delivery(), [], now_s=NOW_S)
    assert (nobody.outcome, nobody.signed_at_s) == (Outcome.NO_SECRET, NOW_S)
    assert "64 characters" in seen(delivery(), "short").detail
    assert "64 characters" in seen(delivery(), "").detail
    assert "64 characters" not in seen(delivery(), "o" * 64).detail


def test_body_is_signed_as_bytes() -> None:
    """Whatever they are."""
    body = b"\xff\x00\r\n\xef\xbb\xbf"
    text = TEXT.encode().removesuffix(b"{}") + body

    assert seen(delivery(text=text, body=body)).outcome is Outcome.VERIFIED


def test_replay_is_signed_over_the_same_headers() -> None:
    """With the time of now; every header stays where it was."""
    old = delivery()

    made = coded.sign(PROVIDER, replace(old, body=b"[]"), SECRET, now_s=NOW_S + 500.25)

    assert seen(made, now_s=NOW_S + 501).outcome is Outcome.VERIFIED
    assert made.headers.get(b"x-contentful-timestamp") == b"%d" % ((NOW_S + 500.25) * 1000)
    assert [name for name, _ in made.headers] == [name for name, _ in old.headers]


def test_new_delivery_is_signed_over_what_it_has() -> None:
    """A sample, which nobody has signed before."""
    made = coded.sign(PROVIDER, request(), SECRET, now_s=NOW_S, url="https://cms.test/a?b=c")

    assert seen(made, url="https://cms.test/a?b=c").outcome is Outcome.VERIFIED
    assert (
        made.headers.get(b"x-contentful-signed-headers")
        == NAMES.removesuffix(",x-contentful-topic").encode()
    )


def test_header_that_is_not_there_cannot_be_signed() -> None:
    """The list is not shortened in silence."""
    old = delivery()
    with pytest.raises(SigningError, match="list of signed headers"):
        coded.sign(
            PROVIDER,
            replace(old, headers=old.headers.without([b"content-type"])),
            SECRET,
            now_s=NOW_S,
        )


BYTES = st.binary(max_size=70)


@given(
    BYTES,
    BYTES,
    BYTES | st.just(TIME.encode()),
    BYTES,
    st.lists(BYTES, max_size=2),
    st.text(max_size=20),
)
def test_nothing_raises(
    signature: bytes, names: bytes, time: bytes, target: bytes, secrets: list[bytes], url: str
) -> None:
    """Whatever is sent."""
    pairs = (
        (b"x-contentful-signature", signature),
        (b"x-contentful-signed-headers", names),
        (b"x-contentful-timestamp", time),
        (names, signature),
    )
    made = request(target=target, headers=Headers(pairs))

    for address in (None, url):
        found = coded.verify(PROVIDER, made, secrets, now_s=NOW_S, url=address)
        assert found.outcome is not Outcome.VERIFIED
        assert found.detail.isprintable()


@given(
    BYTES,
    BYTES,
    st.lists(st.sampled_from(["content-type", "x-a", "x-b"])),
    st.binary(min_size=1, max_size=70),
)
def test_what_is_signed_verifies(
    body: bytes, target: bytes, names: list[str], secret: bytes
) -> None:
    """For any body, path and secret; unless a listed header is not there."""
    made = request(
        target=target,
        body=body,
        headers=headers(
            ("Content-Type", "a/b"),
            ("X-A", " 1 "),
            ("x-contentful-signed-headers", ",".join(names)),
        ),
    )
    try:
        signed = coded.sign(PROVIDER, made, secret, now_s=NOW_S)
    except SigningError:
        assert "x-b" in names or not names
        return
    assert coded.verify(PROVIDER, signed, [secret], now_s=NOW_S).outcome is Outcome.VERIFIED
