"""Room for bodies: who gets it when there is not enough, and that all of it comes back."""

import asyncio
import random

import pytest

from inspector.errors import StoreBusyError
from inspector.receiver.budget import SMALL_BYTES, Budget

BIG = SMALL_BYTES + 1
NEVER_S = 3600.0
"""Only so that a test that has gone wrong ends in pytest's own time."""


async def take(budget: Budget, size: int, held: int = 0) -> None:
    """Take room as a reader of bodies does."""
    if not budget.grow(held, size):
        await budget.wait(held, size)


async def asked(
    tasks: asyncio.TaskGroup, budget: Budget, size: int, held: int = 0
) -> asyncio.Task[None]:
    """Start to take room, and return once it is there or waited for."""
    task = tasks.create_task(take(budget, size, held))
    await asyncio.sleep(0)
    return task


def test_room_is_taken_at_once_where_there_is_some() -> None:
    budget = Budget(3 * BIG)

    assert budget.grow(0, BIG)
    assert budget.grow(0, BIG)
    assert budget.taken_bytes == 2 * BIG
    assert budget.grow(BIG, 2 * BIG)
    assert not budget.grow(0, BIG)
    budget.give_back(2 * BIG)
    assert budget.grow(0, BIG)
    budget.give_back(BIG)
    budget.give_back(BIG)
    assert budget.taken_bytes == 0


def test_small_bodies_never_wait() -> None:
    """They count, but where there is no room they are taken in all the same."""
    budget = Budget(BIG)
    assert budget.grow(0, BIG)

    budget.add_small(SMALL_BYTES)
    assert budget.grow(0, SMALL_BYTES)
    assert budget.grow(100, SMALL_BYTES)
    assert budget.grow(0, 0)

    assert budget.taken_bytes == BIG + 3 * SMALL_BYTES - 100
    assert not budget.grow(SMALL_BYTES, BIG)


def test_one_that_is_alone_has_room_whatever_its_size() -> None:
    """Bigger than the budget, and however many small ones there are; a second has to wait."""
    budget = Budget(BIG)
    budget.add_small(SMALL_BYTES)

    assert budget.grow(0, 100 * BIG)
    assert budget.grow(100 * BIG, 200 * BIG)
    assert not budget.grow(0, BIG)


async def test_first_come_first_served() -> None:
    """What would still fit does not overtake what came before it and does not."""
    budget = Budget(10 * BIG, wait_s=NEVER_S)
    assert budget.grow(0, 8 * BIG)
    async with asyncio.TaskGroup() as tasks:
        large = await asked(tasks, budget, 9 * BIG)
        little = await asked(tasks, budget, BIG)
        assert budget.waiting == 2
        budget.give_back(8 * BIG)
        await large
        await little
    assert budget.taken_bytes == 10 * BIG


async def test_no_room_in_time() -> None:
    """Who has waited long enough is refused and holds nothing; whoever waited behind gets its turn."""
    budget = Budget(10 * BIG, wait_s=0.05)
    assert budget.grow(0, 8 * BIG)
    async with asyncio.TaskGroup() as tasks:

        async def refused() -> None:
            with pytest.raises(StoreBusyError, match="bodies are being received and stored"):
                await take(budget, 9 * BIG)

        tasks.create_task(refused())
        await asyncio.sleep(0)
        await asked(tasks, budget, 2 * BIG)
        assert budget.waiting == 2
    assert budget.waiting == 0
    assert budget.taken_bytes == 10 * BIG


@pytest.mark.parametrize("granted", [False, True])
async def test_who_leaves_while_it_waits_takes_nothing(*, granted: bool) -> None:
    """Also in the moment between the room's being there and its being noticed."""
    budget = Budget(2 * BIG, wait_s=NEVER_S)
    assert budget.grow(0, 2 * BIG)
    async with asyncio.TaskGroup() as tasks:
        leaving = await asked(tasks, budget, 2 * BIG)
        behind = await asked(tasks, budget, BIG)
        if granted:
            budget.give_back(2 * BIG)
            assert budget.taken_bytes == 2 * BIG
        leaving.cancel()
        await asyncio.wait([leaving])
        if not granted:
            budget.give_back(2 * BIG)
        await behind
    assert budget.taken_bytes == BIG


async def test_one_that_grows_comes_before_one_that_comes() -> None:
    """It holds room already: the sooner it is done, the sooner there is more."""
    budget = Budget(4 * BIG, wait_s=NEVER_S)
    assert budget.grow(0, 2 * BIG)
    assert budget.grow(0, 2 * BIG)
    async with asyncio.TaskGroup() as tasks:
        coming = await asked(tasks, budget, BIG)
        growing = await asked(tasks, budget, 4 * BIG, held=2 * BIG)
        budget.give_back(2 * BIG)
        await growing
        assert not coming.done()
        budget.give_back(4 * BIG)
        await coming
    assert budget.taken_bytes == BIG


async def test_bodies_that_grow_never_wait_for_each_other() -> None:
    """Three hold all there is and want more: the last to ask is refused, and gives back; then the others grow."""
    budget = Budget(6 * BIG, wait_s=NEVER_S)
    for _ in range(3):
        assert budget.grow(0, 2 * BIG)
    async with asyncio.TaskGroup() as tasks:
        first = await asked(tasks, budget, 3 * BIG, held=2 * BIG)
        second = await asked(tasks, budget, 3 * BIG, held=2 * BIG)
        assert budget.waiting == 2
        with pytest.raises(StoreBusyError):
            await take(budget, 3 * BIG, held=2 * BIG)
        assert budget.taken_bytes == 6 * BIG
        budget.give_back(2 * BIG)
        await first
        await second
    assert budget.taken_bytes == 6 * BIG


async def test_the_last_one_growing_is_alone_when_the_others_are_done() -> None:
    budget = Budget(3 * BIG, wait_s=NEVER_S)
    assert budget.grow(0, BIG)
    assert budget.grow(0, 2 * BIG)
    async with asyncio.TaskGroup() as tasks:
        growing = await asked(tasks, budget, 9 * BIG, held=BIG)
        budget.give_back(2 * BIG)
        await growing
    assert budget.taken_bytes == 9 * BIG


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_they_do_all_of_it_comes_back(seed: int) -> None:
    """A hundred bodies known and unknown in length, some of whose senders leave: none waits for ever, and none is over
    the budget but alone."""
    roll = random.Random(seed)
    budget = Budget(20 * BIG, wait_s=NEVER_S)
    holding: set[int] = set()

    async def body(number: int, sizes: list[int], turns: int) -> None:
        held = 0
        try:
            for size in sizes:
                await take(budget, size, held)
                held = size
                if size > SMALL_BYTES:
                    holding.add(number)
                assert budget.taken_bytes <= 20 * BIG + 100 * SMALL_BYTES or len(holding) == 1
                for _ in range(turns):
                    await asyncio.sleep(0)
        except StoreBusyError:
            pass
        finally:
            holding.discard(number)
            budget.give_back(held)

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for number in range(100):
            steps = roll.choice([1, 1, 5])
            sizes = sorted(roll.randrange(1, 25 * BIG) for _ in range(steps))
            task = tasks.create_task(body(number, sizes, roll.randrange(5)))
            if roll.random() < 0.2:
                asyncio.get_running_loop().call_later(roll.random() / 100, task.cancel)
            for _ in range(roll.randrange(3)):
                await asyncio.sleep(0)
    assert budget.taken_bytes == 0
    assert budget.waiting == 0
    assert budget.grow(0, 20 * BIG)
