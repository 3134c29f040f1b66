"""HTTP Message Signatures: the test cases of RFC 9421, and all that may be wrong with one."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import coded
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.errors import SigningError
from tests.authority import certificate, curve_key, private_pem, public_pem, rsa_key
from tests.factories import headers, request

PROVIDER = parse("rfc9421", {"scheme": "rfc9421", "title": "Acme"})

# RFC 9421, B.1 and B.2
RSA = """-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----
"""
RSA_PSS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----
"""
P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
"""
ED25519 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
SHARED = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
CREATED_S = 1_618_884_473
URL = "https://example.com/foo?param=Value&Pet=dog"
EXAMPLE = request(
    target=b"/foo?param=Value&Pet=dog",
    headers=headers(
        ("Host", "example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("Content-Type", "application/json"),
        (
            "Content-Digest",
            (
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm"
                "+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
            ),
        ),
        ("Content-Length", "18"),
    ),
    body=b'{"hello": "world"}',
)
B21 = (
    'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    (
        "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopem"
        "LJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG"
        "52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx"
        "2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6"
        "UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3"
        "+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:"
    ),
)
B22 = (
    (
        'sig-b22=("@authority" "content-digest" "@query-param";name="Pet")'
        ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"'
    ),
    (
        "sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQ"
        "EdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT"
        "8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SA"
        "RYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd"
        "4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoK"
        "UqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:"
    ),
)
B23 = (
    (
        'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
        ';created=1618884473;keyid="test-key-rsa-pss"'
    ),
    (
        "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yB"
        "iMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fU"
        "xN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1"
        "pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9"
        "bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5Z"
        "JzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:"
    ),
)
B25 = (
    'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
)
B26 = (
    (
        'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    ),
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
)
"""Label's input and signature; B.2.4 signs a response, which no delivery is."""


def bearing(made: Request, signature_input: str, signature: str) -> Request:
    """Return a request with the two headers."""
    pairs = ((b"Signature-Input", signature_input.encode()), (b"Signature", signature.encode()))
    return replace(made, headers=Headers(made.headers.pairs + pairs))


def check(
    made: Request, *secrets: str | bytes, url: str | None = URL, **asked: Any
) -> Verification:
    return coded.verify(PROVIDER, made, secrets, url=url, **({"now_s": CREATED_S} | asked))


@pytest.mark.parametrize(
    ("case", "key", "covers_body"),
    [
        (B21, RSA_PSS, False),
        (B22, RSA_PSS, True),
        (B23, RSA_PSS, True),
        (B25, SHARED, False),
        (B26, ED25519, False),
    ],
)
def test_appendix_b2_verifies(case: tuple[str, str], key: str, covers_body: bool) -> None:
    """RFC 9421, B.2.1 to B.2.6; and whether the body is covered is told."""
    found = check(bearing(EXAMPLE, *case), key)

    assert found.outcome is Outcome.VERIFIED
    assert found.signed_at_s == CREATED_S
    assert ("body" in found.covered) == covers_body
    assert ("the body is not among them" in found.detail) == (not covers_body)


@pytest.mark.parametrize("case", [B21, B22, B23, B25, B26])
@pytest.mark.parametrize("key", [RSA, RSA_PSS, P256, ED25519, SHARED])
def test_appendix_b2_fits_no_other_key(case: tuple[str, str], key: str) -> None:
    """Each case has one key."""
    right = {B25: SHARED, B26: ED25519}.get(case, RSA_PSS)
    found = check(bearing(EXAMPLE, *case), key)

    assert (found.outcome is Outcome.VERIFIED) == (key == right)


def test_section_4_3_two_signatures() -> None:
    """RFC 9421, 4.3: the client's own, and that of a proxy which has been reached under another name."""
    components = '("@method" "@authority" "@path" "content-digest" "content-type" "content-length"'
    both = bearing(
        replace(
            EXAMPLE,
            headers=EXAMPLE.headers.replacing(
                b"Forwarded", b"for=192.0.2.123;host=example.com;proto=https"
            ),
        ),
        f'sig1={components});created=1618884475;keyid="test-key-ecc-p256", '
        f'proxy_sig={components} "forwarded");created=1618884480;keyid="test-key-rsa"'
        ';alg="rsa-v1_5-sha256";expires=1618884540',
        "sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A==:, "
        "proxy_sig=:S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+MjniOa"
        "YmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAG"
        "hB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI8"
        "7HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV/g==:",
    )
    inside = "https://origin.host.internal.example/foo?param=Value&Pet=dog"

    assert check(both, P256).outcome is Outcome.VERIFIED
    assert check(both, P256, url=inside).outcome is Outcome.MISMATCH
    assert check(both, RSA, url=inside).outcome is Outcome.VERIFIED
    assert check(both, RSA).outcome is Outcome.MISMATCH
    late = check(both, RSA, url=inside, now_s=1_618_884_541)
    assert late.outcome is Outcome.STALE
    assert late.detail == "signature is right, but it expired 1 s ago"


