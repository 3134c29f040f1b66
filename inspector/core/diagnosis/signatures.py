"""How else the signature may stand in the request: in another encoding, behind another prefix, in another header.

Each is put where it belongs, written as it should be, and then checked as ever.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from inspector.core import schemes
from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import SIGNING, Probe, Subject
from inspector.core.formats import CANDIDATES_MAX, Encoding
from inspector.core.headers import Headers
from inspector.core.providers import Placement, Provider, Scheme
from inspector.core.templates import Kind
from inspector.core.text import safe, shorten

_DIGESTS: Mapping[int, str] = {
    hashlib.new(name, usedforsecurity=False).digest_size: name
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
}
"""By the length of what they make: a signature tells by its own which of them may have made it."""
_PAIR_BYTES = 64
"""Length of two numbers of 32 bytes each: an Ed25519 signature, or one of P-256 that is not in DER."""
_SEPARATORS = re.compile(rb"[\s,;:&]+")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_VALUE_MAX_BYTES = 16_384
_NAME_MAX = 60
_TIME_MAX_BYTES = 30

_HEX, _CAPITALS, _BASE64 = "hex", "hex in upper case", "base64"


class _Source(NamedTuple):
    """A header that may hold the signature."""

    value: bytes
    cause: Cause | None = None
    """None: it stands where it should."""
    found: str = ""
    """That there is a right signature, and where, as the start of a sentence."""
    advice: str = ""


class _Reading(NamedTuple):
    """The bytes that a text may stand for, and how they are written."""

    raw: bytes
    written: str


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield the signatures that may have been meant, wherever they stand."""
    if subject.provider.scheme not in SIGNING:
        return
    for placement in subject.provider.placements:
        if placement.signature.kind is Kind.HEADER:
            yield from _in_headers(subject, placement)
        elif not subject.provider.is_asymmetric:
            yield from _in_place(subject, placement)


def _in_headers(subject: Subject, placement: Placement) -> Iterator[Probe]:
    asked, name = subject.provider, placement.signature.name.encode()
    seen: set[tuple[Headers, str]] = {(subject.request.headers, asked.digest)}
    for source in _sources(subject, placement):
        pieces = _pieces(source.value)
        pairs = _pairs(pieces)
        for reading in (reading for piece in pieces for reading in _readings(piece)):
            for used, raw in _made_by(asked, reading.raw):
                value = used.format.write(used.encoding.text_of(raw), pairs)
                headers = subject.request.headers.replacing(name, value)
                if (headers, used.digest) not in seen:
                    seen.add((headers, used.digest))
                    told = _told(source, placement, asked, used, reading)
                    yield Probe(*told, used, replace(subject.request, headers=headers))


def _in_place(subject: Subject, placement: Placement) -> Iterator[Probe]:
    """Yield what a signature in the body or the URL means if it is read in another way."""
    asked = subject.provider
    for encoding in Encoding:
        for digest in _DIGESTS.values():
            used = replace(asked, encoding=encoding, digest=digest)
            if (encoding, digest) != (asked.encoding, asked.digest):
                yield Probe(
                    *_told(_Source(b""), placement, asked, used, _Reading(b"", encoding)), used
                )


def _sources(subject: Subject, placement: Placement) -> Iterator[_Source]:
    name, key = placement.signature.name, placement.signature.key
    own = list(dict.fromkeys(subject.request.headers.get_all(key)))
    if len(own) == 1:
        yield _Source(own[0])
    else:
        for number, value in enumerate(own[:CANDIDATES_MAX], 1):
            found = f"{name} came {len(own)} times, and number {number} is right"
            advice = "find what adds the others on the way"
            yield _Source(value, Cause.HEADER_REPEATED, found, advice)
    for other, value in subject.request.headers.pairs:
        is_older = other.lower() in subject.provider.older_headers
        if other.lower() == key or len(value) > _VALUE_MAX_BYTES or (own and not is_older):
            continue
        age = ", an older name" if is_older else ""
        found = f"A right signature stands in {shorten(safe(other), _NAME_MAX)}{age}"
        advice = f"have the sender use {name}, or find what renames it on the way"
        yield _Source(value, Cause.HEADER_NAME, found, advice)


