"""A road of real processes: `hooktap simulate`, `hooktap listen`, and what it forwards to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, hdrs

from inspector.core.model import Attempt, Delivery
from inspector.core.wire import JSON
from tests import process
from tests.simulate.standins.serving import Command, command

FASTEST = "100000"
"""An hour is 36 ms."""
NOWHERE = "http://127.0.0.1:9/in/nowhere"


@dataclass(frozen=True)
class StandIn:
    """A stand-in in a process of its own, and somebody with its token."""

    command: Command
    session: ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> JSON:
        """Call its API, which must be content."""
        headers = {hdrs.AUTHORIZATION: f"Bearer {self.command.token}"}
        async with self.session.request(
            method, self.command.url + path, headers=headers, **options
        ) as response:
            answer: JSON = await response.json()
        assert response.ok, answer
        return answer

    async def register(self, url: str, **more: object) -> JSON:
        """Add a webhook."""
        return await self.ask("POST", "/simulate/webhooks", json={"url": url, **more})

    async def change(self, webhook: JSON, **changes: object) -> JSON:
        """Change one."""
        return await self.ask("PATCH", f"/simulate/webhooks/{webhook['id']}", json=changes)

    async def webhook(self) -> JSON:
        """Return the only one, as it is now."""
        (webhook,) = (await self.ask("GET", "/simulate"))["webhooks"]
        found: JSON = webhook
        return found

    async def happen(self, event: str, **more: str) -> None:
        """Have something happen."""
        await self.ask("POST", "/simulate/events", json={"event": event, **more})

    async def attempt(self) -> JSON:
        """Return what came of the next attempt."""
        while (line := await self.command.line())["type"] != "attempt":
            pass
        return line

    async def end(self) -> list[JSON]:
        """Return every attempt of one event until the last."""
        made = [await self.attempt()]
        while made[-1]["state"] == "pending":
            made.append(await self.attempt())
        return made


@asynccontextmanager
async def stand_in(folder: Path, provider: str, speed: str = FASTEST) -> AsyncIterator[StandIn]:
    """Run `hooktap simulate`."""
    async with (
        command(folder, provider, "--speed", speed) as running,
        ClientSession() as session,
    ):
        yield StandIn(running, session)


async def taken(hooktap: process.Running, count: int) -> list[tuple[Delivery, list[Attempt]]]:
    """Return what hooktap has, oldest first, once it is that much and all of it was forwarded."""
    seen: list[JSON] = []
    while len(seen) < 2 * count:
        seen.append(await hooktap.line())
    async with hooktap.client() as client:
        found = list(reversed(await client.deliveries()))
    assert len(found) == count
    return found


async def bodies(hooktap: process.Running, deliveries: list[Delivery]) -> list[bytes]:
    """Return their bodies."""
    async with hooktap.client() as client:
        return await asyncio.gather(*(client.body(each.id) for each in deliveries))


async def answers(hooktap: process.Running, attempts: list[Attempt]) -> list[bytes]:
    """Return what the app answered."""
    async with hooktap.client() as client:
        return await asyncio.gather(*(client.response_body(each.id) for each in attempts))
