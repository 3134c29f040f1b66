"""The terminal begins where the last one was left."""

import json
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from inspector.core.model import Attempt, Delivery
from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, screen_text, until
from tui.bookmark import FILE, FILE_MAX_BYTES
from tui.intake import FIRST, SLICE
from tui.matching import FIRST as FIRST_MATCHES
from tui.messages import HistoryLoaded, MatchesSettled
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane
from tui.widgets.filter_bar import FilterBar
from tui.widgets.top_bar import TopBar


def rows(count: int, first: int = 1) -> list[tuple[Delivery, Sequence[Attempt]]]:
    return [(delivery(id=first + n, event=f"event.{first + n}"), []) for n in range(count)]


def the_list(pilot: Pilot[None]) -> DeliveryList:
    return pilot.app.screen.query_one(DeliveryList)


def detail(pilot: Pilot[None]) -> DetailPane:
    return pilot.app.screen.query_one(DetailPane)


def body(pilot: Pilot[None]) -> str:
    return "\n".join(str(line.content) for line in detail(pilot).body_pane.view_lines.lines)


def leave(directory: Path, **fields: object) -> None:
    data = {"query": "", "delivery": None, "following": True, "tab": "body", "view": None}
    (directory / FILE).write_text(json.dumps(data | fields))


async def test_delivery_tab_and_filter_are_there_again(tmp_path: Path) -> None:
    client = FakeClient(*rows(30))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("slash", *"event:event.1*", "enter")
        await until(pilot, lambda: "11 of 30" in screen_text(pilot))
        await pilot.press("k", "k", "2")
        assert the_list(pilot).selected == 17
        await pilot.press("question_mark", "q")  # from another screen as well
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600

    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: the_list(pilot).selected == 17)
        await until(pilot, lambda: "11 of 30" in screen_text(pilot))
        text = screen_text(pilot)
        assert "/ event:event.1*" in text
        assert "‖ paused" in text
        assert "event.20" not in text
        assert detail(pilot).tabs.active == "headers"
        assert the_list(pilot).has_focus
        await pilot.press("escape")  # as if it had been typed
        assert not pilot.app.screen.query_one(FilterBar).has_class("-shown")
        await pilot.press("j", "j", "j")
        assert the_list(pilot).selected == 20


async def test_who_followed_follows(tmp_path: Path) -> None:
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("3")
    client = FakeClient(*rows(5))
    async with opened(client, tmp_path) as pilot:
        assert the_list(pilot).selected == 5
        assert the_list(pilot).following
        assert detail(pilot).tabs.active == "attempts"


async def test_nothing_is_written_where_all_is_as_it_was(tmp_path: Path) -> None:
    """A terminal that only looked in leaves the bookmark of another alone."""
    async with opened(FakeClient(), tmp_path):
        pass
    assert not (tmp_path / FILE).exists()
    leave(tmp_path, delivery=2, following=False)
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: the_list(pilot).selected == 2)
        leave(tmp_path, delivery=1, following=False, tab="history")
    assert json.loads((tmp_path / FILE).read_text())["tab"] == "history"


async def test_later_of_two_terminals_decides(tmp_path: Path) -> None:
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        async with opened(client, tmp_path) as other:
            await other.press("g", "4")
        await pilot.press("k", "2")
    async with opened(client, tmp_path) as pilot:
        assert the_list(pilot).selected == 2
        assert detail(pilot).tabs.active == "headers"


async def test_view_of_the_body(tmp_path: Path) -> None:
    """It is that of one delivery: others are shown as suits them best."""
    client = FakeClient(*rows(3))
    async with opened(client, tmp_path) as pilot:
        await pilot.press("k")
        await until(pilot, lambda: "booking.completed" in body(pilot))
        await pilot.press("b", "b")
        await until(pilot, lambda: "00000000" in body(pilot))
    assert json.loads((tmp_path / FILE).read_text())["view"] == "hex"

    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: "00000000" in body(pilot))
        await pilot.press("j")
        await until(pilot, lambda: '"booking.completed"' in body(pilot))
        await pilot.press("k")
        await until(pilot, lambda: "00000000" in body(pilot))
        await pilot.press("b", "j")  # another view was chosen: the old one is forgotten
        await until(pilot, lambda: detail(pilot).delivery_id == 3)
        await pilot.press("k")
        await until(pilot, lambda: '"booking.completed"' in body(pilot))


async def test_far_back_in_the_history(tmp_path: Path) -> None:
    leave(tmp_path, delivery=5, following=False)
    client = FakeClient(*rows(FIRST + SLICE))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: detail(pilot).delivery_id == 5)
        assert "event.5 " in screen_text(pilot)


