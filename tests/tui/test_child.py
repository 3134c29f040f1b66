"""Real processes stand in for the inspector: each is a line of Python that plays one part."""

import asyncio
import functools
import os
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.datadir import Addresses, DataDir
from tests.factories import NOW_S
from tui import app, child
from tui.child import ChildError, running_child

READY = """
import json, sys
print("argv", *sys.argv[1:], file=sys.stderr, flush=True)
print(json.dumps({"type": "ready", "pid": 1}), flush=True)
"""
UNTIL_STDIN_CLOSES = READY + 'sys.stdin.read(); print("stdin closed", file=sys.stderr)'


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path / "data")


async def test_child_runs_while_the_block_does(data_dir: DataDir) -> None:
    async with running_child(data_dir, ["--port", "0"], command=python(UNTIL_STDIN_CLOSES)) as made:
        assert is_alive(made.pid)
        assert not made.ended.done()
    assert not is_alive(made.pid)
    told = f"argv listen --json --quiet --until-stdin-closes --data-dir {data_dir.path} --port 0"
    assert told in data_dir.log.read_text()
    assert stat.S_IMODE(data_dir.log.stat().st_mode) == 0o600


async def test_talkative_child_is_not_blocked(data_dir: DataDir) -> None:
    """A pipe holds 64 KiB; whoever writes more to one that nobody reads stands still."""
    script = READY + 'print("x" * 1_000_000, flush=True); print("written", file=sys.stderr)'
    async with running_child(data_dir, [], command=python(script)) as made:
        await made.ended
    assert "written" in data_dir.log.read_text()


async def test_reason_for_not_starting_is_what_it_said_itself(data_dir: DataDir) -> None:
    data_dir.prepare()
    data_dir.log.write_text("of an earlier run\n")
    script = 'import sys; sys.stderr.write("Error: port 8400 is taken\\n"); sys.exit(3)'
    with pytest.raises(ChildError, match=r"\AError: port 8400 is taken\Z") as raised:
        async with running_child(data_dir, [], command=python(script)):
            pytest.fail("it was never ready")
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    "script",
    [
        "",
        "print('hello')",
        "print('{}')",
        "print('[1]')",
        "import os; os.write(1, b'\\xff' * 99999)",
    ],
)
async def test_child_that_is_never_ready(data_dir: DataDir, script: str) -> None:
    with pytest.raises(
        ChildError, match=r"ended before it was ready: see .*inspector\.log"
    ) as raised:
        async with running_child(data_dir, [], command=python(script)):
            pytest.fail("it was never ready")
    assert raised.value.exit_code == 1


async def test_child_that_says_nothing_is_not_waited_for_long(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "START_S", 0.2)
    with pytest.raises(ChildError, match="did not start within"):
        async with running_child(data_dir, [], command=python("import sys; sys.stdin.read()")):
            pytest.fail("it was never ready")


async def test_child_that_does_not_stop_is_killed(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "STOP_S", 0.2)
    script = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + READY + "signal.pause()"
    )
    async with running_child(data_dir, [], command=python(script)) as made:
        pass
    assert not is_alive(made.pid)


async def test_long_log_is_begun_anew(data_dir: DataDir) -> None:
    data_dir.prepare()
    data_dir.log.write_bytes(b"x" * (child.LOG_MAX_BYTES + 1))
    async with running_child(data_dir, [], command=python(UNTIL_STDIN_CLOSES)):
        pass
    assert data_dir.log.read_text().startswith("argv listen")


async def test_killed_terminal_leaves_no_child_behind(data_dir: DataDir) -> None:
    script = f"""
import asyncio, sys
from pathlib import Path
from inspector.datadir import DataDir
from tui.child import running_child
async def main():
    data_dir = DataDir(Path({str(data_dir.path)!r}))
    async with running_child(data_dir, [], command=(sys.executable, "-c", {UNTIL_STDIN_CLOSES!r})):
        print("up", flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
    terminal = await asyncio.create_subprocess_exec(*python(script), stdout=asyncio.subprocess.PIPE)
    assert terminal.stdout is not None
    assert await terminal.stdout.readline() == b"up\n"
    terminal.send_signal(signal.SIGKILL)
    await terminal.wait()
    await until(lambda: "stdin closed" in data_dir.log.read_text())


def test_run_says_why_it_cannot_and_returns_the_childs_code(
    data_dir: DataDir, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The addresses that a killed inspector left behind are no inspector."""
    data_dir.prepare()
    data_dir.api_token()
    data_dir.write_addresses(Addresses("http://127.0.0.1:1", "http://127.0.0.1:1", NOW_S, "0"))
    script = 'import sys; sys.stderr.write("Error: \\x1b[2J taken\\n"); sys.exit(3)'
    start = functools.partial(running_child, command=python(script))
    monkeypatch.setattr(app, "running_child", start)

    assert app.run(data_dir, []) == 3
    assert capsys.readouterr().err == "Error: ␛[2J taken\n"
