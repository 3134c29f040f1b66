"""One line for each event, from the keyboard: what is seen of it, and that nothing jumps while retries come in."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from textual.pilot import Pilot

from inspector.client import Client
from inspector.core.model import Attempt, Delivery, Endpoint
from inspector.datadir import DataDir
from inspector.server import Inspector
from tests import fakes
from tests.client.test_replaying import saying
from tests.factories import attempt, delivery, response
from tests.test_pipeline import JINKO, attempts_of, running, signed
from tests.tui.fakes import FakeClient, opened, screen_text, until
from tui.app import HooktapApp
from tui.screens.deliveries import DeliveriesScreen
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.detail_pane import DetailPane

HOSTILE = "\x1b]52;c;eA==\x07\x9b2J\x00\u202e[/][@click=app.quit]x"

ID = "[/][@click=app.quit]'; --"
"""As much of that as stands in a header."""


def of_event(number: int, first: int | None, status: int = 200) -> tuple[Delivery, list[Attempt]]:
    made = delivery(id=number, event=f"event.{first or number}", event_id="e", duplicate_of=first)
    tried = attempt(id=number + 1000, delivery_id=number, number=1, result=response(status=status))
    return made, [tried]


def rows() -> list[tuple[Delivery, Sequence[Attempt]]]:
    """Build four events in seven deliveries: 2 came again as 4 and 6, 3 as 5."""
    firsts = {4: 2, 5: 3, 6: 2}
    statuses = {2: 500, 4: 503, 5: 500}
    return [of_event(each, firsts.get(each), statuses.get(each, 200)) for each in range(1, 8)]


def the_list(pilot: Pilot[None]) -> DeliveryList:
    return pilot.app.screen.query_one(DeliveryList)


def shown(pilot: Pilot[None]) -> list[str]:
    """Return the lines of the list in a terminal of 80x24, without their left half."""
    height = len(the_list(pilot)._listing)
    return [
        line[1:].split("  ·")[0].strip() for line in screen_text(pilot).split("\n")[2 : 2 + height]
    ]


def line_of(pilot: Pilot[None], number: int) -> str:
    return next(
        line
        for line in screen_text(pilot).split("\n")
        if line[1:].lstrip().startswith(f"{number} ")
    )


async def test_events_are_folded_and_unfolded(tmp_path: Path) -> None:
    """t: a line each, with how many, how many failed, and what became of the last; t again: all."""
    async with opened(FakeClient(*rows()), tmp_path) as pilot:
        assert len(shown(pilot)) == 7
        await pilot.press("t")
        await until(pilot, lambda: "▸ folded" in screen_text(pilot))
        assert [line.split()[0] for line in shown(pilot)] == ["1", "2", "3", "7"]
        assert "▸ x3 ✗2 event.2 " in line_of(pilot, 2)
        assert "✓ 200" in line_of(pilot, 2)
        assert "▸ x2 ✗1 event.3 " in line_of(pilot, 3)
        assert "✗ 500" in line_of(pilot, 3)
        assert "▸" not in line_of(pilot, 1)
        await pilot.press("t")
        assert len(shown(pilot)) == 7
        assert "folded" not in screen_text(pilot)


async def test_an_event_is_opened_and_closed(tmp_path: Path) -> None:
    async with opened(FakeClient(*rows()), tmp_path) as pilot:
        await pilot.press("t", "g", "j", "space")
        assert [line.split()[0] for line in shown(pilot)] == ["1", "2", "4", "6", "3", "7"]
        assert "▾ x3 ✗2 event.2 " in line_of(pilot, 2)
        assert "✗ 500" in line_of(pilot, 2)
        assert "    event.2  dup of #2" in line_of(pilot, 4)
        await pilot.press("j", "j")
        assert the_list(pilot).selected == 6
        await until(pilot, lambda: pilot.app.screen.query_one(DetailPane).delivery_id == 6)
        await pilot.press("space")
        assert the_list(pilot).selected == 2
        assert len(shown(pilot)) == 4


async def test_what_is_opened_at_the_lower_edge_comes_into_sight(tmp_path: Path) -> None:
    """All of it, or as much as fits under the event's own line; what is in sight already stays where it is."""
    last = [of_event(50, None), *(of_event(number, 50) for number in range(51, 54))]
    many = [of_event(60, None), *(of_event(number, 60) for number in range(61, 161))]
    events = [*(of_event(number, None) for number in range(1, 41)), *last]
    async with opened(FakeClient(*events), tmp_path) as pilot:
        await pilot.press("t", "space")
        await until(pilot, lambda: " 53 " in screen_text(pilot))
        assert the_list(pilot).selected == 50
        assert "▾ x4" in line_of(pilot, 50)
        top = the_list(pilot).scroll_offset.y
        await pilot.press("space", "space")
        assert the_list(pilot).scroll_offset.y == top
    async with opened(FakeClient(*events, *many), tmp_path / "another") as pilot:
        await pilot.press("t", "space")
        await until(pilot, lambda: " 61 " in screen_text(pilot))
        assert "▾ x101" in screen_text(pilot).split("\n")[2]
        assert the_list(pilot).selected == 60