def test_appendix_b4_survives_what_a_proxy_may_change() -> None:
    """RFC 9421, B.4: headers in another order, one more of them, and the query in another order."""
    case = (
        'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
        "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
    )
    made = request(method="GET", body=b"", target=b"/demo?name1=Value1&Name2=value2")
    accepts = headers(("Host", "example.org"), ("Accept", "application/json"), ("Accept", "*/*"))
    turned = headers(("Accept", "*/*"), ("Host", "example.org"), ("Accept", "application/json"))
    joined = headers(
        ("X-More", "1"), ("Accept", "application/json, */*"), ("Host", "EXAMPLE.org:443")
    )

    assert (
        check(bearing(replace(made, headers=accepts), *case), ED25519, url=None).outcome
        is Outcome.VERIFIED
    )
    assert (
        check(bearing(replace(made, headers=joined), *case), ED25519, url=None).outcome
        is Outcome.VERIFIED
    )
    assert (
        check(bearing(replace(made, headers=turned), *case), ED25519, url=None).outcome
        is Outcome.MISMATCH
    )


# What follows is signed here, by hand: the base is spelt out, and only the arithmetic is a library's.

BODY = b'{"event":"booking.completed"}'
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:"
COMPONENTS = '("@method" "@authority" "@path" "@query" "content-digest")'
TEXT = f""""@method": POST
"@authority": hooks.example.test
"@path": /in/acme
"@query": ?x=1
"content-digest": {DIGEST}
"@signature-params": """
HERE = "https://hooks.example.test/in/acme?x=1"
SECRET = "a shared secret"
PLAIN = request(
    target=b"/in/acme?x=1",
    headers=headers(("Host", "hooks.example.test"), ("Content-Digest", DIGEST)),
    body=BODY,
)


def signed(
    parameters: str = f";created={CREATED_S}", secret: str | bytes = SECRET, text: str = TEXT
) -> Request:
    """Return a delivery signed with HMAC-SHA256."""
    key = secret.encode() if isinstance(secret, str) else secret
    made = hmac.digest(key, (text + COMPONENTS + parameters).encode(), "sha256")
    return bearing(
        PLAIN, f"sig1={COMPONENTS}{parameters}", f"sig1=:{base64.b64encode(made).decode()}:"
    )


def seen(made: Request, *secrets: str | bytes, **asked: Any) -> Verification:
    return check(made, *(secrets or (SECRET,)), **({"url": HERE} | asked))


def test_right_one_says_what_it_covers() -> None:
    """All of it, in words."""
    assert seen(signed()) == Verification(
        Outcome.VERIFIED,
        "hmac-sha256 signature over 5 components fits the secret",
        0,
        CREATED_S,
        ("method", "host", "path", "query", "header content-digest", "body"),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"headers": headers(("Content-Digest", DIGEST.replace("sha-256", "sha-512")))},
    ],
)
def test_change_of_what_is_covered_is_a_mismatch(change: dict[str, Any]) -> None:
    """Whatever it is."""
    made = signed()
    if "headers" in change:
        digest = change["headers"].get(b"Content-Digest")
        change = {"headers": made.headers.replacing(b"Content-Digest", digest)}

    assert seen(replace(made, **change)).outcome is not Outcome.VERIFIED


@pytest.mark.parametrize(
    "url",
    ["https://other.example.test/in/acme?x=1", "https://hooks.example.test/in/acme/?x=1"],
)
def test_another_url_is_a_mismatch(url: str) -> None:
    """The URL is part of it."""
    assert seen(signed(), url=url).outcome is Outcome.MISMATCH


