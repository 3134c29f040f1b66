"""What the target gets: from a delivery and a target's base URL to the exact request, and which answer headers go back.

Everything is passed on as it arrived except hop-by-hop fields, Host, framing, and two fields of ours.
"""

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Delivery, Request
from inspector.core.text import decode, safe

RESPONSE_CAP_BYTES = 256 * 1024
"""How much of a target's answer is kept."""
DELIVERY_ID = b"Hooktap-Delivery-Id"
"""A field we add: the delivery's uid, the same on every retry and replay, for the app to deduplicate by."""
HOPS = b"Hooktap-Hops"
"""The other: the inspectors that have forwarded the delivery, first to last, each by a name made up when it started."""
_HOPS_MAX = 16
"""Names passed on, the newest. More inspectors than that in a ring would not find their own."""


class Origin(NamedTuple):
    """Where a connection leads."""

    scheme: str
    host: str
    """Without the brackets of an IPv6 address."""
    port: int


@dataclass(frozen=True, slots=True)
class Target:
    """A target's base URL, taken apart."""

    base: str
    """Scheme and authority, `http://127.0.0.1:3000`."""
    origin: Origin
    authority: bytes
    """What Host says: host and port as the URL has them."""
    path: bytes
    """Empty, or from the first slash on."""
    query: bytes

    def url(self, request: Request) -> str:
        """Return the whole URL of a request made for this target, safe to show."""
        return self.base + safe(request.target)


_VISIBLE = re.compile(r"[!-~]+")
_HOST = re.compile(r"[0-9a-z._-]+|[0-9a-f:.]*:[0-9a-f:.]*")


@lru_cache(maxsize=256)
def parse_target(url: str) -> Target:
    """Take a base URL apart; raise ValueError with a sentence when it is none."""
    shown = f"'{safe(url)}'"
    if not _VISIBLE.fullmatch(url):
        raise ValueError(f"target {shown}: percent-encode spaces and whatever is not ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"target {shown}: {str(error)[:1].lower()}{str(error)[1:]}") from None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValueError(f"target {shown} is not a URL that starts with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("a target must hold no user name or password (it would be stored)")
    if parts.fragment:
        raise ValueError(f"target {shown}: a fragment (#...) is never sent; leave it out")
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) or port == 0:
        raise ValueError(f"target {shown} names no host and port that can be connected to")
    return Target(
        base=f"{parts.scheme}://{parts.netloc}",
        origin=Origin(parts.scheme, host, port or (443 if parts.scheme == "https" else 80)),
        authority=parts.netloc.removesuffix(":").encode(),
        path=parts.path.encode(),
        query=parts.query.encode(),
    )


def check_target(url: str) -> str | None:
    """Return what is wrong with a base URL as it is written, in one sentence, or None.

    Where it leads is checked when it is connected to: that takes a name's addresses.
    """
    try:
        parse_target(url)
    except ValueError as error:
        return str(error)
    return None


def normalise_target(text: str) -> str:
    """Return the base URL somebody meant: `3000` is a port of this machine, `localhost:3000/x` is http."""
    text = text.strip()
    if re.match(r":?[0-9]{1,5}(?![^/?])", text):
        return "http://127.0.0.1:" + text.removeprefix(":")
    return text if "://" in text else "http://" + text


_INGRESS = re.compile(rb"(?:(?i:https?)://[^/?#]*)?/in/([^/?#]+)(.*)", re.DOTALL)


def split_ingress(target: bytes) -> tuple[str, bytes] | None:
    """Split a request target into the endpoint it names and the bytes that follow, or return None.

    Both forms count, `/in/demo/x?y` and `http://host/in/demo/x?y` (RFC 9112, 3.2). Nothing is decoded or normalised.
    """
    found = _INGRESS.fullmatch(target)
    return (decode(found[1]), found[2]) if found else None


_SEGMENT = re.compile(rb"/([^/?#]*)(.*)", re.DOTALL)


def split_segment(suffix: bytes) -> tuple[bytes, bytes]:
    """Split what follows an endpoint into its first path segment and the rest: `/a/b?c` is `a` and `/b?c`."""
    found = _SEGMENT.match(suffix)
    return (found[1], found[2]) if found else (b"", suffix)


def outgoing(
    delivery: Delivery, target: Target, *, secret_path: bytes = b"", hop: bytes = b""
) -> Request:
    """Return the request that `target` gets for `delivery`.

    `secret_path` is the segment that makes an endpoint's address hard to guess: as part of our address it is left
    out. A request target outside `/in/` is appended to the base path as a whole. `hop` is the name of the inspector
    that forwards; without one the request says of none that it has passed it.
    """
    request = delivery.request
    place = split_ingress(request.target)
    return Request(
        method=request.method,
        target=_join(target, _suffix(place[1], secret_path) if place else request.target),
        headers=_headers(request, target.authority, delivery.uid.encode(), hop),
        body=request.body,
    )


def has_passed(request: Request, hop: bytes) -> bool:
    """Whether the inspector called `hop` has forwarded this request before.

    Only who was forwarded to knows its name, so no stranger's header can say so, and no number of hops does.
    """
    return any(hop in _hops(value) for value in request.headers.get_all(HOPS))


