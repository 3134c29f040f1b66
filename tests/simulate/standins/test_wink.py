import json

import pytest

from inspector.errors import ConfigError
from inspector.simulate import samples
from inspector.simulate.standins.desk import Change
from inspector.simulate.standins.model import Occasion
from inspector.simulate.standins.wink import ASSUMED, WINK, make, spellings
from tests.simulate.standins.serving import Serving
from tests.simulate.standins.winkcalls import created


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ("booking.create", {"booking.create", "booking.created"}),
        ("booking.created", {"booking.create", "booking.created"}),
        ("payee.update", {"payee.update", "payee.updated"}),
        ("booking.cancelled", {"booking.cancelled", "booking.cancel"}),
        ("account.under_review", {"account.under_review"}),
        ("create", {"create", "created"}),
        ("", {""}),
        ("created.x", {"created.x"}),
    ],
)
def test_an_event_has_its_name_in_both_tenses(event: str, names: set[str]) -> None:
    assert set(spellings(event)) == names
    assert spellings(event)[0] == event


def test_no_two_events_of_the_catalogue_are_one() -> None:
    known = samples.events("wink")

    assert all(len(set(spellings(each)).intersection(known)) == 1 for each in known)


@pytest.mark.parametrize(
    ("subscribed", "event", "is_told"),
    [
        ([], "booking.create", True),
        ([], "email.correspondence", True),
        (["booking.create"], "booking.create", True),
        (["booking.created"], "booking.create", True),
        (["booking.create"], "booking.created", True),
        (["property.created", "booking.created"], "booking.create", True),
        (["booking.cancelled"], "booking.create", False),
        (["booking"], "booking.create", False),
        ([""], "booking.create", False),
    ],
)
async def test_who_is_told(
    wink: Serving, subscribed: list[str], event: str, *, is_told: bool
) -> None:
    made = await created(wink, eventList=subscribed, eventUrl="http://127.0.0.1:9/")

    told = await wink.desk.happen(event)

    assert [each.id for each in told] == ([made["id"]] if is_told else [])


async def test_who_is_disabled_is_not_told(wink: Serving) -> None:
    made = await created(wink, enabled=False)
    assert await wink.desk.happen("booking.create") == []

    await wink.desk.change(await wink.desk.webhook(made["id"]), Change(enabled=True))
    assert len(await wink.desk.happen("booking.create")) == 1


@pytest.mark.parametrize("event", samples.events("wink"))
def test_every_event_of_the_catalogue_can_happen(event: str) -> None:
    request = make(Occasion(event, 1.0, "x", is_test=False), "json")

    assert request.headers.get(b"Content-Type") == b"application/json"
    assert f'"event": "{event}"'.encode() in request.body


def test_an_event_is_sent_by_the_name_it_was_asked_for() -> None:
    assert (
        b'"event": "booking.created"'
        in make(Occasion("booking.created", 1.0, "x", is_test=False), "json").body
    )


def test_what_happens_to_one_booking_is_about_one_booking() -> None:
    """Each event is one of its own all the same."""
    first, second, other = (
        json.loads(make(Occasion(event, 1.0, event, is_test=False, about=about), "json").body)
        for event, about in (
            ("booking.create", "a"),
            ("booking.cancelled", "a"),
            ("booking.refund.full", "b"),
        )
    )

    assert first["booking"] == second["booking"] != other["booking"]
    assert first["identifier"] != second["identifier"]


@pytest.mark.parametrize(
    "event", ["", "booking", "booking.paid", "\x1b[2J", "$event", "a" * 10_000]
)
def test_an_event_that_wink_does_not_have_cannot_happen(event: str) -> None:
    with pytest.raises(ConfigError, match="no event") as raised:
        make(Occasion(event, 1.0, "x", is_test=False), "json")

    assert "\x1b" not in str(raised.value)


def test_the_rules() -> None:
    """200 and no other; what is ours about the rest is said."""
    rules = WINK.rules
    assert [status for status in range(100, 600) if rules.is_success(status)] == [200]
    assert rules.disabled_after is None
    assert len(rules.waits_s) == 4
    assert any("5 attempts" in each for each in ASSUMED)
    assert WINK.new_secret is None