@pytest.mark.parametrize("url", [HERE, "https://hooks.example.test/in/acme", HERE + "0#x"])
def test_query_is_the_one_that_came(url: str) -> None:
    """Whatever the provider was told: the app is to believe the one that it gets."""
    assert seen(signed(), url=url).outcome is Outcome.VERIFIED
    assert seen(replace(signed(), target=b"/in/acme?x=2"), url=url).outcome is Outcome.MISMATCH
    bare = signed(text=TEXT.replace("?x=1", "?"))
    assert seen(bare, url="https://hooks.example.test/in/acme").outcome is Outcome.MISMATCH


def test_changed_body_is_told_from_a_wrong_signature() -> None:
    """The signature covers the digest, and the digest is of another body."""
    found = seen(replace(signed(), body=BODY + b"\n"))

    assert found.outcome is Outcome.MISMATCH
    assert (
        found.detail == "signature is right, but the body is not the one that Content-Digest names"
    )
    assert found.covered == ()


def test_guessed_url_is_said_to_be_one() -> None:
    """Both schemes are tried; a mismatch may come from that guess."""
    found = seen(signed(), url=None)

    assert found.outcome is Outcome.VERIFIED
    assert "set public_url" in found.detail
    parameters = f'("@target-uri");created={CREATED_S}'
    text = (
        f'"@target-uri": http://hooks.example.test/in/acme?x=1\n"@signature-params": {parameters}'
    )
    made = base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()
    plain = bearing(PLAIN, f"sig1={parameters}", f"sig1=:{made}:")
    assert seen(plain, url=None).outcome is Outcome.VERIFIED
    assert seen(plain).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    "url", ["https://hooks.example.test:443/in/acme?x=1", "https://Hooks.Example.test/in/acme?x=1"]
)
def test_target_uri_is_signed_as_it_is_written(url: str) -> None:
    """RFC 9421, 2.2.2: only `@authority` is normalised. Of a sender that normalises this too, it is right as well."""
    parameters = f'("@target-uri");created={CREATED_S}'

    def bearing_mac_of(target: str) -> Request:
        text = f'"@target-uri": {target}\n"@signature-params": {parameters}'
        made = base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()
        return bearing(PLAIN, f"sig1={parameters}", f"sig1=:{made}:")

    as_written = bearing_mac_of(url)
    assert seen(as_written, url=url).outcome is Outcome.VERIFIED
    assert seen(bearing_mac_of(HERE), url=url).outcome is Outcome.VERIFIED
    assert seen(bearing_mac_of(url), url=HERE).outcome is Outcome.MISMATCH
    anew = coded.sign(PROVIDER, as_written, SECRET, now_s=CREATED_S, url=url)
    assert anew.headers.get(b"Signature") == as_written.headers.get(b"Signature")


def test_target_uri_of_a_guessed_url_has_the_host_as_it_came() -> None:
    """It is what the request's own target URI is made of (RFC 9110, 7.1)."""
    parameters = f'("@target-uri");created={CREATED_S}'
    text = f'"@target-uri": https://Hooks.test:443/in/acme?x=1\n"@signature-params": {parameters}'
    made = base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()
    came = bearing(
        replace(PLAIN, headers=PLAIN.headers.replacing(b"Host", b"Hooks.test:443")),
        f"sig1={parameters}",
        f"sig1=:{made}:",
    )

    assert seen(came, url=None).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("digest", "outcome", "covered"),
    [
        (
            f"{DIGEST}, sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:",
            Outcome.VERIFIED,
            True,
        ),
        (f"{DIGEST}, sha-512=:AAAA:", Outcome.MISMATCH, False),
        (f"{DIGEST}, md5=:AAAA:", Outcome.VERIFIED, True),
        ("md5=:AAAA:", Outcome.VERIFIED, False),
        ("sha-256=?1", Outcome.MISMATCH, False),
        ("sha-256=(:AAAA:)", Outcome.MISMATCH, False),
        ("sha-256", Outcome.MISMATCH, False),
        ("sha-256=AAAA", Outcome.MISMATCH, False),
        ("sha-256=:AAAA", Outcome.MALFORMED, False),
        ("\u00e9", Outcome.MALFORMED, False),
        ("", Outcome.VERIFIED, False),
    ],
)
def test_digest_is_checked_as_far_as_we_can(digest: str, outcome: Outcome, covered: bool) -> None:
    """RFC 9530: of several every one we know has to be right; one that we do not know proves nothing."""
    made = signed(text=TEXT.replace(DIGEST, digest))
    made = replace(made, headers=made.headers.replacing(b"Content-Digest", digest.encode()))

    found = seen(made)

    assert found.outcome is outcome
    assert ("body" in found.covered) == covered
    assert ("not among them" in found.detail) == (outcome is Outcome.VERIFIED and not covered)


