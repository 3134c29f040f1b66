"""Plaid's token, by https://plaid.com/docs/api/webhooks/webhook-verification/ ; the tokens are put together by hand."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from inspector.core import coded
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.errors import ConfigError, SigningError
from tests.authority import curve_key, private_pem, public_pem, rsa_key
from tests.factories import NOW_S, headers, request

PROVIDER = parse(
    "plaid", {"scheme": "jwt", "title": "Plaid", "signature": "header:Plaid-Verification"}
)
BODY = b'{\n  "webhook_type": "TRANSACTIONS"\n}'
DIGEST = hashlib.sha256(BODY).hexdigest()
HEADER = {"alg": "ES256", "kid": "key-1", "typ": "JWT"}
CLAIMS = {"iat": NOW_S, "request_body_sha256": DIGEST}
KEY = curve_key()


def jwk(key: Any = KEY, kid: str | None = "key-1", **more: Any) -> str:
    members = json.loads(str(ECAlgorithm.to_jwk(key.public_key())))
    return json.dumps(
        {"alg": "ES256", "use": "sig"} | members | ({"kid": kid} if kid else {}) | more
    )


def b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def token(
    header: Any = HEADER, claims: Any = CLAIMS, key: ec.EllipticCurvePrivateKey = KEY
) -> bytes:
    """Return a token signed with ES256, whatever its header says."""
    parts = [
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in (header, claims)
    ]
    text = b".".join(map(b64, parts))
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return text + b"." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def delivery(text: bytes, body: bytes = BODY) -> Request:
    return request(headers=Headers(((b"plaid-verification", text),)), body=body)


def seen(
    made: Request | bytes, *secrets: str | bytes, now_s: float = NOW_S, **asked: Any
) -> Verification:
    made = delivery(made) if isinstance(made, bytes) else made
    return coded.verify(PROVIDER, made, secrets or (jwk(),), now_s=now_s, **asked)


def test_right_one_says_what_it_covers() -> None:
    """The body, through its digest, and nothing else of the request."""
    assert seen(token()) == Verification(
        Outcome.VERIFIED,
        "the token in Plaid-Verification fits the key and names this body's SHA-256",
        0,
        NOW_S,
        ("body",),
    )


def test_age_is_told_from_the_signature() -> None:
    """Five minutes by Plaid's page; a wrong one is wrong however old it is."""
    assert seen(token(), now_s=NOW_S + 300).outcome is Outcome.VERIFIED
    assert seen(token(), now_s=NOW_S + 301).outcome is Outcome.STALE
    assert seen(token(), now_s=NOW_S - 301).outcome is Outcome.STALE
    assert seen(token(), now_s=NOW_S + 301, tolerance_s=400).outcome is Outcome.VERIFIED
    assert seen(token(key=curve_key(1)), now_s=NOW_S + 301).outcome is Outcome.MISMATCH
    assert seen(delivery(token(), b"[]"), now_s=NOW_S + 301).outcome is Outcome.MISMATCH


def test_end_that_the_token_sets_itself_counts() -> None:
    """RFC 7519, 4.1.4."""
    assert seen(token(claims=CLAIMS | {"exp": NOW_S})).outcome is Outcome.VERIFIED
    found = seen(token(claims=CLAIMS | {"exp": NOW_S - 61}))
    assert found.outcome is Outcome.STALE
    assert found.detail.endswith("the token expired 1 min 1 s ago")


@pytest.mark.parametrize(
    "body", [b"", BODY + b"\n", BODY.replace(b"  ", b""), BODY[:-1], b"\xff\x00"]
)
def test_another_body_is_a_mismatch(body: bytes) -> None:
    """The signature is right, and the sentence says so: the body was changed on its way, if only its spaces."""
    found = seen(delivery(token(), body))

    assert found.outcome is Outcome.MISMATCH
    assert found.detail.startswith("signature is right, but the body")


def test_digest_is_compared_as_text() -> None:
    """In lower case, as it is sent."""
    assert (
        seen(token(claims=CLAIMS | {"request_body_sha256": DIGEST.upper()})).outcome
        is Outcome.MISMATCH
    )
    assert (
        seen(token(claims=CLAIMS | {"request_body_sha256": "\u00e9\ud800"})).outcome
        is Outcome.MISMATCH
    )


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "HS256", "ES384", "RS256", "es256", "", None, 5, ["ES256"]]
)
def test_only_es256_is_accepted(algorithm: Any) -> None:
    """Whatever the token says of itself, and however it is signed."""
    header = HEADER | {"alg": algorithm}
    unsigned = b".".join(b64(json.dumps(part).encode()) for part in (header, CLAIMS))
    public_texts = (jwk().encode(), public_pem(KEY), b"")
    forged = [unsigned + b"." + b64(hmac.digest(text, unsigned, "sha256")) for text in public_texts]

    for text in (token(header), unsigned + b".", *forged):
        found = seen(text, jwk(), public_pem(KEY))
        assert found.outcome is Outcome.MALFORMED
        assert "ES256, the only algorithm accepted" in found.detail


