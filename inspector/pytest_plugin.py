"""The fixture `hooktap` for pytest: an inspector of its own for each test that asks for one.

pytest imports this with every run, whether a test wants it or not: what it needs is imported by the first that does.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from inspector.testing import Hooktap
    from inspector.testing.bench import Bench


@pytest.fixture(scope="session")
def _hooktap_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Bench"]:
    from tempfile import mkdtemp

    from inspector.testing.bench import Bench

    # In pytest's own temporary directory: what a killed run leaves there, a later one clears away.
    base = tmp_path_factory.getbasetemp()
    bench = Bench(lambda: mkdtemp(prefix="hooktap-", dir=base))
    try:
        yield bench
    finally:
        bench.close()


@pytest.fixture
def hooktap(_hooktap_bench: "Bench") -> "Hooktap":
    """An inspector on free ports: `configure`, `send`, `wait_for`, `deliveries`, `assert_verified`."""
    from inspector.testing import Hooktap

    return Hooktap(_hooktap_bench)
