"""An inspector's client that answers from memory, and the terminal open on it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

from textual.pilot import Pilot

from inspector.client import Client, Connection, History, Reverified
from inspector.core.briefs import News
from inspector.core.diagnosis import Finding
from inspector.core.edits import Edit
from inspector.core.found import Coverage, Numbers, Repeat
from inspector.core.marks import Mark, MarkOrder
from inspector.core.model import Attempt, Confirmed, Delivery, Sign, Trigger, Verdict
from inspector.core.variations import AS_SENT, Variation
from inspector.core.wire import JSON
from inspector.errors import HooktapError, NotFoundError
from tests.factories import attempt
from tui.app import HooktapApp

INGRESS = "http://127.0.0.1:8400"


class FakeClient(Client):
    """Holds records; what `arrive` and `connection` are given comes out of the feed."""

    def __init__(self, *rows: tuple[Delivery, Sequence[Attempt]]) -> None:
        super().__init__("http://127.0.0.1:0", "no token")
        self.rows = {delivery.id: (delivery, list(attempts)) for delivery, attempts in rows}
        self.bodies = {delivery.id: delivery.request.body for delivery, _ in rows}
        self.answers: dict[int, bytes] = {}
        self.configured: list[JSON] = []
        self.offered: list[JSON] = [
            {"name": "jinko", "title": "Jinko", "events": ["booking.completed"]},
            {"name": "wink", "title": "Wink", "events": ["booking.created", "booking.cancelled"]},
        ]
        self.problem: HooktapError | None = None
        """What every call but the feed raises, if anything."""
        self.calls: list[tuple[object, ...]] = []
        self.replayed: Attempt = attempt()
        self.edits: list[tuple[str | None, Edit | None]] = []
        """Where each replay was to go, and what was changed in it."""
        self.found: dict[int, list[Finding]] = {}
        """Why a delivery is not verified."""
        self.marks: dict[int, Mark] = {}
        self.is_whole = True
        """Whether the history of an event is."""
        self.secret: list[str] = []
        """Where every delivery shows a secret."""
        self.checks: dict[int, list[Verdict]] = {}
        """Every verdict on a delivery; without an entry the one it came with."""
        self.rechecked: list[Reverified] = []
        """What the next calls come to. Without one there is nothing to check."""
        self.confirmed = Confirmed("https://sns.us-east-1.amazonaws.com/?Token=" + "2" * 400, 200)
        self.sampled: JSON = {"status": 200, "body": "", "url": f"{INGRESS}/in/jinko"}
        self.gate = asyncio.Event()
        """Bodies, replays, findings and checks wait for it."""
        self.gate.set()
        self.matches: Callable[[str, Delivery], bool] = _has_event
        self.coverage: Coverage | None = None
        """How far the text index is."""
        self.looking = asyncio.Event()
        """Numbers wait for it."""
        self.looking.set()
        self.reading = asyncio.Event()
        """Rows wait for it."""
        self.reading.set()
        self._feed: asyncio.Queue[News | Connection] = asyncio.Queue()

    def arrive(self, *records: News) -> None:
        for record in records:
            if isinstance(record, Delivery):
                self.bodies.setdefault(record.id, record.request.body)
            self._feed.put_nowait(record)

    def connection(self, state: Connection) -> None:
        self._feed.put_nowait(state)

    async def health(self) -> JSON:
        self._note("health")
        return {"status": "ok", "ingress": INGRESS, "newest": max_number(self)}

    async def deliveries(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> list[tuple[Delivery, list[Attempt]]]:
        self._note("deliveries", before)
        newest_first = (self.rows[number] for number in sorted(self.rows, reverse=True))
        return [row for row in newest_first if before is None or row[0].id < before][:limit]

    async def numbers(
        self,
        query: str = "",
        before: int | None = None,
        limit: int = 50_000,
        ids: Sequence[int] | None = None,
    ) -> Numbers:
        self._note("numbers", query, before, ids)
        await self.looking.wait()
        found = [
            number
            for number in sorted(self.rows, reverse=True)
            if (before is None or number < before)
            and (ids is None or number in ids)
            and self.matches(query, self.rows[number][0])
        ][:limit]
        onward = found[-1] if len(found) == limit else None
        repeats = [] if query or ids else self._repeats(found)
        return Numbers(found, onward, min(self.rows, default=None), self.coverage, repeats)

    async def numbered(self, ids: Sequence[int]) -> list[tuple[Delivery, list[Attempt]]]:
        self._note("numbered", list(ids))
        await self.reading.wait()
        return [self.rows[number] for number in sorted(ids, reverse=True) if number in self.rows]

    async def body(self, delivery_id: int) -> bytes:
        self._note("body", delivery_id)
        await self.gate.wait()
        if delivery_id not in self.bodies:
            raise NotFoundError(f"there is no delivery {delivery_id}")
        return self.bodies[delivery_id]

    async def attempts(self, delivery_id: int) -> list[Attempt]:
        self._note("attempts", delivery_id)
        return self.rows[delivery_id][1] if delivery_id in self.rows else []

    async def response_body(self, attempt_id: int) -> bytes:
        self._note("response_body", attempt_id)
        return self.answers[attempt_id]

    async def findings(self, delivery_id: int) -> list[Finding]:
        self._note("findings", delivery_id)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self._note("findings given up", delivery_id)
            raise
        return self.found.get(delivery_id, [])

    async def history(self, delivery_id: int) -> History:
        self._note("history", delivery_id)
        wanted = self.rows[delivery_id][0].event_id
        same = [row for _, row in sorted(self.rows.items()) if row[0].event_id == wanted]
        return History(same, is_whole=self.is_whole)

    async def mark(
        self, delivery_id: int, *, marked: bool | None = None, note: str | None = None
    ) -> Mark:
        self._note("mark", delivery_id, marked, note)
        before = self.marks.get(delivery_id, Mark())
        self.marks[delivery_id] = MarkOrder(marked, note).applied_to(before)
        return self.marks[delivery_id]

    async def secret_places(self, delivery_id: int) -> list[str]:
        return self.secret

    async def verdicts(self, delivery_id: int) -> list[Verdict]:
        self._note("verdicts", delivery_id)
        return self.checks.get(delivery_id, [])

    async def reverify(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> Reverified:
        self._note("reverify", query, before, limit)
        await self.gate.wait()
        return self.rechecked.pop(0) if self.rechecked else Reverified(0, 0, [], None)

    async def confirm(self, delivery_id: int) -> Confirmed:
        self._note("confirm", delivery_id)
        return self.confirmed

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        self._note("replay", delivery_id, sign)
        self.edits.append((to, edit))
        await self.gate.wait()
        return self.replayed

    async def endpoints(self) -> list[JSON]:
        return self.configured

    async def providers(self) -> list[JSON]:
        self._note("providers")
        return self.offered

    async def send_sample(
        self,
        provider: str,
        *,
        event: str | None = None,
        format: str | None = None,  # noqa: A002 - as in Client
        endpoint: str | None = None,
        variation: Variation = AS_SENT,
    ) -> JSON:
        self._note("send_sample", provider, event)
        return self.sampled

    async def glance(
        self, after: int, whole_per_s: int
    ) -> AsyncGenerator[Sequence[News] | Connection, None]:
        self.calls.append(("feed", after))
        yield Connection.CONNECTED
        while True:
            item = await self._feed.get()
            if isinstance(item, Delivery):
                self.rows.setdefault(item.id, (item, []))
            yield item if isinstance(item, Connection) else [item]

    def _repeats(self, numbers: Sequence[int]) -> list[Repeat]:
        return [
            Repeat(number, first, bool(made) and not made[-1].succeeded)
            for number, (delivery, made) in ((each, self.rows[each]) for each in numbers)
            if (first := delivery.duplicate_of) is not None
        ]

    def _note(self, *call: object) -> None:
        self.calls.append(call)
        if self.problem is not None:
            raise self.problem


def _has_event(query: str, delivery: Delivery) -> bool:
    """Take a query for a part of the event's name."""
    return query.removeprefix("event:").rstrip("*") in (delivery.event or "")


