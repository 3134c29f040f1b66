"""Comparing two deliveries, or two answers, in the terminal."""

from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static

from inspector.core.difference import Subject, compare
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Delivery
from tests.factories import attempt, delivery, headers, request, response
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui import differences
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.diff import DiffScreen
from tui.widgets.cursor_view import CursorView
from tui.widgets.top_bar import TopBar

HOSTILE = "\x1b]0;owned\x07[/][@click=app.quit]\u202e"
SIZES = [(120, 40), (80, 24), (60, 20), (10, 3), (1, 1)]


def made(
    number: int, body: bytes, *pairs: tuple[str, str], answers: tuple[int, ...] = ()
) -> tuple[Delivery, list[Attempt]]:
    arrived = delivery(id=number, request=request(headers=headers(*pairs), body=body))
    return arrived, [
        attempt(id=100 * number + n, number=n, delivery_id=number, result=response(status=status))
        for n, status in enumerate(answers, 1)
    ]


class Client(FakeClient):
    async def delivery(self, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
        return self.rows[delivery_id]


def client() -> Client:
    return Client(
        made(1, b'{"a":1,"at":5,"items":[{"id":1}]}', ("X-Id", "1"), answers=(500, 200)),
        made(2, b'{"a":2,"at":6,"items":[{"id":2}]}', ("X-Id", "2")),
    )


async def open_diff(pilot: Pilot[None]) -> None:
    """Newest first: compare #2 with #1."""
    await pilot.press("G", "D")
    await until(pilot, lambda: pilot.app.screen.query_one(TopBar).picked == 2)
    await pilot.press("k", "D")
    await until(pilot, lambda: isinstance(pilot.app.screen, DiffScreen))
    await until(pilot, lambda: "→" in title(pilot))


def title(pilot: Pilot[None]) -> str:
    return str(pilot.app.screen.query_one("#diff-title", Static).content)


def shown(pilot: Pilot[None]) -> list[str]:
    return [str(line.content) for line in pilot.app.screen.query_one(CursorView).lines]


async def test_two_deliveries(tmp_path: Path) -> None:
    """The one picked is on the left, and is forgotten then."""
    async with opened(client(), tmp_path) as pilot:
        await open_diff(pilot)

        assert title(pilot) == "#2 → #1   4 differences"
        assert shown(pilot)[:3] == ["header X-Id", "  - 2", "  + 1"]
        assert shown(pilot)[3:6] == ["json a", "  - 2", "  + 1"]
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, DeliveriesScreen)
        assert pilot.app.screen.query_one(TopBar).picked is None


async def test_the_picked_one_is_shown_and_can_be_forgotten(tmp_path: Path) -> None:
    async with opened(client(), tmp_path) as pilot:
        await pilot.press("G", "D")
        await until(pilot, lambda: "#2 is picked" in screen_text(pilot))
        await pilot.press("D")
        await until(pilot, lambda: "#2 is picked" not in screen_text(pilot))
        assert isinstance(pilot.app.screen, DeliveriesScreen)


async def test_what_is_ignored_is_remembered(tmp_path: Path) -> None:
    """Through every item of a list, in the next comparison too, and until it is to count again."""
    async with opened(client(), tmp_path) as pilot:
        await open_diff(pilot)
        await pilot.press("i")
        await until(pilot, lambda: "3 differences" in title(pilot))
        await pilot.press("G", "i")
        await until(pilot, lambda: "2 differences" in title(pilot))
        assert "ignored: header:X-Id, json:items.*.id" in screen_text(pilot)
        await pilot.press("q")
        await open_diff(pilot)
        await until(pilot, lambda: "2 differences" in title(pilot))
        await pilot.press("I")
        await until(pilot, lambda: "4 differences" in title(pilot))


async def test_only_values_can_be_ignored(tmp_path: Path) -> None:
    async with opened(Client(made(1, b"one"), made(2, b"two")), tmp_path) as pilot:
        await open_diff(pilot)
        assert shown(pilot) == ["- two", "+ one"]
        await pilot.press("i")
        await until(pilot, lambda: any("can be ignored" in each for each in toasts(pilot)))


async def test_sides_are_swapped(tmp_path: Path) -> None:
    async with opened(client(), tmp_path) as pilot:
        await open_diff(pilot)
        await pilot.press("x")
        await until(pilot, lambda: title(pilot).startswith("#1 → #2"))
        assert shown(pilot)[1:3] == ["  - 1", "  + 2"]


async def test_the_same_says_so(tmp_path: Path) -> None:
    async with opened(Client(made(1, b"x"), made(2, b"x")), tmp_path) as pilot:
        await open_diff(pilot)
        assert title(pilot) == "#2 → #1   ✓ the same"
        assert shown(pilot) == ["They are the same."]


async def test_the_last_two_answers(tmp_path: Path) -> None:
    one = client()
    one.answers = {101: b"boom", 102: b"ok"}
    async with opened(one, tmp_path) as pilot:
        await pilot.press("G", "d")
        await until(pilot, lambda: any("not answered #2 twice" in each for each in toasts(pilot)))
        await pilot.press("k", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, DiffScreen))
        await until(pilot, lambda: "→" in title(pilot))
        assert title(pilot).startswith("#1 attempt 1 → #1 attempt 2")
        assert shown(pilot) == ["status", "  - 500", "  + 200", "- boom", "+ ok"]


async def test_a_value_is_copied(tmp_path: Path) -> None:
    async with opened(client(), tmp_path) as pilot:
        await open_diff(pilot)
        await pilot.press("j", "y")
        await until(pilot, lambda: any("copied" in each for each in toasts(pilot)))
        assert pilot.app.clipboard == "2"


async def test_every_size_and_hostile_text(tmp_path: Path) -> None:
    """Nothing a sender wrote steers the terminal, is markup, or ends the app."""
    hostile = HOSTILE.encode()
    one = Client(
        made(1, hostile * 2, ("X-A", HOSTILE)), made(2, hostile + b"\nx" * 9, ("X-B", HOSTILE))
    )
    async with opened(one, tmp_path) as pilot:
        await open_diff(pilot)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            text = screen_text(pilot) + "".join(shown(pilot))
            assert not {"\x1b", "\x07", "\u202e"} & set(text)
            await pilot.press("i", "x", "I", "j", "G")
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, DeliveriesScreen)


def test_lines_are_bounded() -> None:
    """A megabyte on one line is cut; bytes are only said to differ."""
    long = Subject((("target", "x" * 1_000_000),), Headers(), b"\xff")
    other = Subject((("target", "y"),), Headers(), b"\xfe")

    found = [each.line for each in differences.lines(compare(long, other))]

    assert max(len(str(line.content)) for line in found) < differences.VALUE_MAX + 10
    assert str(found[-1].content).startswith("the bodies differ from byte 0")
