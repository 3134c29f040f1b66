"""What the terminal says of checks: why one failed, what came of another, and the keys that ask for one."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from inspector.client import Connection, Reverified
from inspector.core.diagnosis import Cause, Finding
from inspector.core.model import Confirmed, Delivery, Outcome, Verification
from inspector.errors import OutsideError, ReplayError
from tests.factories import delivery, verdict
from tests.tui.fakes import INGRESS, FakeClient, opened, screen_text, toasts, until
from tui import loading
from tui.messages import ChecksLoaded
from tui.recheck import PAGE
from tui.verdicts import Checks
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.line_view import LineView

RESERIALISED = Finding(
    Cause.BODY_RESERIALISED,
    "The signature matches the body re-serialised without white space: pass the raw bytes on.",
)


def checked(number: int, outcome: Outcome = Outcome.MISMATCH, **fields: object) -> Delivery:
    verification = Verification(outcome, "the sentence of the verdict")
    return delivery(id=number, provider="jinko", verification=verification, **fields)


def subscription(number: int = 1) -> Delivery:
    return checked(
        number, event="SubscriptionConfirmation", handshake="Amazon SNS asked, and was answered"
    )


def asked(client: FakeClient, name: str) -> list[tuple[object, ...]]:
    return [call[1:] for call in client.calls if call[0] == name]


def summary(pilot: Pilot[None]) -> str:
    """Return the summary, its lines joined."""
    pane = pilot.app.screen.query_one("#summary")
    rows = screen_text(pilot).split("\n")[pane.region.y : pane.region.bottom]
    return " ".join(row[pane.region.x : pane.region.right].strip() for row in rows)


def verdict_tab(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen.query_one("#overview", LineView).lines
    return "\n".join(str(line.content) for line in lines)


async def test_cause_stands_under_the_verdict(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    client.found[1] = [RESERIALISED]
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "Why: The signature matches the body" in summary(pilot))
        assert summary(pilot).startswith("✗ mismatch  the sentence of the verdict Why: ")
        await pilot.press("4")
        assert f"Why: {RESERIALISED.detail}" in verdict_tab(pilot)


async def test_mismatch_without_a_cause_moves_nothing(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    client.gate.clear()
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "Why: looking for the cause" in summary(pilot))
        height = pilot.app.screen.query_one("#summary").region.height
        client.gate.set()
        await until(pilot, lambda: "Why: no cause could be computed" in summary(pilot))
        assert pilot.app.screen.query_one("#summary").region.height == height


async def test_cause_is_only_looked_for_where_the_cursor_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "RESTED_S", 3600)
    client = FakeClient(*((checked(number), []) for number in range(1, 20)))
    async with opened(client, tmp_path) as pilot:
        await pilot.press(*"kkkkkkkkkkkk")
        await until(pilot, lambda: (7,) in asked(client, "body"))
        assert not asked(client, "findings")
        assert not asked(client, "verdicts")


async def test_cause_is_no_longer_wanted_when_the_cursor_moves_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "RESTED_S", 0)
    client = FakeClient((checked(1), []), (checked(2), []))
    client.gate.clear()
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: (2,) in asked(client, "findings"))
        await pilot.press("k")
        await until(pilot, lambda: (2,) in asked(client, "findings given up"))
        await until(pilot, lambda: (1,) in asked(client, "findings"))


async def test_verified_delivery_is_not_diagnosed(tmp_path: Path) -> None:
    client = FakeClient((checked(1, Outcome.VERIFIED), []))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: asked(client, "verdicts"))
        assert not asked(client, "findings")
        assert "Why" not in summary(pilot)


async def test_cause_that_comes_too_late_is_not_shown(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []), (checked(2), []))
    async with opened(client, tmp_path) as pilot:
        detail = pilot.app.screen.query_one(DetailPane)
        await until(pilot, lambda: "no cause" in summary(pilot))
        detail.post_message(ChecksLoaded(1, Checks((RESERIALISED,))))
        await pilot.pause()
        assert "no cause" in summary(pilot)


async def test_cause_that_cannot_be_asked_for_is_no_toast(tmp_path: Path) -> None:
    client = FakeClient()
    async with opened(client, tmp_path) as pilot:
        client.problem = ReplayError("no such path")
        client.arrive(checked(1))
        await until(pilot, lambda: "Why: not known, no such path" in summary(pilot))
        assert toasts(pilot) == []


async def test_history_of_verdicts_is_counted_and_listed(tmp_path: Path) -> None:
    client = FakeClient((checked(1, Outcome.VERIFIED), []))
    earlier = Verification(Outcome.NO_SECRET, "nobody told us the secret")
    client.checks[1] = [verdict(id=1, verification=earlier), verdict(id=5)]
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "Overview 2" in screen_text(pilot))
        await pilot.press("4", "z")
        assert "Checked 2 times, the latest first" in screen_text(pilot)
        assert "? no secret  nobody told us the secret" in screen_text(pilot)


async def test_later_verdict_is_explained_anew(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    client.found[1] = [RESERIALISED]
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "Why: The signature" in summary(pilot))
        client.checks[1] = [verdict(id=1), verdict(id=9)]
        client.arrive(verdict(id=9, delivery_id=1))
        await until(pilot, lambda: "Overview 2" in screen_text(pilot))
        assert "Why" not in summary(pilot)
        assert "✓ verified" in screen_text(pilot).split("\n")[2]


async def test_new_secrets_after_a_restart_are_new_causes(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "no cause" in summary(pilot))
        client.found[1] = [RESERIALISED]
        client.connection(Connection.RECONNECTING)
        client.connection(Connection.CONNECTED)
        await until(pilot, lambda: "Why: The signature" in summary(pilot))


async def test_handshake_is_marked_and_says_how_it_was_answered(tmp_path: Path) -> None:
    shaken = checked(1, Outcome.MISSING, handshake="Slack asked for its challenge back")
    client = FakeClient((shaken, []))
    async with opened(client, tmp_path) as pilot:
        assert "⇄ handshake  -" in screen_text(pilot).split("\n")[2]
        assert "⇄ handshake  Slack asked for its challenge back" in summary(pilot)
        assert "missing" not in screen_text(pilot)
        await pilot.press("v")
        assert not asked(client, "reverify")


async def test_missing_secret_comes_with_what_to_paste(tmp_path: Path) -> None:
    client = FakeClient((checked(1, Outcome.NO_SECRET, endpoint="shop"), []))
    async with opened(client, tmp_path) as pilot:
        text = summary(pilot)
        assert "paste this into hooktap.toml" in text
        assert "[endpoint.shop]" in text
        assert 'provider = "jinko"' in text
        assert 'secret = { env = "SHOP_WEBHOOK_SECRET" }' in text
        assert "press v" in text


async def test_endpoint_that_is_configured_is_not_pasted_again(tmp_path: Path) -> None:
    client = FakeClient((checked(1, Outcome.NO_SECRET, endpoint="shop"), []))
    client.configured = [
        {"name": "shop", "url": f"{INGRESS}/in/shop", "target": None, "configured": True}
    ]
    async with opened(client, tmp_path) as pilot:
        assert "secret = " in summary(pilot)
        assert "[endpoint" not in summary(pilot)


async def test_selected_delivery_is_checked_again(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []), (checked(2), []))
    now = verdict(id=9, delivery_id=1)
    client.rechecked = [
        Reverified(1, 1, [now], None),
        Reverified(1, 0, [], None),
        Reverified(0, 0, [], None),
    ]
    async with opened(client, tmp_path) as pilot:
        await pilot.press("k")
        for told in (
            "#1 checked again: ✓ verified (was mismatch)",
            "#1 checked again: still ✗ mismatch",
            "there is no delivery #1 any more",
        ):
            await pilot.press("v")
            await until(pilot, lambda told=told: told in toasts(pilot))  # type: ignore[misc]
        assert asked(client, "reverify") == [("id:1", None, 1)] * 3


async def test_everything_is_checked_again_and_its_progress_shown(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    client.rechecked = [Reverified(1200, 37, [], None)]
    client.gate.clear()
    async with opened(client, tmp_path) as pilot:
        await pilot.press("V", "V")
        await until(pilot, lambda: toasts(pilot) == ["everything is being checked already"])
        await until(pilot, lambda: "checked 0, 0 changed   escape stops" in screen_text(pilot))
        assert "▼ following" in screen_text(pilot)
        client.gate.set()
        await until(pilot, lambda: toasts(pilot)[1:] == ["checked 1,200, 37 changed"])
        await until(pilot, lambda: f"{INGRESS}/in/<name>" in screen_text(pilot))
        assert asked(client, "reverify") == [("", None, PAGE)]


async def test_escape_stops_checking_wherever_the_keyboard_is(tmp_path: Path) -> None:
    """And only that: the detail stays as it is."""
    client = FakeClient((checked(1), []))
    client.rechecked = [Reverified(100, 3, [], 7), Reverified(100, 0, [], None)]
    client.gate.clear()
    async with opened(client, tmp_path) as pilot:
        await pilot.press("enter", "V")
        await until(pilot, lambda: "escape stops" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "stopping" in screen_text(pilot))
        assert not pilot.app.screen.query_one(DeliveryList).display
        client.gate.set()
        await until(pilot, lambda: toasts(pilot) == ["stopped: checked 100, 3 changed"])

        await pilot.press("escape")
        assert pilot.app.screen.query_one(DeliveryList).has_focus


async def test_visit_is_offered_only_to_who_waits_for_one(tmp_path: Path) -> None:
    client = FakeClient((subscription(1), []), (checked(2), []))
    async with opened(client, tmp_path) as pilot:
        assert "C Confirm" not in screen_text(pilot)
        await pilot.press("C")
        await pilot.press("k")
        await until(pilot, lambda: "C Confirm" in screen_text(pilot))
        assert screen_text(pilot).rstrip().endswith("q Quit")  # nothing is cut off
        assert not asked(client, "confirm")

        await pilot.press("C")
        told = "#1 confirmed: https://sns.us-east-1.amazonaws.com/?Token=2"
        await until(pilot, lambda: any(each.startswith(told) for each in toasts(pilot)))
        assert toasts(pilot)[0].endswith("2… answered 200")
        assert asked(client, "confirm") == [(1,)]


async def test_visit_that_fails_is_told(tmp_path: Path) -> None:
    client = FakeClient((subscription(), []))
    async with opened(client, tmp_path) as pilot:
        client.confirmed = Confirmed("https://sns.example/", 403)
        await pilot.press("C")
        await until(pilot, lambda: any("answered 403" in each for each in toasts(pilot)))
        client.problem = OutsideError("sns.example cannot be reached")
        await pilot.press("C")
        await until(pilot, lambda: "sns.example cannot be reached" in toasts(pilot))


async def test_palette_finds_the_keys_by_what_they_do(tmp_path: Path) -> None:
    client = FakeClient((checked(1), []))
    async with opened(client, tmp_path) as pilot:
        for words, found in [
            ("secrets of now", "Check"),
            ("every stored", "Check all"),
            ("curl command", "Copy the delivery as a curl"),
            ("signed otherwise", "Replay as…"),
        ]:
            await pilot.press("ctrl+p", *words)
            await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
            assert found in screen_text(pilot)
            await pilot.press("escape")
