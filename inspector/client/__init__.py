"""The API's other end: what the terminal and the command line know of a running inspector.

The feed reconnects by itself and goes on after the last record it gave out, so its reader sees each one once.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from inspector.client.feed import Connection, shortened, whole
from inspector.client.transport import Place, Transport, read
from inspector.core import variations
from inspector.core.arrivals import Arrival, arrival_to_json
from inspector.core.briefs import News
from inspector.core.edits import Edit, edit_from_json, edit_to_json
from inspector.core.found import Numbers, Reach, numbers_from_json, reach_from_json
from inspector.core.marks import Mark
from inspector.core.model import Attempt, Confirmed, Delivery, Record, Sign, Verdict
from inspector.core.pruning import Pruned, PruneOrder, Reclaimed, pruned_from_json
from inspector.core.text import is_unicode
from inspector.core.variations import AS_SENT, Variation
from inspector.core.wire import (
    JSON,
    attempt_from_json,
    delivery_from_json,
    finding_from_json,
    verdict_from_json,
)
from inspector.datadir import DataDir
from inspector.errors import QueryError

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding

__all__ = ["Client", "Connection", "Found", "History", "Reverified"]


@dataclass(frozen=True, slots=True)
class Reverified:
    """What one call of `Client.reverify` did."""

    checked: int
    changed: int
    """How many have another outcome than before."""
    verdicts: list[Verdict]
    """Those that were stored."""
    before: int | None
    """Where the next call goes on; None: there is no more."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one call of `Client.search` found."""

    deliveries: list[tuple[Delivery, list[Attempt]]]
    reach: Reach


@dataclass(frozen=True, slots=True)
class History:
    """The deliveries of one event."""

    deliveries: list[tuple[Delivery, list[Attempt]]]
    """Oldest first."""
    is_whole: bool
    """False: there may be older ones, which would have taken too long to find."""


