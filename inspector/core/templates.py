"""Locators, which name one value of a request, and templates, which join values and text as bytes.

A locator is `header:NAME`, `query:NAME`, `form:NAME` (URL-encoded, or in parts), `json:a.b` (a number is an index),
`xml:a.@b` (below the root; `@` for an attribute), or `pair:KEY`, an element of the signature header itself.

A template holds placeholders in braces: a locator, or one of `{body}`, `{body.sha256.hex}`, `{body.crc32}`,
`{form.sorted}`, `{headers.sorted:PREFIX}`, `{method}`, `{path+query}`, `{secret}` and `{url}`.
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from inspector.core.bodyfields import EVERY
from inspector.core.fields import Fields
from inspector.core.table import nearest
from inspector.errors import ConfigError


class Kind(StrEnum):
    """Where a locator looks."""

    HEADER = "header"
    QUERY = "query"
    FORM = "form"
    JSON = "json"
    XML = "xml"
    PAIR = "pair"


@dataclass(frozen=True, slots=True)
class Locator:
    """The name of one value of a request."""

    kind: Kind
    name: str
    key: bytes = field(init=False, repr=False, compare=False)
    path: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        name = self.name.encode()
        object.__setattr__(self, "key", name.lower() if self.kind is Kind.HEADER else name)
        object.__setattr__(self, "path", tuple(self.name.split(".")))

    @classmethod
    def parse(cls, text: str) -> "Locator":
        """Read `kind:name`. Raises ConfigError."""
        kind, colon, name = text.partition(":")
        if not colon or not name:
            raise ConfigError(f"'{text}' is not a locator such as header:X-Event-Id or json:event")
        if kind not in list(Kind):
            raise ConfigError(f"unknown locator '{kind}:' {nearest(kind, Kind)}")
        if not name.isascii() or not name.isprintable():
            raise ConfigError(f"'{text}' names something outside printable ASCII")
        return cls(Kind(kind), name)

    def read(self, fields: Fields) -> bytes | None:
        """Return the value; None if it is absent, or there are several to choose from."""
        match self.kind:
            case Kind.HEADER:
                return fields.headers.get(self.key)
            case Kind.JSON:
                return fields.json(self.path)
            case Kind.PAIR:
                return fields.pairs.get(self.key)
            case Kind.QUERY:
                return fields.query(self.key)
            case Kind.FORM:
                return fields.form(self.key)
            case Kind.XML:
                return fields.xml(self.path)
            case unreachable:
                assert_never(unreachable)

    def is_unread(self, fields: Fields) -> bool:
        """Whether the request has something there, or may have, of which `read` gives no value.

        That is what must not pass for absent. Asked of a value that is absent or empty.
        """
        match self.kind:
            case Kind.HEADER:
                return fields.is_repeated(self.key)
            case Kind.JSON:
                return fields.json_is_unread(self.path)
            case Kind.PAIR:
                return False
            case Kind.QUERY:
                return fields.query_is_unread(self.key)
            case Kind.FORM:
                return fields.form_is_unread(self.key)
            case Kind.XML:
                return fields.xml_is_unread(self.path)
            case unreachable:
                assert_never(unreachable)

    @property
    def label(self) -> str:
        """What stands in `Verification.covered`: `header X-Event-Id`, `json event.id`."""
        return f"{self.kind} {self.name}"

    def __str__(self) -> str:
        return self.name


class Unread(Locator):
    """A placeholder for which the request has something that is not read as a value: `Template.absent` returns it.

    `{form.sorted}` is all fields of the form: `form:*`.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Builtin:
    """A value that is the request's own rather than found in it by a name."""

    name: str
    label: str
    """What of the request it stands for; empty if nothing."""
    read: Callable[[Fields], bytes | None]

    def __str__(self) -> str:
        return self.name


def _path_and_query(fields: Fields) -> bytes | None:
    if fields.url is None:
        return fields.request.target
    found = re.match(rb"[^:/?#]+://[^/?#]*([^#]*)", fields.url)
    return found[1] if found else None


def _sorted_headers(prefix: bytes) -> Callable[[Fields], bytes | None]:
    def read(fields: Fields) -> bytes:
        lines = [
            name.lower() + b"=" + value
            for name, value in fields.request.headers
            if name.lower().startswith(prefix) and name.lower() != fields.signature_header
        ]
        return b"&".join(sorted(lines))

    return read


