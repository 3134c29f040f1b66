"""T15: what a stand-in prints of whoever it sends to, and of what it was asked for, steers no terminal."""

import json
from pathlib import Path

import pytest

from tests import fakes, hostile
from tests.cli.test_simulate import FASTEST, simulate
from tests.wire import assert_harmless

TYPED = f"{hostile.MARKUP}\x1b[2J\x9b2J\u202e\u200b"
LINES = 2 * len(hostile.ANSWERS)


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
async def test_every_answer_of_an_app(tmp_path: Path, form: tuple[str, ...]) -> None:
    printed: list[str] = []
    async with (
        fakes.serve(hostile.answering) as target,
        simulate(
            tmp_path,
            *("jinko", "--to", f"{target.url}/[/][x]", "--event", "booking.completed"),
            *("--every", "0.02", *FASTEST, *form),
        ) as running,
    ):
        while len(printed) < LINES:
            printed.append(await running.line())
        _, told = await running.end()

    assert "Traceback" not in told
    assert_harmless("".join(printed) + told)
    assert len(target.requests) >= len(hostile.ANSWERS)
    if form:
        assert all(line.isascii() and json.loads(line) for line in printed)


@pytest.mark.parametrize("option", ["--event", "--to", "--state", "--secret-file", "--every"])
async def test_what_was_typed(tmp_path: Path, option: str) -> None:
    """It is refused, and what is said of it quotes it."""
    async with simulate(tmp_path, "jinko", option, TYPED) as running:
        line = await running.line()
        code, told = await running.end() if line else (await running.process.wait(), "")
        if not line and running.process.stderr is not None:
            told = (await running.process.stderr.read()).decode()

    assert code in {1, 2, 3, 130}
    assert "Traceback" not in told
    assert_harmless(line + told)
