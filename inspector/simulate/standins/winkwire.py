"""The wire format of Wink's API for webhooks: what it reads strictly, what it answers, how it refuses.

By the OpenAPI description of its settings (34.5.2-SNAPSHOT): `UpsertWebhookRequest`, `WebhookLightweight`,
`ProblemDetail`.
"""

import re
import uuid
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeVar

from aiohttp import hdrs, web

from inspector.api.answers import bad_request
from inspector.api.guard import JSON_TYPE
from inspector.api.parameters import object_of
from inspector.core.text import is_unicode
from inspector.core.wire import JSON, dumps
from inspector.errors import NotFoundError
from inspector.simulate.standins.model import Webhook

T = TypeVar("T")

OUR_ENTITY: Final = "6f1c2b1e-3d0a-4a58-9d0c-5f3a52c1e8b7"
"""Owns what is registered under `/simulate`; the sample bodies are about it."""
OUR_ENTITY_NAME: Final = "Sample Beach Hotel"
USER: Final = "c3a9f2e1-8b4d-4c7a-a1e2-5f0b6d9e2c84"
"""The one user there is."""
OWNER_NAME: Final = "ownerName"
CHANGED: Final = "somebody has changed it since you read it: read it again"

# `2.0` is the description's only choice, `2.0.0` its default.
_VERSIONS: Final = frozenset({"2.0", "2.0.0"})
_ACCEPTED: Final = frozenset({JSON_TYPE, "application/*", "*/*"})
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMES: Final[dict[type, str]] = {
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "text",
}


class Wanted(NamedTuple):
    """An `UpsertWebhookRequest`, all of whose properties are required."""

    name: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    owner_name: str


def check_head(request: web.Request) -> None:
    """Raise 400 for another version of the API, and for a client that takes no JSON."""
    if request.headers.get("Wink-Version", "2.0") not in _VERSIONS:
        raise bad_request("Wink-Version must be 2.0")
    ranges = ",".join(request.headers.getall(hdrs.ACCEPT, ["*/*"])).split(",")
    if _ACCEPTED.isdisjoint(each.partition(";")[0].strip().lower() for each in ranges):
        raise bad_request(f"Accept must allow {JSON_TYPE}")


def entity_of(request: web.Request) -> str:
    """Return the managing entity in the path; raise NotFoundError where none can have that identifier."""
    identifier = request.match_info["managingEntityIdentifier"].lower()
    if not _UUID.fullmatch(identifier):
        raise NotFoundError("there is no such managing entity")
    return identifier


async def wanted_of(request: web.Request, owner: str) -> Wanted:
    """Read the body; raise 415 or 400 for what it must not be, 403 for an entity that is not the path's."""
    if request.content_type != JSON_TYPE:
        raise web.HTTPUnsupportedMediaType(text=f"use {JSON_TYPE}")
    data = await object_of(request)
    entity = _value(data, "entity", dict)
    wanted = Wanted(
        name=_text(data, "name"),
        url=_text(data, "eventUrl"),
        events=tuple(_events(data)),
        enabled=_value(data, "enabled", bool),
        owner_name=_text(entity, "name"),
    )
    identifier = _text(entity, "identifier").lower()
    if not _UUID.fullmatch(identifier):
        raise bad_request("'identifier' must be a UUID")
    if identifier != owner:
        raise web.HTTPForbidden(text="'entity' is not the managing entity of the path")
    return wanted


def check_match(request: web.Request, webhook: Webhook) -> None:
    """Raise 409 where If-Match has another version: bare, as it is told, or quoted, as HTTP writes it."""
    wanted = request.headers.get(hdrs.IF_MATCH, "*").split(",")
    if {"*", str(webhook.version)}.isdisjoint(each.strip().strip('"') for each in wanted):
        raise web.HTTPConflict(text=CHANGED)


def owner_of(webhook: Webhook) -> str:
    """Return the identifier of the managing entity it belongs to."""
    return webhook.owner or OUR_ENTITY


def webhook_to_json(webhook: Webhook) -> JSON:
    """Return a `WebhookLightweight`."""
    return {
        "id": webhook.id,
        "createdDate": _date(webhook.created_us),
        "lastUpdate": _date(webhook.updated_us),
        "version": webhook.version,
        "userIdentifier": USER,
        "ownerIdentifier": owner_of(webhook),
        "ownerName": (webhook.extra or {}).get(OWNER_NAME, OUR_ENTITY_NAME),
        "name": webhook.name,
        "enabled": webhook.enabled,
        "eventUrl": webhook.url,
        "eventList": list(webhook.events),
    }


def as_list(items: list[JSON]) -> web.Response:
    """Answer with all of them."""
    return web.Response(text=dumps(items), content_type=JSON_TYPE)


def problem(status: int, sentence: str) -> web.Response:
    """Answer with a `ProblemDetail` (RFC 9457). Its `instance` must be a whole URI, so it names this one time."""
    data = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
        "instance": uuid.uuid4().urn,
        "properties": {},
    }
    return web.Response(status=status, text=dumps(data), content_type="application/problem+json")


def _value(data: dict[str, Any], name: str, kind: type[T]) -> T:
    value = data.get(name)
    if not isinstance(value, kind):
        raise bad_request(
            f"'{name}' must be {_NAMES[kind]}" if name in data else f"'{name}' is missing"
        )
    return value


def _text(data: dict[str, Any], name: str) -> str:
    text = _value(data, name, str)
    if not text or not is_unicode(text):
        raise bad_request(f"'{name}' must be text of at least one character")
    return text


def _events(data: JSON) -> list[str]:
    events = _value(data, "eventList", list)
    if not all(isinstance(each, str) and is_unicode(each) for each in events):
        raise bad_request("'eventList' must be a list of event types")
    return events


def _date(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
