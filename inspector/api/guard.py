"""Who may call the private API: decided from a request's head alone, before any route looks at it.

A web page can make a browser on this machine call us. Host stops one that resolves its own name to loopback (DNS
rebinding), Origin and Sec-Fetch-Site one that calls across origins, the token everyone else.
"""

import hmac
from ipaddress import AddressValueError, IPv4Address

from aiohttp import hdrs, web

from inspector.core.text import encode

JSON_TYPE = "application/json"
SEC_FETCH_SITE = "Sec-Fetch-Site"
_WITH_BODY = frozenset({hdrs.METH_POST, hdrs.METH_PUT})


def admit(request: web.Request, token: bytes) -> None:
    """Return if the request may go on; raise 403, 401 or 415 if not."""
    keep_pages_out(request)
    if not carries(request.headers.get(hdrs.AUTHORIZATION, ""), token):
        raise web.HTTPUnauthorized(
            text="the API wants 'Authorization: Bearer' with the token from the data directory",
            headers={hdrs.WWW_AUTHENTICATE: "Bearer"},
        )
    # A form or a `no-cors` fetch cannot send this type without asking first, and nobody here says yes.
    if request.method in _WITH_BODY and request.content_type != JSON_TYPE:
        raise web.HTTPUnsupportedMediaType(
            text=f"a {request.method} must be Content-Type: {JSON_TYPE}"
        )


def keep_pages_out(request: web.Request) -> None:
    """Return if no web page but our own can have made a browser send this; raise 403 if one can."""
    port = own_port(request)
    host = request.headers.get(hdrs.HOST, "")
    if not is_own_host(host, port):
        raise web.HTTPForbidden(text="Host must be this machine's loopback address and our port")
    if not is_own_origin(request.headers.getall(hdrs.ORIGIN, []), host, port):
        raise web.HTTPForbidden(text="web pages of another origin may not call the API")
    # Absent from everything but browsers; `none` is an address typed by the user.
    if request.headers.get(SEC_FETCH_SITE, "none") not in {"none", "same-origin"}:
        raise web.HTTPForbidden(text="web pages of another site may not call the API")


def own_port(request: web.Request) -> int:
    """Return the port the request came in by."""
    if request.transport is None:  # the caller left already
        raise web.HTTPForbidden(text="the connection is gone")
    port: int = request.transport.get_extra_info("sockname")[1]
    return port


def is_own_host(host: str, port: int) -> bool:
    """Whether a Host header names loopback: `localhost`, a literal in 127.0.0.0/8 or `[::1]`, with our port or none."""
    name = host.lower().removesuffix(f":{port}")
    if name in {"localhost", "[::1]"}:
        return True
    try:
        return IPv4Address(name).is_loopback
    except AddressValueError:
        return False


def is_own_origin(origins: list[str], host: str, port: int) -> bool:
    """Whether Origin is absent, as from any program but a browser, or our own as Host names us."""
    name = host.lower().removesuffix(f":{port}")
    return not origins or origins == [f"http://{name}:{port}"]


def carries(authorization: str, token: bytes) -> bool:
    """Whether `authorization` is the bearer token, compared in constant time."""
    scheme, _, credentials = authorization.partition(" ")
    # Bytes, because compare_digest raises TypeError on text that is not ASCII.
    return hmac.compare_digest(encode(credentials), token) and scheme.lower() == "bearer"
