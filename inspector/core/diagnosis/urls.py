"""What else the URL may have been that the provider was given: another scheme, host, port, path or query."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode

from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.model import Request
from inspector.core.providers import Scheme
from inspector.core.templates import Builtin
from inspector.core.text import decode, encode_any, safe, shorten

_URL = re.compile(r"([^:/?#]+)://([^/?#]*?)(:[0-9]*)?(/[^?#]*)?(\?[^#]*)?(#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"([^:/?#\s]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")
_FORWARDED_HOST = re.compile(r'host="?([^\s;,"]+)', re.IGNORECASE)  # RFC 7239, 4
_INGRESS = re.compile(r"/in/[^/]+")
_VALUE = re.compile(r"=[^&]*")
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ORIGINAL_TARGETS = (
    b"X-Original-URI",
    b"X-Original-URL",
    b"X-Rewrite-URL",
    b"X-Forwarded-Uri",
    b"X-Envoy-Original-Path",
)
"""In which proxies say what was asked of them."""
_LENGTH_MAX = 8192
"""Longer URLs are not looked into: there are none."""
_SHOWN_MAX = 200
_CHOICES_MAX = 4
"""How many values of one header are looked at."""


class _Url(NamedTuple):
    """A URL's parts, each as it is written, with its punctuation."""

    scheme: str
    host: str
    port: str
    path: str
    query: str

    @classmethod
    def read(cls, text: str) -> "_Url | None":
        found = _URL.fullmatch(text) if len(text) <= _LENGTH_MAX else None
        return cls(*found.groups("")[:5]) if found else None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.port}{self.path}{self.query}"

    def shown(self) -> str:
        """Return it for a person, without what may be secret: who logs in, and what the query holds."""
        host, query = self.host.rpartition("@")[2], _VALUE.sub("=...", self.query)
        return shorten(safe(f"{self.scheme}://{host}{self.port}{self.path}{query}"), _SHOWN_MAX)


_SIGNED = "The provider signed {}{}: set public_url to that{}."
_UNASKED = (
    "The provider signed {} without the query that it came with: give it a URL that has none."
)
_REWRITTEN = (
    "The provider signed {}, and its query came otherwise: find what rewrites it on the way."
)
_VALUES = ", with the values that its query has"
_ENCODING = (
    "The provider signed {} percent-encoded in another way (a space as '+' or %20, a character as it is or as %XX): "
    "set public_url to the URL exactly as the provider has it."
)
_SPELLING = (
    "public_url has white space or quotes around it, and the provider signed {}: set it without."
)

