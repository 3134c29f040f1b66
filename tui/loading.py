"""What the detail needs to be read: calls that change nothing, each answered with the message that shows what came."""

import asyncio

from inspector.client import Client
from inspector.core.model import Delivery, Response
from inspector.core.text import safe
from inspector.errors import HooktapError
from tui import bodyview, verdicts
from tui.bodyview import SHOWN_BYTES, Body
from tui.eventhistory import EventHistory
from tui.messages import AnswerLoaded, BodyLoaded, ChecksLoaded, EventHistoryLoaded
from tui.verdicts import Checks

RESTED_S = 0.2
"""What costs the inspector some work is only asked for when the cursor has rested on a delivery for so long."""


class Loader:
    """Reads from the client. To be cancelled when another delivery is selected."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def body(self, delivery: Delivery) -> BodyLoaded:
        """Fetch a delivery's body."""
        if delivery.body_bytes > SHOWN_BYTES:
            await asyncio.sleep(RESTED_S)
        try:
            content = await self._client.body(delivery.id) if delivery.body_bytes else b""
        except HooktapError as error:
            return BodyLoaded(delivery.id, safe(str(error)))
        return BodyLoaded(delivery.id, Body.of(content, len(content), delivery.request.headers))

    async def answer(self, attempt_id: int, response: Response) -> AnswerLoaded:
        """Fetch the body of an answer of the app's. Raises what the client raises."""
        content = await self._client.response_body(attempt_id)
        body = Body.of(content, response.body_bytes, response.headers)
        return AnswerLoaded(attempt_id, await asyncio.to_thread(bodyview.build, body))

    async def checks(self, delivery: Delivery, *, may_wait: bool = False) -> ChecksLoaded:
        """Fetch why a delivery is not verified, its earlier verdicts, and, if it may, whether it waits."""
        await asyncio.sleep(RESTED_S)
        try:
            findings = (
                await self._client.findings(delivery.id) if verdicts.may_have_why(delivery) else []
            )
            history = await self._client.verdicts(delivery.id)
            waits = may_wait and await self._is_pending(delivery.id)
        except HooktapError as error:
            return ChecksLoaded(delivery.id, Checks(problem=str(error)))
        return ChecksLoaded(delivery.id, Checks(tuple(findings), tuple(history), waits=waits))

    async def _is_pending(self, delivery_id: int) -> bool:
        return bool((await self._client.numbers("is:pending", ids=[delivery_id])).numbers)

    async def history(self, delivery: Delivery) -> EventHistoryLoaded:
        """Fetch the deliveries of the same event as this one's."""
        await asyncio.sleep(RESTED_S)
        try:
            found = await self._client.history(delivery.id)
        except HooktapError as error:
            return EventHistoryLoaded(delivery.id, EventHistory(problem=str(error)))
        return EventHistoryLoaded(delivery.id, EventHistory(found.deliveries, found.is_whole))