async def test_far_back_among_what_matches(tmp_path: Path) -> None:
    """The first matches do not have it: the list waits for those that do."""
    leave(tmp_path, delivery=5, following=False, query="event:event")
    client = FakeClient(*rows(2 * FIRST_MATCHES))
    async with opened(client, tmp_path) as pilot:
        await until(pilot, lambda: detail(pilot).delivery_id == 5)
        assert not the_list(pilot).following


@pytest.mark.parametrize("gone", [2, 99])
async def test_delivery_that_is_gone(tmp_path: Path, gone: int) -> None:
    """The newest is selected instead, and followed."""
    leave(tmp_path, delivery=gone, following=False)
    client = FakeClient(*(each for each in rows(5) if each[0].id != gone))
    async with opened(client, tmp_path) as pilot:
        assert the_list(pilot).selected == 5
        client.arrive(delivery(id=99))
        await until(pilot, lambda: the_list(pilot).selected == 99)
        assert the_list(pilot).following


@pytest.mark.parametrize(("keys", "selected"), [((), 5), (("k",), 1028), (("k", "j"), 1029)])
async def test_who_moves_first_is_not_moved(
    tmp_path: Path, keys: tuple[str, ...], selected: int
) -> None:
    leave(tmp_path, delivery=5, following=False)
    client = FakeClient(*rows(30, first=1000))
    async with opened(client, tmp_path) as pilot:
        await pilot.press(*keys)
        client.rows |= {delivery.id: (delivery, []) for delivery, _ in rows(100)}
        pilot.app.screen.post_message(HistoryLoaded(range(100, 0, -1)))
        await until(pilot, lambda: pilot.app.screen.query_one(TopBar).deliveries == 130)
        assert the_list(pilot).selected == selected


async def test_what_comes_to_match_later_moves_nothing(tmp_path: Path) -> None:
    query = "event:event.5"
    leave(tmp_path, delivery=3, following=False, query=query)
    async with opened(FakeClient(*rows(5)), tmp_path) as pilot:
        await until(pilot, lambda: "1 of 5" in screen_text(pilot))
        assert the_list(pilot).selected == 5
        pilot.app.screen.post_message(MatchesSettled(query, [3], [3]))
        await until(pilot, lambda: "2 of 5" in screen_text(pilot))
        assert the_list(pilot).selected == 5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\0",
        b"[]",
        b"[" * 100_000,
        b"9" * 5000,
        b'{"query": "event:event.1", "delivery": 1, "following": false, "tab": "body"}',
        b'{"query": "(", "delivery": 1, "following": false, "tab": "body", "view": null}',
        b'{"query": "", "delivery": 1, "following": false, "tab": "body", "view": "upside down"}',
        b'{"query": "", "delivery": "1", "following": false, "tab": "body", "view": null}',
        b'{"query": "", "delivery": 1, "following": 0, "tab": "body", "view": null}',
        b'{"query": "' + b"x" * 1001 + b'", "delivery": 1, "following": false, "tab": "body", "view": null}',
        b" " * FILE_MAX_BYTES + b'{"query": "", "delivery": 1, "following": false, "tab": "body", "view": null}',
    ],
)  # fmt: skip
async def test_file_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        assert the_list(pilot).selected == 3
        assert the_list(pilot).following
        assert not pilot.app.screen.query_one(FilterBar).has_class("-shown")


@pytest.mark.parametrize("number", [-1, 0, 10**30, True])
async def test_number_of_no_delivery(tmp_path: Path, number: int) -> None:
    leave(tmp_path, delivery=number, following=False, tab="upside down", view="hex")
    async with opened(FakeClient(*rows(3, first=2)), tmp_path) as pilot:
        assert the_list(pilot).selected == 4
        assert detail(pilot).tabs.active == "body"


async def test_hostile_filter_is_shown_as_if_it_had_been_typed(tmp_path: Path) -> None:
    leave(tmp_path, query="\x1b]52;c;x\x07 [/] \u202e")
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        await until(pilot, lambda: "0 of 3" in screen_text(pilot))
        assert "/ ␛]52;c;x␇ [/] \\u202e" in screen_text(pilot)


async def test_place_that_takes_no_file(tmp_path: Path) -> None:
    """Nothing is remembered then, and nobody is bothered with it."""
    (tmp_path / FILE).mkdir()
    async with opened(FakeClient(*rows(3)), tmp_path) as pilot:
        await pilot.press("k")
    assert (tmp_path / FILE).is_dir()
