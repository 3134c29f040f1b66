"""What can be done in the detail: move a cursor, fold, copy, look at the history, mark, note, open and save."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from inspector.core.marks import Mark
from inspector.errors import UnreachableError
from tests.factories import attempt, delivery, headers, request, response
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui.screens.note import NoteScreen
from tui.widgets.body_lines import BodyLines
from tui.widgets.cursor_view import CursorView
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.panes import Panes

JSON = headers(("Content-Type", "application/json"))
BOOKING = b'{"status":"PAID","data":{"rooms":[4711,{"a":"\\u001b[31mx"}],"note":null}}'


def booking(number: int = 1, body: bytes = BOOKING, event_id: str | None = "evt_1") -> FakeClient:
    made = delivery(id=number, event_id=event_id, request=request(headers=JSON, body=body))
    return FakeClient((made, []))


def view(pilot: Pilot[None], name: str) -> CursorView:
    return pilot.app.screen.query_one(f"#{name}", CursorView)


def lines(pilot: Pilot[None], name: str) -> list[str]:
    return [str(line.content) for line in view(pilot, name).lines]


async def test_json_is_folded_and_copied(tmp_path: Path) -> None:
    async with opened(booking(), tmp_path, (120, 40)) as pilot:
        await pilot.press("enter")
        body = pilot.app.screen.query_one(BodyLines)
        await until(pilot, lambda: len(body.lines) == 12)
        await pilot.press("j", "j", "y")
        await until(pilot, lambda: pilot.app.clipboard)
        assert pilot.app.clipboard == '{"rooms":[4711,{"a":"\\u001b[31mx"}],"note":null}'
        await until(pilot, lambda: " data " in screen_text(pilot))

        await pilot.press("enter")
        assert lines(pilot, "body-lines")[2] == '▸   "data": { 2 keys }'
        await pilot.press("enter", "j", "j", "j", "j", "y")
        await until(pilot, lambda: pilot.app.clipboard.endswith("x"))
        assert pilot.app.clipboard == "␛[31mx"
        assert body.path == "data.rooms[1].a"
        await pilot.press("minus", "minus", "minus")
        assert body.path == "data"
        assert len(body.lines) == 4
        await pilot.press("plus")
        assert len(body.lines) == 7
        await pilot.press("asterisk")
        assert len(body.lines) == 12
        await pilot.press("Y")
        await until(pilot, lambda: pilot.app.clipboard.startswith("▾ {\n"))


async def test_what_is_not_json_leaves_the_keys_to_others(tmp_path: Path) -> None:
    async with opened(booking(body=b"plain"), tmp_path, (120, 40)) as pilot:
        await pilot.press("enter", "minus", "plus", "asterisk", "enter")
        assert not pilot.app.screen.query_one(DeliveryList).display
        await pilot.press("y")
        await until(pilot, lambda: pilot.app.clipboard == "plain")


async def test_cursor_stays_in_sight(tmp_path: Path) -> None:
    """Also on a line that is longer than the screen: that is scrolled through."""
    body = b"[" + b",".join([b'"%b"' % (b"x" * 1900)] + [b"1"] * 60) + b"]"
    async with opened(booking(body=body), tmp_path) as pilot:
        await pilot.press("enter")
        shown = view(pilot, "body-lines")
        await until(pilot, lambda: len(shown.lines) == 63)
        for _ in range(50):
            await pilot.press("j")
        assert shown.cursor > 1
        for key in ("G", "g", "space", "pageup", "end", "home"):
            await pilot.press(key)
            row = shown._folding.row_of(shown.cursor)
            assert shown.scroll_offset.y <= row <= shown.scroll_offset.y + shown.size.height
        await pilot.click(shown, offset=(5, 0))
        assert shown.cursor == 0


async def test_headers_and_attempts_are_copied_by_value(tmp_path: Path) -> None:
    sent = headers(("Content-Type", "application/json"), ("Hooktap-Hops", "1"))
    made = attempt(
        id=2, delivery_id=1, url="http://127.0.0.1:3000/x", request_headers=sent,
        result=response(headers=headers(("X-Answer", "42")), body=b"", body_bytes=0),
    )  # fmt: skip
    client = booking()
    client.rows[1] = (client.rows[1][0], [made])
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await pilot.press("2", "enter", "j", "y")
        await until(pilot, lambda: pilot.app.clipboard == "application/json")
        await pilot.press("3", "j", "y")
        await until(pilot, lambda: pilot.app.clipboard == "http://127.0.0.1:3000/x")
        assert "   sent with 1 header as received, and with" in lines(pilot, "attempts")
        assert "   Hooktap-Hops  1" in lines(pilot, "attempts")
        await pilot.press("4", "G", "y")
        assert any("evt_1" in line for line in lines(pilot, "overview"))


async def test_history_of_an_event(tmp_path: Path) -> None:
    client = booking(1)
    first = client.rows[1][0]
    later = replace(first, id=5, received_at_us=first.received_at_us + 65_000_000)
    other = replace(first, id=7, event_id="evt_2")
    client.rows |= {5: (later, [attempt(id=6, delivery_id=5)]), 7: (other, [])}
    client.bodies |= {5: b"{}", 7: b"{}"}
    async with opened(client, tmp_path, (140, 40)) as pilot:
        await pilot.press("5", "k")
        await until(pilot, lambda: "History 2" in screen_text(pilot))
        assert client.calls.count(("history", 5)) == 1
        shown = lines(pilot, "history")
        assert shown[0] == "2 deliveries of event evt_1"
        assert shown[1].split()[0] == "#1"
        assert shown[2].startswith("▸ #5")
        assert shown[2].endswith("65 s later")

        await pilot.press("enter", "j", "enter")
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 1)
        assert pilot.app.screen.query_one(DeliveryList).selected == 1


async def test_history_of_no_event(tmp_path: Path) -> None:
    client = booking(event_id=None)
    async with opened(client, tmp_path) as pilot:
        await pilot.press("5")
        assert "no event id" in lines(pilot, "history")[0]
        assert ("history", 1) not in client.calls


async def test_a_part_is_opened_and_left(tmp_path: Path) -> None:
    body = b'--x\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--x\r\n\r\nplain\r\n--x--'
    client = booking(body=body)
    multipart = headers(("Content-Type", "multipart/form-data; boundary=x"))
    made = replace(client.rows[1][0], request=request(headers=multipart, body=body))
    client.rows[1] = (made, [])
    async with opened(client, tmp_path) as pilot:
        await pilot.press("enter", "enter")
        await until(pilot, lambda: lines(pilot, "body-lines") == ["▾ {", '    "a": 1', "  }"])
        assert "one part of the body" in screen_text(pilot)
        await pilot.press("escape")
        assert lines(pilot, "body-lines")[0].startswith("part 1 of 2")
        await pilot.press("escape")
        assert pilot.app.screen.query_one(DeliveryList).has_focus


async def test_marks_and_notes(tmp_path: Path) -> None:
    client = booking()
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await pilot.press("M")
        await until(pilot, lambda: "#1  ★" in screen_text(pilot))
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, NoteScreen))
        await pilot.press(*"refund", "enter")
        await until(pilot, lambda: "Note: refund" in screen_text(pilot))
        assert client.marks[1] == Mark(True, "refund")
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, NoteScreen))
        assert pilot.app.screen.query_one(Input).value == "refund"
        await pilot.press("escape", "M")
        await until(pilot, lambda: client.marks[1] == Mark(False, "refund"))
        await until(pilot, lambda: len(toasts(pilot)) == 3)
        assert "#1  ★" not in screen_text(pilot)


async def test_note_that_nobody_kept_is_there_the_next_time(tmp_path: Path) -> None:
    """Until it is kept, or the dialog is closed: then the note is as it was."""
    client = booking()
    async with opened(client, tmp_path, (120, 40)) as pilot:
        for answer in ("enter", "escape"):
            client.problem = UnreachableError("no inspector answers")
            await note(pilot)
            await pilot.press(*"refund", "enter")
            await until(
                pilot, lambda: any("N brings the note back" in each for each in toasts(pilot))
            )
            client.problem = None
            pilot.app.clear_notifications()
            assert await note(pilot) == "refund"
            await pilot.press(answer)
            await until(pilot, lambda: not isinstance(pilot.app.screen, NoteScreen))
            if answer == "enter":
                await until(pilot, lambda: client.marks.get(1) == Mark(False, "refund"))
                await until(pilot, lambda: "Note: refund" in screen_text(pilot))
                assert await note(pilot) == "refund"
                await pilot.press(*["backspace"] * 6, "enter")
                await until(pilot, lambda: client.marks[1].note is None)
                await until(pilot, lambda: "Note:" not in screen_text(pilot))
        assert await note(pilot) == ""


async def note(pilot: Pilot[None]) -> str:
    await pilot.press("N")
    await until(pilot, lambda: isinstance(pilot.app.screen, NoteScreen))
    await pilot.pause()
    return pilot.app.screen.query_one(Input).value


async def test_body_is_saved_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name of ours, for this user only, and over nothing."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    async with opened(booking(body=b"\0\x1b\xff"), tmp_path) as pilot:
        await pilot.press("w", "w")
        await until(pilot, lambda: len(toasts(pilot)) == 2)
    saved = sorted(here.iterdir())
    assert [path.name for path in saved] == ["delivery-1-body-2.json", "delivery-1-body.json"]
    for path in saved:
        assert path.read_bytes() == b"\0\x1b\xff"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_without_a_terminal_no_pager_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PAGER", "cat")
    async with opened(booking(), tmp_path) as pilot:
        await pilot.press("ctrl+o")
        await until(pilot, lambda: toasts(pilot))
        assert list(tmp_path.glob("read-*")) == []


async def test_zoom_right_after_reading(tmp_path: Path) -> None:
    """`enter` and `z` in one go: what the first asks for is done after the second, and takes nothing back."""
    async with opened(booking(), tmp_path, (120, 40)) as pilot:
        panes = pilot.app.screen.query_one(Panes)
        panes.list.post_message(DeliveryList.Opened())
        panes.action_zoom()
        await pilot.pause()
        assert panes.has_class("-zoomed")
