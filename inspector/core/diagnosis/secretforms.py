"""What else a secret may have to be: without what copying added, cut or not, decoded or not."""

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote_from_bytes, unquote_to_bytes

from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.formats import Encoding
from inspector.core.keys import KeyForm
from inspector.core.providers import Provider, Scheme

PREFIXES = (b"v1,whsec_", b"whsec_", b"whpk_", b"whsk_")
"""What secrets begin with that some schemes cut off and others keep."""
_LENGTH_MAX = 65_536
_ASSIGNMENT = re.compile(
    rb"\s*(?:export\s+|set\s+|-\s+)?[A-Za-z_][A-Za-z0-9_.-]*\s*[=:]\s*(\S.*?)\s*", re.DOTALL
)
"""A line of a shell, of a .env file, or of YAML."""
_QUOTES = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019", "<>")
_INVISIBLE = " \t\r\n\0\u00a0\u200b\u200c\u200d\u2060\ufeff"
_WORDS = (b"Bearer ", b"bearer ", b"Token ", b"Basic ")
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_KEYED = frozenset({Scheme.HMAC, Scheme.DIGEST, Scheme.TOKEN})

Variant = tuple[Cause, str, bytes]


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield other forms of each of the endpoint's own secrets."""
    provider = subject.provider
    for index, secret in enumerate(subject.secrets):
        if not 0 < len(secret) <= _LENGTH_MAX:
            continue
        name = subject.secret_name(index)
        seen = {secret, b""}
        for variants in (_cleaned, _soiled):
            for cause, detail, changed in variants(secret):
                if changed not in seen:
                    seen.add(changed)
                    yield Probe(cause, detail.format(name), secrets=(changed,))
        if provider.scheme in _KEYED:
            yield from _keys(provider, name, secret)


_BREAK = "{} has a line break at its end: write it without, e.g. with printf instead of echo."
_AROUND = "{} has white space around it: write it without."
_WITHIN = "{} has white space within it, as of a line that was wrapped: write it without."
_ESCAPED = "{} ends with the two characters '\\n': write it without."
_UNSEEN = "{} has invisible characters at its start or end: type those anew."
_QUOTED = "{} has quotes around it, which are part of it here: write it without."
_LINE = "{} is a whole line, NAME=value: set only what follows the name."
_PERCENT = "{} is percent-encoded, and the sender signs with what that stands for: decode it."
_WORD = "{} begins with a word such as 'Bearer', which is not part of it: write it without."


def _cleaned(secret: bytes) -> Iterator[Variant]:
    """Yield the secret without what it may have too much."""
    white = Cause.SECRET_WHITESPACE
    if secret.endswith((b"\n", b"\r")):
        yield white, _BREAK, secret.rstrip(b"\r\n")
    yield white, _AROUND, secret.strip()
    yield white, _WITHIN, b"".join(secret.split())
    yield white, _ESCAPED, secret.strip().removesuffix(b"\\n")
    bare = secret.decode("utf-8", "surrogateescape").strip(_INVISIBLE)
    yield white, _UNSEEN, _bytes(bare)
    for quotes in _QUOTES:
        if len(bare) > 2 and bare[0] + bare[-1] == quotes:
            yield Cause.SECRET_QUOTES, _QUOTED, _bytes(bare[1:-1])
    if found := _ASSIGNMENT.fullmatch(secret):
        value = found[1]
        for changed in (value, value.rstrip(b";,"), value.rstrip(b";,").strip(b"\"'`")):
            yield Cause.SECRET_LINE, _LINE, changed
    if b"%" in secret:
        yield Cause.SECRET_ENCODING, _PERCENT, unquote_to_bytes(secret)
    for word in _WORDS:
        yield Cause.SECRET_PREFIX, _WORD, secret.removeprefix(word)


