"""Wink, as its guide "Webhook Integration" and the schema of its settings describe it: an API, and no signature.

https://github.com/wink-travel/docs. What it sends is documented nowhere: the bodies are those of `samples/wink.toml`.
What its API reads and answers is written in `winkwire`.
"""

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from inspector.api.answers import as_json
from inspector.core.model import Request
from inspector.core.text import safe
from inspector.errors import ConfigError, NotFoundError
from inspector.simulate import samples
from inspector.simulate.standins import winkwire
from inspector.simulate.standins.desk import Change, Desk
from inspector.simulate.standins.model import Occasion, Parcel, Rules, StandIn, Webhook

ENTITY: Final = "/api/managing-entity/{managingEntityIdentifier}/webhook"
# The lists' own names come first, whatever the method: they are no webhook's id.
ONE: Final = ENTITY + "/{id:(?!list$)[^/]+}"

_TENSES: Final = (
    ("cancel", "cancelled"),
    ("complete", "completed"),
    ("create", "created"),
    ("remove", "removed"),
    ("update", "updated"),
)


def make(occasion: Occasion, _format: str) -> Request:
    """Make the assumed body; the event's name is spelt as it was asked for."""
    catalogue = samples.events("wink")
    event = next((each for each in spellings(occasion.event) if each in catalogue), None)
    if event is None:
        raise ConfigError(f"Wink's catalogue has no event '{safe(occasion.event)}'")
    sample = replace(samples.find("wink", event), event=occasion.event)
    return sample.request(now_s=occasion.now_s, unique=occasion.unique, about=occasion.about)


def spellings(event: str) -> tuple[str, ...]:
    """Return the name as it is and in the other tense: the catalogue's `booking.create` is `created` elsewhere."""
    path, dot, last = event.rpartition(".")
    alike = next((pair for pair in _TENSES if last in pair), ())
    return (event, *(path + dot + each for each in alike if each != last))


def sign(_webhook: Webhook, parcel: Parcel, _now_s: float) -> Request:
    """Make an attempt, which is like every other: Wink documents no signature and no id."""
    return parcel.request


class Api:
    """The management API: a webhook belongs to a managing entity, and is nobody else's to see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the six operations of the description, in its order."""
        return (
            web.get(ONE, _checked(self._show)),
            web.delete(ONE, _checked(self._delete)),
            web.patch(ONE, _checked(self._update)),
            web.get(f"{ENTITY}/list", _checked(self._list)),
            web.get(f"{ENTITY}/event/list", _checked(_events)),
            web.post(ENTITY, _checked(self._create)),
        )

    async def _show(self, request: web.Request) -> web.Response:
        return as_json(winkwire.webhook_to_json(await self._webhook(request)))

    async def _list(self, request: web.Request) -> web.Response:
        owner = winkwire.entity_of(request)
        found = [
            each for each in await self._desk.ledger.webhooks() if winkwire.owner_of(each) == owner
        ]
        return winkwire.as_list([winkwire.webhook_to_json(each) for each in found])

    async def _create(self, request: web.Request) -> web.Response:
        owner = winkwire.entity_of(request)
        wanted = await winkwire.wanted_of(request, owner)
        made = await self._desk.register(
            wanted.url,
            owner=owner,
            name=wanted.name,
            events=wanted.events,
            enabled=wanted.enabled,
            extra={winkwire.OWNER_NAME: wanted.owner_name},
        )
        return as_json(winkwire.webhook_to_json(made), status=201)

    async def _update(self, request: web.Request) -> web.Response:
        webhook = await self._webhook(request)
        wanted = await winkwire.wanted_of(request, winkwire.entity_of(request))
        winkwire.check_match(request, webhook)
        known = replace(webhook, extra={winkwire.OWNER_NAME: wanted.owner_name})
        change = Change(wanted.name, wanted.url, wanted.events, enabled=wanted.enabled)
        saved = await self._desk.change(known, change)
        if saved is None:
            raise web.HTTPConflict(text=winkwire.CHANGED)
        return as_json(winkwire.webhook_to_json(saved))

    async def _delete(self, request: web.Request) -> web.Response:
        webhook = await self._webhook(request)
        winkwire.check_match(request, webhook)
        is_conditional = hdrs.IF_MATCH in request.headers
        if not await self._desk.ledger.delete(
            webhook.id, webhook.version if is_conditional else None
        ):
            raise web.HTTPConflict(text=winkwire.CHANGED)
        return as_json(
            {"id": webhook.id, "message": "Record successfully removed", "success": True}
        )

    async def _webhook(self, request: web.Request) -> Webhook:
        owner = winkwire.entity_of(request)
        webhook = await self._desk.webhook(request.match_info["id"].lower())
        if winkwire.owner_of(webhook) != owner:
            raise NotFoundError("there is no such webhook")
        return webhook


def _checked(handler: Handler) -> Handler:
    async def check(request: web.Request) -> web.StreamResponse:
        winkwire.check_head(request)
        return await handler(request)

    return check


async def _events(request: web.Request) -> web.Response:
    """List the catalogue. The labels are ours: Wink's are nowhere to be read."""
    winkwire.entity_of(request)
    labels = {each: each.replace(".", " ").replace("_", " ") for each in samples.events("wink")}
    return winkwire.as_list([{"value": name, "label": label} for name, label in labels.items()])


ASSUMED: Final = (
    "Wink documents no payload: the body is a guess, only the event key is Wink's",
    "Wink documents no event id: nothing but the body says that two deliveries are of one event",
    "Wink says it 'may retry' unless the answer is 200: 5 attempts, with 1, 5, 30 and 120 minutes between, are ours",
    "Wink does not say how long it waits for an answer: 10 s is ours",
    "Wink does not say what becomes of events while a webhook is off: here they are not kept for it",
    "Wink does not say to whom events happen: here to every managing entity, and every body is about the same one",
    "Wink takes https URLs only: here http to loopback too, unless with --tls",
    "Wink's tokens are handed out elsewhere and expire: here it is the one printed, and it manages every UUID",
    "Wink does not say what another entity's webhook is answered with: 404 is ours, and 403 for one in the body",
    "Wink shows If-Match for updates: here for DELETE too, and an update that was overtaken is 409 even without it",
    "Wink does not say what it makes of another Wink-Version, or an Accept without JSON: 400 is ours",
    "Wink's examples of times have no zone, though its schema asks for one: here they are UTC",
    "Wink does not say that it refuses unknown events in an eventList: here they are taken, and never happen",
)

WINK: Final = StandIn(
    provider="wink",
    title="Wink",
    rules=Rules(
        waits_s=(60.0, 300.0, 1800.0, 7200.0),
        timeout_s=10.0,
        is_success=lambda status: status == HTTPStatus.OK,
    ),
    formats=("json",),
    test_event="booking.create",
    assumed=ASSUMED,
    make=make,
    event_id=lambda _: "",
    sign=sign,
    spellings=spellings,
    routes=lambda desk: Api(desk).routes(),
    refuse=winkwire.problem,
)
