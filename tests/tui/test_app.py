"""Keys through the pilot: what they change on the screen, and what they ask of the client."""

import asyncio
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from inspector.client import Connection
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Sign,
    Verification,
)
from inspector.errors import ReplayError, UnreachableError
from tests.factories import attempt, delivery, headers, request, response, verdict
from tests.tui.fakes import INGRESS, FakeClient, opened, replay, screen_text, toasts, until
from tui.bodyview import Body
from tui.intake import FIRST, SLICE
from tui.messages import BodyLoaded, HistoryLoaded
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.help import HelpScreen
from tui.widgets.body_lines import BodyLines
from tui.widgets.cursor_view import CursorView
from tui.widgets.delivery_list import WANTED_MAX, DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.line_view import LineView
from tui.widgets.panes import Panes
from tui.widgets.top_bar import TopBar


def rows(count: int, first: int = 1) -> list[tuple[Delivery, Sequence[Attempt]]]:
    return [(delivery(id=first + n, event=f"event.{first + n}"), []) for n in range(count)]


def the_list(pilot: Pilot[None]) -> DeliveryList:
    return pilot.app.screen.query_one(DeliveryList)


def numbered(client: FakeClient) -> list[list[int]]:
    """Return the numbers of each page that was read."""
    return [call[1] for call in client.calls if call[0] == "numbered" and isinstance(call[1], list)]


def detail(pilot: Pilot[None]) -> DetailPane:
    return pilot.app.screen.query_one(DetailPane)


def body(pilot: Pilot[None]) -> str:
    return "\n".join(str(line.content) for line in detail(pilot).body_pane.view_lines.lines)


def attempts(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen.query_one("#attempts", LineView).lines
    return "\n".join(str(line.content) for line in lines)


async def test_history_is_shown_and_the_newest_selected(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        assert the_list(pilot).selected == 3
        assert detail(pilot).delivery_id == 3
        await until(pilot, lambda: "booking.completed" in body(pilot))
        text = screen_text(pilot)
        assert "event.1" in text
        assert "· unknown" in text
        assert f"{INGRESS}/in/<name>" in text
        assert "▼ following" in text


async def test_whole_history_is_listed_and_only_rows_in_sight_are_read(tmp_path: Path) -> None:
    count = FIRST + SLICE + 1
    client = FakeClient(*rows(count))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == count)
        await until(pilot, lambda: f"{count:,}" in screen_text(pilot))
        asked = [call[2] for call in client.calls if call[0] == "numbers"]
        assert asked == [None, count - FIRST + 1, count - FIRST - SLICE + 1]
        await pilot.press("g")
        await until(pilot, lambda: "event.1 " in screen_text(pilot))
        read = sum(len(ids) for ids in numbered(client))
        assert read <= 2 * WANTED_MAX


async def test_number_stands_for_a_row_until_it_is_read(tmp_path: Path) -> None:
    client = FakeClient(*rows(2000))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 2000)
        client.reading.clear()
        await pilot.press("g")
        lines = screen_text(pilot).split("\n")
        assert lines[2].startswith("▌   1  ")
        assert "…" in lines[2]
        client.reading.set()
        await until(pilot, lambda: "event.1 " in screen_text(pilot))
        await until(pilot, lambda: detail(pilot).delivery_id == 1)


async def test_rows_that_scrolled_by_are_not_read(tmp_path: Path) -> None:
    """While one page is read, of all that is wanted meanwhile only the last is read next."""
    client = FakeClient(*rows(20_000))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 20_000)
        client.reading.clear()
        before = len(numbered(client))
        await pilot.press("g", *["pagedown"] * 60)
        await until(pilot, lambda: len(numbered(client)) == before + 1)
        client.reading.set()
        await until(pilot, lambda: "…" not in screen_text(pilot))
        assert len(numbered(client)) <= before + 3


