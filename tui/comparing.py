"""Comparisons as the terminal makes them: which delivery was picked, and what is left out for as long as it runs."""

from collections.abc import Awaitable, Callable

from inspector.client import Client
from inspector.core.difference import Subject
from inspector.core.model import Delivery, Response
from inspector.core.text import safe, shorten
from inspector.errors import ReplayError
from tui.messages import Told
from tui.screens.diff import DiffScreen, Side
from tui.window import Row

EVENT_MAX = 30


class Comparing:
    """Picks one delivery, then opens its comparison with another. All raise what the client raises."""

    def __init__(
        self,
        client: Client,
        copy: Callable[[str, str], Awaitable[Told]],
        show_picked: Callable[[int | None], None],
    ) -> None:
        """`copy` puts a text on the clipboard; `show_picked` shows which delivery was picked."""
        self._client = client
        self._copy = copy
        self._show_picked = show_picked
        self._picked: int | None = None
        self._ignored: list[str] = []

    async def pick(self, delivery_id: int) -> DiffScreen | None:
        """Pick a delivery, or forget it if it is the one picked; the second one opens the comparison."""
        before, self._picked = self._picked, None
        if before is None:
            self._picked = delivery_id
        self._show_picked(self._picked)
        if before in (None, delivery_id):
            return None
        return self._screen(await self._side(before), await self._side(delivery_id))

    async def answers(self, row: Row) -> DiffScreen:
        """Compare the last two answers of the app. Raises ReplayError if there are not as many."""
        answered = [each for each in row.attempts if isinstance(each.result, Response)][-2:]
        if len(answered) < 2:
            raise ReplayError(f"the app has not answered #{row.delivery.id} twice: replay it")
        sides = []
        for each in answered:
            assert isinstance(each.result, Response)
            has_body = each.result.body_bytes
            body = await self._client.response_body(each.id) if has_body else b""
            name = f"#{row.delivery.id} attempt {each.number}"
            sides.append(Side(name, Subject.of_response(each.result, body)))
        return self._screen(*sides)

    def _screen(self, left: Side, right: Side) -> DiffScreen:
        return DiffScreen(left, right, self._ignored, self._copy)

    async def _side(self, delivery_id: int) -> Side:
        delivery, _ = await self._client.delivery(delivery_id)
        body = await self._client.body(delivery_id) if delivery.body_bytes else b""
        return Side(_name(delivery), Subject.of_delivery(delivery, body))


def _name(delivery: Delivery) -> str:
    return " ".join((f"#{delivery.id}", shorten(safe(delivery.event or ""), EVENT_MAX))).rstrip()
