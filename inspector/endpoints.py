"""The named places that accept deliveries: those configured, and those created on first use."""

import time
from dataclasses import replace

from inspector.config import ENDPOINT_NAME, Config
from inspector.core.model import Delivery, Endpoint
from inspector.handed import Handed
from inspector.store import Store

CREATED_LIMIT = 200
"""Endpoints that senders may bring into being: a public URL meets scanners."""


class Endpoints:
    """Every endpoint by name. What was created on first use is remembered across restarts."""

    def __init__(self, config: Config, store: Store, handed: Handed, created: list[str]) -> None:
        self._handed = handed
        self._configured = {
            name: self._with_handed(endpoint) for name, endpoint in config.endpoints.items()
        }
        self._template = Endpoint(name="", target=config.forward_to)
        self._strict = config.strict
        self._store = store
        self._created = {
            name: self._named(name)
            for name in created
            if name not in self._configured and not config.strict
        }

    @classmethod
    async def load(cls, config: Config, store: Store) -> "Endpoints":
        """Return the configured endpoints and those that earlier runs created."""
        return cls(config, store, Handed(config.data_dir), await store.endpoint_names())

    def get(self, name: str) -> Endpoint | None:
        """Return the endpoint of that name, if there is one."""
        return self._configured.get(name) or self._created.get(name)

    def of(self, delivery: Delivery) -> Endpoint:
        """Return the endpoint a delivery came to; a bare one of that name, if it is gone."""
        return self.get(delivery.endpoint) or Endpoint(delivery.endpoint)

    def all(self) -> list[Endpoint]:
        """Return the configured endpoints, then the created ones, each in order of appearance."""
        return [*self._configured.values(), *self._created.values()]

    def is_configured(self, name: str) -> bool:
        """Whether the configuration names this endpoint."""
        return name in self._configured

    async def resolve(self, name: str) -> Endpoint | None:
        """Return the endpoint of that name, creating it on first use; None if that may not be.

        Raises StorageError when a new name cannot be written down.
        """
        known = self.get(name)
        if known is not None or self._strict or not ENDPOINT_NAME.fullmatch(name):
            return known
        if len(self._created) >= CREATED_LIMIT:
            return None
        # Taken before the write is awaited, so that a burst of first deliveries cannot pass the limit.
        self._created[name] = endpoint = self._named(name)
        try:
            await self._store.add_endpoint(name, time.time_ns() // 1000)
        except BaseException:
            self._created.pop(name, None)
            raise
        return endpoint

    async def keep_secret(self, name: str, secret: bytes) -> None:
        """Give an endpoint that has no secret the one that its provider handed over, for good. Raises StorageError."""
        await self._handed.keep(name, secret)
        for endpoints in (self._configured, self._created):
            if name in endpoints:
                endpoints[name] = self._with_handed(endpoints[name])

    def _named(self, name: str) -> Endpoint:
        return self._with_handed(replace(self._template, name=name))

    def _with_handed(self, endpoint: Endpoint) -> Endpoint:
        return replace(endpoint, handed=self._handed.of(endpoint.name))
