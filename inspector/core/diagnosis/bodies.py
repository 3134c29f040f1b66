"""What else the body may have been when it was signed: one change of its bytes each, the usual ones first."""

import binascii
import codecs
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from inspector.core.diagnosis import formtext, jsonparts
from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.jsontext import rewritten
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.model import Request

REWRITE_MAX_BYTES = 1 << 20
"""Larger bodies are not decoded or parsed, and so not written anew: it takes too long."""
_NESTED_MAX = 32_768
"""Nor is JSON of more objects and arrays."""
NORMALISE_MAX_BYTES = 65_536
_INFLATED_MAX_BYTES = 8 << 20
_INFLATED_RATIO_MAX = 64
_DIGITS_MAX = 15
_CHARSETS = (("Latin-1", "latin-1"), ("Windows-1252", "cp1252"), ("UTF-16", "utf-16-le"))
_LIMITS = sorted(
    {*(1 << power for power in range(8, 24)), *(10**n for n in range(3, 8)), 65_535, 102_400}
)
"""Where programs cut bodies off."""

Variant = tuple[Cause, str, bytes]


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield the bodies that may have been signed in place of the one that came."""
    if not subject.covers_body:
        return
    # By Python's hash, which takes less than the fresh memory that keeping all of them would.
    seen = {hash(subject.request.body)}
    for variants in _VARIANTS:
        for cause, detail, body in variants(subject.request):
            if hash(body) not in seen:
                seen.add(hash(body))
                yield Probe(cause, detail, request=subject.with_body(body))


_LOST = "The signature matches the body with {} at its end, which got lost on the way: pass the raw bytes on."
_ADDED = "The signature matches the body without {}, which something added: pass the raw bytes on."


def _ends(request: Request) -> Iterator[Variant]:
    body, cause = request.body, Cause.BODY_TRAILING_NEWLINE
    if body.endswith(b"\r\n"):
        yield cause, _ADDED.format("the CRLF at its end"), body[:-2]
        yield cause, _ADDED.format("the CR in its last line end"), body[:-2] + b"\n"
    elif body.endswith(b"\n"):
        yield cause, _ADDED.format("the line feed at its end"), body[:-1]
    yield cause, _LOST.format("a line feed"), body + b"\n"
    yield cause, _LOST.format("a CRLF"), body + b"\r\n"
    yield cause, _ADDED.format("the white space around it"), body.strip()


def _rare_ends(request: Request) -> Iterator[Variant]:
    body, cause = request.body, Cause.BODY_TRAILING_NEWLINE
    yield cause, _ADDED.format("the white space at its end"), body.rstrip()
    yield cause, _LOST.format("two line feeds"), body + b"\n\n"
    yield cause, _LOST.format("a space"), body + b" "
    yield cause, _ADDED.format("the zero bytes at its end"), body.rstrip(b"\0")


_LINE_ENDS = (
    "The signature matches the body with {} as line ends where {} came: something converted them; "
    "pass the raw bytes on."
)


def _line_ends(request: Request) -> Iterator[Variant]:
    body, cause = request.body, Cause.BODY_LINE_ENDS
    if b"\n" not in body:
        return
    unix = body.replace(b"\r\n", b"\n")
    windows = unix.replace(b"\n", b"\r\n")
    # One at the end comes and goes with it: text mode adds and drops that.
    for text in (unix, unix.removesuffix(b"\n")):
        yield cause, _LINE_ENDS.format("LF", "CRLF"), text
    for text in (windows, windows + b"\r\n", windows.removesuffix(b"\r\n")):
        yield cause, _LINE_ENDS.format("CRLF", "LF"), text


def _marks(request: Request) -> Iterator[Variant]:
    body, mark = request.body, codecs.BOM_UTF8
    if body.startswith(mark):
        detail = _ADDED.format("the byte order mark at its start")
        yield Cause.BODY_BOM, detail, body.removeprefix(mark)
    else:
        detail = (
            "The signature matches the body with a byte order mark at its start, which got lost on the way, "
            "as when it is decoded: pass the raw bytes on."
        )
        yield Cause.BODY_BOM, detail, mark + body


def _empty(request: Request) -> Iterator[Variant]:
    if request.body:
        detail = (
            "The signature is over an empty body: what signs it comes after something else has read the body to its "
            "end, or is given none; have it sign the bytes that are sent."
        )
        yield Cause.BODY_EMPTY, detail, b""


_COMPRESSED = (
    "The signature is over the body as it was before it was compressed ({}): have the sender sign the bytes that it "
    "sends, or keep what compresses them on the way from doing so."
)


def _inflated(request: Request) -> Iterator[Variant]:
    limit = min(_INFLATED_MAX_BYTES, _INFLATED_RATIO_MAX * len(request.body))
    for name, window_bits in (("gzip", 31), ("deflate", 15), ("deflate, without its header", -15)):
        reader = zlib.decompressobj(window_bits)
        try:
            content = reader.decompress(request.body, limit)
        except zlib.error:
            continue
        if reader.eof:
            yield Cause.BODY_COMPRESSED, _COMPRESSED.format(name), content


def _parsed(request: Request) -> Iterator[Variant]:
    body = request.body
    if len(body) > REWRITE_MAX_BYTES or body.count(b"{") + body.count(b"[") > _NESTED_MAX:
        return
    text, document = jsonparts.read(body)
    yield from _of_json(text, document) if text else _of_other(body)


_RESERIALISED = (
    "The signature matches the body re-serialised {}: something between the sender and Hooktap parsed the JSON and "
    "wrote it anew, so pass the raw bytes on; or the sender signs another text than it sends."
)
_EMBEDDED = (
    "The signature matches the text within the body's JSON ({}): the delivery was put into another one on its way; "
    "pass on what is inside."
)
_REWRITTEN_FORM = "The signature matches the body {}; pass the raw bytes on."


def _of_json(text: str, document: Any) -> Iterator[Variant]:
    for how, body in rewritten(text, document):
        yield Cause.BODY_RESERIALISED, _RESERIALISED.format(how), body
    for where, body in jsonparts.embedded(document):
        yield Cause.BODY_WRAPPED, _EMBEDDED.format(where), body
    for how, body in formtext.of_document(document):
        yield Cause.BODY_FORM, _REWRITTEN_FORM.format(how), body


_FOLLOWED = (
    "The signature is over the first {} of {} bytes, where the JSON ends: something added to the body; "
    "pass the raw bytes on."
)
_CUT_OFF = (
    "The signature is over a body that goes on where this one ends: it was cut off after {} bytes, so look for a limit "
    "on the length of bodies on the way."
)


def _of_other(body: bytes) -> Iterator[Variant]:
    for how, form in formtext.respelled(body):
        yield Cause.BODY_FORM, _REWRITTEN_FORM.format(how), form
    end = jsonparts.end_of_document(body)
    if end is not None:
        yield Cause.BODY_CUT, _FOLLOWED.format(end, len(body)), body[:end]
    for whole in jsonparts.closed(body):
        yield Cause.BODY_CUT, _CUT_OFF.format(len(body)), whole


_DECODED = (
    "The signature matches the body in {} where it came in {}: something decoded it and encoded it anew; "
    "pass the raw bytes on."
)
_NORMALISED = "The signature matches the body in Unicode form {}: something normalised it; pass the raw bytes on."


def _charsets(request: Request) -> Iterator[Variant]:
    body, cause = request.body, Cause.BODY_CHARSET
    if body.isascii() or len(body) > REWRITE_MAX_BYTES:
        return
    for name, codec in _CHARSETS:
        if decoded := _recoded(body, codec, "utf-8"):
            yield cause, _DECODED.format("UTF-8", name), decoded
        if encoded := _recoded(body, "utf-8", codec):
            yield cause, _DECODED.format(name, "UTF-8"), encoded
    if len(body) > NORMALISE_MAX_BYTES:
        return
    text = body.decode("utf-8", "replace")
    yield cause, _NORMALISED.format("NFC"), unicodedata.normalize("NFC", text).encode()
    yield cause, _NORMALISED.format("NFD"), unicodedata.normalize("NFD", text).encode()


def _recoded(body: bytes, codec: str, other: str) -> bytes:
    try:
        return body.decode(codec).encode(other)
    except UnicodeError:
        return b""


def _base64(request: Request) -> Iterator[Variant]:
    try:
        content = binascii.a2b_base64(request.body, strict_mode=True)
    except ValueError:
        return
    detail = (
        "The signature matches what the body is the base64 of: decode it before it is passed on, as gateways that mark "
        "it isBase64Encoded expect."
    )
    yield Cause.BODY_WRAPPED, detail, content


_LONGER = (
    "The signature is over the first {} bytes, which is what Content-Length says, and {} came: something added to the "
    "body; pass the raw bytes on."
)
_LIMITED = "The signature is over the first {} of {} bytes: what signs the body reads no further; have it read all."


def _cut(request: Request) -> Iterator[Variant]:
    body = request.body
    declared = request.headers.get(b"Content-Length") or b""
    if declared.isdigit() and len(declared) <= _DIGITS_MAX and int(declared) < len(body):
        size = int(declared)
        yield Cause.BODY_CUT, _LONGER.format(size, len(body)), body[:size]
    for limit in _LIMITS:
        if limit < len(body):
            yield Cause.BODY_CUT, _LIMITED.format(limit, len(body)), body[:limit]


_VARIANTS: tuple[Callable[[Request], Iterator[Variant]], ...] = (
    _ends,
    _line_ends,
    _marks,
    _empty,
    _parsed,
    _inflated,
    _charsets,
    _base64,
    _rare_ends,
    _cut,
)
"""The usual ones first, and each before those that undo it too: to parse and write JSON takes a line feed away too."""
