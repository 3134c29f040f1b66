"""A stand-in on a port: the provider's own API, and under `/simulate` what a person does in its dashboard."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from inspector.api.answers import failures, harden
from inspector.api.guard import carries, keep_pages_out
from inspector.api.log import server_log
from inspector.simulate.standins import ledger
from inspector.simulate.standins.courier import Courier, OnAttempt
from inspector.simulate.standins.dashboard import Dashboard
from inspector.simulate.standins.desk import Desk
from inspector.simulate.standins.model import StandIn
from inspector.simulate.standins.outage import Outage
from inspector.tasks import owned

BODY_MAX_BYTES: Final = 1024 * 1024
SHUTDOWN_S: Final = 2.0
OURS: Final = "the stand-in failed; its log says why"


class Options(NamedTuple):
    """How a stand-in is to be."""

    state: Path
    speed: float = 1.0
    on_attempt: OnAttempt = lambda _webhook, _parcel: None
    tls: ssl.SSLContext | None = None
    """With it, the stand-in speaks https, and takes no webhook that does not."""


class Open(NamedTuple):
    """A stand-in that runs."""

    desk: Desk
    url: str
    token: str


@asynccontextmanager
async def open_for_business(
    stand_in: StandIn, listener: socket.socket, options: Options
) -> AsyncIterator[Open]:
    """Have a stand-in run for as long as the block does. Raises StorageError for a state that cannot be used."""
    async with ledger.opened(options.state) as kept:
        courier = Courier(stand_in, kept, options.speed, options.on_attempt)
        desk = Desk(stand_in, kept, courier, https_only=options.tls is not None)
        token = await kept.token(stand_in.provider)
        runner = web.AppRunner(_app(desk, token.encode()), shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            await web.SockSite(runner, listener, ssl_context=options.tls).start()
            scheme = "https" if options.tls else "http"
            url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
            async with owned() as tasks:
                sending = tasks.create_task(courier.run())
                try:
                    yield Open(desk, url, token)
                finally:
                    sending.cancel()
        finally:
            await runner.cleanup()


def _app(desk: Desk, token: bytes) -> web.Application:
    outage = Outage(desk.stand_in.refuse)
    app = web.Application(
        middlewares=[failures(desk.stand_in.refuse, OURS), _guarding(token), outage.middleware()],
        client_max_size=BODY_MAX_BYTES,
        handler_args={"access_log": None, "logger": server_log()},
    )
    app.on_response_prepare.append(harden)
    app.add_routes([*desk.stand_in.routes(desk), *Dashboard(desk).routes(), *outage.routes()])
    return app


def _guarding(token: bytes) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        keep_pages_out(request)
        if not carries(request.headers.get(hdrs.AUTHORIZATION, ""), token):
            raise web.HTTPUnauthorized(
                text="this wants 'Authorization: Bearer' with the stand-in's token",
                headers={hdrs.WWW_AUTHENTICATE: "Bearer"},
            )
        return await handler(request)

    return guard
