from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inspector.simulate.standins.wink import WINK
from tests.simulate.standins.serving import Serving, serving


@pytest.fixture
async def wink(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(WINK, tmp_path / "state.db") as running:
        yield running
