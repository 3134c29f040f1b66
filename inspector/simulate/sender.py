"""The sender's end: makes a sample, signs it as its provider would, posts it, and hears what the sender is told."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from inspector.config import ENDPOINT_NAME
from inspector.core import forwarding, signing
from inspector.core.forwarding import Target
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Failure, Request
from inspector.core.providers import Provider
from inspector.core.text import decode, safe
from inspector.core.wire import JSON
from inspector.endpoints import Endpoints
from inspector.errors import ConfigError, NotFoundError, UnreachableError
from inspector.forwarder.connection import Deadline
from inspector.forwarder.dialler import Dialler
from inspector.simulate import samples

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 60.0
"""Longer than a target may take: an endpoint can answer with its target's answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender was told."""

    status: int
    body: bytes


async def send(url: str, request: Request) -> Answer:
    """Post `request` to `url`, its headers and body as they are, with Host and Content-Length added.

    The target `/` stands for the URL itself, any other is appended to its path. Raises UnreachableError when no
    answer comes, and ConfigError when `url` is none.
    """
    try:
        target = forwarding.parse_target(url)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    # Sent with the forwarder's own connection: byte for byte, and no client library adds a header.
    dialler = Dialler(own_ports=(), allow_remote=True)
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
    return Answer(result.status, result.body)


def signed_sample(
    provider: Provider,
    event: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - what `send --format` calls it
    secret: bytes | str | None,
    now_s: float,
    unique: str,
    url: str | None = None,
) -> Request:
    """Return a sample signed with `secret`, or as it is where the provider does not sign.

    Raises what `samples.find` raises, and SigningError.
    """
    request = samples.sample(provider.name, event, format=format, now_s=now_s, unique=unique)
    if secret is None or not signing.can_sign(provider):
        return request
    return signing.sign(provider, request, secret, now_s=now_s, url=url)


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
    ) -> JSON:
        """Send one; return `status` and `body` of the answer, the `url`, and a `note` on what is assumed in it.

        It goes to the endpoint named like its provider unless `endpoint` says otherwise.
        """
        sample = samples.find(provider, event, format=format)
        known = self._providers.get(provider)
        if known is None:
            raise NotFoundError(f"there is no provider '{provider}'")
        place = self._place(endpoint or provider)
        request = signed_sample(
            known,
            sample.event,
            format=sample.format,
            secret=secret_for(known, place, self._sample_seed),
            now_s=time.time(),
            unique=secrets.token_hex(16),
            url=place.public_url,
        )
        url = f"{self._ingress}/in/{place.name}"
        answer = await send(url, request)
        body = decode(answer.body)
        return {"status": answer.status, "body": body, "url": url, "note": sample.note}

    def catalogue(self) -> list[JSON]:
        """Return the providers there are samples of: name, title and events."""
        return [
            {"name": name, "title": self._providers[name].title, "events": samples.events(name)}
            for name in samples.providers()
            if name in self._providers
        ]

    def _place(self, name: str) -> Endpoint:
        if not ENDPOINT_NAME.fullmatch(name):
            raise ConfigError(f"no endpoint can be called '{safe(name)}'")
        return self._endpoints.get(name) or Endpoint(name)


def secret_for(provider: Provider, place: Endpoint, sample_seed: bytes) -> bytes | None:
    """Return what a sample for `place` is signed with: its first secret, else the inspector's own sample secret.

    None where the provider's deliveries cannot be signed.
    """
    if not signing.can_sign(provider):
        return None
    return place.secrets[0] if place.secrets else signing.sample_secret(provider, sample_seed)


def _addressed(request: Request, target: Target) -> Request:
    suffix = b"" if request.target == b"/" else request.target
    path = target.path + suffix or b"/"
    if target.query:
        path += (b"&" if b"?" in path else b"?") + target.query
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