BODY = Builtin("body", "body", lambda fields: fields.request.body)
URL = Builtin("url", "url", lambda fields: fields.url)
PATH_AND_QUERY = Builtin("path+query", "path and query", _path_and_query)
SECRET = Builtin("secret", "", lambda fields: fields.secret)
FORM_SORTED = Builtin("form.sorted", "form fields", Fields.sorted_form)

_BUILTINS: Mapping[str, Builtin] = {
    builtin.name: builtin
    for builtin in (
        BODY,
        URL,
        SECRET,
        Builtin(
            "method", "method", lambda fields: fields.request.method.encode("utf-8", "replace")
        ),
        PATH_AND_QUERY,
        FORM_SORTED,
        Builtin(
            "body.sha256.hex",
            "body",
            lambda fields: hashlib.sha256(fields.request.body).hexdigest().encode(),
        ),
        Builtin("body.crc32", "body", lambda fields: b"%d" % zlib.crc32(fields.request.body)),
    )
}
_HEADERS_SORTED = "headers.sorted:"
_PART = re.compile(r"\{([^{}]*)\}|([^{}]+)")

Part = bytes | Locator | Builtin


@dataclass(frozen=True, slots=True)
class Template:
    """Text and values to be joined, read once from its source."""

    parts: tuple[Part, ...]
    text: str = field(init=False, repr=False, compare=False)
    """It for a person: `X-Timestamp.body`, `url + body`."""

    def __post_init__(self) -> None:
        text = ""
        for part in self.parts:
            if isinstance(part, bytes):
                text += part.decode()
            else:
                text += f" + {part}" if text[-1:].isalnum() else str(part)
        object.__setattr__(self, "text", text)

    @classmethod
    def parse(cls, text: str) -> "Template":
        """Read a template; without a brace it is a locator on its own. Raises ConfigError."""
        if "{" not in text and "}" not in text:
            return cls((Locator.parse(text),))
        found = list(_PART.finditer(text))
        if sum(len(part[0]) for part in found) != len(text):
            raise ConfigError(f"unbalanced brace in '{text}'")
        return cls(tuple(_part(part) for part in found))

    def render(self, fields: Fields, missing: bytes | None = None) -> bytes | None:
        """Join the values; `missing` stands for what a locator names and is absent or empty.

        Without it there is then no result; nor where something is there, and cannot be read as one value.
        """
        chunks: list[bytes] = []
        for part in self.parts:
            if isinstance(part, bytes):
                chunks.append(part)
                continue
            value = part.read(fields)
            if not value and isinstance(part, Locator):
                value = missing
                if missing is not None and part.is_unread(fields):
                    return None
            if value is None:
                return None
            chunks.append(value)
        return b"".join(chunks)

    def placeholders(self) -> Iterator[Locator | Builtin]:
        """Yield everything but the text."""
        return (part for part in self.parts if not isinstance(part, bytes))

    def absent(self, fields: Fields) -> Locator | Builtin | None:
        """Return the first placeholder for which this request has no value, of those that are `Unread` if there are."""
        found = None
        for part in self.placeholders():
            value = part.read(fields)
            if isinstance(part, Locator):
                if value:
                    continue
                if part.is_unread(fields):
                    return part if part.kind is Kind.HEADER else Unread(part.kind, part.name)
            elif value is not None:
                continue
            elif part is FORM_SORTED:
                return Unread(Kind.FORM, EVERY)
            found = found or part
        return found

    def uses(self, builtin: Builtin) -> bool:
        """Whether this builtin is among the placeholders."""
        return builtin in self.parts


def _part(found: re.Match[str]) -> Part:
    placeholder, text = found.groups()
    if text is not None:
        return str(text).encode()
    if placeholder.startswith(_HEADERS_SORTED):
        prefix = placeholder.removeprefix(_HEADERS_SORTED)
        return Builtin(placeholder, f"headers {prefix}*", _sorted_headers(prefix.lower().encode()))
    if builtin := _BUILTINS.get(placeholder):
        return builtin
    if ":" in placeholder:
        return Locator.parse(placeholder)
    raise ConfigError(f"unknown placeholder '{{{placeholder}}}' {nearest(placeholder, _BUILTINS)}")
