"""F24: the worst bodies there are, opened in the terminal while deliveries come in: neither event loop is held."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from textual.message import Message

from inspector.lag import Lag
from tests import process
from tests.load import read_answer
from tests.process import Running
from tests.tui.fakes import until
from tests.wire import Wire, connect, stored_as, talk
from tui.app import HooktapApp
from tui.bodyview import LINE_CAP
from tui.widgets import body_pane, line_view
from tui.widgets.body_pane import AT_ONCE_BYTES, BodyPane
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.line_view import AT_ONCE_CHARACTERS

RATE = 200
JSON = ((b"Content-Type", b"application/json"),)
OBJECTS = 110_000
WORST = (
    Wire(body=b"x" * 1_000_000),
    Wire(body="é\u0301漢".encode() * 40_000),
    Wire(headers=JSON, body=b"[" * 100_000 + b"]" * 100_000),
    Wire(headers=JSON, body=b"[%b]" % b",".join([b'{"a":12}'] * OBJECTS)),
)


@dataclass(frozen=True)
class Gaps:
    """For how long at worst an event loop was held."""

    inspector_ms: int
    terminal_ms: int


async def busy_screen(folder: Path) -> Gaps:
    """Open every one of WORST, in two of its views, while `RATE` deliveries a second come in."""
    lag = Lag(every_s=0.005)
    shown: list[Message] = []

    def note(message: Message) -> None:
        if isinstance(message, BodyPane.Shown):
            shown.append(message)

    async with process.inspector(folder) as running, running.client() as client:
        numbers = [stored_as(await talk(running.ingress, wire.raw)) for wire in (*WORST, Wire())]
        app = HooktapApp(client, directory=folder)
        async with app.run_test(size=(120, 40), message_hook=note) as pilot:

            async def until_shown() -> None:
                await until(pilot, lambda: shown and is_folded(app))
                shown.clear()

            await until_shown()
            await pilot.press(
                "k"
            )  # no longer the newest, so the deliveries that come leave it selected
            with lag.watched():
                async with steadily(running):
                    for number in reversed(numbers[:-1]):
                        await until_shown()
                        assert app.screen.query_one(DeliveryList).selected == number
                        await pilot.press("b")
                        await until_shown()
                        await pilot.press("k")
        inspector_ms = int((await client.health())["lag_ms"])
    return Gaps(inspector_ms, lag.worst_ms())


def is_folded(app: HooktapApp) -> bool:
    """Whether what is shown has its rows, which long bodies get in a thread."""
    lines = app.screen.query_one(BodyPane).view_lines
    return lines._folding.lines is lines.lines


@asynccontextmanager
async def steadily(running: Running) -> AsyncIterator[None]:
    """Send `RATE` deliveries a second while the block runs; each must be answered 200."""

    async def send() -> None:
        reader, writer = await connect(running.ingress)
        with closing(writer):
            while True:
                writer.write(b"POST /in/load HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
                answered, _ = await read_answer(reader)
                assert answered == 200
                await asyncio.sleep(1 / RATE)

    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(send())
        yield
        sending.cancel()


async def test_no_long_body_is_laid_out_on_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, indenting, folding: what grows with the body is done in a thread. The loop draws what is in sight."""
    lengths: Counter[str] = Counter()

    def watched(place: ModuleType, name: str, length: Callable[..., int]) -> None:
        function = getattr(place, name)

        def call(first: Any, *others: Any, **named: Any) -> Any:
            on_loop = threading.current_thread() is threading.main_thread()
            found = f"{name} {'on the loop' if on_loop else 'in a thread'}"
            lengths[found] = max(lengths[found], length(first))
            return function(first, *others, **named)

        monkeypatch.setattr(place, name, call)

    watched(body_pane, "build", lambda body: len(body.content))
    watched(line_view, "Folding", lambda lines: sum(len(each.content) for each in lines))
    watched(line_view, "highlight", len)

    await busy_screen(tmp_path)

    assert lengths["build on the loop"] <= AT_ONCE_BYTES
    assert lengths["Folding on the loop"] <= AT_ONCE_CHARACTERS
    assert lengths["highlight on the loop"] <= LINE_CAP
    assert lengths["build in a thread"] > AT_ONCE_BYTES
    assert lengths["Folding in a thread"] > AT_ONCE_CHARACTERS
