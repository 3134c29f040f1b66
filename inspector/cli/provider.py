"""`hooktap provider`: which kinds of sender are known, and how they sign."""

import sys
import textwrap
from collections.abc import Iterator

import click

from inspector import providers
from inspector.cli import ownprovider
from inspector.cli.look import Look
from inspector.cli.options import as_json, command
from inspector.config import providers_dir
from inspector.core import description, signing
from inspector.core.providers import Provider
from inspector.core.table import nearest
from inspector.core.text import cells, fit, safe, shorten
from inspector.core.wire import JSON, dumps
from inspector.errors import NotFoundError
from inspector.simulate import catalogue

WIDTH = 80
INDENT = 11
TITLE_MAX = 28
SIGNED_MAX = 60


class _SayingWhere(click.Command):
    """A command whose help names the directory of this person."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say where files of one's own are read from."""
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("Provider files of your own are read from this directory:")
        formatter.write(f"{providers_dir()}\n")


@click.group()
def provider() -> None:
    """Which providers are known, and how they sign."""


@command(name="list", cls=_SayingWhere, short_help="List the providers with what they sign.")
@as_json
def list_(*, as_json: bool) -> None:
    """List the providers with what they sign: those built in, and those of your own provider files.

    `hooktap provider new NAME` writes such a file.
    """
    known = providers.load(providers_dir()).values()
    if as_json:
        for each in known:
            click.echo(dumps(_describe(each)))
        return
    look = Look.of(sys.stdout)
    rows = [(each.name, shorten(safe(each.title), TITLE_MAX), each.scheme.value) for each in known]
    name, title, scheme = (max(map(cells, column)) for column in zip(*rows, strict=True))
    for row, each in zip(rows, known, strict=True):
        signed = shorten(safe(description.signed(each)), SIGNED_MAX)
        click.echo(
            f"{row[0]:<{name}}  {fit(row[1], title)}  {look.faint(f'{row[2]:<{scheme}}')}  {signed}"
        )


@command(short_help="Show how a provider signs: formula, words, samples.")
@click.argument("name")
@as_json
def show(*, name: str, as_json: bool) -> None:
    """Show how a provider signs, as a formula and in words, which samples of it there are, and how to configure it."""
    known = providers.load(providers_dir())
    if name not in known:
        raise NotFoundError(f"there is no provider '{name}' {nearest(name, known)}")
    if as_json:
        click.echo(dumps(_describe(known[name])))
        return
    look = Look.of(sys.stdout)
    last = ""
    for label, text in _facts(known[name]):
        # A formula stands on one line, so that it can be copied.
        lines = [text] if label == "formula" else textwrap.wrap(text, WIDTH, break_on_hyphens=False)
        shown = look.faint(f"{'' if label == last else label:<{INDENT}}")
        click.echo(shown + f"\n{' ' * INDENT}".join(map(safe, lines)))
        last = label
    click.echo(f"\n{_snippet(known[name])}")


def _facts(known: Provider) -> Iterator[tuple[str, str]]:
    yield "provider", f"{known.name}: {known.title}"
    yield "scheme", known.scheme.value
    for formula in description.formulas(known):
        yield "formula", formula
    yield "in words", description.paragraph(known)
    if known.note and known.signs:
        yield "note", known.note
    if handshakes := description.handshakes(known):
        yield "handshake", handshakes
    yield "success", description.success(known)
    yield "samples", "  ".join(catalogue.events(known))
    for link in known.docs:
        yield "docs", link


def _describe(known: Provider) -> JSON:
    return {
        "name": known.name,
        "title": known.title,
        "scheme": known.scheme.value,
        "signature": [placement.signature.label for placement in known.placements],
        "signed": description.signed(known),
        "formulas": description.formulas(known),
        "description": description.paragraph(known),
        "handshake": description.handshakes(known) or None,
        "ack": known.ack,
        "can_sign": signing.can_sign(known),
        "note": known.note or None,
        "samples": catalogue.events(known),
        "docs": list(known.docs),
    }


def _snippet(known: Provider) -> str:
    variable = known.name.upper().replace("-", "_").replace(".", "_") + "_WEBHOOK_SECRET"
    # A dot in a bare key would begin a table within the table.
    key = f'"{known.name}"' if "." in known.name else known.name
    lines = [f"[endpoint.{key}]", f'provider = "{known.name}"']
    if known.signs:
        lines.append(f'secret = {{ env = "{variable}" }}')
    lines.append('forward_to = "http://127.0.0.1:3000"')
    return "\n".join(lines)


for _command in (list_, show, ownprovider.check, ownprovider.new):
    provider.add_command(_command)
