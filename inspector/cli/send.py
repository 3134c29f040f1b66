"""`hooktap send`: a sample delivery, signed as its provider would."""

import asyncio
import secrets
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector import providers
from inspector.cli.look import Look
from inspector.cli.options import as_json, command, config_file, configuration
from inspector.cli.reach import reach
from inspector.config import Config, providers_dir
from inspector.core import signing
from inspector.core.model import Endpoint
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import decode, safe
from inspector.core.wire import JSON, dumps
from inspector.errors import NotFoundError
from inspector.simulate import catalogue, samples

if TYPE_CHECKING:
    from inspector.client import Client


@command()
@click.argument("provider")
@click.argument("event", required=False)
@click.option("--to", metavar="URL", help="Where to send to, instead of the running inspector.")
@click.option("--endpoint", metavar="NAME", help="The endpoint it is for.")
@click.option(
    "--format", type=click.Choice(list(samples.CONTENT_TYPES)), help="How the body is written."
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
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Send a sample of EVENT (by default PROVIDER's usual one), correctly signed, and print the answer.

    It goes to the running inspector, to the endpoint configured for PROVIDER or else named like it, and is signed by
    that inspector with the endpoint's secret. With --to it goes to any URL, signed with the secret in hooktap.toml.
    An endpoint without a secret gets the inspector's own sample secret, which that inspector takes as verified.

    Exit 1 unless the answer is 2xx. `hooktap provider show PROVIDER` lists the events.
    """
    known = providers.load(providers_dir())
    if provider not in known:
        raise NotFoundError(f"there is no provider '{safe(provider)}' {nearest(provider, known)}")
    chosen = known[provider]
    sample = catalogue.find(chosen, event, format=format)
    if sample.note:
        click.echo(f"hooktap: note: {sample.note}", err=True)
    if to is None:
        answer = reach(ctx.obj, lambda client: _send_here(client, chosen, sample, endpoint))
    else:
        config = configuration(ctx.obj.path, config_file)
        answer = asyncio.run(_send_there(config, chosen, sample, to, endpoint))
    status = int(answer["status"])
    if as_json:
        click.echo(dumps({key: answer[key] for key in ("status", "body", "url")}))
    else:
        look = Look.of(sys.stdout)
        click.echo(f"{sample.event} {look.mark('→')} {safe(answer['url'])}  {look.status(status)}")
        if answer["body"]:
            click.echo(safe(answer["body"].strip()))
    ctx.exit(0 if 200 <= status < 300 else 1)


async def _send_here(
    client: "Client", provider: Provider, sample: samples.Sample, endpoint: str | None
) -> JSON:
    known = await client.endpoints()
    name = endpoint or next(
        (
            each["name"]
            for each in known
            if each["configured"] and each["provider"] == sample.provider
        ),
        sample.provider,
    )
    if not any(each["name"] == name and each["secrets"] for each in known):
        _tell_sample_secret(provider, name)
    return await client.send_sample(
        sample.provider, event=sample.event, format=sample.format, endpoint=name
    )


async def _send_there(
    config: Config, provider: Provider, sample: samples.Sample, url: str, endpoint: str | None
) -> JSON:
    from inspector.simulate import sender

    place = _configured(config, sample.provider, endpoint)
    seed = b""
    if not place.secrets and place.signing_key is None:
        _tell_sample_secret(provider, place.name)
        config.data_dir.prepare()
        seed = config.data_dir.sample_seed()
    request = sender.signed_sample(
        provider,
        sample.event,
        format=sample.format,
        secret=sender.secret_for(provider, place, seed),
        now_s=time.time(),
        unique=secrets.token_hex(16),
        url=place.public_url or url,
    )
    answer = await sender.send(url, request)
    return {"status": answer.status, "body": decode(answer.body), "url": url}


def _configured(config: Config, provider: str, endpoint: str | None) -> Endpoint:
    of_provider = (each.name for each in config.endpoints.values() if each.provider == provider)
    name = endpoint or next(of_provider, provider)
    return config.endpoints.get(name, Endpoint(name))


def _tell_sample_secret(provider: Provider, endpoint: str) -> None:
    if not signing.why_not(provider, private_key=True):
        click.echo(
            f"hooktap: note: endpoint '{endpoint}' has no secret, so this is signed with the inspector's own",
            err=True,
        )
