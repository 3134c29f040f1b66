"""The text of a TOML file: read into a table, and searched for the line on which a key stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inspector.errors import ConfigError


def read(content: bytes, file: str) -> tuple[dict[str, Any], str]:
    """Return the top table and the text it was read from.

    Raises ConfigError where it is not TOML; its sentence begins with `file` and, as far as it is known, the line.
    """
    try:
        # An editor may begin a file with a mark of its encoding.
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}:{line}: not UTF-8 text (byte {error.start + 1})") from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}:{_placed(str(error), text)}") from error
    except (ValueError, RecursionError) as error:  # the former: a number of thousands of digits
        raise ConfigError(f"{file}: nested too deeply, or a number too long to read") from error


def line_of(text: str, path: Sequence[str]) -> int | None:
    """Return the line, from 1, on which the key at `path` is written, or else the table it should be in.

    None if the file has neither. `text` is known to be TOML.
    """
    for size in range(len(path), 0, -1):
        if line := _line_of(text, tuple(path[:size])):
            return line
    return None


def _line_of(text: str, path: tuple[str, ...]) -> int | None:
    table: tuple[str, ...] = ()
    for line, statement in _statements(text):
        found = tomllib.loads(statement)
        if statement.lstrip().startswith("["):
            table = tuple(_header(found))
            if table[: len(path)] == path:
                return line
        elif path[: len(table)] == table and _holds(found, path[len(table) :]):
            return line
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with the line it begins on: the fewest lines that are TOML by themselves."""
    start, lines = 1, list[str]()
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        lines.append(line)
        statement = "\n".join(lines)
        try:
            tomllib.loads(statement)
        except ValueError:  # it goes on: an array, or a string of several lines
            continue
        yield start, statement
        start, lines = number + 1, []


def _header(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keys of `[a.b]` or `[[a.b]]`."""
    while found:
        ((key, inner),) = found.items()
        yield key
        found = inner[0] if isinstance(inner, list) else inner


def _holds(found: Any, path: tuple[str, ...]) -> bool:
    if not path:
        return bool(found) or not isinstance(found, Mapping)
    if isinstance(found, list):
        return any(_holds(item, path) for item in found)
    if not isinstance(found, Mapping) or path[0] not in found:
        return False
    return len(path) == 1 or _holds(found[path[0]], path[1:])


def _placed(complaint: str, text: str) -> str:
    # tomllib says `Invalid value (at line 3, column 8)`, or `(at end of document)`; the line belongs to the front.
    found = re.fullmatch(
        r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", complaint, re.DOTALL
    )
    if found is None:
        return f" {complaint}"
    said = found[1][:1].lower() + found[1][1:]
    if found[2] is None:
        return f"{text.rstrip().count(chr(10)) + 1}: {said} (at the end)"
    return f"{found[2]}: {said} (column {found[3]})"