@asynccontextmanager
async def opened(
    client: FakeClient,
    directory: Path,
    size: tuple[int, int] = (80, 24),
    *,
    theme: str | None = None,
) -> AsyncIterator[Pilot[None]]:
    """Run the terminal without a terminal until the block ends."""
    app = HooktapApp(client, directory=directory, zone=UTC)
    if theme is not None:
        app.theme = theme
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: ("feed", max_number(client)) in client.calls)
        await pilot.pause()
        yield pilot


def max_number(client: FakeClient) -> int:
    numbers = [
        [delivery.id, *(each.id for each in made)] for delivery, made in client.rows.values()
    ]
    return max((max(each) for each in numbers), default=0)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the terminal run until `condition` holds."""
    async with asyncio.timeout(30):
        while not condition():
            await pilot.pause(0.01)


def toasts(pilot: Pilot[None]) -> list[str]:
    return [notification.message for notification in pilot.app._notifications]


def screen_text(pilot: Pilot[None]) -> str:
    """Return what stands on the screen, one line per row."""
    screen = pilot.app.screen
    width, height = pilot.app.size
    strips = screen._compositor.render_strips(screen.size)
    return "\n".join(strip.text.ljust(width) for strip in strips[:height])


def replay(delivery_id: int, **fields: object) -> Attempt:
    """Build what a replay of a delivery came to."""
    return attempt(delivery_id=delivery_id, trigger=Trigger.REPLAY, **fields)
