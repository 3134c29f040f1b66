"""`hooktap diff`: two deliveries, or two answers of an app."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from tests.api.serving import Serving, serving
from tests.cli.conftest import Done, Hooktap
from tests.factories import attempt, delivery, headers, request, response

HOSTILE = "\x1b]0;owned\x07[/]\u202e"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        yield running


async def run(hooktap: Hooktap, api: Serving, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, "diff", *args, "--data-dir", str(api.data_dir.path))


async def store(api: Serving, *bodies: bytes) -> None:
    for body in bodies:
        await api.store.append_delivery(delivery(body=body))


async def test_json_by_its_values(hooktap: Hooktap, api: Serving) -> None:
    await store(api, b'{"a":1,"at":5,"items":[1]}', b'{"items":[1,2],"at":6,"a":1}')

    done = await run(hooktap, api, "1", "#2")

    assert (done.code, done.err) == (1, "")
    assert done.text.splitlines() == ["json items.1", "  + 2", "json at", "  - 5", "  + 6"]


async def test_what_is_ignored_does_not_count(hooktap: Hooktap, api: Serving) -> None:
    await store(api, b'{"a":1,"at":5}', b'{"a":1,"at":6}')
    assert (await run(hooktap, api, "1", "2", "--ignore", "at")).code == 0
    assert (await run(hooktap, api, "1", "2", "--ignore", "json:at", "--ignore", "x")).code == 0
    assert (await run(hooktap, api, "1", "1")).out == b""


async def test_text_line_by_line(hooktap: Hooktap, api: Serving) -> None:
    lines = [f"line {n}" for n in range(20)]
    await store(api, "\n".join(lines).encode(), "\n".join([*lines[:-1], HOSTILE]).encode())

    done = await run(hooktap, api, "1", "2")

    assert done.text.splitlines()[0] == "@@ 16 lines are the same"
    assert done.text.splitlines()[-2] == "- line 19"
    assert "\x1b" not in done.text
    assert "\u202e" not in done.text


async def test_colours_and_none(
    hooktap: Hooktap, api: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(api, b"one", b"two")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert "\x1b[31m- one" in (await run(hooktap, api, "1", "2")).text
    assert "\x1b" not in (await run(hooktap, api, "1", "2", "--no-color")).text
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in (await run(hooktap, api, "1", "2")).text


async def test_answers(hooktap: Hooktap, api: Serving) -> None:
    """The last of each delivery, or two attempts at one; their bodies are compared too."""
    await store(api, b"x", b"x")
    for number, status, body in (
        (1, 500, b'{"ok":0}'),
        (1, 200, b'{"ok":1}'),
        (2, 200, b'{"ok":2}'),
    ):
        answered = response(status=status, body=body, body_bytes=len(body))
        await api.store.append_attempt(attempt(delivery_id=number, result=answered))

    of_two = await run(hooktap, api, "1", "2", "--answers")
    of_one = await run(hooktap, api, "1", "--attempts", "1", "2")

    assert of_two.text.splitlines() == ["json ok", "  - 1", "  + 2"]
    assert of_one.text.splitlines()[:3] == ["status", "  - 500", "  + 200"]
    assert (await run(hooktap, api, "1", "--attempts", "2", "2")).code == 0
    assert (await run(hooktap, api, "1", "--attempts", "1", "3")).code == 4


async def test_as_json(hooktap: Hooktap, api: Serving) -> None:
    sent = request(headers=headers(("X", HOSTILE)), body=b"\xff")
    await store(api, b"\xfe")
    await api.store.append_delivery(delivery(request=sent))

    done = await run(hooktap, api, "1", "2", "--json")

    found = json.loads(done.out)
    assert done.text.isascii()
    assert found["same"] is False
    assert {"kind": "added", "part": "header X", "before": None, "after": HOSTILE} in found[
        "changes"
    ]
    assert found["note"].startswith("the bodies differ from byte 0")
    same = await run(hooktap, api, "1", "1", "--json")
    assert json.loads(same.out) == {"same": True, "changes": [], "lines": [], "note": ""}


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 2),
        (("1",), 2),
        (("1", "2", "3"), 2),
        (("x", "1"), 2),
        (("1", "2", "--attempts", "1", "2"), 2),
        (("1", "--attempts", "1", "2", "--answers"), 2),
        (("1", "--attempts", "0", "2"), 2),
        (("1", "9"), 4),
        (("1", "1", "--answers"), 4),
    ],
)
async def test_trouble_is_no_difference(
    hooktap: Hooktap, api: Serving, args: tuple[str, ...], code: int
) -> None:
    """Exit 1 says that they differ, and nothing else does."""
    await store(api, b"x")
    assert (await run(hooktap, api, *args)).code == code
