"""`hooktap export`: a delivery as a command for elsewhere."""

from typing import TYPE_CHECKING

import click

from inspector.cli.options import command, delivery_number, target_url
from inspector.cli.reach import reach
from inspector.core.export import curl
from inspector.core.forwarding import outgoing, parse_target
from inspector.core.model import Attempt, Delivery
from inspector.core.text import decode
from inspector.datadir import DataDir

if TYPE_CHECKING:
    from inspector.client import Client

FORMATS = {"curl": curl}


@command()
@click.argument("id", type=delivery_number, metavar="ID")
@click.option("--as", "format", type=click.Choice(list(FORMATS)), default="curl", show_default=True)
@click.option(
    "--to",
    type=target_url,
    metavar="URL|PORT",
    help="Where the command sends to, instead of where the last attempt went.",
)
@click.option(
    "--include-secrets",
    is_flag=True,
    help="Keep the values of Authorization, Cookie and Proxy-Authorization.",
)
@click.pass_obj
def export(
    data_dir: DataDir, *, id: int, format: str, to: str | None, include_secrets: bool
) -> None:
    """Print a shell command that sends delivery ID again, byte for byte, from any machine.

    It goes to where the last attempt went, or to the inspector if there was none. The signature is the one that
    arrived: an app that checks its age will refuse it in a few minutes (`hooktap replay` signs afresh).
    """

    async def fetch(client: "Client") -> tuple[Delivery, list[Attempt], bytes, str]:
        delivery, attempts = await client.delivery(id)
        ingress = (await client.health())["ingress"]
        return delivery, attempts, await client.body(id), ingress

    delivery, attempts, body, ingress = reach(data_dir, fetch)
    url = _url(delivery, attempts, to, ingress)
    click.echo(FORMATS[format](delivery, body, url, include_secrets=include_secrets))


def _url(delivery: Delivery, attempts: list[Attempt], to: str | None, ingress: str) -> str:
    if to is not None:
        target = parse_target(to)
        return target.base + decode(outgoing(delivery, target).target)
    if attempts:
        return attempts[-1].url
    return ingress + decode(delivery.request.target)
