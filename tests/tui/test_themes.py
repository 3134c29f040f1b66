"""Colours: which, by whose choice, and that nothing depends on them."""

import json
import re
import stat
from pathlib import Path

import pytest

from inspector.core.model import Outcome, Verification
from tests.factories import attempt, delivery, response
from tests.tui.fakes import FakeClient, opened, screen_text, until
from tests.tui.test_keymap import configured
from tui.app import HooktapApp
from tui.themes import DARK, LIGHT, first_theme, keep_theme

KNOWN = (DARK, LIGHT, "nord")


@pytest.mark.parametrize(
    ("variable", "theme"),
    [
        ("15;0", DARK),
        ("0;15", LIGHT),
        ("0;default;7", LIGHT),
        ("", DARK),
        ("\x1b", DARK),
        ("7", LIGHT),
    ],
)
def test_dark_or_light_as_the_terminal_is(tmp_path: Path, variable: str, theme: str) -> None:
    """Where nobody has chosen, and where somebody has written `auto`."""
    state, environ = tmp_path / "s", {"COLORFGBG": variable}
    assert first_theme(None, state, KNOWN, environ) == theme
    keep_theme(state, "nord")
    assert first_theme("auto", state, KNOWN, environ) == theme
    assert first_theme(None, state, KNOWN, environ) == "nord"
    assert first_theme(LIGHT, state, KNOWN, environ) == LIGHT


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"theme": 5}', b'{"theme": "gone"}', b"\xff", b"[" * 100_000]
)
def test_a_state_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s").write_bytes(content)
    assert first_theme(None, tmp_path / "s", KNOWN, {}) == DARK


def test_a_state_that_cannot_be_kept(tmp_path: Path) -> None:
    keep_theme(tmp_path / "no" / "folder", "nord")


async def test_a_choice_is_remembered(tmp_path: Path) -> None:
    """The next terminal begins with it, unless the configuration says otherwise; nobody else can read the file."""
    async with HooktapApp(FakeClient(), directory=tmp_path).run_test() as pilot:
        assert not (tmp_path / "terminal.json").exists()
        pilot.app.theme = "nord"
        await until(pilot, lambda: (tmp_path / "terminal.json").exists())
    state = tmp_path / "terminal.json"
    assert json.loads(state.read_text()) == {"theme": "nord"}
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert HooktapApp(FakeClient(), directory=tmp_path).theme == "nord"
    config = configured('theme = "dracula"')
    assert HooktapApp(FakeClient(), directory=tmp_path, config=config).theme == "dracula"


async def test_without_colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NO_COLOR`: greys alone, and every verdict still has its sign and its word."""
    monkeypatch.setenv("NO_COLOR", "1")
    rows = [
        (
            delivery(id=number, verification=Verification(outcome, "why")),
            [attempt(id=50 + number, delivery_id=number, result=response(status=500))],
        )
        for number, outcome in enumerate(Outcome, start=1)
    ]
    client = FakeClient(*rows)
    async with HooktapApp(client, directory=tmp_path).run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: ("feed", 58) in client.calls)
        await pilot.pause()
        colours = set(re.findall(r"#([0-9a-f]{6})", pilot.app.export_screenshot()))
        text = screen_text(pilot)
    strangers = {each for each in colours if not each[:2] == each[2:4] == each[4:]}
    # The window that the picture has around it, and its ink.
    assert strangers <= {"ff5f57", "febc2e", "28c840", "c5c8c6"}
    for word in ("verified", "mismatch", "stale", "missing", "malformed"):
        assert word in text
    assert "500" in text


async def test_another_theme_leaves_no_line_in_the_old_colours(tmp_path: Path) -> None:
    """Whether chosen at the start or in the middle, everything looks the same."""
    body = b'{"booking": "JNK-TEST00", "paid": true}'
    row = delivery(body=body, verification=Verification(Outcome.MISMATCH, "why"))

    async def look(at_first: str, then: str) -> set[str]:
        client = FakeClient((row, [attempt(delivery_id=row.id, result=response(status=500))]))
        async with opened(client, tmp_path, (120, 40), theme=at_first) as pilot:
            await until(pilot, lambda: "JNK-TEST00" in screen_text(pilot))
            pilot.app.theme = then
            await pilot.pause()
            return set(re.findall(r"#[0-9a-f]{6}", pilot.app.export_screenshot()))

    light = await look(LIGHT, LIGHT)
    assert light != await look(DARK, DARK)
    assert await look(DARK, LIGHT) == light
