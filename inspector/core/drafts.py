"""A request as the text a person edits, and the edit that was meant: raw HTTP for an editor, fields for a form."""

from dataclasses import dataclass

from inspector.core import edits
from inspector.core.edits import Edit
from inspector.core.headers import HeaderPair, Headers, is_token
from inspector.core.model import Request
from inspector.core.text import decode, safe, shorten

FORM_BODY_MAX_BYTES = 64 * 1024
"""Longer bodies are edited in an editor."""
_VERSION = b"HTTP/1.1"
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A request as far as a person edits it."""

    method: str
    target: bytes
    """Path and query after the endpoint."""
    headers: Headers
    body: bytes

    @classmethod
    def of(cls, request: Request, edit: Edit | None = None) -> "Draft":
        """Begin with a delivery's request, changed by an earlier edit."""
        edit = edit or Edit()
        return cls(
            request.method if edit.method is None else edit.method,
            edits.suffix(request.target) if edit.target is None else edit.target,
            request.headers if edit.headers is None else edit.headers,
            request.body if edit.body is None else edit.body,
        )

    def edit(self, request: Request) -> Edit:
        """Return what is changed against a delivery's request. Raises ReplayError if it could not be sent so."""
        found = edits.between(request, Edit(self.method, self.target, self.headers, self.body))
        edits.apply(found, request)
        return found


def write(draft: Draft) -> bytes:
    """Return raw HTTP: a request line, the headers one a line, an empty line, the body."""
    line = b" ".join(filter(None, (draft.method.encode(), draft.target, _VERSION)))
    return b"\n".join([line, *header_lines(draft.headers), b"", draft.body])


def read(text: bytes, before: Draft) -> Draft:
    """Read what became of `before` in an editor. Raises ValueError with the line that cannot be read.

    A line feed at the end that was not there before is the editor's, and not meant.
    """
    head, blank, body = text.partition(b"\n\n")
    crlf = text.partition(b"\r\n\r\n")
    if crlf[1] and len(crlf[0]) < len(head):
        head, blank, body = crlf
    if not blank:
        body = b""
    if body.endswith(b"\n") and not before.body.endswith(b"\n"):
        body = body[:-1]
    first, *rest = head.split(b"\n")
    method, target = _request_line(first.rstrip(b"\r"))
    return Draft(method, target, read_headers(b"\n".join(rest), 2), body)


def header_lines(headers: Headers) -> list[bytes]:
    """Return each header as a line."""
    return [b"%b: %b" % pair for pair in headers.pairs]


def read_headers(text: bytes, first_line: int = 1) -> Headers:
    """Read headers, one a line. Raises ValueError with the line that is none; lines count from `first_line`."""
    lines = enumerate(text.split(b"\n"), first_line)
    return Headers(
        tuple(_pair(line.rstrip(b"\r"), number) for number, line in lines if line.strip())
    )


def plain_text(raw: bytes) -> str | None:
    """Return what a form can show and give back byte for byte; None if there is anything in it that it cannot."""
    text = decode(raw)
    bare = text.replace("\r\n", "\n")
    # A form has one kind of line end, and shows nothing that a terminal would obey.
    if bare != text and "\n" in text.replace("\r\n", ""):
        return None
    shown = bare.replace("\n", "").replace("\t", "")
    return text if safe(shown) == shown else None


def _request_line(line: bytes) -> tuple[str, bytes]:
    words = line.split()
    if words and words[-1].startswith(b"HTTP/"):
        words.pop()
    if not 1 <= len(words) <= 2:
        raise ValueError(f"line 1: '{_cut(line)}' is no request line such as 'POST /path HTTP/1.1'")
    return decode(words[0]), words[1] if len(words) == 2 else b""


def _pair(line: bytes, number: int) -> HeaderPair:
    name, colon, value = line.partition(b":")
    if not colon or not is_token(name):
        raise ValueError(f"line {number}: '{_cut(line)}' is no header such as 'Name: value'")
    return name, value.strip(b" \t")


def _cut(line: bytes) -> str:
    return shorten(safe(line), _SHOWN)
