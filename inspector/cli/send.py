"""`hooktap send`: sample deliveries, signed as their provider would, or wrong on purpose."""

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector import providers
from inspector.cli.options import as_json, command, config_file, configuration, pacing, seconds
from inspector.cli.reach import reach
from inspector.cli.varying import varying
from inspector.cli.volleys import Plan, send_planned
from inspector.config import Config, providers_dir
from inspector.core import signing
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.core.variations import SampleSign, Variation
from inspector.core.wire import JSON
from inspector.errors import NotFoundError
from inspector.simulate import catalogue, samples
from inspector.simulate.volley import MOST

if TYPE_CHECKING:
    from inspector.client import Client

MOST_AT_ONCE = 64
MOST_DUPLICATES = 1000
SEED_MAX = 2**31 - 1


@command()
@click.argument("provider")
@click.argument("event", required=False)
@click.option("--to", metavar="URL", help="Where to send to, instead of the running inspector.")
@click.option("--endpoint", metavar="NAME", help="The endpoint it is for.")
@click.option(
    "--format", type=click.Choice(list(samples.CONTENT_TYPES)), help="How the body is written."
)
@varying
@click.option(
    "--count", type=click.IntRange(1, MOST), default=1, metavar="N", help="Send N events."
)
@click.option(
    "--duplicate",
    type=click.IntRange(1, MOST_DUPLICATES),
    metavar="N",
    help="Send each event N more times: the same event's id, another attempt's.",
)
@click.option("--reorder", is_flag=True, help="Send in a shuffled order.")
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MAX),
    metavar="N",
    help="With --reorder: the order of an earlier run.",
)
@pacing(MOST_AT_ONCE)
@click.option(
    "--delay",
    type=seconds,
    metavar="SECONDS",
    help="Hold each back so long after it was signed.",
)
@config_file
@as_json
@click.pass_context
def send(
    ctx: click.Context,
    /,
    *,
    provider: str,
    event: str | None,
    to: str | None,
    endpoint: str | None,
    format: str | None,
    variation: Variation,
    count: int,
    duplicate: int | None,
    reorder: bool,
    seed: int | None,
    rate: float | None,
    concurrency: int,
    delay: float | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Send a sample of EVENT (by default PROVIDER's usual one), correctly signed, and print the answer.

    It goes to the running inspector, to the endpoint configured for PROVIDER or else named like it, and is signed by
    that inspector with the endpoint's secret. With --to it goes to any URL, signed with the secret in hooktap.toml.
    An endpoint without a secret gets the inspector's own sample secret, which that inspector takes as verified.

    Of many, every event has ids of its own, and a summary says what was answered. Ctrl-C stops after those under way
    and prints it too; exit 130 then, else 1 unless every answer is 2xx.

    `hooktap provider show PROVIDER` lists the events.
    """
    known = providers.load(providers_dir())
    if provider not in known:
        raise NotFoundError(f"there is no provider '{safe(provider)}' {nearest(provider, known)}")
    chosen = known[provider]
    sample = catalogue.find(chosen, event, format=format)
    if sample.note and variation.body is None:
        click.echo(f"hooktap: note: {sample.note}", err=True)
    plan = Plan(
        variation,
        count=count,
        duplicates=duplicate or 0,
        seed=_seed(seed, reorder=reorder),
        per_s=rate,
        at_once=concurrency,
        delay_s=delay or 0.0,
    )
    if plan.total > MOST:
        raise click.UsageError(f"that would be {plan.total:,} deliveries: at most {MOST:,}")
    if to is None:
        code = reach(
            ctx.obj, lambda client: _send_here(client, chosen, sample, endpoint, plan, as_json)
        )
    else:
        config = configuration(ctx.obj.path, config_file)
        code = asyncio.run(_send_there(config, chosen, sample, to, endpoint, plan, as_json))
    ctx.exit(code)


def _seed(seed: int | None, *, reorder: bool) -> int | None:
    if not reorder:
        if seed is not None:
            raise click.UsageError("--seed takes --reorder: without it there is one order only")
        return None
    if seed is None:
        seed = secrets.randbelow(SEED_MAX + 1)
        click.echo(f"hooktap: note: in the order of --seed {seed}", err=True)
    return seed


async def _send_here(
    client: "Client",
    provider: Provider,
    sample: samples.Sample,
    endpoint: str | None,
    plan: Plan,
    as_json: bool,  # noqa: FBT001 - handed through
) -> int:
    known = {each["name"]: each for each in await client.endpoints()}
    name = endpoint or _of_provider(known, sample.provider)
    if name not in known or not known[name]["secrets"]:
        _tell_sample_secret(provider, name, plan.variation)

    async def send(variation: Variation) -> JSON:
        return await client.send_sample(
            sample.provider,
            event=sample.event,
            format=sample.format,
            endpoint=name,
            variation=variation,
        )

    return await send_planned(plan, send, as_json=as_json)


async def _send_there(
    config: Config,
    provider: Provider,
    sample: samples.Sample,
    url: str,
    endpoint: str | None,
    plan: Plan,
    as_json: bool,  # noqa: FBT001 - handed through
) -> int:
    from inspector.simulate import sender

    place = config.endpoint(endpoint) if endpoint else config.endpoint_of(sample.provider)
    seed = b""
    if not place.secrets and place.signing_key is None:
        _tell_sample_secret(provider, place.name, plan.variation)
        config.data_dir.prepare()
        seed = config.data_dir.sample_seed()

    async def send(variation: Variation) -> JSON:
        return await sender.deliver(
            provider,
            sample,
            place,
            variation,
            sample_seed=seed,
            url=url,
            known_as=place.public_url or url,
        )

    return await send_planned(plan, send, as_json=as_json)


def _of_provider(known: Mapping[str, JSON], provider: str) -> str:
    configured = (
        name for name, each in known.items() if each["configured"] and each["provider"] == provider
    )
    return next(configured, provider)


def _tell_sample_secret(provider: Provider, endpoint: str, variation: Variation) -> None:
    own = variation.sign in {SampleSign.FRESH, SampleSign.BROKEN, SampleSign.STALE}
    if own and not signing.why_not(provider, private_key=True):
        click.echo(
            f"hooktap: note: endpoint '{endpoint}' has no secret, so this is signed with the inspector's own",
            err=True,
        )
