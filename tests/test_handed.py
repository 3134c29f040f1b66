import asyncio
import errno
import os
import stat
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from inspector.errors import StorageError
from inspector.handed import Handed

SECRET = b"b537207f20cbfa02357cf448134da559"


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.prepare()
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_there_are_none_at_first(data_dir: DataDir) -> None:
    assert Handed(data_dir).of("asana") == ()
    assert not (data_dir.path / "handed").exists()


async def test_secret_outlives_a_restart(data_dir: DataDir) -> None:
    handed = Handed(data_dir)
    await handed.keep("asana", SECRET)
    await handed.keep("asana-2", b"\x01 any bytes \xff ")

    for each in (handed, Handed(DataDir(data_dir.path))):
        assert each.of("asana") == (SECRET,)
        assert each.of("asana-2") == (b"\x01 any bytes \xff ",)
        assert each.of("other") == ()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
async def test_nobody_else_can_read_it(data_dir: DataDir, umask: int) -> None:
    before = os.umask(umask)
    try:
        await Handed(data_dir).keep("asana", SECRET)
    finally:
        os.umask(before)

    assert mode(data_dir.path / "handed") == 0o700
    assert mode(data_dir.path / "handed" / "asana") == 0o600
    assert [path.name for path in data_dir.path.iterdir()] == ["handed"]


async def test_first_one_counts(data_dir: DataDir) -> None:
    """Whoever comes second may be anybody; whoever comes again is welcome."""
    handed = Handed(data_dir)
    await handed.keep("asana", SECRET)
    await handed.keep("asana", SECRET)

    with pytest.raises(StorageError, match="endpoint 'asana' was handed another secret"):
        await handed.keep("asana", b"another")

    assert handed.of("asana") == Handed(data_dir).of("asana") == (SECRET,)


async def test_of_two_at_once_one_is_first(data_dir: DataDir) -> None:
    handed = Handed(data_dir)
    secrets = [b"%d" % number for number in range(20)]

    results = await asyncio.gather(
        *(handed.keep("asana", secret) for secret in secrets), return_exceptions=True
    )

    assert results.count(None) == 1
    assert handed.of("asana") == Handed(data_dir).of("asana") == (b"0",)


class Balky(DataDir):
    """One whose disk is full now and then."""

    full = True

    def write_handed(self, endpoint: str, secret: bytes) -> None:
        if self.full:
            type(self).full = False
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write_handed(endpoint, secret)


@pytest.fixture
def balky(data_dir: DataDir, monkeypatch: pytest.MonkeyPatch) -> Balky:
    monkeypatch.setattr(Balky, "full", True)
    return Balky(data_dir.path)


async def test_one_that_fails_takes_nothing_from_another(balky: Balky) -> None:
    """A sender that was not answered at once has sent his secret twice."""
    handed = Handed(balky)

    results = await asyncio.gather(
        handed.keep("asana", SECRET), handed.keep("asana", SECRET), return_exceptions=True
    )

    assert sorted(map(str, results)) == [
        "None",
        "the secret of endpoint 'asana' is not kept: No space left on device",
    ]
    assert handed.of("asana") == Handed(balky).of("asana") == (SECRET,)


async def test_one_that_was_kept_stays(balky: Balky) -> None:
    """Also when it comes again and cannot be written: else whoever comes next would count."""
    Balky.full = False
    handed = Handed(balky)
    await handed.keep("asana", SECRET)
    Balky.full = True

    with pytest.raises(StorageError, match="No space left"):
        await handed.keep("asana", SECRET)

    assert handed.of("asana") == Handed(balky).of("asana") == (SECRET,)


async def test_what_cannot_be_written_is_not_kept(data_dir: DataDir) -> None:
    """The sender is told to come again, and can."""
    handed = Handed(data_dir)
    (data_dir.path / "handed").write_bytes(b"in the way")

    with pytest.raises(
        StorageError, match="the secret of endpoint 'asana' is not kept: File exists"
    ):
        await handed.keep("asana", SECRET)
    assert handed.of("asana") == ()

    (data_dir.path / "handed").unlink()
    await handed.keep("asana", b"another")
    assert Handed(data_dir).of("asana") == (b"another",)


async def test_planted_link_is_not_followed(data_dir: DataDir, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    handed = Handed(data_dir)
    (data_dir.path / "handed").mkdir()
    (data_dir.path / "handed" / "asana").symlink_to(victim)

    await handed.keep("asana", SECRET)

    assert victim.read_bytes() == b"theirs"
    assert Handed(data_dir).of("asana") == (SECRET,)


def test_person_may_put_one_there(data_dir: DataDir) -> None:
    """With an editor, which ends the line."""
    (data_dir.path / "handed").mkdir()
    (data_dir.path / "handed" / "asana").write_bytes(SECRET + b"\r\n")

    assert Handed(data_dir).of("asana") == (SECRET,)


def test_what_is_no_secret_is_left_out(data_dir: DataDir) -> None:
    """An empty one would let everybody in; a huge one, and a pipe, would stop the start."""
    folder = data_dir.path / "handed"
    (folder / "folder").mkdir(parents=True)
    (folder / "empty").write_bytes(b"")
    (folder / "blank").write_bytes(b"\n")
    (folder / "huge").write_bytes(b"x" * 5000)
    (folder / ".new-x1").write_bytes(b"half a file")
    (folder / "dangling").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "asana").write_bytes(SECRET)

    assert data_dir.read_handed() == {"asana": SECRET}