def test_one_member_of_the_digest_can_be_covered() -> None:
    """Then the others prove nothing, and spoil nothing."""
    value = DIGEST.removeprefix("sha-256=")
    components = '("content-digest";key="sha-256")'
    parameters = f"{components};created={CREATED_S}"
    text = f'"content-digest";key="sha-256": {value}\n"@signature-params": {parameters}'
    raw = base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()
    made = bearing(PLAIN, f"sig1={parameters}", f"sig1=:{raw}:")
    more = replace(
        made,
        headers=made.headers.replacing(b"Content-Digest", f"sha-512=:AAAA:, {DIGEST}".encode()),
    )

    assert "body" in seen(made).covered
    assert "body" in seen(more).covered
    assert seen(replace(more, body=b"")).outcome is Outcome.MISMATCH


def test_age_is_told_from_the_signature() -> None:
    """Five minutes either way, unless the endpoint allows another time."""
    for now_s, outcome in (
        (CREATED_S + 300, Outcome.VERIFIED),
        (CREATED_S + 301, Outcome.STALE),
        (CREATED_S - 300, Outcome.VERIFIED),
        (CREATED_S - 301, Outcome.STALE),
    ):
        assert seen(signed(), now_s=now_s).outcome is outcome
    assert seen(signed(), now_s=CREATED_S + 301, tolerance_s=301).outcome is Outcome.VERIFIED
    assert seen(signed(), now_s=CREATED_S + 11, tolerance_s=10).outcome is Outcome.STALE


def test_signature_that_never_ends_is_not_accepted() -> None:
    """Where a signature is good for some time only, it has to say which; and where the file says for ever, not."""
    assert seen(signed("")).outcome is Outcome.MALFORMED
    assert seen(signed(f";expires={CREATED_S}")).outcome is Outcome.VERIFIED
    assert seen(signed(f";expires={CREATED_S - 1}")).outcome is Outcome.STALE
    for_ever = parse("x", {"scheme": "rfc9421", "timestamp": {"unit": "s"}})
    found = coded.verify(for_ever, signed(""), [SECRET], now_s=0, url=HERE)
    assert found.outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "created",
    ['"1618884473"', "1618884473.0", "@1618884473", "?1", "-1", "999999999999999", "now", ":YQ==:"],
)
def test_time_that_is_none_is_malformed(created: str) -> None:
    """RFC 9421, 2.3: an integer, Unix seconds."""
    assert seen(signed(f";created={created}")).outcome is Outcome.MALFORMED
    assert seen(signed(f";created={CREATED_S};expires={created}")).outcome is Outcome.MALFORMED


def test_every_parameter_is_signed() -> None:
    """Known or not, in the order they came in."""
    parameters = f';nonce="n-1";x=?0;created={CREATED_S};tag=t;keyid="k"'

    assert seen(signed(parameters)).outcome is Outcome.VERIFIED
    for old, new in (("n-1", "n-2"), (";x=?0", ""), ('keyid="k"', 'keyid="j"')):
        made = signed(parameters)
        value = (made.headers.get(b"Signature-Input") or b"").decode().replace(old, new)
        changed = made.headers.replacing(b"Signature-Input", value.encode())
        assert seen(replace(made, headers=changed)).outcome is Outcome.MISMATCH


