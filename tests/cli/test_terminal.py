"""`hooktap` alone: what reaches the terminal, and what happens without one."""

import os
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from inspector.cli import listen as listen_module
from inspector.core.table import Table
from inspector.datadir import DataDir
from tests.cli.conftest import Hooktap

Call = tuple[DataDir, list[str]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """Stand in for the terminal, and pretend there is one to draw on."""
    calls: list[Call] = []

    def run(data_dir: DataDir, listen_args: Sequence[str], config: Sequence[Table]) -> int:
        calls.append((data_dir, list(listen_args)))
        return 7

    module = types.ModuleType("tui.app")
    vars(module)["run"] = run
    monkeypatch.setitem(sys.modules, "tui.app", module)
    monkeypatch.setattr("inspector.cli.terminal._has_terminal", lambda: True)
    return calls


@pytest.mark.parametrize("words", [[], ["terminal"]])
def test_alone_it_opens_the_terminal(
    hooktap: Hooktap, opened: list[Call], tmp_path: Path, words: list[str]
) -> None:
    """Its exit code is the terminal's."""
    done = hooktap(*words)

    assert done.code == 7
    assert opened == [(DataDir(tmp_path / "share" / "hooktap"), [])]


def test_its_options_go_on_to_listen(hooktap: Hooktap, opened: list[Call], tmp_path: Path) -> None:
    """Only those given, so that the inspector it starts reads the rest from its configuration as `listen` would."""
    (tmp_path / "x.toml").touch()
    hooktap("--forward-to", "3000", "--port=0", "--strict", "--data-dir", "d", "--config", "x.toml")

    [(data_dir, words)] = opened
    assert data_dir == DataDir(tmp_path / "d")
    assert words == [
        *("--forward-to", "http://127.0.0.1:3000"),
        *("--port", "0"),
        "--strict",
        *("--config", "x.toml"),
    ]


def test_no_color_reaches_the_terminal(
    hooktap: Hooktap, opened: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "")
    hooktap("--no-color")

    assert opened
    assert os.environ["NO_COLOR"] == "1"


def test_without_a_terminal_it_listens(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same options, and what they leave open as `listen` has it."""
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(listen_module.listen, "callback", lambda **given: asked.append(given))

    assert hooktap("--port", "0", "--strict").code == 0

    [given] = asked
    assert given["port"] == 0
    assert given["strict"] is True
    assert given["as_json"] is False
    assert given["until_stdin_closes"] is False
