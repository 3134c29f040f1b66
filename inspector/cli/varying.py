"""The options that make a sample differ from what its provider would send."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from inspector.cli.edits import assignment, header, read_body
from inspector.cli.options import FILE
from inspector.core.edits import BODY_MAX_BYTES
from inspector.core.text import is_unicode, safe
from inspector.core.variations import PIECES_MAX, SampleSign, Variation


def value(text: str) -> tuple[str, str]:
    """Read `json.path=value`, which is to be written into a body."""
    if not is_unicode(text):
        raise click.BadParameter(f"'{safe(text)}' is not UTF-8")
    return assignment(text)


def varying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command gets `variation`."""

    @functools.wraps(function)
    def gathering(
        *args: Any,
        headers: tuple[tuple[bytes, bytes | None], ...],
        body_file: Path | None,
        values: tuple[tuple[str, str], ...],
        sign: str,
        truncate: int | None,
        corrupt: bool,
        **others: Any,
    ) -> Any:
        if max(len(values), len(headers)) > PIECES_MAX:
            raise click.UsageError(f"--set and --header can be given {PIECES_MAX} times")
        variation = Variation(
            values=values,
            headers=headers,
            body=None if body_file is None else read_body(body_file),
            sign=SampleSign(sign),
            truncate=truncate,
            corrupt=corrupt,
        )
        return function(*args, variation=variation, **others)

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


_OPTIONS = (
    click.option(
        "--set",
        "values",
        type=value,
        multiple=True,
        metavar="PATH=VALUE",
        help="Put a value into the body, as in booking.status=PAID or items.0.id=7; JSON is taken as such "
        '(7, true, null, [1], "7"), anything else as text. Give it again for more.',
    ),
    click.option(
        "--header",
        "headers",
        type=header,
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Set a header before signing; 'NAME:' removes it. Give it again for more.",
    ),
    click.option(
        "--body-file",
        type=FILE,
        metavar="FILE|-",
        help="Send this body, byte for byte; -: from stdin.",
    ),
    click.option(
        "--sign",
        type=click.Choice([sign.value for sign in SampleSign]),
        default=SampleSign.FRESH.value,
        show_default=True,
        help="broken: well-formed and wrong. stale: right, of a time outside the tolerance. missing: none. "
        "wrong-secret: with one that nobody has. old-secret: with the second of the endpoint's.",
    ),
    click.option(
        "--truncate",
        type=click.IntRange(0, BODY_MAX_BYTES),
        metavar="BYTES",
        help="Send only so much of the body, cut after it was signed.",
    ),
    click.option(
        "--corrupt", is_flag=True, help="Change one byte of the body after it was signed."
    ),
)