def test_any_secret_and_any_label_may_be_right() -> None:
    """While a secret is rotated, and when a proxy signs too."""
    made = signed()
    names = (b"Signature-Input", b"Signature")
    doubled = tuple(
        (
            name,
            value.replace(b"sig1=", b'other=("@method");created=1, sig1=')
            if name == names[0]
            else value,
        )
        for name, value in made.headers
    )

    assert seen(made, "first", SECRET).secret_index == 1
    assert "secret 2 of 2" in seen(made, "first", SECRET).detail
    assert seen(made, "first", "second").detail.endswith("was not made with any of 2 secrets")
    assert seen(replace(made, headers=Headers(doubled))).outcome is Outcome.VERIFIED
    other = replace(made, headers=Headers((*doubled, (b"Signature", b"other=:AAAA:"))))
    assert seen(other).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("signature_input", "signature", "outcome"),
    [
        (None, None, Outcome.MISSING),
        (None, "sig1=:AAAA:", Outcome.MISSING),
        ("sig1=();created=1", None, Outcome.MISSING),
        ("", "sig1=:AAAA:", Outcome.MALFORMED),
        ("sig1=();created=1", "", Outcome.MALFORMED),
        ("sig1=()", "sig2=:AAAA:", Outcome.MALFORMED),
        ("sig1", "sig1=:AAAA:", Outcome.MALFORMED),
        ("sig1=1", "sig1=:AAAA:", Outcome.MALFORMED),
        ("sig1=();created=1", "sig1=AAAA", Outcome.MALFORMED),
        ("sig1=();created=1", "sig1=(:AAAA:)", Outcome.MALFORMED),
        ("sig1=();created=1", "sig1", Outcome.MALFORMED),
        ("sig1=(", "sig1=:AAAA:", Outcome.MALFORMED),
        ('keyId="a",algorithm="hs2019",signature="AAAA"', "x", Outcome.MALFORMED),
        ('sig1=("absent");created=1', "sig1=:AAAA:", Outcome.MISSING),
        ('sig1=("@status");created=1', "sig1=:AAAA:", Outcome.MALFORMED),
        ("sig1=();created=1", "sig1=::", Outcome.MISMATCH),
        ("sig1=();created=1", "sig1=:AAAA:", Outcome.MISMATCH),
        ('sig1=();created=1;alg="none"', "sig1=::", Outcome.MISMATCH),
        ("sig1=();created=1;alg", "sig1=::", Outcome.MISMATCH),
    ],
)
def test_broken_one_has_its_outcome(
    signature_input: str | None, signature: str | None, outcome: Outcome
) -> None:
    """Whatever is sent gets a verdict that is none of ours to raise."""
    pairs = [("Signature-Input", signature_input), ("Signature", signature)]
    made = replace(
        PLAIN, headers=headers(*((name, value) for name, value in pairs if value is not None))
    )

    assert seen(made).outcome is outcome


def test_no_secret_is_no_mismatch() -> None:
    """Nobody told us."""
    found = seen(signed(), url=HERE)
    assert found.outcome is Outcome.VERIFIED
    nobody = coded.verify(PROVIDER, signed(), [], now_s=CREATED_S, url=HERE)

    assert nobody.outcome is Outcome.NO_SECRET
    assert nobody.signed_at_s == CREATED_S


def public(key: Any) -> str:
    return str(public_pem(key).decode())


ED_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
P384_KEY = ec.derive_private_key(5, ec.SECP384R1())


