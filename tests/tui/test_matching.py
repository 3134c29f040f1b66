import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from textual.message import Message

from inspector.core.briefs import News, brief
from inspector.core.found import Numbers
from inspector.core.model import Record
from inspector.errors import QueryError, UnreachableError
from tests.factories import attempt, delivery, verdict
from tests.tui.fakes import FakeClient
from tui import matching
from tui.matching import FIRST, MOST_CHANGED, Matching
from tui.messages import FilterRefused, MatchesFound, MatchesSettled, RowsLoaded
from tui.pages import Pages
from tui.window import Window


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "RETRY_S", 0)
    monkeypatch.setattr(matching, "PAUSE_S", 0)
    monkeypatch.setattr(matching, "BREATH_S", 0)


class Running:
    """One filter at work, and what it has told."""

    def __init__(self, client: FakeClient) -> None:
        self.window = Window()
        self.matching = Matching(client, Pages(client, self.window))
        self.told: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self) -> Message:
        """Return what is told next, but for rows: those are taken in, as the screen does."""
        async with asyncio.timeout(10):
            while isinstance(message := await self.told.get(), RowsLoaded):
                self.window.add_page(message.page)
        return message


@asynccontextmanager
async def running(client: FakeClient, query: str = "event:x") -> AsyncIterator[Running]:
    run = Running(client)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(run.matching.run(query, run.told.put_nowait))
        yield run
        task.cancel()


def some(count: int) -> FakeClient:
    return FakeClient(
        *((delivery(id=n, event="x" if n % 2 else "y"), []) for n in range(1, count + 1))
    )


async def test_newest_matches_come_first_and_then_the_rest() -> None:
    async with running(some(4 * FIRST)) as run:
        first, rest = await run.next(), await run.next()

    assert isinstance(first, MatchesFound)
    assert isinstance(rest, MatchesFound)
    assert (first.is_first, rest.is_first) == (True, False)
    assert [*first.found.numbers, *rest.found.numbers] == list(range(4 * FIRST - 1, 0, -2))
    assert len(first.found.numbers) == FIRST


async def test_the_newest_matches_come_with_their_rows() -> None:
    """Else their lines are painted twice."""
    async with running(some(4 * FIRST)) as run:
        first = await run.next()

        assert isinstance(first, MatchesFound)
        assert all(number in run.window for number in first.found.numbers)


@pytest.mark.parametrize("put", [lambda record: record, brief], ids=["whole", "in short"])
async def test_what_comes_and_what_changes_is_looked_at_again(
    put: Callable[[Record], News],
) -> None:
    """An attempt or a verdict may make an old delivery match, or no longer."""
    client = some(6)
    async with running(client) as run:
        await run.next()
        for made in (delivery(id=9, event="x"), delivery(id=10, event="y")):
            client.rows[made.id] = (made, [])
        run.matching.note(
            put(record)
            for record in (
                delivery(id=9),
                delivery(id=10),
                attempt(id=11, delivery_id=1),
                verdict(id=12, delivery_id=2),
            )
        )
        settled = await run.next()

    assert isinstance(settled, MatchesSettled)
    assert list(settled.looked_at) == [9, 10, 1, 2]
    assert settled.matching == {9, 1}


async def test_too_much_change_begins_the_search_anew() -> None:
    client = some(6)
    async with running(client) as run:
        await run.next()
        run.matching.note(attempt(delivery_id=n) for n in range(MOST_CHANGED * 2))
        while isinstance(message := await run.next(), MatchesSettled):
            pass

    assert isinstance(message, MatchesFound)
    assert message.is_first


class Stopping(FakeClient):
    """Finds one number at a time, as where there is much to look at."""

    async def numbers(
        self,
        query: str = "",
        before: int | None = None,
        limit: int = 50_000,
        ids: Sequence[int] | None = None,
    ) -> Numbers:
        return await super().numbers(query, before, 1, ids)


async def test_look_at_a_few_is_finished_however_often_it_stops() -> None:
    client = Stopping(*some(6).rows.values())
    async with running(client) as run:
        while True:
            message = await run.next()
            assert isinstance(message, MatchesFound)
            if message.found.before is None:
                break
        run.matching.note([delivery(id=n) for n in (1, 3, 5, 6)])
        settled = await run.next()

    assert isinstance(settled, MatchesSettled)
    assert settled.matching == {1, 3, 5}


async def test_query_that_is_refused_ends_it() -> None:
    client = some(2)
    client.problem = QueryError("unknown key")
    run = Running(client)

    await run.matching.run("colour:red", run.told.put_nowait)

    refused = await run.next()
    assert isinstance(refused, FilterRefused)
    assert refused.problem == "unknown key"


async def test_it_goes_on_when_the_inspector_is_back() -> None:
    client = some(2)
    client.problem = UnreachableError("no inspector answers")
    async with running(client) as run:
        assert isinstance(await run.next(), FilterRefused)
        client.problem = None
        while isinstance(message := await run.next(), FilterRefused):
            pass

    assert isinstance(message, MatchesFound)
