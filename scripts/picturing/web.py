"""The terminal in a browser: `hooktap web` as it runs, a headless Chromium before it, and a picture as PNG."""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from inspector.datadir import DataDir
from tests.browser import NAMES, chromium


def lacks() -> str:
    """Return what this machine has not got for it; empty: nothing."""
    if any(map(shutil.which, NAMES)):
        return ""
    return f"Chromium, which is not installed (looked for {', '.join(NAMES)})"


async def picture(data_dir: DataDir, folder: Path, keys: str, text: str) -> bytes:
    """Return the page, once `keys` have been pressed and `text` was drawn; the browser's files go into `folder`."""
    async with _served(data_dir) as link, chromium(folder) as browser:
        await browser.open(link)
        await browser.until(lambda: "Quit" in str(browser.screen))
        for key in keys:
            await browser.press(key)
        await browser.until(lambda: text in str(browser.screen))
        return await browser.picture()


@asynccontextmanager
async def _served(data_dir: DataDir) -> AsyncIterator[str]:
    """Run `hooktap web` and yield the link it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inspector", "web", "--port", "0"),
        *("--data-dir", str(data_dir.path)),
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()
