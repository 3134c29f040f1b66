"""The panel of endpoints and the status line, each alone on the screen, with keys through the pilot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

import tui
from inspector.client import Client
from inspector.core.model import Outcome, Verification
from inspector.core.wire import JSON
from inspector.errors import HooktapError, UnreachableError
from tests.factories import NOW_S, attempt, delivery, response
from tests.tui.fakes import screen_text, until
from tests.wire import HOSTILE, assert_harmless
from tui import endpointlines
from tui.messages import Told
from tui.pulse import Pulse
from tui.screens.endpoints import EMPTY, EndpointsScreen
from tui.surroundings import HEALTH_LOOKS, Surroundings
from tui.widgets.status_line import StatusLine

NOW_US = NOW_S * 1_000_000
STYLES = Path(tui.__file__).parent / "hooktap.tcss"
UP: JSON = {"up": True, "since_us": NOW_US, "checked_at_us": NOW_US, "detail": ""}
DOWN: JSON = {**UP, "up": False, "detail": "nobody listens at 127.0.0.1:9 (is your app running?)"}


def endpoint(name: str = "shop", **fields: object) -> JSON:
    base: JSON = {
        "name": name,
        "provider": None,
        "url": f"http://127.0.0.1:8400/in/{name}",
        "target": "http://127.0.0.1:3000/",
        "secrets": 0,
        "reply": "ack",
        "configured": True,
        "paused_at_us": None,
        "backlog": 0,
        "health": UP,
        "tally": {"deliveries": 0, "recent": 0, "invalid": 0, "failed": 0, "last_at_us": None},
    }
    return base | fields


class Endpoints(Client):
    """Has these endpoints, which can be paused."""

    def __init__(self, *rows: JSON) -> None:
        super().__init__("http://127.0.0.1:0", "no token")
        self.rows = list(rows)
        self.problem: HooktapError | None = None
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        """Endpoints wait for it."""
        self.gate.set()

    async def endpoints(self) -> list[JSON]:
        self._note("endpoints")
        await self.gate.wait()
        return [dict(row) for row in self.rows]

    async def health(self) -> JSON:
        self._note("health")
        return {"store_bytes": 2**20, "disk_free_bytes": 2**30, "disk_is_scarce": False}

    async def pause(self, endpoint: str) -> JSON:
        return self._set(endpoint, paused_at_us=NOW_US, backlog=3)

    async def resume(self, endpoint: str) -> JSON:
        return self._set(endpoint, paused_at_us=None)

    def _set(self, name: str, **fields: object) -> JSON:
        self._note("pause" if fields["paused_at_us"] else "resume")
        (row,) = (each for each in self.rows if each["name"] == name)
        row.update(fields)
        return row

    def _note(self, call: str) -> None:
        self.asked.append(call)
        if self.problem is not None:
            raise self.problem


class PanelApp(App[None]):
    CSS_PATH = STYLES

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.client = client
        self.copied: list[str] = []
        self.chosen: list[str | None] = []
        self.told: list[str] = []

    def on_mount(self) -> None:
        self.push_screen(EndpointsScreen(self.client, self.copy, UTC), self.chosen.append)

    async def copy(self, text: str, what: str) -> Told:
        self.copied.append(text)
        return Told(f"copied {what}")

    def on_told(self, message: Told) -> None:
        self.told.append(message.sentence)


@asynccontextmanager
async def panel(
    client: Endpoints, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Pilot[None], PanelApp]]:
    app = PanelApp(client)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "endpoints" in client.asked)
        await pilot.pause()
        yield pilot, app


async def test_each_endpoint_has_its_line_and_the_chosen_one_its_facts() -> None:
    rows = [
        endpoint(
            "jinko",
            provider="jinko",
            secrets=1,
            tally={
                "deliveries": 1042,
                "recent": 17,
                "invalid": 2,
                "failed": 3,
                "last_at_us": NOW_US,
            },
        ),
        endpoint("shop", health=DOWN, paused_at_us=None, secrets=2),
        endpoint("crm", paused_at_us=NOW_US, backlog=1234, reply="target"),
        endpoint("kept", target=None, health=None),
    ]
    async with panel(Endpoints(*rows)) as (pilot, _):
        lines = screen_text(pilot).split("\n")
        (jinko,) = (line for line in lines if "jinko  " in line and "1,042" in line)
        assert "● up" in jinko
        assert "known" in jinko
        text = "\n".join(lines)
        for part in ("✗ down", "‖ paused", "1,234", "· kept", "2 known", "kept, not forwarded"):
            assert part in text
        assert "1,042 deliveries, 17 today: 2 failed their check, 3 were not taken" in text
        assert "http://127.0.0.1:8400/in/jinko" in text

        await pilot.press("j")
        await pilot.pause()
        assert "nobody listens at 127.0.0.1:9" in screen_text(pilot)


async def test_p_pauses_and_resumes() -> None:
    client = Endpoints(endpoint("jinko"), endpoint("shop"))
    async with panel(client) as (pilot, app):
        await pilot.press("down", "p")
        await until(pilot, lambda: "‖ paused" in screen_text(pilot))
        assert client.rows[0]["paused_at_us"] is None
        assert "3 waiting" in screen_text(pilot)
        await pilot.press("space")
        await until(pilot, lambda: "▶ sending" in screen_text(pilot))
        assert app.chosen == []


async def test_a_refusal_is_told() -> None:
    client = Endpoints(endpoint("kept", target=None))
    async with panel(client) as (pilot, app):
        client.problem = UnreachableError("no inspector answers \x1b")
        await pilot.press("p")
        await until(pilot, lambda: app.told == ["no inspector answers \x1b"])
        await until(pilot, lambda: "no inspector answers ␛" in screen_text(pilot))


@pytest.mark.parametrize(("key", "answer"), [("enter", "shop"), ("escape", None), ("E", None)])
async def test_it_answers_with_what_is_to_be_listed(key: str, answer: str | None) -> None:
    async with panel(Endpoints(endpoint("shop"))) as (pilot, app):
        await pilot.press(key)
        await until(pilot, lambda: app.chosen == [answer])


async def test_c_copies_the_url() -> None:
    async with panel(Endpoints(endpoint("shop"))) as (pilot, app):
        await pilot.press("c")
        await until(pilot, lambda: app.copied == ["http://127.0.0.1:8400/in/shop"])
        await until(pilot, lambda: app.told == ["copied the URL of shop"])


async def test_an_endpoint_that_comes_up_moves_nothing() -> None:
    client = Endpoints(endpoint("a"), endpoint("b"))
    async with panel(client) as (pilot, app):
        await pilot.press("down")
        client.rows.append(endpoint("c"))
        await pilot.press("p")
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count == 3)
        assert app.screen.query_one(OptionList).highlighted == 1


@pytest.mark.parametrize("keys", ["p", "c", "enter", "j"])
async def test_without_endpoints_keys_do_nothing(keys: str) -> None:
    async with panel(Endpoints()) as (pilot, app):
        assert EMPTY[:40] in screen_text(pilot)
        await pilot.press(keys)
        await pilot.pause()
        assert app.chosen == app.copied == []


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (20, 5), (3, 2), (1, 1)])
async def test_any_size(size: tuple[int, int]) -> None:
    async with panel(Endpoints(*(endpoint(f"e{n}") for n in range(200))), size) as (pilot, app):
        await pilot.press("down", "up")
        await pilot.pause()
        if size[0] >= 60:
            head = str(app.screen.query_one("#endpoint-head", Static).content)
            assert head.split()[:4] == ["endpoint", "state", "waiting", "today"]


async def test_that_there_is_no_endpoint_is_said_once_it_is_known() -> None:
    """Not while the inspector is away, whatever becomes of the terminal's size."""
    client = Endpoints()
    client.problem = UnreachableError("no inspector answers")
    async with panel(client) as (pilot, _):
        await until(pilot, lambda: "no inspector answers" in screen_text(pilot))
        await pilot.resize_terminal(100, 30)
        await pilot.pause()
        await pilot.pause()
        assert "no inspector answers" in screen_text(pilot)
        assert EMPTY[:24] not in screen_text(pilot)
        client.problem = None
        await until(pilot, lambda: EMPTY[:24] in screen_text(pilot))
        client.rows.append(endpoint("shop"))
        await until(pilot, lambda: "shop" in screen_text(pilot))
        client.problem = UnreachableError("no inspector answers")
        await until(pilot, lambda: "no inspector answers" in screen_text(pilot))
        assert "shop" in screen_text(pilot)


