"""What the stand-in for Jinko sends, and what it tells of a booking."""

import json
import re
from pathlib import Path

import pytest

from inspector import providers
from inspector.core.model import Outcome
from inspector.core.verification import verify
from inspector.errors import ConfigError
from inspector.simulate.standins.jinko import JINKO, event_id, make, sign
from inspector.simulate.standins.model import Occasion, Parcel, Webhook
from tests.factories import NOW_S
from tests.simulate.standins.serving import serving

WEBHOOK = Webhook("w", "", "", "http://127.0.0.1:1", (), "json", "whsec_x", 0, 0)


def occasion(
    event: str = "booking.completed", unique: str = "1", about: str | None = None
) -> Occasion:
    return Occasion(event, NOW_S, unique, is_test=False, about=about)


def parcel(unique: str = "1") -> Parcel:
    request = make(occasion(unique=unique), "json")
    return Parcel(1, "w", "booking.completed", event_id(request), request, 0, 0)


def test_the_body_has_the_keys_of_the_guide_in_its_order() -> None:
    body = json.loads(make(occasion(), "json").body)

    assert list(body) == ["event", "booking_ref", "status", "occurred_at", "event_id", "livemode"]
    assert re.fullmatch(r"JNK-[0-9A-Z]{6}", body["booking_ref"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["occurred_at"])
    assert body["livemode"] is True


@pytest.mark.parametrize(
    ("event", "status"),
    [("booking.completed", "confirmed"), ("booking.failed", "failed"), ("refund.new", "confirmed")],
)
def test_more_types_of_events_will_come(event: str, status: str) -> None:
    body = json.loads(make(occasion(event), "json").body)

    assert (body["event"], body["status"]) == (event, status)


@pytest.mark.parametrize(
    "event", ["", "booking", ".", "Booking.completed", "a.b\n", "a..b", "é.b", "a.b\0"]
)
def test_what_is_no_type_of_event_is_refused(event: str) -> None:
    with pytest.raises(ConfigError, match="no type of event, like booking"):
        make(occasion(event), "json")


def test_every_event_has_an_id_and_a_booking_of_its_own() -> None:
    one, other = (json.loads(make(occasion(unique=each), "json").body) for each in "12")

    assert one["event_id"] != other["event_id"]
    assert one["booking_ref"] != other["booking_ref"]


def test_what_happens_to_the_same_booking_names_it_so() -> None:
    one, other = (json.loads(make(occasion(unique=each, about="it"), "json").body) for each in "12")

    assert one["event_id"] != other["event_id"]
    assert one["booking_ref"] == other["booking_ref"]


def test_every_attempt_is_signed_anew_and_has_an_id_of_its_own() -> None:
    sent = parcel()

    one, other = (sign(WEBHOOK, sent, NOW_S + later) for later in (0, 120))

    for request, now_s in ((one, NOW_S), (other, NOW_S + 120)):
        found = verify(providers.load()["jinko"], request, ["whsec_x"], now_s=now_s)
        assert found.outcome is Outcome.VERIFIED
    assert one.body == other.body == sent.request.body
    assert one.headers.get(b"X-Jinko-Event-Id") == sent.event_id.encode()
    assert other.headers.get(b"X-Jinko-Event-Id") == sent.event_id.encode()
    for name in (b"X-Jinko-Delivery-Id", b"X-Jinko-Timestamp", b"X-Jinko-Signature"):
        assert one.headers.get(name) != other.headers.get(name)


def test_it_makes_eight_attempts_over_several_hours() -> None:
    assert len(JINKO.rules.waits_s) == 7
    assert 2 * 3600 < sum(JINKO.rules.waits_s) < 6 * 3600
    assert [each for each in range(100, 600) if JINKO.rules.is_success(each)] == list(
        range(200, 300)
    )
    assert JINKO.rules.disabled_after is None


async def test_a_booking_is_fetched_as_the_newest_event_left_it(tmp_path: Path) -> None:
    async with serving(JINKO, tmp_path / "state.db") as jinko:
        await jinko.desk.register("http://127.0.0.1:9/", enabled=True)
        await jinko.desk.happen("booking.completed", "it")
        await jinko.desk.happen("booking.failed", "it")
        parcels = await jinko.desk.ledger.parcels(2)
        refs = {json.loads(each.request.body)["booking_ref"] for each in parcels}
        (ref,) = refs
        found = await jinko.ask("GET", f"/bookings/{ref}")
        unknown = await jinko.ask("GET", "/bookings/%00JNK")
        stranger = await jinko.ask("GET", f"/bookings/{ref}", headers={"Authorization": None})

    assert (found.status, found.body) == (
        200,
        {"booking_ref": ref, "status": "failed", "livemode": True},
    )
    assert (unknown.status, unknown.body) == (
        404,
        {"error": "there is no booking of that reference"},
    )
    assert stranger.status == 401


async def test_the_secret_is_told_once(tmp_path: Path) -> None:
    async with serving(JINKO, tmp_path / "state.db") as jinko:
        made = await jinko.ask("POST", "/simulate/webhooks", json={"url": "http://127.0.0.1:9/"})
        about = await jinko.ask("GET", "/simulate")
        changed = await jinko.ask(
            "PATCH", f"/simulate/webhooks/{made.body['id']}", json={"name": "n"}
        )

    assert re.fullmatch(r"whsec_[\w-]{32}", made.body["secret"])
    assert made.body["secret"] not in str(about.body) + str(changed.body)
    assert (changed.body["name"], changed.body["version"]) == ("n", 1)
