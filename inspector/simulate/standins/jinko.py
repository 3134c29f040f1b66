"""Jinko, as its guide "Webhooks" describes it: a thin signed body, up to eight attempts over several hours.

https://docs.gojinko.com/guides/webhooks. Webhooks are registered in its dashboard, whose API is not documented: here
under `/simulate`. The body holds identifiers only; the rest is fetched by `booking_ref`.
"""

import json
import random
import re
import string
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex, token_urlsafe
from typing import Final

from aiohttp import web

from inspector import providers
from inspector.api.answers import as_json
from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.text import safe
from inspector.core.wire import JSON
from inspector.errors import ConfigError, NotFoundError
from inspector.simulate.standins.desk import Desk
from inspector.simulate.standins.model import Occasion, Parcel, Rules, StandIn, Webhook

EVENTS: Final = {"booking.completed": "confirmed", "booking.failed": "failed"}
"""Those of the guide, each with the status of its booking. More will come, it says."""
TEST_REF: Final = "JNK-TEST00"
BOOKINGS: Final = 1000
"""The newest are searched for a booking."""

_EVENT = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_REF = string.ascii_uppercase + string.digits


def make(occasion: Occasion, _format: str) -> Request:
    """Make the thin body, in the guide's order of keys."""
    if not _EVENT.fullmatch(occasion.event):
        known = ", ".join(EVENTS)
        raise ConfigError(f"'{safe(occasion.event)}' is no type of event, like {known}")
    about = occasion.unique if occasion.about is None else occasion.about
    dice = random.Random(about)  # noqa: S311 - ids, not secrets
    body = {
        "event": occasion.event,
        "booking_ref": TEST_REF if occasion.is_test else "JNK-" + "".join(dice.choices(_REF, k=6)),
        "status": EVENTS.get(occasion.event, "confirmed"),
        "occurred_at": datetime.fromtimestamp(int(occasion.now_s), UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
        "event_id": f"evt_{occasion.unique}",
        "livemode": not occasion.is_test,
    }
    headers = Headers(((b"Content-Type", b"application/json"),))
    return Request("POST", b"/", headers, json.dumps(body, separators=(",", ":")).encode())


def event_id(request: Request) -> str:
    """Read it from the body."""
    return str(json.loads(request.body)["event_id"])


def sign(webhook: Webhook, parcel: Parcel, now_s: float) -> Request:
    """Make an attempt: the event's id again, an id of its own, and a signature of now."""
    assert webhook.secret is not None
    headers = (
        *parcel.request.headers.pairs,
        (b"X-Jinko-Event-Id", parcel.event_id.encode()),
        (b"X-Jinko-Delivery-Id", f"dlv_{token_hex(12)}".encode()),
    )
    request = replace(parcel.request, headers=Headers(headers))
    return signing.sign(providers.load()["jinko"], request, webhook.secret, now_s=now_s)


def routes(desk: Desk) -> Iterable[web.AbstractRouteDef]:
    """Return the fetch-back: `get_booking`, whose path and answer the guide does not show."""

    async def get_booking(request: web.Request) -> web.Response:
        ref = request.match_info["booking_ref"]
        for parcel in await desk.ledger.parcels(BOOKINGS):
            told: JSON = json.loads(parcel.request.body)
            if told["booking_ref"] == ref:
                shown = ("booking_ref", "status", "livemode")
                return as_json({name: told[name] for name in shown})
        raise NotFoundError("there is no booking of that reference")

    return (web.get("/bookings/{booking_ref}", get_booking),)


JINKO: Final = StandIn(
    provider="jinko",
    title="Jinko",
    rules=Rules(
        waits_s=tuple(120.0 * 2**doubled for doubled in range(7)),
        timeout_s=10.0,
        is_success=lambda status: 200 <= status < 300,
    ),
    formats=("json",),
    test_event="booking.completed",
    assumed=(
        "Jinko says 'exponential backoff, up to 8 attempts over several hours': 2, 4, ... 128 minutes are ours",
        "Jinko does not say how long it waits for an answer: 10 s is ours",
        "Jinko shows no answer of get_booking: path and fields are ours",
        "Jinko does not say what becomes of events while a webhook is off: here they are not kept for it",
        "Jinko takes https URLs only: here http to loopback too, unless with --tls",
    ),
    make=make,
    event_id=event_id,
    sign=sign,
    new_secret=lambda: f"whsec_{token_urlsafe(24)}",
    routes=routes,
)
