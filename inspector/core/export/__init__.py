"""A delivery for elsewhere: as a command, a script, or a file. Text in, text out: nothing here sends or writes.

What is made to be pasted holds no character that a terminal, a line editor or a reader's eye could take for something
else; what is a file of its own says so by `is_text`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from inspector.core.export import bundle as bundles
from inspector.core.export.copies import Copy, copy_of, url_of
from inspector.core.export.curl import curl
from inspector.core.export.fetch import fetch
from inspector.core.export.har import har
from inspector.core.export.httpie import httpie
from inspector.core.export.python import python
from inspector.core.export.raw import raw

__all__ = ["FORMATS", "Copy", "Format", "copy_of", "curl", "url_of"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write deliveries down."""

    name: str
    title: str
    """What it is, for a person who chooses."""
    suffix: str
    write: Callable[[Sequence[Copy], str], bytes]
    """Given the version of the program. Raises HooktapError where the format has no way to say it."""
    holds_several: bool = True
    """Whether one file may hold several deliveries."""
    is_record: bool = False
    """Whether it says where a delivery arrived, and not where it is to be sent again."""
    is_text: bool = True
    """Whether it is safe to print; else it holds bytes as they arrived."""


def _each(write: Callable[[Copy], str]) -> Callable[[Sequence[Copy], str], bytes]:
    return lambda copies, _: "\n".join(map(write, copies)).encode() + b"\n"


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format("curl", "a curl command for a shell", ".sh", _each(curl)),
        Format("httpie", "an HTTPie command for a shell", ".sh", _each(httpie)),
        Format(
            "raw",
            "the HTTP request, byte for byte",
            ".http",
            lambda copies, _: b"".join(map(raw, copies)),
            holds_several=False,
            is_text=False,
        ),
        Format(
            "har",
            "an HTTP Archive, for browsers",
            ".har",
            lambda *given: _line(har(*given)),
            is_record=True,
        ),
        Format("python", "a Python script with requests", ".py", _each(python)),
        Format("fetch", "JavaScript with fetch", ".mjs", _each(fetch)),
        Format(
            "bundle",
            "a file for another Hooktap to import",
            ".hooktap",
            lambda *given: _line(bundles.bundle(*given)),
            is_record=True,
        ),
    )
}


def _line(text: str) -> bytes:
    return text.encode() + b"\n"
