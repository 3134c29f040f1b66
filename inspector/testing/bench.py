"""The one inspector that a pytest process has at a time, and which test it is for.

Each test has one as good as new. Starting it takes half a second, so the next test gets the same one where nothing of
the last could show: it is configured alike, all it holds are samples, whose events never come twice, and no forward is
still to be made. Otherwise it gets another, with another directory and other ports.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from copy import deepcopy
from pathlib import Path
from typing import TypeVar

from inspector.client import Client
from inspector.errors import HooktapError, UnreachableError
from inspector.testing import process, settings
from inspector.testing.process import Process
from inspector.testing.settings import Settings

T = TypeVar("T")

_SAMPLES_MAX = 1000
"""An inspector that holds more is not used again."""


class Bench:
    """Starts inspectors, each in a folder that `new_folder` makes, and removes it with the folder at the end."""

    def __init__(self, new_folder: Callable[[], str | Path]) -> None:
        self._new_folder = new_folder
        self._process: Process | None = None
        self._settings: Settings = {}
        self.samples = 0
        """How many ordinary samples the inspector was sent."""

    def first(self, wanted: Settings) -> Process:
        """Return an inspector for a test that has had none yet. Raises HooktapError."""
        if self._process is None or self._settings != wanted or not self._is_as_new():
            self.close()
            self._process = self._started(Path(self._new_folder()), wanted)
        return self._process

    def again(self, wanted: Settings) -> Process:
        """Return the test's inspector; where it is to be configured otherwise by now, on the same ports and data."""
        assert self._process is not None
        if self._settings != wanted:
            folder, ports = self._process.folder, self._process.ports
            self._process.stop()
            self._process = self._started(folder, wanted, ports)
        return self._process

    def close(self) -> None:
        """End the inspector, and remove its folder."""
        if self._process is not None:
            self._process.stop()
            shutil.rmtree(self._process.folder, ignore_errors=True)
            self._process = None
            self.samples = 0

    def _started(self, folder: Path, wanted: Settings, ports: tuple[int, int] = (0, 0)) -> Process:
        self._process = None
        try:
            settings.write(wanted, folder)
            started = process.start(folder, ports)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._settings = deepcopy(wanted)
        return started

    def _is_as_new(self) -> bool:
        assert self._process is not None
        if self.samples > _SAMPLES_MAX:
            return False
        try:
            return ask(self._process, lambda client: _holds_samples_only(client, self.samples))
        except UnreachableError:  # a test ended it
            return False


async def _holds_samples_only(client: Client, samples: int) -> bool:
    held = await client.numbers(limit=_SAMPLES_MAX + 1)
    pending = await client.numbers("is:pending", limit=1)
    return len(held.numbers) == samples and not pending.numbers


def ask(place: Process, work: Callable[[Client], Awaitable[T]]) -> T:
    """Do `work` with an inspector, and return what it comes to. Raises what the client does."""

    async def connected() -> T:
        async with Client.of(place.data_dir) as client:
            return await work(client)

    return run(connected)


def run(work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` on an event loop of its own, and leave the one that the test may have as it is."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise HooktapError(
            "hooktap waits, and would stop this event loop: in an asyncio test write "
            "`await asyncio.to_thread(hooktap.send, ...)`, and likewise for the others"
        )

    async def main() -> T:
        return await work()

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(main())
