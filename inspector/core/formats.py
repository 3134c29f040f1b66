"""How a signature stands in its header: cutting the candidates out, and writing one in."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from inspector.core.table import nearest
from inspector.errors import ConfigError

CANDIDATES_MAX = 64
"""How many elements of one header are looked at: nobody rotates more secrets, and each costs a comparison."""


class Encoding(StrEnum):
    """How the bytes of a signature become text."""

    HEX = "hex"
    """Lower case; upper case is another text, and no provider sends it."""
    BASE64 = "base64"

    def text_of(self, raw: bytes) -> bytes:
        """Return the one text that stands for `raw`."""
        return binascii.hexlify(raw) if self is Encoding.HEX else _base64(raw)

    def bytes_of(self, text: bytes) -> bytes | None:
        """Return the bytes of what a person wrote; None if it is not in this encoding. Padding may be left out."""
        try:
            if self is Encoding.HEX:
                return binascii.unhexlify(text)
            return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
        except ValueError:
            return None

    def signature_of(self, text: bytes) -> bytes | None:
        """Return the bytes of a signature as a sender wrote it, or None if `text` is not how this encoding writes them.

        Of base64 only the one text that stands for them is good, padded, as where texts are compared; the libraries of
        those who sign in hex with a key pair (Discord's) take capitals too.
        """
        raw = self.bytes_of(text)
        if raw is None or self is Encoding.HEX:
            return raw
        return raw if self.text_of(raw) == text else None


class Shape(StrEnum):
    """What surrounds the signature."""

    PLAIN = "plain"
    """Nothing."""
    PREFIX = "prefix"
    """`prefix:TEXT`: it follows TEXT."""
    PAIRS = "pairs"
    """`pairs:SEP:KEY`: each value of KEY in a list of `key=value` separated by SEP."""
    LIST = "list"
    """`list:SEP:TEXT`: what follows TEXT, in each element that starts with it, of a list separated by SEP."""
    CREDENTIALS = "credentials"
    """What follows the scheme `Basic`, in whatever case (RFC 7617, 2). Not written in a file: `basic` has it."""


@dataclass(frozen=True, slots=True)
class Format:
    """The shape with its texts."""

    shape: Shape = Shape.PLAIN
    text: bytes = b""
    separator: bytes = b""

    @classmethod
    def parse(cls, source: str) -> "Format":
        """Read `plain`, `prefix:TEXT`, `pairs:SEP:KEY` or `list:SEP:TEXT`. Raises ConfigError."""
        kind, _, rest = source.partition(":")
        separator, _, text = rest.partition(":")
        match kind:
            case Shape.PLAIN if not rest:
                return cls()
            case Shape.PREFIX if rest:
                return cls(Shape.PREFIX, rest.encode())
            case Shape.PAIRS | Shape.LIST if separator and text:
                return cls(Shape(kind), text.encode(), separator.encode())
            case Shape.PLAIN | Shape.PREFIX | Shape.PAIRS | Shape.LIST:
                raise ConfigError(
                    f"'{source}' is not plain, prefix:TEXT, pairs:SEP:KEY or list:SEP:TEXT"
                )
            case _:
                known = (Shape.PLAIN, Shape.PREFIX, Shape.PAIRS, Shape.LIST)
                raise ConfigError(f"unknown format '{kind}' {nearest(kind, known)}")

    def candidates(self, value: bytes) -> list[bytes]:
        """Return the signatures in a header's value; elements of other schemes are skipped."""
        match self.shape:
            case Shape.PLAIN:
                found = [value]
            case Shape.PREFIX:
                found = [value.removeprefix(self.text)] if value.startswith(self.text) else []
            case Shape.PAIRS:
                found = [text for key, text in self._pairs(value) if key == self.text]
            case Shape.LIST:
                size = len(self.text)
                found = [part[size:] for part in self._split(value) if part.startswith(self.text)]
            case Shape.CREDENTIALS:
                scheme, _, credentials = value.partition(b" ")
                found = [credentials.strip(b" ")] if scheme.lower() == b"basic" else []
            case unreachable:
                assert_never(unreachable)
        return [candidate for candidate in found if candidate]

    def pairs(self, value: bytes) -> Mapping[bytes, bytes]:
        """Return the elements by key; of equal keys the first counts."""
        return dict(reversed(self._pairs(value))) if self.shape is Shape.PAIRS else {}

    def write(self, signature: bytes, pairs: Mapping[bytes, bytes]) -> bytes:
        """Return a header's value that holds `signature`, after `pairs` where the shape has them."""
        match self.shape:
            case Shape.PLAIN:
                return signature
            case Shape.PREFIX | Shape.LIST:
                return self.text + signature
            case Shape.PAIRS:
                items = [*pairs.items(), (self.text, signature)]
                return self.separator.join(key + b"=" + text for key, text in items)
            case Shape.CREDENTIALS:
                return b"Basic " + signature
            case unreachable:
                assert_never(unreachable)

    def __str__(self) -> str:
        """Return what a right header holds, for a sentence that says it does not."""
        match self.shape:
            case Shape.PLAIN | Shape.PREFIX | Shape.LIST:
                return f"'{self.text.decode()}<signature>'"
            case Shape.PAIRS:
                return f"'{self.text.decode()}=<signature>'"
            case Shape.CREDENTIALS:
                return "'Basic <credentials>'"
            case unreachable:
                assert_never(unreachable)

    def _split(self, value: bytes) -> list[bytes]:
        return value.split(self.separator, CANDIDATES_MAX)[:CANDIDATES_MAX]

    def _pairs(self, value: bytes) -> list[tuple[bytes, bytes]]:
        parts = (part.partition(b"=") for part in self._split(value))
        return [(key, text) for key, equals, text in parts if equals]


def _base64(raw: bytes) -> bytes:
    return binascii.b2a_base64(raw, newline=False)
