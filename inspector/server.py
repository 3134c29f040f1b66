"""Builds the parts and owns their lifetimes: from a Config to a running inspector, and back to nothing."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiohttp import web

from inspector import __version__, outside, providers
from inspector.api import create_app
from inspector.backlog import Backlog
from inspector.certificates import Certificates, fetch_nothing
from inspector.config import Config
from inspector.datadir import Addresses, DataDir
from inspector.dispatcher import Dispatcher
from inspector.endpoints import Endpoints
from inspector.errors import DamagedError, UnreachableError
from inspector.examiner import Examiner
from inspector.feed import Feed
from inspector.forwarder import Forwarder
from inspector.health import Health
from inspector.lag import Lag
from inspector.pipeline import Pipeline
from inspector.receiver import Receiver
from inspector.receiver.accepting import BACKLOG, accepting
from inspector.receiver.draining import Patience
from inspector.receiver.limits import Gate, Limits, Peers, Porter, raise_limit
from inspector.recheck import Recheck
from inspector.retention import Retention
from inspector.simulate.sender import SampleSender
from inspector.store import Store

log = logging.getLogger(__name__)

API_HOST = "127.0.0.1"
"""The private door is on loopback, whatever the public one is bound to."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Inspector:
    """A running inspector."""

    config: Config
    addresses: Addresses
    feed: Feed
    store: Store
    endpoints: Endpoints
    backlog: Backlog
    pipeline: Pipeline
    recheck: Recheck
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Let `wait_stopped` return."""
        self._stopping.set()

    async def wait_stopped(self) -> None:
        """Wait until `stop` is called."""
        await self._stopping.wait()


@asynccontextmanager
async def running(
    config: Config, *, draining: Callable[[int], None] | None = None
) -> AsyncIterator[Inspector]:
    """Run an inspector until the block ends; then answer what is in flight, and close the store last.

    `draining` is told how many requests there are to answer, if any are. Raises UnreachableError (a port or the data
    directory is taken), ConfigError and StorageError.
    """
    async with AsyncExitStack() as stack:
        config.data_dir.prepare()
        limits = Limits.within(raise_limit())
        porter, patience = Porter(limits.lingering), Patience(config.drain_s)
        feed = Feed(lambda after, limit: store.records_after(after, limit))
        store = await _store(stack, config.data_dir, feed)
        # Bound before anything is forwarded, so that the forwarder knows which ports are ours.
        public = stack.enter_context(bound(config.host, config.port, "--port"))
        private = stack.enter_context(bound(API_HOST, config.api_port, "--api-port"))
        addresses = Addresses(
            ingress=_url(config.host, public),
            api=_url(API_HOST, private),
            pid=os.getpid(),
            version=__version__,
        )
        forwarder = await stack.enter_async_context(
            Forwarder(
                own_ports={_port(public), _port(private)},
                allow_remote=config.allow_remote_target,
            )
        )
        endpoints = await Endpoints.load(config, store)
        backlog = await Backlog.load(store)
        dispatcher = Dispatcher(
            store=store, forwarder=forwarder, endpoints=endpoints, backlog=backlog
        )
        known = providers.load(config.providers_dir)
        seed = config.data_dir.sample_seed()
        certificates = Certificates(outside.get if config.fetch_certificates else fetch_nothing)
        examiner = Examiner(providers=known, certificates=certificates, sample_seed=seed)
        pipeline = Pipeline(
            providers=known,
            examiner=examiner,
            endpoints=endpoints,
            store=store,
            forwarder=forwarder,
            dispatcher=dispatcher,
            backlog=backlog,
        )
        recheck = Recheck(providers=known, examiner=examiner, endpoints=endpoints, store=store)
        retention = Retention(store, default=config.keep, endpoints=config.keeps)
        lag = Lag()
        receiver = Receiver(
            resolve=endpoints.resolve,
            accept=pipeline.accept,
            body_cap_bytes=config.body_cap_bytes,
        )
        api = create_app(
            store=store,
            feed=feed,
            pipeline=pipeline,
            recheck=recheck,
            retention=retention,
            endpoints=endpoints,
            backlog=backlog,
            health=Health(forwarder.reach),
            send_sample=SampleSender(known, endpoints, seed, addresses.ingress),
            token=config.data_dir.api_token(),
            addresses=addresses,
            data_dir=config.data_dir,
            lag_ms=lag.worst_ms,
        )
        # Closed in the opposite order: first the doors, then what is on its way to the targets, then the store.
        await stack.enter_async_context(store.indexing())
        await stack.enter_async_context(retention.running())
        await stack.enter_async_context(dispatcher.running(patience.left_s))
        apis = web.AppRunner(api, shutdown_timeout=1)
        await stack.enter_async_context(_serving(apis, private, limits.private, porter))
        senders = receiver.runner(peers=Peers(limits.per_peer, porter), draining=draining)
        await stack.enter_async_context(_serving(senders, public, limits.public, porter))
        config.data_dir.write_addresses(addresses)
        stack.callback(config.data_dir.remove_addresses)
        stack.callback(patience.begin)
        stack.enter_context(lag.watched())
        yield Inspector(config, addresses, feed, store, endpoints, backlog, pipeline, recheck)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:  # Windows and PyPy have none
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def _store(stack: AsyncExitStack, data_dir: DataDir, feed: Feed) -> Store:
    """Open the store. A damaged database does not keep deliveries from being taken: a new one is begun."""
    try:
        return await stack.enter_async_context(Store.open(data_dir, on_commit=feed.publish))
    except DamagedError as error:
        from inspector.store.repair import begin_anew  # once in a blue moon

        folder = await asyncio.to_thread(begin_anew, data_dir, f"{datetime.now(UTC):%Y%m%d-%H%M%S}")
        log.error("%s", error)
        log.error("it was put away in %s, and a new one is begun, which takes what comes", folder)
    return await stack.enter_async_context(Store.open(data_dir, on_commit=feed.publish))


@contextmanager
def bound(host: str, port: int, flag: str) -> Iterator[socket.socket]:
    """Yield a listener. Raises UnreachableError, which names the `flag` to choose another port with."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} is taken by another program: choose one with {flag}"
            raise UnreachableError(f"{why} ({flag} 0 picks a free one)") from error
        raise UnreachableError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    with listener:
        yield listener


@asynccontextmanager
async def _serving(
    runner: web.BaseRunner, listener: socket.socket, room: int, porter: Porter
) -> AsyncIterator[None]:
    await runner.setup()
    try:
        assert runner.server is not None
        async with accepting(listener, Gate(runner.server, room, porter)):
            yield
    finally:
        await runner.cleanup()


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _url(host: str, listener: socket.socket) -> str:
    # A listener on every address is reached on this machine by its loopback one.
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - named, not bound
    return f"http://{shown}:{_port(listener)}"
