"""Exports as the terminal makes them: of one delivery, to the clipboard or into a file."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from inspector.client import Client
from inspector.core.export import FORMATS, Format, copy_of, url_of
from inspector.core.text import decode, safe_lines
from tui.messages import Told
from tui.private import write_numbered
from tui.window import Row


class Choice(NamedTuple):
    """What a person wants."""

    format: str
    to_file: bool = False
    include_secrets: bool = False


class Exporting:
    """Writes a delivery down."""

    def __init__(self, client: Client, copy: Callable[[str, str], Awaitable[Told]]) -> None:
        """`copy` puts a text of some name on the clipboard."""
        self._client = client
        self._copy = copy

    async def export(self, row: Row, choice: Choice) -> Told:
        """Export a delivery as chosen; what is no text always goes into a file. Raises what the client raises."""
        chosen = FORMATS[choice.format]
        content = await self._written(row, chosen, include_secrets=choice.include_secrets)
        what = f"#{row.delivery.id} as {chosen.title}"
        text = decode(content)
        if not choice.to_file and safe_lines(text, tab_width=0) == text:
            return await self._copy(text.rstrip("\n"), what)
        path = write_numbered(Path.cwd(), f"delivery-{row.delivery.id}", chosen.suffix, content)
        why = "" if choice.to_file else " (it is not for a clipboard)"
        return Told(f"{what} is in {path}{why}")

    async def _written(self, row: Row, chosen: Format, *, include_secrets: bool) -> bytes:
        delivery, health = row.delivery, await self._client.health()
        copy = copy_of(
            delivery,
            await self._client.body(delivery.id) if delivery.body_bytes else b"",
            url_of(delivery, row.attempts, str(health["ingress"]), is_record=chosen.is_record),
            row.attempts,
            secret_places=await self._client.secret_places(delivery.id),
            include_secrets=include_secrets,
        )
        return chosen.write([copy], str(health["version"]))
