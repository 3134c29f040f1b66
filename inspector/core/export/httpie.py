"""A delivery as an HTTPie command for a POSIX shell.

HTTPie 3 keeps repeated headers, but for those it would add it decides where they stand. What it has no way to be told
is refused, not changed: `--as curl` sends it.
"""

import re
from collections.abc import Iterator

from inspector.core.export.copies import Copy, sendable
from inspector.core.export.shellwords import pipe, text_word, url_word, word
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.text import decode, is_unicode, safe
from inspector.errors import HooktapError

_ADDED_BY_HTTPIE = (b"User-Agent", b"Accept", b"Accept-Encoding", b"Content-Type", b"Connection")
_EATEN = re.compile(r"(?<!\\)(?:\\\\)*\\[:;=@]")
"""A backslash that HTTPie would take for one that protects a separator, and leave out."""


def httpie(copy: Copy) -> str:
    """Return the command that sends the same method, headers and body bytes. Raises HooktapError if it cannot."""
    request = copy.request
    before, data = _data(request)
    parts = [
        f"{before}http --path-as-is{data}",
        f"{_method(request.method)} {url_word(copy.url)}",
        *(word(item) for item in _items(request.headers)),
    ]
    return " \\\n  ".join(parts)


def _method(method: str) -> str:
    if not re.fullmatch("[A-Za-z]+", method):  # it would take it for the URL
        raise HooktapError(f"HTTPie knows no method '{safe(method)}': export it as curl")
    return method


def _items(headers: Headers) -> Iterator[bytes]:
    for name, value in sendable(headers):
        if name.startswith(b"-") or not _can_be_told(decode(value)):
            raise HooktapError(f"HTTPie cannot be told of {safe(name)}: export it as curl")
        # The blank keeps a value's first character from being read as part of the separator: `:@` names a file.
        yield name + b": " + value if value.strip() else name + b";"
    for name in _ADDED_BY_HTTPIE:
        if name not in headers:
            yield name + b":"


def _can_be_told(value: str) -> bool:
    # It takes every blank off the ends, of which there are more than those that HTTP knows.
    is_whole = value.strip() == value.strip(" \t")
    return is_whole and is_unicode(value) and not _EATEN.search(value)


def _data(request: Request) -> tuple[str, str]:
    body = request.body
    if not body:
        is_declared = b"Content-Length" in request.headers
        return "", " --ignore-stdin --raw=''" if is_declared else " --ignore-stdin"
    if (text := text_word(body)) is not None:
        return "", f" --ignore-stdin --raw={text}"  # a body may begin as an option does
    return pipe(body), ""
