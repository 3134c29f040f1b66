"""The routes under `/simulate`: what a person does at a provider's dashboard, and what became of what was sent."""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from inspector.api.answers import as_json, bad_request
from inspector.api.parameters import object_of
from inspector.core.text import is_unicode
from inspector.core.wire import JSON
from inspector.simulate.standins.desk import Change, Desk
from inspector.simulate.standins.wire import parcel_to_json, webhook_to_json

PARCELS: Final = 100
"""As many of the newest are told."""


class Dashboard:
    """Of one stand-in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return them all."""
        one = "/simulate/webhooks/{id}"
        return (
            web.get("/simulate", self._about),
            web.post("/simulate/webhooks", self._register),
            web.patch(one, self._change),
            web.delete(one, self._delete),
            web.post(one + "/test", self._test),
            web.post("/simulate/events", self._happen),
        )

    async def _about(self, _: web.Request) -> web.Response:
        stand_in, kept = self._desk.stand_in, self._desk.ledger
        return as_json(
            {
                "provider": stand_in.provider,
                "assumed": list(stand_in.assumed),
                "webhooks": [webhook_to_json(each) for each in await kept.webhooks()],
                "sent": [parcel_to_json(each) for each in await kept.parcels(PARCELS)],
            }
        )

    async def _register(self, request: web.Request) -> web.Response:
        """Add a webhook. Its secret is told now, and never again."""
        data = await object_of(request)
        wanted = _wanted(data)
        if wanted.url is None:
            raise bad_request("a webhook needs a 'url'")
        made = await self._desk.register(
            wanted.url,
            name=wanted.name or "",
            events=wanted.events or (),
            format=wanted.format,
            enabled=wanted.enabled is not False,
        )
        return as_json(webhook_to_json(made) | {"secret": made.secret}, status=201)

    async def _change(self, request: web.Request) -> web.Response:
        webhook = await self._desk.webhook(request.match_info["id"])
        saved = await self._desk.change(webhook, _wanted(await object_of(request)))
        if saved is None:
            raise web.HTTPConflict(text="it was changed meanwhile: look again")
        return as_json(webhook_to_json(saved))

    async def _delete(self, request: web.Request) -> web.Response:
        webhook = await self._desk.webhook(request.match_info["id"])
        await self._desk.ledger.delete(webhook.id)
        return as_json({"deleted": webhook.id})

    async def _test(self, request: web.Request) -> web.Response:
        await self._desk.test(await self._desk.webhook(request.match_info["id"]))
        return as_json({}, status=202)

    async def _happen(self, request: web.Request) -> web.Response:
        """Take `{"event": TYPE, "about": TEXT}`: whatever has the same text is about the same booking."""
        data = await object_of(request)
        event, about = data.get("event"), data.get("about")
        if not isinstance(event, str):
            raise bad_request("'event' must be the type of an event")
        if not (about is None or (isinstance(about, str) and is_unicode(about))):
            raise bad_request("'about' must be text")
        told = await self._desk.happen(event, about)
        return as_json({"event": event, "webhooks": [each.id for each in told]}, status=202)


def _wanted(data: JSON) -> Change:
    """Read what somebody wants of a webhook."""
    unknown = data.keys() - set(Change._fields)
    if unknown:
        raise bad_request(f"a webhook has no {', '.join(sorted(map(repr, unknown)))}")
    for name in ("name", "url", "format"):
        text = data.get(name)
        if not (text is None or (isinstance(text, str) and is_unicode(text))):
            raise bad_request(f"'{name}' must be text")
    events, enabled = data.get("events"), data.get("enabled")
    if not isinstance(enabled, bool | None):
        raise bad_request("'enabled' must be true or false")
    if events is not None and not (
        isinstance(events, list)
        and all(isinstance(each, str) and is_unicode(each) for each in events)
    ):
        raise bad_request("'events' must be a list of event types")
    return Change(
        data.get("name"),
        data.get("url"),
        None if events is None else tuple(events),
        data.get("format"),
        enabled,
    )