@pytest.mark.parametrize("key", [ED_KEY, P384_KEY, curve_key(), rsa_key()])
def test_public_key_is_never_a_shared_secret(key: Any) -> None:
    """Or else whoever knows it, which is everybody, could sign. However it is written, and whatever `alg` says."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = public(key)
    written = [
        pem,
        pem.strip(),
        pem.replace("-----END", "-----STOP"),
        base64.b64encode(der).decode(),
    ]
    for secret in written:
        for parameters in (f";created={CREATED_S}", f';created={CREATED_S};alg="hmac-sha256"'):
            for used in (secret, der, secret.encode() + b"\n"):
                assert seen(signed(parameters, used), secret).outcome is Outcome.MISMATCH


def raw_ecdsa(key: ec.EllipticCurvePrivateKey, message: bytes, size: int, digest: Any) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def by_algorithm(algorithm: str, message: bytes) -> tuple[bytes, Any]:
    match algorithm:
        case "ed25519":
            return ED_KEY.sign(message), ED_KEY
        case "ecdsa-p256-sha256":
            return raw_ecdsa(curve_key(), message, 32, hashes.SHA256()), curve_key()
        case "ecdsa-p384-sha384":
            return raw_ecdsa(P384_KEY, message, 48, hashes.SHA384()), P384_KEY
        case "rsa-v1_5-sha256":
            return rsa_key().sign(message, padding.PKCS1v15(), hashes.SHA256()), rsa_key()
        case _:
            pss = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
            return rsa_key().sign(message, pss, hashes.SHA512()), rsa_key()


ALGORITHMS = [
    "ed25519",
    "ecdsa-p256-sha256",
    "ecdsa-p384-sha384",
    "rsa-v1_5-sha256",
    "rsa-pss-sha512",
]


def with_key(algorithm: str, named: str | None) -> tuple[Request, Any]:
    parameters = f";created={CREATED_S}" + (f';alg="{named}"' if named else "")
    raw, key = by_algorithm(algorithm, (TEXT + COMPONENTS + parameters).encode())
    encoded = base64.b64encode(raw).decode()
    return bearing(PLAIN, f"sig1={COMPONENTS}{parameters}", f"sig1=:{encoded}:"), key


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_with_every_way_to_write_its_key(algorithm: str) -> None:
    """RFC 9421, 3.3: PEM, a certificate, a JWK, DER in base64, and the private key, if that is what somebody has."""
    made, key = with_key(algorithm, algorithm)
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    written: list[str | bytes] = [
        public(key),
        base64.b64encode(der),
        private_pem(key),
        jwk(key.public_key()),
        f"\n {public(key)}",
    ]
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        written.append(certificate(key, "a.test"))

    for secret in written:
        assert seen(made, secret).outcome is Outcome.VERIFIED, secret
        assert algorithm in seen(made, secret).detail


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("named", [*ALGORITHMS, "hmac-sha256", "nonsense", None])
def test_alg_has_to_agree_with_the_key(algorithm: str, named: str | None) -> None:
    """RFC 9421, 3.2: a signature that names another algorithm is wrong, even if it could be read as one."""
    made, key = with_key(algorithm, named)

    found = seen(made, public(key))

    assert (found.outcome is Outcome.VERIFIED) == (named in (algorithm, None))
    if named not in (algorithm, None) and not {named, algorithm} <= {
        "rsa-v1_5-sha256",
        "rsa-pss-sha512",
    }:
        assert "alg in Signature-Input is not what the key is for" in found.detail
        assert "nonsense" not in found.detail


def jwk(key: Any) -> str:
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    if isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return str(OKPAlgorithm.to_jwk(key))
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return str(RSAAlgorithm.to_jwk(key))
    return str(ECAlgorithm.to_jwk(key))


def test_shared_key_may_be_a_jwk() -> None:
    """Of the kind `oct` (RFC 7518, 6.4)."""
    key = b"\x00raw\xff key"
    text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()

    assert (
        seen(signed(secret=key), json.dumps({"kty": "oct", "k": text})).outcome is Outcome.VERIFIED
    )


def test_shared_secret_is_base64_or_text() -> None:
    """As RFC 9421, B.1.5 writes its own, or as it stands; hex is both."""
    key = b"\x01\x02\xff" * 8
    encoded = base64.b64encode(key).decode()

    assert seen(signed(secret=key), encoded).outcome is Outcome.VERIFIED
    assert seen(signed(secret=encoded), encoded).outcome is Outcome.VERIFIED
    assert seen(signed(secret=key.hex()), key.hex()).outcome is Outcome.VERIFIED
    assert seen(signed(secret="with\x00nul"), "with\x00nul").outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----",
        "-----BEGIN",
        '{"kty":"EC"}',
        '{"kty":"oct"}',
        '{"kty":"oct","k":""}',
        '{"kty":"oct","k":null}',
        '{"kty":"oct","k":{}}',
        '{"kty":"RSA","n":"AQAB","e":"AQAB","d":1}',
        '{"kty":"OKP","crv":"Ed25519","x":"é"}',
        '{"kty":1}',
        '{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}',
        "",
        b"\xff\x00",
    ],
)
def test_broken_key_is_a_mismatch(secret: str | bytes) -> None:
    """With a sentence that says which it is; beside a good one it does no harm."""
    assert seen(signed(), secret).outcome is Outcome.MISMATCH
    found = seen(signed(), secret, SECRET)
    assert found.outcome is Outcome.VERIFIED
    assert found.secret_index == 1


def test_broken_key_is_named() -> None:
    """And nothing of it is shown."""
    found = seen(signed(), "-----BEGIN hidden", "other")

    assert found.detail.endswith("secret 1 of 2 is empty, or a key that cannot be read")
    assert "hidden" not in found.detail


def test_hostile_headers_get_a_verdict() -> None:
    """Ten thousand labels, a hundred kilobytes, control characters: refused, or the first few are looked at."""
    many = ", ".join(f"s{number}=();created={CREATED_S}" for number in range(500))
    marks = ", ".join(f"s{number}=:AAAA:" for number in range(1_000))
    for signature_input, signature, outcome in (
        (many, marks, Outcome.MISMATCH),
        (", ".join(f"s{number}=()" for number in range(10_000)), marks, Outcome.MALFORMED),
        ("sig1=(" + '"a" ' * 50_000 + ")", "sig1=:AAAA:", Outcome.MALFORMED),
        ("x" * 100_000, "y" * 100_000, Outcome.MALFORMED),
        ("sig1=()\x1b[2J", "sig1=:AAAA:", Outcome.MALFORMED),
        ("sig1=(\u00e9)", "sig1=:AAAA:", Outcome.MALFORMED),
    ):
        found = seen(bearing(PLAIN, signature_input, signature))
        assert found.outcome is outcome
        assert found.detail.isprintable()
        assert len(found.detail) < 300


BYTES = st.binary(max_size=60)
NEARLY = st.text(st.sampled_from('sig1=("@method" "date");createdlgkyq0:A,;?\\%'), max_size=80).map(
    str.encode
)


@given(
    BYTES | NEARLY,
    BYTES | NEARLY,
    BYTES,
    st.lists(BYTES | st.just(P256.encode()), max_size=2),
    BYTES,
)
def test_nothing_raises(
    signature_input: bytes, signature: bytes, digest: bytes, secrets: list[bytes], target: bytes
) -> None:
    """Whatever the headers, the target and the secrets hold."""
    pairs = (
        (b"Signature-Input", signature_input),
        (b"Signature", signature),
        (b"Content-Digest", digest),
        (b"Date", digest),
    )
    made = request(target=target, headers=Headers(pairs))

    found = coded.verify(PROVIDER, made, secrets, now_s=CREATED_S)

    assert found.outcome is not Outcome.VERIFIED
    assert found.detail.isprintable()


def signature_bytes(value: bytes) -> bytes | None:
    """Return what is within the colons of the one signature, decoded; None if there is no such."""
    found = re.fullmatch(rb"sig1=:([A-Za-z0-9+/]+=):", value)
    return base64.b64decode(found[1]) if found else None


@given(st.data())
def test_any_change_of_what_is_covered_is_seen(data: st.DataObject) -> None:
    """One byte of anything that the signature covers, or of the signature."""
    made = signed(f';created={CREATED_S};nonce="abc";alg="hmac-sha256"')
    part = data.draw(
        st.sampled_from(["body", "method", "Content-Digest", "Signature-Input", "Signature"])
    )

    def bent(value: bytes) -> bytes:
        at = data.draw(st.integers(0, len(value) - 1))
        other = data.draw(st.integers(1, 255))
        return value[:at] + bytes([value[at] ^ other]) + value[at + 1 :]

    if part == "body":
        changed = replace(made, body=bent(made.body))
    elif part == "method":
        changed = replace(made, method=bent(b"POST").decode("latin-1"))
    else:
        value = made.headers.get(part.encode()) or b""
        after = bent(value)
        if part == "Signature" and signature_bytes(after) == signature_bytes(value):
            return  # see the test below
        changed = replace(made, headers=made.headers.replacing(part.encode(), after))

    assert seen(changed).outcome is not Outcome.VERIFIED


def test_padding_of_a_signature_is_not_looked_at() -> None:
    """A structured field's bytes are read without it, and whatever bits pad them (RFC 9651, 4.2.7)."""
    made = signed()
    value = made.headers.get(b"Signature") or b""
    bare = value.removesuffix(b"=:")
    stray = bare[:-1] + bytes([bare[-1] + 1]) + b"=:"

    assert signature_bytes(stray) == signature_bytes(value)
    for written in (bare + b":", stray):
        came = replace(made, headers=made.headers.replacing(b"Signature", written))
        assert seen(came).outcome is Outcome.VERIFIED
    cut = replace(made, headers=made.headers.replacing(b"Signature", bare[:-1] + b":"))
    assert seen(cut).outcome is Outcome.MISMATCH