_THERE = "{{}} is right here, but the sender's copy of it {}: set it anew there."
_SPACES = "{} has spaces where '+' belongs: copy it from where it was not decoded."
_PADDING = "{} lost the '=' at its end: copy all of it."
_WORD_THERE = (
    "The sender has '{}' in front of what is set here: leave it out there, or add it here."
)


def _soiled(secret: bytes) -> Iterator[Variant]:
    """Yield the secret with what it lacks, or with what the sender's copy of it may have too much."""
    for end, what in (
        (b"\n", "a line break"),
        (b"\r\n", "a CRLF"),
        (b" ", "a space"),
        (b"\t", "a tab"),
    ):
        yield Cause.SECRET_WHITESPACE, _THERE.format(f"ends with {what}"), secret + end
    yield Cause.SECRET_WHITESPACE, _THERE.format("begins with a space"), b" " + secret
    for mark in (b'"', b"'", b"`"):
        yield Cause.SECRET_QUOTES, _THERE.format("has quotes around it"), mark + secret + mark
    yield Cause.SECRET_ENCODING, _SPACES, secret.replace(b" ", b"+")
    yield Cause.SECRET_ENCODING, _PADDING, secret + b"=" * (-len(secret) % 4)
    quoted = quote_from_bytes(secret, safe="").encode()
    yield Cause.SECRET_ENCODING, _THERE.format("is percent-encoded"), quoted
    for word in _WORDS:
        yield Cause.SECRET_PREFIX, _WORD_THERE.format(word.decode().strip()), word + secret


_USED = (
    "{} was used otherwise: the sender's key is {}, and {} uses {}; change the side that is wrong."
)


def _keys(provider: Provider, name: str, secret: bytes) -> Iterator[Probe]:
    """Yield the keys that another scheme, or a mistake, makes of the secret."""
    raw, right = replace(provider, secret=KeyForm()), _right(provider.secret)
    seen = {provider.secret.key(secret), b"", None}
    for cause, made, key in _made(provider.secret, secret):
        if key not in seen:
            seen.add(key)
            detail = _USED.format(name, made, provider.title, right)
            yield Probe(cause, detail, raw, secrets=(key,))


def _right(form: KeyForm) -> str:
    cut = f" without '{form.strip.decode()}'" if form.strip else ""
    if form.decode:
        return f"what it is the {form.decode} of{cut}"
    return f"its text{cut}" if cut else "all of its text"


def _made(form: KeyForm, secret: bytes) -> Iterator[Variant]:
    known = (*filter(None, (form.strip, form.prefix)), *PREFIXES)
    prefix = next(filter(secret.startswith, known), b"")
    rest, shown = secret.removeprefix(prefix), prefix.decode()
    cut = f" without '{shown}'" if prefix else ""
    text = Cause.SECRET_ENCODING if form.decode else Cause.SECRET_PREFIX
    yield text, f"its text, '{shown}' included" if prefix else "its text", secret
    yield text, f"its text{cut}", rest
    for encoding in Encoding:
        decoded = Cause.SECRET_PREFIX if form.decode is encoding else Cause.SECRET_ENCODING
        yield decoded, f"what it is the {encoding} of{cut}", encoding.bytes_of(rest) or b""
        yield decoded, f"what all of it is the {encoding} of", encoding.bytes_of(secret) or b""
    url_safe = Encoding.BASE64.bytes_of(rest.translate(_URL_SAFE)) or b""
    yield Cause.SECRET_ENCODING, f"what it is the base64 for URLs of{cut}", url_safe
    for missing in known if not prefix else ():
        yield Cause.SECRET_PREFIX, f"its text with '{missing.decode()}' in front", missing + secret
    for encoding in Encoding:
        yield Cause.SECRET_ENCODING, f"the {encoding} of its text", encoding.text_of(secret)
        yield Cause.SECRET_ENCODING, f"the {encoding} of its text{cut}", encoding.text_of(rest)
        key = form.key(secret) or b""
        yield Cause.SECRET_ENCODING, f"the {encoding} of what it should be", encoding.text_of(key)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
