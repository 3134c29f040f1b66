"""What the stand-in for Checkfront sends, held to the vendor's own examples, and to whom."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from inspector import providers
from inspector.core.model import Outcome, Request
from inspector.core.verification import verify
from inspector.errors import ConfigError
from inspector.simulate.standins.checkfront import CHECKFRONT, EVENTS, make, sets_off, spellings
from inspector.simulate.standins.model import Occasion
from tests.factories import NOW_S
from tests.simulate.standins.serving import serving

FORMATS = ("json", "xml", "form")


def made(event: str, format_: str = "json", unique: str = "1", about: str | None = None) -> Request:
    return make(Occasion(event, NOW_S, unique, is_test=False, about=about), format_)


def booking(event: str, **more: Any) -> Any:
    return json.loads(made(event, **more).body)["booking"]


@pytest.mark.parametrize("event", [*EVENTS, "booking.HOLD"])
@pytest.mark.parametrize("format_", FORMATS)
def test_every_event_comes_in_every_format(event: str, format_: str) -> None:
    request = made(event, format_)

    match format_:
        case "json":
            assert json.loads(request.body)
        case "xml":
            assert ET.fromstring(request.body).tag == "checkfront-notify"
        case _:
            assert parse_qs(request.body.decode(), strict_parsing=True, keep_blank_values=True)
    found = verify(providers.load()["checkfront"], request, [], now_s=NOW_S)
    assert found.outcome is Outcome.UNSIGNED
    assert b"Signature" not in b"".join(name for name, _ in request.headers)


@pytest.mark.parametrize(
    ("status", "paid"), [("PAID", "126.00"), ("HOLD", "0.00"), ("STOP", "0.00")]
)
def test_a_booking_has_the_status_that_it_got(status: str, paid: str) -> None:
    found = booking(f"booking.{status}")
    xml = ET.fromstring(made(f"booking.{status}", "xml").body)
    form = parse_qs(made(f"booking.{status}", "form").body.decode())

    assert (found["status"], found["order"]["paid_total"]) == (status, paid)
    assert {each["status"] for each in found["order"]["items"]["item"]} == {status}
    assert xml.findtext("booking/status") == status
    assert form["booking[status]"] == [status]


@pytest.mark.parametrize(
    "event",
    ["", "booking", "booking.", "booking.hold", "booking.PAID\n", "item.insert", "booking.\0", "[/]",
     "third-party.booking.create", "booking." + "A" * 1000],
)  # fmt: skip
def test_what_it_does_not_have_is_refused(event: str) -> None:
    with pytest.raises(ConfigError, match="Checkfront has no event"):
        made(event)


def test_ids_differ_from_event_to_event() -> None:
    one, other = (booking("booking.PAID", unique=each) for each in "12")

    assert one["@attributes"]["booking_id"] != other["@attributes"]["booking_id"]
    assert one["code"] != other["code"]


def test_what_happens_to_the_same_booking_names_it_so() -> None:
    """A payment is another each time, and names its booking by the code."""
    hold = booking("booking.HOLD", unique="1", about="it")
    paid = booking("booking.PAID", unique="2", about="it")
    payments = [
        json.loads(made("transaction.insert", unique=each, about="it").body)["transaction"]
        for each in "34"
    ]

    assert hold["@attributes"] == paid["@attributes"]
    assert hold["code"] == paid["code"] == payments[0]["booking_id"] == payments[1]["booking_id"]
    assert payments[0]["transaction_id"] != payments[1]["transaction_id"]


def test_a_new_status_sets_off_both_events_of_a_booking() -> None:
    assert sets_off("booking.status") == ("booking.modified", "booking.status")
    assert sets_off("booking.HOLD") == ("booking.modified", "booking.HOLD")
    assert sets_off("booking.modified") == ("booking.modified",)
    assert sets_off("item.update") == ("item.update",)
    assert spellings("booking.HOLD") == ("booking.HOLD", "booking.status")


def test_any_2xx_will_do_and_five_failures_disable() -> None:
    rules = CHECKFRONT.rules

    assert [each for each in range(100, 600) if rules.is_success(each)] == list(range(200, 300))
    assert (rules.disabled_after, len(rules.waits_s)) == (5, 4)
    assert CHECKFRONT.new_secret is None


@pytest.mark.parametrize(
    ("registered", "happens", "sent"),
    [
        ([], "booking.PAID", ["booking.PAID", "booking.modified"]),
        (["booking.modified"], "booking.PAID", ["booking.modified"]),
        (["booking.status"], "booking.PAID", ["booking.PAID"]),
        (["booking.PAID"], "booking.PAID", ["booking.PAID"]),
        (["booking.PAID"], "booking.HOLD", []),
        (["booking.status"], "booking.modified", []),
        (["item.update"], "transaction.insert", []),
    ],
)
async def test_who_is_sent_what(
    tmp_path: Path, registered: list[str], happens: str, sent: list[str]
) -> None:
    async with serving(CHECKFRONT, tmp_path / "state.db") as checkfront:
        await checkfront.desk.register("http://127.0.0.1:9/", events=tuple(registered))
        answer = await checkfront.ask("POST", "/simulate/events", json={"event": happens})
        parcels = await checkfront.desk.ledger.parcels(10)

    assert answer.status == 202
    assert len(answer.body["webhooks"]) == len(sent)
    assert sorted(each.event for each in parcels) == sent
    assert len({each.request.body for each in parcels}) <= 1


async def test_a_webhook_has_a_format_and_a_test(tmp_path: Path) -> None:
    """Nothing has a secret."""
    async with serving(CHECKFRONT, tmp_path / "state.db") as checkfront:
        told = {"url": "http://127.0.0.1:9/", "format": "xml", "events": ["item.update"]}
        webhook = (await checkfront.ask("POST", "/simulate/webhooks", json=told)).body
        await checkfront.ask("POST", f"/simulate/webhooks/{webhook['id']}/test")
        (parcel,) = await checkfront.desk.ledger.parcels(2)
        odd = await checkfront.ask("POST", "/simulate/webhooks", json=told | {"format": "yaml"})

    assert (webhook["format"], webhook["secret"]) == ("xml", None)
    assert ET.fromstring(parcel.request.body).findtext("booking/status") == "PAID"
    assert odd.status == 400


@pytest.mark.parametrize("about", [1, [], {}, "\ud800"])
async def test_about_must_be_text(tmp_path: Path, about: object) -> None:
    async with serving(CHECKFRONT, tmp_path / "state.db") as checkfront:
        told = {"event": "booking.PAID", "about": about}
        answer = await checkfront.ask("POST", "/simulate/events", json=told)

    assert (answer.status, answer.body) == (400, {"error": "'about' must be text"})
