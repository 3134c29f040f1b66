"""Where attempts' time went, in front of their headers: guarded like them, and absent from what is older."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from inspector.core.edits import Edit
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Part, Timing
from inspector.datadir import DataDir
from inspector.store import Store
from inspector.store.database import find_damage
from inspector.store.repair import repair
from inspector.store.rows.attempts import attempt_row
from inspector.store.rows.timings import MARK, encode_timing, split_timing
from inspector.store.values import SEAL, encode_headers
from tests.factories import attempt, delivery, headers

TIMING = Timing(1_000, 12_000, 300)
ODD = [
    Headers(),
    headers(("Host", "127.0.0.1:3000")),
    Headers(((MARK, MARK), (SEAL, b"\0"), (b"", b""))),
]


async def stored(data_dir: DataDir, *given: Attempt) -> list[Attempt]:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        if await store.delivery(1) is None:
            await store.append_delivery(delivery())
        for each in given:
            await store.append_attempt(each)
        return (await store.attempts([1]))[1]


@pytest.mark.parametrize(
    "timing",
    [
        None,
        TIMING,
        Timing(None, 0, 0),
        Timing(0, None, None),
        Timing(None, None, None),
        Timing(2**32 - 2, 2**32 - 2, 2**32 - 2, 2**32 - 2),
    ],
)
def test_a_timing_comes_back(timing: Timing | None) -> None:
    for sent in map(encode_headers, ODD):
        assert split_timing(encode_timing(timing) + sent) == (timing, sent)


def test_a_timing_nobody_can_have_is_the_nearest() -> None:
    assert split_timing(encode_timing(Timing(-1, 2**32 - 1, 10**999, 2**63))) == (
        Timing(0, 2**32 - 2, 2**32 - 2, 2**32 - 2),
        b"",
    )


@pytest.mark.parametrize("length", range(len(MARK), 18))
def test_a_timing_that_was_cut_off(length: int) -> None:
    with pytest.raises(ValueError, match="cut off"):
        split_timing(encode_timing(TIMING)[:length])


@pytest.mark.parametrize("sent", ODD)
async def test_attempts_with_and_without(data_dir: DataDir, sent: Headers) -> None:
    given = attempt(request_headers=sent)
    first, second = await stored(data_dir, given, replace(given, timing=TIMING))

    assert (first.timing, second.timing) == (None, TIMING)
    assert first.request_headers == second.request_headers == sent
    assert find_damage(data_dir.database, limit_s=60) is None


async def test_beside_an_edit(data_dir: DataDir) -> None:
    edit = Edit(method="PUT", body=b"{}")
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(delivery())
        await store.append_attempt(attempt(edited=edit.parts, timing=TIMING), edit=edit)
        (found,) = (await store.attempts([1]))[1]
        assert await store.edit(2) == edit

    assert (found.edited, found.timing) == ((Part.METHOD, Part.BODY), TIMING)


def test_without_one_a_row_is_as_it_always_was() -> None:
    """So what is older is what was sealed then."""
    assert attempt_row(attempt())[3] == encode_headers(attempt().request_headers)


async def test_no_flipped_bit_of_it_is_served(data_dir: DataDir) -> None:
    await stored(data_dir, attempt(timing=TIMING))
    with closing(sqlite3.connect(data_dir.database, isolation_level=None)) as connection:
        (blob,) = connection.execute("SELECT request_headers FROM attempt").fetchone()
        start = blob.index(MARK)
        for bit in range(start * 8, (start + 18) * 8, 5):
            flipped = bytearray(blob)
            flipped[bit // 8] ^= 1 << bit % 8
            connection.execute("UPDATE attempt SET request_headers = ?", (bytes(flipped),))
            assert find_damage(data_dir.database, limit_s=60) == "1 record is not what was stored"


async def test_a_repair_keeps_it(data_dir: DataDir) -> None:
    before = await stored(data_dir, attempt(timing=TIMING), attempt())

    assert repair(data_dir, "now").set_aside == 0

    assert await stored(data_dir) == before


async def test_a_mark_from_before_the_seals_is_damage(data_dir: DataDir) -> None:
    """Such a row cannot have one: it is told, and no crash."""
    await stored(data_dir, attempt())
    with closing(sqlite3.connect(data_dir.database, isolation_level=None)) as connection:
        connection.execute("UPDATE seal SET unsealed = 2")
        connection.execute("UPDATE attempt SET request_headers = ?", (MARK + b"\0",))
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        (found,) = (await store.attempts([1]))[1]
    assert "attempt #2 is damaged" in str(found.result)
