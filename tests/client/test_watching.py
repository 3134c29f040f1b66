"""Noticing what changes on the disk, and what comes back."""

import os
from pathlib import Path

from inspector.client.watching import Files, is_accepting
from inspector.core.forwarding import parse_target
from tests import fakes


def touch(path: Path, text: str = "x") -> None:
    """Write a file so that its time is another, however coarse the clock of its file system is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_changed_new_and_removed_files(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.py", "gone.py"):
        touch(tmp_path / name)
    files = Files([tmp_path])
    assert (files.count, files.is_partial) == (3, False)
    assert files.changed() == set()

    touch(tmp_path / "sub/b.py")
    touch(tmp_path / "new/c.py")
    (tmp_path / "gone.py").unlink()

    changed = {str(tmp_path / name) for name in ("sub/b.py", "new/c.py", "gone.py")}
    assert files.changed() == changed
    assert files.changed() == set()


def test_single_file_that_is_replaced(tmp_path: Path) -> None:
    """As editors save: written beside it, then moved over it; and for a moment there is none."""
    path = tmp_path / "app.py"
    touch(path)
    files = Files([path])
    path.unlink()
    assert files.changed() == {str(path)}
    touch(path, "other")
    assert files.changed() == {str(path)}


def test_what_nobody_edits_is_left_out(tmp_path: Path) -> None:
    files = Files([tmp_path])
    for name in (".git/HEAD", "node_modules/x/i.js", "src/__pycache__/a.pyc"):
        touch(tmp_path / name)
    (tmp_path / "circle").symlink_to(tmp_path)
    assert files.changed() == set()


def test_no_more_files_than_are_bearable(tmp_path: Path) -> None:
    for number in range(20):
        touch(tmp_path / f"{number:02}")
    files = Files([tmp_path], most=5)
    assert (files.count, files.is_partial) == (5, True)
    touch(tmp_path / "19")
    assert files.changed() == set()
    touch(tmp_path / "04")
    assert files.changed() == {str(tmp_path / "04")}


def test_what_the_app_writes_each_time_is_soon_left_out(tmp_path: Path) -> None:
    """Its log would bring about the next replay, that one the next line of the log, and so on."""
    files = Files([tmp_path])
    log, source = str(tmp_path / "app.log"), str(tmp_path / "app.py")
    touch(tmp_path / "app.log")
    assert files.changed_meanwhile() == {log}
    touch(tmp_path / "app.log")
    assert files.changed_meanwhile() == set()
    touch(tmp_path / "app.log")
    assert files.changed() == set()
    touch(tmp_path / "app.py")
    assert files.changed_meanwhile() == {source}
    touch(tmp_path / "app.py")
    assert files.changed() == {source}


async def test_target_accepts_or_does_not() -> None:
    async with fakes.serve(fakes.answering()) as target:
        assert await is_accepting(parse_target(target.url).origin)
    with fakes.refusing() as nobody:
        assert not await is_accepting(parse_target(nobody.url).origin)
    assert not await is_accepting(parse_target("http://no.such.host.invalid:1").origin)
