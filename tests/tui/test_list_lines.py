from pathlib import Path

import pytest
from textual.app import RenderResult
from textual.scrollbar import ScrollBar

from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, until
from tui.widgets.delivery_list import DeliveryList


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return, growing, how many lines there were each time the list's scrollbar was drawn."""
    lines: list[int] = []
    render = ScrollBar.render

    def rendered(bar: ScrollBar) -> RenderResult:
        if isinstance(bar.parent, DeliveryList):
            lines.append(int(bar.window_virtual_size))
        return render(bar)

    monkeypatch.setattr(ScrollBar, "render", rendered)
    return lines


async def test_the_scrollbar_is_drawn_anew_only_when_its_handle_changes(
    tmp_path: Path, drawn: list[int]
) -> None:
    client = FakeClient(*((delivery(id=number), []) for number in range(1, 1001)))
    async with opened(client, tmp_path, (120, 40)) as pilot:
        rows = pilot.app.screen.query_one(DeliveryList)

        async def arrive(*numbers: int) -> None:
            client.arrive(*(delivery(id=number) for number in numbers))
            await until(pilot, lambda: rows.virtual_size.height == numbers[-1] + 1)
            await pilot.pause()

        await pilot.press("g")
        await arrive(1001)
        before = [*drawn]
        await arrive(1002)
        assert drawn == before, "the handle is where it was, and as long"
        await arrive(*range(1003, 1201))
        await until(pilot, lambda: drawn[-1] == 1201)