# Signing


@pytest.mark.parametrize("key", [ED_KEY, P384_KEY, curve_key(), rsa_key()])
def test_private_key_signs_what_the_public_one_verifies(key: Any) -> None:
    """As PEM or as a JWK, whatever was there before."""
    for secret in (private_pem(key), jwk(key)):
        for before in (
            PLAIN,
            signed(),
            replace(PLAIN, headers=headers(("Host", "hooks.example.test"))),
        ):
            made = coded.sign(PROVIDER, before, secret, now_s=CREATED_S, url=HERE)

            found = seen(made, public(key))
            assert found.outcome is Outcome.VERIFIED, found.detail
            assert "body" in found.covered


def test_new_signature_covers_what_the_old_one_did() -> None:
    """Same label, components and parameters; a new time, and a nonce nobody has seen."""
    old = signed(f';keyid="k";created={CREATED_S};expires={CREATED_S + 60};nonce="n-1";tag="t"')

    made = coded.sign(
        PROVIDER, replace(old, body=b"edited"), SECRET, now_s=CREATED_S + 9_000.7, url=HERE
    )

    value = (made.headers.get(b"Signature-Input") or b"").decode()
    begin = f'sig1={COMPONENTS};keyid="k";created={CREATED_S + 9_000};expires={CREATED_S + 9_060};nonce="'
    assert value.startswith(begin)
    assert value.endswith('";tag="t"')
    assert "n-1" not in value
    assert [name for name, _ in made.headers] == [name for name, _ in old.headers]
    assert made.body == b"edited"
    assert seen(made, now_s=CREATED_S + 9_001).outcome is Outcome.VERIFIED
    assert "body" in seen(made, now_s=CREATED_S + 9_001).covered


