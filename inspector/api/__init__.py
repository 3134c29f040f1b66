"""The private door: HTTP and WebSocket on loopback, for the terminal, the command line and scripts.

`guard` decides who may call, `routes` answers, `sockets` streams; `openapi.yaml` describes it all.
"""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from inspector.api.answers import failures_as_json, harden
from inspector.api.endpoints import EndpointRoutes
from inspector.api.guard import admit
from inspector.api.log import server_log
from inspector.api.parts import (
    Backlog,
    EndpointTable,
    Health,
    Pipeline,
    Recheck,
    Retention,
    SampleSender,
)
from inspector.api.routes import Routes, get
from inspector.api.sockets import STALL_S, FeedSockets
from inspector.datadir import Addresses, DataDir
from inspector.feed import Feed
from inspector.store import Store

BODY_MAX_BYTES = 64 * 1024
HEAD_TIMEOUT_S = 15


def create_app(
    *,
    store: Store,
    feed: Feed,
    pipeline: Pipeline,
    recheck: Recheck,
    retention: Retention,
    endpoints: EndpointTable,
    backlog: Backlog,
    health: Health,
    send_sample: SampleSender,
    token: str,
    addresses: Addresses,
    data_dir: DataDir,
    lag_ms: Callable[[], int],
    stall_s: float = STALL_S,
) -> web.Application:
    """Return the API; every path of it, also one that does not exist, wants `token`.

    `lag_ms` says how late the event loop was at worst in the last minute.
    Open feeds are closed when its runner is cleaned up, before and outside of the runner's `shutdown_timeout`.
    """
    if not token:
        raise ValueError("an empty token would let everybody in")
    routes = Routes(
        store=store,
        pipeline=pipeline,
        recheck=recheck,
        retention=retention,
        send_sample=send_sample,
        addresses=addresses,
        data_dir=data_dir,
        lag_ms=lag_ms,
    )
    about_endpoints = EndpointRoutes(
        store=store, endpoints=endpoints, backlog=backlog, health=health, addresses=addresses
    )
    sockets = FeedSockets(feed, stall_s=stall_s)
    app = web.Application(
        middlewares=[failures_as_json, _guarded(token.encode())],
        client_max_size=BODY_MAX_BYTES,
        handler_args={
            "access_log": None,
            "logger": server_log(),
            "auto_decompress": False,  # a small body stays small
            "keepalive_timeout": HEAD_TIMEOUT_S,  # in aiohttp this is also the deadline of a first head
        },
    )
    app.add_routes([*routes.table(), *about_endpoints.table(), get("/api/feed", sockets.serve)])
    app.on_response_prepare.append(harden)
    app.on_shutdown.append(sockets.close_all)
    return app


def _guarded(token: bytes) -> Middleware:
    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        admit(request, token)
        return await handler(request)

    return guard
