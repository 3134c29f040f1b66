"""A delivery as a command for elsewhere. Text in, text out: nothing here sends or writes.

What comes out is meant to be pasted into a shell, so it holds no character that a terminal, a line editor or a
reader's eye could take for something else.
"""

import base64
import re
import shlex
from collections.abc import Iterator
from urllib.parse import quote

from inspector.core.headers import Headers
from inspector.core.model import Delivery
from inspector.core.text import decode, encode, safe, safe_lines

TEXT_CAP_BYTES = 64 * 1024
"""Longer bodies are piped: Linux takes no single argument of more than 128 KiB."""

_NOT_SENT = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Said of one connection (RFC 9110, 7.6.1), or made by curl from the URL and the body."""

_SECRET = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""Signature headers are not among them: they prove something about this body and open no door."""

_ADDED_BY_CURL = (b"User-Agent", b"Accept", b"Content-Type")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_URL_SAFE = "!\"$%&'()*+,/:;<=>?@[\\]^`{|}"
"""All of printable ASCII but the space and `#`, where curl would cut the URL."""


def curl(delivery: Delivery, body: bytes, url: str, *, include_secrets: bool = False) -> str:
    """Return a POSIX shell command that sends the delivery to `url`: same method, headers in order, body bytes.

    Values of `Authorization`, `Cookie` and `Proxy-Authorization` read `REDACTED` unless `include_secrets`. A
    header whose name is not a token (RFC 9110, 5.6.2) is left out, because curl cannot send it.
    """
    pipe, data = _data(delivery, body)
    parts = [
        f"{pipe}curl --globoff --path-as-is {_method(delivery.request.method, has_data=bool(data))}",
        *(
            f"-H {_quoted(line)}"
            for line in _header_lines(delivery.request.headers, include_secrets=include_secrets)
        ),
        *data,
        f"--url {shlex.quote(quote(encode(url), safe=_URL_SAFE))}",
    ]
    return " \\\n  ".join(parts)


def _method(method: str, *, has_data: bool) -> str:
    if method == "HEAD" and not has_data:
        return "--head"  # `--request HEAD` would wait for a body that never comes
    return f"--request {_quoted(method.encode('utf-8', 'backslashreplace'))}"


def _header_lines(headers: Headers, *, include_secrets: bool) -> Iterator[bytes]:
    for name, value in headers:
        if name.lower() in _NOT_SENT or not _TOKEN.fullmatch(name):
            continue
        if name.lower() in _SECRET and not include_secrets:
            yield name + b": REDACTED"
        elif value.strip():
            yield name + b": " + value
        else:
            yield name + b";"  # curl's way to send a header without a value
    for name in _ADDED_BY_CURL:
        if name not in headers:
            yield name + b":"  # and its way not to send one


def _data(delivery: Delivery, body: bytes) -> tuple[str, list[str]]:
    if not body:
        return "", ["--data-raw ''"] if b"Content-Length" in delivery.request.headers else []
    if len(body) <= TEXT_CAP_BYTES and safe_lines(body, tab_width=0) == decode(body):
        return "", [f"--data-raw {shlex.quote(decode(body))}"]
    lines = base64.encodebytes(body).decode("ascii")
    return f"printf %s '{lines}' | base64 -d | ", ["-H Expect:", "--data-binary @-"]


def _quoted(raw: bytes) -> str:
    text = decode(raw)
    if safe(text) == text:
        return shlex.quote(text)
    # `!` too: an interactive bash expands its history inside double quotes.
    octal = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'%\\-!" else f"\\{byte:03o}"
        for byte in raw
    )
    return f"\"$(printf '{octal}')\""
