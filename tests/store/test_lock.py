import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError
from inspector.store import lock

HOLD = """
import sys
from pathlib import Path
from inspector.datadir import DataDir
from inspector.store import lock

with lock.held(DataDir(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(data_dir: DataDir) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, data_dir.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_second_inspector_is_told_who_holds_the_directory(data_dir: DataDir) -> None:
    with _holder(data_dir) as process:
        with pytest.raises(UnreachableError) as refused, lock.held(data_dir):
            pass
        process.communicate()

    assert f"process {process.pid}" in str(refused.value)
    assert str(data_dir.path) in str(refused.value)
    assert refused.value.exit_code == 3


def test_lock_ends_with_its_holder(data_dir: DataDir) -> None:
    """Killed without a chance to clean up: the kernel lets go, and the stale pid in the file means nothing."""
    with _holder(data_dir) as process:
        process.send_signal(signal.SIGKILL)
        process.communicate()

    with lock.held(data_dir):
        assert data_dir.lock.read_text() == f"{os.getpid()}\n"


def test_lock_can_be_taken_again(data_dir: DataDir) -> None:
    for _ in range(2):
        with lock.held(data_dir):
            pass

    assert data_dir.lock.read_bytes() == b""


def test_same_process_cannot_hold_it_twice(data_dir: DataDir) -> None:
    with lock.held(data_dir), pytest.raises(UnreachableError), lock.held(data_dir):
        pass


def test_lock_does_not_follow_a_link(data_dir: DataDir, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    data_dir.lock.symlink_to(victim)

    with pytest.raises(HooktapError, match="symbolic link"), lock.held(data_dir):
        pass

    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("content", [b"", b"not a pid\x1b[2J", b"9" * 200])
def test_odd_lock_file_is_no_obstacle(data_dir: DataDir, content: bytes) -> None:
    data_dir.lock.write_bytes(content)

    with lock.held(data_dir):
        assert data_dir.lock.read_text() == f"{os.getpid()}\n"
