"""`hooktap` alone: the terminal, or `listen` where there is none. The one module that knows `tui`'s application."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from inspector.cli.listen import listen
from inspector.cli.options import command, here, serving
from inspector.config import tables


@command()
@serving
@click.pass_context
def terminal(ctx: click.Context, /, *, config_file: Path | None, **flags: Any) -> None:
    """Open the terminal on the running inspector, or on one that runs as long as the terminal does.

    The options are those of the inspector it starts. Without a terminal to draw on this is `hooktap listen`.
    """
    if not _has_terminal():
        ctx.invoke(listen, config_file=config_file, **flags)
        return
    if ctx.color is False:
        os.environ["NO_COLOR"] = "1"  # which Textual obeys, and so does whatever it starts
    tops = tables(os.environ, here(), config_file)
    from tui.app import run

    ctx.exit(run(ctx.obj, _given(ctx), tops))


def _has_terminal() -> bool:
    # Textual reads stdin and draws on stderr; without either it would print escape codes and wait for ever. Unless a
    # page is at the other end, which is drawn for by another driver.
    return "TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stderr.isatty())


def _given(ctx: click.Context) -> list[str]:
    """Return the options of this command line, to start `listen` with."""
    words: list[str] = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if name in ctx.params and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            value = ctx.params[name]
            words += [parameter.opts[0], *([] if value is True else [str(value)])]
    return words
