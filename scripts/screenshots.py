"""The README's pictures, taken of a real inspector that has received real samples, by the terminal itself.

Taken again, they differ in times and ids only.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from inspector.errors import HooktapError
from scripts.picturing import story, web
from scripts.picturing.camera import Camera, camera

DOCS = story.ROOT / "docs"
WIDE, TALL, LOW, NARROW = (120, 25), (100, 34), (100, 15), (80, 24)


async def main() -> None:
    """Live the story, and take the pictures."""
    print("this takes three minutes", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="hooktap-pictures-") as name:
        folder = Path(name)
        async with story.stage(folder) as stage:
            async with camera(stage.client, folder, WIDE) as looking:
                await stage.live()
                await _terminal(looking)
            if missing := web.lacks():
                sys.exit(f"docs/web.png is the old one: to take it anew needs {missing}")
            png = await web.picture(stage.data_dir, folder / "browser", "kkkkk", "Why: This was")
            (DOCS / "web.png").write_bytes(png)
            print(DOCS / "web.png")


async def _terminal(looking: Camera) -> None:
    """Take what arrived, one that failed its check, and what a replay of another comes to."""
    await looking.take(DOCS / "narrow.svg", NARROW, "JNK-TEST00")
    await looking.press(*"kkkkkkkk")
    await looking.take(DOCS / "terminal.svg", WIDE, "re-serialised")
    await looking.press(*"jjj3zr")
    await looking.take(DOCS / "detail.svg", TALL, "jinko: 'booking.failed'")
    await looking.press(*"djjji")
    await looking.take(DOCS / "diff.svg", LOW, "5 differences")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except HooktapError as error:
        sys.exit(f"{error}")
