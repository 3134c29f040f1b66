"""The public key in whatever form it was given: PEM, a JSON Web Key, DER, its bare bytes; or the private one."""

from collections.abc import Iterator
from typing import Any

from inspector.core import keypairs
from inspector.core.coded import keypairs as coded_keypairs
from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.diagnosis.secretforms import PREFIXES
from inspector.core.formats import Encoding
from inspector.core.providers import Provider, Scheme
from inspector.errors import SigningError

_URL_SAFE = bytes.maketrans(b"-_", b"+/")

_FORM = "The public key is right, but written as {}: {} has it as {}, so set it in that form."
_PRIVATE = (
    "The secret is the sender's private key, which nobody else should have: set the public key that belongs to it, and "
    "have the pair replaced if it is in use."
)


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield the public keys that each secret may stand for, written as the provider writes its own."""
    provider = subject.provider
    if not provider.is_asymmetric:
        return
    for secret in subject.secrets:
        for form, public in _public(provider, secret):
            detail = _FORM.format(form, provider.title, _right_form(provider))
            yield Probe(Cause.KEY_FORM, detail, secrets=(provider.secret.written(public),))
        try:
            own = keypairs.public_secret(provider, keypairs.private_key(provider, secret))
        except SigningError:
            continue
        yield Probe(Cause.KEY_PRIVATE, _PRIVATE, secrets=(own,))


def _right_form(provider: Provider) -> str:
    bare = "32 bytes" if provider.scheme is Scheme.ED25519 else "a DER SubjectPublicKeyInfo"
    return f"{bare} in {provider.secret.decode}" if provider.secret.decode else bare


def _public(provider: Provider, secret: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of the keys that can be read out of a secret, with the form each was in."""
    text = secret.strip().strip(b"\"'").replace(b"\\n", b"\n")
    for prefix in PREFIXES:
        text = text.removeprefix(prefix)
    found = coded_keypairs.read(text)
    # Of a private one its public half is known too, but what to say of that is another thing.
    is_public = found is not None and found.public is not None and found.private is None
    if found and is_public and (raw := _written(provider, found.public)):
        yield "PEM, DER or a JSON Web Key", raw
    for form, encoded in (
        ("hex", Encoding.HEX.bytes_of(text)),
        ("base64", Encoding.BASE64.bytes_of(b"".join(text.translate(_URL_SAFE).split()))),
        ("bare bytes", secret),
    ):
        yield from ((f"{how}{form}", raw) for how, raw in _of_bytes(provider, encoded or b""))


def _of_bytes(provider: Provider, encoded: bytes) -> Iterator[tuple[str, bytes]]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    def point(raw: bytes) -> Any:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)

    bare = ed25519.Ed25519PublicKey.from_public_bytes
    is_ed25519 = provider.scheme is Scheme.ED25519
    for how, load in (("DER in ", load_der_public_key), ("", bare if is_ed25519 else point)):
        try:
            yield how, _written(provider, load(encoded))
        except (ValueError, UnsupportedAlgorithm):
            continue


def _written(provider: Provider, public: Any) -> bytes:
    """Return the key as its scheme takes it; nothing if it is of another kind."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.serialization import Encoding as Written
    from cryptography.hazmat.primitives.serialization import PublicFormat

    if provider.scheme is Scheme.ED25519 and isinstance(public, ed25519.Ed25519PublicKey):
        return public.public_bytes_raw()
    if provider.scheme is Scheme.ECDSA_P256 and isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(Written.DER, PublicFormat.SubjectPublicKeyInfo)
    return b""
