import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from inspector.datadir import Addresses, DataDir
from inspector.errors import HooktapError, UnreachableError

ADDRESSES = Addresses("http://127.0.0.1:8400", "http://127.0.0.1:8401", 42, "0.1.0")


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.prepare()
    return made


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_read_it(tmp_path: Path, umask: int) -> None:
    """The directory is 0700 and every file 0600, whatever the umask."""
    made = DataDir(tmp_path / "deep" / "data")
    made.prepare()
    made.api_token()
    made.sample_seed()
    made.write_addresses(ADDRESSES)

    assert mode(made.path) == 0o700
    assert {path.name: mode(path) for path in made.path.iterdir()} == {
        "api-token": 0o600,
        "sample-seed": 0o600,
        "inspector.json": 0o600,
    }


def test_one_of_ours_is_closed_again(data_dir: DataDir) -> None:
    """A data directory that somebody opened to others is closed at the next start."""
    data_dir.lock.touch()
    data_dir.path.chmod(0o755)
    data_dir.prepare()
    assert mode(data_dir.path) == 0o700


def test_an_empty_one_is_closed(tmp_path: Path) -> None:
    """A directory made beforehand, as deployments do, is taken over."""
    tmp_path.chmod(0o755)
    DataDir(tmp_path).prepare()
    assert mode(tmp_path) == 0o700


def test_a_directory_of_others_is_left_open(tmp_path: Path) -> None:
    """`--data-dir /tmp` must not lock everybody else out of it."""
    (tmp_path / "theirs").touch()
    tmp_path.chmod(0o1777)
    with pytest.raises(HooktapError, match="holds other files"):
        DataDir(tmp_path).prepare()
    assert mode(tmp_path) == 0o1777


def test_a_file_in_its_place(tmp_path: Path) -> None:
    """What cannot be a directory is told in one sentence with the way out."""
    (tmp_path / "data").touch()
    with pytest.raises(HooktapError, match=r"data: File exists \(choose another with --data-dir\)"):
        DataDir(tmp_path / "data").prepare()


def test_secrets_are_made_once(data_dir: DataDir) -> None:
    """Token and seed are long, differ, and outlive restarts."""
    token, seed = data_dir.api_token(), data_dir.sample_seed()

    again = DataDir(data_dir.path)
    assert (again.api_token(), again.read_api_token()) == (token, token)
    assert again.sample_seed() == seed
    assert len(token) == 64
    assert token.encode() != seed


@pytest.mark.parametrize("damaged", [b"", b"\n", b"\xff\xfe"])
def test_a_damaged_secret_is_replaced(data_dir: DataDir, damaged: bytes) -> None:
    """A token that a power cut left empty would let everybody in: a new one is made."""
    (data_dir.path / "api-token").write_bytes(damaged)
    with pytest.raises(UnreachableError):
        data_dir.read_api_token()
    assert len(data_dir.api_token()) == 64


def test_a_planted_link_is_not_followed(data_dir: DataDir, tmp_path: Path) -> None:
    """Writing replaces a symbolic link; its target keeps its content and its mode."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"theirs")
    (data_dir.path / "inspector.json").symlink_to(victim)

    data_dir.write_addresses(ADDRESSES)

    assert victim.read_bytes() == b"theirs"
    assert data_dir.read_addresses() == ADDRESSES


def test_addresses_come_and_go(data_dir: DataDir) -> None:
    """They can be read while an inspector runs, and removing them twice is harmless."""
    with pytest.raises(UnreachableError, match="start one with"):
        data_dir.read_addresses()
    data_dir.write_addresses(ADDRESSES)
    assert data_dir.read_addresses() == ADDRESSES
    data_dir.remove_addresses()
    data_dir.remove_addresses()
    with pytest.raises(UnreachableError):
        data_dir.read_addresses()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"api": 1}', b"\xff"])
def test_unreadable_addresses(data_dir: DataDir, content: bytes) -> None:
    """A file of another version, or half a file, counts as no inspector."""
    (data_dir.path / "inspector.json").write_bytes(content)
    with pytest.raises(UnreachableError):
        data_dir.read_addresses()


def test_nothing_half_written_stays(data_dir: DataDir) -> None:
    """A write that fails leaves no temporary file behind."""
    (data_dir.path / "inspector.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        data_dir.write_addresses(ADDRESSES)
    assert [path.name for path in data_dir.path.iterdir()] == ["inspector.json"]
