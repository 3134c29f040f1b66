"""A scheme as formula and sentences: what is written there is what `verification` does."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import pytest

from inspector import providers
from inspector.core.description import formulas, handshakes, paragraph, signed, success
from inspector.core.provider_table import parse
from inspector.core.providers import Provider, Scheme

HMAC: Mapping[str, Any] = {"scheme": "hmac", "signature": "header:X-Sig", "signed": "{body}"}


def provider(**values: Any) -> Provider:
    return parse("acme", {**HMAC, "title": "Acme", **values})


@pytest.mark.parametrize(
    ("values", "formula"),
    [
        ({}, "X-Sig = hex(HMAC-SHA256(secret, body))"),
        ({"digest": "sha1", "encoding": "base64"}, "X-Sig = base64(HMAC-SHA1(secret, body))"),
        ({"format": "prefix:v0="}, 'X-Sig = "v0=" + hex(HMAC-SHA256(secret, body))'),
        ({"format": "list: :v1,"}, 'X-Sig = "v1," + hex(HMAC-SHA256(secret, body))'),
        (
            {
                "format": "pairs:;:h1",
                "signed": "{pair:ts}:{body}",
                "timestamp": {"from": "pair:ts"},
            },
            'X-Sig = "ts=" + ts + ";h1=" + hex(HMAC-SHA256(secret, ts + ":" + body))',
        ),
        (
            {"secret": {"strip": "whsec_", "decode": "base64"}},
            'X-Sig = hex(HMAC-SHA256(unbase64(secret after "whsec_"), body))',
        ),
        ({"secret": {"prefix": "whsec_"}}, "X-Sig = hex(HMAC-SHA256(secret, body))"),
        (
            {"signed": '{method}\n"{path+query}{json:a.b}{query:q}{form:f}'},
            r'X-Sig = hex(HMAC-SHA256(secret, method + "\n\"" + path?query + json a.b + query q + form f))',
        ),
        (
            {"signed": "{headers.sorted:x-a-}{body.crc32}"},
            'X-Sig = hex(HMAC-SHA256(secret, join("&", sorted(x-a-* as name=value)) + decimal(CRC-32(body))))',
        ),
        (
            {"signed": "{form.sorted}{body.sha256.hex}"},
            "X-Sig = hex(HMAC-SHA256(secret, sorted(form names and values) + hex(SHA-256(body))))",
        ),
        ({"signature": "json:sig"}, "json sig = hex(HMAC-SHA256(secret, body))"),
        (
            {"signature": "json:items.0.sig", "signed": "{json:id}", "json_root": "items.*"},
            "for each items.*: json sig = hex(HMAC-SHA256(secret, json id))",
        ),
        ({"scheme": "digest", "signed": "{secret}{body}"}, "X-Sig = hex(SHA256(secret + body))"),
        ({"scheme": "ed25519"}, "X-Sig = hex(Ed25519(private key, body))"),
        ({"scheme": "token", "signed": ""}, "X-Sig = secret"),
        ({"scheme": "basic", "signed": ""}, 'X-Sig = "Basic " + base64(secret)'),
    ],
)
def test_formula(values: dict[str, Any], formula: str) -> None:
    assert formulas(provider(**values)) == [formula]


def test_a_formula_is_the_scheme() -> None:
    """Written as Python, it gives the signature that verifies."""
    (formula,) = formulas(providers.load()["jinko"])
    name, _, expression = formula.partition(" = ")
    python = expression.replace("HMAC-SHA256", "mac").replace("X-Jinko-Timestamp", "time")

    def mac(key: str, text: str) -> bytes:
        return hmac.digest(key.encode(), text.encode(), hashlib.sha256)

    names = {"mac": mac, "hex": bytes.hex, "secret": "s", "time": "1700000000", "body": "{}"}
    assert name == "X-Jinko-Signature"
    assert eval(python, names) == "sha256=" + mac("s", "1700000000.{}").hex()


def test_alternatives_have_a_formula_each() -> None:
    assert len(formulas(providers.load()["svix"])) == 2


@pytest.mark.parametrize("name", providers.load())
def test_everybody_can_be_described(name: str) -> None:
    """Data or code, signed or not: sentences that end, and a short form for a list."""
    known = providers.load()[name]

    assert paragraph(known).endswith(".")
    assert ".." not in paragraph(known).replace("...", "")
    assert bool(formulas(known)) == known.signs
    assert signed(known)
    assert handshakes(known).startswith("answered at once when") == bool(known.handshake)
    assert success(known)


@pytest.mark.parametrize("scheme", Scheme)
def test_no_scheme_is_forgotten(scheme: Scheme) -> None:
    values: dict[str, Any] = {"scheme": scheme.value, "signature": "header:X-Sig"}
    if scheme is Scheme.DIGEST:
        values["signed"] = "{secret}{body}"
    elif scheme in {Scheme.HMAC, Scheme.ED25519, Scheme.ECDSA_P256}:
        values["signed"] = "{body}"
    elif scheme is Scheme.UNSIGNED:
        del values["signature"]
    known = parse("acme", values)

    assert paragraph(known)
    assert signed(known)
    assert len(formulas(known)) == (scheme is not Scheme.UNSIGNED)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Acme signs body with HMAC-SHA256, in the header X-Sig; the rest is not covered."),
        ({}, "The key is the secret, as text. No time is signed, so an old delivery stays good."),
        (
            {"secret": {"strip": "w_", "decode": "hex"}},
            'The key is the secret without "w_", read as hex.',
        ),
        ({"secret": {"prefix": "w_"}}, 'The key is the secret with its "w_", as text.'),
        (
            {"scheme": "ed25519", "secret": {"decode": "hex"}},
            "The key is the public key, read as hex.",
        ),
        ({"format": "list: :v1,"}, "each after 'v1,', with spaces between: any may be right"),
        ({"format": "list:,:a="}, "each after 'a=', with ',' between: any may be right"),
        ({"format": "pairs:,:v1"}, "each as v1=: any may be right"),
        (
            {"timestamp": {"from": "header:T", "tolerance": 300}},
            "Its time (header T, Unix seconds) may be up to 5 min old, or as much ahead of this machine's clock.",
        ),
        (
            {"timestamp": {"from": "header:T", "tolerance": 60, "unit": "ms", "window": "past"}},
            "Its time (header T, Unix milliseconds) may be up to 1 min old.",
        ),
        (
            {"timestamp": {"from": "header:T", "unit": "rfc3339"}},
            "an RFC 3339 time) is shown, not checked.",
        ),
        ({"signed": "{url}{body}"}, "set public_url to that."),
        (
            {"also": [{"equal": ["{query:h}", "{body.sha256.hex}"]}]},
            "query h has to be hex(SHA-256(body)).",
        ),
        ({"missing": "-"}, 'A value that is absent is signed as "-".'),
        ({"scheme": "token", "signed": ""}, "says who sent it, and nothing about what was sent."),
        ({"scheme": "unsigned", "signature": "", "signed": ""}, "Acme documents no signature."),
    ],
)
def test_in_words(values: dict[str, Any], words: str) -> None:
    assert words in paragraph(provider(**values))


def test_what_is_answered_and_what_is_success() -> None:
    known = provider(ack="200", handshake=[{"when": "json:ping", "asks": "sent a ping"}] * 2)

    assert handshakes(known) == "answered at once when Acme has sent a ping (POST)"
    assert (success(known), success(provider())) == ("200 only", "any 2xx")
    assert success(provider(empty_ack=True)) == "any 2xx, with an empty body"
    assert handshakes(provider()) == ""
