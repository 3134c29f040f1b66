"""`hooktap simulate`: a stand-in for a booking provider, on loopback."""

import asyncio
import contextlib
import math
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, NamedTuple

import click

from inspector.cli.listen import End
from inspector.cli.options import FILE, PORT, as_json, command, here, seconds
from inspector.core import forwarding
from inspector.datadir import DataDir, write_private
from inspector.errors import ConfigError, HooktapError

if TYPE_CHECKING:
    from inspector.cli.standins import Show
    from inspector.simulate.standins.authority import Authority
    from inspector.simulate.standins.model import Parcel, Webhook
    from inspector.simulate.standins.service import Open

DEFAULT_PORT = 8410
DEFAULT_TLS_PORT = 8411
PROVIDERS = (
    "checkfront",
    "jinko",
    "wink",
)


def _number(_ctx: click.Context, _param: click.Parameter, value: float) -> float:
    if math.isnan(value):  # which is within every range
        raise click.BadParameter("nan is not a number")
    return value


@command()
@click.argument("provider", type=click.Choice(PROVIDERS))
@click.option("--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="0: any.")
@click.option(
    "--speed",
    type=click.FloatRange(1, 1_000_000),
    callback=_number,
    default=1.0,
    show_default=True,
    help="How many times shorter the provider's waits are: 1000 makes an hour 3.6 seconds.",
)
@click.option("--to", "url", metavar="URL", help="Register this URL, for all events.")
@click.option(
    "--secret-file",
    type=FILE,
    metavar="FILE",
    help="Write that webhook's secret to this file, instead of showing it.",
)
@click.option(
    "--event",
    "events",
    multiple=True,
    help="Have this happen at once; repeat for more that happens to the same booking.",
)
@click.option(
    "--every", type=seconds, metavar="SECONDS", help="Have the events happen again and again."
)
@click.option(
    "--tls", is_flag=True, help="Speak https, and take https URLs only, as the provider does."
)
@click.option(
    "--tls-port",
    type=PORT,
    default=DEFAULT_TLS_PORT,
    show_default=True,
    help="Port of the TLS door before an http URL; 0: any.",
)
@click.option("--state", type=FILE, metavar="FILE", help="Where it remembers what is registered.")
@as_json
@click.pass_context
def simulate(
    ctx: click.Context,
    /,
    *,
    provider: str,
    port: int,
    speed: float,
    url: str | None,
    secret_file: Path | None,
    events: tuple[str, ...],
    every: float | None,
    tls: bool,
    tls_port: int,
    state: Path | None,
    as_json: bool,
) -> None:
    """Stand in for PROVIDER: register webhooks with it, have events happen, and see its rules at work.

    It keeps the provider's API on a port of this machine, and what a person does in its dashboard under /simulate;
    `Authorization: Bearer` and the token that is printed open both. What the provider does not document is listed.

    With --tls the certificate is of an authority in the data directory. Hooktap speaks http, so before --to
    http://127.0.0.1:8400/in/NAME a door is opened that speaks TLS and passes on what comes, as a tunnel would.

    Ctrl-C stops it; what is registered and still to be sent is there the next time. Exit 3 if a port is taken.
    """
    from inspector import server

    if secret_file is not None and url is None:
        raise click.UsageError("--secret-file is for the webhook that --to registers")
    asked = _Asked(url, None if secret_file is None else here() / secret_file, events, every)
    place = _Place(
        port, tls_port if tls else None, state or ctx.obj.path / f"simulate-{provider}.db"
    )
    ctx.exit(server.run(_simulate(ctx.obj, provider, place, speed, asked, as_json=as_json)))


class _Asked(NamedTuple):
    """What is to be done once the stand-in runs."""

    url: str | None
    secret_file: Path | None
    events: tuple[str, ...]
    every_s: float | None


class _Place(NamedTuple):
    """Where it is."""

    port: int
    tls_port: int | None
    """None: it speaks http, and so does who is sent something."""
    state: Path


async def _simulate(
    data_dir: DataDir, provider: str, place: _Place, speed: float, asked: _Asked, *, as_json: bool
) -> int:
    from inspector.cli import standins
    from inspector.server import API_HOST, bound
    from inspector.simulate.standins import authority
    from inspector.simulate.standins.known import STAND_INS
    from inspector.simulate.standins.service import Options, open_for_business

    stand_in, stopping = STAND_INS[provider], asyncio.Event()
    if asked.secret_file is not None and stand_in.new_secret is None:
        raise ConfigError(f"--secret-file: {stand_in.title} signs nothing, so it has no secret")
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(bound(API_HOST, place.port, "--port"))
        if place.tls_port is not None or place.state.parent == data_dir.path:
            data_dir.prepare()
        trusted = None if place.tls_port is None else authority.of(data_dir.path)
        asked = asked._replace(url=await _door(stack, place.tls_port, asked.url, trusted))
        show = (standins.AsJson if as_json else standins.AsText)(
            stand_in, speed, None if trusted is None else trusted.certificate
        )

        def tell(webhook: "Webhook", parcel: "Parcel") -> None:
            try:
                show.attempt(webhook, parcel)
            except BrokenPipeError:
                stopping.set()  # as `simulate | head` means it

        options = Options(place.state, speed, tell, None if trusted is None else trusted.context)
        running = await stack.enter_async_context(open_for_business(stand_in, listener, options))
        end = End(stopping.set)
        show.ready(running)
        async with asyncio.TaskGroup() as tasks:
            acting = tasks.create_task(_act(running, asked, show))
            await stopping.wait()
            acting.cancel()
    return end.exit_code


async def _door(
    stack: contextlib.AsyncExitStack,
    port: int | None,
    url: str | None,
    trusted: "Authority | None",
) -> str | None:
    """Return the URL to register: that of a door before `url` where this is http, and only https is taken."""
    from inspector.core.peers import is_loopback
    from inspector.server import API_HOST, bound
    from inspector.simulate.standins import frontdoor

    if url is None or trusted is None or port is None:
        return url
    try:
        target = forwarding.parse_target(url)
    except ValueError as error:
        raise ConfigError(f"--to: {error}") from error
    if target.origin.scheme == "https" or not is_loopback(target.origin.host):
        return url
    listener = stack.enter_context(bound(API_HOST, port, "--tls-port"))
    base = await stack.enter_async_context(
        frontdoor.opened(listener, trusted.context, target.origin)
    )
    return base + url.removeprefix(target.base)


async def _act(running: "Open", asked: _Asked, show: "Show") -> None:
    """Register, and have the events happen, as was asked on the command line."""
    desk = running.desk
    if asked.url is not None:
        known = [each for each in await desk.ledger.webhooks() if each.url == asked.url]
        webhook = known[0] if known else await desk.register(asked.url)
        if asked.secret_file is not None and webhook.secret is not None:
            await asyncio.to_thread(_keep, asked.secret_file, webhook.secret)
        show.registered(webhook, asked.secret_file, is_new=not known)
    while asked.events:
        about = token_hex(16)
        for event in asked.events:
            await desk.happen(event, about)
        if asked.every_s is None:
            break
        await asyncio.sleep(asked.every_s)


def _keep(path: Path, secret: str) -> None:
    try:
        write_private(path, secret.encode())
    except OSError as error:
        raise HooktapError(f"cannot write the secret to {path}: {error.strerror}") from error
