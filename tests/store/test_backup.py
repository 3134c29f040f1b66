import asyncio
import errno
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.store import Store, backup
from inspector.store.backup import Copied, copy
from tests.factories import delivery


def _copy(data_dir: DataDir, to: Path, *, replace: bool = False) -> Copied:
    return copy(data_dir.database, to, replace=replace, progress=lambda _, __: None)


def _bodies(path: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [body for (body,) in connection.execute("SELECT body FROM delivery ORDER BY id")]


async def test_copy_while_deliveries_arrive(
    store: Store, data_dir: DataDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything acknowledged before it began is in it, and nothing is half there; commits go on, page by page."""
    monkeypatch.setattr(backup, "PAGES", 1)
    bodies = [b"%d" % number + b" " * 5000 for number in range(200)]
    for body in bodies[:100]:
        await store.append_delivery(delivery(body=body))
    loop = asyncio.get_running_loop()
    steps: list[int] = []

    def append_more(done: int, _: int) -> None:
        steps.append(done)
        if len(steps) <= 100:
            body = bodies[99 + len(steps)]
            asyncio.run_coroutine_threadsafe(
                store.append_delivery(delivery(body=body)), loop
            ).result()

    to = tmp_path / "copy.db"
    copied = await asyncio.to_thread(
        copy, data_dir.database, to, replace=False, progress=append_more
    )

    assert len(steps) > 50
    assert store.newest > 150
    assert (copied.deliveries, copied.newest, copied.bytes) == (100, 100, to.stat().st_size)
    assert _bodies(to) == bodies[:100]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


async def test_a_copy_can_be_started_from(data_dir: DataDir, tmp_path: Path) -> None:
    async with Store.open(data_dir, on_commit=lambda _: None) as store:
        await store.append_delivery(delivery(body=b"kept"))
    other = DataDir(tmp_path / "other")
    other.prepare()
    _copy(data_dir, other.database)

    async with Store.open(other, on_commit=lambda _: None) as store:
        assert await store.body(1) == b"kept"
        assert (await store.append_delivery(delivery())).id == 2


async def test_what_is_there_stays(data_dir: DataDir, store: Store, tmp_path: Path) -> None:
    await store.append_delivery(delivery(body=b"new"))
    to = tmp_path / "copy.db"
    to.write_bytes(b"mine")

    with pytest.raises(HooktapError, match=r"copy\.db exists already .*--force"):
        _copy(data_dir, to)
    assert to.read_bytes() == b"mine"
    _copy(data_dir, to, replace=True)
    assert _bodies(to) == [b"new"]


async def test_refusals(data_dir: DataDir, tmp_path: Path) -> None:
    with pytest.raises(HooktapError, match="nothing was received yet"):
        _copy(data_dir, tmp_path / "a")
    async with Store.open(data_dir, on_commit=lambda _: None):
        with pytest.raises(HooktapError, match="the database itself"):
            _copy(data_dir, data_dir.database, replace=True)
        with pytest.raises(HooktapError, match=r"cannot write .*No such file"):
            _copy(data_dir, tmp_path / "none" / "a")
        (tmp_path / "folder").mkdir()
        with pytest.raises(HooktapError, match=r"folder is not a file"):
            _copy(data_dir, tmp_path / "folder", replace=True)


async def test_what_ends_it_leaves_nothing(
    data_dir: DataDir, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes as an exception out of `progress`."""
    monkeypatch.setattr(backup, "PAGES", 1)
    await store.append_delivery(delivery())

    def interrupt(_: int, __: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(data_dir.database, tmp_path / "copy.db", replace=False, progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def _no_links(meanwhile: Callable[[Path, Path], None]) -> Callable[[Path, Path], None]:
    """Return an `os.link` of a file system that has none; something happens just before."""

    def link(made: Path, to: Path) -> None:
        meanwhile(made, to)
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    return link


@pytest.mark.parametrize("links", [True, False])
async def test_what_has_come_to_be_there_meanwhile_stays(
    data_dir: DataDir,
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    links: bool,
) -> None:
    """Also on a file system without links, where only a rename is left."""
    if not links:
        monkeypatch.setattr(os, "link", _no_links(lambda _, __: None))
    await store.append_delivery(delivery())
    to = tmp_path / "copy.db"

    def come(_: int, __: int) -> None:
        to.write_bytes(b"another's")

    with pytest.raises(HooktapError, match=r"copy\.db exists already .*--force"):
        copy(data_dir.database, to, replace=False, progress=come)

    assert to.read_bytes() == b"another's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]


async def test_copy_where_there_are_no_links(
    data_dir: DataDir, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _no_links(lambda _, __: None))
    await store.append_delivery(delivery(body=b"kept"))
    to = tmp_path / "copy.db"

    _copy(data_dir, to)

    assert _bodies(to) == [b"kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db", "data"]
    assert stat.S_IMODE(to.stat().st_mode) == 0o600


async def test_no_empty_file_is_left_of_a_copy_that_fails_last(
    data_dir: DataDir, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _no_links(lambda made, _: made.unlink()))
    await store.append_delivery(delivery())

    with pytest.raises(HooktapError, match=r"cannot write .*No such file"):
        _copy(data_dir, tmp_path / "copy.db")

    assert [path.name for path in tmp_path.iterdir()] == ["data"]