def test_es256_of_another_kind_of_key_is_a_mismatch() -> None:
    """An HMAC under the name of ES256, with the public key as its secret."""
    text = b".".join(b64(json.dumps(part).encode()) for part in (HEADER, CLAIMS))
    for secret in (jwk(), public_pem(KEY).decode()):
        forged = text + b"." + b64(hmac.digest(secret.encode(), text, "sha256"))
        assert seen(forged, secret).outcome is Outcome.MISMATCH
    octets = json.dumps({"kty": "oct", "k": b64(b"secret").decode(), "kid": "key-1"})
    forged = text + b"." + b64(hmac.digest(b"secret", text, "sha256"))
    assert seen(forged, octets).outcome is Outcome.MISMATCH


def test_key_is_chosen_by_its_name() -> None:
    """Among those of the endpoint; one without a name may be any."""
    other = jwk(curve_key(1), "key-2")

    assert seen(token(), other, jwk()).secret_index == 1
    assert "key 2 of 2" in seen(token(), other, jwk()).detail
    assert seen(token(), jwk(kid=None)).outcome is Outcome.VERIFIED
    assert seen(token(), public_pem(KEY)).outcome is Outcome.VERIFIED
    assert seen(token({"alg": "ES256"}), jwk(kid=None)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("kid", ["key-2", "", "KEY-1", "\x1b[2J", "k" * 9_000])
def test_unknown_key_is_a_mismatch(kid: Any) -> None:
    """Not a question of ours: whoever forges a token may name any key. Nothing of that name is shown."""
    found = seen(token(HEADER | {"kid": kid}))

    assert found.outcome is Outcome.MISMATCH
    assert (
        found.detail
        == "the token in Plaid-Verification names a key that is not the key of this endpoint"
    )


@pytest.mark.parametrize("kid", [None, 5, ["key-1"], {}])
def test_name_of_a_key_is_text(kid: Any) -> None:
    """RFC 7515, 4.1.4."""
    assert seen(token(HEADER | {"kid": kid})).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "plain text",
        "{}",
        '{"kty":"EC"}',
        '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
        '{"kty":"EC","kty":"EC"}',
        "[" * 5_000,
        "-----BEGIN PUBLIC KEY-----",
        b"\xff\x00",
        str(RSAAlgorithm.to_jwk(rsa_key().public_key())),
        jwk(ec.derive_private_key(5, ec.SECP384R1())),
        jwk(ec.derive_private_key(5, ec.SECP256K1())),
    ],
)
def test_secret_that_is_no_such_key_is_a_mismatch(secret: str | bytes) -> None:
    """With a sentence, and no exception; beside a good one it does no harm."""
    found = seen(token(), secret)

    assert found.outcome is Outcome.MISMATCH
    assert found.detail.endswith("the key is not a JSON Web Key for ES256")
    assert seen(token(), secret, jwk()).outcome is Outcome.VERIFIED


def test_no_key_is_no_mismatch() -> None:
    """Nobody told us."""
    assert coded.verify(PROVIDER, delivery(token()), [], now_s=NOW_S).outcome is Outcome.NO_SECRET


def test_missing_and_repeated() -> None:
    """As for every header."""
    assert seen(request()).outcome is Outcome.MISSING
    assert seen(b"").outcome is Outcome.MALFORMED
    twice = headers(("Plaid-Verification", "a"), ("plaid-verification", "b"))
    assert seen(request(headers=twice)).outcome is Outcome.MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        b"x",
        b"..",
        b"a.b.c",
        b"." * 1000,
        token()[:-1] + b"!" * 3,
        b"Bearer " + token(),
        b"\xff" + token(),
        b64(b"[]") + b"." + b64(b"{}") + b".AAAA",
        b64(b"\xff") + b"." + b64(b"{}") + b".AAAA",
        b64(b"[" * 20_000) + b"." + b64(b"{}") + b".AAAA",
        b64(b'{"alg":"ES256","kid":' + b"1" * 5_000 + b"}") + b".e30.AAAA",
        b"A" * 100_000,
    ],
)
def test_what_is_no_token_is_malformed(text: bytes) -> None:
    """Never an exception."""
    assert seen(text).outcome in {Outcome.MALFORMED, Outcome.MISMATCH}


@pytest.mark.parametrize(
    "text", [token()[:-4], token() + b"A", token().rpartition(b".")[0] + b".", token() + b".x"]
)
def test_cut_token_is_not_accepted(text: bytes) -> None:
    """Nor one with something behind it."""
    assert seen(text).outcome in {Outcome.MALFORMED, Outcome.MISMATCH}


