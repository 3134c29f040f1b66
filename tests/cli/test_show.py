"""`hooktap show` and `list` of what was checked again, was not verified, or was a handshake."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inspector.core.model import Outcome, Timing, Verification
from inspector.datadir import DataDir
from tests import factories
from tests.api.serving import Serving, serving
from tests.cli.conftest import Done, Hooktap

MISMATCH = Verification(Outcome.MISMATCH, "no secret matches \x1b[2J")


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        yield running


async def run(hooktap: Hooktap, api: Serving, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, *args, "--data-dir", str(api.data_dir.path))


def facts(done: Done) -> list[str]:
    """Return the lines between the number and the request."""
    assert (done.code, done.err) == (0, "")
    return done.text.partition("\n\n")[0].splitlines()[1:]


def named(done: Done, name: str) -> list[str]:
    """Return the texts of one fact."""
    lines = [(line[2:12].strip(), line[13:]) for line in facts(done)]
    start = next((index for index, (found, _) in enumerate(lines) if found == name), len(lines))
    texts = [text for _, text in lines[start : start + 1]]
    for found, text in lines[start + 1 :]:
        if found:
            break
        texts.append(text)
    return texts


async def test_nothing_is_added_to_a_delivery_like_any_other(
    hooktap: Hooktap, api: Serving
) -> None:
    await api.receive(1)
    done = await run(hooktap, api, "show", "1")

    assert [named(done, name) for name in ("because", "checked", "handshake")] == [[], [], []]
    [found] = [json.loads((await run(hooktap, api, "show", "1", "--json")).out)]
    assert [each["id"] for each in found["verdicts"]] == [1]
    assert (found["findings"], found["handshake"]) == ([], None)


async def test_a_failed_check_says_why(hooktap: Hooktap, api: Serving) -> None:
    """Every finding below the verdict, the likeliest first; nothing steers the terminal."""
    await api.store.append_delivery(factories.delivery(verification=MISMATCH))
    done = await run(hooktap, api, "show", "1")

    assert named(done, "verdict") == ["✗ mismatch: no secret matches ␛[2J"]
    assert named(done, "because") == [
        "without its byte order mark ␛ the signature is right",
        "the sender's clock is slow",
    ]
    found = json.loads((await run(hooktap, api, "show", "1", "--json")).out)
    assert [each["cause"] for each in found["findings"]] == ["body_bom", "clock"]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if not outcome.is_invalid])
async def test_what_did_not_fail_needs_no_cause(
    hooktap: Hooktap, api: Serving, outcome: Outcome
) -> None:
    await api.store.append_delivery(factories.delivery(verification=Verification(outcome, "")))
    assert named(await run(hooktap, api, "show", "1"), "because") == []


async def test_every_check_has_its_time(hooktap: Hooktap, api: Serving) -> None:
    """The newest is the verdict; all of them follow, that of the arrival first."""
    await api.store.append_delivery(factories.delivery(verification=MISMATCH))
    await api.store.append_verdicts([factories.verdict()])
    done = await run(hooktap, api, "show", "1")

    assert named(done, "provider") == ["jinko"]
    assert named(done, "verdict") == ["✓ verified: signature matches"]
    assert named(done, "because") == []
    first, second = named(done, "checked")
    assert first.endswith(":00:00  ✗ mismatch: no secret matches ␛[2J")
    assert second.endswith(":01:00  ✓ verified: signature matches")


async def test_a_handshake_is_said_to_be_one(hooktap: Hooktap, api: Serving) -> None:
    shaken = factories.delivery(handshake="answered with its challenge\n\x1b]0;x\x07")
    await api.store.append_delivery(shaken)
    await api.receive(1)

    said = "answered with its challenge␊␛]0;x␇"
    assert named(await run(hooktap, api, "show", "1"), "handshake") == [said]
    newest, first = (await run(hooktap, api, "list")).text.splitlines()
    assert first.endswith(f"  handshake: {said}")
    assert "handshake" not in newest


async def test_where_an_attempts_time_went(hooktap: Hooktap, api: Serving) -> None:
    """Below each attempt of which it is known; JSON has it too."""
    await api.store.append_delivery(factories.delivery())
    await api.store.append_attempt(factories.attempt())
    await api.store.append_attempt(factories.attempt(timing=Timing(1_000, 12_000, 300)))

    shown = (await run(hooktap, api, "show", "1")).text.splitlines()
    older, newer, said = shown[-3:]
    assert older.endswith(newer.partition("#")[2])
    assert said == "          connected in 1 ms, answered after 12 ms, read in 0.3 ms"
    [found] = [json.loads((await run(hooktap, api, "show", "1", "--json")).out)]
    assert [each.get("timing") for each in found["attempts"]] == [
        None,
        {"connect_us": 1_000, "wait_us": 12_000, "read_us": 300, "lost_us": None},
    ]
