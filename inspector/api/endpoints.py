"""The API's routes about endpoints: what there are, how they and their targets do, and whether forwarding is paused."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import assert_never

from aiohttp import web

from inspector.api import parameters
from inspector.api.answers import as_json
from inspector.api.parts import Backlog, EndpointTable, Health
from inspector.core import overlays
from inspector.core.model import Endpoint, Reply, ReplyMode
from inspector.core.wire import JSON
from inspector.datadir import Addresses
from inspector.errors import ConfigError, NotFoundError
from inspector.store import Store, Tally

NAME = "{name:[a-z0-9][a-z0-9._-]{0,63}}"
TALLY_REST = 20
"""For so many times as long as it took to count, that count stands: with a million deliveries, for a second or so."""


class EndpointRoutes:
    """The handlers, with what they need of the inspector."""

    def __init__(
        self,
        *,
        store: Store,
        endpoints: EndpointTable,
        backlog: Backlog,
        health: Health,
        addresses: Addresses,
    ) -> None:
        self._store = store
        self._endpoints = endpoints
        self._backlog = backlog
        self._health = health
        self._addresses = addresses
        self._tallies: Mapping[str, Tally] = {}
        self._count_at_s = float("-inf")

    def table(self) -> list[web.RouteDef]:
        """Return the routes to add to an application."""
        return [
            web.get("/api/endpoints", self.endpoints, allow_head=False),
            web.post(f"/api/endpoints/{NAME}/pause", self.pause),
            web.post(f"/api/endpoints/{NAME}/resume", self.resume),
        ]

    async def endpoints(self, request: web.Request) -> web.Response:
        """List the endpoints; of their secrets only how many there are."""
        parameters.query_of(request)
        return as_json({"endpoints": await self._list()})

    async def pause(self, request: web.Request) -> web.Response:
        """Stop forwarding what comes to an endpoint; answer with the endpoint."""
        name = await self._name_in(request)
        await self._backlog.pause(name)
        return await self._show(name)

    async def resume(self, request: web.Request) -> web.Response:
        """Forward again; answer with the endpoint."""
        name = await self._name_in(request)
        await self._backlog.resume(name)
        return await self._show(name)

    async def _show(self, name: str) -> web.Response:
        return as_json(next(each for each in await self._list() if each["name"] == name))

    async def _name_in(self, request: web.Request) -> str:
        name = request.match_info["name"]
        await parameters.body_of(request)
        endpoint = next((each for each in self._endpoints.all() if each.name == name), None)
        if endpoint is None:
            raise NotFoundError(f"there is no endpoint '{name}'")
        if endpoint.target is None and self._backlog.paused_at_us(name) is None:
            raise ConfigError(
                f"endpoint '{name}' has no target: nothing is forwarded that could be paused"
            )
        return name

    async def _list(self) -> list[JSON]:
        endpoints = self._endpoints.all()
        backlog = await self._backlog.counts()
        health = await self._health.of(each.target for each in endpoints if each.target)
        await self._count([each.name for each in endpoints])
        return [
            {
                **self._described(each),
                "paused_at_us": self._backlog.paused_at_us(each.name),
                "backlog": backlog.get(each.name, 0),
                "health": health[each.target].to_json()
                if each.target and each.target in health
                else None,
                "tally": asdict(self._tallies.get(each.name, Tally())),
            }
            for each in endpoints
        ]

    async def _count(self, names: list[str]) -> None:
        started_s = time.monotonic()
        if started_s >= self._count_at_s:
            self._tallies = await self._store.tallies(names, midnight_us(datetime.now(UTC)))
            now_s = time.monotonic()
            self._count_at_s = now_s + TALLY_REST * (now_s - started_s)

    def _described(self, endpoint: Endpoint) -> JSON:
        return {
            "name": endpoint.name,
            "provider": endpoint.provider,
            "url": f"{self._addresses.ingress}/in/{endpoint.name}",
            "target": endpoint.target,
            "secrets": len(endpoint.secrets),
            "requires": [overlays.label(each) for each in endpoint.overlays],
            "reply": _reply(endpoint.reply),
            "on_invalid": endpoint.on_invalid.value,
            "duplicates": endpoint.duplicates.value,
            "max_rate": endpoint.max_rate,
            "configured": self._endpoints.is_configured(endpoint.name),
        }


def midnight_us(now: datetime) -> int:
    """Return when the day of `now` began here, which is where the terminal is, too."""
    # Without the offset of now: where the clocks are changed today, midnight had another.
    midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return int(midnight.timestamp()) * 1_000_000


def _reply(reply: ReplyMode | Reply) -> str:
    match reply:
        case ReplyMode():
            return reply.value
        case Reply():
            return str(reply.status)
        case unreachable:
            assert_never(unreachable)
