"""The terminal in a browser: a loopback door of its own, behind which textual-serve hands a program to a page.

`door` decides who may come in, `sessions` runs a terminal for each page, `page` is what the browser is given.
textual-serve's own server is not used: it lets everybody in, and its page loads a font from another machine.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import textual_serve
from aiohttp import hdrs, web

from inspector.api.log import server_log
from inspector.web import page
from inspector.web.door import ENTRY, Door
from inspector.web.sessions import Sessions

HEAD_TIMEOUT_S = 15
STATIC = Path(textual_serve.__file__).parent / "static"


def create_app(
    *, token: str, command: Sequence[str], log: Path, on_entry: Callable[[], None]
) -> tuple[web.Application, Door]:
    """Return the application and its door, which makes the links that lead in.

    `token` is the API's. Each page gets a terminal of its own: `command`, which narrates into `log`. `on_entry` is
    told that somebody came in, and that the link is spent.
    """
    door = Door(token, on_entry)
    sessions = Sessions(command, log)
    app = web.Application(
        middlewares=[door.guard],
        handler_args={
            "access_log": None,  # it would hold the code
            "logger": server_log(),
            "keepalive_timeout": HEAD_TIMEOUT_S,  # in aiohttp this is also the deadline of a first head
        },
    )
    app.add_routes(
        [
            web.get(ENTRY, door.enter),
            web.get("/", _page),
            web.get(page.SCRIPT, _script),
            web.get(page.SOCKET, sessions.serve),
            web.static(page.STATIC, STATIC),
        ]
    )
    app.on_response_prepare.append(_harden)
    app.on_shutdown.append(sessions.close_all)
    return app, door


async def _page(request: web.Request) -> web.Response:
    return web.Response(text=page.html(request.host), content_type="text/html")


async def _script(_: web.Request) -> web.Response:
    return web.Response(text=page.SCRIPT_TEXT, content_type="text/javascript")


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(page.HEADERS)
    response.headers[hdrs.CONTENT_SECURITY_POLICY] = page.policy(request.host)
