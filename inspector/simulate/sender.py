"""The sender's end: makes a sample, signs it as its provider would, posts it, and hears what the sender is told."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import token_hex

from inspector.config import ENDPOINT_NAME
from inspector.core import admission, forwarding, signing
from inspector.core.forwarding import Target
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Failure, Request
from inspector.core.overlays import Overlay
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import decode, safe
from inspector.core.variations import AS_SENT, SampleSign, Variation
from inspector.core.wire import JSON
from inspector.endpoints import Endpoints
from inspector.errors import ConfigError, NotFoundError, SigningError, UnreachableError
from inspector.examiner import secrets_of
from inspector.forwarder.connection import Deadline
from inspector.forwarder.dialler import Dialler
from inspector.simulate import catalogue, varying
from inspector.simulate.samples import Sample

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
"""Longer than a target may take: an endpoint can answer with its target's answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender was told."""

    status: int
    body: bytes
    duration_us: int
    """From opening the connection to the answer's last byte."""


async def send(url: str, request: Request) -> Answer:
    """Post `request` to `url`, its headers and body as they are, with Host and Content-Length added.

    The path `/` stands for the URL itself, any other is appended to its path. Raises UnreachableError when no
    answer comes, and ConfigError when `url` is none.
    """
    try:
        target = forwarding.parse_target(url)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    # Sent with the forwarder's own connection: byte for byte, and no client library adds a header.
    dialler = Dialler(own_ports=(), allow_remote=True)
    began_s = time.monotonic()
    connection = await dialler.connect(target.origin, CONNECT_TIMEOUT_S)
    if isinstance(connection, Failure):
        raise UnreachableError(connection.detail)
    try:
        wire = _addressed(request, target)
        now_s = asyncio.get_running_loop().time()
        deadline = Deadline(now_s + ANSWER_TIMEOUT_S, ANSWER_TIMEOUT_S)
        result, _ = await connection.exchange(forwarding.head(wire), wire, deadline)
    finally:
        connection.close()
    if isinstance(result, Failure):
        raise UnreachableError(result.detail)
    return Answer(result.status, result.body, round((time.monotonic() - began_s) * 1e6))


def signed_sample(
    provider: Provider,
    event: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - what `send --format` calls it
    secret: bytes | str | None,
    now_s: float,
    unique: str,
    url: str | None = None,
    overlays: tuple[Overlay, ...] = (),
    tolerance_s: int | None = None,
    variation: Variation = AS_SENT,
) -> Request:
    """Return a sample signed with `secret`, or as it is where the provider's deliveries cannot be signed.

    For schemes of a key pair, `secret` is the private key. `url` is the one the provider was given: what the sample
    has in its query is added to it. Raises ConfigError for an event or format that there is not, SigningError, and
    what `varying` does.
    """
    sample = catalogue.find(provider, event, format=format)
    request = varying.made(provider, sample, variation, now_s=now_s, unique=unique)
    request = admission.equip(overlays, request)
    obstacle = signing.why_not(provider, private_key=True)
    if obstacle and variation.sign is not SampleSign.FRESH:
        raise SigningError(obstacle)
    if secret is not None and not obstacle:
        request = varying.signed(
            provider, request, secret, variation, now_s=now_s, url=url, tolerance_s=tolerance_s
        )
    return varying.damaged(request, variation)