_Change = dict[str, str]
"""Another value for one part, or for several that come from one place."""


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield other URLs: with one change each, then with two."""
    url = _known(subject) if _matters(subject) else None
    if url is None:
        return
    changes = list(_changes(url, subject.request))
    pairs = (one | other for one, other in combinations(changes, 2) if not one.keys() & other)
    seen = {subject.url}
    for change in ({}, *changes, *pairs):
        changed = url._replace(**change)
        if str(changed) not in seen:
            seen.add(str(changed))
            yield _probe(subject, url, changed)


def _probe(subject: Subject, url: _Url, changed: _Url) -> Probe:
    cause, request = _cause(subject, url, changed), subject.request
    path, mark, query = request.target.partition(b"?")
    if mark and encode_any(changed.query) != mark + query:
        # What counts is the query that came, whatever public_url says.
        request = replace(request, target=path + encode_any(changed.query))
        detail = (_REWRITTEN if changed.query else _UNASKED).format(changed.shown())
        return Probe(cause, detail, request=request, url=str(changed))
    return Probe(cause, _detail(subject, url, changed), url=str(changed))


def _matters(subject: Subject) -> bool:
    provider = subject.provider
    parts = [part for placement in provider.placements for part in placement.signed.placeholders()]
    return (
        provider.signs_url
        or provider.scheme in {Scheme.CONTENTFUL, Scheme.RFC9421}
        or any(isinstance(part, Builtin) and part.name == "path+query" for part in parts)
    )


def _known(subject: Subject) -> _Url | None:
    """Return the URL to start from: the one that was set, or else one made of the request."""
    if subject.url is not None:
        return _Url.read(subject.url.strip(" \t\r\n\"'"))
    for host, port in _hosts(subject.request):
        return _Url.read(str(_Url("https", host, port, *_target(subject.request))))
    return None


def _changes(url: _Url, request: Request) -> Iterator[_Change]:
    """Yield the changes, the usual ones first."""
    yield {"scheme": "http" if url.scheme == "https" else "https"}
    yield {"path": url.path.removesuffix("/") if url.path.endswith("/") else url.path + "/"}
    for host, port in _hosts(request):
        yield {"host": host, "port": port}
    for port in ("", _DEFAULT_PORTS.get(url.scheme, ""), *_ports(request)):
        yield {"port": port}
    path, query = _target(request)
    yield from ({"path": path}, {"query": query}, {"path": path, "query": query}, {"query": ""})
    yield from ({"query": changed} for changed in _queries(url.query))
    for target in _original_targets(request):
        path, mark, query = target.partition("?")
        yield {"path": path, "query": mark + query}
    yield from ({"path": changed} for changed in _paths(url.path))
    yield {"host": url.host.lower().rpartition("@")[2]}


def _paths(path: str) -> Iterator[str]:
    yield _INGRESS.sub("", path, count=1) or "/"
    plain = unquote(path)
    yield from (
        plain,
        quote(plain, errors="surrogateescape"),
        _ESCAPE.sub(lambda found: found[0].upper(), path),
        path.lower(),
    )


def _queries(query: str) -> Iterator[str]:
    pairs = query[1:].split("&")
    fields = parse_qsl(query[1:], keep_blank_values=True)
    yield "?" + "&".join(sorted(pairs))
    yield "?" + "&".join(reversed(pairs))
    yield "?" + pairs[-1]
    yield "?" + "&".join(pairs[:-1])
    for kept in (fields, sorted(fields), [(name, value) for name, value in fields if value]):
        for quoted in (quote_plus, quote):
            yield "?" + urlencode(kept, quote_via=quoted, errors="surrogateescape")
    yield from (unquote(query), query.replace("+", "%20"), query.replace("%20", "+"))


def _target(request: Request) -> tuple[str, str]:
    """Return the path and the query that the request was sent to."""
    text = decode(request.target[:_LENGTH_MAX])
    if found := _URL.fullmatch(text):
        text = (found[4] or "/") + (found[5] or "")
    path, mark, query = text.partition("#")[0].partition("?")
    return path, mark + query


def _hosts(request: Request) -> Iterator[tuple[str, str]]:
    """Yield host and port, as the headers name them: what was asked for, then what a proxy says was asked of it."""
    for name in (b"Host", b"X-Forwarded-Host", b"X-Original-Host", b"Forwarded"):
        for value in request.headers.get_all(name)[:_CHOICES_MAX]:
            text = decode(value[:_LENGTH_MAX])
            hosts = _FORWARDED_HOST.findall(text) if name == b"Forwarded" else text.split(",")
            for host in hosts[:_CHOICES_MAX]:
                if found := _AUTHORITY.fullmatch(host.strip()):
                    yield found[1], found[2] or ""


def _ports(request: Request) -> Iterator[str]:
    for value in request.headers.get_all(b"X-Forwarded-Port")[:_CHOICES_MAX]:
        if value.isdigit() and len(value) <= 5:
            yield f":{value.decode()}"


def _original_targets(request: Request) -> Iterator[str]:
    for name in _ORIGINAL_TARGETS:
        if value := request.headers.get(name):
            yield decode(value[:_LENGTH_MAX])
    if prefix := request.headers.get(b"X-Forwarded-Prefix"):
        yield decode(prefix).rstrip("/") + "".join(_target(request))


_CAUSES = {
    "host": Cause.URL_HOST,
    "scheme": Cause.URL_SCHEME,
    "port": Cause.URL_PORT,
    "path": Cause.URL_PATH,
    "query": Cause.URL_QUERY,
}
"""Of several parts that differ, the first names the cause."""


def _cause(subject: Subject, url: _Url, changed: _Url) -> Cause:
    for part, cause in _CAUSES.items():
        one, other = getattr(url, part), getattr(changed, part)
        if one == other:
            continue
        if part == "path" and one.rstrip("/") == other.rstrip("/"):
            return Cause.URL_SLASH
        if part in {"path", "query"} and _decoded(one) == _decoded(other):
            return Cause.URL_ENCODING
        return cause
    return Cause.URL_HOST if subject.url is None else Cause.URL_SPELLING


def _decoded(text: str) -> str:
    return unquote(text.replace("+", " "))


def _detail(subject: Subject, url: _Url, changed: _Url) -> str:
    match _cause(subject, url, changed):
        case Cause.URL_SPELLING:
            return _SPELLING.format(changed.shown())
        case Cause.URL_ENCODING:
            return _ENCODING.format(changed.shown())
        case _:
            was = "" if subject.url is None else f", not {url.shown()}"
            return _SIGNED.format(changed.shown(), was, _VALUES if "=" in changed.query else "")
