"""`hooktap provider`: which kinds of sender are known, and how they sign."""

import sys
import textwrap
from collections.abc import Iterator

import click

from inspector import providers
from inspector.cli.look import Look
from inspector.cli.options import as_json, command
from inspector.config import providers_dir
from inspector.core import signing
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.core.wire import JSON, dumps
from inspector.errors import NotFoundError
from inspector.simulate import samples

WIDTH = 80


@click.group()
def provider() -> None:
    """Which providers are known, and how they sign."""


@command(name="list")
@as_json
def list_(*, as_json: bool) -> None:
    """List the providers: those built in, and those of your own provider files."""
    look = Look.of(sys.stdout)
    for known in providers.load(providers_dir()).values():
        if as_json:
            click.echo(dumps(_describe(known)))
        else:
            click.echo(
                f"{known.name:<18}  {look.faint(f'{known.scheme.value:<10}')}  {safe(known.title)}"
            )


@command()
@click.argument("name")
@as_json
def show(*, name: str, as_json: bool) -> None:
    """Show how a provider signs, which samples of it there are, and how to configure it."""
    known = providers.load(providers_dir())
    if name not in known:
        raise NotFoundError(f"there is no provider '{name}' {nearest(name, known)}")
    if as_json:
        click.echo(dumps(_describe(known[name])))
        return
    look = Look.of(sys.stdout)
    for label, text in _facts(known[name]):
        indented = textwrap.indent(textwrap.fill(text, WIDTH, break_on_hyphens=False), " " * 11)
        click.echo(look.faint(f"{label:<11}") + indented.strip())
    click.echo(f"\n{_snippet(known[name])}")


def _facts(known: Provider) -> Iterator[tuple[str, str]]:
    yield "provider", f"{known.name}: {safe(known.title)}"
    yield "scheme", known.scheme.value
    for placement in known.placements:
        yield "signature", placement.signature.label
    if known.note:
        yield "note", safe(known.note)
    if events := _sample_events(known):
        yield "samples", "  ".join(events)
    for link in known.docs:
        yield "docs", safe(link)


def _describe(known: Provider) -> JSON:
    return {
        "name": known.name,
        "title": known.title,
        "scheme": known.scheme.value,
        "signature": [placement.signature.label for placement in known.placements],
        "can_sign": signing.can_sign(known),
        "note": known.note or None,
        "samples": _sample_events(known),
        "docs": list(known.docs),
    }


def _sample_events(known: Provider) -> list[str]:
    return samples.events(known.name) if known.name in samples.providers() else []


def _snippet(known: Provider) -> str:
    variable = known.name.upper().replace("-", "_").replace(".", "_") + "_SECRET"
    lines = [f"[endpoint.{known.name}]", f'provider = "{known.name}"']
    if known.placements:
        lines.append(f'secret = {{ env = "{variable}" }}')
    lines.append('forward_to = "http://127.0.0.1:3000"')
    return "\n".join(lines)


provider.add_command(list_)
provider.add_command(show)
