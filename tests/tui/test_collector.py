"""What the terminal no longer needs is freed at once, and is not left to the collector, which seldom runs."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.worker import Worker

from tests.factories import delivery
from tests.tui.fakes import FakeClient, opened, until
from tui.widgets.detail_pane import DetailPane

FEW = 100
"""Objects: a line with its caches is half as many, a worker a tenth."""

pytestmark = pytest.mark.usefixtures("uncollected")


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Let the collector run only when it is told to."""
    gc.disable()
    yield
    gc.enable()


async def test_deliveries_that_arrive_leave_nothing_to_the_collector(tmp_path: Path) -> None:
    """Neither lines that were painted nor those of a body, nor the workers that read it."""
    client = FakeClient((delivery(id=1), []))
    async with opened(client, tmp_path, (120, 40)) as pilot:
        detail = pilot.app.screen.query_one(DetailPane)
        numbers = iter(range(2, 1000))

        async def arrive() -> None:
            new = [delivery(id=next(numbers)) for _ in range(20)]
            client.arrive(*new)
            await until(pilot, lambda: detail.delivery_id == new[-1].id)
            await pilot.pause()

        for _ in range(3):
            await arrive()
        gc.collect()
        for _ in range(5):
            await arrive()
        assert gc.collect() < FEW


async def test_a_worker_that_is_done_is_let_go(tmp_path: Path) -> None:
    async def work() -> str:
        return "done"

    async with opened(FakeClient(), tmp_path) as pilot:
        worker: Worker[str] = pilot.app.run_worker(work)
        assert await worker.wait() == "done"
        await pilot.pause()
        left = weakref.ref(worker)
        del worker
        assert left() is None
