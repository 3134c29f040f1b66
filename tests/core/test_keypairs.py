import base64
import hashlib
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import keypairs, schemes
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.errors import SigningError

PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"passphrase")


def provider(scheme: str, secret: dict[str, str], encoding: str = "hex") -> Provider:
    table = {
        "title": "Acme",
        "scheme": scheme,
        "secret": secret,
        "signature": "header:X-Sig",
        "signed": "{body}",
        "encoding": encoding,
    }
    return parse("acme", table)


DISCORD = provider("ed25519", {"decode": "hex"})
V1A = provider("ed25519", {"strip": "whpk_", "decode": "base64"}, "base64")
SENDGRID = provider("ecdsa-p256", {"decode": "base64"}, "base64")

# RFC 8032, 7.1, test 2: seed, public key, message, signature
SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PUBLIC = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
SIGNED = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SEED))
# RFC 6979, A.2.5: a private key of P-256, and its public one
NUMBER = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
X = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
CURVE = ec.derive_private_key(int(NUMBER, 16), ec.SECP256R1())


def written(key: Any, encoding: Encoding, form: PrivateFormat, lock: Any = PLAIN) -> bytes:
    return bytes(key.private_bytes(encoding, form, lock))


def pem(key: Any) -> bytes:
    return written(key, Encoding.PEM, PrivateFormat.PKCS8)


def der(key: Any) -> bytes:
    return written(key, Encoding.DER, PrivateFormat.PKCS8)


