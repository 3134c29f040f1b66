"""`hooktap provider new` and `provider check`: files of one's own, written and looked over."""

import re
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import click

from inspector import providers
from inspector.cli.look import Look
from inspector.cli.options import FILE, as_json, command
from inspector.config import providers_dir
from inspector.core import description
from inspector.core.providers import Provider
from inspector.core.templates import BODY
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.errors import ConfigError, HooktapError

TEMPLATE = "acme.toml"
"""A provider file that can be used as it is, about nobody."""


@command(short_help="Write a provider file of your own, to be changed.")
@click.argument("name")
@click.option(
    "--dir",
    "directory",
    type=FILE,
    metavar="DIR",
    help="Where to write it, instead of where hooktap reads such files.",
)
def new(*, name: str, directory: Path | None) -> None:
    """Write a provider file for NAME, in which every key is explained, to be changed into what NAME does.

    It is a whole one already: an HMAC over a timestamp and the body. A file that is there is never written over.
    """
    if not providers.NAME.fullmatch(name):
        raise ConfigError(f"'{name}': {providers.NAME_RULE}")
    read_from = providers_dir()
    path = (directory or read_from) / f"{name}{providers.SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_written_for(name))
    except FileExistsError as error:
        raise HooktapError(f"{path} is there already: nothing was written") from error
    except OSError as error:
        raise HooktapError(f"cannot write {path}: {error.strerror}") from error
    click.echo(path)
    if name in providers.load():
        _warn(f"'{name}' is built in: this file takes its place")
    if path.parent.resolve() != read_from.resolve():
        _warn(f"hooktap reads provider files in {read_from} only: move it there to use it")
    click.echo(f"hooktap: change it, then run: hooktap provider check {path}", err=True)


@command(short_help="Say whether a provider file can be used.")
@click.argument("file", type=FILE)
@as_json
def check(*, file: Path, as_json: bool) -> None:
    """Say whether the provider file FILE can be used, and show the scheme it describes.

    A mistake is told with its line and key, and exit code 2. Warnings, on stderr, are about what may be meant so.
    """
    if file.suffix != providers.SUFFIX:
        raise ConfigError(f"{file}: the name of a provider file ends in {providers.SUFFIX}")
    found = providers.check(file, providers_dir())
    warnings = list(_warnings(found, file))
    if as_json:
        formulas = description.formulas(found)
        click.echo(dumps({"name": found.name, "formulas": formulas, "warnings": warnings}))
        return
    look = Look.of(sys.stdout)
    click.echo(look.colored(f"{look.mark('✓')} {file} can be used", "green"))
    for formula in description.formulas(found):
        click.echo(f"  {safe(formula)}")
    click.echo(f"  {safe(description.paragraph(found))}")
    for warning in warnings:
        _warn(warning)


def _written_for(name: str) -> str:
    """Return the template with `name` in place of its own, in each of the three ways that is written there."""
    text = resources.files(__package__).joinpath(TEMPLATE).read_text("utf-8")
    own = {
        "acme": name,
        "Acme": "-".join(word.capitalize() for word in name.split("-")),
        "ACME": name.upper().replace("-", "_").replace(".", "_"),
    }
    return re.sub("|".join(own), lambda found: own[found[0]], text)


def _warnings(found: Provider, file: Path) -> Iterator[str]:
    """Yield what is allowed, and seldom meant."""
    if not found.docs:
        yield "docs: none: name the page where the scheme is described"
    if not found.event:
        yield "event: none: its deliveries are listed without a type"
    if not found.dedupe:
        yield "dedupe: none: the retries of one event are not seen to belong together"
    if not found.recognised_by:
        yield "recognise: nothing tells its deliveries: an endpoint has to name this provider"
    if found.signs and not found.is_coded:
        yield from _unsigned_parts(found)
    if found.name in providers.load():
        yield f"'{found.name}' is built in: this file takes its place"
    read_from = providers_dir()
    if file.resolve().parent != read_from.resolve():
        yield f"hooktap reads provider files in {read_from} only: move it there to use it"


def _unsigned_parts(found: Provider) -> Iterator[str]:
    for placement in found.placements:
        signed = list(placement.signed.placeholders())
        if placement.time is not None and placement.time not in signed:
            yield f"timestamp.from: {placement.time.label} is not signed, so anyone can renew an old delivery"
        if signed and not any(part.label == BODY.label for part in signed):
            yield "signed: the body is not in it, so anyone can change that"


def _warn(sentence: str) -> None:
    click.echo(f"hooktap: warning: {safe(sentence)}", err=True)