def test_body_stays_uncovered_if_it_was() -> None:
    """Nothing is added to what the sender chose to sign."""
    old = bearing(PLAIN, 'a=("@method");created=1', "a=:AAAA:")
    changed = replace(old, headers=old.headers.without([b"Content-Digest"]))

    made = coded.sign(PROVIDER, changed, SECRET, now_s=CREATED_S, url=HERE)

    assert b"Content-Digest" not in made.headers
    assert seen(made).covered == ("method",)


def test_digest_keeps_its_algorithms() -> None:
    """Those that we know; the others cannot be computed and would be wrong."""
    old = replace(
        signed(),
        headers=signed().headers.replacing(b"Content-Digest", b"md5=:AAAA:, sha-512=:AAAA:"),
    )

    made = coded.sign(PROVIDER, old, SECRET, now_s=CREATED_S, url=HERE)

    digest = (made.headers.get(b"Content-Digest") or b"").decode()
    assert digest == f"sha-512=:{base64.b64encode(hashlib.sha512(BODY).digest()).decode()}:"
    assert seen(made).outcome is Outcome.VERIFIED


def test_alg_becomes_that_of_the_key() -> None:
    """A test key may be of another kind than the sender's."""
    made, _ = with_key("ed25519", "ed25519")

    again = coded.sign(PROVIDER, made, private_pem(curve_key()), now_s=CREATED_S, url=HERE)

    assert b'alg="ecdsa-p256-sha256"' in (again.headers.get(b"Signature-Input") or b"")
    assert seen(again, public(curve_key())).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("secret", "made", "why"),
    [
        (P256, PLAIN, "public one"),
        ("-----BEGIN", PLAIN, "cannot be read"),
        ("", PLAIN, "empty"),
        (SECRET, replace(PLAIN, headers=headers()), "public_url"),
        (SECRET, bearing(PLAIN, 'a=("absent");created=1', "a=:AAAA:"), "was not sent"),
    ],
)
def test_what_cannot_be_signed_says_why(secret: str, made: Request, why: str) -> None:
    """In one sentence."""
    with pytest.raises(SigningError, match=why):
        coded.sign(PROVIDER, made, secret, now_s=CREATED_S)


@given(BYTES | NEARLY, BYTES, BYTES)
def test_signing_raises_nothing_else(signature_input: bytes, digest: bytes, secret: bytes) -> None:
    """What is signed, verifies; what cannot be, raises SigningError."""
    made = request(
        headers=Headers(
            (
                (b"Host", b"a.test"),
                (b"Signature-Input", signature_input),
                (b"Content-Digest", digest),
            )
        )
    )
    try:
        again = coded.sign(PROVIDER, made, secret, now_s=CREATED_S)
    except SigningError:
        return
    assert coded.verify(PROVIDER, again, [secret], now_s=CREATED_S).outcome is Outcome.VERIFIED
