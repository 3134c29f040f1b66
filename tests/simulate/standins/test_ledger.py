import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.core.model import Request
from inspector.errors import StorageError
from inspector.simulate.standins import ledger
from inspector.simulate.standins.ledger import Ledger
from inspector.simulate.standins.model import Parcel, State, Webhook
from tests import factories

NOW_US = 1_800_000_000_000_000


def webhook(**changes: Any) -> Webhook:
    made = Webhook(
        id="w1",
        owner="",
        name="",
        url="http://127.0.0.1:1/",
        events=(),
        format="json",
        secret=None,
        created_us=NOW_US,
        updated_us=NOW_US,
    )
    return replace(made, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def kept(path: Path) -> AsyncIterator[Ledger]:
    async with ledger.opened(path) as opened:
        await opened.save(webhook())
        yield opened


async def refusal(path: Path) -> str:
    """Return the sentence with which a state is refused."""
    with pytest.raises(StorageError) as raised:
        async with ledger.opened(path) as opened:
            await opened.webhooks()
    return str(raised.value)


async def added(kept: Ledger, count: int = 1, webhook_id: str = "w1") -> list[Parcel]:
    for each in range(count):
        await kept.add(webhook_id, "e", f"id{each}", factories.request(), NOW_US + each)
    return list(reversed(await kept.parcels(count)))


@pytest.mark.parametrize("content", [b"\0" * 100, b"not a database", b"\xff" * 5000])
async def test_what_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert str(path) in await refusal(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "script",
    ["CREATE TABLE theirs (a)", "PRAGMA application_id = 1212896336", "CREATE VIEW a AS SELECT 1"],
)
async def test_another_programs_database_is_left_as_it_is(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    before = path.read_bytes()

    assert "another program's" in await refusal(path)
    assert path.read_bytes() == before


async def test_where_no_file_can_be_is_said(tmp_path: Path) -> None:
    assert "cannot be used" in await refusal(tmp_path)
    assert "cannot be used" in await refusal(tmp_path / "nowhere" / "state.db")
    (tmp_path / "file").touch()
    assert "cannot be used" in await refusal(tmp_path / "file" / "state.db")


async def test_damage_is_said(path: Path) -> None:
    async with ledger.opened(path) as kept:
        for each in range(200):
            await kept.save(webhook(id=f"w{each}", name="x" * 500))
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)

    assert "cannot be used" in await refusal(path)


@pytest.mark.parametrize("column", ["events", "extra"])
async def test_a_value_that_is_none_of_ours_is_said(path: Path, column: str) -> None:
    async with ledger.opened(path) as kept:
        await kept.save(webhook(extra={"a": "b"}))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE webhook SET {column} = '['")
        connection.commit()

    assert "cannot be used" in await refusal(path)


async def test_two_never_have_one_state(path: Path, kept: Ledger) -> None:
    assert "locked" in await refusal(path)
    assert await kept.webhook("w1") is not None


async def test_only_its_owner_can_read_it(path: Path, kept: Ledger) -> None:
    await kept.token("wink")

    files = list(path.parent.iterdir())
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}


async def test_the_token_is_made_once_for_one_provider(path: Path) -> None:
    async with ledger.opened(path) as kept:
        token = await kept.token("wink")
        assert await kept.token("wink") == token
    async with ledger.opened(path) as kept:
        assert await kept.token("wink") == token
        with pytest.raises(StorageError, match="'wink'"):
            await kept.token("jinko")


async def test_everything_is_given_back_as_it_was(path: Path) -> None:
    made = webhook(
        owner="o\0",
        name="\x1b[31m é\U0001f600",
        events=("a", "", "a"),
        secret="s",
        enabled=False,
        extra={"k": "v"},
    )
    body = bytes(range(256)) * 5000
    headers = factories.headers(("A", "1"), ("a", "2"), ("A", ""))
    async with ledger.opened(path) as kept:
        await kept.save(made)
        await kept.add("w1", "e\0", "i", Request("POST", b"/", headers, body), NOW_US)
        await kept.add("w1", "e", "", Request("POST", b"/", headers, b""), NOW_US)
    async with ledger.opened(path) as kept:
        assert await kept.webhooks() == [made]
        empty, full = await kept.parcels(9)
    assert (full.event, full.event_id, full.request.body) == ("e\0", "i", body)
    assert full.request.headers == headers
    assert empty.request.body == b""