def head(request: Request) -> bytes:
    """Write an outgoing request's head.

    Raises ValueError when a method, a target or a header holds what would make it something else on the wire. The
    receiver lets no such thing in, an edited replay might.
    """
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.target)]
    lines += [b"%b: %b" % pair for pair in request.headers.pairs]
    text = b"\r\n".join(lines) + b"\r\n\r\n"
    if not _TOKEN.fullmatch(request.method.encode()) or _BLANK.search(request.target):
        raise ValueError("the method or the target holds what cannot be sent in a request line")
    ours = 2 * (len(lines) + 1)  # the CRs and LFs just put in
    if len(text) - len(text.translate(None, b"\r\n\0")) != ours:
        raise ValueError("a header with CR, LF or NUL cannot be sent")
    return text


def reply_headers(headers: Headers) -> Headers:
    """Return those headers of a target's answer that may go back to the sender: not hop-by-hop, not framing."""
    nominated = b",".join(headers.get_all(b"Connection"))
    return Headers(
        tuple(
            pair
            for pair in headers.pairs
            if _rule(pair[0]) is None and pair[0].lower() not in _nominated(nominated)
        )
    )


def _suffix(suffix: bytes, secret_path: bytes) -> bytes:
    segment, rest = split_segment(suffix)
    return rest if secret_path and hmac.compare_digest(segment, secret_path) else suffix


def _join(target: Target, suffix: bytes) -> bytes:
    rest, hash_mark, fragment = suffix.partition(b"#")
    path, query_mark, query = rest.partition(b"?")
    base = target.path
    if base.endswith(b"/") and path.startswith(b"/"):
        base = base[:-1]
    if target.query:
        query_mark, query = b"?", target.query + b"&" + query if query else target.query
    return (base + path or b"/") + query_mark + query + hash_mark + fragment


_HOP = re.compile(rb"[0-9a-f]{16}")


def _hops(value: bytes) -> list[bytes]:
    """Return the names in a field; what no inspector would call itself is not passed on."""
    return [name for each in value.split(b",") if _HOP.fullmatch(name := each.strip(b" \t"))]


class _Rule(StrEnum):
    DROP = auto()
    HOPS = auto()
    CONNECTION = auto()
    HOST = auto()
    FRAMING = auto()


_RULES = {
    b"connection": _Rule.CONNECTION,
    b"host": _Rule.HOST,
    HOPS.lower(): _Rule.HOPS,
    b"content-length": _Rule.FRAMING,
    b"transfer-encoding": _Rule.FRAMING,
} | dict.fromkeys(
    (
        # RFC 9110, 7.6.1 and 11.7. Trailer goes too, since the receiver has dropped the trailers it announces.
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"upgrade",
        # We never wait for 100 Continue: the body is here (RFC 9110, 10.1.1).
        b"expect",
        # An inbound copy could pass for ours.
        DELIVERY_ID.lower(),
    ),
    _Rule.DROP,
)
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK = re.compile(rb"[\0-\x20\x7f]")
_END_TO_END = re.compile(
    rb"sig|hmac|digest|timestamp|\bts$|date|token|auth|secret|key|cert|id$|event|topic|delivery|retry|hook|svix|content"
    rb"|verif|^x-amz-"
)


@lru_cache(maxsize=512)
def _rule(name: bytes) -> _Rule | None:
    """Return what sets a field apart; None for most, which pass as they are."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"'{safe(name)}' is not a header name that can be sent")
    return _RULES.get(name.lower())


@lru_cache(maxsize=256)
def _nominated(connection: bytes) -> frozenset[bytes]:
    """Return the lower-case names that a Connection field takes away (RFC 9110, 7.6.1).

    A sender could so strip what an app relies on: `Connection: X-Hub-Signature-256` would turn a forged delivery into
    an unsigned one on its way past us. Names that speak of signatures, identity or content therefore stay, as RFC 9110
    forbids nominating fields meant for the final recipient in the first place.
    """
    names = {name.strip().lower() for name in connection.split(b",")}
    return frozenset(
        name for name in names - _RULES.keys() - {b"", b"close"} if not _END_TO_END.search(name)
    )


def _headers(request: Request, authority: bytes, uid: bytes, hop: bytes) -> Headers:
    pairs: list[HeaderPair] = []
    hops: list[bytes] = []
    nominated: frozenset[bytes] = frozenset()
    length = b"%d" % len(request.body)
    ours = {_Rule.HOST: authority, _Rule.FRAMING: length}
    for pair in request.headers.pairs:
        rule = _rule(pair[0])
        if rule is None:
            pairs.append(pair)
        elif rule in ours:  # the first of its kind lends its place to ours
            name = b"Content-Length" if pair[0].lower() == b"transfer-encoding" else pair[0]
            pairs.append((name, ours.pop(rule)))
        elif rule is _Rule.CONNECTION:
            nominated |= _nominated(pair[1])
        elif rule is _Rule.HOPS:
            hops += _hops(pair[1])
    if nominated:
        pairs = [pair for pair in pairs if pair[0].lower() not in nominated]
    if _Rule.HOST in ours:
        pairs.insert(0, (b"Host", authority))
    # RFC 9110, 8.6: a method that gives a body a meaning says so when there is none.
    if _Rule.FRAMING in ours and (request.body or request.method in {"POST", "PUT", "PATCH"}):
        pairs.append((b"Content-Length", length))
    pairs.append((DELIVERY_ID, uid))
    if hop:
        pairs.append((HOPS, b", ".join([*hops, hop][-_HOPS_MAX:])))
    return Headers(tuple(pairs))
