"""What senders get wrong in writing a signature, and proxies in passing it on."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import quote

from inspector.core.diagnosis import Cause
from inspector.core.formats import Encoding, Format
from inspector.core.headers import Headers
from inspector.core.providers import Provider, Scheme
from inspector.core.templates import SECRET, Kind, Locator
from tests.core.diagnosis.deliveries import Sample, as_javascript
from tests.core.diagnosis.spoiling import SIGNING, Spoiler, Way, in_header, place, signing
from tests.factories import NOW_S


def signature_changes() -> Iterator[Spoiler]:
    """What senders get wrong in writing a signature, and proxies in passing it on."""
    for encoding in Encoding:
        yield Spoiler(Cause.SIGNATURE_ENCODING, f"in {encoding}", _encoded(encoding))
    for name, spoil in (
        ("base64 for URLs", lambda text: text.replace(b"+", b"-").replace(b"/", b"_")),
        ("percent-encoded", lambda text: quote(text, safe="").encode()),
        ("without padding", lambda text: text.rstrip(b"=")),
    ):
        yield Spoiler(Cause.SIGNATURE_ENCODING, name, _written(Encoding.BASE64, spoil))
    yield Spoiler(Cause.SIGNATURE_ENCODING, "base64 of hex", _base64_of_hex)
    yield Spoiler(Cause.SIGNATURE_CASE, "upper case", _written(Encoding.HEX, bytes.upper))
    yield Spoiler(Cause.SIGNATURE_PREFIX, "missing", _surrounded(lambda text: text))
    yield Spoiler(Cause.SIGNATURE_PREFIX, "another", _surrounded(lambda text: b"hmac=" + text))
    yield Spoiler(Cause.SIGNATURE_PREFIX, "quoted", _surrounded(lambda text: b'"' + text + b'"'))
    for digest in ("sha1", "sha256", "sha512"):
        yield Spoiler(Cause.DIGEST, digest, _digest(digest))
    yield Spoiler(Cause.CONSTRUCTION, "a plain hash", _construction)
    yield Spoiler(Cause.HEADER_NAME, "the older name", _older)
    yield Spoiler(Cause.HEADER_NAME, "renamed", _renamed)
    yield Spoiler(Cause.HEADER_NAME, "the time's renamed", _time_renamed)
    yield Spoiler(Cause.HEADER_REPEATED, "twice", _twice)
    yield Spoiler(Cause.HEADER_REPEATED, "the time twice", _time_twice)


def _text(sample: Sample) -> bytes:
    """Return the signature of a signed delivery."""
    value = sample.request.headers.get(place(sample).signature.key)
    assert value
    return sample.provider.format.candidates(value)[0]


def _encoded(encoding: Encoding) -> Way:
    def way(sample: Sample) -> Sample | None:
        if sample.provider.scheme not in SIGNING or sample.provider.encoding is encoding:
            return None
        return sample.signed(replace(sample.provider, encoding=encoding))

    return way


def _written(encoding: Encoding, spoil: Callable[[bytes], bytes]) -> Way:
    def way(sample: Sample) -> Sample | None:
        if not in_header(sample) or sample.provider.encoding is not encoding:
            return None
        for number in range(50):  # until there is a character that makes a difference
            signed = sample.with_header("X-Number", b"%d" % number).carrying(
                as_javascript({"webhookTimestamp": NOW_S * 1000, "number": number})
            )
            if sample.provider.name == "bokun":
                signed = signed.with_header("X-Bokun-Number", b"%d" % number)
            signed = signed.signed()
            text = _text(signed)
            if spoil(text) != text:
                name = place(sample).signature
                value = (signed.request.headers.get(name.key) or b"").replace(text, spoil(text))
                return signed.with_header(name.name, value)
        return None

    return way


def _base64_of_hex(sample: Sample) -> Sample | None:
    if not in_header(sample) or sample.provider.encoding is not Encoding.BASE64:
        return None
    signed = sample.signed()
    text = _text(signed)
    hexed = base64.b64encode(base64.b64decode(text).hex().encode())
    name = place(sample).signature
    value = (signed.request.headers.get(name.key) or b"").replace(text, hexed)
    return signed.with_header(name.name, value)


def _surrounded(spoil: Callable[[bytes], bytes]) -> Way:
    def way(sample: Sample) -> Sample | None:
        if not in_header(sample) or _pairs(sample.provider):
            return None
        signed = sample.signed()
        value = spoil(_text(signed))
        name = place(sample).signature
        if value == signed.request.headers.get(name.key):
            return None
        return signed.with_header(name.name, value)

    return way


def _pairs(provider: Provider) -> bool:
    return any(part.kind is Kind.PAIR for part in provider.placements[0].locators())


def _digest(digest: str) -> Way:
    def way(sample: Sample) -> Sample | None:
        provider = sample.provider
        if provider.scheme not in {Scheme.HMAC, Scheme.DIGEST} or provider.digest == digest:
            return None
        wrong = replace(provider, digest=digest)
        if provider.format == Format.parse("prefix:sha256="):
            wrong = replace(wrong, format=Format.parse(f"prefix:{digest}="))
        return sample.signed(wrong)

    return way


def _construction(sample: Sample) -> Sample | None:
    provider, parts = sample.provider, place(sample).signed.parts
    if provider.json_root:
        return None
    if provider.scheme is Scheme.HMAC:
        return sample.signed(signing(provider, (SECRET, *parts), Scheme.DIGEST))
    if provider.scheme is Scheme.DIGEST:
        return sample.signed(signing(provider, parts[1:], Scheme.HMAC))
    return None


def _older(sample: Sample) -> Sample | None:
    provider = sample.provider
    if not in_header(sample) or not provider.older_headers:
        return None
    older = provider.older_headers[0].decode().title()
    wrong = signing(provider, place(sample).signed.parts)
    moved = replace(wrong.placements[0], signature=Locator(Kind.HEADER, older))
    wrong = replace(wrong, placements=(moved,))
    if provider.name in {"github", "square"}:
        wrong = replace(wrong, digest="sha1")
    if provider.name == "github":
        wrong = replace(wrong, format=Format.parse("prefix:sha1="))
    return sample.signed(wrong)


def _renamed(sample: Sample) -> Sample | None:
    if not in_header(sample):
        return None
    signed = sample.signed()
    name = place(sample).signature.key
    pairs = signed.request.headers.pairs
    renamed = tuple(
        (b"X-Original-" + key if key.lower() == name else key, value) for key, value in pairs
    )
    return signed.with_headers(Headers(renamed))


def _time(sample: Sample) -> Locator | None:
    """Return the header that holds the time, if it is signed."""
    for part in place(sample).signed.placeholders():
        if isinstance(part, Locator) and part.kind is Kind.HEADER and "time" in part.name.lower():
            return part
    return None


def _time_renamed(sample: Sample) -> Sample | None:
    part = _time(sample)
    if part is None:
        return None
    signed = sample.signed()
    pairs = signed.request.headers.pairs
    renamed = tuple((b"X-Time" if key.lower() == part.key else key, value) for key, value in pairs)
    return signed.with_headers(Headers(renamed))


def _twice(sample: Sample) -> Sample | None:
    if not in_header(sample):
        return None
    signed = sample.signed()
    name = place(sample).signature.name.encode()
    wrong = sample.signed(key=_wrong_key(sample)).request.headers.get(name)
    assert wrong
    return signed.with_headers(Headers(((name, wrong), *signed.request.headers.pairs)))


def _wrong_key(sample: Sample) -> bytes:
    if sample.provider.is_asymmetric:
        return b"11" * 32
    return sample.provider.secret.sample(b"wrong", sample.provider.name)


def _time_twice(sample: Sample) -> Sample | None:
    part = _time(sample)
    if part is None:
        return None
    signed = sample.signed()
    return signed.with_headers(
        Headers(((part.name.encode(), b"%d" % (NOW_S - 1)), *signed.request.headers.pairs))
    )


def credentials_changes() -> Iterator[Spoiler]:
    """What senders get wrong in HTTP Basic."""
    yield Spoiler(Cause.SIGNATURE_PREFIX, "no 'Basic'", _credentials(lambda text: text))
    yield Spoiler(Cause.SIGNATURE_PREFIX, "'Bearer'", _credentials(lambda text: b"Bearer " + text))
    yield Spoiler(
        Cause.SIGNATURE_ENCODING,
        "not in base64",
        _credentials(lambda text: b"Basic " + base64.b64decode(text)),
    )


def _credentials(spoil: Callable[[bytes], bytes]) -> Way:
    def way(sample: Sample) -> Sample | None:
        if sample.provider.scheme is not Scheme.BASIC:
            return None
        signed = sample.signed()
        return signed.with_header("Authorization", spoil(_text(signed)))

    return way
