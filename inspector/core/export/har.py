"""Deliveries as one HAR file (HTTP Archive 1.2), which browsers, proxies and `hooktap import` read.

A HAR holds text: a body that is not UTF-8 stands in it as base64, as several proxies write it, and bytes of the head
that are not UTF-8 as lone surrogates (see `core.wire`). Of an app's answer only the status is told.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_never
from urllib.parse import unquote_plus

from inspector.core.export.copies import Copy
from inspector.core.export.shellwords import ascii_url
from inspector.core.model import Attempt, Failure, Request, Response
from inspector.core.text import decode
from inspector.core.wire import JSON, dumps

EXACT = "the bytes that arrived, as UTF-8"
"""Said of a text, which other programs may have changed."""


def har(copies: Sequence[Copy], version: str) -> str:
    """Return the file: an entry for each delivery. `version` is that of the program."""
    entries = [_entry(copy) for copy in copies]
    creator = {"name": "Hooktap", "version": version}
    return dumps({"log": {"version": "1.2", "creator": creator, "entries": entries}})


def _entry(copy: Copy) -> JSON:
    delivery, last = copy.delivery, copy.attempts[-1] if copy.attempts else None
    took_ms = last.duration_us / 1000 if last else 0
    received_at = datetime.fromtimestamp(delivery.received_at_us / 1_000_000, UTC)
    return {
        "startedDateTime": received_at.isoformat(timespec="microseconds"),
        "time": took_ms,
        "request": _request(copy.request, copy.url),
        "response": _response(last),
        "cache": {},
        "timings": _timings(last),
        "comment": f"delivery #{delivery.id} to endpoint {delivery.endpoint}",
    }


def _request(request: Request, url: str) -> JSON:
    url = ascii_url(url)
    made: JSON = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [_named(decode(name), decode(value)) for name, value in request.headers],
        "queryString": [
            _named(unquote_plus(name), unquote_plus(value))
            for name, _, value in (
                part.partition("=") for part in url.partition("?")[2].split("&") if part
            )
        ],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        made["postData"] = _body(request)
    return made


def _body(request: Request) -> JSON:
    kind = decode(request.headers.get(b"Content-Type") or b"application/octet-stream")
    try:
        text = request.body.decode()
        return {"mimeType": kind, "params": [], "text": text, "comment": EXACT}
    except UnicodeDecodeError:
        text = base64.b64encode(request.body).decode("ascii")
        return {"mimeType": kind, "params": [], "text": text, "encoding": "base64"}


def _response(attempt: Attempt | None) -> JSON:
    status, said = 0, "not forwarded"
    match attempt.result if attempt else None:
        case Response() as response:
            status, said = response.status, ""
        case Failure() as failure:
            said = failure.kind.value
        case None:
            pass
        case unreachable:
            assert_never(unreachable)
    return {
        "status": status,
        "statusText": said,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": ""},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
    }


def _timings(attempt: Attempt | None) -> JSON:
    """Return the parts of the attempt's time, which add up to it; -1 is what did not happen or is not known."""
    if attempt is None or attempt.timing is None:
        took_ms = attempt.duration_us / 1000 if attempt else 0
        return {"blocked": -1, "connect": -1, "send": 0, "wait": took_ms, "receive": 0}
    timing = attempt.timing
    connect_us, wait_us, read_us = timing.connect_us, timing.wait_us or 0, timing.read_us or 0
    other_us = attempt.duration_us - (connect_us or 0) - wait_us - read_us
    return {
        "blocked": max(other_us, 0) / 1000,
        "connect": -1 if connect_us is None else connect_us / 1000,
        "send": 0,
        "wait": wait_us / 1000,
        "receive": read_us / 1000,
        "comment": "wait is sending and waiting",
    }


def _named(name: str, value: str) -> JSON:
    return {"name": name, "value": value}
