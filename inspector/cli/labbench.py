"""Which deliveries `hooktap lab` sends, to which app, and with which secret, by what was typed and hooktap.toml."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from inspector.cli.reach import reach
from inspector.config import Config
from inspector.core import signing
from inspector.core.model import Delivery, Endpoint
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.datadir import DataDir
from inspector.errors import ConfigError, HooktapError, NotFoundError, SigningError
from inspector.simulate import catalogue, sender
from inspector.simulate.lab.bench import Bench
from inspector.simulate.lab.material import Material, Samples, stored

if TYPE_CHECKING:
    from inspector.client import Client

LIMIT = 20
"""Deliveries that a query gives, the newest: each is sent once as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    words: tuple[str, ...]
    """A provider's name, or a query."""
    to: str | None
    endpoint: str | None
    event: str | None
    format: str | None


def bench(
    asked: Asked, config: Config, known: Mapping[str, Provider], data_dir: DataDir
) -> tuple[Bench, str]:
    """Return what to make deliveries with, and the app's URL. Raises HooktapError where something is missing."""
    material: Material
    if len(asked.words) == 1 and asked.words[0] in known:
        provider = known[asked.words[0]]
        named = asked.endpoint
        place = config.endpoint(named) if named else config.endpoint_of(provider.name)
        sample = catalogue.find(provider, asked.event, format=asked.format)
        _note(sample.note)
        material = Samples(sample)
    else:
        if asked.event or asked.format:
            raise click.UsageError("--event and --format choose a sample: name a provider")
        found = _found(" ".join(asked.words), known, data_dir)
        place = config.endpoint(asked.endpoint or found[-1].endpoint)
        name = _of_one([each.provider or place.provider for each in found], "providers")
        if name not in known:
            raise NotFoundError(f"there is no provider '{name}' any more {nearest(name, known)}")
        provider = known[name]
        material = stored(provider, found, secrets.token_hex(8), secret_path=place.secret_path)
    url = asked.to or place.target
    if url is None:
        raise ConfigError(
            f"endpoint '{place.name}' forwards to no app: name yours with --to, or as forward_to in hooktap.toml"
        )
    return _bench(provider, material, place, url, config), url


def _bench(
    provider: Provider, material: Material, place: Endpoint, url: str, config: Config
) -> Bench:
    if provider.signs and (obstacle := signing.why_not(provider, private_key=True)):
        raise SigningError(obstacle)
    seed = b""
    if provider.signs and not place.secrets and place.signing_key is None:
        _note(f"endpoint '{place.name}' has no secret, so this is signed with the inspector's own")
        config.data_dir.prepare()
        seed = config.data_dir.sample_seed()
    other = signing.sample_keys(provider, secrets.token_bytes(32)) if provider.signs else None
    return Bench(
        provider=provider,
        material=material,
        secret=sender.secret_for(provider, place, seed),
        other_secret=other and other.signing,
        url=place.public_url or url,
        now_s=time.time(),
        tolerance_s=place.tolerance_s,
    )


def _found(query: str, known: Mapping[str, Provider], data_dir: DataDir) -> Sequence[Delivery]:
    """Return the newest deliveries that match, of one endpoint, oldest first and with their bodies."""

    async def fetch(client: "Client") -> list[Delivery]:
        rows = await client.deliveries(query, limit=LIMIT)
        return [await _whole(client, delivery) for delivery, _ in reversed(rows)]

    found = reach(data_dir, fetch)
    if not found:
        hint = nearest(query, known) if query.isidentifier() else ""
        raise NotFoundError(
            f"'{safe(query)}' is no provider's name, and no delivery matches it {hint}".rstrip()
        )
    _of_one([each.endpoint for each in found], "endpoints")
    return found


async def _whole(client: "Client", delivery: Delivery) -> Delivery:
    body = await client.body(delivery.id) if delivery.body_bytes else b""
    return replace(delivery, request=replace(delivery.request, body=body))


def _of_one(names: Sequence[str | None], what: str) -> str:
    different = sorted({safe(name or "unknown") for name in names})
    if len(different) > 1 or names[0] is None:
        raise HooktapError(
            f"the query finds deliveries of {what} {', '.join(different)}: make it find those of one, "
            f"as with {what[:-1]}:{safe(names[-1] or 'NAME')}"
        )
    return names[0]


def _note(text: str | None) -> None:
    if text:
        click.echo(f"hooktap: note: {text}", err=True)