def _pieces(value: bytes) -> list[bytes]:
    """Return all that may be a signature in a header's value, the whole of it included."""
    found = [value]
    for piece in _SEPARATORS.split(value, CANDIDATES_MAX)[:CANDIDATES_MAX]:
        found += [piece, piece.partition(b"=")[2]]
    return list(dict.fromkeys(filter(None, (piece.strip(b"\"'") for piece in found))))


def _pairs(pieces: list[bytes]) -> dict[bytes, bytes]:
    """Return the elements that may hold a time: a new signature is put beside them."""
    split = (piece.partition(b"=") for piece in pieces)
    return {
        key: text
        for key, _, text in split
        if key.isalnum() and text.isalnum() and len(text) <= _TIME_MAX_BYTES
    }


def _readings(text: bytes) -> Iterator[_Reading]:
    if raw := Encoding.HEX.bytes_of(text):
        yield _Reading(raw, _HEX if text == text.lower() else _CAPITALS)
    yield from _base64_readings(text)
    if b"%" in text:
        for reading in _base64_readings(unquote_to_bytes(text)):
            yield _Reading(reading.raw, f"percent-encoded {reading.written}")


def _base64_readings(text: bytes) -> Iterator[_Reading]:
    standard = text.translate(_URL_SAFE)
    raw = Encoding.BASE64.bytes_of(standard)
    if not raw:
        return
    written = "base64 for URLs, with '-' and '_'" if standard != text else _BASE64
    yield _Reading(raw, f"{written} without its padding" if len(text) % 4 else written)
    if inner := Encoding.HEX.bytes_of(raw):
        yield _Reading(inner, "the base64 of its hex")


def _made_by(asked: Provider, raw: bytes) -> Iterator[tuple[Provider, bytes]]:
    """Yield the provider as if it used the digest that the length tells, with the signature's bytes as it has them."""
    if asked.scheme is Scheme.ED25519:
        if len(raw) == _PAIR_BYTES:
            yield asked, raw
    elif asked.scheme is Scheme.ECDSA_P256:
        yield asked, _der(raw) if len(raw) == _PAIR_BYTES else raw
    elif digest := _DIGESTS.get(len(raw)):
        yield asked if digest == asked.digest else replace(asked, digest=digest), raw


def _der(raw: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    r, s = (int.from_bytes(half, "big") for half in (raw[: len(raw) // 2], raw[len(raw) // 2 :]))
    return encode_dss_signature(r, s)


_DIGEST = "{} is right as {}, and {} signs with {}: change the digest that the sender uses."
_CASE = "{} is right, but its hex is in upper case: have it written in lower case."
_ENCODING = "{} is right, but written as {}, and {} writes {}: change how the sender encodes it."
_P1363 = (
    "{} is right, but written as two bare numbers (IEEE P1363), and {} writes them in DER: "
    "change what the sender's library writes."
)
_PREFIX = "The signature in {} is right, but not what stands around it: {} writes {}, so change that at the sender."


def _told(
    source: _Source, placement: Placement, asked: Provider, used: Provider, reading: _Reading
) -> tuple[Cause, str]:
    """Return what it means if that signature is right."""
    name, title = placement.signature.name, asked.title
    if source.cause:
        made = "" if used.digest == asked.digest else f", made with {schemes.name(used)}"
        return source.cause, f"{source.found}{made}: {source.advice}."
    if used.digest != asked.digest:
        detail = _DIGEST.format(name, schemes.name(used), title, schemes.name(asked))
        return Cause.DIGEST, detail
    if asked.scheme is Scheme.ECDSA_P256 and len(reading.raw) == _PAIR_BYTES:
        return Cause.SIGNATURE_ENCODING, _P1363.format(name, title)
    if reading.written == _CAPITALS and asked.encoding is Encoding.HEX:
        return Cause.SIGNATURE_CASE, _CASE.format(name)
    if reading.written != asked.encoding:
        detail = _ENCODING.format(name, reading.written, title, asked.encoding)
        return Cause.SIGNATURE_ENCODING, detail
    return Cause.SIGNATURE_PREFIX, _PREFIX.format(name, title, asked.format)
