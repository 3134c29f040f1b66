import asyncio

from inspector.client import Reverified
from inspector.errors import UnreachableError
from tests.tui.fakes import FakeClient
from tui.recheck import PAGE, Recheck


def pages(*counts: tuple[int, int]) -> list[Reverified]:
    """Return one answer for each, the last of which says that there is no more."""
    return [
        Reverified(checked, changed, [], None if number == len(counts) else 1000 - number)
        for number, (checked, changed) in enumerate(counts, start=1)
    ]


async def test_every_page_is_checked() -> None:
    client = FakeClient()
    client.rechecked = pages((100, 3), (100, 0), (20, 34))
    shown: list[str] = []

    told = await Recheck(client, shown.append).run()

    assert (told.sentence, told.severity) == ("checked 220, 37 changed", "information")
    assert client.calls == [("reverify", "", before, PAGE) for before in (None, 999, 998)]
    assert shown == [
        "checked 0, 0 changed   escape stops",
        "checked 100, 3 changed   escape stops",
        "checked 200, 3 changed   escape stops",
        "",
    ]


async def test_nothing_stored_is_nothing_to_check() -> None:
    assert (await Recheck(FakeClient(), lambda _: None).run()).sentence == "checked 0, 0 changed"


async def test_stopped_run_ends_with_the_page_it_is_at() -> None:
    """What the inspector has checked stays checked, and is counted."""
    client = FakeClient()
    client.rechecked = pages((1200, 37), (1200, 1), (1, 1))
    client.gate.clear()
    shown: list[str] = []
    recheck = Recheck(client, shown.append)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(recheck.run())
        while not client.calls:
            await asyncio.sleep(0)
        assert recheck.is_running
        recheck.stop()
        client.gate.set()

    told = running.result()
    assert (told.sentence, told.severity) == ("stopped: checked 1,200, 37 changed", "warning")
    assert shown[-2:] == ["checked 0, 0 changed   stopping", ""]
    assert not recheck.is_running


async def test_failure_says_how_far_it_came() -> None:
    client = FakeClient()
    client.problem = UnreachableError("no inspector answers")
    recheck = Recheck(client, lambda _: None)

    told = await recheck.run()

    assert (told.sentence, told.severity) == (
        "checked 0, 0 changed, then: no inspector answers",
        "error",
    )
    assert not recheck.is_running

    client.problem = None
    client.rechecked = pages((1, 0))
    assert (await recheck.run()).sentence == "checked 1, 0 changed"
