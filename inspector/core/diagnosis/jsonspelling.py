r"""How other programs spell what stands in JSON: the escapes in its strings, and its numbers.

In the texts here `BACKSLASH` stands for an escaped backslash and `QUOTE` for an escaped quotation mark, so that every
other backslash begins an escape. No JSON has these characters as they are.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from math import isinf

BACKSLASH, QUOTE = b"\x02", b"\x03"
_BACKSLASH, _QUOTE = BACKSLASH.decode(), QUOTE.decode()

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ASTRAL = re.compile(r"\\U([0-9a-f]{8})")
_DOTNET = re.compile(f"([<>&'+`{_QUOTE}])")
_HTML = "<>&\u2028\u2029"
_SPECIAL = {"\\": _BACKSLASH, '"': _QUOTE}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?[eE][-+]?\d+|-?\d+\.\d+|-?\d{16,}")
"""One that two programs may well spell differently."""


def plain(strings: str) -> str:
    """Return the strings with only the escapes that JSON needs."""
    if "\\" not in strings:
        return strings
    strings = _each(_ESCAPE, _unescaped, strings.replace("\\/", "/"))
    paired = strings.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    # What is half a pair stays an escape.
    return paired.encode("utf-8", "backslashreplace").decode()


def spelled(strings: str, *, rarely: bool = True) -> Iterator[tuple[str, str]]:
    """Yield plain strings, or a text that has such, as programs write them, and what is special about that.

    Unless `rarely`, only in the ways that are usual, which cost little however many escapes there are.
    """
    slashed, wide = "/" in strings, not strings.isascii() or "\x7f" in strings
    yield "", strings
    if wide:
        escaped = _escaped(strings)
        yield "with non-ASCII characters as \\uXXXX", escaped
        if slashed:
            how = "with '\\/' for '/' and non-ASCII characters as \\uXXXX (as PHP does)"
            yield how, escaped.replace("/", "\\/")
    if slashed:
        yield "with '\\/' for '/' (as PHP does)", strings.replace("/", "\\/")
    if any(character in strings for character in _HTML):
        yield "with '<', '>' and '&' as \\u003c and so on (as Go does)", _html(strings)
    if not rarely:
        return
    if wide:
        capitals = "with non-ASCII characters as \\uXXXX in upper case"
        yield capitals, _capitals(strings)
    if wide or any(character in strings for character in "<>&'+`" + _QUOTE):
        marked = _capitals(_each(_DOTNET, _dotnet, strings))
        yield "with \\uXXXX for what is not plain ASCII (as .NET does)", marked


def renumbered(text: str) -> Iterator[tuple[str, str]]:
    """Yield a text in which all digits are numbers', with those as programs write them, if that makes a difference."""
    if not _NUMBER.search(text):
        return
    yield "with numbers as JavaScript writes them", _NUMBER.sub(_javascript_number, text)
    yield "with numbers as Python writes them", _NUMBER.sub(_python_number, text)
    yield "with two decimals in its numbers", _NUMBER.sub(_two_decimals, text)


def _each(pattern: re.Pattern[str], change: Callable[[str], str], text: str) -> str:
    """Change the group of every match. There may be many, but few that differ."""
    parts = pattern.split(text)
    changed = {found: change(found) for found in set(parts[1::2])}
    parts[1::2] = map(changed.__getitem__, parts[1::2])
    return "".join(parts)


def _unescaped(digits: str) -> str:
    character = chr(int(digits, 16))
    if character < " ":
        return json.dumps(character)[1:-1]
    return _SPECIAL.get(character, character)


def _escaped(strings: str) -> str:
    """Escape what is not plain ASCII, and DEL, as Python does."""
    # JSON itself has neither \x nor \U, so those are this codec's. All at once: there may be many.
    escaped = strings.encode("ascii", "backslashreplace").replace(b"\\x", b"\\u00").decode()
    return _each(_ASTRAL, _pair, escaped.replace("\x7f", "\\u007f"))


def _pair(digits: str) -> str:
    return encode_basestring_ascii(chr(int(digits, 16)))[1:-1]


def _capitals(strings: str) -> str:
    first, *others = _escaped(strings).split("\\u")
    return "\\u".join([first, *(text[:4].upper() + text[4:] for text in others)])


def _html(strings: str) -> str:
    for character in _HTML:
        strings = strings.replace(character, f"\\u{ord(character):04x}")
    return strings


def _dotnet(character: str) -> str:
    return "\\u0022" if character == _QUOTE else f"\\u{ord(character):04X}"


def _javascript_number(found: re.Match[str]) -> str:
    """Write a number as Number::toString of ECMA-262 does."""
    value = float(found[0])
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    if isinf(value):
        return "null"
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def _python_number(found: re.Match[str]) -> str:
    return found[0] if found[0].lstrip("-").isdigit() else repr(float(found[0]))


def _two_decimals(found: re.Match[str]) -> str:
    whole, _, decimals = found[0].partition(".")
    return f"{whole}.{decimals}0" if len(decimals) == 1 else found[0]
