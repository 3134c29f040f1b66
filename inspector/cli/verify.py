"""`hooktap verify`: check a signature, and say why it is not right; without a network, and most often an inspector."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector import providers
from inspector.cli import requests
from inspector.cli.examined import Examined
from inspector.cli.look import Look
from inspector.cli.options import FILE, as_json, command
from inspector.cli.reach import reach
from inspector.config import providers_dir, without_newline
from inspector.core.diagnosis import diagnose
from inspector.core.model import Delivery, Outcome, Request
from inspector.core.providers import Located
from inspector.core.recognition import Recognition, recognise
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.core.verification import verify as check
from inspector.core.wire import dumps
from inspector.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from inspector.client import Client

LATEST_S = 1 << 40
"""Unix time far beyond any date that a signature holds."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a request is checked with."""

    provider: str | None
    """None: recognised from the request."""
    secrets: Sequence[bytes]
    now_s: float | None
    url: str | None

    @property
    def are_given(self) -> bool:
        """Whether the person said any of it."""
        return bool(self.secrets) or (self.provider, self.now_s, self.url) != (None, None, None)


@command()
@click.argument("source", type=click.Path(allow_dash=True, path_type=str))
@click.option(
    "--provider", "-p", metavar="NAME", help="Whose scheme to check by.  [default: recognised]"
)
@click.option(
    "--secret-env", multiple=True, metavar="VAR", help="Environment variable with a secret."
)
@click.option("--secret-file", multiple=True, type=FILE, metavar="FILE", help="File with a secret.")
@click.option(
    "--header",
    "-H",
    "headers",
    multiple=True,
    metavar="'N: v'",
    help="A header; SOURCE is then the body alone.",
)
@click.option(
    "--entry",
    type=click.IntRange(min=1),
    metavar="N",
    help="Which request of a HAR file, from 1.",
)
@click.option(
    "--now",
    "now_s",
    type=click.IntRange(0, LATEST_S),
    metavar="SECONDS",
    help="Unix time to judge its age by, instead of now (of a stored delivery: its arrival).",
)
@click.option("--url", help="The URL the provider was given, for schemes that sign it.")
@as_json
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    *,
    source: str,
    provider: str | None,
    secret_env: tuple[str, ...],
    secret_file: tuple[Path, ...],
    headers: tuple[str, ...],
    entry: int | None,
    now_s: int | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Check the signature of the request in SOURCE, and say what was found and why.

    \b
    SOURCE is a file with one request, or - for stdin:
      a request as it was sent: request line, headers, empty line, body
      a curl command, as browsers, documentation and `hooktap export` write it
      a HAR file, of which --entry says which request
      a body alone, with its headers given by --header
    or the number of a stored delivery (a file of such a name is ./42).

    A stored delivery is checked by the running inspector, which has the endpoint's secrets; with --provider,
    --secret-env, --secret-file, --now or --url it is checked here, by what these say. Several secrets may be given;
    any of them may match. A provider that is not named is recognised.

    Exit 0 only if the signature is verified; 1 for every other verdict, `unsigned` and `no_secret` too, because
    nothing was proved; 2 if SOURCE or a secret cannot be read; 3 if there is no inspector to ask for a stored
    delivery; 4 if there is no such provider or delivery.
    """
    if provider is not None:
        _check_name(provider)
    secrets = [*map(_from_environment, secret_env), *map(_from_file, secret_file)]
    terms = Terms(provider, secrets, now_s, url)
    number = _stored_number(source)
    if number is None:
        found = _examine(_read(source, headers, entry), terms)
    elif headers or entry:
        raise ConfigError(f"--header and --entry are for a file; #{number} is a stored delivery")
    else:
        found = reach(ctx.obj, lambda client: _examine_stored(client, number, terms))
    if as_json:
        click.echo(dumps({"id": number, **found.as_json()}))
    else:
        for line in found.lines(Look.of(sys.stdout)):
            click.echo(line)
    if found.verification.outcome is Outcome.NO_SECRET and not secrets and number is None:
        click.echo("hooktap: note: give the secret with --secret-env or --secret-file", err=True)
    ctx.exit(0 if found.verification.outcome is Outcome.VERIFIED else 1)


def _examine(request: Request, terms: Terms) -> Examined:
    found = _whose_delivery(request, terms.provider)
    provider = found.provider
    now_s = time.time() if terms.now_s is None else terms.now_s
    verification = check(provider, request, terms.secrets, now_s=now_s, url=terms.url)
    return Examined(
        provider=provider.name if provider else None,
        others=[other.name for other in found.others],
        is_recognised=terms.provider is None,
        located=provider.locate(request) if provider else Located(None, None, None),
        verification=verification,
        findings=diagnose(provider, request, terms.secrets, now_s=now_s, url=terms.url),
        checked_at_s=now_s,
    )


async def _examine_stored(client: "Client", number: int, terms: Terms) -> Examined:
    delivery, _ = await client.delivery(number)
    if terms.are_given:
        request = replace(delivery.request, body=await client.body(number))
        arrived_s = delivery.received_at_us / 1_000_000
        by = terms.provider or delivery.provider
        now_s = arrived_s if terms.now_s is None else terms.now_s
        return _examine(request, replace(terms, provider=by, now_s=now_s))
    return Examined(
        provider=delivery.provider,
        others=(),
        is_recognised=False,
        located=Located(delivery.event, delivery.event_id, delivery.attempt_id),
        verification=delivery.verification,
        findings=await client.findings(number),
        checked_at_s=await _checked_at_s(client, delivery),
    )


async def _checked_at_s(client: "Client", delivery: Delivery) -> float:
    """Return when the newest verdict was made."""
    verdicts = await client.verdicts(delivery.id)
    newest_us = verdicts[-1].checked_at_us if verdicts else delivery.received_at_us
    return newest_us / 1_000_000


def _whose_delivery(request: Request, name: str | None) -> Recognition:
    known = providers.load(providers_dir())
    return recognise(known, request) if name is None else Recognition(known[name])


def _check_name(provider: str) -> None:
    known = providers.load(providers_dir())
    if provider not in known:
        raise NotFoundError(f"there is no provider '{provider}' {nearest(provider, known)}")


def _stored_number(source: str) -> int | None:
    digits = source.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _read(source: str, headers: Sequence[str], entry: int | None) -> Request:
    try:
        content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {source}: {error.strerror}") from error
    name = "stdin" if source == "-" else source
    if headers:
        return requests.with_headers(content, headers)
    request, notes = requests.parse(name, content, entry)
    for note in notes:
        click.echo(f"hooktap: note: {safe(note)}", err=True)
    return request


def _from_environment(variable: str) -> bytes:
    value = os.environ.get(variable)
    if not value:
        raise ConfigError(f"--secret-env: {variable} is {'not set' if value is None else 'empty'}")
    return os.fsencode(value)


def _from_file(path: Path) -> bytes:
    try:
        secret = without_newline(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"--secret-file: cannot read {path}: {error.strerror}") from error
    if not secret.strip():
        raise ConfigError(f"--secret-file: {path} is empty")
    return secret