async def test_deliveries_that_are_gone_leave_the_list(tmp_path: Path) -> None:
    """Retention takes the oldest; all that are older than its oldest go at once."""
    client = FakeClient(*rows(5000))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 5000)
        for number in range(1, 4001):
            del client.rows[number]
        await pilot.press("g")
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 1000)
        await until(pilot, lambda: "event.4001 " in screen_text(pilot))


async def test_history_that_comes_late_moves_nothing(tmp_path: Path) -> None:
    client = FakeClient(*rows(30, first=1000))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("g")
        await pilot.pause()
        client.rows |= {delivery.id: (delivery, []) for delivery, _ in rows(100)}
        pilot.app.screen.post_message(HistoryLoaded(range(100, 0, -1)))
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 130)
        await pilot.pause()
        assert the_list(pilot).selected == 1000
        assert screen_text(pilot).split("\n")[2].startswith("▌1000")


async def test_new_deliveries_are_followed(tmp_path: Path) -> None:
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        client.arrive(delivery(id=10, event="new.one"), attempt(id=11, delivery_id=10, number=1))
        await until(pilot, lambda: the_list(pilot).selected == 10)
        await until(pilot, lambda: "1  forward" in attempts(pilot))
        assert "new.one" in screen_text(pilot)


async def test_later_verdict_is_shown_in_its_row_and_in_the_detail(tmp_path: Path) -> None:
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        lines = screen_text(pilot).split("\n")
        assert sum("· unknown" in line for line in lines[2:5]) == 3

        client.arrive(verdict(id=10, delivery_id=3))

        await until(pilot, lambda: "✓ verified" in screen_text(pilot).split("\n")[4])
        await until(pilot, lambda: "✓ verified  signature matches" in screen_text(pilot))
        assert sum("· unknown" in line for line in screen_text(pilot).split("\n")[2:5]) == 2


async def test_moving_up_pauses_and_counts_what_is_new(tmp_path: Path) -> None:
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("k")
        assert the_list(pilot).selected == 2
        client.arrive(delivery(id=10), delivery(id=11))
        await until(pilot, lambda: "‖ paused, 2 new" in screen_text(pilot))
        assert the_list(pilot).selected == 2

        await pilot.press("f")
        assert the_list(pilot).selected == 11
        await until(pilot, lambda: "▼ following" in screen_text(pilot))

        await pilot.press("f")
        await until(pilot, lambda: "‖ paused" in screen_text(pilot))


async def test_moving_through_the_list(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(50)), tmp_path) as pilot:
        for key, selected in [
            ("k", 49),
            ("up", 48),
            ("down", 49),
            ("j", 50),
            ("j", 50),
            ("g", 1),
            ("k", 1),
            ("pagedown", 7),
            ("pageup", 1),
            ("G", 50),
        ]:
            await pilot.press(key)
            assert the_list(pilot).selected == selected
        assert the_list(pilot).following
        await until(pilot, lambda: detail(pilot).delivery_id == 50)


async def test_click_selects(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        await pilot.click(DeliveryList, offset=(10, 1))
        assert the_list(pilot).selected == 1
        await pilot.click(DeliveryList, offset=(10, 0))
        await pilot.click(DeliveryList, offset=(10, 6))
        assert the_list(pilot).selected == 1


async def test_what_is_read_stays_while_the_list_moves_on(tmp_path: Path) -> None:
    """The selected delivery's row stays at hand; the detail shows its new attempt."""
    client = FakeClient(*rows(2))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("g")
        client.arrive(*(delivery(id=10 + n) for n in range(1200)))
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 1202)
        assert the_list(pilot).row is not None
        client.arrive(replay(1, id=2000, number=1))
        await until(pilot, lambda: "1  replay" in attempts(pilot))
        assert detail(pilot).delivery_id == 1

        await pilot.press("j")
        assert the_list(pilot).selected == 2


async def test_enter_reads_and_escape_goes_back(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        await pilot.press("enter")
        assert isinstance(pilot.app.focused, LineView)
        assert not the_list(pilot).display
        assert not the_list(pilot).following

        await pilot.press("escape")
        assert the_list(pilot).has_focus
        assert the_list(pilot).display


async def test_on_a_wide_screen_enter_again_gives_all_the_room(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(3)), tmp_path, (140, 40)) as pilot:
        await pilot.press("enter")
        assert the_list(pilot).display
        await pilot.press("enter")
        assert not the_list(pilot).display
        await pilot.press("z")
        assert the_list(pilot).display


