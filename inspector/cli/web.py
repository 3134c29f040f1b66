"""`hooktap web`: the terminal in a browser on this machine."""

import asyncio
import contextlib
import importlib.util
import os
import webbrowser
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from inspector.cli.listen import End
from inspector.cli.options import PORT, command, config_file, here
from inspector.core.text import safe_lines
from inspector.datadir import DataDir
from inspector.errors import HooktapError, UnreachableError

if TYPE_CHECKING:
    from inspector.web.door import Door

DEFAULT_PORT = 8402
SHUTDOWN_S = 5.0
"""How long open terminals have for their end."""


@command()
@click.option(
    "--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="Port of the page; 0: any."
)
@click.option("--open", "open_browser", is_flag=True, help="Open a browser on it.")
@config_file
@click.pass_context
def web(ctx: click.Context, /, *, port: int, open_browser: bool, config_file: Path | None) -> None:
    """Open the terminal in a browser on this machine.

    Prints a link that opens one browser, once; when it was used, another is printed. The page shows the running
    inspector, or one that runs as long as this command does. Every page has a terminal of its own, which ends with it.

    Ctrl-C stops it. Exit 0 after SIGTERM, 130 after Ctrl-C, 3 if the port is taken.
    """
    if importlib.util.find_spec("textual_serve") is None:
        raise HooktapError("this needs the extra 'web': pipx install '.[web]' where Hooktap lies")
    if config_file is not None:
        # For the terminals as well, to which an option would mean an inspector that they are to start.
        os.environ["HOOKTAP_CONFIG"] = str(here() / config_file)
    from inspector import server

    ctx.exit(server.run(_web(ctx.obj, port, open_browser=open_browser)))


async def _web(data_dir: DataDir, port: int, *, open_browser: bool) -> int:
    from aiohttp.web import AppRunner, SockSite

    from inspector.server import API_HOST, bound
    from inspector.web import create_app
    from tui.child import COMMAND

    stopping, entered = asyncio.Event(), asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        listener = stack.enter_context(bound(API_HOST, port, "--port"))
        await stack.enter_async_context(_inspector(data_dir))
        app, door = create_app(
            token=data_dir.read_api_token(),
            command=(*COMMAND, "terminal", "--data-dir", str(data_dir.path)),
            log=data_dir.terminal_log,
            on_entry=entered.set,
        )
        runner = AppRunner(app, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await SockSite(runner, listener).start()
        end = End(stopping.set)
        base = f"http://{API_HOST}:{listener.getsockname()[1]}"
        async with asyncio.TaskGroup() as tasks:
            links = tasks.create_task(_print_links(door, base, entered, open_browser=open_browser))
            await stopping.wait()
            links.cancel()
    return end.exit_code


@contextlib.asynccontextmanager
async def _inspector(data_dir: DataDir) -> AsyncIterator[None]:
    """Have an inspector run for as long as the block does: the one that runs already, or one of ours."""
    from inspector.client import Client
    from tui.child import running_child

    try:
        async with Client.of(data_dir) as client:
            await client.health()
    except UnreachableError:
        async with running_child(data_dir, ()) as child:
            child.ended.add_done_callback(
                lambda _: _say(f"the inspector has ended: {data_dir.log}")
            )
            yield
    else:
        yield


async def _print_links(
    door: "Door", base: str, entered: asyncio.Event, *, open_browser: bool
) -> None:
    """Print a link, and another whenever one was used."""
    link = door.link(base)
    _say("the terminal is ready; this link opens one browser, once (Ctrl-C stops it)")
    click.echo(link)
    if open_browser and not await asyncio.to_thread(webbrowser.open, link):
        _say("there is no browser to open: copy the link into one")
    while True:
        await entered.wait()
        entered.clear()
        _say("a browser has come in; for another there is")
        click.echo(door.link(base))


def _teller(data_dir: DataDir) -> Callable[[object], None]:
    return lambda _: _say(
        f"the inspector has ended (see {data_dir.log}): stop this and start again"
    )


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):  # whoever started us may have gone
        click.echo(f"hooktap: {safe_lines(sentence)}", err=True)