def public_der(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


BOTH = bytes.fromhex(SEED + PUBLIC)
OF_EDWARDS = {
    "hex": SEED,
    "upper-case hex": SEED.upper(),
    "spaced hex": f" {SEED[:32]} {SEED[32:]}\n",
    "base64": base64.b64encode(bytes.fromhex(SEED)).decode(),
    "base64 without padding": base64.b64encode(bytes.fromhex(SEED)).decode().rstrip("="),
    "bytes": bytes.fromhex(SEED),
    "both halves in hex": SEED + PUBLIC,
    "both halves in base64": base64.b64encode(BOTH),
    "whsk": b"whsk_" + base64.b64encode(BOTH),
    "both halves as bytes": BOTH,
    "PEM": pem(EDWARDS),
    "PEM in one line": pem(EDWARDS).replace(b"\n", b"\\n"),
    "PEM with space around": b"\r\n " + pem(EDWARDS).replace(b"\n", b"\r\n"),
    "OpenSSH": written(EDWARDS, Encoding.PEM, PrivateFormat.OpenSSH),
    "DER": der(EDWARDS),
    "DER in base64": base64.encodebytes(der(EDWARDS)),
    "DER in hex": der(EDWARDS).hex(),
}
OF_CURVE = {
    "number in hex": NUMBER,
    "number in base64": base64.b64encode(bytes.fromhex(NUMBER)),
    "PKCS #8": pem(CURVE),
    "SEC 1": written(CURVE, Encoding.PEM, PrivateFormat.TraditionalOpenSSL),
    "OpenSSH": written(CURVE, Encoding.PEM, PrivateFormat.OpenSSH),
    "PKCS #8 DER in base64": base64.b64encode(der(CURVE)),
    "SEC 1 DER in base64": base64.b64encode(
        written(CURVE, Encoding.DER, PrivateFormat.TraditionalOpenSSL)
    ),
    "DER": der(CURVE),
}


@pytest.mark.parametrize("secret", OF_EDWARDS.values(), ids=OF_EDWARDS)
def test_an_ed25519_key_however_it_is_written(secret: bytes | str) -> None:
    """Signing is that of RFC 8032, and the public half is written as each provider writes its own."""
    key = keypairs.private_key(DISCORD, secret)

    assert keypairs.public_secret(DISCORD, key) == PUBLIC.encode()
    assert keypairs.public_secret(V1A, key) == b"whpk_" + base64.b64encode(bytes.fromhex(PUBLIC))
    assert keypairs.signature(DISCORD, key, b"\x72") == SIGNED.encode()
    assert keypairs.signature(V1A, key, b"\x72") == base64.b64encode(bytes.fromhex(SIGNED))


@pytest.mark.parametrize("secret", OF_CURVE.values(), ids=OF_CURVE)
def test_a_p256_key_however_it_is_written(secret: bytes | str) -> None:
    key = keypairs.private_key(SENDGRID, secret)

    public = base64.b64decode(keypairs.public_secret(SENDGRID, key))
    assert bytes.fromhex(X) in public
    read = serialization.load_der_public_key(public)
    assert isinstance(read, ec.EllipticCurvePublicKey)
    signature = base64.b64decode(keypairs.signature(SENDGRID, key, b"sample"))
    read.verify(signature, b"sample", ec.ECDSA(keypairs_hash()))


def keypairs_hash() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


OTHER_CURVE = ec.generate_private_key(ec.SECP384R1())
OTHER_SEED = hashlib.sha256(b"another").hexdigest()
RSA = rsa.generate_private_key(65537, 2048)
PUBLIC_PEM = EDWARDS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
REFUSED: dict[str, tuple[Provider, bytes | str, str]] = {
    "whpk": (V1A, b"whpk_" + base64.b64encode(bytes.fromhex(PUBLIC)), "is a public key"),
    "public PEM": (DISCORD, PUBLIC_PEM, "is a public key"),
    "public PEM in one line": (V1A, PUBLIC_PEM.replace(b"\n", b"\\n"), "is a public key"),
    "public DER": (SENDGRID, base64.b64encode(public_der(CURVE)), "is a public key"),
    "public DER of the other": (SENDGRID, public_der(EDWARDS), "is a public key"),
    "public DER in hex": (DISCORD, public_der(EDWARDS).hex(), "is a public key"),
    "halves apart": (DISCORD, OTHER_SEED + PUBLIC, "two halves that do not belong together"),
    "locked PKCS #8": (
        DISCORD, written(EDWARDS, Encoding.PEM, PrivateFormat.PKCS8, LOCKED), "locked with a passphrase",
    ),
    "locked DER": (
        SENDGRID, written(CURVE, Encoding.DER, PrivateFormat.PKCS8, LOCKED), "locked with a passphrase",
    ),
    "RSA": (SENDGRID, pem(RSA), "another kind: ECDSA on the curve P-256 is needed"),
    "P-384": (SENDGRID, pem(OTHER_CURVE), "another kind: ECDSA on the curve P-256 is needed"),
    "Ed25519 for ECDSA": (SENDGRID, pem(EDWARDS), "another kind"),
    "ECDSA for Ed25519": (DISCORD, pem(CURVE), "another kind: Ed25519 is needed"),
    "zero": (SENDGRID, "00" * 32, "is no private key"),
    "the curve's order": (
        SENDGRID, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "is no private key",
    ),
    "64 bytes for ECDSA": (SENDGRID, SEED + PUBLIC, "is no private key"),
    "31 bytes": (DISCORD, SEED[2:], "is no private key"),
    "nothing": (DISCORD, "", "is no private key: give one for Ed25519, as PEM, hex or base64"),
    "space": (DISCORD, " \n", "is no private key"),
    "text": (DISCORD, "correct horse battery staple", "is no private key"),
    "binary": (DISCORD, b"\x00\xff\x1b[2J", "is no private key"),
    "surrogate": (DISCORD, "\ud800", "is no private key"),
    "broken PEM": (SENDGRID, b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "is no private key"),
    "certificate": (SENDGRID, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "is no private key"),
    "broken OpenSSH": (
        DISCORD, b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "is no private key",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("known", "secret", "complaint"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_private_key_is_told(
    known: Provider, secret: bytes | str, complaint: str
) -> None:
    with pytest.raises(SigningError, match=r"^the signing key for Acme ") as raised:
        keypairs.private_key(known, secret)

    assert complaint in str(raised.value)
    shown = secret if isinstance(secret, str) else secret.decode("latin-1")
    assert not shown.strip() or shown.strip() not in str(raised.value)
    assert raised.value.__cause__ is None


@given(st.sampled_from([DISCORD, V1A, SENDGRID]), st.binary() | st.text())
def test_anything_is_a_key_or_a_named_error(known: Provider, secret: bytes | str) -> None:
    with suppress(SigningError):
        keypairs.private_key(known, secret)


@given(st.sampled_from([DISCORD, V1A, SENDGRID]), st.binary(), st.binary())
def test_a_spoilt_signature_is_well_formed_and_wrong(
    known: Provider, seed: bytes, message: bytes
) -> None:
    key = keypairs.private_key(known, keypairs.sample(known, seed))
    public = known.secret.key(keypairs.public_secret(known, key)) or b""

    right = keypairs.signature(known, key, message)
    wrong = keypairs.spoilt(known, right)

    assert schemes.matches(known, public, message, [right])
    assert not schemes.matches(known, public, message, [wrong])
    raw = known.encoding.bytes_of(wrong) or b""
    if known is SENDGRID:
        assert all(0 < number < 2**256 for number in utils.decode_dss_signature(raw))
    else:
        assert len(raw) == 64


def test_a_sample_follows_from_seed_and_name() -> None:
    other = parse(
        "other",
        {"extends": "acme"},
        {"acme": {"scheme": "ed25519", "signature": "header:X", "signed": "{body}"}},
    )
    samples = [
        keypairs.sample(known, seed) for known in (DISCORD, SENDGRID, other) for seed in (b"", b"s")
    ]

    assert samples == [
        keypairs.sample(known, seed) for known in (DISCORD, SENDGRID, other) for seed in (b"", b"s")
    ]
    assert {len(each) for each in samples} == {64}
    assert samples[0] != samples[1]
    assert samples[0] != samples[4]
    assert keypairs.sample_curve_key(SENDGRID, b"s").private_numbers().private_value == int(
        samples[3], 16
    )