async def test_tabs(tmp_path: Path) -> None:
    shown = delivery(
        id=1,
        event_id="evt_1",
        request=replace(delivery().request, headers=headers(("X-One", "1"), ("x-one", "2"))),
    )
    async with opened(FakeClient((shown, [])), tmp_path) as pilot:
        await pilot.press("2")
        text = screen_text(pilot)
        assert "X-One" in text
        assert "x-one" in text
        for key, active in [
            ("l", "attempts"),
            ("right", "overview"),
            ("l", "history"),
            ("l", "body"),
            ("h", "history"),
            ("left", "overview"),
            ("4", "overview"),
            ("1", "body"),
        ]:
            await pilot.press(key)
            assert detail(pilot).tabs.active == active
        await pilot.click("#tab-headers")
        assert detail(pilot).tabs.active == "headers"
        assert "evt_1" in "\n".join(
            str(line.content) for line in pilot.app.screen.query_one("#overview", LineView).lines
        )


async def test_body_cycles_through_its_views(tmp_path: Path) -> None:
    """The tab says how the body is shown; from another tab the key only comes back to it."""
    async with opened(FakeClient((delivery(id=1, body=b'{"a":1}'), [])), tmp_path) as pilot:
        await until(pilot, lambda: body(pilot) == '▾ {\n    "a": 1\n  }')
        assert "Body pretty" in screen_text(pilot)
        await pilot.press("b")
        assert body(pilot) == '{"a":1}'
        assert "Body text" in screen_text(pilot)
        await pilot.press("o")
        assert body(pilot).startswith("00000000  7b 22")
        assert "Body hex" in screen_text(pilot)
        await pilot.press("3", "b")
        assert detail(pilot).tabs.active == "body"
        assert body(pilot).startswith("00000000  7b 22")
        await pilot.press("b")
        assert body(pilot) == '▾ {\n    "a": 1\n  }'


async def test_hex_uses_the_width_there_is(tmp_path: Path) -> None:
    async with opened(FakeClient((delivery(id=1, body=bytes(32)), [])), tmp_path) as pilot:
        await until(pilot, lambda: body(pilot).count("\n") == 1)
        await pilot.resize_terminal(70, 24)
        await until(pilot, lambda: body(pilot).count("\n") == 3)
        await pilot.resize_terminal(90, 24)
        await until(pilot, lambda: body(pilot).count("\n") == 1)


async def test_long_body_is_laid_out_beside_the_loop(tmp_path: Path) -> None:
    content = b'{"a":"' + "é".encode() * 400_000 + b'"}'
    async with opened(FakeClient((delivery(id=1, body=content), [])), tmp_path) as pilot:
        lines = detail(pilot).body_pane.view_lines
        await until(pilot, lambda: lines.virtual_size.height > 5000)
        await pilot.press("enter", "G")
        await until(pilot, lambda: "é" in screen_text(pilot))
        await pilot.resize_terminal(120, 30)
        await until(pilot, lambda: lines.virtual_size.width > 100)


async def test_longer_bodies_say_what_is_missing(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1, body=b"x" * 1_500_000), []))
    async with opened(client, tmp_path) as pilot:
        note = "only the first 1,048,576 of 1,500,000 bytes are shown"
        await until(pilot, lambda: note in screen_text(pilot))


async def test_body_of_another_delivery_never_stays(tmp_path: Path) -> None:
    """While the body is on its way nothing stands there; when it does not come, the reason does."""
    client = FakeClient(*rows(2))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: body(pilot))
        client.gate.clear()
        await pilot.press("k")
        await until(pilot, lambda: not body(pilot))
        del client.bodies[1]
        client.gate.set()
        await until(pilot, lambda: "there is no delivery 1" in screen_text(pilot))


