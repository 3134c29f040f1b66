"""The API's plain HTTP routes, as `openapi.yaml` describes them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from aiohttp import web
from aiohttp.typedefs import Handler

from inspector.api import history, parameters
from inspector.api.answers import as_bytes, as_json, bad_request
from inspector.api.arrivals import arrivals_of
from inspector.api.marking import mark_order
from inspector.api.parts import Pipeline, Recheck, Retention, SampleSender
from inspector.api.replaying import replay_order
from inspector.api.reverification import Reverification
from inspector.api.sampling import sample_order
from inspector.core import query
from inspector.core.edits import edit_to_json
from inspector.core.found import numbers_to_json, reach_to_json
from inspector.core.model import Attempt, Sign
from inspector.core.pruning import PruneOrder, pruned_to_json
from inspector.core.wire import (
    attempt_to_json,
    delivery_to_json,
    finding_to_json,
    verdict_to_json,
)
from inspector.datadir import Addresses, DataDir
from inspector.errors import NotFoundError
from inspector.store import Found, Store

ID = "{id:[0-9]{1,19}}"
PRUNE_NUMBERS = ("received_before_us", "keep", "below", "after")


def get(path: str, handler: Handler) -> web.RouteDef:
    """Return a route for GET and nothing else: no HEAD beside it."""
    return web.get(path, handler, allow_head=False)


class Routes:
    """The handlers, with what they need of the inspector."""

    def __init__(
        self,
        *,
        store: Store,
        pipeline: Pipeline,
        recheck: Recheck,
        retention: Retention,
        send_sample: SampleSender,
        addresses: Addresses,
        data_dir: DataDir,
        lag_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._recheck = recheck
        self._reverification = Reverification(store, recheck)
        self._retention = retention
        self._send_sample = send_sample
        self._addresses = addresses
        self._data_dir = data_dir
        self._lag_ms = lag_ms

    def table(self) -> list[web.RouteDef]:
        """Return the routes to add to an application."""
        return [
            get("/api/health", self.health),
            get("/api/deliveries", self.deliveries),
            get("/api/numbers", self.numbers),
            get(f"/api/deliveries/{ID}", self.delivery),
            get(f"/api/deliveries/{ID}/body", self.body),
            get(f"/api/deliveries/{ID}/attempts", self.attempts),
            get(f"/api/deliveries/{ID}/verdicts", self.verdicts),
            get(f"/api/deliveries/{ID}/findings", self.findings),
            get(f"/api/deliveries/{ID}/history", self.history),
            web.put(f"/api/deliveries/{ID}/mark", self.mark),
            get(f"/api/deliveries/{ID}/secrets", self.secrets),
            web.post(f"/api/deliveries/{ID}/replay", self.replay),
            web.post(f"/api/deliveries/{ID}/confirm", self.confirm),
            web.post("/api/import", self.take_in),
            web.post("/api/reverify", self.reverify),
            get("/api/prune", self.prunable),
            web.post("/api/prune", self.prune),
            web.post("/api/reclaim", self.reclaim),
            get(f"/api/attempts/{ID}/body", self.response_body),
            get(f"/api/attempts/{ID}/edit", self.edit),
            get("/api/providers", self.providers),
            web.post("/api/samples", self.samples),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Say who answers here, how promptly, and the newest number."""
        parameters.query_of(request)
        return as_json(
            {
                "status": "ok",
                **asdict(self._addresses),
                "data_dir": str(self._data_dir.path),
                "newest": self._store.newest,
                "lag_ms": self._lag_ms(),
                "log_bytes": self._store.log_bytes,
                "holds_damage": self._store.holds_damage,
                **asdict(self._store.usage),
            }
        )

    async def deliveries(self, request: web.Request) -> web.Response:
        """List deliveries that match, newest first, with their attempts."""
        fields = parameters.query_of(request, "query", "before", "limit", "ids")
        found = await self._store.search(
            query.parse(fields.get("query", "")),
            before=parameters.number_in(fields, "before"),
            limit=parameters.limit_in(fields),
            among=parameters.numbers_in(fields, "ids"),
        )
        attempts = await self._store.attempts([delivery.id for delivery in found.deliveries])
        # In a thread: a full page takes tens of milliseconds, in which deliveries want to be acknowledged.
        return await asyncio.to_thread(_page_as_json, found, attempts)

    async def numbers(self, request: web.Request) -> web.Response:
        """List only the numbers of deliveries that match, newest first: many at once."""
        fields = parameters.query_of(request, "query", "before", "limit", "ids")
        found = await self._store.numbers(
            query.parse(fields.get("query", "")),
            before=parameters.number_in(fields, "before"),
            limit=parameters.limit_in(fields, most=parameters.NUMBERS_MAX),
            among=parameters.numbers_in(fields, "ids"),
        )
        return await asyncio.to_thread(as_json, numbers_to_json(found))

    async def delivery(self, request: web.Request) -> web.Response:
        """Show one delivery with its attempts."""
        number = parameters.id_of(request)
        delivery = await self._store.stored(number)
        return as_json(delivery_to_json(delivery, await self._attempts_at(number)))

    async def body(self, request: web.Request) -> web.Response:
        """Hand out a delivery's body as it arrived."""
        number = parameters.id_of(request)
        body = await self._store.body(number)
        if body is None:
            raise _no_delivery(number)
        return as_bytes(body)

    async def attempts(self, request: web.Request) -> web.Response:
        """List a delivery's attempts, oldest first."""
        number = parameters.id_of(request)
        attempts = await self._attempts_at(number)
        if not attempts and await self._store.delivery(number) is None:
            raise _no_delivery(number)
        return as_json({"attempts": [attempt_to_json(attempt) for attempt in attempts]})

    async def verdicts(self, request: web.Request) -> web.Response:
        """List what every check of a delivery came to, that of its arrival first."""
        number = parameters.id_of(request)
        verdicts = await self._store.verdicts(number)
        if not verdicts:
            raise _no_delivery(number)
        return as_json({"verdicts": [verdict_to_json(verdict) for verdict in verdicts]})

    async def history(self, request: web.Request) -> web.Response:
        """List the deliveries of a delivery's event, oldest first, with their attempts."""
        parameters.query_of(request)
        return await history.answer(self._store, parameters.id_of(request))

    async def mark(self, request: web.Request) -> web.Response:
        """Mark a delivery, write a note to it, or take either away; answer with what it has now."""
        number = parameters.id_of(request)
        return as_json(asdict(await self._store.mark(number, await mark_order(request))))

    async def findings(self, request: web.Request) -> web.Response:
        """Say why a delivery is not verified, the most likely cause first."""
        found = await self._recheck.diagnose(parameters.id_of(request))
        return as_json({"findings": [finding_to_json(finding) for finding in found]})

    async def secrets(self, request: web.Request) -> web.Response:
        """Say where a delivery may show a secret, for whoever exports it."""
        return as_json({"places": await self._recheck.secret_places(parameters.id_of(request))})

    async def take_in(self, request: web.Request) -> web.Response:
        """Store deliveries that were received elsewhere, one after the other; answer with what they became."""
        arrivals = await arrivals_of(request)
        stored = [await self._pipeline.take_in(arrival) for arrival in arrivals]
        return as_json({"deliveries": [delivery_to_json(delivery) for delivery in stored]})

    async def reverify(self, request: web.Request) -> web.Response:
        """Check deliveries that match once more, newest first; answer with their verdicts."""
        fields = await parameters.body_of(request, "query", numbers=("before", "limit"))
        answer = await self._reverification.run(
            query.parse(fields.get("query", "")),
            parameters.number_in(fields, "before"),
            parameters.limit_in(fields),
        )
        return await asyncio.to_thread(as_json, answer)

    async def prunable(self, request: web.Request) -> web.Response:
        """Say what a part of a prune would take away; its `below` is what the prune itself wants to be told."""
        fields = parameters.query_of(request, "query", *PRUNE_NUMBERS)
        return as_json(pruned_to_json(await self._retention.count(_prune_order(fields))))

    async def prune(self, request: web.Request) -> web.Response:
        """Take a slice of the deliveries that match away, oldest first."""
        fields = await parameters.body_of(request, "query", numbers=PRUNE_NUMBERS)
        if "below" not in fields:  # an empty order is not to empty the store
            raise bad_request("below: say up to which number; GET /api/prune tells")
        return as_json(pruned_to_json(await self._retention.prune(_prune_order(fields))))

    async def reclaim(self, request: web.Request) -> web.Response:
        """Give a slice of what lies unused in the database back to the disk."""
        await parameters.body_of(request)
        return as_json(asdict(await self._retention.reclaim()))

    async def confirm(self, request: web.Request) -> web.Response:
        """Visit the URL that a delivery asks to have visited; answer with what came of it."""
        number = parameters.id_of(request)
        await parameters.body_of(request)
        confirmed = await self._recheck.confirm(number)
        return as_json({"url": confirmed.url, "status": confirmed.status})

    async def replay(self, request: web.Request) -> web.Response:
        """Send a delivery once more; answer with the attempt, whatever came of it."""
        number = parameters.id_of(request)
        fields, edit = await replay_order(request)
        sign = parameters.choice_in(fields, "sign", Sign)
        attempt = await self._pipeline.replay(number, to=fields.get("to"), sign=sign, edit=edit)
        return as_json(attempt_to_json(attempt))

    async def edit(self, request: web.Request) -> web.Response:
        """Hand out what was changed before an attempt was sent."""
        number = parameters.id_of(request)
        edit = await self._store.edit(number)
        if edit is None:
            raise NotFoundError(f"there is no attempt #{number} that was edited")
        return as_json(edit_to_json(edit))

    async def response_body(self, request: web.Request) -> web.Response:
        """Hand out what was kept of the body of a target's answer."""
        number = parameters.id_of(request)
        body = await self._store.response_body(number)
        if body is None:
            raise NotFoundError(f"there is no attempt #{number} that was answered")
        return as_bytes(body)

    async def providers(self, request: web.Request) -> web.Response:
        """List the providers whose samples can be sent."""
        parameters.query_of(request)
        return as_json({"providers": list(self._send_sample.catalogue())})

    async def samples(self, request: web.Request) -> web.Response:
        """Send a signed sample delivery; answer with what its sender was told."""
        fields, variation = await sample_order(request)
        if "provider" not in fields:
            raise bad_request("provider: say whose sample to send")
        answer = await self._send_sample(
            fields["provider"],
            event=fields.get("event"),
            format=fields.get("format"),
            endpoint=fields.get("endpoint"),
            variation=variation,
        )
        return as_json(answer)

    async def _attempts_at(self, delivery_id: int) -> Sequence[Attempt]:
        return (await self._store.attempts([delivery_id])).get(delivery_id, [])


def _prune_order(fields: dict[str, str]) -> PruneOrder:
    return PruneOrder(
        query=fields.get("query", ""),
        received_before_us=parameters.number_in(fields, "received_before_us"),
        keep=parameters.number_in(fields, "keep") or 0,
        below=parameters.number_in(fields, "below"),
        after=parameters.number_in(fields, "after") or 0,
    )


def _page_as_json(found: Found, attempts: Mapping[int, Sequence[Attempt]]) -> web.Response:
    page = [delivery_to_json(each, attempts.get(each.id, ())) for each in found.deliveries]
    return as_json({"deliveries": page, **reach_to_json(found.reach)})


def _no_delivery(number: int) -> NotFoundError:
    return NotFoundError(f"there is no delivery #{number}")