async def test_space_is_of_no_use_elsewhere(tmp_path: Path) -> None:
    """In a list that is not folded, on an event that came once, and where there is nothing."""
    async with opened(FakeClient(*rows()), tmp_path) as pilot:
        await pilot.press("space", "t", "space")
        assert the_list(pilot).following
        assert len(shown(pilot)) == 4
    async with opened(FakeClient(), tmp_path) as pilot:
        await pilot.press("t", "space", "j", "t")
        assert the_list(pilot).selected is None


async def test_what_is_selected_stays_selected(tmp_path: Path) -> None:
    """Also a retry: its event is open then. Unfolded, it is where it was."""
    async with opened(FakeClient(*rows()), tmp_path) as pilot:
        await pilot.press("k", "k", "t")
        assert the_list(pilot).selected == 5
        assert [line.split()[0] for line in shown(pilot)] == ["1", "2", "3", "5", "7"]
        await pilot.press("t")
        assert the_list(pilot).selected == 5
        assert len(shown(pilot)) == 7


async def test_a_retry_that_comes_moves_nothing(tmp_path: Path) -> None:
    """Its event's line tells of it; nothing counts as new below."""
    client = FakeClient(*rows())
    async with opened(client, tmp_path) as pilot:
        await pilot.press("t", "k", "k")
        before = [line.split()[0] for line in shown(pilot)]
        again, (tried,) = of_event(2000, 3)
        client.arrive(again)
        await until(pilot, lambda: "▸ x3 ✗1 event.3" in line_of(pilot, 3))
        assert the_list(pilot).selected == 2
        assert "✗ 500" not in line_of(pilot, 3)
        assert " new" not in screen_text(pilot).split("\n")[0]
        client.arrive(replace(tried, id=2001, delivery_id=2000, result=response(status=502)))
        await until(pilot, lambda: "▸ x3 ✗2 event.3" in line_of(pilot, 3))
        assert "✗ 502" in line_of(pilot, 3)
        assert [line.split()[0] for line in shown(pilot)] == before


async def test_while_following_the_newest_event_is_selected(tmp_path: Path) -> None:
    client = FakeClient(*rows())
    async with opened(client, tmp_path) as pilot:
        await pilot.press("t")
        client.arrive(*(of_event(number, first)[0] for number, first in [(2000, 7), (2001, 3)]))
        await until(pilot, lambda: "▸ x3 ✗1 event.3" in line_of(pilot, 3))
        assert the_list(pilot).selected == 7
        client.arrive(of_event(2002, None)[0])
        await until(pilot, lambda: the_list(pilot).selected == 2002)


