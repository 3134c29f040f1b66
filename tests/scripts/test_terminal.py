"""The terminal's marks, taken of a real terminal on a real inspector: few deliveries, a second or two each."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benches import sights, terminal
from scripts.benches.contestants import hooktap
from scripts.benches.figures import Result
from scripts.benches.processes import ROOT, pss_mb
from scripts.benches.sections import SECTIONS, found, opening
from scripts.benches.setting import Setting
from scripts.benches.terminal import UnseenError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")

DELIVERIES = 300


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, and beside it what is in it, as an earlier run has left them."""
    folder = tmp_path_factory.mktemp("filled") / "data"
    command = (sys.executable, "-m", "scripts.fill", str(DELIVERIES), "--data-dir", str(folder))
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    folder.with_suffix(".json").write_bytes(said)
    return folder


@pytest.fixture
def setting(filled: Path, tmp_path: Path) -> Setting:
    options = argparse.Namespace(
        rounds=1,
        seconds=0.1,
        connections=4,
        deliveries=DELIVERIES,
        minutes=0.05,
        filled=filled,
    )
    return Setting(options, tmp_path)


@pytest.mark.parametrize("name", ["opened", "found", "keys", "held"])
def test_every_figure_is_taken(
    name: str, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "RUNS", 1)
    monkeypatch.setattr(found, "FILTERS", ("outcome:mismatch",))
    monkeypatch.setattr(found, "SETTLE_S", 0.05)

    assert_measured(SECTIONS[name].measure(setting))


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not here")
def test_the_rate_is_compared_with_a_terminal_open(setting: Setting) -> None:
    setting.seconds = 1  # wrk knows whole seconds

    assert_measured(SECTIONS["watched"].measure(setting))


def assert_measured(result: Result) -> None:
    assert result.rows
    for row in result.rows:
        assert row.value is not None, row.said
        assert row.mark.unit == "MB" or row.value > -1000
    assert len(result.details.splitlines()) >= 2


def test_what_is_not_shown_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    with (
        hooktap("unseen", tmp_path / "data"),
        terminal.opened(tmp_path / "data", tmp_path) as shown,
    ):
        shown.until(sights.is_waiting, "that it waits")
        with pytest.raises(UnseenError, match=r"a unicorn[\s\S]*Waiting for the first delivery"):
            shown.until(lambda _: False, "a unicorn", wait_s=0.2)
        assert pss_mb(shown.pid) > 10

    with pytest.raises(ProcessLookupError):
        os.kill(shown.pid, 0)


def test_a_terminal_that_ends_is_told_of(tmp_path: Path) -> None:
    with (
        hooktap("ended", tmp_path / "data"),
        terminal.opened(tmp_path / "data", tmp_path) as shown,
    ):
        shown.until(sights.is_waiting, "that it waits")
        shown.press("q")
        with pytest.raises(UnseenError, match="the terminal has ended"):
            shown.until(lambda _: False, "a unicorn")


def test_an_earlier_filling_is_taken_as_it_is(setting: Setting, filled: Path) -> None:
    said = json.loads(filled.with_suffix(".json").read_bytes())

    assert setting.filled.data_dir == filled
    assert setting.filled.raw_bytes == said["raw_bytes"]
