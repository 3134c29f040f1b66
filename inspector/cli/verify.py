"""`hooktap verify`: check a signature, without an inspector and without a network."""

import os
import sys
import time
from pathlib import Path

import click

from inspector import providers
from inspector.cli.look import Look
from inspector.cli.options import FILE, as_json, command
from inspector.cli.rawrequest import body_request, parse_request
from inspector.config import providers_dir, without_newline
from inspector.core.model import Outcome, Request
from inspector.core.providers import Located
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.core.verification import verify as check
from inspector.core.wire import dumps, verification_to_json
from inspector.errors import ConfigError, NotFoundError

LATEST_S = 1 << 40
"""Unix time far beyond any date that a signature holds."""


@command()
@click.argument("file", type=click.Path(allow_dash=True, path_type=str))
@click.option("--provider", "-p", required=True, metavar="NAME", help="Whose scheme to check by.")
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
    help="A header; FILE is then the body alone.",
)
@click.option(
    "--now",
    "now_s",
    type=click.IntRange(0, LATEST_S),
    metavar="SECONDS",
    help="Unix time to judge its age by, instead of now.",
)
@click.option("--url", help="The URL the provider was given, for schemes that sign it.")
@as_json
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    *,
    file: str,
    provider: str,
    secret_env: tuple[str, ...],
    secret_file: tuple[Path, ...],
    headers: tuple[str, ...],
    now_s: int | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Check the signature of the request in FILE (- for stdin) and say what was found.

    FILE holds a whole HTTP request: request line, headers, empty line, body. With --header it holds the body alone.
    Several secrets may be given; any of them may match.

    Exit 0 only if the signature is verified; 1 for every other verdict, `unsigned` and `no_secret` too, because
    nothing was proved; 2 if the file or a secret cannot be read; 4 if there is no such provider.
    """
    known = providers.load(providers_dir())
    if provider not in known:
        raise NotFoundError(f"there is no provider '{provider}' {nearest(provider, known)}")
    request = _request(file, headers)
    verification = check(
        known[provider],
        request,
        [*map(_from_environment, secret_env), *map(_from_file, secret_file)],
        now_s=time.time() if now_s is None else now_s,
        url=url,
    )
    located = known[provider].locate(request)
    if as_json:
        found = {
            "provider": provider,
            **_located(located),
            "verification": verification_to_json(verification),
        }
        click.echo(dumps(found))
    else:
        click.echo(f"{Look.of(sys.stdout).verdict(verification)}: {safe(verification.detail)}")
        for name, text in {**_located(located), "covered": ", ".join(verification.covered)}.items():
            if text:
                click.echo(f"  {name:<10} {safe(text)}")
    ctx.exit(0 if verification.outcome is Outcome.VERIFIED else 1)


def _request(file: str, headers: tuple[str, ...]) -> Request:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from error
    if headers:
        return body_request(content, headers)
    request, note = parse_request(file, content)
    if note:
        click.echo(f"hooktap: note: {note}", err=True)
    return request


def _located(located: Located) -> dict[str, str | None]:
    return {"event": located.event, "event_id": located.event_id, "attempt_id": located.attempt_id}


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
