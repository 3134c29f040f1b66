import asyncio

from inspector.client.pacing import Pacer


async def test_without_a_rate_each_begins_at_once() -> None:
    pacer = Pacer(None)

    assert [await pacer.turn() for _ in range(3)] == [True] * 3
    pacer.stop()
    assert not await pacer.turn()
    assert pacer.is_stopped


async def test_who_waits_for_a_turn_is_told_to_stop() -> None:
    """Several may wait at once; the first had its turn."""
    pacer = Pacer(0.001)
    assert await pacer.turn()

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waiting = [group.create_task(pacer.turn()) for _ in range(3)]
        await asyncio.sleep(0)
        pacer.stop()

    assert [task.result() for task in waiting] == [False] * 3


async def test_turns_come_one_after_the_other() -> None:
    """Each a share of a second after the one before, also if all ask at once."""
    pacer, clock = Pacer(100), asyncio.get_running_loop().time
    began_s = clock()

    await asyncio.gather(*(pacer.turn() for _ in range(6)))

    assert clock() - began_s >= 5 / 100 - 0.005


async def test_a_pause_ends_when_it_is_over_or_stopped() -> None:
    pacer = Pacer(None)

    assert await pacer.pause(0)
    assert await pacer.pause(0.001)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        paused = group.create_task(pacer.pause(3600))
        await asyncio.sleep(0)
        pacer.stop()
    assert not paused.result()
    assert not await pacer.pause(0)