class SampleSender:
    """Sends samples to a running inspector through its public door, as their providers would."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        endpoints: Endpoints,
        sample_seed: bytes,
        ingress: str,
    ) -> None:
        self._providers = providers
        self._endpoints = endpoints
        self._sample_seed = sample_seed
        self._ingress = ingress

    async def __call__(
        self,
        provider: str,
        *,
        event: str | None = None,
        format: str | None = None,  # noqa: A002 - what `send --format` calls it
        endpoint: str | None = None,
        variation: Variation = AS_SENT,
    ) -> JSON:
        """Send one; return what `deliver` does: with it comes a `note` on what is assumed in it.

        It goes to the endpoint named like its provider unless `endpoint` says otherwise.
        """
        known = self._providers.get(provider)
        if known is None:
            hint = nearest(provider, self._providers)
            raise NotFoundError(f"there is no provider '{safe(provider)}' {hint}")
        sample = catalogue.find(known, event, format=format)
        place = self._place(endpoint or provider)
        url = f"{self._ingress}/in/{place.name}"
        # Where a provider would have the URL from: with what the endpoint requires in it, and so not shown.
        door = admission.equip(
            place.overlays, Request("POST", f"/in/{place.name}".encode(), Headers(), b"")
        )
        return await deliver(
            known,
            sample,
            place,
            variation,
            sample_seed=self._sample_seed,
            url=url,
            known_as=place.public_url or self._ingress + decode(door.target),
            overlays=place.overlays,
        )

    def catalogue(self) -> list[JSON]:
        """Return every provider: name, title and the events there are samples of."""
        return [
            {"name": each.name, "title": each.title, "events": catalogue.events(each)}
            for each in catalogue.ordered(self._providers.values())
        ]

    def _place(self, name: str) -> Endpoint:
        if not ENDPOINT_NAME.fullmatch(name):
            raise ConfigError(f"no endpoint can be called '{safe(name)}'")
        return self._endpoints.get(name) or Endpoint(name)


async def deliver(
    provider: Provider,
    sample: Sample,
    place: Endpoint,
    variation: Variation,
    *,
    sample_seed: bytes,
    url: str,
    known_as: str,
    overlays: tuple[Overlay, ...] = (),
) -> JSON:
    """Make a sample for `place` and post it to `url`; return what was sent, and what its sender was told.

    `known_as` is the URL that the provider was given. Raises what `signed_sample`, `secret_for` and `send` do.
    """
    request = signed_sample(
        provider,
        sample.event,
        format=sample.format,
        secret=secret_for(provider, place, sample_seed, variation.sign),
        now_s=time.time(),
        unique=token_hex(16),
        url=known_as,
        overlays=overlays,
        tolerance_s=place.tolerance_s,
        variation=variation,
    )
    answer = await send(url, request)
    located = provider.locate(request)
    return {
        "event": sample.event,
        "event_id": located.event_id,
        "attempt_id": located.attempt_id,
        "url": url,
        "status": answer.status,
        "body": decode(answer.body),
        "duration_us": answer.duration_us,
        "note": sample.note if variation.body is None else None,
    }


def secret_for(
    provider: Provider,
    place: Endpoint,
    sample_seed: bytes,
    sign: SampleSign = SampleSign.FRESH,
) -> bytes | None:
    """Return what a sample for `place` is signed with: its first secret, else the inspector's own sample secret.

    For schemes of a key pair its signing key; raises SigningError where it has the public one only, or where it has
    not the one that `sign` asks for. None where the provider's deliveries cannot be signed.
    """
    if signing.why_not(provider, private_key=True):
        return None
    if (other := varying.other_secret(provider, place, sign)) is not None:
        return other
    secrets = secrets_of(place, provider)
    if signing.needs_private_key(provider):
        if place.signing_key is not None:
            return place.signing_key
        if secrets:
            raise SigningError(signing.why_not(provider, private_key=False))
    elif secrets:
        return secrets[0]
    return signing.sample_keys(provider, sample_seed).signing


def _addressed(request: Request, target: Target) -> Request:
    suffix, mark, query = request.target.partition(b"?")
    path = target.path + (b"" if suffix == b"/" else suffix) or b"/"
    queries = [each for each in (query, target.query) if each]
    path += b"?" + b"&".join(queries) if queries else mark
    headers = request.headers.without((b"Host", b"Content-Length", b"Transfer-Encoding"))
    return replace(
        request,
        target=path,
        headers=Headers(
            (
                (b"Host", target.authority),
                *headers.pairs,
                (b"Content-Length", b"%d" % len(request.body)),
            )
        ),
    )
