from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from tests.api.serving import Serving, serving


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        yield running