async def test_body_that_comes_too_late_is_not_shown(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1), []), (delivery(id=2, body=b"two"), []))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: body(pilot) == "two")
        detail(pilot).post_message(BodyLoaded(1, Body(b"one", 3)))
        await pilot.pause()
        assert body(pilot) == "two"


async def test_verdict_is_explained(tmp_path: Path) -> None:
    verification = Verification(
        Outcome.VERIFIED,
        "the signature matches",
        signed_at_s=1_780_387_198,
        covered=("header X-Jinko-Timestamp", "body"),
    )
    shown = delivery(id=1, verification=verification)
    refused = attempt(id=2, delivery_id=1, result=Failure(FailureKind.REFUSED, "nobody listens"))
    async with opened(FakeClient((shown, [refused])), tmp_path) as pilot:
        text = screen_text(pilot)
        assert "✓ verified  the signature matches" in text
        assert "covers header X-Jinko-Timestamp, body; does not cover URL, method" in text
        assert "signed 2026-06-02 07:59:58, 2 s before it arrived" in text
        assert "→ ✗ refused  nobody listens" in text


async def test_answers_are_fetched_when_they_are_looked_at(tmp_path: Path) -> None:
    html = headers(("Content-Type", "application/json"))
    answered = attempt(
        id=2, delivery_id=1, number=1, result=response(headers=html, body=b"", body_bytes=8)
    )
    empty = attempt(id=3, delivery_id=1, number=2, result=response(body=b"", body_bytes=0))
    client = FakeClient((delivery(id=1), [answered, empty]))
    client.answers[2] = b'{"ok":1}'
    async with opened(client, tmp_path) as pilot:
        assert ("response_body", 2) not in client.calls
        await pilot.press("3")
        await until(pilot, lambda: '"ok": 1' in attempts(pilot))
        assert "the answer has no body" in attempts(pilot)
        await pilot.press("1", "3")
        assert client.calls.count(("response_body", 2)) == 1


async def test_replay_tells_what_came_of_it(tmp_path: Path) -> None:
    client = FakeClient(*rows(2))
    client.replayed = replay(2, id=9, number=1, duration_us=12_000)
    async with opened(client, tmp_path) as pilot:
        await pilot.press("r", "R")
        await until(pilot, lambda: len(toasts(pilot)) == 2)
        assert set(toasts(pilot)) == {
            "#2 replayed: ✓ 200 in 12 ms",
            "#2 replayed verbatim: ✓ 200 in 12 ms",
        }
        asked = [call for call in client.calls if call[0] == "replay"]
        assert asked == [("replay", 2, None), ("replay", 2, Sign.VERBATIM)]

        client.arrive(client.replayed)
        await until(pilot, lambda: "1  replay  ✓ 200" in attempts(pilot))
        await until(pilot, lambda: "✓ 200" in screen_text(pilot).split("\n")[3])


async def test_failed_replay_says_why(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    client.replayed = replay(
        1, result=Failure(FailureKind.REFUSED, "nobody listens at 127.0.0.1:3000")
    )
    async with opened(client, tmp_path) as pilot:
        await pilot.press("r")
        told = "#1 replayed: ✗ refused\nnobody listens at 127.0.0.1:3000"
        await until(pilot, lambda: told in toasts(pilot))
        client.problem = ReplayError("endpoint demo has no target")
        await pilot.press("r")
        await until(pilot, lambda: "endpoint demo has no target" in toasts(pilot))


async def test_slow_replay_is_announced(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    client.gate.clear()
    async with opened(client, tmp_path) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: any("has not answered yet" in each for each in toasts(pilot)))
        client.gate.set()
        await until(pilot, lambda: any("#1 replayed" in each for each in toasts(pilot)))


async def test_curl_goes_to_clipboard_and_private_file(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1, body=b"it's"), []))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "--data-raw" in pilot.app.clipboard)
        command = pilot.app.clipboard
        path = tmp_path / "copied.sh"
        assert f"--url {INGRESS}/in/demo" in command
        assert path.read_text() == command + "\n"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await until(pilot, lambda: any(str(path) in each for each in toasts(pilot)))


