"""The `hooktap` command itself: finding commands, exit codes, and how little it takes to start."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from inspector import __version__
from inspector.cli import COMMANDS, run
from inspector.cli import hooktap as group
from inspector.datadir import Addresses, DataDir
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    StorageError,
    UnreachableError,
)
from tests.cli.conftest import Hooktap
from tests.fakes import refusing

ROOT = Path(__file__).parents[2]
HEAVY = {"aiohttp", "aiosqlite", "cryptography", "httptools", "sqlite3", "textual", "websockets"}


@pytest.mark.parametrize("args", [["--version"], ["--help"], ["-h"], ["no-such-command"]])
def test_starting_imports_no_library(args: list[str]) -> None:
    """What only prints a line must not wait for servers, databases and terminals to load."""
    code = (
        "import json, sys; from inspector.cli import run; "
        f"run({args!r}); print(); print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}

    assert not HEAVY & loaded


def test_version(hooktap: Hooktap) -> None:
    assert hooktap("--version").text == f"hooktap {__version__}\n"


def test_python_dash_m(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspector", "--version"],
        env={"PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )

    assert done.stdout == f"hooktap {__version__}\n".encode()


def test_the_help_lists_every_command(hooktap: Hooktap) -> None:
    """Each line of the list stands for a command that is there, and has a help of its own."""
    text = hooktap("--help").text
    with click.Context(group) as ctx:
        for name, entry in COMMANDS.items():
            command = group.get_command(ctx, name)
            assert command is not None
            assert command.help
            assert f"  {name} " in text
            assert entry.help in " ".join(text.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_data_directory(hooktap: Hooktap, name: str) -> None:
    """A program that drives us may pass `--data-dir` always."""
    done = hooktap(name, "--help")
    if "Commands:" in done.text:
        done = hooktap(name, *{"register": ["wink"]}.get(name, []), "list", "--help")

    assert done.code == 0
    assert "--data-dir" in done.text
    assert "--no-color" in done.text


def test_a_misspelt_command(hooktap: Hooktap) -> None:
    done = hooktap("lisen")

    assert done.code == 2
    assert done.out == b""
    assert "No such command 'lisen' (did you mean 'listen'?)" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["listen", "--port", "x"],
        ["listen", "--host", ""],
        ["show"],
        ["show", "x"],
        ["--no-such-option"],
        ["body", "-1"],
        ["replay", ""],
    ],
)
def test_usage_errors_exit_2(hooktap: Hooktap, args: list[str]) -> None:
    done = hooktap(*args)

    assert done.code == 2
    assert done.out == b""
    assert "Usage: hooktap" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["list"],
        ["search", "jinko"],
        ["show", "1"],
        ["show", "#1"],
        ["body", "1"],
        ["replay", "1", "2"],
        ["export", "1"],
        ["wait", "--timeout", "1"],
        ["send", "jinko"],
        ["endpoint", "list"],
        ["endpoint", "show", "x"],
        ["endpoint", "pause", "x"],
        ["endpoint", "resume", "x"],
    ],
)
def test_without_an_inspector_exit_3(hooktap: Hooktap, tmp_path: Path, args: list[str]) -> None:
    """The sentence says how to start one."""
    done = hooktap(*args, "--data-dir", str(tmp_path / "none"))

    assert done.code == 3
    assert done.out == b""
    assert done.err == (
        f"hooktap: no inspector runs in {tmp_path / 'none'} (start one with `hooktap` or `hooktap listen`)\n"
    )


@pytest.mark.parametrize(
    "args", [["list"], ["replay", "1", "2", "3"], ["wait", "--timeout", "1"], ["send", "jinko"]]
)
def test_an_inspector_that_is_gone_exit_3(
    hooktap: Hooktap, tmp_path: Path, args: list[str]
) -> None:
    """After `kill -9` its address is still there: said once, however much was asked for."""
    data_dir = DataDir(tmp_path / "d")
    data_dir.prepare()
    data_dir.api_token()
    with refusing() as target:
        data_dir.write_addresses(Addresses(target.url, target.url, 1, "0"))
        done = hooktap(*args, "--data-dir", "d")

    assert (done.code, done.out) == (3, b"")
    assert done.err.startswith("hooktap: no inspector answers at ")
    assert done.err.count("\n") == 1


def test_the_data_directory_comes_from_the_environment(
    hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOKTAP_DATA_DIR", "/nowhere/at/all")

    assert "no inspector runs in /nowhere/at/all " in hooktap("list").err


def test_a_working_directory_that_is_gone(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    done = hooktap("list")

    assert (done.code, done.err) == (
        2,
        "hooktap: the working directory is gone: change to another\n",
    )


def failing_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(group, "get_command", lambda *_: fail)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HooktapError("it\x1b[2J"), 1),
        (ConfigError("it\x1b[2J"), 2),
        (UnreachableError("it\x1b[2J"), 3),
        (NotFoundError("it\x1b[2J"), 4),
        (ExceptionGroup("tasks", [ExceptionGroup("tasks", [UnreachableError("it\x1b[2J")])]), 3),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    """Also one that comes out of a task group; and what it quotes cannot steer the terminal."""
    failing_with(error, monkeypatch)

    done = hooktap("list")

    assert (done.code, done.err) == (code, "hooktap: it␛[2J\n")


def test_a_mistake_of_ours_is_not_hidden(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    group_of_both = ExceptionGroup("tasks", [StorageError("x"), ZeroDivisionError()])
    failing_with(group_of_both, monkeypatch)

    with pytest.raises(ExceptionGroup):
        run(["list"])


def test_an_interrupt_exits_130(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_with(KeyboardInterrupt(), monkeypatch)

    assert hooktap("list").code == 130


def test_what_a_stream_cannot_write_is_escaped(tmp_path: Path) -> None:
    """A terminal that knows no such character gets an escape, and nobody a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "inspector", "list", "--data-dir", "/nowhere/→"],
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "latin-1"},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 3
    assert b"/nowhere/\\u2192" in done.stderr


def test_options_alone_are_those_of_the_terminal(
    hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`hooktap` and `hooktap --port 0` open the terminal; nothing else is guessed."""
    asked: list[str] = []

    def get_command(_: click.Context, name: str) -> click.Command:
        asked.append(name)
        return click.Command(name, params=[click.Option(["--port"])], callback=lambda port: None)

    monkeypatch.setattr(group, "get_command", get_command)

    assert hooktap().code == 0
    assert hooktap("--port", "0").code == 0
    assert hooktap("list").code == 0
    assert asked == ["terminal", "terminal", "list"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["provider", "list"], ["completion", "bash"]]
)
def test_no_room_for_what_is_printed(args: list[str]) -> None:
    """As on a full disk: a sentence and an exit code, no traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "inspector", *args],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == "hooktap: cannot write: No space left on device\n"
