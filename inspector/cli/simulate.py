"""`hooktap simulate`: a stand-in for a booking provider, on loopback."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import click

from inspector.cli.listen import End
from inspector.cli.look import Look
from inspector.cli.options import FILE, PORT, as_json, command, seconds
from inspector.core.text import safe
from inspector.core.wire import dumps
from inspector.datadir import DataDir

if TYPE_CHECKING:
    from inspector.simulate.standins.model import Parcel, Webhook
    from inspector.simulate.standins.service import Open

DEFAULT_PORT = 8410
PROVIDERS = ("jinko",)


@command()
@click.argument("provider", type=click.Choice(PROVIDERS))
@click.option("--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="0: any.")
@click.option(
    "--speed",
    type=click.FloatRange(1, 1_000_000),
    default=1.0,
    show_default=True,
    help="How many times shorter the provider's waits are: 1000 makes an hour 3.6 seconds.",
)
@click.option("--to", "url", metavar="URL", help="Register this URL, for all events.")
@click.option("--event", "events", multiple=True, help="Have this happen at once; repeat for more.")
@click.option(
    "--every", type=seconds, metavar="SECONDS", help="Have the events happen again and again."
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
    events: tuple[str, ...],
    every: float | None,
    state: Path | None,
    as_json: bool,
) -> None:
    """Stand in for PROVIDER: register webhooks with it, have events happen, and see its rules at work.

    It keeps the provider's API on a port of this machine, and what a person does in its dashboard under /simulate;
    `Authorization: Bearer` and the token that is printed open both. What the provider does not document is listed.

    Ctrl-C stops it; what is registered and still to be sent is there the next time.
    """
    from inspector import server

    options = _Asked(url, events, every)
    path = state or ctx.obj.path / f"simulate-{provider}.db"
    show = _Json() if as_json else _Text()
    ctx.exit(server.run(_simulate(ctx.obj, provider, port, speed, path, options, show)))


class _Asked(NamedTuple):
    """What is to be done once the stand-in runs."""

    url: str | None
    events: tuple[str, ...]
    every_s: float | None


async def _simulate(
    data_dir: DataDir,
    provider: str,
    port: int,
    speed: float,
    path: Path,
    asked: _Asked,
    show: "_Show",
) -> int:
    from inspector.server import API_HOST, bound
    from inspector.simulate.standins.known import STAND_INS
    from inspector.simulate.standins.service import Options, open_for_business

    stopping = asyncio.Event()
    with bound(API_HOST, port, "--port") as listener:
        if path.parent == data_dir.path:
            data_dir.prepare()
        options = Options(path, speed, show.attempt)
        async with open_for_business(STAND_INS[provider], listener, options) as running:
            end = End(stopping.set)
            show.ready(running)
            async with asyncio.TaskGroup() as tasks:
                acting = tasks.create_task(_act(running, asked, show))
                await stopping.wait()
                acting.cancel()
    return end.exit_code


async def _act(running: "Open", asked: _Asked, show: "_Show") -> None:
    """Register, and have the events happen, as was asked on the command line."""
    desk = running.desk
    if asked.url is not None:
        known = [each for each in await desk.ledger.webhooks() if each.url == asked.url]
        show.registered(known[0] if known else await desk.register(asked.url), is_new=not known)
    while asked.events:
        for event in asked.events:
            await desk.happen(event)
        if asked.every_s is None:
            break
        await asyncio.sleep(asked.every_s)


class _Show(Protocol):
    """Tells what happens."""

    def ready(self, running: "Open") -> None: ...
    def registered(self, webhook: "Webhook", *, is_new: bool) -> None: ...
    def attempt(self, webhook: "Webhook", parcel: "Parcel") -> None: ...


class _Json:
    """One JSON object a line."""

    def ready(self, running: "Open") -> None:
        provider = running.desk.stand_in.provider
        click.echo(
            dumps(
                {"type": "ready", "provider": provider, "url": running.url, "token": running.token}
            )
        )

    def registered(self, webhook: "Webhook", *, is_new: bool) -> None:
        from inspector.simulate.standins.wire import webhook_to_json

        secret = webhook.secret if is_new else None
        click.echo(dumps({"type": "webhook", **webhook_to_json(webhook), "secret": secret}))

    def attempt(self, webhook: "Webhook", parcel: "Parcel") -> None:
        from inspector.simulate.standins.wire import parcel_to_json

        click.echo(dumps({"type": "attempt", "url": webhook.url, **parcel_to_json(parcel)}))


class _Text:
    """Lines for a person, who is told on stderr where everything is."""

    def __init__(self) -> None:
        self._out, self._err = Look.of(sys.stdout), Look.of(sys.stderr)

    def ready(self, running: "Open") -> None:
        stand_in = running.desk.stand_in
        self._tell(self._err.colored(f"a stand-in for {stand_in.title} is ready", "green"))
        self._fact("API", running.url)
        self._fact("token", running.token)
        event = f'{{"event": "{stand_in.test_event}"}}'
        self._fact(
            "event",
            f"curl -H 'Authorization: Bearer {running.token}' --json '{event}' {running.url}/simulate/events",
        )
        for sentence in stand_in.assumed:
            self._fact("assumed", sentence)

    def registered(self, webhook: "Webhook", *, is_new: bool) -> None:
        self._fact("webhook", f"{safe(webhook.url)} is registered{'' if is_new else ' already'}")
        if is_new and webhook.secret is not None:
            self._fact("secret", f"{webhook.secret} (shown this once)")

    def attempt(self, webhook: "Webhook", parcel: "Parcel") -> None:
        look = self._out
        said = parcel.last or ""
        result = look.status(int(said)) if said.isdigit() else look.colored(safe(said), "red")
        number = f"attempt {parcel.attempts}"
        click.echo(
            f"{safe(parcel.event)} {look.mark('→')} {safe(webhook.url)}  {result}  {look.faint(number)}"
            f"{'' if parcel.state == 'pending' else ' ' + parcel.state}"
        )

    def _fact(self, name: str, text: str) -> None:
        self._tell(f"  {self._err.faint(f'{name:<9}')} {text}")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # whoever started us may have gone
            click.echo(line, err=True)