async def test_curl_goes_where_the_last_attempt_went(tmp_path: Path) -> None:
    made = attempt(id=2, delivery_id=1, url="http://127.0.0.1:3000/hooks?a=1")
    async with opened(FakeClient((delivery(id=1), [made])), tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "--url 'http://127.0.0.1:3000/hooks?a=1'" in pilot.app.clipboard)


async def test_curl_holds_no_secret(tmp_path: Path) -> None:
    made = attempt(id=2, delivery_id=1, url="http://127.0.0.1:3000/hooks?a=1&token=hush")
    sent = request(headers=headers(("X-Gitlab-Token", "hush"), ("Authorization", "Bearer hush")))
    client = FakeClient((delivery(id=1, request=sent), [made]))
    client.secret = ["header:X-Gitlab-Token", "query:token"]
    async with opened(client, tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: "X-Gitlab-Token: REDACTED" in pilot.app.clipboard)
        assert "/hooks?a=1&token=REDACTED" in pilot.app.clipboard
        assert "hush" not in pilot.app.clipboard
        assert "hush" not in (tmp_path / "copied.sh").read_text()


async def test_command_too_long_for_the_clipboard_is_only_in_the_file(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1, body=bytes(100_000)), []))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: any("too long" in each for each in toasts(pilot)))
        assert not pilot.app.clipboard
        assert "base64 -d" in (tmp_path / "copied.sh").read_text()


async def test_copy_that_cannot_be_written_is_a_toast(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path / "gone") as pilot:
        await pilot.press("c")
        await until(pilot, lambda: any("cannot write" in each for each in toasts(pilot)))


async def test_empty_state_tells_how_to_get_the_first_delivery(tmp_path: Path) -> None:
    client = FakeClient()
    client.configured = [
        {
            "name": "a",
            "url": f"{INGRESS}/in/a",
            "target": "http://127.0.0.1:3000",
            "configured": True,
        },
        {"name": "b", "url": f"{INGRESS}/in/b", "target": None, "configured": False},
    ]
    async with opened(client, tmp_path) as pilot:
        text = screen_text(pilot)
        line = f'curl -d \'{{"hello":"world"}}\' {INGRESS}/in/demo'
        assert f"{INGRESS}/in/<name>" in text
        assert line in text
        assert "Press s to send a signed sample" in text
        assert f"{INGRESS}/in/a  → http://127.0.0.1:3000" in text
        assert f"{INGRESS}/in/b" not in text

        await pilot.press("c")
        await until(pilot, lambda: pilot.app.clipboard == line)
        await pilot.press("r", "R", "f", "b", "enter", "j", "k", "g", "G", "z")
        assert not any(call[0] == "replay" for call in client.calls)

        client.arrive(delivery(id=1))
        await until(pilot, lambda: the_list(pilot).selected == 1)
        assert the_list(pilot).display


async def test_lost_connection_is_shown_and_recovers(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path) as pilot:
        client.connection(Connection.RECONNECTING)
        await until(pilot, lambda: "The inspector does not answer" in screen_text(pilot))
        assert "○ reconnecting" in screen_text(pilot)

        client.connection(Connection.CONNECTED)
        client.arrive(delivery(id=2))
        await until(pilot, lambda: the_list(pilot).selected == 2)
        assert "The inspector does not answer" not in screen_text(pilot)
        assert "● connected" in screen_text(pilot)


async def test_no_inspector_is_a_toast(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path) as pilot:
        client.problem = UnreachableError("no inspector answers at [/]")
        for count, key in enumerate(("r", "c", "s"), start=1):
            await pilot.press(key)
            await until(pilot, lambda count=count: len(toasts(pilot)) == count)  # type: ignore[misc]
        assert set(toasts(pilot)) == {"no inspector answers at [/]"}


