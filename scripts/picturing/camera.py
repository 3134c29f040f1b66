"""The terminal, driven without a terminal, and pictures of it as SVG."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from textual.pilot import Pilot

from inspector.client import Client
from inspector.errors import HooktapError
from tui.app import HooktapApp

WAIT_S = 20
FONTS = "DejaVu Sans Mono, Menlo, Cascadia Mono, Consolas, monospace"
"""What machines have. Textual would have its font fetched, from a stranger, by whoever looks at the picture."""


@dataclass(frozen=True)
class Camera:
    """Looks at one terminal."""

    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def _until(self, text: str) -> None:
        """Let the terminal run until `text` is on its screen. Raises HooktapError where it does not come."""
        try:
            async with asyncio.timeout(WAIT_S):
                while text not in self._text():
                    await self.pilot.pause(0.05)
        except TimeoutError:
            raise HooktapError(f"there is no '{text}' on the screen:\n{self._text()}") from None
        await self.pilot.pause()

    async def take(self, path: Path, size: tuple[int, int], text: str) -> None:
        """Write a picture of so many columns and lines, once `text` is on it."""
        await self.pilot.resize_terminal(*size)
        await self._until(text)
        svg = self.pilot.app.export_screenshot(title="hooktap")
        # Its ids are drawn from the content, and would be others each time.
        svg = re.sub(r"terminal-\d+", f"hooktap-{path.stem}", svg)
        svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
        path.write_text(svg.replace("Fira Code, monospace", FONTS).replace("arial;", "sans-serif;"))
        print(path)

    def _text(self) -> str:
        screen = self.pilot.app.screen
        strips = screen._compositor.render_strips(screen.size)  # noqa: SLF001
        return "\n".join(strip.text for strip in strips)


@asynccontextmanager
async def camera(client: Client, folder: Path, size: tuple[int, int]) -> AsyncIterator[Camera]:
    """Open the terminal on an inspector."""
    app = HooktapApp(client, directory=folder, zone=UTC)
    async with app.run_test(size=size) as pilot:
        yield Camera(pilot)
