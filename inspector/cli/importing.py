"""`hooktap import`: requests from files become stored deliveries."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, TYPE_CHECKING

import click

from inspector.cli import requests
from inspector.cli.look import Columns, Look, day
from inspector.cli.options import as_json, command
from inspector.cli.reach import reach
from inspector.core.arrivals import Arrival
from inspector.core.export import bundle
from inspector.core.forwarding import split_ingress
from inspector.core.model import Delivery
from inspector.core.text import safe
from inspector.core.wire import delivery_to_json, dumps
from inspector.errors import ConfigError, HooktapError, UnreachableError

if TYPE_CHECKING:
    from inspector.client import Client

FILE_MAX_BYTES = 256 * 1024 * 1024
"""Of a file that has to be read whole: all but a bundle."""
ENDPOINT = "imported"
"""Where a request goes whose URL names no endpoint."""
_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})


@command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(allow_dash=True, path_type=str),
    metavar="FILE...",
)
@click.option(
    "--endpoint",
    metavar="NAME",
    help="Where they belong.  [default: NAME of /in/NAME in their URL, or 'imported']",
)
@click.option("--all", "all_", is_flag=True, help="Of HAR files GET, HEAD and OPTIONS too.")
@as_json
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    *,
    files: tuple[str, ...],
    endpoint: str | None,
    all_: bool,
    as_json: bool,
) -> None:
    """Store the requests in FILE..., or - for stdin, as deliveries of an endpoint.

    \b
    A FILE is one of these; which, is seen from its content:
      a bundle of `hooktap export --as bundle`
      a HAR file, as browsers and proxies save them
      curl commands
      one request as it was sent: request line, headers, empty line, body

    They are checked as any other, as of the time the file says they came, and are not forwarded: `hooktap replay` does
    that. What cannot be read is told on stderr, the others are stored all the same, and the exit code is 1.
    """
    data_dir = ctx.obj
    look = Look.of(sys.stdout)
    lost: list[str] = []
    leaving_out = () if all_ else _WITHOUT_BODY

    def tell(delivery: Delivery) -> None:
        click.echo(
            dumps(delivery_to_json(delivery)) if as_json else look.delivery(delivery, Columns(day))
        )

    def complain(sentence: str) -> None:
        click.echo(f"hooktap: {safe(sentence)}", err=True)

    async def take_in(client: "Client") -> None:
        for name in files:
            try:
                for found in arrivals(name, endpoint, leaving_out):
                    if isinstance(found, Arrival):
                        (delivery,) = await client.take_in([found])
                        tell(delivery)
                    else:
                        complain(found.note)
                        lost.extend([found.note] if found.request is None else [])
            except UnreachableError:
                raise
            except HooktapError as error:
                complain(str(error))
                lost.append(str(error))

    reach(data_dir, take_in)
    ctx.exit(HooktapError.exit_code if lost else 0)


def arrivals(
    name: str, endpoint: str | None, leaving_out: Iterable[str]
) -> Iterator[Arrival | requests.Saved]:
    """Yield what a file holds to be stored, and what there is to tell about it. Raises ConfigError."""
    shown = "stdin" if name == "-" else name
    try:
        with click.open_file(name, "rb") as file:
            first = file.readline(FILE_MAX_BYTES + 1)
            if bundle.begins(first):
                yield from _of_bundle(shown, first, file, endpoint)
                return
            content = first + file.read(FILE_MAX_BYTES + 1 - len(first))
    except OSError as error:
        raise ConfigError(f"cannot read {shown}: {error.strerror}") from error
    if len(content) > FILE_MAX_BYTES:
        raise ConfigError(f"{shown}: has more than {FILE_MAX_BYTES >> 20} MiB")
    for saved in requests.parse_all(shown, content, leaving_out=frozenset(leaving_out)):
        if saved.note:
            yield saved._replace(note=f"{shown}: {saved.note}")
        if saved.request is not None:
            place = split_ingress(saved.request.target)
            belongs = endpoint or (place[0] if place else ENDPOINT)
            yield Arrival(belongs, saved.request, saved.received_at_us)


def _of_bundle(name: str, first: bytes, file: IO[bytes], endpoint: str | None) -> Iterator[Arrival]:
    rest = iter(lambda: file.readline(bundle.LINE_MAX_BYTES + 1), b"")
    try:
        for arrival in bundle.read(chain([first], rest)):
            yield Arrival(endpoint or arrival.endpoint, arrival.request, arrival.received_at_us)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error
