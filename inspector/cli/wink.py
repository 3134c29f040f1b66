"""`hooktap register wink`: the webhooks of a managing entity at Wink."""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from inspector.cli.options import as_json, command, config_file, configuration
from inspector.config import WINK, Config, Registration
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.errors import ConfigError

if TYPE_CHECKING:
    from inspector.register import Webhook, Wink

T = TypeVar("T")

EXAMPLE = """\
nothing says how Wink's API is opened; add to hooktap.toml:
  [register.wink]
  token = { env = "WINK_TOKEN" }
  entity = "<the identifier of your managing entity>\""""


@click.group()
def wink() -> None:
    """Webhooks of your managing entity at Wink.

    What opens Wink's API stands in [register.wink] of hooktap.toml: the entity, and a token or an application's
    client_id and client_secret. With `api` it leads to a stand-in: `hooktap simulate wink`.
    """


def _id(text: str) -> str:
    if not re.fullmatch(r"[\w-]{1,128}", text, re.ASCII):
        raise click.BadParameter(f"'{text}' is not a webhook's id")
    return text


webhook_id = click.argument("webhook_id", metavar="ID", type=_id)


@command(name="list")
@config_file
@as_json
@click.pass_context
def list_(ctx: click.Context, /, *, config_file: Path | None, as_json: bool) -> None:
    """List what is registered, paused or not."""
    from inspector.cli.webhooks import print_webhook

    found = _ask(_configuration(ctx, config_file), lambda wink: wink.webhooks())
    for each in found:
        print_webhook(each, as_json=as_json)
    if not found:
        click.echo("nothing is registered", err=True)


@command()
@webhook_id
@config_file
@as_json
@click.pass_context
def show(
    ctx: click.Context, /, *, webhook_id: str, config_file: Path | None, as_json: bool
) -> None:
    """Show one webhook."""
    from inspector.cli.webhooks import print_facts, print_webhook

    found = _ask(_configuration(ctx, config_file), lambda wink: wink.webhook(webhook_id))
    if as_json:
        print_webhook(found, as_json=True)
    else:
        print_facts(found)


@command()
@config_file
@as_json
@click.pass_context
def events(ctx: click.Context, /, *, config_file: Path | None, as_json: bool) -> None:
    """List the events that a webhook can be for."""
    from inspector.cli.webhooks import print_event

    for each in _ask(_configuration(ctx, config_file), lambda wink: wink.events()):
        print_event(each, as_json=as_json)


@command()
@click.option(
    "--url", metavar="URL", help="Where to send to, instead of the endpoint's public_url."
)
@click.option("--endpoint", metavar="NAME", help="The endpoint whose public_url it is for.")
@click.option("--name", default="hooktap", show_default=True, help="What it is called at Wink.")
@click.option("--event", "events", multiple=True, help="Only this event; repeat for more.")
@click.option("--paused", is_flag=True, help="Send nothing until it is resumed.")
@config_file
@as_json
@click.pass_context
def create(
    ctx: click.Context,
    /,
    *,
    url: str | None,
    endpoint: str | None,
    name: str,
    events: tuple[str, ...],
    paused: bool,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Register this machine's public URL: that of the endpoint for Wink, or --url. Without --event, for all events.

    Prints the id that the other commands take, and what hooktap.toml lacks.
    """
    from inspector.cli.webhooks import print_webhook, tell_lines
    from inspector.register import address

    config = _configuration(ctx, config_file)
    url = url or address.public_url(config.endpoints, endpoint)
    warning = address.check(url, _registration(config).api)
    if warning is not None:
        click.echo(f"hooktap: warning: {warning}", err=True)

    async def made(wink: "Wink") -> "Webhook":
        await _check_events(wink, events)
        return await wink.create(url, name=name, events=events, enabled=not paused)

    webhook = _ask(config, made)
    print_webhook(webhook, as_json=as_json)
    tell_lines(config, url, endpoint or address.endpoint_of(url))


@command()
@webhook_id
@config_file
@as_json
@click.pass_context
def pause(
    ctx: click.Context, /, *, webhook_id: str, config_file: Path | None, as_json: bool
) -> None:
    """Have nothing sent to a webhook. What it is for is kept."""
    _switch(_configuration(ctx, config_file), webhook_id, enabled=False, as_json=as_json)


@command()
@webhook_id
@config_file
@as_json
@click.pass_context
def resume(
    ctx: click.Context, /, *, webhook_id: str, config_file: Path | None, as_json: bool
) -> None:
    """Have what happens sent to a webhook again."""
    _switch(_configuration(ctx, config_file), webhook_id, enabled=True, as_json=as_json)


@command()
@webhook_id
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_file
@as_json
@click.pass_context
def delete(
    ctx: click.Context,
    /,
    *,
    webhook_id: str,
    yes: bool,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Delete a webhook for good."""
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError("there is nobody to ask here: add --yes (or `pause` it instead)")
    from inspector.cli.webhooks import line

    config = _configuration(ctx, config_file)

    async def deleted(wink: "Wink") -> str:
        if not yes:
            shown = line(await wink.webhook(webhook_id))
            click.confirm(f"{shown}\nDelete it for good?", abort=True, err=True)
        return await wink.delete(webhook_id)

    said = _ask(config, deleted)
    told = f"{safe(webhook_id)}: deleted" + (f" ({said})" if said else "")
    click.echo(dumps({"id": webhook_id, "deleted": True, "detail": said}) if as_json else told)


for each in (create, list_, show, pause, resume, delete, events):
    wink.add_command(each)


def _configuration(ctx: click.Context, config_file: Path | None) -> Config:
    return configuration(ctx.obj.path, config_file)


def _registration(config: Config) -> Registration:
    if WINK not in config.registrations:
        raise ConfigError(EXAMPLE)
    return config.registrations[WINK]


def _ask(config: Config, work: Callable[["Wink"], Awaitable[T]]) -> T:
    from inspector.register import Wink

    client = Wink(_registration(config))

    async def asked() -> T:
        return await work(client)

    return asyncio.run(asked())


def _switch(config: Config, webhook_id: str, *, enabled: bool, as_json: bool) -> None:
    from inspector.cli.webhooks import print_webhook

    webhook = _ask(config, lambda wink: wink.switch(webhook_id, enabled=enabled))
    print_webhook(webhook, as_json=as_json)


async def _check_events(wink: "Wink", wanted: tuple[str, ...]) -> None:
    """Warn of what Wink does not list: a webhook for it alone is never sent anything."""
    known = {each.name for each in await wink.events()} if wanted else set()
    for name in wanted:
        if name not in known:
            sentence = f"Wink lists no event '{safe(name)}': see `hooktap register wink events`"
            click.echo(f"hooktap: warning: {sentence}", err=True)
