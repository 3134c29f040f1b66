"""Checkfront, as its pages on webhooks describe it: JSON, XML or a form, no signature, disabled after five failures.

https://github.com/Checkfront/API/tree/e50280f/docs/ref. Webhooks are registered in its own pages, which have no API:
here under `/simulate`. What it sends are the bodies of `samples/checkfront.toml`.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inspector.core.model import Request
from inspector.core.text import safe
from inspector.errors import ConfigError
from inspector.simulate import samples
from inspector.simulate.standins.model import Occasion, Parcel, Rules, StandIn, Webhook

MODIFIED: Final = "booking.modified"
STATUS: Final = "booking.status"
EVENTS: Final[Mapping[str, str]] = {
    MODIFIED: "Booking Modified",
    STATUS: "Booking Status Change",
    "item.update": "Item Update",
    "rate.update": "Item Event/Discount Edit",
    "transaction.insert": "New Payment/Refund",
}
"""What a webhook can be registered for, in our words and in Checkfront's."""
PAID: Final = "PAID"

_NEW_STATUS = re.compile(r"booking\.([A-Z]{2,12})")
"""What can happen besides: a booking has a new status."""


def sets_off(event: str) -> tuple[str, ...]:
    """Return both events of a booking for a new status, as the page says; any other is the only one."""
    return (MODIFIED, event) if STATUS in spellings(event) else (event,)


def spellings(event: str) -> tuple[str, ...]:
    """Return what a webhook for it is registered with: for `booking.HOLD` that, or the change of any status."""
    return (event, STATUS) if _NEW_STATUS.fullmatch(event) else (event,)


def make(occasion: Occasion, format: str) -> Request:  # noqa: A002 - the provider's word
    """Make the body, which does not say which event of a booking it tells of."""
    event = occasion.event
    new_status = _NEW_STATUS.fullmatch(event)
    if event not in EVENTS and not new_status:
        known = ", ".join((*EVENTS, f"booking.{PAID}"))
        raise ConfigError(
            f"Checkfront has no event '{safe(event)}' (one of: {known}, or another status)"
        )
    if event.startswith("booking."):
        sample = samples.find("checkfront", f"booking.{PAID}", format=format)
        status = new_status[1] if new_status else PAID
        paid = sample.values["paid_total"] if status == PAID else "0.00"
        sample = replace(sample, values={"status": status, "paid_total": paid})
    else:
        sample = samples.find("checkfront", event, format=format)
    return sample.request(now_s=occasion.now_s, unique=occasion.unique, about=occasion.about)


def sign(_webhook: Webhook, parcel: Parcel, _now_s: float) -> Request:
    """Make an attempt, which is like every other: Checkfront documents no signature and no id."""
    return parcel.request


CHECKFRONT: Final = StandIn(
    provider="checkfront",
    title="Checkfront",
    rules=Rules(
        waits_s=(60.0, 300.0, 900.0, 3600.0),
        timeout_s=10.0,
        is_success=lambda status: 200 <= status < 300,
        disabled_after=5,
    ),
    formats=("json", "xml", "form"),
    test_event=STATUS,
    assumed=(
        "Checkfront says that 5 failed attempts in a row disable a webhook: 1, 5, 15 and 60 minutes between are ours",
        "Checkfront asks for an answer 'in a timely manner': 10 s is ours",
        "Checkfront shows no example of a form: the names of nested fields are as PHP writes them",
        "Checkfront's events have no names but titles: booking.status and the others are ours",
        "Checkfront does not say which statuses there are: any in capitals is taken, as in booking.HOLD",
        "Checkfront does not say what its test sends: here it is a booking that was paid",
        "Checkfront does not say what becomes of events while a webhook is off: here they are not kept for it",
        "Checkfront takes https URLs only: here http to loopback too, unless with --tls",
    ),
    make=make,
    event_id=lambda _: "",
    sign=sign,
    spellings=spellings,
    sets_off=sets_off,
)