async def test_the_next_version_takes_the_place_of_the_one_before(kept: Ledger) -> None:
    assert await kept.save(webhook(version=1, name="one"))
    assert not await kept.save(webhook(version=1, name="late"))
    assert not await kept.save(webhook(version=3, name="early"))
    assert not await kept.save(webhook(version=0, name="again"))

    assert [each.name for each in await kept.webhooks()] == ["one"]


async def test_what_was_deleted_cannot_be_saved(kept: Ledger) -> None:
    """Whoever had read it before is too late."""
    assert await kept.delete("w1")

    assert not await kept.save(webhook(version=1))
    assert await kept.webhooks() == []


async def test_another_version_is_not_deleted(kept: Ledger) -> None:
    await kept.save(webhook(version=1))
    (parcel,) = await added(kept)

    assert not await kept.delete("w1", 0)
    assert await kept.parcel(parcel.id) == parcel
    assert await kept.delete("w1", 1)
    assert not await kept.delete("w1", 1)
    (dropped,) = await kept.parcels(9)
    assert dropped.state is State.DROPPED


async def test_deletion_drops_only_what_waits_for_it(kept: Ledger) -> None:
    await kept.save(webhook(id="w2"))
    done, waiting = await added(kept, 2)
    (other,) = await added(kept, webhook_id="w2")
    await kept.attempted(replace(done, attempts=1, state=State.DELIVERED), None)

    await kept.delete("w1")

    states = {each.id: each.state for each in await kept.parcels(9)}
    assert states == {
        done.id: State.DELIVERED,
        waiting.id: State.DROPPED,
        other.id: State.PENDING,
    }


async def test_nothing_is_added_for_nobody(kept: Ledger) -> None:
    assert await added(kept, webhook_id="w2") == []


async def test_what_is_due_first_comes_first(kept: Ledger) -> None:
    await kept.save(webhook(id="off", enabled=False))
    await added(kept, webhook_id="off")
    first, second, third = await added(kept, 3)
    await kept.attempted(replace(first, attempts=1, due_us=NOW_US + 9), None)

    assert [each.id for each in await kept.due([], 9)] == [second.id, third.id, first.id]
    assert [each.id for each in await kept.due([second.id], 1)] == [third.id]
    assert await kept.due([], 0) == []


async def test_what_is_over_stays_so(kept: Ledger) -> None:
    """An attempt that ends after its webhook was deleted changes nothing."""
    (parcel,) = await added(kept)
    await kept.delete("w1")

    await kept.attempted(replace(parcel, attempts=1, state=State.DELIVERED), None)

    found = await kept.parcel(parcel.id)
    assert found is not None
    assert (found.state, found.attempts) == (State.DROPPED, 0)


async def test_failures_in_a_row_disable(kept: Ledger) -> None:
    (parcel,) = await added(kept)
    failed, delivered = replace(parcel, last="500"), replace(parcel, state=State.DELIVERED)

    async def after(*attempts: Parcel) -> tuple[int, bool, int]:
        for each in attempts:
            await kept.attempted(each, 3)
        (found,) = await kept.webhooks()
        return found.failures, found.enabled, found.version

    assert await after(failed, failed) == (2, True, 0)
    assert await after(delivered) == (0, True, 0)
    assert await after(failed, failed, failed) == (3, False, 1)
    assert await after(failed) == (4, False, 1)
    await kept.save(webhook(version=2))
    assert await after(failed) == (1, True, 2)


async def test_without_a_rule_nothing_is_disabled(kept: Ledger) -> None:
    (parcel,) = await added(kept)
    for _ in range(50):
        await kept.attempted(parcel, None)

    (found,) = await kept.webhooks()
    assert (found.failures, found.enabled) == (50, True)


async def test_an_id_is_only_text(kept: Ledger) -> None:
    for strange in ("", "' OR 1=1 --", "w1\0", "\udcff".encode("utf-8", "replace").decode(), "%"):
        assert await kept.webhook(strange) is None
        assert not await kept.delete(strange)
    assert json.dumps([each.id for each in await kept.webhooks()]) == '["w1"]'
