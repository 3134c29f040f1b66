"""The life of one delivery, top to bottom: `accept` takes it from the wire, `replay` sends it once more."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from inspector.backlog import Backlog
from inspector.core import edits, handshakes, signing
from inspector.core.arrivals import Arrival
from inspector.core.edits import Edit
from inspector.core.forwarding import check_target, outgoing, parse_target, reply_headers
from inspector.core.handshakes import Answered
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Endpoint,
    Failure,
    FailureKind,
    OnDuplicate,
    OnInvalid,
    Outcome,
    Reply,
    ReplyMode,
    Request,
    Response,
    Sign,
    Trigger,
)
from inspector.core.providers import Located, Provider
from inspector.dispatcher import Dispatcher
from inspector.endpoints import Endpoints
from inspector.errors import NotFoundError, ReplayError, StorageError
from inspector.examiner import Examiner, Sight, secrets_of
from inspector.forwarder import Forwarder
from inspector.forwarder.abandoned import abandoned
from inspector.store import Store
from inspector.teller import Teller
from inspector.uids import Uids

log = logging.getLogger(__name__)

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
PAUSED_RETRY_S = 30
"""When a sender is to come again that waits for the answer of a target to which nothing goes."""
NOWHERE = Located(None, None, None)


class Pipeline:
    """What happens to a delivery, in the order in which it happens."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        examiner: Examiner,
        endpoints: Endpoints,
        store: Store,
        forwarder: Forwarder,
        dispatcher: Dispatcher,
        backlog: Backlog,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._providers = providers
        self._examiner = examiner
        self._endpoints = endpoints
        self._store = store
        self._forwarder = forwarder
        self._dispatcher = dispatcher
        self._backlog = backlog
        self._clock_us = clock_us
        self._uids = Uids()
        self._unrecorded = Teller(log)

    async def accept(self, endpoint: Endpoint, request: Request, via: str = "ingress") -> Reply:
        """Check, store and forward one request; return what the sender is told.

        A 2xx means that the delivery is on disk. Raises StorageError when it could not be stored.
        """
        sight = self._examiner.see(endpoint, request)
        await self._examiner.learn(sight)
        delivery, answered = self._examine(endpoint, request, via, sight)
        if answered is not None:
            return await self._shake_hands(endpoint, delivery, answered)
        outcome = delivery.verification.outcome
        forwards = endpoint.forwards(outcome)
        waits = forwards and endpoint.reply is ReplyMode.TARGET
        due_at_us = self._backlog.due_at_us(endpoint.name, delivery.received_at_us)
        delivery = await self._store.append_delivery(
            delivery,
            due_at_us=due_at_us if forwards and not waits else None,
            hold_duplicate=endpoint.duplicates is OnDuplicate.HOLD,
        )
        if outcome.is_invalid and endpoint.on_invalid is OnInvalid.REJECT:
            return _reply(401, b"the signature check failed\n", sight.provider)
        if waits:
            if self._backlog.paused_at_us(endpoint.name) is not None:
                return _paused(delivery)
            return await self._answer_of_target(delivery, endpoint)
        if forwards and not delivery.duplicate_held:
            self._dispatcher.submit(delivery, due_at_us)
        if isinstance(endpoint.reply, Reply):
            return endpoint.reply
        status = _ack_status(sight.provider)
        return _reply(status, b"stored as #%d\n" % delivery.id, sight.provider)

    async def take_in(self, arrival: Arrival) -> Delivery:
        """Check and store a request that was received elsewhere or earlier, as of then; it is not forwarded.

        Raises NotFoundError where there may be no such endpoint, and StorageError.
        """
        endpoint = await self._endpoints.resolve(arrival.endpoint)
        if endpoint is None:
            raise NotFoundError(f"there is no endpoint '{arrival.endpoint}', and none can be made")
        sight = self._examiner.see(endpoint, arrival.request)
        await self._examiner.learn(sight)
        delivery, answered = self._examine(
            endpoint, arrival.request, "import", sight, arrival.received_at_us
        )
        if answered is not None:  # nobody waits for the answer, and its secret is not ours to keep
            kept = handshakes.without_secret(sight.provider, delivery.request)
            delivery = replace(delivery, request=kept)
        return await self._store.append_delivery(delivery, due_at_us=None)

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        """Send a stored delivery once more, to `to` or its endpoint's target, and store the attempt.

        With `edit` it is changed first, and the delivery stays as it arrived. Without `sign` it is signed freshly
        where a secret is known, because an app refuses an old timestamp, and sent verbatim elsewhere. Raises
        NotFoundError, ReplayError and SigningError.
        """
        delivery = await self._store.stored(delivery_id)
        edit = edits.between(delivery.request, edit or Edit())
        delivery = replace(delivery, request=edits.apply(edit, delivery.request))
        endpoint = self._endpoints.of(delivery)
        target = to or endpoint.target
        if target is None:
            raise ReplayError(
                f"endpoint '{endpoint.name}' has no target: say where with --to, "
                "or set forward_to in hooktap.toml"
            )
        if complaint := check_target(target):
            raise ReplayError(complaint)
        request = self._signed(delivery, endpoint, sign)
        started_us = self._clock_us()
        try:
            attempt = await self._forwarder.send(
                replace(delivery, request=request),
                target,
                Trigger.REPLAY,
                secret_path=endpoint.secret_path,
            )
        except asyncio.CancelledError:
            cut_off = abandoned(delivery, target, Trigger.REPLAY, started_us, self._clock_us())
            await self._record_cut_off(cut_off, edit)
            raise
        provider = self._providers.get(delivery.provider or "")
        told = signing.as_told(provider, delivery.request, request) if provider else request
        if told is not request and attempt.request_headers.pairs:  # none: nothing was sent
            shown = replace(delivery, request=told)
            attempt = _retold(attempt, shown, target, endpoint, self._forwarder.hop)
        return await self._store.append_attempt(replace(attempt, edited=edit.parts), edit=edit)

    def _examine(
        self,
        endpoint: Endpoint,
        request: Request,
        via: str,
        sight: Sight,
        received_at_us: int | None = None,
    ) -> tuple[Delivery, Answered | None]:
        """Return what is to be stored, and the answer if it is a handshake and no delivery yet."""
        now_us = self._clock_us() if received_at_us is None else received_at_us
        provider, verdict, is_admitted = self._examiner.judge(
            endpoint, request, sight, now_us / 1_000_000
        )
        located = provider.locate(request, sight.fields) if provider else NOWHERE
        delivery = Delivery(
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
        if provider is None or not provider.handshake or not is_admitted:
            return delivery, None
        return delivery, handshakes.answer(
            provider,
            request,
            verdict,
            endpoint,
            secrets_of(endpoint, provider),
            sight.fields,
        )

    async def _shake_hands(
        self, endpoint: Endpoint, delivery: Delivery, answered: Answered
    ) -> Reply:
        """Store a handshake and answer it ourselves, whatever the target is doing."""
        provider = self._providers.get(delivery.provider or "")
        kept = handshakes.without_secret(provider, delivery.request)
        await self._store.append_delivery(
            replace(delivery, request=kept, handshake=answered.detail), due_at_us=None
        )
        if answered.secret is not None:
            await self._endpoints.keep_secret(endpoint.name, answered.secret)
        return answered.reply

    async def _answer_of_target(self, delivery: Delivery, endpoint: Endpoint) -> Reply:
        assert endpoint.target is not None
        started_us = self._clock_us()
        try:
            attempt = await self._forwarder.send(
                delivery, endpoint.target, Trigger.FORWARD, secret_path=endpoint.secret_path
            )
        except asyncio.CancelledError:
            now_us = self._clock_us()
            self._record(abandoned(delivery, endpoint.target, Trigger.FORWARD, started_us, now_us))
            raise
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
            self._store.queue_attempt(attempt).add_done_callback(self._tell_failure)
        except StorageError as error:
            self._unrecorded.tell(
                f"attempt at delivery #{attempt.delivery_id} is not recorded: {error}"
            )

    async def _record_cut_off(self, attempt: Attempt, edit: Edit) -> None:
        try:
            await self._store.append_attempt(replace(attempt, edited=edit.parts), edit=edit)
        except (StorageError, NotFoundError) as error:
            self._unrecorded.tell(
                f"replay of delivery #{attempt.delivery_id} is not recorded: {error}"
            )

    def _tell_failure(self, stored: asyncio.Future[Attempt | None]) -> None:
        if not stored.cancelled() and (error := stored.exception()):
            self._unrecorded.tell(f"an attempt is not recorded: {error}")

    def _signed(self, delivery: Delivery, endpoint: Endpoint, sign: Sign | None) -> Request:
        if sign is Sign.VERBATIM:
            return delivery.request
        provider = self._providers.get(delivery.provider or "")
        key = self._key_of(delivery, endpoint, provider) if provider else None
        if provider is None or key is None or signing.why_not(provider, private_key=True):
            if sign is None:
                return delivery.request
            raise ReplayError(_why_unsigned(delivery, endpoint, provider))
        return signing.resign(
            sign or Sign.FRESH,
            provider,
            delivery.request,
            key,
            now_s=self._clock_us() / 1_000_000,
            url=endpoint.public_url,
            tolerance_s=endpoint.tolerance_s,
        )

    def _key_of(self, delivery: Delivery, endpoint: Endpoint, provider: Provider) -> bytes | None:
        """Return what this delivery is signed with once more: the endpoint's, or what its sample was signed with."""
        secrets = secrets_of(endpoint, provider)
        if not secrets and delivery.verification.outcome is Outcome.VERIFIED:
            keys = self._examiner.sample_keys(provider)
            return keys.signing if keys else None
        if signing.needs_private_key(provider):
            return endpoint.signing_key
        index = delivery.verification.secret_index or 0
        return secrets[min(index, len(secrets) - 1)] if secrets else None


def _retold(
    attempt: Attempt, delivery: Delivery, target: str, endpoint: Endpoint, hop: bytes
) -> Attempt:
    """Return the attempt as if `delivery` had been what was sent."""
    parsed = parse_target(target)
    request = outgoing(delivery, parsed, secret_path=endpoint.secret_path, hop=hop)
    return replace(attempt, url=parsed.url(request), request_headers=request.headers)


def _ack_status(provider: Provider | None) -> int:
    """Return what a stored delivery is acknowledged with: the one status its provider takes as success, or 200."""
    return 200 if provider is None or provider.ack.endswith("xx") else int(provider.ack)


def _reply(status: int, text: bytes, provider: Provider | None) -> Reply:
    if provider is not None and provider.empty_ack:
        return Reply(status)
    return Reply(status, Headers((TEXT,)), text)


def _paused(delivery: Delivery) -> Reply:
    """Return what a sender is told who is to hear the target, while nothing goes there.

    No 2xx, which would be the target's word; and the delivery is not owed to the target either, because the sender
    brings it again, and the target would get it twice.
    """
    told = b"stored as #%d, but forwarding is paused: try again later\n" % delivery.id
    retry_after = (b"Retry-After", b"%d" % PAUSED_RETRY_S)
    return Reply(503, Headers((TEXT, retry_after)), told)


def _why_unsigned(delivery: Delivery, endpoint: Endpoint, provider: Provider | None) -> str:
    if provider is None:
        return f"delivery #{delivery.id} has no known provider, so there is no scheme to sign it by"
    if why_not := signing.why_not(provider, private_key=True):
        return f"{why_not}: replay it with --sign verbatim"
    if signing.needs_private_key(provider):
        return (
            f"{provider.title} signs with a private key: make a pair for testing, give the app the public one, and set "
            f"signing_key of endpoint '{endpoint.name}' in hooktap.toml; or replay it with --sign verbatim"
        )
    return (
        f"no secret is known for endpoint '{endpoint.name}': "
        "set its secret in hooktap.toml, or replay it with --sign verbatim"
    )
