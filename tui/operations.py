"""What a person asks for with a key: each does one thing and says in a sentence what came of it."""

from collections.abc import Callable
from pathlib import Path

from inspector.client import Client
from inspector.core.export import curl
from inspector.core.model import Attempt, Failure, Sign
from inspector.core.text import decode
from tui import labels
from tui.messages import Told
from tui.private import write_private
from tui.window import Row

CLIPBOARD_CAP = 64 * 1024
"""Terminals drop longer OSC 52 sequences, and say nothing."""


class Operations:
    """Calls of the client that change something or go somewhere. All raise what the client raises."""

    def __init__(
        self, client: Client, directory: Path, to_clipboard: Callable[[str], None]
    ) -> None:
        self._client = client
        self._directory = directory
        self._to_clipboard = to_clipboard

    async def replay(self, delivery_id: int, sign: Sign | None) -> Told:
        """Send a delivery to its target once more; without `sign` as the inspector thinks best."""
        attempt = await self._client.replay(delivery_id, sign=sign)
        manner = " verbatim" if sign is Sign.VERBATIM else ""
        came_of = f"{labels.result(attempt).text}{_detail(attempt)}"
        return Told(f"#{delivery_id} replayed{manner}: {came_of}", is_problem=not attempt.succeeded)

    async def send_sample(self, provider: str) -> Told:
        """Let a provider's sample arrive through the public door."""
        answer = await self._client.send_sample(provider)
        status = int(answer["status"])
        sentence = f"{provider} sample sent to {answer['url']}: answered {status}"
        return Told(sentence, is_problem=not 200 <= status < 300)

    async def copy_curl(self, row: Row, ingress: str) -> Told:
        """Put a delivery as a curl command on the clipboard and into a file only this user can read.

        The command sends to where the last attempt went, or to the public door if there was none.
        """
        delivery, last = row.delivery, row.last_attempt
        body = await self._client.body(delivery.id) if delivery.body_bytes else b""
        url = ingress + decode(delivery.request.target) if last is None else last.url
        return await self.copy(curl(delivery, body, url), f"#{delivery.id} as a curl command")

    async def copy(self, command: str, what: str) -> Told:
        """Put a command on the clipboard, unless it is too long, and into the file."""
        path = write_private(self._directory / "copied.sh", command + "\n")
        if len(command) > CLIPBOARD_CAP:
            return Told(f"{what} is too long for the clipboard; it is in {path}")
        self._to_clipboard(command)
        return Told(f"copied {what}; if your terminal has no clipboard, it is in {path}")


def _detail(attempt: Attempt) -> str:
    if isinstance(attempt.result, Failure):
        return f"\n{attempt.result.detail}"
    return f" in {labels.duration(attempt.duration_us)}"
