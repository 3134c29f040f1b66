"""How a webhook registered at a provider is printed, and what hooktap.toml needs for it."""

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from inspector.cli.look import Look
from inspector.config import WINK, Config
from inspector.core.text import fit, safe
from inspector.core.wire import dumps
from inspector.register import EventType, Webhook

NAME_WIDTH = 16
NAME_MAX = 40
EVENT_WIDTH = 44


def print_webhook(webhook: Webhook, *, as_json: bool) -> None:
    """Print a webhook on a line."""
    click.echo(dumps(asdict(webhook)) if as_json else line(webhook))


def line(webhook: Webhook) -> str:
    """Return its line: id, state, name, where to, what for."""
    look = Look.of(sys.stdout)
    word, color = ("on", "green") if webhook.enabled else ("paused", "yellow")
    parts = (
        safe(webhook.id),
        look.colored(f"{word:<6}", color),
        fit(safe(webhook.name), NAME_WIDTH, NAME_MAX),
        f"{look.mark('→')} {safe(webhook.url)}",
        look.faint(_events(webhook)),
    )
    return "  ".join(parts)


def print_facts(webhook: Webhook) -> None:
    """Print all that is known of it, a fact on a line."""
    look = Look.of(sys.stdout)
    for label, text in _facts(webhook):
        click.echo(f"{look.faint(f'{label:<8}')} {safe(text)}")


def print_event(event: EventType, *, as_json: bool) -> None:
    """Print an event that a webhook can be for."""
    if as_json:
        click.echo(dumps(asdict(event)))
    else:
        look = Look.of(sys.stdout)
        click.echo(f"{fit(safe(event.name), EVENT_WIDTH)}  {look.faint(safe(event.label))}")


def tell_lines(config: Config, url: str, name: str) -> None:
    """Say what hooktap.toml lacks for deliveries to `url`, if anything."""
    endpoint = config.endpoint(name)
    wanted = (("provider", endpoint.provider, WINK), ("public_url", endpoint.public_url, url))
    lines = [f"{key} = {dumps(value)}" for key, found, value in wanted if found != value]
    if lines:
        click.echo("hooktap.toml is to say:", err=True)
        table = dumps(name) if "." in name else name
        for text in (f"[endpoint.{table}]", *lines):
            click.echo(f"  {text}", err=True)


def _events(webhook: Webhook) -> str:
    match webhook.events:
        case ():
            return "all events"
        case (one,):
            return safe(one)
        case more:
            return f"{len(more)} events"


def _facts(webhook: Webhook) -> Iterator[tuple[str, str]]:
    yield "webhook", webhook.id
    yield "name", webhook.name
    yield "url", webhook.url
    yield "state", "on" if webhook.enabled else "paused: nothing is sent"
    yield "events", ", ".join(webhook.events) or "all"
    yield "owner", f"{webhook.owner_name or '-'}  ({webhook.owner or 'no identifier'})"
    yield "version", "-" if webhook.version is None else str(webhook.version)
    yield "created", webhook.created or "-"
    yield "updated", webhook.updated or "-"
