"""A request as people have it in a file: as it was on the wire, in a HAR file, or as a curl command."""

import json
from codecs import BOM_UTF8
from collections.abc import Sequence

from inspector.cli.requests import curl, har, raw
from inspector.cli.requests.raw import body_request as with_headers
from inspector.core.model import Request
from inspector.core.text import decode
from inspector.errors import ConfigError

__all__ = ["parse", "with_headers"]


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


def _archive(content: bytes) -> object:
    """Return the document, if it may be one of HAR."""
    if content.lstrip()[:1] != b"{":
        return None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and "log" in document else None
