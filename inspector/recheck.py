"""Looking at a stored delivery once more: why it failed, what it comes to by now, and what it asks a person to do."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from inspector import outside
from inspector.core import handshakes, redaction
from inspector.core.model import Confirmed, Delivery, Outcome, Verdict
from inspector.core.providers import Provider
from inspector.endpoints import Endpoints
from inspector.errors import ReplayError
from inspector.examiner import Examiner
from inspector.store import Store

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding


class Recheck:
    """Examines what is stored, with the secrets and the provider files of now."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        examiner: Examiner,
        endpoints: Endpoints,
        store: Store,
        visit: Callable[[str], Awaitable[object]] = outside.get,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._providers = providers
        self._examiner = examiner
        self._endpoints = endpoints
        self._store = store
        self._visit = visit
        self._clock_us = clock_us

    async def diagnose(self, delivery_id: int) -> list["Finding"]:
        """Return why a stored delivery's signature is not right, most likely cause first. Raises NotFoundError."""
        delivery = await self._store.stored(delivery_id)
        endpoint = self._endpoints.of(delivery)
        others = [other for other in self._endpoints.all() if other.name != endpoint.name]
        # In a thread: it may take 50 ms, in which deliveries want to be acknowledged.
        return await asyncio.to_thread(self._examiner.explain, endpoint, delivery, others)

    async def reverify(self, deliveries: Sequence[Delivery]) -> list[Verdict]:
        """Check stored deliveries, read with their bodies, once more; append those verdicts that are new.

        They are judged as of the time they came: age is not what is checked again, secrets and schemes are.
        """
        return await self._store.append_verdicts(
            [
                verdict
                for delivery in deliveries
                if delivery.handshake is None  # answered long ago, and most of them are not signed
                and (verdict := await self._verdict_of_now(delivery)) is not None
            ]
        )

    async def confirm(self, delivery_id: int) -> Confirmed:
        """Visit the URL that a stored delivery asks to have visited, now that a person said so.

        Raises NotFoundError, ReplayError when it asks for none that may be visited, and OutsideError.
        """
        delivery = await self._store.stored(delivery_id)
        provider = self._providers.get(delivery.provider or "")
        url = handshakes.confirm_url(provider, delivery.request)
        if url is None:
            raise ReplayError(f"delivery #{delivery_id} asks for no visit that may be made")
        # Its certificate was often not at hand yet when it came.
        verdict = await self._verdict_of_now(delivery)
        if verdict is not None:
            await self._store.append_verdicts([verdict])
        verification = verdict.verification if verdict else delivery.verification
        if verification.outcome is not Outcome.VERIFIED:
            raise ReplayError(f"delivery #{delivery_id} is not verified: {verification.detail}")
        await self._visit(url)
        return Confirmed(url, 200)

    async def secret_places(self, delivery_id: int) -> list[str]:
        """Return where a stored delivery may show a secret, as its provider and its endpoint have it.

        Raises NotFoundError.
        """
        delivery = await self._store.stored(delivery_id)
        provider = self._providers.get(delivery.provider or "")
        return redaction.places(provider, self._endpoints.of(delivery).overlays)

    async def _verdict_of_now(self, delivery: Delivery) -> Verdict | None:
        """Return the verdict of now, or None if it is the one that stands already."""
        endpoint = self._endpoints.of(delivery)
        sight = self._examiner.see(endpoint, delivery.request)
        await self._examiner.learn(sight)
        received_at_s = delivery.received_at_us / 1_000_000
        provider, verification, _ = self._examiner.judge(
            endpoint, delivery.request, sight, received_at_s
        )
        name = provider.name if provider else None
        if (name, verification) == (delivery.provider, delivery.verification):
            return None
        return Verdict(0, delivery.id, self._clock_us(), name, verification)
