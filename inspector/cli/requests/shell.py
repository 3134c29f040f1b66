"""A shell's command line taken apart as a shell would, without running anything.

Quotes, `$'...'`, backslashes and continued lines are read; what only a running shell knows (`$NAME`, `$(...)`) is
refused, because a request with such a text in it is not the one that was sent.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from inspector.core.text import encode
from inspector.errors import ConfigError

_LEXEME = re.compile(
    r"""
      (?P<gap>[ \t\r]+ | \\\r?\n)
    | (?P<comment>(?<![^\s|&;]) \#[^\n]*)
    | (?P<redirection>[0-9]*>>?(?:&[0-9-]|&?[ \t]*[^\s'"|&;<>]+))
    | (?P<operator>\|\|?|&&?|;|\n|<|>|\(|\))
    | '(?P<single>[^']*)'
    | \$'(?P<ansi>(?:[^'\\]|\\.)*)'
    | "(?P<double>(?:[^"\\$`]|\\.|\$\(printf\ '[^']*'\)|\$)*)"
    | \\(?P<escaped>.)
    | (?P<plain>[^\s'"\\$`|&;<>()]+ | \$(?![A-Za-z0-9_{(*@\#?!'"$-]))
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = re.compile(
    r"""
      \\\n
    | \\(?P<escaped>[$`"\\])
    | \$\(printf\ '(?P<printf>[^'%]*)'\)
    | (?P<unknown>\$[A-Za-z0-9_{(*@\#?!$-][^"]{0,20})
    | (?P<plain>[^\\$]+|\\|\$)
    """,
    re.VERBOSE | re.DOTALL,
)
_ANSI = re.compile(
    r"\\(?:(?P<octal>[0-7]{1,3})|x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<u>[0-9A-Fa-f]{1,4})|U(?P<U>[0-9A-Fa-f]{1,8})"
    r"|c(?P<control>.)|(?P<letter>.))|(?P<plain>[^\\]+)",
    re.DOTALL,
)
_LETTERS = dict(zip("abeEfnrtv", "\a\b\x1b\x1b\f\n\r\t\v", strict=True))


class Command(NamedTuple):
    """One command of a line, and what stands between it and the next: `|`, `;`, a line's end, or nothing."""

    words: list[bytes]
    operator: str


def commands(text: str) -> Iterator[Command]:
    """Yield the commands in order. Raises ConfigError where one cannot be read."""
    words: list[bytes] = []
    word: bytearray | None = None
    at = 0
    while at < len(text):
        found = _LEXEME.match(text, at)
        if found is None:
            raise ConfigError(_unreadable(text[at:]))
        at = found.end()
        if found.lastgroup in {"gap", "comment", "redirection", "operator"}:
            # A continued line does not end a word.
            if word is not None and not found[0].startswith("\\"):
                words.append(bytes(word))
                word = None
            if found.lastgroup == "operator":
                yield Command(words, found[0])
                words = []
        else:
            word = bytearray() if word is None else word
            word += _meaning(found)
    if word is not None:
        words.append(bytes(word))
    yield Command(words, "")


def _meaning(found: re.Match[str]) -> bytes:
    text = found[found.lastgroup or 0]
    match found.lastgroup:
        case "ansi":
            # No argument can hold a NUL, so a shell stops there.
            return b"".join(map(_ansi, _ANSI.finditer(text))).partition(b"\0")[0]
        case "double":
            return b"".join(map(_double, _IN_DOUBLE.finditer(text)))
        case _:
            return encode(text)


def _double(found: re.Match[str]) -> bytes:
    match found.lastgroup:
        case None:  # a continued line
            return b""
        case "unknown":
            raise ConfigError(_unreadable(found[0]))
        case "printf":  # as `hooktap export` writes bytes that are not for a terminal
            octal = re.sub(
                rb"\\([0-7]{3})",
                lambda digits: bytes([int(digits[1], 8) & 255]),
                encode(found["printf"]),
            )
            return octal.rstrip(b"\n")
        case group:
            return encode(found[group])


def _ansi(found: re.Match[str]) -> bytes:
    group = found.lastgroup or ""
    text = found[group]
    match group:
        case "plain":
            return encode(text)
        case "letter":
            return encode(_LETTERS.get(text, text if text in "\\'\"?" else f"\\{text}"))
        case "control":
            return bytes([ord(text) & 0x1F])
        case "octal":
            return bytes([int(text, 8) & 0xFF])
        case "hex":
            return bytes([int(text, 16)])
        case _:
            try:
                return chr(int(text, 16)).encode("utf-8", "surrogatepass")
            except (ValueError, OverflowError) as error:
                raise ConfigError(f"'{found[0]}' is no character") from error


def _unreadable(rest: str) -> str:
    shown = rest.split("\n", 1)[0][:20]
    if rest.startswith(("'", '"', "$'", '$"')):
        return f"a quote is not closed: {shown}"
    if rest.startswith("\\"):
        return "ends with a backslash"
    return f"'{shown}' stands for something that only a shell knows: write what it stands for"
