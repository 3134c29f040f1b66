"""The options that several commands have, and what their values may be."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from inspector.config import Config, Settings, find_data_dir, load, target
from inspector.core.queryterms import UNITS_S
from inspector.core.text import safe
from inspector.errors import ConfigError, NotFoundError

P = ParamSpec("P")
R = TypeVar("R")

FILE = click.Path(path_type=Path)
PORT = click.IntRange(0, 65535)
LONGEST_WAIT_S = 1_000_000
NUMBER_DIGITS = 18
"""With these the numbers end, of deliveries and of everything else that is stored."""


def delivery_number(text: str) -> int:
    """Read a delivery's number as people write it: `1042` or `#1042`."""
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()):
        raise click.BadParameter(f"'{text}' is not a delivery's number")
    if len(digits) > NUMBER_DIGITS:
        raise NotFoundError(f"there is no delivery #{digits}")
    return int(digits)


def target_url(text: str) -> str:
    """Read a forward target: a URL, or the port of one on this machine."""
    try:
        return target(text)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from error


def seconds(text: str) -> float:
    """Read a time to wait: `30s`, `2m`, `1h`, or a number of seconds."""
    unit = text[-1:].lower()
    number = text[:-1] if unit in UNITS_S else text
    try:
        value = float(number) * UNITS_S.get(unit, 1)
    except ValueError as error:
        raise click.BadParameter(f"'{text}' is not a time such as 30s, 2m or 1h") from error
    if not 0 < value <= LONGEST_WAIT_S:  # nor nan, which is neither
        raise click.BadParameter(f"expected more than 0 and at most {LONGEST_WAIT_S}")
    return value


def here() -> Path:
    """Return the working directory."""
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError("the working directory is gone: change to another") from error


def rate(text: str) -> float:
    """Read how many in a time: `5/s`, `30/m`; `5` is five a second."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(?:/([smh]))?", text)
    if not found or not float(found[1]):
        raise click.BadParameter(f"'{safe(text)}' is no rate such as 5/s or 30/m")
    return float(found[1]) / UNITS_S[found[2] or "s"]


as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: one object, or one per line."
)

config_file = click.option(
    "--config",
    "config_file",
    type=FILE,
    metavar="FILE",
    help="Configuration file, instead of the hooktap.toml found upwards from here and the user's. "
    "[env: HOOKTAP_CONFIG]",
)


def pacing(most_at_once: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return what adds the options of how many are sent: `rate`, a second, and `concurrency`."""
    per_s = click.option(
        "--rate", type=rate, metavar="N/s", help="Begin at most so many in a second."
    )
    at_once = click.option(
        "--concurrency",
        type=click.IntRange(1, most_at_once),
        default=1,
        metavar="N",
        help="So many at once.",
    )
    return lambda function: per_s(at_once(function))


def command(**attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command with the options that every command has; its context's `obj` is the DataDir."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        made: click.Command = click.command(**attributes)(function)
        made.params += (_DATA_DIR, _NO_COLOR)
        return made

    return decorate


class QueryCommand(click.Command):
    """A command that takes a query, in which `-endpoint:demo` is a term and no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a blank before each negated term, which means nothing in a query, and is no option to click."""
        if "--" not in args:
            args = [f" {word}" if re.match("-[^-].", word) else word for word in args]
        return super().parse_args(ctx, args)


def query_of(words: tuple[str, ...]) -> str:
    """Return a query's words as one. Raises UsageError for an empty argument: it would mean every delivery."""
    text = " ".join(words)
    if words and not text.strip():
        raise click.UsageError(
            "the query is empty, which would be every delivery (an unset variable?)"
        )
    return text


def _address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("is empty, which would be every address of this machine")
    return value


def serving(function: Callable[P, R]) -> Callable[P, R]:
    """Add the options of what runs an inspector: `config_file`, and those that `settings` reads."""
    options = (
        click.option(
            "--forward-to",
            type=target_url,
            metavar="URL|PORT",
            help="Hand deliveries on to this URL, or to this port on this machine.",
        ),
        click.option(
            "--port",
            type=PORT,
            metavar="PORT",
            help="Port for senders; 0: any free one.  [default: 8400]",
        ),
        click.option(
            "--api-port",
            type=PORT,
            metavar="PORT",
            help="Port of the API; 0: any.  [default: 8401]",
        ),
        click.option(
            "--host",
            metavar="ADDRESS",
            callback=_address,
            help="Address for senders.  [default: 127.0.0.1]",
        ),
        click.option("--strict", is_flag=True, help="Accept on configured endpoints only."),
        click.option(
            "--allow-remote-target",
            is_flag=True,
            help="Forward to other machines too.",
        ),
        config_file,
    )
    for option in reversed(options):
        function = option(function)
    return function


def configuration(
    data_dir: Path, config_file: Path | None, flags: dict[str, Any] | None = None
) -> Config:
    """Load the configuration as the options of `serving` have it, and print its warnings."""
    # A flag that is not given is False here, and must not overrule a file that says true.
    given = {name: None if value is False else value for name, value in (flags or {}).items()}
    config = load(
        environ=os.environ,
        cwd=here(),
        config_file=config_file,
        data_dir=data_dir,
        flags=Settings(**given),
    )
    for warning in config.warnings:
        click.echo(f"hooktap: warning: {warning}", err=True)
    return config


def _keep_data_dir(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    ctx.obj = find_data_dir(value, os.environ, here())


def _drop_color(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it so
    if value:
        ctx.color = False


_DATA_DIR = click.Option(
    ["--data-dir"],
    type=FILE,
    metavar="DIR",
    expose_value=False,
    callback=_keep_data_dir,
    help="Where deliveries are kept, and where a running inspector is found. [env: HOOKTAP_DATA_DIR]",
)

_NO_COLOR = click.Option(
    ["--no-color"],
    is_flag=True,
    expose_value=False,
    callback=_drop_color,
    help="Print no colours; so does NO_COLOR=1 in the environment.",
)
