"""Deliveries that are signed rightly, and changes of one byte to what their signatures cover, or do not.

What is covered is taken from `Verification.covered`, word for word: a label that nobody here can read is an error.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from inspector import providers
from inspector.core import signing
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.signing import SampleKeys
from inspector.core.templates import Kind
from inspector.core.verification import verify
from inspector.simulate import catalogue
from tests.factories import NOW_S
from tests.signatures import request_of

BUILT_IN = providers.load()
SIGNABLE = tuple(each for each in BUILT_IN.values() if not signing.why_not(each, private_key=True))

URL = "https://public.example:8443/hooks?b=2&a=1"
PUBLIC_HOST, LOCAL_HOST = b"public.example:8443", b"127.0.0.1:8400"
TARGET = b"/hooks?b=2&a=1"

_ANY = bytes(range(256))
_VISIBLE = bytes(range(0x21, 0x7F))
"""What may stand at either end of a header's value: white space there is not part of it."""
_WORD = b"0123456789abcdefghijklmnopqrstuvwxyz"
"""What means nothing in a URL, a form or JSON but itself."""
_CAPITALS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_URL_PARTS = {
    "url": r"(.*)",
    "path and query": r"\w+://[^/]*/(.*)",
    "path": r"\w+://[^/]*/([^?]*).*",
    "query": r"[^?]*\?(.*)",
    "host": r"\w+://([^/]*).*",
    "URL scheme": r"(\w+).*",
}


class How(StrEnum):
    FLIP = "flip"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True)
class Edit:
    """A change of one byte. `place` and `byte` are any numbers: they go round."""

    how: How
    place: int = 0
    byte: int = 0

    def of(self, text: bytes, alphabet: bytes = _ANY) -> bytes:
        """Return `text` with one byte of `alphabet` replaced by another of it, put in or taken out."""
        spots = [at for at, byte in enumerate(text) if byte in alphabet]
        if self.how is How.INSERT or not spots:
            at = self.place % (len(text) + 1)
            return text[:at] + self._one_of(alphabet) + text[at:]
        at = spots[self.place % len(spots)]
        if self.how is How.DELETE:
            return text[:at] + text[at + 1 :]
        others = alphabet.replace(text[at : at + 1], b"")
        return text[:at] + self._one_of(others) + text[at + 1 :]

    def _one_of(self, alphabet: bytes) -> bytes:
        at = self.byte % len(alphabet)
        return alphabet[at : at + 1]


@dataclass(frozen=True)
class Signed:
    """A delivery with a signature that is right."""

    provider: Provider
    request: Request
    secret: bytes
    url: str | None
    now_s: float = NOW_S
    fetch: Callable[[str], bytes | None] | None = None

    def verdict(self) -> Verification:
        return verify(
            self.provider,
            self.request,
            [self.secret],
            now_s=self.now_s,
            url=self.url,
            fetch=self.fetch,
        )

    def changed(self, label: str, edit: Edit) -> "Signed":
        """Return it with one byte of what `label` names changed."""
        kind, _, name = label.partition(" ")
        if label == "body":
            return self.with_body(edit.of(self.request.body))
        if label == "method":
            method = edit.of(self.request.method.encode(), _CAPITALS).decode()
            return replace(self, request=replace(self.request, method=method))
        if label == "form fields":
            return self.with_body(edit.of(self.request.body, _WORD))
        if label in _URL_PARTS:
            return self._with_url(_URL_PARTS[label], edit)
        if kind == "query":
            return self._with_url(rf".*[?&]{name}=([^&]*).*", edit)
        if kind == "json":
            return self.with_body(self._json(name.split("."), edit))
        if kind == "headers":
            return self._with_header(name.removesuffix("*"), edit)
        if kind == "header":
            return self._with_header(name, edit)
        key, found, header = label.partition(" in ")
        assert found, f"nobody here knows what '{label}' is"
        return self._with_pair(key, header, edit)

    def without_effect(self, covered: tuple[str, ...]) -> dict[str, "Signed"]:
        """Return it with changes, by what they are, that leave alone all that is covered."""
        request = self.request
        made = {
            "a header more": self.with_headers(*request.headers, (b"X-Unrelated", b"1")),
            "headers the other way round": self.with_headers(*reversed(request.headers.pairs)),
            "another peer": replace(self, request=replace(request, peer="192.0.2.1:1")),
        }
        for name, value in request.headers:
            if name.lower() not in self._told(covered):
                headers = request.headers.replacing(name, value + b"0")
                made[f"another {name.decode()}"] = self.with_headers(*headers)
        if "method" not in covered:
            made["another method"] = replace(self, request=replace(request, method="PUT"))
        if not _of_url(covered):
            target = request.target + b"&unrelated=1"
            made["another target"] = replace(self, request=replace(request, target=target))
        if not {"body", "form fields"}.intersection(covered):
            made["another body"] = self.with_body(_with_a_member_more(request.body))
        return made

    def with_headers(self, *pairs: HeaderPair) -> "Signed":
        return replace(self, request=replace(self.request, headers=Headers(pairs)))

    def with_body(self, body: bytes) -> "Signed":
        return replace(self, request=replace(self.request, body=body))

    def _told(self, covered: tuple[str, ...]) -> set[bytes]:
        """Return the lower-case names of headers on which the verdict rests."""
        names = {b"signature", b"signature-input"}
        names |= {place.signature.key for place in self.provider.placements}
        names |= {label.partition(" ")[2].lower().encode() for label in covered}
        if self.url is None and _of_url(covered):
            names.add(b"host")
        prefixes = tuple(name.removesuffix(b"*") for name in names if name.endswith(b"*"))
        every = {name.lower() for name, _ in self.request.headers}
        return names | {name for name in every if prefixes and name.startswith(prefixes)}

    def _with_header(self, wanted: str, edit: Edit) -> "Signed":
        """Change the first header whose name begins with `wanted`, but not the one of the signature."""
        signatures = {place.signature.key for place in self.provider.placements}
        prefix = wanted.lower().encode()
        name, value = next(
            (name, value)
            for name, value in self.request.headers
            if name.lower().startswith(prefix) and name.lower() not in signatures
        )
        return self.with_headers(*self.request.headers.replacing(name, edit.of(value, _VISIBLE)))

    def _with_pair(self, key: str, header: str, edit: Edit) -> "Signed":
        name = header.encode()
        value = self.request.headers.get(name) or b""
        found = re.search(rb"(?:\A|[,;])%b=([^,;]*)" % key.encode(), value)
        assert found, f"{header} holds no {key}"
        new = value[: found.start(1)] + edit.of(found[1], _WORD) + value[found.end(1) :]
        return self.with_headers(*self.request.headers.replacing(name, new))

    def _with_url(self, pattern: str, edit: Edit) -> "Signed":
        """Change the part of the URL that is the group of `pattern`: in the one given, and in the request."""
        host = (self.request.headers.get(b"Host") or b"").decode()
        url = self.url or f"https://{host}{self.request.target.decode()}"
        found = re.fullmatch(pattern, url)
        assert found, f"{url} has no {pattern}"
        # Of the scheme a request says nothing: where no URL is known, `https` was a guess.
        start = found.start(1) if self.url else max(found.start(1), len("https://"))
        part = edit.of(url[start : found.end(1)].encode(), _WORD).decode()
        url = url[:start] + part + url[found.end(1) :]
        whole = re.fullmatch(r"\w+://([^/]*)(/.*)", url)
        if whole is None:  # a byte between the slashes
            return replace(self, url=url)
        request = replace(self.request, target=whole[2].encode())
        if self.url is not None:
            return replace(self, url=url, request=request)
        headers = request.headers.replacing(b"Host", whole[1].encode())
        return replace(self, request=replace(request, headers=headers))

    def _json(self, path: list[str], edit: Edit) -> bytes:
        """Return the body with the text at `path` changed, in the last of several items."""
        document = json.loads(self.request.body)
        inner: Any = document
        for step in self.provider.json_root:
            inner = inner[-1] if step == "*" else inner[step]
        for step in path[:-1]:
            inner = inner[step]
        text = str(inner.get(path[-1], "")).encode()
        inner[path[-1]] = edit.of(text, _WORD).decode("utf-8", "replace")
        return json.dumps(document).encode()