async def test_mistake_of_ours_is_told_and_ends_nothing(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path) as pilot:
        client.replayed = None  # type: ignore[assignment]
        await pilot.press("r")
        await until(
            pilot, lambda: any("_do failed: AttributeError" in each for each in toasts(pilot))
        )
        client.arrive(delivery(id=2))
        await until(pilot, lambda: the_list(pilot).selected == 2)


async def test_screen_changes_no_oftener_than_it_can_be_read(tmp_path: Path) -> None:
    """A burst of records is one change of the list, not one each."""
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path) as pilot:
        client.calls.clear()
        client.arrive(*(delivery(id=10 + n) for n in range(3000)))
        await until(pilot, lambda: the_list(pilot).selected == 3009)
        assert sum(call[0] == "body" for call in client.calls) < 100


async def test_help_lists_every_binding(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(1)), tmp_path) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        view = pilot.app.screen.query_one(LineView)
        lines = view.lines
        text = "\n".join(str(line.content) for line in lines)
        for binding in [
            *DeliveriesScreen.BINDINGS,
            *Panes.BINDINGS,
            *DeliveryList.BINDINGS,
            *CursorView.BINDINGS,
            *BodyLines.BINDINGS,
        ]:
            assert not isinstance(binding, tuple)
            assert binding.id
            assert (binding.tooltip or binding.description) in text
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, DeliveriesScreen)


async def test_palette_runs_what_a_key_does(tmp_path: Path) -> None:
    client = FakeClient(*rows(1))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("ctrl+p", *"verbatim")
        await until(pilot, lambda: "Replay verbatim" in screen_text(pilot))
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: ("replay", 1, Sign.VERBATIM) in client.calls)


async def test_screenshot_is_saved_for_this_user_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(FakeClient(*rows(1)), tmp_path) as pilot:
        await pilot.press("ctrl+p", *"svg")
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: any("saved" in each for each in toasts(pilot)))
    (saved,) = await asyncio.to_thread(lambda: list(tmp_path.glob("*.svg")))
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert "event.1" in saved.read_text()


async def test_q_quits(tmp_path: Path) -> None:
    async with opened(FakeClient(), tmp_path) as pilot:
        await pilot.press("q")
        assert not pilot.app.is_running


async def test_ctrl_c_quits_when_pressed_twice(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows(1)), tmp_path) as pilot:
        await pilot.press("ctrl+c")
        assert "press ctrl+c again to quit" in toasts(pilot)
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
        assert not pilot.app.is_running


async def test_ctrl_c_copies_what_the_mouse_selected(tmp_path: Path) -> None:
    client = FakeClient((delivery(id=1, body=b'{"a":"' + b"x" * 100 + b'"}'), []))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: body(pilot))
        lines = detail(pilot).body_pane.view_lines
        await pilot.mouse_down(lines, offset=(3, 1))
        await pilot.hover(lines, offset=(9, 2))
        await pilot.mouse_up(lines, offset=(9, 2))
        await pilot.press("ctrl+c")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard.lstrip().startswith('"a": "xxx')
        assert "\n" not in pilot.app.clipboard


async def test_moving_where_nothing_is_goes_on_following(tmp_path: Path) -> None:
    """What then arrives is selected."""
    client = FakeClient()
    async with opened(client, tmp_path) as pilot:
        rows = the_list(pilot)
        rows.focus()
        rows.action_move(-1)
        assert rows.following
        rows.action_oldest()
        assert rows.following
        client.arrive(delivery(id=1))
        await until(pilot, lambda: rows.selected == 1)


async def test_no_page_is_longer_than_the_inspector_gives_out(tmp_path: Path) -> None:
    """In a window of a thousand lines as well; in the end all that are in sight have their rows."""
    client = FakeClient(*rows(700))
    async with opened(client, tmp_path, (80, 1000)) as pilot:
        shown = the_list(pilot)
        top, height = shown.scroll_offset.y, shown.size.height
        assert height > WANTED_MAX + 100
        await until(pilot, lambda: not shown._listing.missing(top, top + height))
        assert 0 < max(len(page) for page in numbered(client)) <= WANTED_MAX + 1
