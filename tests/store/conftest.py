"""A store in a directory of its own."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from inspector.core.model import Record
from inspector.datadir import DataDir
from inspector.store import Store

NOBODY = 65534


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    made = DataDir(tmp_path / "data")
    made.prepare()
    return made


@pytest.fixture
def commits() -> list[list[Record]]:
    """What the store of the same test has published, commit by commit."""
    return []


@pytest.fixture
async def store(data_dir: DataDir, commits: list[list[Record]]) -> AsyncIterator[Store]:
    async with Store.open(
        data_dir, on_commit=lambda records: commits.append(list(records))
    ) as opened:
        yield opened


@pytest.fixture
def bound_by_permissions() -> Iterator[DataDir]:
    """A data directory, and for the test's time a user whom permissions bind, which root is not."""
    with tempfile.TemporaryDirectory() as name:  # not tmp_path: only its owner reaches it
        made = DataDir(Path(name) / "data")
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(name, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            made.prepare()
            yield made
        finally:
            made.path.chmod(0o700)
            if is_root:
                os.seteuid(0)
