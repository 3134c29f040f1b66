"""The life of one delivery, top to bottom: `accept` takes it from the wire, `replay` sends it once more."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from inspector.core import recognition, signing, verification
from inspector.core.fields import Fields
from inspector.core.forwarding import check_target, reply_headers
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Endpoint,
    Failure,
    FailureKind,
    OnInvalid,
    Outcome,
    Reply,
    ReplyMode,
    Request,
    Response,
    Sign,
    Trigger,
    Verification,
)
from inspector.core.providers import Located, Provider
from inspector.dispatcher import Dispatcher
from inspector.endpoints import Endpoints
from inspector.errors import NotFoundError, ReplayError, StorageError
from inspector.forwarder import Forwarder
from inspector.store import Store
from inspector.uids import Uids

log = logging.getLogger(__name__)

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
NOWHERE = Located(None, None, None)


class Pipeline:
    """What happens to a delivery, in the order in which it happens."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        endpoints: Endpoints,
        store: Store,
        forwarder: Forwarder,
        dispatcher: Dispatcher,
        sample_seed: bytes,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._providers = providers
        self._endpoints = endpoints
        self._store = store
        self._forwarder = forwarder
        self._dispatcher = dispatcher
        self._clock_us = clock_us
        self._uids = Uids()
        self._sample_secrets = {
            provider.name: signing.sample_secret(provider, sample_seed)
            for provider in providers.values()
            if signing.can_sign(provider)
        }

    async def accept(self, endpoint: Endpoint, request: Request, via: str = "ingress") -> Reply:
        """Check, store and forward one request; return what the sender is told.

        A 2xx means that the delivery is on disk. Raises StorageError when it could not be stored.
        """
        delivery = self._examine(endpoint, request, via)
        outcome = delivery.verification.outcome
        forwards = endpoint.forwards(outcome)
        waits = forwards and endpoint.reply is ReplyMode.TARGET
        delivery = await self._store.append_delivery(
            delivery,
            due_at_us=delivery.received_at_us if forwards and not waits else None,
        )
        if outcome.is_invalid and endpoint.on_invalid is OnInvalid.REJECT:
            return Reply(401, Headers((TEXT,)), b"the signature check failed\n")
        if waits:
            return await self._answer_of_target(delivery, endpoint)
        if forwards:
            self._dispatcher.submit(delivery)
        if isinstance(endpoint.reply, Reply):
            return endpoint.reply
        return Reply(200, Headers((TEXT,)), b"stored as #%d\n" % delivery.id)

    async def replay(
        self, delivery_id: int, *, to: str | None = None, sign: Sign | None = None
    ) -> Attempt:
        """Send a stored delivery once more, to `to` or its endpoint's target, and store the attempt.

        Without `sign` it is signed freshly where a secret is known, because an app refuses an old timestamp, and
        sent verbatim elsewhere. Raises NotFoundError, ReplayError and SigningError.
        """
        delivery = await self._store.delivery(delivery_id)
        if delivery is None:
            raise NotFoundError(f"there is no delivery #{delivery_id}")
        endpoint = self._endpoints.get(delivery.endpoint) or Endpoint(delivery.endpoint)
        target = to or endpoint.target
        if target is None:
            raise ReplayError(
                f"endpoint '{endpoint.name}' has no target: say where with --to, "
                "or set forward_to in hooktap.toml"
            )
        if complaint := check_target(target):
            raise ReplayError(complaint)
        request = self._signed(delivery, endpoint, sign)
        attempt = await self._forwarder.send(
            replace(delivery, request=request), target, Trigger.REPLAY
        )
        return await self._store.append_attempt(attempt)

    def _examine(self, endpoint: Endpoint, request: Request, via: str) -> Delivery:
        now_us = self._clock_us()
        provider = self._provider_of(endpoint, request)
        fields = Fields(request)
        verdict = self._verify(endpoint, provider, request, fields, now_us / 1_000_000)
        located = provider.locate(request, fields) if provider else NOWHERE
        return Delivery(
            0,
            self._uids.next(now_us),
            endpoint.name,
            now_us,
            via,
            request,
            len(request.body),
            provider.name if provider else None,
            located.event,
            located.event_id,
            located.attempt_id,
            verdict,
        )

    def _provider_of(self, endpoint: Endpoint, request: Request) -> Provider | None:
        if endpoint.provider is not None:
            return self._providers[endpoint.provider]
        # Headers first: what a delivery carries says more than the name somebody gave the endpoint.
        return recognition.recognise(self._providers, request) or self._providers.get(endpoint.name)

    def _verify(
        self,
        endpoint: Endpoint,
        provider: Provider | None,
        request: Request,
        fields: Fields,
        now_s: float,
    ) -> Verification:
        found = verification.verify(
            provider,
            request,
            endpoint.secrets,
            now_s=now_s,
            url=endpoint.public_url,
            tolerance_s=endpoint.tolerance_s,
            fields=fields,
        )
        if found.outcome is Outcome.NO_SECRET and provider is not None:
            return self._verify_sample(endpoint, provider, request, now_s) or found
        return found

    def _verify_sample(
        self, endpoint: Endpoint, provider: Provider, request: Request, now_s: float
    ) -> Verification | None:
        """Check with the sample secret, which only this inspector's own samples match."""
        secret = self._sample_secrets.get(provider.name)
        if secret is None:
            return None
        found = verification.verify(
            provider, request, [secret], now_s=now_s, url=endpoint.public_url
        )
        if found.outcome is not Outcome.VERIFIED:
            return None
        return replace(
            found,
            detail="signed with this inspector's own sample secret: endpoint "
            f"'{endpoint.name}' has none of {provider.title}'s",
            secret_index=None,
        )

    async def _answer_of_target(self, delivery: Delivery, endpoint: Endpoint) -> Reply:
        assert endpoint.target is not None
        attempt = await self._forwarder.send(delivery, endpoint.target, Trigger.FORWARD)
        self._record(attempt)
        match attempt.result:
            case Response(truncated=True):
                return Reply(502, Headers((TEXT,)), b"the target's answer is too long to pass on\n")
            case Response() as response:
                return Reply(response.status, reply_headers(response.headers), response.body)
            case Failure() as failure:
                late = failure.kind in {FailureKind.TIMEOUT, FailureKind.CONNECT_TIMEOUT}
                return Reply(
                    504 if late else 502, Headers((TEXT,)), failure.detail.encode() + b"\n"
                )
            case unreachable:
                assert_never(unreachable)

    def _record(self, attempt: Attempt) -> None:
        # Not waited for: the delivery is on disk and the target has answered, so the sender is owed that answer.
        try:
            self._store.queue_attempt(attempt).add_done_callback(_log_failure)
        except StorageError as error:
            log.error("attempt at delivery #%d is not recorded: %s", attempt.delivery_id, error)

    def _signed(self, delivery: Delivery, endpoint: Endpoint, sign: Sign | None) -> Request:
        if sign is Sign.VERBATIM:
            return delivery.request
        provider = self._providers.get(delivery.provider or "")
        secret = self._secret_of(delivery, endpoint)
        if provider is None or secret is None or not signing.can_sign(provider):
            if sign is None:
                return delivery.request
            raise ReplayError(_why_unsigned(delivery, endpoint, provider))
        make = signing.break_signature if sign is Sign.BROKEN else signing.sign
        now_s = self._clock_us() / 1_000_000
        return make(provider, delivery.request, secret, now_s=now_s, url=endpoint.public_url)

    def _secret_of(self, delivery: Delivery, endpoint: Endpoint) -> bytes | None:
        index = delivery.verification.secret_index or 0
        if endpoint.secrets:
            return endpoint.secrets[min(index, len(endpoint.secrets) - 1)]
        if delivery.verification.outcome is Outcome.VERIFIED:
            return self._sample_secrets.get(delivery.provider or "")
        return None


def _log_failure(stored: asyncio.Future[Attempt | None]) -> None:
    if not stored.cancelled() and (error := stored.exception()):
        log.error("an attempt is not recorded: %s", error)


def _why_unsigned(delivery: Delivery, endpoint: Endpoint, provider: Provider | None) -> str:
    if provider is None:
        return f"delivery #{delivery.id} has no known provider, so there is no scheme to sign it by"
    if not signing.can_sign(provider):
        return f"{provider.title} deliveries cannot be signed here; replay it with --sign verbatim"
    return (
        f"no secret is known for endpoint '{endpoint.name}': "
        "set its secret in hooktap.toml, or replay it with --sign verbatim"
    )
