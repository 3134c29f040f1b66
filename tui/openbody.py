"""A body in the person's own pager, and in a file of its own."""

import asyncio
import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from textual.app import App

from inspector.core.text import safe_lines
from inspector.errors import HooktapError
from tui.editor import run
from tui.private import write_numbered, write_private

DEFAULT = "less"
_ENDINGS = (
    ("json", ".json"),
    ("xml", ".xml"),
    ("html", ".html"),
    ("x-www-form-urlencoded", ".form"),
    ("text/", ".txt"),
    ("image/png", ".png"),
    ("image/jpeg", ".jpg"),
    ("image/gif", ".gif"),
    ("image/webp", ".webp"),
)
"""Of a file's name by what its Content-Type says: nothing that a sender writes goes into a name."""


def pager(environ: Mapping[str, str]) -> list[str]:
    """Return the command that `PAGER` or else `VISUAL` or `EDITOR` names. Raises HooktapError if it cannot be read."""
    for name in ("PAGER", "VISUAL", "EDITOR"):
        try:
            words = shlex.split(environ.get(name, ""))
        except ValueError as error:
            raise HooktapError(f"{name} cannot be read: {error}") from None
        if words:
            return words
    return [DEFAULT]


async def show(app: App[object], body: bytes, directory: Path) -> None:
    """Let the person read a body in a private file below `directory`, which is gone afterwards.

    Its control characters are shown as in the terminal: some pagers would carry them out. Raises HooktapError.
    """
    words = pager(os.environ)
    text = await asyncio.to_thread(safe_lines, body)
    try:
        with tempfile.TemporaryDirectory(dir=directory, prefix="read-") as folder:  # 0700
            path = write_private(Path(folder) / "body.txt", text)
            path.chmod(0o400)
            await run(app, [*words, str(path)])
    except OSError as error:
        raise HooktapError(f"cannot write below {directory}: {error.strerror}") from error


def save(folder: Path, delivery_id: int, body: bytes, content_type: str) -> Path:
    """Write a body, byte for byte, into a new file of `folder` for this user only; return its path.

    Raises HooktapError.
    """
    kind = content_type.lower()
    ending = next((ending for part, ending in _ENDINGS if part in kind), ".bin")
    return write_numbered(folder, f"delivery-{delivery_id}-body", ending, body)
