"""The options that change a delivery before it is sent once more."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from inspector.cli.options import FILE
from inspector.core.edits import BODY_MAX_BYTES, Again, Changes
from inspector.core.text import encode, safe


def header(text: str) -> tuple[bytes, bytes | None]:
    """Read `Name: value`, or `Name:` for one that is to go."""
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise click.BadParameter(f"'{safe(text)}' is no 'Name: value' (and 'Name:' removes it)")
    value = value.strip(" \t")
    return encode(name), encode(value) if value else None


def assignment(text: str) -> tuple[str, str]:
    """Read `json.path=value`."""
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise click.BadParameter(f"'{safe(text)}' is no json.path=value")
    return path, value


def editing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets `changes`: these, an earlier edit's, or None if none was given."""

    @functools.wraps(function)
    def gathering(
        *args: Any,
        method: str | None,
        path: str | None,
        headers: tuple[tuple[bytes, bytes | None], ...],
        body_file: Path | None,
        values: tuple[tuple[str, str], ...],
        again: int | None,
        **others: Any,
    ) -> Any:
        body = None if body_file is None else read_body(body_file)
        target = None if path is None else encode(path)
        changes = Changes(method, target, headers, body, values)
        given = None if changes == Changes() else changes
        if again is None:
            return function(*args, changes=given, **others)
        if given is not None:
            raise click.UsageError(
                "--edit sends an earlier edit as it was: it takes no other change"
            )
        return function(*args, changes=Again(again), **others)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


_OPTIONS = (
    click.option("--method", metavar="METHOD", help="Send with another method."),
    click.option(
        "--path", metavar="PATH", help="Send to another path and query after the endpoint's target."
    ),
    click.option(
        "--header",
        "headers",
        type=header,
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Set a header; 'NAME:' removes it. Give it again for more.",
    ),
    click.option(
        "--body-file", type=FILE, metavar="FILE|-", help="Send another body; -: from stdin."
    ),
    click.option(
        "--set",
        "values",
        type=assignment,
        multiple=True,
        metavar="PATH=VALUE",
        help="Put a value into a JSON body, as in booking.status=PAID or items.0.id=7; "
        "every other byte stays. Give it again for more.",
    ),
    click.option(
        "--edit",
        "again",
        type=click.IntRange(1),
        metavar="N",
        help="Send what was edited for attempt N, here or in the terminal; `hooktap show ID` has the numbers.",
    ),
)


def read_body(path: Path) -> bytes:
    """Return what a file holds, or stdin for `-`: one byte more than may be sent, where there is more."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(BODY_MAX_BYTES + 1)
        with path.open("rb") as file:
            return file.read(BODY_MAX_BYTES + 1)
    except OSError as error:
        raise click.BadParameter(
            f"cannot read {path}: {error.strerror}", param_hint="--body-file"
        ) from error
