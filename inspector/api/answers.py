"""What the API says: JSON, raw bytes that no browser will run, and every failure as `{"error": sentence}`."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from inspector.core import wire
from inspector.core.text import safe
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    OutsideError,
    QueryError,
    ReplayError,
    StorageError,
    UnreachableError,
)

log = logging.getLogger(__name__)

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
"""On every answer: a stored body is a stranger's, and may be a page with a script."""

STATUSES: Final[Mapping[type[HooktapError], int]] = {
    QueryError: 400,
    ConfigError: 400,
    NotFoundError: 404,
    ReplayError: 409,
    UnreachableError: 502,
    OutsideError: 502,
    StorageError: 503,
}
SENTENCES: Final = {
    404: "the API has no such path",
    405: "this path does not take that method",
    413: "the body is too long",
}
"""For what aiohttp itself refuses."""


def as_json(data: wire.JSON, *, status: int = 200) -> web.Response:
    """Answer with one line of ASCII JSON."""
    return web.Response(status=status, text=wire.dumps(data), content_type="application/json")


def as_bytes(body: bytes) -> web.Response:
    """Answer with stored bytes as they are, as a download."""
    return web.Response(
        body=body,
        content_type="application/octet-stream",
        headers={hdrs.CONTENT_DISPOSITION: "attachment"},
    )


def bad_request(sentence: str) -> web.HTTPBadRequest:
    """Return the 400 to raise for a request that cannot be read."""
    return web.HTTPBadRequest(text=sentence)


Refuse = Callable[[int, str], web.Response]
"""Makes the answer to what is not done: a status, and a sentence."""


def failures(refuse: Refuse, ours: str) -> Middleware:
    """Return what answers for whatever a handler raises; `ours` is said where the fault is our own."""

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            refusal = refuse(
                error.status, SENTENCES.get(error.status) or error.text or error.reason
            )
            for name in (hdrs.ALLOW, hdrs.WWW_AUTHENTICATE):
                if name in error.headers:
                    refusal.headers[name] = error.headers[name]
            return refusal
        except HooktapError as error:
            return refuse(_status_of(error), str(error))
        except ConnectionResetError:
            raise  # the caller left; aiohttp ends the connection
        except Exception:
            log.exception("%s %s failed", request.method, safe(request.path))
            return refuse(500, ours)

    return answer


def as_error(status: int, sentence: str) -> web.Response:
    """Answer with `{"error": sentence}`."""
    return as_json({"error": sentence}, status=status)


failures_as_json: Final = failures(as_error, "the inspector failed; its log says why")


async def harden(_: web.Request, response: web.StreamResponse) -> None:
    """Add the headers every answer has, the WebSocket's 101 among them."""
    response.headers.update(HEADERS)


def _status_of(error: HooktapError) -> int:
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
