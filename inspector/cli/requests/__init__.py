"""A request as people have it in a file: as it was on the wire, in a HAR file, or as a curl command."""

import json
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from inspector.cli.requests import curl, har, raw
from inspector.cli.requests.raw import body_request as with_headers
from inspector.core.model import Request
from inspector.core.text import decode
from inspector.errors import ConfigError

__all__ = ["Saved", "parse", "parse_all", "with_headers"]


class Saved(NamedTuple):
    """A request of a file, or the reason why it cannot be had."""

    request: Request | None
    note: str
    """What should be known about it; empty if nothing."""
    received_at_us: int | None = None
    """When it was made, where the file says so."""


def parse(name: str, content: bytes, entry: int | None = None) -> tuple[Request, Sequence[str]]:
    """Return the request, and sentences on what should be known about it; its kind is guessed from `content`.

    `entry` is the number of a HAR file's request, from 1. Raises ConfigError, with the file's `name`.
    """
    content = content.removeprefix(BOM_UTF8)
    document = _archive(content)
    text = decode(content)
    try:
        if document is not None:
            request, notes = har.parse(document, entry)
            return request, [f"{name}: {note}" for note in notes]
        if entry is not None:
            raise ConfigError("is not a HAR file, so there is nothing to choose with --entry")
        if curl.begins(text):
            return curl.parse(text), []
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from error
    request, note = raw.parse_request(name, content)
    return request, [note] if note else []


def parse_all(name: str, content: bytes, *, leaving_out: Collection[str] = ()) -> Iterator[Saved]:
    """Yield every request of a file, but of a HAR file none with a method of `leaving_out`.

    Raises ConfigError, with the file's `name`, where it is of no kind that is known here.
    """
    content = content.removeprefix(BOM_UTF8)
    document = _archive(content)
    text = decode(content)
    try:
        if document is not None:
            yield from _entries(document, leaving_out)
        elif curl.begins(text):
            yield from (Saved(request, "") for request in curl.parse_all(text))
        else:
            request, note = raw.parse_request(name, content)
            yield Saved(request, note or "")
    except ConfigError as error:
        said = str(error)
        raise ConfigError(said if said.startswith(f"{name}:") else f"{name}: {said}") from error


def _entries(document: object, leaving_out: Collection[str]) -> Iterator[Saved]:
    for number, entry in enumerate(har.entries(document), 1):
        if entry.method not in leaving_out:
            note = "; ".join(entry.notes)
            told = f"request {number}: {note}" if note else ""
            yield Saved(entry.request, told, entry.started_at_us)


def _archive(content: bytes) -> object:
    """Return the document, if it may be one of HAR."""
    if content.lstrip()[:1] != b"{":
        return None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "log" in document else None