def in_body(provider: Provider) -> bool:
    """Whether the signature or its time is written into the body, which so has to be one that has room for it."""
    kinds = {place.signature.kind for place in provider.placements}
    kinds |= {place.time.kind for place in provider.placements if place.time}
    return not kinds.isdisjoint({Kind.JSON, Kind.FORM})


def signed(
    provider: Provider,
    *,
    body: bytes | None = None,
    headers: tuple[HeaderPair, ...] = (),
    now_s: float = NOW_S,
    seed: bytes = b"seed",
    knows_url: bool = True,
) -> Signed:
    """Return a delivery of `provider` with `body`, or with that in it where the signature stands in the body.

    Without `knows_url` nobody says which URL it was sent to, and the request was sent to that very one.
    """
    request = catalogue.find(provider).request(now_s=NOW_S, unique="1")
    if body is not None:
        request = replace(request, body=_within(request.body, body) if in_body(provider) else body)
    url, target = URL, TARGET
    if provider.name == "twilio-json":
        tied = f"&bodySHA256={hashlib.sha256(request.body).hexdigest()}"
        url, target = url + tied, target + tied.encode()
    own = tuple(pair for pair in request.headers if pair[0].lower() != b"host")
    host = (b"Host", LOCAL_HOST if knows_url else PUBLIC_HOST)
    request = replace(request, target=target, headers=Headers((host, *own, *headers)))
    read = url if _reads_url(provider) else None
    keys = _keys(provider, seed)
    made = signing.sign(provider, request, keys.signing, now_s=now_s, url=read)
    return Signed(provider, made, keys.verifying, read if knows_url else None, now_s)


def of_case(case: Mapping[str, Any]) -> Signed:
    """Return the delivery of one of `tests.signatures.CASES`."""
    certificates: Mapping[str, str] = case.get("certificates", {})

    def fetch(url: str) -> bytes | None:
        return certificates[url].encode() if url in certificates else None

    provider, request = BUILT_IN[case["provider"]], request_of(case)
    return Signed(provider, request, case["secret"].encode(), case["url"], case["now"], fetch)


@lru_cache(maxsize=1024)
def _keys(provider: Provider, seed: bytes) -> SampleKeys:
    return signing.sample_keys(provider, seed)


def _reads_url(provider: Provider) -> bool:
    return provider.signs_url or provider.scheme in {Scheme.CONTENTFUL, Scheme.RFC9421}


def _of_url(covered: tuple[str, ...]) -> bool:
    return any(label in _URL_PARTS or label.startswith("query ") for label in covered)


def _with_a_member_more(body: bytes) -> bytes:
    return _within(body, b"1") if body.startswith(b"{") else body + b"0"


def _within(document: bytes, text: bytes) -> bytes:
    member = json.dumps(text.decode("latin-1")).encode()
    return document.replace(b"{", b'{"unrelated": %b, ' % member, 1)
