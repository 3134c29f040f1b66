"""Requests that were received elsewhere or earlier, and are to be stored here: as JSON and back.

What comes in that shape is a stranger's, whoever hands it over: it is taken only if a sender could have sent it.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspector.core.headers import HeaderPair, Headers, is_token
from inspector.core.model import Request
from inspector.core.text import decode, encode
from inspector.core.wire import JSON, dumps, headers_to_json
from inspector.errors import ConfigError

HEADERS_MAX = 1000
HEAD_MAX_BYTES = 1024 * 1024
"""Of the target, and of all headers together."""
METHOD_MAX = 64
LATEST_US = 4_102_444_800_000_000
"""The year 2100: every calendar can still reckon with it."""
TEXT_GROWTH_MAX = 2
"""By how much a body may grow when it is written as text."""
FIELDS = frozenset(
    {"endpoint", "received_at_us", "method", "target", "headers", "body", "body_base64"}
)

_TARGET = re.compile(rb"(?:/|(?i:https?)://)[^\x00-\x20\x7f]*")
_NO_VALUE = re.compile(rb"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One such request."""

    endpoint: str
    request: Request
    received_at_us: int | None = None
    """When it was received; None: that is not known, so now."""


def arrival_to_json(arrival: Arrival) -> JSON:
    """Return it with its body: as text where that is UTF-8 and not mostly escapes, else as base64."""
    request = arrival.request
    return {
        "endpoint": arrival.endpoint,
        "received_at_us": arrival.received_at_us,
        "method": request.method,
        "target": decode(request.target),
        "headers": headers_to_json(request.headers),
        **_body_to_json(request.body),
    }


def arrival_from_json(data: Any) -> Arrival:
    """Give it back. Fields that are not known are passed over. Raises ConfigError with what is wrong with it."""
    if not isinstance(data, Mapping):
        raise ConfigError("a delivery must be an object")
    request = Request(_method(data), _target(data), _headers(data), _body(data))
    return Arrival(_text(data, "endpoint"), request, _received_at_us(data))


def _body_to_json(body: bytes) -> JSON:
    encoded = {"body_base64": base64.b64encode(body).decode("ascii")}
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return encoded
    return {"body": text} if len(dumps(text)) <= TEXT_GROWTH_MAX * len(body) + 2 else encoded


def _method(data: Mapping[str, Any]) -> str:
    method = _text(data, "method")
    if len(method) > METHOD_MAX or not is_token(_bytes(method, "method")):
        raise ConfigError("method: must be a word such as POST")
    return method


def _target(data: Mapping[str, Any]) -> bytes:
    target = _bytes(_text(data, "target"), "target")
    if len(target) > HEAD_MAX_BYTES or not _TARGET.fullmatch(target):
        raise ConfigError("target: must be a path such as /in/demo, without blanks")
    return target


def _headers(data: Mapping[str, Any]) -> Headers:
    fields = data.get("headers")
    if not isinstance(fields, list) or len(fields) > HEADERS_MAX:
        raise ConfigError(f"headers: must be a list of at most {HEADERS_MAX} pairs")
    pairs = tuple(map(_pair, fields))
    if sum(len(name) + len(value) for name, value in pairs) > HEAD_MAX_BYTES:
        raise ConfigError(f"headers: must not have more than {HEAD_MAX_BYTES} bytes")
    return Headers(pairs)


def _pair(field: Any) -> HeaderPair:
    match field:
        case [str() as name, str() as value]:
            pair = _bytes(name, "headers"), _bytes(value, "headers")
            if is_token(pair[0]) and not _NO_VALUE.search(pair[1]):
                return pair
    raise ConfigError("headers: each must be a name and a value that can be sent")


def _body(data: Mapping[str, Any]) -> bytes:
    if ("body" in data) == ("body_base64" in data):
        raise ConfigError("body: give either body, a text, or body_base64")
    if "body" in data:
        return _bytes(_text(data, "body"), "body")
    try:
        return base64.b64decode(_text(data, "body_base64"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError("body_base64: is no base64") from error


def _received_at_us(data: Mapping[str, Any]) -> int | None:
    at_us = data.get("received_at_us")
    if at_us is None:
        return None
    if not isinstance(at_us, int) or isinstance(at_us, bool) or not 0 <= at_us <= LATEST_US:
        raise ConfigError("received_at_us: must be Unix time in microseconds")
    return at_us


def _text(data: Mapping[str, Any], name: str) -> str:
    text = data.get(name)
    if not isinstance(text, str):
        raise ConfigError(f"{name}: must be text")
    return text


def _bytes(text: str, name: str) -> bytes:
    try:
        return encode(text)
    except UnicodeEncodeError as error:
        raise ConfigError(f"{name}: holds what no bytes stand for") from error
