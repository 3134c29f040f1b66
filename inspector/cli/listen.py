"""`hooktap listen`: an inspector in the foreground, a line per delivery, attempt and later verdict."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, assert_never

import click

from inspector import __version__
from inspector.cli.causes import Causes
from inspector.cli.lines import LineWriter, Pace
from inspector.cli.look import INDENT, Look
from inspector.cli.options import FILE, as_json, command, configuration, serving
from inspector.cli.progress import INTERRUPTED
from inspector.cli.ready import announced, ready_line
from inspector.config import Config
from inspector.core.model import Attempt, Delivery, Outcome, Record, Verdict
from inspector.core.text import safe_lines
from inspector.core.wire import dumps, record_to_json
from inspector.datadir import Addresses

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding
    from inspector.server import Inspector

EXPLAINED_MAX = 1000
STOPPING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@command()
@serving
@as_json
@click.option("--quiet", is_flag=True, help="Say where it listens, and print no deliveries.")
@click.option(
    "--ready-file",
    type=FILE,
    metavar="FILE",
    help="Write the line that begins --json into FILE once it listens, and remove FILE at the end.",
)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
@click.pass_context
def listen(
    ctx: click.Context,
    /,
    *,
    config_file: Path | None,
    as_json: bool,
    quiet: bool,
    ready_file: Path | None,
    until_stdin_closes: bool,
    **flags: Any,
) -> None:
    """Run an inspector in the foreground and print a line per delivery and per attempt.

    Anything sent to http://127.0.0.1:8400/in/NAME is checked, kept and, with --forward-to, handed on to your app.
    Lines go to stdout, everything else to stderr. With --json the first line is {"type": "ready", ...}, and each
    further one a delivery, an attempt, or the verdict of a later check.

    Ctrl-C stops it, and once more at once. Exit 0 after SIGTERM, 130 after Ctrl-C, 3 if a port or the data directory
    is taken.
    """
    from inspector import server

    config = configuration(ctx.obj.path, config_file, flags)
    _log_to_stderr()
    show = _Json() if as_json else _Text(Look.of(sys.stdout), Look.of(sys.stderr))
    listening = _listen(
        config,
        show,
        until_stdin_closes=until_stdin_closes,
        quiet=quiet,
        ready_path=ready_file,
    )
    ctx.exit(server.run(listening))


class _Json:
    """One JSON object a line."""

    def ready(self, addresses: Addresses, config: Config) -> list[str]:
        return [ready_line(addresses, config.data_dir)]

    def line(self, record: Record) -> str:
        return dumps(record_to_json(record))


class _Text:
    """Lines for a person, who is told on stderr where to send to."""

    def __init__(self, out: Look, err: Look) -> None:
        self._out = out
        self._err = err
        self._explained: set[tuple[str, str]] = set()

    def ready(self, addresses: Addresses, config: Config) -> list[str]:
        click.echo(self._err.colored(f"hooktap {__version__} is ready", "green"), err=True)
        for name, text in _facts(addresses, config, self._err.mark("→")):
            click.echo(f"  {self._err.faint(f'{name:<9}')} {text}", err=True)
        return []

    def line(self, record: Record) -> str:
        match record:
            case Delivery():
                return "\n".join(self._lines(record))
            case Attempt():
                return self._out.attempt(record)
            case Verdict():
                return self._out.recheck(record)
            case unreachable:
                assert_never(unreachable)

    def cause(self, finding: "Finding") -> str:
        return self._out.cause(finding)

    def _lines(self, delivery: Delivery) -> Iterator[str]:
        yield self._out.delivery(delivery) + self._out.duplicate(delivery)
        if delivery.handshake is not None:
            yield INDENT + self._out.handshake(delivery.handshake)
        elif self._needs_reason(delivery):
            yield self._out.reason(delivery.verification)

    def _needs_reason(self, delivery: Delivery) -> bool:
        verification = delivery.verification
        if verification.outcome is Outcome.VERIFIED or verification.outcome.is_invalid:
            return verification.outcome.is_invalid
        # What nobody signed or nobody gave us a secret for is so with every delivery: said once for an endpoint.
        news = (delivery.endpoint, verification.detail) not in self._explained
        if len(self._explained) < EXPLAINED_MAX:
            self._explained.add((delivery.endpoint, verification.detail))
        return news


def _facts(addresses: Addresses, config: Config, arrow: str) -> Iterator[tuple[str, str]]:
    named = config.endpoints.values()
    which = ", ".join(config.endpoints) or "none: --strict, and no endpoint is configured"
    yield "receives", f"{addresses.ingress}/in/NAME  ({which if config.strict else 'any NAME'})"
    for endpoint in named:
        yield "", f"{endpoint.name} {arrow} {endpoint.target or 'kept, not forwarded'}"
    if config.forward_to or not named:
        to = config.forward_to or "nothing; add --forward-to PORT"
        yield "forwards", f"{'the others ' if named else ''}{arrow} {to}"
    yield "keeps", str(config.data_dir.path)
    if not config.strict:
        yield "try", f'curl -d \'{{"hello":"world"}}\' {addresses.ingress}/in/demo'
    yield "stop", "Ctrl-C"


async def _listen(
    config: Config,
    show: _Json | _Text,
    *,
    until_stdin_closes: bool,
    quiet: bool,
    ready_path: Path | None,
) -> int:
    from inspector.server import running

    async with (
        LineWriter(sys.stdout) as writer,
        running(config, draining=_say_draining) as inspector,
    ):
        end = End(inspector.stop)
        if until_stdin_closes:
            end.when_stdin_closes()
        records = inspector.feed.subscribe()  # before anybody can know where to send to
        _settle_memory()
        with announced(ready_path, ready_line(inspector.addresses, config.data_dir)):
            for line in show.ready(inspector.addresses, config):
                await writer.write(line)
            async with aclosing(records), asyncio.TaskGroup() as tasks:
                printing = tasks.create_task(_print(records, show, writer, inspector))
                if quiet:
                    printing.cancel()
                await inspector.wait_stopped()
                printing.cancel()
    return end.exit_code


def _say_draining(count: int) -> None:
    requests = "1 request" if count == 1 else f"{count} requests"
    with suppress(OSError):  # the terminal may be what has gone
        click.echo(f"hooktap: draining {requests} (Ctrl-C: stop at once)", err=True)


def _settle_memory() -> None:
    # What there is by now stays to the end: the collector need not walk through it again and again, nor look for
    # cycles every few deliveries, which leave none. Together a fifth of the time under load.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


async def _print(
    records: AsyncGenerator[Record, None],
    show: _Json | _Text,
    writer: LineWriter,
    inspector: "Inspector",
) -> None:
    pace, causes = Pace(), Causes(inspector.recheck.diagnose)
    try:
        async for record in records:
            with pace:
                line = show.line(record)
            await writer.write(line)
            if isinstance(show, _Text) and (cause := await causes.of(record)):
                await writer.write(show.cause(cause))
            await pace.rest()
    except BrokenPipeError:
        inspector.stop()  # as `listen | head` means it


class End:
    """What ends `listen` from outside, and the exit code it leaves."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.exit_code = 0
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        self._taken = [number for number in STOPPING if not _is_ignored(number)]
        for number in self._taken:
            signal.signal(number, self._on_signal)

    def when_stdin_closes(self) -> None:
        """Stop when stdin ends: whoever started us is gone, however it went."""
        threading.Thread(target=self._watch_stdin, name="stdin", daemon=True).start()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.exit_code = INTERRUPTED if number == signal.SIGINT else 0
        self._loop.call_soon_threadsafe(self._stop)
        for (
            each
        ) in self._taken:  # a second one ends us on the spot: what was acknowledged is on disk
            signal.signal(each, signal.SIG_DFL)

    def _watch_stdin(self) -> None:
        # Not sys.stdin, whose lock a thread would still hold when the interpreter ends.
        with suppress(OSError):  # it was closed from the beginning
            while os.read(0, 4096):
                pass
        with suppress(RuntimeError):  # the loop has ended before it
            self._loop.call_soon_threadsafe(self._stop)


def _is_ignored(number: int) -> bool:
    # A hang-up that whoever started us has us ignore, as nohup does, stays ignored.
    return number != signal.SIGINT and signal.getsignal(number) is signal.SIG_IGN


class _SafeFormatter(logging.Formatter):
    """Log lines may quote a sender."""

    def format(self, record: logging.LogRecord) -> str:
        return safe_lines(super().format(record))


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_SafeFormatter("hooktap: %(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
