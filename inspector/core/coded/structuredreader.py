"""Reading structured field values (RFC 9651, 4.2), strictly: a field that is not wholly right says nothing.

Nothing here recurses, and nothing takes longer than the text is long.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import unquote_to_bytes

from inspector.core.coded.structured import (
    Bare,
    Date,
    DisplayString,
    InnerList,
    Item,
    Member,
    Parameters,
    Token,
    write_dictionary,
    write_list,
)

LENGTH_MAX = 1 << 14
"""Longer fields are not read."""


class StructureError(ValueError):
    """The text is not a structured field of that kind."""


def parse_dictionary(text: bytes) -> dict[str, Member]:
    """Return the members by key; of equal keys the last counts. Raises StructureError."""
    reader = _Reader(text)
    members: dict[str, Member] = {}
    while not reader.at_end():
        key = reader.key()
        members[key] = (
            reader.member()
            if reader.takes("=")
            else Item(value=True, parameters=reader.parameters())
        )
        reader.next_member()
    return members


def parse_list(text: bytes) -> list[Member]:
    """Return the members. Raises StructureError."""
    reader = _Reader(text)
    members: list[Member] = []
    while not reader.at_end():
        members.append(reader.member())
        reader.next_member()
    return members


def parse_item(text: bytes) -> Item:
    """Return the one item. Raises StructureError."""
    reader = _Reader(text)
    item = reader.item()
    if not reader.at_end():
        raise StructureError("something follows the item")
    return item


def canonical(text: bytes) -> bytes:
    """Return the one text for a field of which we do not know whether it is a dictionary, a list or an item.

    Raises StructureError.
    """
    try:
        return write_dictionary(parse_dictionary(text))
    except StructureError:
        return write_list(parse_list(text))  # a list of one is written as the item is


class _Reader:
    """A position in a text."""

    def __init__(self, text: bytes) -> None:
        if len(text) > LENGTH_MAX:
            raise StructureError("the field is too long")
        try:
            self._text = text.decode("ascii").strip(" ")
        except UnicodeDecodeError:
            raise StructureError("the field is not ASCII") from None
        self._at = 0

    def at_end(self) -> bool:
        return self._at == len(self._text)

    def takes(self, character: str) -> bool:
        """Step over `character` if it is the next one."""
        found = self._text.startswith(character, self._at)
        self._at += found
        return found

    def next_member(self) -> None:
        """Step over the comma, after which another member has to follow."""
        self._skip(_BLANKS)
        if self.at_end():
            return
        if not self.takes(","):
            raise StructureError("no comma between two members")
        self._skip(_BLANKS)
        if self.at_end():
            raise StructureError("the field ends with a comma")

    def key(self) -> str:
        return self._matched(_KEY, "a key")[0]

    def member(self) -> Member:
        return self._inner_list() if self.takes("(") else self.item()

    def item(self) -> Item:
        return Item(self._bare(), self.parameters())

    def parameters(self) -> Parameters:
        found: dict[str, Bare] = {}
        while self.takes(";"):
            self._skip(_SPACES)
            key = self.key()
            found[key] = self._bare() if self.takes("=") else True
        return found

    def _inner_list(self) -> InnerList:
        items: list[Item] = []
        while True:
            self._skip(_SPACES)
            if self.takes(")"):
                return InnerList(tuple(items), self.parameters())
            items.append(self.item())
            if self._text[self._at : self._at + 1] not in (" ", ")"):
                raise StructureError("an inner list has no end")

    def _bare(self) -> Bare:
        found = self._matched(_BARE, "a value")
        assert found.lastgroup is not None, "each kind is a group"
        return _READ[found.lastgroup](found[0])

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        assert found is not None, "it matches nothing too"
        self._at = found.end()

    def _matched(self, pattern: re.Pattern[str], wanted: str) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise StructureError(f"expected {wanted}")
        self._at = found.end()
        return found


_BLANKS = re.compile(r"[ \t]*")
_SPACES = re.compile(r" *")
_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_BARE = re.compile(
    r"""(?P<number>-?[0-9]+(?:\.[0-9]+)?)
    | (?P<string>"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*")
    | (?P<token>[A-Za-z*][A-Za-z0-9!\#$%&'*+.^_`|~:/-]*)
    | (?P<bytes>:[A-Za-z0-9+/=]*:)
    | (?P<boolean>\?[01])
    | (?P<date>@-?[0-9]+)
    | (?P<display>%"(?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*")""",
    re.VERBOSE,
)


def _number(text: str) -> int | Decimal:
    whole, point, fraction = text.lstrip("-").partition(".")
    if point and (len(whole) > 12 or len(fraction) > 3):
        raise StructureError("a decimal has too many digits")
    if len(whole) > 15:
        raise StructureError("an integer has too many digits")
    return Decimal(text) if point else int(text)


def _date(text: str) -> Date:
    if len(text.lstrip("@-")) > 15:
        raise StructureError("a date has too many digits")
    return Date(text[1:])


def _bytes(text: str) -> bytes:
    raw = text[1:-1].rstrip("=")
    try:
        return binascii.a2b_base64(raw + "=" * (-len(raw) % 4), strict_mode=True)
    except ValueError:
        raise StructureError("a byte sequence is not base64") from None


def _display(text: str) -> DisplayString:
    try:
        return DisplayString(unquote_to_bytes(text[2:-1]).decode())
    except UnicodeDecodeError:
        raise StructureError("a display string is not UTF-8") from None


_READ: Mapping[str, Callable[[str], Bare]] = {
    "number": _number,
    "string": lambda text: re.sub(r'\\(["\\])', r"\1", text[1:-1]),
    "token": Token,
    "bytes": _bytes,
    "boolean": lambda text: text == "?1",
    "date": _date,
    "display": _display,
}
