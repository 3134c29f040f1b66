"""`hooktap lab`: deliveries as providers really send them, and what the app makes of each."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector import providers
from inspector.cli.options import (
    FILE,
    QueryCommand,
    as_json,
    command,
    config_file,
    configuration,
    seconds,
    target_url,
)
from inspector.cli.progress import INTERRUPTED, on_ctrl_c
from inspector.config import providers_dir
from inspector.core.wire import dumps
from inspector.errors import HooktapError
from inspector.simulate.samples import CONTENT_TYPES

if TYPE_CHECKING:
    from inspector.cli.labtable import Table
    from inspector.simulate.lab.runner import Run

UNSEEN = (
    "whether a repeat was acted on twice cannot be seen from outside: "
    "look in your app for what the repeated events have done"
)
REFUSES_ALL = (
    "the app takes no valid delivery, so that it refuses the others shows little: "
    "does it have the secret that this is signed with?"
)


@command(cls=QueryCommand)
@click.argument("words", nargs=-1, required=True, metavar="PROVIDER|QUERY")
@click.option("--to", type=target_url, metavar="URL|PORT", help="Your app, if not forward_to.")
@click.option("--endpoint", metavar="NAME", help="The endpoint whose app and secret it is.")
@click.option("--event", metavar="EVENT", help="Which sample, if not of the usual event.")
@click.option("--format", type=click.Choice(list(CONTENT_TYPES)), help="How its body is written.")
@click.option(
    "--timeout",
    "timeout_s",
    type=seconds,
    metavar="SECONDS",
    help="How long each answer may take, if not as long as the provider says.",
)
@click.option("--junit", type=FILE, metavar="FILE", help="Write JUnit XML there as well.")
@config_file
@as_json
@click.pass_context
def lab(
    ctx: click.Context,
    /,
    *,
    words: tuple[str, ...],
    to: str | None,
    endpoint: str | None,
    event: str | None,
    format: str | None,
    timeout_s: float | None,
    junit: Path | None,
    config_file: Path | None,
    as_json: bool,
) -> None:
    """Send deliveries to your app as providers really send them, and judge what it answers.

    Repeated, all at once, in the wrong order, huge, empty, badly signed, too old. They are made from a sample of
    PROVIDER, or from the newest 20 stored deliveries that match QUERY (see `hooktap list --help`), signed anew with the
    secret in hooktap.toml, and sent straight to the app that the endpoint forwards to. A provider's name as a query
    is `provider:NAME`.

    Exit 0 if your app answers everything as a good receiver does, 1 if not. Ctrl-C stops it, and what was done is told.
    """
    from inspector.cli import labbench
    from inspector.cli.labtable import Table
    from inspector.simulate.lab import answers, reports
    from inspector.simulate.lab.runner import Ruling, Run
    from inspector.simulate.sender import ANSWER_TIMEOUT_S

    config = configuration(ctx.obj.path, config_file)
    asked = labbench.Asked(words, to, endpoint, event, format)
    bench, url = labbench.bench(asked, config, providers.load(providers_dir()), ctx.obj)
    documented_s = answers.timeout_s(bench.provider)
    if timeout_s and timeout_s > ANSWER_TIMEOUT_S:
        raise click.UsageError(f"--timeout: no provider waits longer than {ANSWER_TIMEOUT_S:g} s")
    run = Run(bench, url, timeout_s or documented_s or answers.USUAL_TIMEOUT_S)
    stopped = asyncio.run(_go(run, None if as_json else Table(run)))
    notes = list(_notes(run, assumed=not (timeout_s or documented_s)))
    if as_json:
        click.echo(dumps(reports.as_json(run, notes)))
    if junit is not None:
        _write(junit, reports.as_junit(run))
    count = reports.counts(run.rows)
    said = ", ".join(f"{count[each]} {each}" for each in Ruling)
    click.echo(f"hooktap: {'stopped: ' if stopped else ''}{said}", err=True)
    for note in notes:
        click.echo(f"hooktap: note: {note}", err=True)
    ctx.exit(INTERRUPTED if stopped else 1 if count[Ruling.FAILED] else 0)


async def _go(run: "Run", table: "Table | None") -> bool:
    """Go through the cases; return whether Ctrl-C ended that."""
    task = asyncio.current_task()
    assert task is not None
    if table is not None:
        table.head()
    with on_ctrl_c(task.cancel):
        try:
            await run.all(table)
        except asyncio.CancelledError:
            task.uncancel()
            return True
        finally:
            if table is not None:
                table.clear()
    return False


def _notes(run: "Run", *, assumed: bool) -> Iterator[str]:
    from inspector.simulate.lab.runner import Ruling

    yield UNSEEN
    title = run.bench.provider.title
    if (
        run.rows
        and run.rows[0].ruling is Ruling.FAILED
        and any(each.status for each in run.rows[0].answers)
    ):
        yield REFUSES_ALL
    if assumed:
        yield f"{title} does not say how long it waits for an answer: {run.timeout_s:g} s is ours"


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise HooktapError(f"cannot write {path}: {error.strerror}") from error
