"""A request out of a HAR file, as browsers and proxies save them (HTTP Archive 1.2)."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from inspector.cli.requests import address
from inspector.core.export.har import EXACT
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Request
from inspector.core.text import decode, encode, safe, shorten
from inspector.errors import ConfigError

LISTED_MAX = 20
"""Requests that are listed for a person to choose from."""
_FORM = "application/x-www-form-urlencoded"
_URL_WIDTH = 80
_NO_HAR = "is not a HAR file, or has none of the fields it needs"


def parse(document: Any, entry: int | None) -> tuple[Request, list[str]]:
    """Return request number `entry` of the file, from 1, and what should be known about it.

    Without a number there must be one request only. Raises ConfigError.
    """
    try:
        requests = [each["request"] for each in document["log"]["entries"]]
        chosen = _chosen(requests, entry)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(_NO_HAR) from error
    return _request(chosen)


class Entry(NamedTuple):
    """One entry of a file that is read whole."""

    method: str
    request: Request | None
    """None where it cannot be read."""
    notes: list[str]
    """What should be known about it, or why it cannot."""
    started_at_us: int | None


def entries(document: Any) -> Iterator[Entry]:
    """Yield every request of the file. Raises ConfigError if it is none."""
    try:
        saved = [(each, dict(each["request"])) for each in document["log"]["entries"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(_NO_HAR) from error
    for each, chosen in saved:
        method = str(chosen.get("method"))
        try:
            request, notes = _request(chosen)
        except ConfigError as error:
            yield Entry(method, None, [str(error)], None)
        else:
            yield Entry(method, request, notes, _started_at_us(each))


def _started_at_us(entry: Mapping[str, Any]) -> int | None:
    try:
        started = datetime.fromisoformat(entry["startedDateTime"])
    except (KeyError, TypeError, ValueError):
        return None
    if started.tzinfo is None:
        started = started.replace(tzinfo=UTC)
    since = started - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _request(chosen: Mapping[str, Any]) -> tuple[Request, list[str]]:
    try:
        body, notes = _body(chosen)
        url = address.read(_absolute(chosen["url"]))
        pairs = [_pair(field) for field in chosen.get("headers", ())]
        method = str(chosen["method"])
    except (KeyError, TypeError, AttributeError, UnicodeEncodeError) as error:
        raise ConfigError(_NO_HAR) from error
    # Names that begin with a colon are HTTP/2's own: they stand for the request line and Host (RFC 9113, 8.3.1).
    headers = Headers(tuple(pair for pair in pairs if not pair[0].startswith(b":")))
    if b"Host" not in headers:
        headers = Headers(((b"Host", url.host), *headers.pairs))
    length = headers.get(b"Content-Length")
    if body and length is not None and length.isdigit() and int(length[:19]) != len(body):
        notes.append(
            f"the body has {len(body)} bytes, its Content-Length says {decode(length[:19])}"
        )
    return Request(method, url.target, headers, body), notes


def _chosen(requests: list[Any], entry: int | None) -> Mapping[str, Any]:
    count = len(requests)
    if not requests:
        raise ConfigError("has no request in it")
    if entry is None and count > 1:
        lines = [
            f"  {number:>3}  {safe(str(each['method']))} {shorten(safe(str(each['url'])), _URL_WIDTH)}"
            for number, each in enumerate(requests[:LISTED_MAX], 1)
        ]
        more = f"\n  and {count - LISTED_MAX} more" if count > LISTED_MAX else ""
        listed = "\n".join(lines)
        raise ConfigError(f"has {count} requests: choose one with --entry\n{listed}{more}")
    number = 1 if entry is None else entry
    if number > count:
        raise ConfigError(f"has {count} requests, and --entry says {number}")
    chosen: Mapping[str, Any] = requests[number - 1]
    return chosen


def _absolute(url: str) -> bytes:
    if "://" not in url:  # `data:` and `blob:`, which a browser's file has too
        raise ConfigError(f"'{shorten(url, _URL_WIDTH)}' is not a URL of http or https")
    return encode(url)


def _pair(field: Mapping[str, Any]) -> HeaderPair:
    return encode(field["name"]), encode(field["value"])


def _body(request: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    posted = request.get("postData")
    if not posted:
        size = request.get("bodySize", 0)
        if isinstance(size, int) and size > 0:
            raise ConfigError(f"its body of {size} bytes was not saved with the request")
        return b"", []
    text = posted.get("text") or ""
    if posted.get("encoding") == "base64":  # not of the standard, and what several proxies write
        try:
            return base64.b64decode(text, validate=True), []
        except (ValueError, binascii.Error) as error:
            raise ConfigError("its body is said to be base64, and is not") from error
    if text:
        if posted.get("comment") == EXACT:
            return encode(text), []
        return encode(text), ["a HAR holds text, so its body may not be the bytes that were sent"]
    if params := posted.get("params"):
        if not str(posted.get("mimeType", "")).startswith(_FORM):
            raise ConfigError(
                "its body was saved as fields only, which do not say what the bytes were"
            )
        return _form(params), ["its body was saved as fields, and is written anew from them"]
    return b"", []


def _form(params: list[Mapping[str, Any]]) -> bytes:
    fields = (f"{quote_plus(each['name'])}={quote_plus(each.get('value', ''))}" for each in params)
    return "&".join(fields).encode()
