"""Bits that flip on the disk: what is read is what was stored, or an error, never anything else (F9)."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path

import pytest

from inspector.core.model import Attempt, Delivery, Failure, Outcome, Record, Verdict, Verification
from inspector.datadir import DataDir
from inspector.errors import HooktapError, StorageError
from inspector.store import Store, database, reader, salvage
from inspector.store.database import find_damage, read_only
from inspector.store.repair import is_whole, repair
from inspector.store.seals import body_checksum, damaged, sealed
from tests.factories import attempt, delivery, headers, request, response, verdict

COUNT = 60
FLIPS = 160


class Truth:
    """What was stored, by number."""

    def __init__(self) -> None:
        self.records: dict[int, Record] = {}
        self.bodies: dict[int, bytes] = {}

    def add(self, record: Record, body: bytes = b"") -> None:
        self.records[record.id] = record
        self.bodies[record.id] = body


async def _fill(data_dir: DataDir, count: int = COUNT, seed: int = 0) -> Truth:
    dice, truth = random.Random(seed), Truth()
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        for number in range(count):
            await _append(store, truth, dice, number)
    return truth


async def _append(store: Store, truth: Truth, dice: random.Random, number: int) -> None:
    body = b"%d " % number + dice.randbytes(dice.choice([0, 200, 3000, 20_000]))
    handshake = "answered, 中" if number % 9 == 0 else None
    made = delivery(body=body, event="booking.completed", handshake=handshake)
    stored = await store.append_delivery(made)
    truth.add(replace(stored, request=replace(stored.request, body=b"")), body)
    if number % 2:
        answer = response(body=dice.randbytes(500), body_bytes=500)
        tried = await store.append_attempt(attempt(delivery_id=stored.id, result=answer))
        truth.add(replace(tried, result=replace(answer, body=b"")), answer.body)
    if number % 7 == 0:
        (checked,) = await store.append_verdicts([verdict(delivery_id=stored.id)])
        truth.add(checked)


@contextmanager
def _edited(data_dir: DataDir) -> Iterator[sqlite3.Connection]:
    """Write behind the inspector's back."""
    with closing(sqlite3.connect(data_dir.database, isolation_level=None)) as connection:
        yield connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _misread(  # noqa: C901 - it reads straight down
    connection: sqlite3.Connection, truth: Truth
) -> tuple[list[str], set[int]]:
    """Read everything in every way; return what was served and is wrong, and what could not be read."""
    wrong: list[str] = []
    missing: set[int] = set()
    verdicts = {e.delivery_id: e for e in truth.records.values() if isinstance(e, Verdict)}

    def look(number: int, true: object, read: Callable[[], object]) -> None:
        try:
            found = read()
        except (StorageError, sqlite3.Error):
            found = None
        if isinstance(found, list):
            found = next((each for each in found if each.id == number), None)
        if found is None or _is_placeholder(found):
            missing.add(number)
        elif found != true:
            if number in verdicts and _without_verdict(found) == _without_verdict(true):
                missing.add(verdicts[number].id)  # it is shown as it was on arrival
            else:
                wrong.append(f"#{number}: {found!r:.200}")

    for number, record in truth.records.items():
        body = truth.bodies[number]
        match record:
            case Delivery():
                if number in verdicts:
                    newest = verdicts[number]
                    record = replace(
                        record, provider=newest.provider, verification=newest.verification
                    )
                whole = replace(record, request=replace(record.request, body=body))
                look(number, whole, partial(reader.delivery, connection, number))
                look(number, body, partial(reader.body, connection, number))
            case Attempt(delivery_id=owner):
                look(number, body, partial(reader.response_body, connection, number))
                look(number, record, partial(_attempts, connection, owner))
            case Verdict(delivery_id=owner):
                look(number, record, partial(reader.verdicts, connection, owner))
        look(number, record, partial(reader.records_after, connection, number - 1, 1))
    return wrong, missing


