"""T19: other users of the machine can read nothing of it, whatever the umask, while it runs and after."""

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from tests import process
from tests.wire import Wire, stored_as, talk
from tui.child import running_child

HANDED = b"b537207f20cbfa02357cf448134da559"
ASANA = Wire(target=b"/in/asana", headers=((b"X-Hook-Secret", HANDED),))
EVERY_FILE = {
    *("api-token", "sample-seed", "hooktap.db", "hooktap.db-wal", "hooktap.db-shm"),
    *("inspector.json", "inspector.lock", "inspector.log", "handed", "handed/asana"),
}
TEXT_INDEX = {"text.db", "text.db-wal", "text.db-shm", "text.db-journal"}
"""Made as soon as there is nothing better to do."""
NOBODY = 65534


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def found_in(folder: Path) -> dict[str, int]:
    """Return the permissions of everything below a folder, and its own."""
    modes = {}
    for path in [folder, *folder.rglob("*")]:
        with suppress(FileNotFoundError):  # journals come and go
            modes[str(path.relative_to(folder))] = stat.S_IMODE(path.lstat().st_mode)
    return modes


def assert_private(modes: dict[str, int]) -> None:
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_every_file_is_private(tmp_path: Path, mask: int) -> None:
    """All that an inspector behind the terminal leaves: database, log and its own log, token, secrets, addresses."""
    data_dir = DataDir(tmp_path / "data")
    with umask(mask):
        async with running_child(data_dir, ("--port", "0", "--api-port", "0")):
            ingress = data_dir.read_addresses().ingress
            stored_as(await talk(ingress, Wire(body=b"private").raw))
            assert HANDED in await talk(ingress, ASANA.raw)
            await talk(ingress, b"not HTTP\r\n\r\n")  # which the log tells
            modes = found_in(data_dir.path)
    assert set(modes) - TEXT_INDEX == EVERY_FILE | {"."}
    assert_private(modes)
    left = found_in(data_dir.path)
    assert "text.db" in left
    assert_private(left)


async def test_what_was_opened_is_closed_again(tmp_path: Path) -> None:
    """Files that somebody made readable, or a copy left so, are private after the next start."""
    data_dir = DataDir(tmp_path / "data")
    async with running_child(data_dir, ("--port", "0", "--api-port", "0")):
        stored_as(await talk(data_dir.read_addresses().ingress, Wire().raw))
    data_dir.path.chmod(0o755)
    data_dir.database.chmod(0o644)
    async with running_child(data_dir, ("--port", "0", "--api-port", "0")):
        stored_as(await talk(data_dir.read_addresses().ingress, Wire().raw))
        modes = found_in(data_dir.path)
    assert_private(modes)


async def test_a_directory_of_others_is_refused(tmp_path: Path) -> None:
    """`--data-dir /tmp`, where anybody may have put a token and a database for us to find."""
    tmp_path.chmod(0o777)
    (tmp_path / "api-token").write_text("0" * 64)
    command = ("-m", "inspector", "listen", "--data-dir", str(tmp_path), "--port", "0")
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        *("--api-port", "0"),
        cwd=process.ROOT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await started.communicate()
    assert started.returncode == 1
    assert b"is open to other users" in said
    assert [path.name for path in tmp_path.iterdir()] == ["api-token"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
async def test_another_user_reads_nothing() -> None:
    """Tried by one: neither listed nor opened, also under names that are known."""
    with tempfile.TemporaryDirectory() as folder, umask(0):
        Path(folder).chmod(0o755)  # so that nothing but ours is in the way
        data_dir = DataDir(Path(folder) / "data")
        async with running_child(data_dir, ("--port", "0", "--api-port", "0")):
            await talk(data_dir.read_addresses().ingress, ASANA.raw)
            names = [str(data_dir.path / name) for name in sorted(EVERY_FILE)]
            tried = [
                await asyncio.to_thread(
                    subprocess.run,
                    ["/bin/cat", name],
                    user=NOBODY,
                    group=NOBODY,
                    extra_groups=[],
                    capture_output=True,
                    check=False,
                )
                for name in names
            ]
    assert [done.stdout for done in tried] == [b""] * len(names)
    assert all(b"Permission denied" in done.stderr for done in tried)