async def test_nothing_is_said_before_the_first_answer() -> None:
    client = Endpoints()
    client.gate.clear()
    async with panel(client) as (pilot, _):
        await pilot.pause()
        assert EMPTY[:24] not in screen_text(pilot)
        client.gate.set()
        await until(pilot, lambda: EMPTY[:24] in screen_text(pilot))


async def test_what_came_from_outside_is_harmless() -> None:
    text = HOSTILE.decode("utf-8", "surrogateescape")
    hostile = endpoint(text, provider=text, target=text, url=text, health={**DOWN, "detail": text})
    async with panel(Endpoints(hostile)) as (pilot, _):
        assert_harmless(screen_text(pilot))


@pytest.mark.parametrize("width", [0, 1, 15, 40, 80, 120, 200])
def test_columns_fit(width: int) -> None:
    cells = endpointlines.line(endpoint("x" * 64, backlog=10**12), width).cell_length
    assert cells == endpointlines.head(width).cell_length
    assert cells <= max(width, endpointlines.COLUMNS[0].width)


# The status line


class LineApp(App[None]):
    CSS_PATH = STYLES

    def __init__(self) -> None:
        super().__init__()
        self.line = StatusLine()

    def compose(self) -> ComposeResult:
        yield self.line


def busy_pulse() -> Pulse:
    pulse = Pulse()
    bad = Verification(Outcome.MISMATCH, "none of 2 secrets reproduces it")
    pulse.note(
        [delivery(received_at_us=NOW_US - n * 1_000_000) for n in range(1, 200)]
        + [delivery(received_at_us=NOW_US - 5_000_000, verification=bad)],
        NOW_US,
    )
    failed = attempt(started_at_us=NOW_US - 9_000_000, result=response(status=500))
    pulse.note([failed, failed], NOW_US)
    return pulse


