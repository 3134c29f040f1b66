"""A real API on loopback, over a real store; only what lies behind the pipeline is stood in for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from inspector.api import create_app
from inspector.backlog import Backlog
from inspector.client import Client
from inspector.core.arrivals import Arrival
from inspector.core.diagnosis import Cause, Finding
from inspector.core.edits import Edit
from inspector.core.model import (
    Attempt,
    Confirmed,
    Delivery,
    Endpoint,
    Failure,
    FailureKind,
    Outcome,
    Sign,
    Trigger,
    Verdict,
    Verification,
)
from inspector.core.variations import Variation
from inspector.core.wire import JSON
from inspector.datadir import Addresses, DataDir
from inspector.errors import NotFoundError
from inspector.feed import Batch, Feed, RecordsAfter
from inspector.health import Health
from inspector.retention import Retention
from inspector.store import Store
from tests import factories

INGRESS = "http://127.0.0.1:8400"
LAG_MS = 7


@dataclass
class Pipeline:
    """Records what it is asked, stores an attempt for a replay and `found` for each delivery to be checked again."""

    store: Store
    asked: list[tuple[int, str | None, Sign | None]] = field(default_factory=list)
    edits: list[Edit | None] = field(default_factory=list)
    checked: list[list[Delivery]] = field(default_factory=list)
    found: Verification = field(default=Verification(Outcome.VERIFIED, "signature matches"))
    findings: list[Finding] = field(
        default_factory=lambda: [
            Finding(Cause.BODY_BOM, "without its byte order mark \x1b the signature is right"),
            Finding(Cause.CLOCK, "the sender's clock is slow"),
        ]
    )
    error: Exception | None = None

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        self.asked.append((delivery_id, to, sign))
        self.edits.append(edit)
        await self._find(delivery_id)
        parts = edit.parts if edit else ()
        attempt = factories.attempt(delivery_id=delivery_id, trigger=Trigger.REPLAY, edited=parts)
        return await self.store.append_attempt(attempt, edit=edit)

    async def take_in(self, arrival: Arrival) -> Delivery:
        if self.error is not None:
            raise self.error
        request = arrival.request
        return await self.store.append_delivery(
            factories.delivery(
                request=request,
                endpoint=arrival.endpoint,
                received_at_us=arrival.received_at_us or factories.NOW_S * 1_000_000,
                via="import",
            )
        )

    async def diagnose(self, delivery_id: int) -> list[Finding]:
        await self._find(delivery_id)
        return self.findings

    async def secret_places(self, delivery_id: int) -> list[str]:
        await self._find(delivery_id)
        return ["header:X-Gitlab-Token", "path"]

    async def reverify(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        if self.error is not None:
            raise self.error
        self.checked.append(list(deliveries))
        verdicts = [
            factories.verdict(delivery_id=delivery.id, verification=self.found)
            for delivery in deliveries
        ]
        return await self.store.append_verdicts(verdicts)

    async def confirm(self, delivery_id: int) -> Confirmed:
        await self._find(delivery_id)
        return Confirmed("https://sns.example/?confirm", 200)

    async def _find(self, delivery_id: int) -> None:
        if self.error is not None:
            raise self.error
        if await self.store.delivery(delivery_id) is None:
            raise NotFoundError(f"there is no delivery #{delivery_id}")


@dataclass
class Endpoints:
    """A table of endpoints, of which the first was configured."""

    rows: Sequence[Endpoint] = ()

    def all(self) -> Sequence[Endpoint]:
        return self.rows

    def is_configured(self, name: str) -> bool:
        return self.rows[0].name == name


@dataclass
class Samples:
    """Records which samples it is asked to send."""

    asked: list[tuple[str | None, ...]] = field(default_factory=list)
    variations: list[Variation] = field(default_factory=list)

    async def __call__(
        self,
        provider: str,
        *,
        event: str | None,
        format: str | None,  # noqa: A002 - the API's own word
        endpoint: str | None,
        variation: Variation,
    ) -> JSON:
        self.asked.append((provider, event, format, endpoint))
        self.variations.append(variation)
        return {
            "event": event or "booking.completed",
            "event_id": "evt_1",
            "attempt_id": None,
            "url": f"{INGRESS}/in/x",
            "status": 200,
            "body": "stored as #1\n",
            "duration_us": 900,
            "note": None,
        }

    def catalogue(self) -> list[JSON]:
        return [{"name": "jinko", "title": "Jinko", "events": ["booking.completed"]}]


async def reached(target: str) -> Failure | None:
    """Find every target up but those on port 9."""
    nobody = Failure(FailureKind.REFUSED, f"nobody listens at {target}\x1b")
    return nobody if target.endswith(":9") else None


class WatchedFeed(Feed):
    """A feed that tells when a subscriber has left."""

    def __init__(self, records_after: RecordsAfter) -> None:
        super().__init__(records_after, page_records=4)
        self.left = asyncio.Semaphore(0)

    def batches(self, after: int | None = None) -> AsyncGenerator[Batch, None]:
        return self._watched(super().batches(after))

    async def _watched(self, batches: AsyncGenerator[Batch, None]) -> AsyncGenerator[Batch, None]:
        try:
            async with aclosing(batches):
                async for batch in batches:
                    yield batch
        finally:
            self.left.release()


@dataclass
class Serving:
    """A running API and what is behind it."""

    data_dir: DataDir
    store: Store
    feed: WatchedFeed
    pipeline: Pipeline
    endpoints: Endpoints
    samples: Samples
    app: web.Application
    runner: web.AppRunner
    url: str
    token: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> Client:
        return Client(self.url, self.token)

    async def receive(self, count: int = 1) -> list[Delivery]:
        """Store so many deliveries, one commit after the other."""
        return [await self.store.append_delivery(factories.delivery()) for _ in range(count)]


@asynccontextmanager
async def serving(
    data_dir: DataDir, *, records_after: RecordsAfter | None = None, stall_s: float = 10
) -> AsyncIterator[Serving]:
    """Serve the API of `data_dir`, its feed from `records_after` instead of the store if it is given."""
    data_dir.prepare()
    live = WatchedFeed(records_after or (lambda after, limit: store.records_after(after, limit)))
    async with Store.open(data_dir, on_commit=live.publish) as store:
        pipeline, endpoints, samples = Pipeline(store), Endpoints(), Samples()
        site_address = Addresses(INGRESS, "http://127.0.0.1:8401", 42, "0.1.0")
        app = create_app(
            store=store,
            feed=live,
            pipeline=pipeline,
            recheck=pipeline,
            retention=Retention(store),
            endpoints=endpoints,
            backlog=Backlog(store, {}, ()),
            health=Health(reached),
            send_sample=samples,
            token=data_dir.api_token(),
            addresses=site_address,
            data_dir=data_dir,
            lag_ms=lambda: LAG_MS,
            stall_s=stall_s,
        )
        # With the default timeout of 60 s, whatever keeps the API from stopping hangs the test.
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = "http://{}:{}".format(*runner.addresses[0])
            data_dir.write_addresses(Addresses(INGRESS, url, 42, "0.1.0"))
            yield Serving(
                data_dir=data_dir,
                store=store,
                feed=live,
                pipeline=pipeline,
                endpoints=endpoints,
                samples=samples,
                app=app,
                runner=runner,
                url=url,
                token=data_dir.api_token(),
            )
        finally:
            await runner.cleanup()