class Client:
    """One inspector's API: an async context manager, to be used inside its block.

    Every call raises UnreachableError when no inspector answers, and HooktapError or its child with the API's own
    sentence when it refuses.
    """

    def __init__(self, api_url: str, token: str) -> None:
        self._transport = Transport(Place(api_url.rstrip("/"), token))

    @classmethod
    def of(cls, data_dir: DataDir) -> Self:
        """Return a client of the inspector that runs in `data_dir`, and of its successors on other ports.

        Raises UnreachableError if none runs there.
        """
        place = Place.of(data_dir)
        client = cls(*place)
        client._transport = Transport(place, data_dir)
        return client

    async def __aenter__(self) -> Self:
        self._transport.open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.close()

    async def health(self) -> JSON:
        """Return who answers: version, addresses, data directory, pid and the newest number."""
        return read(dict, await self._transport.call("GET", "/api/health"))

    async def deliveries(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> list[tuple[Delivery, list[Attempt]]]:
        """Return the deliveries that match, newest first, without bodies. Raises QueryError."""
        deliveries: list[tuple[Delivery, list[Attempt]]] = []
        while True:
            found = await self.search(query, before, limit - len(deliveries))
            deliveries += found.deliveries
            if found.reach.stopped is None:
                return deliveries
            before = found.reach.stopped.at

    async def search(self, query: str = "", before: int | None = None, limit: int = 100) -> Found:
        """Return what is found of the same in a moment; it says where to go on. Raises QueryError."""
        _check_text(query)
        params = {"query": query, "limit": str(limit)}
        if before is not None:
            params["before"] = str(before)
        page = await self._transport.call(
            "GET", "/api/deliveries", params=params, invalid=QueryError
        )
        return read(_found, page)

    async def numbered(self, ids: Sequence[int]) -> list[tuple[Delivery, list[Attempt]]]:
        """Return those of up to 500 deliveries that there are, newest first, without bodies."""
        rows: list[tuple[Delivery, list[Attempt]]] = []
        params = {"ids": _listed(ids), "limit": "500"}
        while True:
            page = await self._transport.call("GET", "/api/deliveries", params=params)
            found = read(_found, page)
            rows += found.deliveries
            if found.reach.stopped is None:
                return rows
            params["before"] = str(found.reach.stopped.at)

    async def numbers(
        self,
        query: str = "",
        before: int | None = None,
        limit: int = 50_000,
        ids: Sequence[int] | None = None,
    ) -> Numbers:
        """Return the numbers of the deliveries that match, newest first, as many as are found in a moment.

        Only of the up to 500 numbered `ids`, if these are given. Raises QueryError.
        """
        _check_text(query)
        params = {"query": query, "limit": str(limit)}
        if before is not None:
            params["before"] = str(before)
        if ids is not None:
            params["ids"] = _listed(ids)
        page = await self._transport.call("GET", "/api/numbers", params=params, invalid=QueryError)
        return read(numbers_from_json, page)

    async def delivery(self, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
        """Return one delivery, without its body, and its attempts, oldest first."""
        return read(delivery_from_json, await self._get(delivery_id))

    async def body(self, delivery_id: int) -> bytes:
        """Return a delivery's body as it arrived."""
        return await self._get(delivery_id, "/body")

    async def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return a delivery's attempts, oldest first, without the bodies of the answers."""
        page = await self._get(delivery_id, "/attempts")
        return read(lambda data: [attempt_from_json(each) for each in data["attempts"]], page)

    async def response_body(self, attempt_id: int) -> bytes:
        """Return what was kept of the body of a target's answer."""
        return await self._transport.call("GET", f"/api/attempts/{attempt_id}/body")

    async def verdicts(self, delivery_id: int) -> list[Verdict]:
        """Return what every check of a delivery came to, that of its arrival first."""
        page = await self._get(delivery_id, "/verdicts")
        return read(lambda data: [verdict_from_json(each) for each in data["verdicts"]], page)

    async def findings(self, delivery_id: int) -> "list[Finding]":
        """Return why a delivery is not verified, the most likely cause first; none where none could be proved."""
        page = await self._get(delivery_id, "/findings")
        return read(lambda data: [finding_from_json(each) for each in data["findings"]], page)

    async def history(self, delivery_id: int) -> History:
        """Return the deliveries of the same event as this one's, itself among them."""
        return read(_history, await self._get(delivery_id, "/history"))

    async def mark(
        self, delivery_id: int, *, marked: bool | None = None, note: str | None = None
    ) -> Mark:
        """Mark a delivery or not, give it a note or, empty, none; return what it has then. None: as it was."""
        path = f"/api/deliveries/{delivery_id}/mark"
        answer = await self._transport.call("PUT", path, body={"marked": marked, "note": note})
        return read(lambda data: Mark(data["marked"], data["note"]), answer)

    async def secret_places(self, delivery_id: int) -> list[str]:
        """Return where a delivery may show a secret, which no export of it should hold (`core.redaction`)."""
        page = await self._get(delivery_id, "/secrets")
        return read(lambda data: [str(each) for each in data["places"]], page)

    async def reverify(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> Reverified:
        """Check deliveries that match once more: up to `limit`, newest first, numbered below `before`.

        It may check fewer where bodies are long; call it again with the `before` of its answer. Raises QueryError.
        """
        _check_text(query)
        order = {"query": query, "before": before, "limit": limit}
        answer = await self._transport.call("POST", "/api/reverify", body=order, invalid=QueryError)
        return read(_reverified, answer)

    async def count(self, order: PruneOrder) -> Pruned:
        """Look through the next deliveries and say what would go. Raises QueryError.

        The `below` of its answer belongs into every further part of the same prune.
        """
        _check_text(order.query)
        wanted = {name: str(value) for name, value in asdict(order).items() if value is not None}
        answer = await self._transport.call("GET", "/api/prune", params=wanted, invalid=QueryError)
        return read(pruned_from_json, answer)

    async def prune(self, order: PruneOrder) -> Pruned:
        """Take the next slice away; `order.below` says up to where. Raises QueryError."""
        _check_text(order.query)
        answer = await self._transport.call(
            "POST", "/api/prune", body=asdict(order), invalid=QueryError
        )
        return read(pruned_from_json, answer)

    async def reclaim(self) -> Reclaimed:
        """Give a slice of what lies unused in the database back to the disk."""
        answer = await self._transport.call("POST", "/api/reclaim", body={})
        return read(lambda data: Reclaimed(data["freed_bytes"], data["free_bytes"]), answer)

    async def confirm(self, delivery_id: int) -> Confirmed:
        """Have the inspector visit the URL that a delivery asks to have visited; return what came of it."""
        answer = await self._post(delivery_id, "/confirm", {})
        return read(lambda data: Confirmed(data["url"], data["status"]), answer)

    async def take_in(self, arrivals: Sequence[Arrival]) -> list[Delivery]:
        """Have requests that were received elsewhere stored, up to a hundred; return what they became."""
        order = {"deliveries": [arrival_to_json(arrival) for arrival in arrivals]}
        answer = await self._transport.call("POST", "/api/import", body=order)
        return read(
            lambda data: [delivery_from_json(each)[0] for each in data["deliveries"]], answer
        )

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        """Send a delivery once more, changed as `edit` says; return what came of it.

        Raises ReplayError if it cannot be sent as asked.
        """
        order = {"to": to, "sign": sign, "edit": edit_to_json(edit) if edit else None}
        return read(attempt_from_json, await self._post(delivery_id, "/replay", order))

    async def edit(self, attempt_id: int) -> Edit:
        """Return what was changed before an attempt was sent. Raises NotFoundError if nothing was."""
        return read(
            edit_from_json, await self._transport.call("GET", f"/api/attempts/{attempt_id}/edit")
        )

    async def endpoints(self) -> list[JSON]:
        """Return the endpoints; of their secrets only how many there are."""
        answer = await self._transport.call("GET", "/api/endpoints")
        return read(lambda data: list(data["endpoints"]), answer)

    async def pause(self, endpoint: str) -> JSON:
        """Stop forwarding to an endpoint's target; return the endpoint."""
        return await self._switch(endpoint, "pause")

    async def resume(self, endpoint: str) -> JSON:
        """Forward again, what has come meanwhile first; return the endpoint."""
        return await self._switch(endpoint, "resume")

    async def providers(self) -> list[JSON]:
        """Return the providers whose samples can be sent: `name`, `title` and `events`."""
        answer = await self._transport.call("GET", "/api/providers")
        return read(lambda data: list(data["providers"]), answer)

    async def send_sample(
        self,
        provider: str,
        *,
        event: str | None = None,
        format: str | None = None,  # noqa: A002 - what `send --format` calls it
        endpoint: str | None = None,
        variation: Variation = AS_SENT,
    ) -> JSON:
        """Let the inspector send itself a signed sample; return what was sent, `status` and `body` its sender saw."""
        order = {"provider": provider, "event": event, "format": format, "endpoint": endpoint}
        order |= variations.to_json(variation)
        return read(dict, await self._transport.call("POST", "/api/samples", body=order))

    def feed(self, after: int | None = None) -> AsyncGenerator[Record | Connection, None]:
        """Yield every record numbered above `after`, then new ones as they come; with None only new ones.

        Between them it yields CONNECTED when it is, and RECONNECTING once when it no longer is, or not at first; it
        tries for ever. Raises HooktapError when the inspector refuses it. Close it to disconnect.
        """
        return whole(self._transport, after)

    def glance(
        self, after: int, whole_per_s: int
    ) -> AsyncGenerator[Sequence[News] | Connection, None]:
        """Yield what `feed` does, several at once.

        Of more than so many records a second come the newest, and of the others a brief.
        """
        return shortened(self._transport, after, whole_per_s)

    async def _switch(self, endpoint: str, what: str) -> JSON:
        path = f"/api/endpoints/{quote(endpoint, safe='')}/{what}"
        return read(dict, await self._transport.call("POST", path, body={}))

    async def _get(self, delivery_id: int, what: str = "") -> bytes:
        return await self._transport.call("GET", f"/api/deliveries/{delivery_id}{what}")

    async def _post(self, delivery_id: int, what: str, order: JSON) -> bytes:
        path = f"/api/deliveries/{delivery_id}{what}"
        return await self._transport.call("POST", path, body=order)


def _reverified(data: JSON) -> Reverified:
    verdicts = [verdict_from_json(verdict) for verdict in data["verdicts"]]
    return Reverified(data["checked"], data["changed"], verdicts, data["before"])


def _history(data: JSON) -> History:
    return History([delivery_from_json(each) for each in data["deliveries"]], data["complete"])


def _found(data: JSON) -> Found:
    deliveries = [delivery_from_json(each) for each in data["deliveries"]]
    return Found(deliveries, reach_from_json(data))


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))


def _check_text(query: str) -> None:
    if not is_unicode(query):  # an argument from a shell need not be text
        raise QueryError("the query is not UTF-8")
