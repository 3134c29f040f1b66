import asyncio
from collections.abc import AsyncGenerator

import pytest
from textual.message import Message

from inspector.client import Connection
from inspector.core.model import Record
from inspector.core.wire import JSON
from inspector.errors import HooktapError, UnreachableError
from tests.factories import attempt, delivery
from tests.tui.fakes import FakeClient
from tui import intake
from tui.intake import PAGE, QUEUE_MAX, Intake
from tui.messages import ConnectionChanged, HealthLoaded, PageLoaded


class Told:
    """Keeps what was told, to be waited for."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            return await self.messages.get()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RETRY_S", 0)


async def test_history_first_then_the_feed_from_its_highest_number() -> None:
    client = FakeClient((delivery(id=1), []), (delivery(id=3), [attempt(id=4, delivery_id=3)]))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client, capacity=10).run(told.messages.put_nowait))
        messages = [await told.next() for _ in range(4)]
        reading.cancel()

    assert [type(each) for each in messages] == [
        HealthLoaded,
        PageLoaded,
        ConnectionChanged,
        HealthLoaded,
    ]
    assert ("feed", 4) in client.calls


async def test_feed_begins_where_the_store_was_before_the_history() -> None:
    """Its newest record may be one that no page shows: a verdict, or an attempt at an old delivery."""
    client = Checked((delivery(id=3), []))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client, capacity=10).run(told.messages.put_nowait))
        while not isinstance(await told.next(), ConnectionChanged):
            pass
        reading.cancel()

    assert [call for call in client.calls if call[0] == "feed"] == [("feed", 9000)]


class Checked(FakeClient):
    """Has checked its deliveries over and over."""

    async def health(self) -> JSON:
        return {**await super().health(), "newest": 9000}


@pytest.mark.parametrize(
    ("count", "pages", "has_older"),
    [
        (0, 1, False),
        (PAGE - 1, 1, False),
        (PAGE, 2, False),
        (PAGE + 1, 2, False),
        (3 * PAGE, 2, True),
    ],
)
async def test_history_is_read_up_to_the_capacity(count: int, pages: int, has_older: bool) -> None:
    client = FakeClient(*((delivery(id=number + 1), []) for number in range(count)))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client, capacity=2 * PAGE).run(told.messages.put_nowait))
        messages: list[Message] = []
        while not any(isinstance(each, ConnectionChanged) for each in messages):
            messages.append(await told.next())
        reading.cancel()

    loaded = [each for each in messages if isinstance(each, PageLoaded)]
    assert len(loaded) == pages
    assert sum(len(each.page) for each in loaded) == min(count, 2 * PAGE)
    assert loaded[-1].has_older is has_older


async def test_records_wait_to_be_taken_and_are_bounded() -> None:
    """A terminal that does not look holds the feed back, not the records in its memory."""
    client = FakeClient()
    reader = Intake(client, capacity=10)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(reader.run(lambda _: None))
        client.arrive(*(delivery(id=number + 1) for number in range(2 * QUEUE_MAX)))
        taken: list[Record] = []
        while len(taken) < 2 * QUEUE_MAX:
            await asyncio.sleep(0)
            batch = reader.take()
            assert len(batch) <= QUEUE_MAX
            taken += batch
        reading.cancel()

    assert [record.id for record in taken] == list(range(1, 2 * QUEUE_MAX + 1))
    assert reader.take() == []


class Refusing(FakeClient):
    """Refuses the feed once, right after its first record."""

    refusals = 1

    async def feed(self, after: int | None = None) -> AsyncGenerator[Record | Connection, None]:
        async for item in super().feed(after):
            yield item
            if self.refusals and not isinstance(item, Connection):
                self.refusals -= 1
                raise HooktapError("the token was refused")


async def test_it_goes_on_after_a_refusal_where_it_was() -> None:
    client = Refusing((delivery(id=7), []))
    client.arrive(delivery(id=9))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client, capacity=10).run(told.messages.put_nowait))
        states: list[ConnectionChanged] = []
        while len(states) < 3:
            if isinstance(message := await told.next(), ConnectionChanged):
                states.append(message)
        reading.cancel()

    assert [each.connection for each in states] == [
        Connection.CONNECTED,
        Connection.RECONNECTING,
        Connection.CONNECTED,
    ]
    assert states[1].reason == "the token was refused"
    assert [call for call in client.calls if call[0] == "feed"] == [("feed", 7), ("feed", 9)]
    assert client.calls.count(("deliveries", None)) == 1


async def test_no_inspector_at_the_start() -> None:
    client = FakeClient((delivery(id=7), []))
    client.problem = UnreachableError("no inspector answers")
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client, capacity=10).run(told.messages.put_nowait))
        lost = await told.next()
        assert isinstance(lost, ConnectionChanged)
        assert lost.connection is Connection.RECONNECTING
        client.problem = None
        while not isinstance(await told.next(), PageLoaded):
            pass
        reading.cancel()
