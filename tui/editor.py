"""The person's own editor, on a private file that is gone afterwards."""

import asyncio
import os
import shlex
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from textual.app import App, SuspendNotSupported

from inspector.errors import HooktapError

DEFAULT = "vi"
INTERRUPTS = (signal.SIGINT, signal.SIGQUIT)
"""Of ctrl+c and ctrl+backslash."""


def command(environ: Mapping[str, str]) -> list[str]:
    """Return what `VISUAL` or `EDITOR` says. Raises HooktapError if it cannot be read."""
    wanted = environ.get("VISUAL") or environ.get("EDITOR") or DEFAULT
    try:
        words = shlex.split(wanted)
    except ValueError as error:
        raise HooktapError(f"EDITOR cannot be read: {error}") from None
    return words or [DEFAULT]


async def edit(app: App[object], text: bytes, directory: Path) -> bytes:
    """Let the person edit `text` in a file in `directory`; return what it is then. Raises HooktapError."""
    words = command(os.environ)
    try:
        with _file(directory, text) as path:
            await run(app, [*words, str(path)])
            return _read(path)
    except OSError as error:
        raise HooktapError(f"cannot edit a file in {directory}: {error.strerror}") from error


@contextmanager
def _file(directory: Path, text: bytes) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(dir=directory, prefix="edit-", suffix=".http")  # 0600
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    return path.read_bytes()


@contextmanager
def _interrupts_are_its() -> Iterator[None]:
    """Heed no interrupt that is for the program on the terminal. (To ignore the signals would be inherited.)"""
    before = {number: signal.signal(number, lambda *_: None) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def run(app: App[object], words: list[str]) -> None:
    """Give the terminal to another program until that ends. Raises HooktapError if it does not start, or fails."""
    problem: str | None = None
    try:
        # What is raised inside would leave the terminal as the editor had it.
        with app.suspend(), _interrupts_are_its():
            try:
                # The event loop goes on, and with it what arrives.
                process = await asyncio.create_subprocess_exec(*words)
                if code := await process.wait():
                    problem = f"{words[0]} ended with {code}: nothing was changed"
            except OSError as error:
                problem = f"cannot start {words[0]}: {error.strerror} (set EDITOR)"
    except SuspendNotSupported:
        problem = "there is no terminal here to open an editor on"
    if problem is not None:
        raise HooktapError(problem)
