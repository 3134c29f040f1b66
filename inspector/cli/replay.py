"""`hooktap replay`: stored deliveries to the app once more."""

import sys
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look
from inspector.cli.options import as_json, command, delivery_number, target_url
from inspector.cli.reach import reach
from inspector.core.model import Attempt, Sign
from inspector.core.text import safe
from inspector.core.wire import attempt_to_json, dumps
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError

if TYPE_CHECKING:
    from inspector.client import Client


@command()
@click.argument("ids", type=delivery_number, nargs=-1, required=True, metavar="ID...")
@click.option(
    "--to", type=target_url, metavar="URL|PORT", help="Another target than the endpoint's."
)
@click.option(
    "--sign",
    type=click.Choice([sign.value for sign in Sign]),
    help="fresh: a new signature with the time of now (where a secret is known, the default). "
    "verbatim: every header as it arrived. broken: a well-formed signature that is wrong. "
    "stale: a right one of a time outside the tolerance; both are for seeing the app refuse it.",
)
@click.option("--fail", is_flag=True, help="Exit 1 unless every answer is 2xx.")
@as_json
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    *,
    ids: tuple[int, ...],
    to: str | None,
    sign: str | None,
    fail: bool,
    as_json: bool,
) -> None:
    """Send deliveries to the app once more, one after the other, and print what it answered.

    The delivery stays as it is: a replay is one more attempt. One that cannot be made is told on stderr, the others
    are made all the same, and the exit code is that of the first.
    """
    data_dir: DataDir = ctx.obj
    look = Look.of(sys.stdout)
    codes: list[int] = []

    def tell(attempt: Attempt) -> None:
        click.echo(dumps(attempt_to_json(attempt)) if as_json else look.attempt(attempt))
        if fail and not attempt.succeeded:
            codes.append(HooktapError.exit_code)

    async def replay_each(client: "Client") -> None:
        for id in ids:
            try:
                tell(await client.replay(id, to=to, sign=Sign(sign) if sign else None))
            except UnreachableError:
                raise
            except HooktapError as error:
                click.echo(f"hooktap: {safe(str(error))}", err=True)
                codes.append(error.exit_code)

    reach(data_dir, replay_each)
    ctx.exit(codes[0] if codes else 0)