async def status(
    width: int, endpoints: Sequence[JSON] = (), health: JSON | None = None, *, muted: bool = False
) -> str:
    app = LineApp()
    async with app.run_test(size=(width, 3)) as pilot:
        app.line.know_endpoints(endpoints)
        app.line.know_health(health or {})
        app.line.muted = muted
        app.line.show(busy_pulse(), NOW_US)
        await pilot.pause()
        return screen_text(pilot).split("\n")[0]


async def test_the_line_says_how_things_go() -> None:
    health = {"store_bytes": 12 * 2**20, "disk_free_bytes": 20 * 2**30, "disk_is_scarce": False}
    rows = [endpoint("shop", health=DOWN), endpoint("crm", paused_at_us=NOW_US, backlog=12)]
    line = await status(190, rows, health, muted=True)
    assert "1.1/s" in line
    assert "✗ 1 failed check, 2 failed attempts in 5 min" in line
    assert "✗ shop down" in line
    assert "‖ crm paused, 12 waiting" in line
    assert "20 GiB free" in line
    assert "12 MiB stored" in line
    assert "toasts off" in line
    assert line.split()[0].startswith("····")


async def test_a_disk_that_fills_up_is_said_in_so_many_words() -> None:
    health = {"store_bytes": 1, "disk_free_bytes": 300 * 2**20, "disk_is_scarce": True}
    assert "! only 300 MiB left on the disk" in await status(120, (), health)


async def test_many_endpoints_are_counted() -> None:
    rows = [endpoint(f"e{n}", health=DOWN, paused_at_us=NOW_US) for n in range(3)]
    line = await status(120, rows)
    assert "✗ 3 endpoints down" in line
    assert "‖ 3 endpoints paused" in line


async def test_a_backlog_that_is_being_sent_is_shown() -> None:
    assert "▶ backlog, 12 waiting" in await status(120, [endpoint(backlog=12)])


@pytest.mark.parametrize("width", [1, 2, 7, 20, 59, 80, 119])
async def test_what_matters_least_gives_way(width: int) -> None:
    health = {"store_bytes": 12 * 2**20, "disk_free_bytes": 20 * 2**30, "disk_is_scarce": False}
    line = (await status(width, [endpoint(health=DOWN)], health)).rstrip()
    assert len(line) <= width
    if width >= 59:
        assert "1.1/s" in line
        assert "failed check" in line


async def test_a_look_around_asks_for_endpoints_each_time_and_for_the_disk_sometimes() -> None:
    client = Endpoints(endpoint())
    app = LineApp()
    async with app.run_test(size=(100, 3)):
        around = Surroundings(client, app.line, lambda _: None)
        for _ in range(2 * HEALTH_LOOKS):
            await around.look()
        assert (client.asked.count("endpoints"), client.asked.count("health")) == (10, 2)
        client.problem = UnreachableError("no inspector answers")
        await asyncio.wait_for(around.look(), 5)


async def test_failures_are_told_unless_switched_off() -> None:
    sentences: list[str] = []
    app = LineApp()
    async with app.run_test(size=(100, 3)) as pilot:
        around = Surroundings(Endpoints(), app.line, sentences.append, clock_us=lambda: NOW_US)
        failed = attempt(delivery_id=9, started_at_us=NOW_US, result=response(status=500))
        assert around.toggle_alerts() == "failures are no longer told"
        around.note([failed])
        await pilot.pause()
        assert sentences == []
        assert "toasts off" in screen_text(pilot)
        around.toggle_alerts()
        around.note([failed])
        assert sentences == ["#9 not taken: ✗ 500"]
