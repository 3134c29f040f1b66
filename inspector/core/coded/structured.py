"""Structured field values (RFC 9651) and the one text that stands for each; `structuredreader` reads them."""

import binascii
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Token(str):
    """A word without quotes."""

    __slots__ = ()


class Date(int):
    """Unix seconds, written with an `@`."""


class DisplayString(str):
    """Text that may hold any character, written with a `%`."""

    __slots__ = ()


Bare = bool | int | Decimal | str | bytes
"""Without parameters; a plain `str` is a string in quotes, `bytes` a byte sequence."""
Parameters = Mapping[str, Bare]


class Item(NamedTuple):
    """One value with its parameters, which keep their order."""

    value: Bare
    parameters: Parameters = {}  # noqa: RUF012 - a mapping that nobody can write to


class InnerList(NamedTuple):
    """Several items in parentheses, with parameters of their own."""

    items: tuple[Item, ...]
    parameters: Parameters = {}  # noqa: RUF012 - likewise


Member = Item | InnerList


def write_dictionary(members: Mapping[str, Member]) -> bytes:
    """Return the text of a dictionary."""
    return ", ".join(_written_entry(key, member) for key, member in members.items()).encode()


def write_list(members: list[Member]) -> bytes:
    """Return the text of a list."""
    return ", ".join(_written(member) for member in members).encode()


def write_member(member: Member) -> bytes:
    """Return the text of an item or an inner list."""
    return _written(member).encode()


def _written_entry(key: str, member: Member) -> str:
    if isinstance(member, Item) and member.value is True:
        return key + _written_parameters(member.parameters)
    return f"{key}={_written(member)}"


def _written(member: Member) -> str:
    if isinstance(member, InnerList):
        text = f"({' '.join(_written(item) for item in member.items)})"
    else:
        text = _written_bare(member.value)
    return text + _written_parameters(member.parameters)


def _written_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{key}" if value is True else f";{key}={_written_bare(value)}"
        for key, value in parameters.items()
    )


def _written_bare(value: Bare) -> str:
    match value:
        case bool():
            return "?1" if value else "?0"
        case Date():
            return f"@{int(value)}"
        case int():
            return str(value)
        case Decimal():
            text = format(value, "f").rstrip("0")
            return text + "0" if text.endswith(".") else text
        case bytes():
            return f":{binascii.b2a_base64(value, newline=False).decode()}:"
        case DisplayString():
            return f'%"{"".join(_displayed(byte) for byte in value.encode())}"'
        case Token():
            return value
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _displayed(byte: int) -> str:
    return chr(byte) if 0x20 <= byte <= 0x7E and byte not in b'%"' else f"%{byte:02x}"
