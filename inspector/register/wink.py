"""A client of Wink's API for webhooks, by the description of its settings (OpenAPI, 34.5.2-SNAPSHOT)."""

import json
import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from inspector import outside
from inspector.config import Application, Registration
from inspector.core.wire import JSON
from inspector.errors import ConfigError, HooktapError, NotFoundError, OutsideError
from inspector.outside import Answer
from inspector.register.answers import member, read, refusal, told
from inspector.register.records import EventType, Webhook
from inspector.register.token import token_of

CAP_BYTES: Final = 1 << 20
TIMEOUT_S: Final = 15.0
VERSION: Final = "2.0"


class Wink:
    """Registers webhooks for one managing entity. Every call raises OutsideError if it comes to nothing."""

    def __init__(self, registration: Registration, *, tls: ssl.SSLContext | None = None) -> None:
        """Begin to speak for the entity of `registration`; `tls` takes the place of the system's authorities."""
        self._registration = registration
        self._tls = tls
        self._token = ""

    async def webhooks(self) -> list[Webhook]:
        """Return everything that is registered."""
        answer = _expect(await self._ask("GET", "/list"), 200, self._registration)
        return [_webhook(each, answer.host) for each in read(answer, list)]

    async def webhook(self, webhook_id: str) -> Webhook:
        """Return one; raise NotFoundError if there is none of that id."""
        answer = await self._ask("GET", _path(webhook_id))
        webhook = self._one(answer, 200)
        if webhook.id.lower() != webhook_id.lower():
            raise OutsideError(f"{answer.host} answered with another webhook: {told(webhook.id)}")
        return webhook

    async def events(self) -> list[EventType]:
        """Return what a webhook can be for."""
        answer = _expect(await self._ask("GET", "/event/list"), 200, self._registration)
        return [
            EventType(
                member(each, "value", str, answer.host), member(each, "label", str, answer.host)
            )
            for each in read(answer, list)
        ]

    async def create(
        self, url: str, *, name: str, events: Sequence[str] = (), enabled: bool = True
    ) -> Webhook:
        """Register `url`, unless it is: two webhooks would send everything twice."""
        registered = await self.webhooks()
        for each in registered:
            if each.url == url:
                raise HooktapError(
                    f"{told(url)} is registered already: see `hooktap register wink show {told(each.id)}`"
                )
        owner = next((each.owner_name for each in registered if each.owner_name), None)
        body = self._wanted(name, url, events, owner, enabled=enabled)
        return self._one(await self._ask("POST", "", body), 201)

    async def switch(self, webhook_id: str, *, enabled: bool) -> Webhook:
        """Pause or resume one. What somebody else changes meanwhile is kept, or this comes to nothing."""
        for _ in range(2):
            webhook = await self.webhook(webhook_id)
            if webhook.enabled is enabled:
                return webhook
            answer = await self._update(webhook, enabled=enabled)
            if answer.status != 409:
                return self._switched(answer, enabled=enabled)
        raise OutsideError(
            "somebody else changed this webhook twice meanwhile, so it was left alone: "
            f"see `hooktap register wink show {told(webhook_id)}`, and try again"
        )

    async def delete(self, webhook_id: str) -> str:
        """Delete one for good, and return what Wink says to that."""
        answer = _expect(await self._ask("DELETE", _path(webhook_id)), 200, self._registration)
        data = read(answer, dict)
        said = told(data["message"]) if type(data.get("message")) is str else ""
        if not member(data, "success", bool, answer.host):
            raise OutsideError(f"{answer.host} did not delete it: {said or 'it does not say why'}")
        return said

    async def _update(self, webhook: Webhook, *, enabled: bool) -> Answer:
        body = self._wanted(
            webhook.name, webhook.url, webhook.events, webhook.owner_name, enabled=enabled
        )
        # The value as it came, not in the quotes of RFC 9110 (13.1.1): "echo this value back", says the description.
        match = {} if webhook.version is None else {"If-Match": str(webhook.version)}
        return await self._ask("PATCH", _path(webhook.id), body, match)

    def _switched(self, answer: Answer, *, enabled: bool) -> Webhook:
        webhook = self._one(answer, 200)
        if webhook.enabled is not enabled:
            state = "on" if webhook.enabled else "paused"
            raise OutsideError(f"{answer.host} answered 200, and the webhook is still {state}")
        return webhook

    def _one(self, answer: Answer, status: int) -> Webhook:
        return _webhook(read(_expect(answer, status, self._registration), dict), answer.host)

    def _wanted(
        self, name: str, url: str, events: Sequence[str], owner_name: str | None, *, enabled: bool
    ) -> JSON:
        owner_name = owner_name or self._registration.entity_name
        if owner_name is None:
            raise ConfigError(
                "register.wink.entity_name: missing: Wink wants the managing entity's name with a webhook"
            )
        return {
            "name": name,
            "entity": {"identifier": self._registration.entity, "name": owner_name},
            "enabled": enabled,
            "eventUrl": url,
            "eventList": list(events),
        }

    async def _ask(
        self, method: str, path: str, body: JSON | None = None, more: dict[str, str] | None = None
    ) -> Answer:
        self._token = self._token or await token_of(self._registration, self._tls)
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._token}",
            "Wink-Version": VERSION,
            **(more or {}),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        registration = self._registration
        return await outside.ask(
            method,
            f"{registration.api}/api/managing-entity/{registration.entity}/webhook{path}",
            headers=headers,
            body=None if body is None else json.dumps(body).encode(),
            is_http_allowed=True,
            cap_bytes=CAP_BYTES,
            timeout_s=TIMEOUT_S,
            tls=self._tls,
        )


def _path(webhook_id: str) -> str:
    return f"/{quote(webhook_id, safe='')}"


def _expect(answer: Answer, status: int, registration: Registration) -> Answer:
    """Return the answer if it has the status that stands for success; raise what it says otherwise."""
    if answer.status == status:
        return answer
    said = refusal(answer)
    is_asked = isinstance(registration.opened_by, Application)
    match answer.status:
        case 401:
            key = "client_id and client_secret" if is_asked else "token"
            raise OutsideError(f"{said} (look at {key} in register.wink: a token may have expired)")
        case 403:
            raise OutsideError(
                f"{said} (may your application do this, and is register.wink.entity the right one?)"
            )
        case 404:
            raise NotFoundError(f"{said} (is the id right, and register.wink.entity?)")
        case 503:
            raise OutsideError(f"{said} (try again in a moment)")
        case _:
            raise OutsideError(said)


def _webhook(data: Any, host: str) -> Webhook:
    """Read a `WebhookLightweight`. What an update has to repeat must be there; the rest may be absent."""
    events = member(data, "eventList", list, host)
    if not all(type(each) is str for each in events):
        raise OutsideError(f"{host} answered with an 'eventList' that is not one of text")
    version = data.get("version")
    return Webhook(
        id=member(data, "id", str, host),
        name=member(data, "name", str, host),
        url=member(data, "eventUrl", str, host),
        events=tuple(events),
        enabled=member(data, "enabled", bool, host),
        version=version if type(version) is int else None,
        owner=_optional(data, "ownerIdentifier"),
        owner_name=_optional(data, "ownerName"),
        created=_optional(data, "createdDate"),
        updated=_optional(data, "lastUpdate"),
    )


def _optional(data: JSON, name: str) -> str | None:
    value = data.get(name)
    return value if type(value) is str else None
