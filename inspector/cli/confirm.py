"""`hooktap confirm`: visit the URL with which a sender makes sure of us."""

import sys

import click

from inspector.cli.look import Look
from inspector.cli.options import as_json, command, delivery_number
from inspector.cli.reach import reach
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir


@command()
@click.argument("id", type=delivery_number, metavar="ID")
@as_json
@click.pass_context
def confirm(ctx: click.Context, /, *, id: int, as_json: bool) -> None:
    """Visit the URL that delivery ID asks to have visited: the SubscribeURL of Amazon SNS.

    Nothing is sent to this app until that has happened, and hooktap never does it by itself. Only addresses of the
    provider are visited. Exit 1 unless the answer is 2xx.
    """
    data_dir: DataDir = ctx.obj
    confirmed = reach(data_dir, lambda client: client.confirm(id))
    if as_json:
        click.echo(dumps({"id": id, "url": confirmed.url, "status": confirmed.status}))
    else:
        look = Look.of(sys.stdout)
        click.echo(f"#{id} {look.mark('→')} {safe(confirmed.url)}  {look.status(confirmed.status)}")
    ctx.exit(0 if 200 <= confirmed.status < 300 else 1)
