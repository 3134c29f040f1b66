"""The questions: whose sample to send, and how to sign a replay."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from inspector.core.model import Failure, FailureKind, Sign
from inspector.core.wire import JSON
from inspector.errors import ReplayError
from tests.factories import delivery, response
from tests.tui.fakes import FakeClient, opened, replay, screen_text, toasts, until
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.replay import MANNERS, ReplayScreen
from tui.screens.sample import Sample, SampleScreen, matching

PROVIDERS: list[JSON] = [
    {"name": "jinko", "title": "Jinko", "events": ["booking.completed"]},
    {"name": "adyen", "title": "Adyen (payments)", "events": ["REFUND", "booking.paid"]},
    {"name": "standardwebhooks", "title": "Standard Webhooks", "events": ["contact.created"]},
    {"name": "booking-com", "title": "Booking.com", "events": ["test.event"]},
]


def offered(text: str) -> list[Sample]:
    return [offer.sample for offer in matching(PROVIDERS, text)]


@pytest.mark.parametrize("text", ["", "  "])
def test_all_providers_are_offered_at_first(text: str) -> None:
    assert [offer.sample.provider for offer in matching(PROVIDERS, text)] == [
        "jinko",
        "adyen",
        "standardwebhooks",
        "booking-com",
    ]


def test_names_come_before_events() -> None:
    assert offered("BOOKING") == [
        Sample("booking-com", None),
        Sample("jinko", "booking.completed"),
        Sample("adyen", "booking.paid"),
    ]


def test_name_that_begins_so_comes_before_one_that_holds_it() -> None:
    assert offered("a")[:2] == [Sample("adyen", None), Sample("standardwebhooks", None)]
    assert offered("hooks") == [Sample("standardwebhooks", None)]
    assert offered("standard w") == [Sample("standardwebhooks", None)]


@pytest.mark.parametrize("text", ["zzz", "[/]", "\x1b", "booking.paid!"])
def test_nothing_may_be_called_so(text: str) -> None:
    assert offered(text) == []


async def ask_for_sample(pilot: Pilot[None]) -> None:
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SampleScreen))
    await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count)


async def test_sample_is_chosen_with_the_arrows(tmp_path: Path) -> None:
    client = FakeClient()
    client.sampled["note"] = "the body is a guess"
    async with opened(client, tmp_path) as pilot:
        await ask_for_sample(pilot)
        assert "booking.created, booking.cancelled" in screen_text(pilot)
        await pilot.press("down", "up", "pagedown", "enter")
        await until(pilot, lambda: ("send_sample", "wink", None) in client.calls)
        await until(pilot, lambda: any("answered 200" in each for each in toasts(pilot)))
        assert toasts(pilot)[0].endswith("\nthe body is a guess")


async def test_sample_is_found_by_typing(tmp_path: Path) -> None:
    """Every letter is text there, also those that are keys elsewhere."""
    client = FakeClient()
    async with opened(client, tmp_path) as pilot:
        await ask_for_sample(pilot)
        await pilot.press("tab", *"qjsk")
        await until(pilot, lambda: "nothing is called so" in screen_text(pilot))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, SampleScreen)
        await pilot.press("ctrl+u", *"cancel")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: ("send_sample", "wink", "booking.cancelled") in client.calls)


async def test_sample_is_chosen_with_the_mouse(tmp_path: Path) -> None:
    client = FakeClient()
    async with opened(client, tmp_path) as pilot:
        await ask_for_sample(pilot)
        await pilot.click(OptionList, offset=(4, 1))
        await until(pilot, lambda: ("send_sample", "wink", None) in client.calls)


async def test_many_providers_fit_a_small_screen(tmp_path: Path) -> None:
    client = FakeClient()
    client.offered = [
        {"name": f"p{n}", "title": f"Provider {n} " + "x" * 80, "events": ["e" * 300]}
        for n in range(60)
    ]
    async with opened(client, tmp_path) as pilot:
        await ask_for_sample(pilot)
        text = screen_text(pilot)
        assert "Send a sample delivery" in text
        assert "enter sends it" in text
        assert [f"Provider {n} " in text for n in range(12)] == [True] * 12  # one line each
        await pilot.press(*"p59")
        await until(pilot, lambda: "Provider 59" in screen_text(pilot))
        assert pilot.app.screen.query_one(Input).has_focus


async def test_sample_can_be_declined(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        await ask_for_sample(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        assert not any(call[0] == "send_sample" for call in client.calls)


async def ask_how_to_sign(pilot: Pilot[None]) -> None:
    await pilot.press("m")
    await until(pilot, lambda: isinstance(pilot.app.screen, ReplayScreen))
    await pilot.pause()


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.sign)
async def test_manner_of_a_replay_is_chosen_by_its_letter(
    tmp_path: Path, manner: tuple[str, Sign, str]
) -> None:
    client = FakeClient((delivery(id=1), []))
    key, sign, purpose = manner
    async with opened(client, tmp_path) as pilot:
        await ask_how_to_sign(pilot)
        assert purpose in screen_text(pilot)
        await pilot.press(key)
        await until(pilot, lambda: ("replay", 1, sign) in client.calls)


async def test_manner_of_a_replay_is_chosen_with_the_cursor(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        await ask_how_to_sign(pilot)
        await pilot.press("j", "j", "k", "down", "j", "enter")
        await until(pilot, lambda: ("replay", 1, Sign.STALE) in client.calls)


async def test_delivery_that_was_asked_about_is_replayed(tmp_path: Path) -> None:
    """Even if a newer one has been selected meanwhile."""
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, DeliveriesScreen)
        await ask_how_to_sign(pilot)
        client.arrive(delivery(id=5))
        await until(pilot, lambda: screen.selected is not None and screen.selected.delivery.id == 5)
        assert "Replay #1 as" in screen_text(pilot)
        await pilot.press("b")
        await until(pilot, lambda: ("replay", 1, Sign.BROKEN) in client.calls)


@pytest.mark.parametrize("key", ["escape", "q", "m"])
async def test_replay_can_be_declined(tmp_path: Path, key: str) -> None:
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        await ask_how_to_sign(pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        assert not any(call[0] == "replay" for call in client.calls)


@pytest.mark.parametrize("sign", [Sign.BROKEN, Sign.STALE])
async def test_palette_offers_the_spoilt_ones(tmp_path: Path, sign: Sign) -> None:
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("ctrl+p", *f"a {sign} signature")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: ("replay", 1, sign) in client.calls)


async def test_palette_offers_no_replay_of_nothing(tmp_path: Path) -> None:
    async with opened(FakeClient(), tmp_path) as pilot:
        await pilot.press("ctrl+p", *"screenshot")
        await until(pilot, lambda: "Save a screenshot" in screen_text(pilot))
        await pilot.press("ctrl+u", *"broken")
        await until(pilot, lambda: "Save a screenshot" not in screen_text(pilot))
        assert "broken signature" not in screen_text(pilot)


@pytest.mark.parametrize(
    ("status", "severity", "said"),
    [
        (401, "information", "the app refused it, as it should"),
        (200, "warning", "the app took it, though its check should fail"),
        (500, "error", ""),
    ],
)
async def test_spoilt_replay_is_judged_by_what_the_app_makes_of_it(
    tmp_path: Path, status: int, severity: str, said: str
) -> None:
    client = FakeClient((delivery(id=1), []))
    client.replayed = replay(1, result=response(status=status))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("m", "b")
        await until(pilot, lambda: toasts(pilot))
        (told,) = pilot.app._notifications
        assert told.severity == severity
        assert told.message.startswith("#1 replayed broken: ")
        assert told.message.endswith(said)


async def test_spoilt_replay_that_reaches_nobody_proves_nothing(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []))
    client.replayed = replay(1, result=Failure(FailureKind.REFUSED, "nobody listens"))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("m", "s")
        await until(pilot, lambda: toasts(pilot))
        (told,) = pilot.app._notifications
        assert told.severity == "error"
        assert told.message == "#1 replayed stale: ✗ refused\nnobody listens"


async def test_refusal_to_sign_is_no_failure(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path) as pilot:
        client.problem = ReplayError("no secret is known: replay it with --sign verbatim")
        await pilot.press("m", "s")
        await until(pilot, lambda: toasts(pilot))
        (told,) = pilot.app._notifications
        assert told.severity == "warning"
        assert told.message.endswith("--sign verbatim\nhere: press R")