async def test_filter_that_matches_only_a_retry(tmp_path: Path) -> None:
    client = FakeClient(*rows())
    client.matches = lambda query, each: not query or each.id in {4, 6, 7}
    async with opened(client, tmp_path) as pilot:
        await pilot.press("t", "/", "x", "enter")
        await until(pilot, lambda: "3 of 7" in screen_text(pilot))
        assert [line.split()[0] for line in shown(pilot)] == ["4", "7"]
        assert "▸ x2 ✗1 event.2" in line_of(pilot, 4)
        await pilot.press("escape")
        await until(pilot, lambda: len(shown(pilot)) == 4)


async def test_history_leads_into_the_fold(tmp_path: Path) -> None:
    """To go to a retry opens its event."""
    async with opened(FakeClient(*rows()), tmp_path) as pilot:
        await pilot.press("t")
        the_list(pilot).go_to(5)
        await until(pilot, lambda: the_list(pilot).selected == 5)
        assert [line.split()[0] for line in shown(pilot)] == ["1", "2", "3", "5", "7"]


async def test_the_first_was_pruned(tmp_path: Path) -> None:
    client = FakeClient(*rows())
    del client.rows[2]
    async with opened(client, tmp_path) as pilot:
        await pilot.press("t")
        await until(pilot, lambda: "▸ x2 ✗1 event.2" in line_of(pilot, 4))
        assert [line.split()[0] for line in shown(pilot)] == ["1", "3", "4", "7"]


async def test_a_thousand_retries_and_small_screens(tmp_path: Path) -> None:
    many = [of_event(1, None), *(of_event(number, 1, 500) for number in range(2, 1002))]
    async with opened(FakeClient(*many), tmp_path, (60, 20)) as pilot:
        await pilot.press("g", "t")
        await until(pilot, lambda: "▸ x1,001 ✗999+" in screen_text(pilot))
        await pilot.press("space", "G")
        assert the_list(pilot).selected == 1001
        for size in ((1, 1), (20, 5), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("space")
        assert the_list(pilot).selected == 1


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[Pilot[None]]:
    """Open it on the inspector whose data is in `folder`."""
    async with Client.of(DataDir(folder)) as client:
        app = HooktapApp(client, directory=folder, zone=UTC)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, lambda: "● connected" in screen_text(pilot))
            yield pilot


async def receive(inspector: Inspector, endpoint: Endpoint, event_id: str) -> None:
    body = json.dumps({"event": HOSTILE}).encode()
    request = signed(body)
    with_id = request.headers.replacing(b"X-Jinko-Event-Id", event_id.encode())
    await inspector.pipeline.accept(endpoint, replace(request, headers=with_id))


async def test_on_a_real_inspector(tmp_path: Path) -> None:
    """From the history and from the feed; with ids and events that want to be more than text."""
    script = saying(fakes.answer(500), fakes.OK)
    async with fakes.serve(script) as target:
        jinko = replace(JINKO, target=target.url)
        async with running(tmp_path, jinko) as inspector:
            for count, event_id in enumerate([ID, ID, "evt_2"], 1):
                await receive(inspector, jinko, event_id)
                await attempts_of(inspector, count)
            async with terminal(tmp_path) as pilot:
                await pilot.press("t")
                await until(pilot, lambda: "▸ x2 ✗1 ␛]52;c;" in screen_text(pilot))
                await receive(inspector, jinko, ID)
                await until(pilot, lambda: "▸ x3 ✗1 ␛]52;c;" in screen_text(pilot))
                await pilot.press("g", "space")
                assert len(shown(pilot)) == 4
                deliveries_screen(pilot).show_filter("is:duplicate")
                await until(pilot, lambda: "2 of 4" in screen_text(pilot))
                await until(pilot, lambda: "▾ x2 ␛]52;c;" in screen_text(pilot))
                assert not set("\x1b\x07\x9b\0") & set(screen_text(pilot))


def deliveries_screen(pilot: Pilot[None]) -> DeliveriesScreen:
    screen = pilot.app.screen
    assert isinstance(screen, DeliveriesScreen)
    return screen
