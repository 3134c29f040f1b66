"""A delivery as JavaScript that sends it with fetch: in Node.js, or in a browser's console.

What fetch adds cannot be switched off, it writes names in small letters and joins headers of one name; a browser also
leaves out those it keeps to itself, such as Cookie and Origin. Method, URL, values and body are the same.
"""

import base64
import json
import re

from inspector.core.export.copies import Copy, sendable
from inspector.core.export.shellwords import TEXT_CAP_BYTES, ascii_url
from inspector.core.headers import is_token
from inspector.core.model import Request
from inspector.core.text import decode, safe_lines
from inspector.errors import HooktapError

_FORBIDDEN = frozenset({"CONNECT", "TRACE", "TRACK"})
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


def fetch(copy: Copy) -> str:
    """Return the script. Raises HooktapError for what fetch does not send."""
    request = copy.request
    _check(request)
    options = [f"  method: {_text(request.method)},", "  headers: ["]
    options += [
        f"    [{_text(decode(name))}, {_text(_value(name, value))}],"
        for name, value in sendable(request.headers)
    ]
    options.append("  ],")
    if request.body:
        options.append(f"  body: {_body(request.body)},")
    options.append('  redirect: "manual",')
    answered = "async (answer) => console.log(answer.status, await answer.text())"
    return "\n".join(
        (f"fetch({_text(ascii_url(copy.url))}, {{", *options, f"}}).then({answered});")
    )


def _check(request: Request) -> None:
    method = request.method.upper()
    if not is_token(method.encode("utf-8", "surrogatepass")):
        raise HooktapError("its method is none that fetch could send")
    if method in _FORBIDDEN:
        raise HooktapError(f"fetch does not send {method}: export it as curl")
    if request.body and method in _WITHOUT_BODY:
        raise HooktapError(f"fetch sends no body with {method}: export it as curl")


def _value(name: bytes, value: bytes) -> str:
    if _CONTROL.search(value):
        raise HooktapError(f"fetch does not send the value of {decode(name)}: export it as curl")
    return value.decode("latin-1")  # a character stands for each byte (Fetch, 2.2.2)


def _body(body: bytes) -> str:
    text = decode(body)
    if len(body) <= TEXT_CAP_BYTES and safe_lines(body, tab_width=0) == text:
        return _text(text)
    encoded = base64.b64encode(body).decode("ascii")
    return f'Uint8Array.from(atob("{encoded}"), (byte) => byte.charCodeAt(0))'


def _text(text: str) -> str:
    # `<` too: in a page, `</script>` ends the script wherever it stands.
    return json.dumps(text).replace("<", "\\u003c")
