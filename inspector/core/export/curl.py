"""A delivery as a curl command for a POSIX shell."""

from collections.abc import Iterator

from inspector.core.export.copies import Copy, sendable
from inspector.core.export.shellwords import pipe, text_word, url_word, word
from inspector.core.headers import Headers
from inspector.core.model import Request

_ADDED_BY_CURL = (b"User-Agent", b"Accept", b"Content-Type")


def curl(copy: Copy) -> str:
    """Return the command that sends the same method, headers in order, and body bytes."""
    request = copy.request
    before, data = _data(request)
    parts = [
        f"{before}curl --globoff --path-as-is {_method(request.method, has_data=bool(data))}",
        *(f"-H {word(line)}" for line in _header_lines(request.headers)),
        *data,
        f"--url {url_word(copy.url)}",
    ]
    return " \\\n  ".join(parts)


def _method(method: str, *, has_data: bool) -> str:
    if method == "HEAD" and not has_data:
        return "--head"  # `--request HEAD` would wait for a body that never comes
    return f"--request {word(method.encode('utf-8', 'backslashreplace'))}"


def _header_lines(headers: Headers) -> Iterator[bytes]:
    for name, value in sendable(headers):
        if value.strip():
            yield name + b": " + value
        else:
            yield name + b";"  # curl's way to send a header without a value
    for name in _ADDED_BY_CURL:
        if name not in headers:
            yield name + b":"  # and its way not to send one


def _data(request: Request) -> tuple[str, list[str]]:
    body = request.body
    if not body:
        return "", ["--data-raw ''"] if b"Content-Length" in request.headers else []
    if (text := text_word(body)) is not None:
        return "", [f"--data-raw {text}"]
    return pipe(body), ["-H Expect:", "--data-binary @-"]
