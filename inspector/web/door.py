"""Who may open a terminal: whoever holds the API's token, or the cookie that a one-time link was exchanged for.

A browser sends no header of our choosing with a WebSocket, so it needs a cookie. The link's code stands in an address,
which a history keeps and others may read; it is worth nothing once it was used.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from inspector.api.guard import carries, keep_pages_out, own_port
from inspector.core.text import encode

ENTRY: Final = "/enter"
"""The one path that is open without the cookie; it gives a cookie, for a code."""

_NEEDED = "open the link that `hooktap web` has printed last; each opens one browser, once"


class Door:
    """Lets in who has been here before, and who comes with the link of now."""

    def __init__(self, token: str, on_entry: Callable[[], None]) -> None:
        """Let in whoever has the API's `token`, or enters by a link; `on_entry` is told of the latter."""
        if not token:
            raise ValueError("an empty token would let everybody in")
        self._token = token.encode()
        self._on_entry = on_entry
        self._key = secrets.token_urlsafe(32)
        self._code = ""

    def link(self, base: str) -> str:
        """Return a link that lets one browser in; those made before open nothing any more."""
        self._code = secrets.token_urlsafe(32)
        return f"{base}{ENTRY}?code={self._code}"

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse every request, to whatever path, that does not show that it may come in."""
        keep_pages_out(request)
        if request.path != ENTRY and not self._knows(request):
            raise web.HTTPForbidden(text=_NEEDED)
        return await handler(request)

    async def enter(self, request: web.Request) -> web.Response:
        """Exchange a code for the cookie."""
        if not _same(request.query.get("code", ""), self._code):
            raise web.HTTPForbidden(text=_NEEDED)
        self._code = ""
        answer = web.Response(status=303, headers={hdrs.LOCATION: "/"})
        answer.set_cookie(_cookie(request), self._key, path="/", httponly=True, samesite="Strict")
        self._on_entry()
        return answer

    def _knows(self, request: web.Request) -> bool:
        return carries(request.headers.get(hdrs.AUTHORIZATION, ""), self._token) or _same(
            request.cookies.get(_cookie(request), ""), self._key
        )


def _cookie(request: web.Request) -> str:
    # Cookies know no ports: two of us on this machine would overwrite each other's.
    return f"hooktap-{own_port(request)}"


def _same(shown: str, kept: str) -> bool:
    """Whether what was shown is what we keep, which is something; compared in constant time."""
    return bool(kept) and hmac.compare_digest(encode(shown), kept.encode())
