"""How the terminal looks, as pictures to be seen by whoever changes it: every screen, three sizes, dark and light."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.command import CommandPalette
from textual.screen import Screen

import tui.screens
from tests.tui.fakes import opened
from tests.tui.pictures import SIZES, THEMES, at, sheet
from tests.tui.scenes import SCENES


def screens() -> set[type[Screen[Any]]]:
    """Return every screen and dialog that can be shown."""
    found = {
        each
        for module in pkgutil.iter_modules(tui.screens.__path__, "tui.screens.")
        for each in vars(importlib.import_module(module.name)).values()
        if isinstance(each, type) and issubclass(each, Screen) and each.__module__ == module.name
    }
    return {each for each in found if not any(each in other.__bases__ for other in found)}


def test_every_screen_is_looked_at() -> None:
    """Whoever adds a screen adds a scene."""
    assert screens() <= {scene.kind for scene in SCENES.values()}


@pytest.mark.parametrize("name", SCENES)
async def test_looks(tmp_path: Path, svg_snapshot: SnapshotAssertion, name: str) -> None:
    if SCENES[name].kind is CommandPalette:  # open, it keeps the colours it was opened with
        rows = [row for theme in THEMES for row in await pictures(name, tmp_path / theme, theme)]
    else:
        rows = await pictures(name, tmp_path / "all", *THEMES)
    assert sheet(rows) == svg_snapshot


async def pictures(name: str, directory: Path, *themes: str) -> list[list[str]]:
    """Return a scene in some themes, each at every size."""
    directory.mkdir()
    scene = SCENES[name]
    client = scene.client()
    rows = []
    async with opened(client, directory, SIZES[0], theme=themes[0]) as pilot:
        await scene.show(pilot, client)
        assert isinstance(pilot.app.screen, scene.kind)
        for theme in themes:
            pilot.app.theme = theme
            rows.append([await at(pilot, size) for size in SIZES])
    return rows