@pytest.mark.parametrize(
    "claims",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff",
        {},
        {"iat": NOW_S},
        {"request_body_sha256": DIGEST},
        CLAIMS | {"request_body_sha256": None},
        CLAIMS | {"request_body_sha256": [DIGEST]},
        CLAIMS | {"iat": None},
        CLAIMS | {"iat": True},
        CLAIMS | {"iat": "soon"},
        CLAIMS | {"iat": -1},
        CLAIMS | {"iat": float("nan")},
        CLAIMS | {"iat": float("inf")},
        CLAIMS | {"iat": 1e300},
        CLAIMS | {"iat": 10**40},
        f'{{"iat":{NOW_S},"request_body_sha256":"x","request_body_sha256":"{DIGEST}"}}'.encode(),
        f'{{"iat":1,"iat":{NOW_S},"request_body_sha256":"{DIGEST}"}}'.encode(),
        f'{{"iat":{"9" * 5000},"request_body_sha256":"{DIGEST}"}}'.encode(),
    ],
)
def test_claims_that_say_nothing_are_malformed(claims: Any) -> None:
    """Signed or not: absent, of another kind, or there twice."""
    assert seen(token(claims=claims)).outcome is Outcome.MALFORMED


def test_time_may_have_a_fraction() -> None:
    """RFC 7519, 2: NumericDate."""
    found = seen(token(claims=CLAIMS | {"iat": NOW_S + 0.75}))

    assert (found.outcome, found.signed_at_s) == (Outcome.VERIFIED, NOW_S)


def test_critical_extension_is_not_ignored() -> None:
    """RFC 7515, 4.1.11: who does not understand it must not accept it."""
    assert seen(token(HEADER | {"crit": ["x"], "x": 1})).outcome is not Outcome.VERIFIED


def test_place_is_the_files_to_say() -> None:
    """Another provider may send its token elsewhere; but a token it needs."""
    other = parse("other", {"scheme": "jwt", "signature": "query:token"})
    made = request(target=b"/in/demo?token=" + token(), body=BODY)

    assert coded.verify(other, made, [jwk()], now_s=NOW_S).outcome is Outcome.VERIFIED
    assert coded.verify(other, request(), [jwk()], now_s=NOW_S).outcome is Outcome.MISSING
    with pytest.raises(ConfigError, match=r"other\.toml: signature: missing"):
        parse("other", {"scheme": "jwt"})


def private_jwk(key: Any = KEY, kid: str | None = "key-1") -> str:
    members = json.loads(str(ECAlgorithm.to_jwk(key)))
    return json.dumps(members | ({"kid": kid} if kid else {}))


@pytest.mark.parametrize("secret", [private_jwk(), private_pem(KEY)])
def test_private_test_key_signs(secret: str | bytes) -> None:
    """As a JWK, or as PEM, which takes the name of the token before."""
    old = delivery(token(), b"edited")

    made = coded.sign(PROVIDER, old, secret, now_s=NOW_S + 1000.5)

    assert seen(made, now_s=NOW_S + 1001).outcome is Outcome.VERIFIED
    assert [name for name, _ in made.headers] == [b"plaid-verification"]
    assert made.body == b"edited"


def test_new_delivery_is_signed() -> None:
    """Where there was no token, with no name if the key has none."""
    made = coded.sign(PROVIDER, request(), private_pem(KEY), now_s=NOW_S)

    assert seen(made, jwk(kid=None)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "secret",
    [jwk(), public_pem(KEY), "text", "{}", private_pem(rsa_key()), "-----BEGIN PRIVATE KEY-----"],
)
def test_other_keys_cannot_sign(secret: str | bytes) -> None:
    """And the sentence says which can."""
    with pytest.raises(SigningError, match="has to be a private one for ES256"):
        coded.sign(PROVIDER, request(), secret, now_s=NOW_S)
    other = parse("other", {"scheme": "jwt", "signature": "query:token"})
    with pytest.raises(SigningError, match="stay as they are"):
        coded.sign(other, request(), private_pem(KEY), now_s=NOW_S)


BYTES = st.binary(max_size=80)


@given(BYTES | st.lists(BYTES.map(b64), max_size=4).map(b".".join), st.lists(BYTES, max_size=2))
def test_nothing_raises(text: bytes, secrets: list[bytes]) -> None:
    """Whatever stands in the header and in the secrets."""
    assert coded.verify(PROVIDER, delivery(text), [*secrets, jwk()], now_s=NOW_S).outcome in {
        Outcome.MALFORMED,
        Outcome.MISMATCH,
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["alg", "kid", "iat", "exp"]), inner)
    ),
    max_leaves=6,
)


@given(JSON, JSON)
def test_nor_for_signed_nonsense(header: Any, claims: Any) -> None:
    """With a right signature."""
    header = {"alg": "ES256", "kid": "key-1"} | header if isinstance(header, dict) else header
    found = seen(delivery(token(header, claims)))

    assert found.outcome in {Outcome.MALFORMED, Outcome.MISMATCH}


@given(st.integers(0, 2), st.integers(0), st.integers(1, 255))
def test_any_change_is_seen(part: int, at: int, other: int) -> None:
    """One byte of header, claims or signature, or of the body."""
    parts = [bytearray(base64.urlsafe_b64decode(each + b"==")) for each in token().split(b".")]
    parts[part][at % len(parts[part])] ^= other
    body = bytearray(BODY)
    body[at % len(body)] ^= other

    assert seen(b".".join(b64(bytes(each)) for each in parts)).outcome is not Outcome.VERIFIED
    assert seen(delivery(token(), bytes(body))).outcome is Outcome.MISMATCH
