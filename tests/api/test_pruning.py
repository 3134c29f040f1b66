import pytest
from aiohttp import ClientSession

from inspector.core.pruning import PruneOrder, Reclaimed
from inspector.core.wire import JSON
from inspector.errors import NotFoundError, QueryError
from tests.api.serving import Serving


async def test_counting_changes_nothing(api: Serving) -> None:
    await api.receive(5)
    async with api.client() as client:
        would = await client.count(PruneOrder("endpoint:demo", keep=2, received_before_us=2**60))
        assert (would.deliveries, would.owed, would.below, would.after) == (3, 0, 4, None)
    assert len(await api.store.page()) == 5


async def test_part_after_part(api: Serving) -> None:
    """What is shown and gone is not found; the last part says that there is no more."""
    await api.receive(405)
    async with api.client() as client:
        below = (await client.count(PruneOrder())).below
        await api.receive(1)
        gone: list[int] = []
        after: int | None = 0
        while after is not None:
            part = await client.prune(PruneOrder(below=below, after=after))
            gone.append(part.deliveries)
            after = part.after
        assert gone == [200, 200, 5]
        with pytest.raises(NotFoundError, match="there is no delivery #1"):
            await client.delivery(1)
        assert [found.id for found, _ in await client.deliveries()] == [406]


async def test_space_is_given_back(api: Serving) -> None:
    async with api.client() as client:
        assert await client.reclaim() == Reclaimed(0, 0)
        await api.receive(300)
        below = (await client.count(PruneOrder())).below
        await client.prune(PruneOrder(below=below))
        part = await client.reclaim()
        assert part.freed_bytes > 0


async def test_refusals(api: Serving) -> None:
    await api.receive(1)
    async with api.client() as client:
        for query in ("nonsense:1", "caf\udce9"):
            with pytest.raises(QueryError):
                await client.count(PruneOrder(query))
            with pytest.raises(QueryError):
                await client.prune(PruneOrder(query, below=9))
        with pytest.raises(QueryError, match="below: say up to which number"):
            await client.prune(PruneOrder())


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"below": None},
        {"below": -1},
        {"below": "9"},
        {"below": True},
        {"below": 2**63},
        {"below": 9, "after": 1.5},
        {"below": 9, "query": 1},
        {"below": 9, "more": 1},
    ],
)
async def test_odd_orders(api: Serving, order: JSON) -> None:
    """Nothing goes unless it is said, in numbers, up to where."""
    await api.receive(1)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.post(f"{api.url}/api/prune", json=order) as answer,
    ):
        assert answer.status == 400
    assert len(await api.store.page()) == 1
