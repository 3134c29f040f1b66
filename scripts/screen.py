"""What stands on a terminal's screen after a program has written to it: for tests, and for what times a screen."""

import codecs
import re

from rich.cells import cell_len

STEERING = "\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
"""As a class of a regular expression: what moves a cursor or turns text round. C0 but LF, DEL, C1, directions."""

Part = list[tuple[list[str], list[str]]]
"""Of each row the cells, and their colours."""

_TOKEN = re.compile(
    r"\x1b\[(?P<arguments>[0-?]*)(?P<command>[ -/]*[@-~])"
    r"|(?P<string>\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\))"
    rf"|(?P<other>\x1b[^\[\]PX^_]|(?!\x1b)[\n{STEERING}])"
    rf"|(?P<text>[^\n{STEERING}]+)"
)


class Screen:
    """A terminal that knows colours, places and text. Whatever else it is told is kept as `controls`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.controls: set[str] = set()
        """Every other control character and sequence, as it was written."""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pending = ""
        self._row = self._column = 0
        self._colour = ""
        self._columns = columns
        self._cells = [[" "] * columns for _ in range(rows)]
        self._colours = [[""] * columns for _ in range(rows)]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """The text of each row."""
        return ["".join(row) for row in self._cells]

    def part(self, top: int, bottom: int, left: int) -> Part:
        """Return the text and the colours of some rows from a column on, to compare with what they become."""
        return [(self._cells[row][left:], self._colours[row][left:]) for row in range(top, bottom)]

    def feed(self, data: bytes) -> None:
        """Do what `data` says; a sequence may come in pieces."""
        text = self._pending + self._decoder.decode(data)
        at = 0
        while found := _TOKEN.match(text, at):
            at = found.end()
            self._obey(found)
        self._pending = text[at:]

    def _obey(self, found: re.Match[str]) -> None:
        if found["text"]:
            self._write(found["text"])
        elif found["command"] == "H":
            row, column = map(int, found["arguments"].split(";"))
            self._row, self._column = row - 1, column - 1
        elif found["command"] == "m":
            self._colour = found["arguments"]  # Textual says all of it each time
        elif found["other"] == "\n":
            self._row, self._column = self._row + 1, 0
        elif found["other"] != "\r":
            self.controls.add(found[0])

    def _write(self, text: str) -> None:
        cells = list(text) if text.isascii() else _cells(text)
        end = self._column + len(cells)
        assert end <= self._columns, "written beyond the edge"
        self._cells[self._row][self._column : end] = cells
        self._colours[self._row][self._column : end] = [self._colour] * len(cells)
        self._column = end


def _cells(text: str) -> list[str]:
    """Return what stands in each cell: of a wide character its place, and nothing beside it."""
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        cells += [character, *[""] * (width - 1)][:width]
    return cells
