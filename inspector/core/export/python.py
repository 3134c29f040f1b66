"""A delivery as a Python script that sends it with requests (2.30 or newer)."""

import base64

from inspector.core.export.copies import Copy, sendable
from inspector.core.export.shellwords import TEXT_CAP_BYTES, ascii_url
from inspector.core.text import decode, safe_lines

_ADDED_BY_REQUESTS = (b"User-Agent", b"Accept-Encoding")
_WIDTH = 100
"""Characters of base64 on a line."""


def python(copy: Copy) -> str:
    """Return the script: same method, headers and body bytes; of headers with one name, all stand by the first."""
    request = copy.request
    pairs = list(sendable(request.headers))
    lines = [f"    ({decode(name)!r}, {value!r})," for name, value in pairs]
    lines += [
        f"    ({decode(name)!r}, SKIP_HEADER),"
        for name in _ADDED_BY_REQUESTS
        if name not in request.headers
    ]
    if request.body or b"Content-Length" in request.headers:
        lines.append(f"    ('Content-Length', '{len(request.body)}'),")
    body = _body(request.body)
    return "\n".join(
        (
            *(["import base64"] if "base64" in body else []),
            "import requests",
            "from urllib3 import HTTPHeaderDict",
            "from urllib3.util import SKIP_HEADER",
            "",
            f"body = {body}",
            "headers = HTTPHeaderDict()",
            "for name, value in [",
            *lines,
            "]:",
            "    headers.add(name, value)",
            # Made by hand: what prepares a request would tidy it up.
            "request = requests.PreparedRequest()",
            f"request.method, request.url = {request.method!a}, {ascii_url(copy.url)!r}",
            "request.headers, request.body = headers, body",
            "response = requests.Session().send(request, allow_redirects=False)",
            "print(response.status_code, response.text)",
        )
    )


def _body(body: bytes) -> str:
    if not body:
        return "None"
    if len(body) <= TEXT_CAP_BYTES and safe_lines(body, tab_width=0) == decode(body):
        return repr(body)
    text = base64.b64encode(body).decode("ascii")
    lines = (text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH))
    return 'base64.b64decode("""\n' + "\n".join(lines) + '\n""")'
