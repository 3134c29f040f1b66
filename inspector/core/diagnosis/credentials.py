"""What HTTP Basic (RFC 7617) may have been made of, other than the base64 of `user:password`."""

from collections.abc import Iterator
from dataclasses import replace

from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.formats import Encoding, Format
from inspector.core.providers import Scheme

_EXCHANGED = (
    "The sender has user name and password in each other's place: exchange them, there or here."
)
_ALONE = "The secret has no user name, and the sender gives it as one: write it as user:password, here 'secret:'."
_USER = "The password is right, and the user name is not: set the one that the sender was given."
_ENCODED = "{} is in base64 already: write it as user:password."
_PLAIN = "The sender does not encode its credentials: what follows 'Basic ' is the base64 of user:password."
_BARE = "The sender leaves out 'Basic ' in front of its credentials: have it added there."
_WORD = (
    "The sender has '{}' in front of its credentials where 'Basic ' belongs: have it changed there."
)


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield other credentials, and the same in other clothes."""
    provider = subject.provider
    if provider.scheme is not Scheme.BASIC:
        return
    for index, secret in enumerate(subject.secrets):
        yield from _exchanged(secret)
        yield from _users(subject, secret)
        if decoded := Encoding.BASE64.bytes_of(secret.removeprefix(b"Basic ").strip()):
            detail = _ENCODED.format(subject.secret_name(index))
            yield Probe(Cause.SECRET_ENCODING, detail, secrets=(decoded,))
    plain = replace(provider, scheme=Scheme.TOKEN)
    yield Probe(Cause.SIGNATURE_ENCODING, _PLAIN, plain)
    yield Probe(Cause.SIGNATURE_ENCODING, _PLAIN, replace(plain, format=Format()))
    yield Probe(Cause.SIGNATURE_PREFIX, _BARE, replace(provider, format=Format()))
    for word in ("Bearer", "Token"):
        other = replace(provider, format=Format.parse(f"prefix:{word} "))
        yield Probe(Cause.SIGNATURE_PREFIX, _WORD.format(word), other)


def _exchanged(secret: bytes) -> Iterator[Probe]:
    user, colon, password = secret.partition(b":")
    if colon:
        yield Probe(Cause.SECRET_ORDER, _EXCHANGED, secrets=(password + b":" + user,))
    elif secret:
        yield Probe(Cause.SECRET_ORDER, _ALONE, secrets=(secret + b":",))


def _users(subject: Subject, secret: bytes) -> Iterator[Probe]:
    """Yield our password with the user name that was sent."""
    password = secret.partition(b":")[2]
    if not password:
        return
    for placement in subject.placements():
        value = subject.read(placement.signature, placement)
        for candidate in subject.provider.format.candidates(value):
            user = (Encoding.BASE64.bytes_of(candidate) or b"").partition(b":")[0]
            yield Probe(Cause.SECRET_USER, _USER, secrets=(user + b":" + password,))
