"""Bodies of several parts (RFC 2046, 5.1), and the forms that are sent as such (RFC 7578).

Where the parts are, not how they look. As in `bodyfields`, nothing raises for what a sender wrote.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from inspector.core.bodyfields import CAP_BYTES

BOUNDARY_MAX = 200
"""Characters: RFC 2046 allows 70."""
HEADERS_MAX = 50
"""Of one part."""
_FIELDS_MAX = 1000
_PARAMETERS_MAX = 20
"""Of one header: a megabyte of `;` would take half a second."""
_FORM = b"multipart/form-data"
_PARAMETER = re.compile(
    rb';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s;"][^\s;]*+)?)', re.DOTALL
)
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class Part(NamedTuple):
    """One part: its headers, and from where to where in the body its content is."""

    headers: tuple[tuple[bytes, bytes], ...]
    start: int
    end: int


def is_form(content_type: bytes) -> bool:
    """Whether a Content-Type is that of a form in parts."""
    return content_type.partition(b";")[0].strip().lower() == _FORM


def parameters(value: bytes) -> Mapping[bytes, bytes]:
    """Return the parameters of a header such as Content-Type by lower-case name; of equal names the first counts.

    Behind very many semicolons there is none.
    """
    found: dict[bytes, bytes] = {}
    at = value.find(b";")
    for _ in range(_PARAMETERS_MAX):
        if at < 0:
            break
        one = _PARAMETER.match(value, at)
        if one is not None:
            text = one[3] or b"" if one[2] is None else re.sub(rb"(?s)\\(.)", rb"\1", one[2])
            found.setdefault(one[1].lower(), text)
        at = value.find(b";", at + 1 if one is None else one.end())
    return found


def parts(content: bytes, boundary: bytes) -> Iterator[Part]:
    """Yield the parts in order, the last of which may be broken off; none where the boundary is nowhere."""
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*+(?:\r?\n|\Z)")
    start = None
    for mark in delimiter.finditer(content):
        if start is not None:
            yield _part(content, start, max(mark.start(), start))
        start = mark.end()
        if mark[1] is not None:
            return
    if start is not None:
        yield _part(content, start, len(content))


def read_form(body: bytes, content_type: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return names and values of a form's fields in order, files left out; None where it cannot be read, or not whole.

    The values are what stands there, whatever encoding a part names (RFC 7578, 4.7, takes that out of use).
    """
    found = _fields(body, content_type)
    return None if found is None else [(name, body[part.start : part.end]) for name, part in found]


def replace_form(body: bytes, content_type: bytes, name: bytes, value: bytes) -> bytes | None:
    """Return `body` with `value` in every field called `name`; None if there is none, or it cannot be put there."""
    found = _fields(body, content_type)
    if found is None:
        return None
    chunks, done = list[bytes](), 0
    for part in (part for each, part in found if each == name):
        chunks += [body[done : part.start], value]
        done = part.end
    made = b"".join(chunks) + body[done:]
    wanted = [(each, value if each == name else body[at.start : at.end]) for each, at in found]
    # A value with the boundary in it would be two parts.
    return made if chunks and read_form(made, content_type) == wanted else None


def _fields(body: bytes, content_type: bytes) -> list[tuple[bytes, Part]] | None:
    boundary = parameters(content_type).get(b"boundary", b"")
    if not 0 < len(boundary) <= BOUNDARY_MAX or len(body) > CAP_BYTES:
        return None
    each = list(islice(parts(body, boundary), _FIELDS_MAX + 1))
    if len(each) > _FIELDS_MAX or (body and not each):
        return None
    found: list[tuple[bytes, Part]] = []
    for part in each:
        said = dict(reversed([(name.lower(), value) for name, value in part.headers]))
        disposition = said.get(b"content-disposition", b"")
        if disposition.count(b";") > _PARAMETERS_MAX:
            return None
        given = parameters(disposition)
        is_field = disposition.partition(b";")[0].strip().lower() == b"form-data"
        if is_field and b"name" in given and not {b"filename", b"filename*"} & given.keys():
            found.append((given[b"name"], part))
    return found


def _part(content: bytes, start: int, end: int) -> Part:
    # A part without headers begins with the empty line that would end them.
    for line_end in (b"\r\n", b"\n"):
        if content.startswith(line_end, start, end):
            return Part((), start + len(line_end), end)
    found = _HEAD_END.search(content, start, end)
    head_end, rest = (end, end) if found is None else found.span()
    lines = content[start:head_end].split(b"\n", HEADERS_MAX)[:HEADERS_MAX]
    split = (line.rstrip(b"\r").partition(b":") for line in lines)
    headers = tuple((name.strip(), value.strip()) for name, _, value in split)
    return Part(headers, rest, end)
