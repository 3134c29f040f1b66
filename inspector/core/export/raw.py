"""A delivery as the bytes of an HTTP/1.1 request."""

from dataclasses import replace

from inspector.core.export.copies import Copy
from inspector.core.forwarding import head
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.errors import HooktapError


def raw(copy: Copy) -> bytes:
    """Return the request as it arrived, a body that came in chunks joined. Raises HooktapError if it is none."""
    request = _joined(copy.request)
    try:
        return head(request) + request.body
    except (ValueError, UnicodeEncodeError) as error:
        raise HooktapError(f"it cannot be written as raw HTTP: {error}") from error


def _joined(request: Request) -> Request:
    if b"Transfer-Encoding" not in request.headers:
        return request
    length = (b"Content-Length", b"%d" % len(request.body))
    pairs = tuple(
        length if name.lower() == b"transfer-encoding" else (name, value)
        for name, value in request.headers.without([b"Content-Length"])
    )
    return replace(request, headers=Headers(pairs))
