"""JSON as rows that fold: every token stays as it was written, numbers, strings and repeated keys alike. Pure.

Read token by token up to so many rows, and no further: the standard parser would hold the interpreter for as long as
a large text takes, and what nobody sees need not be read.
"""

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from threading import Event
from typing import NamedTuple

from inspector.core.text import safe, shorten
from tui.bodies.layout import DEPTH_CAP, LINE_CAP, SHOWN_LINES, Unfit, hang_of
from tui.folding import GivenUp, Line

OPEN, CLOSED, PLAIN = "▾ ", "▸ ", "  "
"""In front of what is unfolded, what is folded, and what cannot be."""

_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:
    (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
    | (?P<atom>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+ | true | false | null)
    | (?P<mark>[{}\[\],:])
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_WORD = re.compile(r"-?[A-Za-z]+")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NAME_MAX = 60
_CLOSING = {"{": "}", "[": "]"}


class _Row(NamedTuple):
    """One row of the unfolded tree. A value's span in the text is that of all it holds."""

    text: str
    parent: int
    """The row that opens what it is in; -1: nothing."""
    name: str | int | None
    """Its key, as written, or its place in a list."""
    start: int
    end: int
    """0: it only closes what its parent has opened."""
    last: int
    """The row that closes what this one opens; its own number where it opens nothing."""
    things: int
    """How many things it holds."""


@dataclass(slots=True)
class _Draft:
    """A row whose end is not known yet."""

    text: str
    parent: int
    name: str | int | None
    start: int
    end: int = 0
    last: int = 0
    things: int = 0


class JsonTree:
    """A text of JSON, as far as it is shown."""

    def __init__(self, text: str, stop: Event | None = None) -> None:
        """Read it. Raises Unfit with the reason if it is no JSON, GivenUp soon after `stop` is set."""
        reader = _Reader(text, stop)
        reader.read()
        self._text = text
        self.is_cut = reader.is_cut
        """Whether there is more of it than is shown, which was not looked at."""
        self._rows = [
            _Row(row.text, row.parent, row.name, row.start, row.end, row.last, row.things)
            for row in reader.rows
        ]
        self._depths = [0] * len(self._rows)
        for number, row in enumerate(self._rows):
            if row.parent >= 0:
                self._depths[number] = self._depths[row.parent] + 1
        self.depth = max(self._depths, default=0)

    @property
    def foldable(self) -> bool:
        """Whether there is anything to fold."""
        return any(row.things for row in self._rows)

    def is_foldable(self, number: int) -> bool:
        """Whether this row opens something."""
        return self._rows[number].things > 0

    def deeper_than(self, level: int) -> set[int]:
        """Return the rows to fold so that only `level` levels are open."""
        return {
            number
            for number, row in enumerate(self._rows)
            if row.things and self._depths[number] >= level
        }

    def lines(self, folded: Container[int] = frozenset()) -> Iterator[Line]:
        """Give out what is shown while these rows are folded; `target` of each line is its row."""
        number = 0
        while number < len(self._rows):
            row = self._rows[number]
            is_folded = row.things > 0 and number in folded
            yield from self._line(number, is_folded=is_folded)
            number = row.last + 1 if is_folded else number + 1

    def _line(self, number: int, *, is_folded: bool) -> Iterator[Line]:
        row = self._rows[number]
        lead = (CLOSED if is_folded else OPEN) if row.things else PLAIN
        rest = ""
        if is_folded:
            thing = "item" if row.text.endswith("[") else "key"
            rest = f" {row.things:,} {thing}{'' if row.things == 1 else 's'} "
            closing = self._rows[row.last]
            rest += "…" if closing.end else closing.text.strip()
        hang = len(lead) + hang_of(row.text)
        for at in range(0, len(row.text), LINE_CAP):
            part = row.text[at : at + LINE_CAP]
            tail = rest if at + LINE_CAP >= len(row.text) else ""
            front = lead if not at else PLAIN
            shown = front + part + tail
            yield Line(shown, hang, lead=len(front), tail=len(tail), target=number)

    def value(self, number: int) -> str:
        """Return what is copied of a row: a string's text, or what is written there; safe, on one line."""
        row = self._rows[self._opening(number)]
        written = self._text[row.start : row.end]
        return safe(json.loads(written)) if written.startswith('"') else safe(written)

    def path(self, number: int) -> str:
        """Return where a row's value stands, as the query language says it: `data.rooms[1]`."""
        steps = []
        number = self._opening(number)
        while number >= 0 and (name := self._rows[number].name) is not None:
            steps.append(f"[{name}]" if isinstance(name, int) else _step(name))
            number = self._rows[number].parent
        return "".join(reversed(steps)).removeprefix(".")

    def _opening(self, number: int) -> int:
        row = self._rows[number]
        return number if row.end else row.parent


def _step(name: str) -> str:
    key = json.loads(name)
    if _PLAIN_KEY.fullmatch(key):
        return f".{shorten(key, _NAME_MAX)}"
    return f"[{shorten(safe(name), _NAME_MAX)}]"


class _Reader:
    """Goes through the text once, without recursion."""

    def __init__(self, text: str, stop: Event | None) -> None:
        self._text = text
        self._stop = stop
        self._at = 0
        self._open: list[tuple[int, str]] = []
        """The rows that opened what we are in, and what would close it."""
        self.rows: list[_Draft] = []
        self.is_cut = False

    def read(self) -> None:
        """Make the rows. Raises Unfit, GivenUp."""
        while True:
            opened = self._value()
            if not opened and not self._finish():
                return
            if len(self.rows) >= SHOWN_LINES:
                self._cut()
                return
            if self._stop is not None and self._stop.is_set():
                raise GivenUp

    def _value(self) -> bool:
        """Read a value, or how it begins; return whether another stands in it."""
        name, label = self._label()
        kind, token, start = self._token()
        indent = "  " * len(self._open)
        parent = self._open[-1][0] if self._open else -1
        number = len(self.rows)
        row = _Draft(f"{indent}{label}{safe(token)}", parent, name, start, self._at, number)
        if kind not in ("string", "atom") and token not in _CLOSING:
            raise self._wrong("a value is missing", start)
        self.rows.append(row)
        if parent >= 0:
            self.rows[parent].things += 1
        if token not in _CLOSING:
            return False
        before = self._at
        if self._token()[1] == _CLOSING[token]:
            row.text += _CLOSING[token]
            row.end = self._at
            return False
        self._at = before
        if len(self._open) >= DEPTH_CAP:
            raise Unfit(f"nested more than {DEPTH_CAP} deep, shown as text")
        self._open.append((number, _CLOSING[token]))
        return True

    def _label(self) -> tuple[str | int | None, str]:
        """Read a key and its colon, where one has to stand."""
        if not self._open:
            return None, ""
        number, closing = self._open[-1]
        if closing == "]":
            return self.rows[number].things, ""
        kind, key, start = self._token()
        if kind != "string":
            raise self._wrong("a key is missing", start)
        _, colon, start = self._token()
        if colon != ":":
            raise self._wrong("a colon is missing", start)
        return key, f"{safe(key)}: "

    def _finish(self) -> bool:
        """Read what follows a value; return whether another one does."""
        while True:
            kind, mark, start = self._token()
            if not self._open:
                if kind != "end":
                    raise self._wrong("it goes on after its end", start)
                return False
            number, closing = self._open[-1]
            if mark == ",":
                self.rows[-1].text += ","
                return True
            if mark != closing:
                raise self._wrong(f"a comma or '{closing}' is missing", start)
            self._open.pop()
            self.rows[number].end = self._at
            self.rows[number].last = len(self.rows)
            text = "  " * len(self._open) + closing
            self.rows.append(_Draft(text, number, None, 0, 0, len(self.rows)))

    def _cut(self) -> None:
        self.is_cut = True
        for number, _ in self._open:
            self.rows[number].last = len(self.rows) - 1
            self.rows[number].end = len(self._text)

    def _token(self) -> tuple[str, str, int]:
        """Read what comes next: its kind, how it is written, and where."""
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at :].lstrip(" \t\n\r")
            start = len(self._text) - len(rest)
            if word := _WORD.match(rest):
                raise self._wrong(f"{shorten(word[0], _NAME_MAX)} is no JSON value", start)
            is_string = rest.startswith('"')
            raise self._wrong("a string is broken off" if is_string else "no token", start)
        kind = found.lastgroup or ""
        self._at = found.end()
        return kind, found[kind], found.start(kind)

    def _wrong(self, problem: str, at: int) -> Unfit:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        return Unfit(f"not JSON: {problem} (line {line:,}, column {column:,})")