def _attempts(connection: sqlite3.Connection, delivery_id: int) -> list[Attempt]:
    return reader.attempts(connection, [delivery_id])[delivery_id]


def _without_verdict(found: object) -> object:
    if not isinstance(found, Delivery):
        return found
    return replace(found, provider=None, verification=Verification(Outcome.UNKNOWN, ""))


def _is_placeholder(found: object) -> bool:
    match found:
        case Delivery(verification=told) | Verdict(verification=told):
            return " is damaged: " in told.detail
        case Attempt(result=Failure(detail=detail)):
            return " is damaged: " in detail
    return False


@pytest.mark.parametrize("seed", range(4))
async def test_no_flipped_bit_is_served(data_dir: DataDir, seed: int) -> None:
    """One in each of a quarter of 160 places: nothing read is another than it was; what is missing, `doctor` misses."""
    truth = await _fill(data_dir)
    content = data_dir.database.read_bytes()
    dice = random.Random(seed)
    found = 0
    for _ in range(FLIPS // 4):
        flipped = bytearray(content)
        flipped[dice.randrange(100, len(content))] ^= 1 << dice.randrange(8)
        data_dir.database.write_bytes(flipped)
        try:
            with closing(read_only(data_dir.database)) as connection:
                wrong, missing = _misread(connection, truth)
        except sqlite3.Error:
            continue
        assert wrong == []
        if missing:
            found += 1
            assert not is_whole(data_dir.database)
    assert found >= 10


@pytest.mark.parametrize("seed", range(8))
async def test_what_is_repaired_is_what_was_stored(data_dir: DataDir, seed: int) -> None:
    """Five flipped bits: the repaired database holds only true records, nearly all of them, and takes new ones."""
    truth = await _fill(data_dir)
    content = bytearray(data_dir.database.read_bytes())
    dice = random.Random(seed)
    for _ in range(5):
        content[dice.randrange(database.NEW_FILE["page_size"], len(content))] ^= (
            1 << dice.randrange(8)
        )
    data_dir.database.write_bytes(content)

    done = repair(data_dir, "now")

    if done.moved_to is None:  # all five in unused bytes
        return
    assert is_whole(data_dir.database)
    with closing(read_only(data_dir.database)) as connection:
        wrong, missing = _misread(connection, truth)
    lost = {each for each in missing if isinstance(truth.records[each], Delivery)}
    assert wrong == []
    assert len(lost) <= 25
    await _append_one(data_dir)


async def _append_one(data_dir: DataDir) -> None:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        stored = await store.append_delivery(delivery(body=b"new"))
        assert await store.body(stored.id) == b"new"


@pytest.mark.parametrize(
    ("change", "also_listed"),
    [
        ("UPDATE delivery SET body = CAST(x'00' || substr(body, 2) AS BLOB) WHERE id = 3", False),
        ("UPDATE delivery SET event = 'booking.compleued' WHERE id = 3", True),
        ("UPDATE delivery SET peer = CAST(x'ff' AS TEXT) WHERE id = 3", True),
        ("UPDATE delivery SET outcome = 'verifiee' WHERE id = 3", True),
        ("UPDATE delivery SET headers = substr(headers, 11) WHERE id = 3", True),
        ("UPDATE delivery SET headers = x'' WHERE id = 3", True),
        ("UPDATE delivery SET headers = x'0101' WHERE id = 3", True),
        ("UPDATE delivery SET event_id = NULL WHERE id = 3", True),
        ("UPDATE delivery SET received_at_us = received_at_us + 1 WHERE id = 3", True),
        ("DELETE FROM delivery WHERE id = 3; UPDATE delivery SET id = 3 WHERE id = 4", True),
    ],
)
async def test_a_damaged_delivery_says_so(
    data_dir: DataDir, change: str, also_listed: bool
) -> None:
    """By itself it is an error that names it; in a list it has its place, and the others are there."""
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        for number in range(6):
            await store.append_delivery(delivery(body=b"%d" % number, event_id="evt"))
    with _edited(data_dir) as connection:
        connection.executescript(change)
        numbers = {row[0] for row in connection.execute("SELECT id FROM delivery")}

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        for read in (store.delivery, store.stored, *([] if "body" not in change else [store.body])):
            with pytest.raises(
                StorageError, match=r"delivery #3 is damaged: .* `hooktap doctor --repair`"
            ):
                await read(3)
        page = await store.page()
        listed = await store.records_after(0, 10)
        later = await store.append_delivery(delivery())

    assert {each.id for each in page} == {each.id for each in listed} == numbers
    assert [each.id for each in page if _is_placeholder(each)] == ([3] if also_listed else [])
    assert later.id == 7
    assert find_damage(data_dir.database, limit_s=60) == "1 record is not what was stored"

    assert repair(data_dir, "now").set_aside == 1
    assert is_whole(data_dir.database)
    with closing(read_only(data_dir.database)) as connection:
        left = reader.records_after(connection, 0, 10)
    assert {each.id for each in left} == {*numbers, 7} - {3}


async def test_a_damaged_attempt_and_verdict_say_so(data_dir: DataDir) -> None:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(delivery())
        for _ in range(2):
            await store.append_attempt(attempt(result=response(body=b"answer")))
        await store.append_verdicts([verdict(), verdict()])
    with _edited(data_dir) as connection:
        connection.execute("UPDATE attempt SET status = 204 WHERE id = 2")
        connection.execute("UPDATE attempt SET response_body = x'00' WHERE id = 3")
        connection.execute("UPDATE verdict SET outcome = 'mismatch' WHERE id = 5")

    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        with pytest.raises(StorageError, match="verdict #5 is damaged"):
            await store.delivery(1)
        with pytest.raises(StorageError, match="verdict #5 is damaged"):
            await store.verdicts(1)
        with pytest.raises(StorageError, match="attempt #3 is damaged"):
            await store.response_body(3)
        attempts = (await store.attempts([1]))[1]
        assert [(each.id, each.delivery_id, _is_placeholder(each)) for each in attempts] == [
            (2, 1, True),
            (3, 1, False),
        ]
        found = await store.records_after(0, 10)
        assert [each.id for each in found if _is_placeholder(each)] == [1, 2, 5]
        (listed,) = await store.page()
        assert "verdict #5" in listed.verification.detail

    assert find_damage(data_dir.database, limit_s=60) == "3 records are not what was stored"
    assert repair(data_dir, "now").set_aside == 3
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        assert [each.id for each in await store.records_after(0, 10)] == [1, 4]
        assert (await store.append_delivery(delivery())).id == 6


@pytest.mark.parametrize("change", ["UPDATE seal SET salt = salt + 1", "DELETE FROM seal"])
async def test_what_all_checksums_are_mixed_with_is_damaged(data_dir: DataDir, change: str) -> None:
    """Nothing can be trusted then, and nothing is served; a repair finds it again in the rows, and loses nothing."""
    truth = await _fill(data_dir, 20)
    with _edited(data_dir) as connection:
        connection.execute(change)
    assert not is_whole(data_dir.database)

    repair(data_dir, "now")

    with closing(read_only(data_dir.database)) as connection:
        assert _misread(connection, truth) == ([], set())


async def test_rows_of_another_database(data_dir: DataDir, tmp_path: Path) -> None:
    """Under the same numbers, whole as they are: each is damaged here."""
    other = DataDir(tmp_path / "other")
    other.prepare()
    await _fill(data_dir, 4, seed=1)
    await _fill(other, 4, seed=2)
    with _edited(data_dir) as connection:
        connection.execute("ATTACH ? AS other", (str(other.database),))
        for table in ("delivery", "attempt", "verdict"):
            connection.execute(f"REPLACE INTO {table} SELECT * FROM other.{table}")

    with closing(read_only(data_dir.database)) as connection:
        listed = reader.records_after(connection, 0, 10)
    assert len(listed) >= 6
    assert all(map(_is_placeholder, listed))


@pytest.mark.parametrize("change", ["cut", "emptied", "deleted", "torn", "another's"])
async def test_another_write_ahead_log(
    data_dir: DataDir, tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it held is gone, which nobody can see; but nothing is read that was not stored, and receiving goes on."""
    monkeypatch.setattr(salvage, "BEYOND", 1000)
    crashed, truth = await _crashed(data_dir, tmp_path / "crashed", seed=1)
    other, _ = await _crashed(DataDir(tmp_path / "other"), tmp_path / "other crashed", seed=2)
    log = crashed.database.with_name("hooktap.db-wal")
    content = log.read_bytes()
    if change == "cut":
        log.write_bytes(content[: len(content) // 2])
    elif change == "emptied":
        log.write_bytes(b"")
    elif change == "deleted":
        log.unlink()
    elif change == "torn":
        log.write_bytes(content[:-5000] + b"\0" * 5000)
    else:
        shutil.copy(other.database.with_name("hooktap.db-wal"), log)
    crashed.database.with_name("hooktap.db-shm").unlink(missing_ok=True)

    wrong: list[str] = []
    try:
        async with Store.open(crashed, on_commit=lambda _: None):
            with closing(read_only(crashed.database)) as connection:
                wrong, _ = _misread(connection, truth)
    except HooktapError:
        assert change == "another's"
    assert wrong == []
    repair(crashed, "now")
    assert is_whole(crashed.database)
    await _append_one(crashed)


async def _crashed(data_dir: DataDir, path: Path, seed: int) -> tuple[DataDir, Truth]:
    """Return what a killed inspector leaves, whose last deliveries are in the log only."""
    data_dir.prepare()
    truth = await _fill(data_dir, seed=seed)
    crashed = DataDir(path)
    crashed.prepare()
    dice = random.Random(seed)
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        for number in range(15):
            await _append(store, truth, dice, number)
        for file in data_dir.path.glob("hooktap.db*"):
            shutil.copy(file, crashed.path)
    return crashed, truth


async def test_whatever_is_stored_is_whole(store: Store) -> None:
    """Odd values are sealed as SQLite gives them back."""

    class Named(StrEnum):
        EVENT = "an event"

    odd = [
        delivery(request=request(headers=headers(), target=b"", method="", body=b"")),
        delivery(event="\udc80\0\ufeff 中", event_id="", handshake="\ud800", provider="\x1b[2J"),
        delivery(event=Named.EVENT, endpoint=Named.EVENT),
        delivery(request=request(headers=headers(("\1\1", "\0\1\2"), ("", "")))),
        delivery(body=b"x" * (3 << 20)),
        delivery(body=bytearray(b"bytes all the same")),
    ]
    for each in odd:
        stored = await store.append_delivery(each)
        read = await store.stored(stored.id)
        assert read.request.headers == each.request.headers
        assert read.request.body == each.request.body
        await store.append_attempt(attempt(delivery_id=stored.id, result=response(body=b"")))
    assert not any(map(_is_placeholder, await store.page()))
    assert not any(map(_is_placeholder, await store.records_after(0, 100)))


def test_the_seal_is_the_same_in_every_version() -> None:
    """What one Python has written, another has to read."""
    columns = ("text", "中", b"\0\xff", 7, 2**40, -(2**63), None, 0)
    seal = sealed(b"headers", columns, body_checksum(b"body"), 5, 0xFFFF_FFFF)

    assert seal.hex() == "01019e2e75bb48f4572468656164657273"


def test_a_body_in_parts_has_the_checksum_of_the_whole() -> None:
    checksum = 0
    for part in (b"one", b"", b"two"):
        checksum = body_checksum(part, checksum)
    assert checksum == body_checksum(b"onetwo")


def test_the_sentence_names_the_record() -> None:
    assert str(damaged("delivery", 17)).startswith("delivery #17 is damaged: ")
