"""Deliveries kept as files, sent as their provider would send them now."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from inspector import providers
from inspector.cli.importing import arrivals
from inspector.config import Config, load
from inspector.core import admission
from inspector.core.arrivals import Arrival
from inspector.core.export.copies import sendable
from inspector.core.forwarding import split_ingress, split_segment
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Request
from inspector.core.recognition import Recogniser
from inspector.core.text import decode
from inspector.core.variations import SampleSign, Variation
from inspector.errors import ConfigError
from inspector.simulate import sender, varying
from inspector.testing.process import Process
from inspector.testing.received import Sent
from inspector.testing.settings import FILE_NAME


@dataclass(frozen=True, slots=True)
class Order:
    """How to send what a file holds."""

    endpoint: str | None = None
    """None: the one it came to."""
    to: str | None = None
    """A URL, in place of the endpoint's: past the inspector, to an app say."""
    sign: SampleSign = SampleSign.FRESH


async def send(path: Path, order: Order, place: Process) -> list[Sent]:
    """Send every delivery of a file, one after the other. Raises ConfigError, SigningError and UnreachableError."""
    config = load(environ=os.environ, cwd=place.folder, config_file=place.folder / FILE_NAME)
    return [await _send(arrival, order, place, config) for arrival in _read(path, order.endpoint)]


def _read(path: Path, endpoint: str | None) -> Iterator[Arrival]:
    for found in arrivals(str(path), endpoint, leaving_out=()):
        if isinstance(found, Arrival):
            yield found
        elif found.request is None:
            raise ConfigError(found.note)


async def _send(arrival: Arrival, order: Order, place: Process, config: Config) -> Sent:
    endpoint = config.endpoints.get(arrival.endpoint) or Endpoint(arrival.endpoint)
    request = _bare(arrival.request, endpoint)
    if order.to is None:
        below = b"/in/" + endpoint.name.encode() + request.target
        request = admission.equip(endpoint.overlays, replace(request, target=below))
        url, signed_url = (
            place.ingress,
            endpoint.public_url or place.ingress + decode(request.target),
        )
    else:
        url = signed_url = order.to
    known = providers.load(config.providers_dir)
    found = Recogniser(known).recognise(request, hint=endpoint.name).provider
    provider = known.get(endpoint.provider or "") or found or known.get(endpoint.name)
    if provider is not None:
        seed = place.data_dir.sample_seed()
        secret = sender.secret_for(provider, endpoint, seed, order.sign)
        if secret is not None:
            request = varying.signed(
                provider,
                request,
                secret,
                Variation(sign=order.sign),
                now_s=time.time(),
                url=signed_url,
                tolerance_s=endpoint.tolerance_s,
            )
    answer = await sender.send(url, request)
    located = provider.locate(request) if provider else None
    return Sent(
        answer.status,
        decode(answer.body),
        located.event if located else None,
        located.event_id if located else None,
    )


def _bare(request: Request, endpoint: Endpoint) -> Request:
    """Return it without what was said of the connection it came on, and with what stood behind the endpoint only."""
    place = split_ingress(request.target)
    if place is None:  # a file that says where the app was
        target = b"".join(request.target.partition(b"?")[1:])
    else:
        target = split_segment(place[1])[1] if endpoint.secret_path else place[1]
    return replace(request, target=target, headers=Headers(tuple(sendable(request.headers))))
