"""What a person asks for with a key: each does one thing and says in a sentence what came of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.app import App

from inspector.client import Client
from inspector.client.replaying import Order, replay
from inspector.core.export import copy_of, curl, url_of
from inspector.core.model import Delivery, Sign
from inspector.core.text import decode, shorten
from inspector.errors import ReplayError
from tui import labels, openbody
from tui.messages import Told
from tui.private import write_private
from tui.telling import replayed
from tui.window import Row

CLIPBOARD_CAP = 64 * 1024
"""Terminals drop longer OSC 52 sequences, and say nothing."""
URL_MAX = 80
"""Characters: that of a subscription goes on with a token of hundreds."""
_WAY_OUT = "--sign verbatim"
"""What the inspector's sentences advise where it cannot sign."""


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
        order = Order(sign=sign)
        try:
            outcome = await replay(self._client, delivery_id, order)
        except ReplayError as error:
            if _WAY_OUT in str(error):
                raise ReplayError(f"{error}\nhere: press R") from error
            raise
        return replayed(delivery_id, outcome, order)

    async def recheck(self, delivery: Delivery) -> Told:
        """Check a delivery's signature again; say whether that changed anything."""
        number, before = delivery.id, delivery.verification.outcome
        done = await self._client.reverify(f"id:{number}", limit=1)
        if not done.checked:
            return Told(f"there is no delivery #{number} any more", "warning")
        now = done.verdicts[-1].verification.outcome if done.verdicts else before
        if now is before:
            return Told(f"#{number} checked again: still {labels.VERDICTS[now].text}")
        was = labels.VERDICTS[before].word
        return Told(f"#{number} checked again: {labels.VERDICTS[now].text} (was {was})")

    async def confirm(self, delivery_id: int) -> Told:
        """Have the URL visited that a delivery asks to have visited."""
        confirmed = await self._client.confirm(delivery_id)
        url = shorten(confirmed.url, URL_MAX)
        sentence = f"#{delivery_id} confirmed: {url} answered {confirmed.status}"
        return Told(sentence, "information" if 200 <= confirmed.status < 300 else "error")

    async def send_sample(self, provider: str, event: str | None = None) -> Told:
        """Let a provider's sample arrive through the public door."""
        answer = await self._client.send_sample(provider, event=event)
        status = int(answer["status"])
        note = f"\n{answer['note']}" if answer.get("note") else ""
        sentence = f"{provider} sample sent to {answer['url']}: answered {status}{note}"
        return Told(sentence, "information" if 200 <= status < 300 else "error")

    async def copy_curl(self, row: Row, ingress: str) -> Told:
        """Put a delivery as a curl command on the clipboard and into a file only this user can read.

        The command sends to where the last attempt went, or to the public door if there was none.
        """
        delivery, last = row.delivery, row.last_attempt
        body = await self._client.body(delivery.id) if delivery.body_bytes else b""
        url = url_of(delivery, [] if last is None else [last], ingress)
        places = await self._client.secret_places(delivery.id)
        command = curl(copy_of(delivery, body, url, secret_places=places))
        return await self.copy(command, f"#{delivery.id} as a curl command")

    async def copy_text(self, text: str, what: str) -> Told:
        """Put a text that is safe to show on the clipboard, unless it is too long, and into a file."""
        return await self.copy(text, what, name="copied.txt")

    async def open_body(self, app: App[object], delivery: Delivery) -> Told | None:
        """Show a delivery's body in the person's pager."""
        body = await self._client.body(delivery.id) if delivery.body_bytes else b""
        await openbody.show(app, body, self._directory)
        return None

    async def save_body(self, delivery: Delivery) -> Told:
        """Write a delivery's body into a file in the working directory."""
        body = await self._client.body(delivery.id) if delivery.body_bytes else b""
        kind = decode(delivery.request.headers.get(b"Content-Type") or b"")
        path = await asyncio.to_thread(openbody.save, Path.cwd(), delivery.id, body, kind)
        return Told(f"saved {labels.size(len(body))} as {path}")

    async def copy(self, command: str, what: str, *, name: str = "copied.sh") -> Told:
        """Put a command on the clipboard, unless it is too long, and into the file."""
        path = write_private(self._directory / name, command + "\n")
        if len(command) > CLIPBOARD_CAP:
            return Told(f"{what} is too long for the clipboard; it is in {path}")
        self._to_clipboard(command)
        return Told(f"copied {what}; if your terminal has no clipboard, it is in {path}")
