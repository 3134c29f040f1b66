import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from textual.message import Message

from inspector.client import Connection
from inspector.core.briefs import News
from inspector.core.wire import JSON
from inspector.errors import HooktapError, UnreachableError
from tests.factories import attempt, delivery
from tests.tui.fakes import FakeClient
from tui import intake
from tui.intake import FIRST, SLICE, WAITING_MAX, Intake
from tui.messages import ConnectionChanged, HealthLoaded, HistoryLoaded


class Told:
    """Keeps what was told, to be waited for."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.broke = False

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            return await self.messages.get()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "RETRY_S", 0)


async def test_newest_numbers_first_then_the_feed_from_the_highest() -> None:
    client = FakeClient((delivery(id=1), []), (delivery(id=3), [attempt(id=4, delivery_id=3)]))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(told.messages.put_nowait))
        messages = [await told.next() for _ in range(4)]
        reading.cancel()

    assert [type(each) for each in messages] == [
        HealthLoaded,
        HistoryLoaded,
        ConnectionChanged,
        HealthLoaded,
    ]
    assert ("feed", 4) in client.calls


async def test_feed_begins_where_the_store_was_before_the_history() -> None:
    """Its newest record may be one that no page shows: a verdict, or an attempt at an old delivery."""
    client = Checked((delivery(id=3), []))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(told.messages.put_nowait))
        while not isinstance(await told.next(), ConnectionChanged):
            pass
        reading.cancel()

    assert [call for call in client.calls if call[0] == "feed"] == [("feed", 9000)]


class Checked(FakeClient):
    """Has checked its deliveries over and over."""

    async def health(self) -> JSON:
        return {**await super().health(), "newest": 9000}


@pytest.mark.parametrize("count", [0, FIRST - 1, FIRST, FIRST + 1, FIRST + 2 * SLICE + 1])
async def test_all_numbers_are_read_in_slices_while_the_feed_goes_on(count: int) -> None:
    client = FakeClient(*((delivery(id=number + 1), []) for number in range(count)))
    told = Told()
    numbers: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(told.messages.put_nowait))
        while len(numbers) < count or not any(call[0] == "feed" for call in client.calls):
            if isinstance(message := await told.next(), HistoryLoaded):
                assert len(message.numbers) <= SLICE
                numbers += message.numbers
        reading.cancel()

    assert numbers == list(range(count, 0, -1))


async def test_history_goes_on_after_a_break() -> None:
    client = FakeClient(*((delivery(id=number + 1), []) for number in range(FIRST + 5)))
    told = Told()
    numbers: list[int] = []

    def tell(message: Message) -> None:
        if isinstance(message, HistoryLoaded):
            client.problem = UnreachableError("gone") if not told.broke else None
            told.broke = True
        told.messages.put_nowait(message)

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(tell))
        while len(numbers) < FIRST + 5:
            message = await told.next()
            if isinstance(message, ConnectionChanged):
                client.problem = None
            if isinstance(message, HistoryLoaded):
                numbers += message.numbers
        reading.cancel()

    assert numbers == list(range(FIRST + 5, 0, -1))


async def test_records_wait_to_be_taken_and_are_bounded() -> None:
    """A terminal that does not look holds the feed back, not the records in its memory."""
    client = FakeClient()
    reader = Intake(client)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(reader.run(lambda _: None))
        client.arrive(*(delivery(id=number + 1) for number in range(2 * WAITING_MAX)))
        taken: list[News] = []
        while len(taken) < 2 * WAITING_MAX:
            await asyncio.sleep(0)
            batch = reader.take()
            assert len(batch) <= WAITING_MAX
            taken += batch
        reading.cancel()

    assert [record.id for record in taken] == list(range(1, 2 * WAITING_MAX + 1))
    assert reader.take() == []


class Refusing(FakeClient):
    """Refuses the feed once, right after its first record."""

    refusals = 1

    async def glance(
        self, after: int, whole_per_s: int
    ) -> AsyncGenerator[Sequence[News] | Connection, None]:
        async for item in super().glance(after, whole_per_s):
            yield item
            if self.refusals and not isinstance(item, Connection):
                self.refusals -= 1
                raise HooktapError("the token was refused")


async def test_it_goes_on_after_a_refusal_where_it_was() -> None:
    client = Refusing((delivery(id=7), []))
    client.arrive(delivery(id=9))
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(told.messages.put_nowait))
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
    assert client.calls.count(("numbers", "", None, None)) == 1


async def test_no_inspector_at_the_start() -> None:
    client = FakeClient((delivery(id=7), []))
    client.problem = UnreachableError("no inspector answers")
    told = Told()
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(Intake(client).run(told.messages.put_nowait))
        lost = await told.next()
        assert isinstance(lost, ConnectionChanged)
        assert lost.connection is Connection.RECONNECTING
        client.problem = None
        while not isinstance(await told.next(), HistoryLoaded):
            pass
        reading.cancel()
