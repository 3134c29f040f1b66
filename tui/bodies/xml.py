"""XML indented as it was written: nothing in it is resolved, neither an entity nor what stands elsewhere."""

import re
from collections.abc import Iterator

from inspector.core.text import safe, shorten
from tui.bodies.layout import DEPTH_CAP, LINE_CAP, SHOWN_LINES, Layout, Unfit, cut, hang_of
from tui.folding import Line

_NAME_MAX = 60
_TOKEN = re.compile(
    r"""
    (?P<comment><!--.*?-->)
    | (?P<data><!\[CDATA\[.*?\]\]>)
    | (?P<instruction><\?.*?\?>)
    | (?P<declaration><!(?:[^<>\["']++|"[^"]*+"|'[^']*+')*+(?:\[(?:[^\]"'<]++|"[^"]*+"|'[^']*+'|<(?:[^<>"']++
        |"[^"]*+"|'[^']*+')*+>)*+\][ \t\r\n]*+)?+>)
    | (?P<end></[^<>]++>)
    | (?P<start><[A-Za-z_:\x80-\U0010ffff](?:[^<>"']++|"[^"]*+"|'[^']*+')*+>)
    | (?P<text>[^<]++)
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"[^\s/>]+")
_BREAKS = re.compile(r"[ \t]*\r?\n\s*")


def lay_out(text: str) -> Layout:
    """Indent XML. Raises Unfit if its elements do not fit into each other."""
    rows = list(_Indenter().rows(text))
    return Layout(_lines(rows), "xml")


def _lines(rows: list[str]) -> Iterator[Line]:
    for row in rows:
        hang = hang_of(row)
        for line in cut([row]):
            yield line._replace(hang=hang)


class _Indenter:
    """Goes through the text once. An element with nothing but a little text in it stays on one row."""

    def __init__(self) -> None:
        self._open: list[str] = []
        """The names of the elements we are in."""
        self._held = ""
        """The start of an element that may end on the same row."""

    def rows(self, text: str) -> Iterator[str]:
        """Give out the rows. Raises Unfit."""
        count = 0
        for kind, token in _tokens(text):
            for row in self._rows_of(kind, token):
                yield row
                count += 1
            if count > SHOWN_LINES:
                return
        if self._open:
            raise Unfit(f"not XML: '{shorten(safe(self._open[-1]), _NAME_MAX)}' does not end")

    def _rows_of(self, kind: str, token: str) -> Iterator[str]:
        if kind == "end":
            yield self._ended(token)
        elif kind == "start" and not token.endswith("/>"):
            yield from self._released()
            self._held = self._indented(token)
            self._open.append(_name(token[1:]))
            if len(self._open) > DEPTH_CAP:
                raise Unfit(f"nested more than {DEPTH_CAP} deep, shown as text")
        elif kind == "text" and self._held and "\n" not in token and len(token) < LINE_CAP:
            self._held += safe(token)
        else:
            yield from self._released()
            is_prose = kind in ("text", "comment", "data")
            for line in token.split("\n") if is_prose else [_BREAKS.sub(" ", token)]:
                yield self._indented(line.strip())

    def _ended(self, token: str) -> str:
        name = _name(token[2:])
        if not self._open or self._open.pop() != name:
            raise Unfit(f"not XML: '{shorten(safe(name), _NAME_MAX)}' ends where it did not begin")
        held, self._held = self._held, ""
        return held + safe(token) if held else self._indented(token)

    def _released(self) -> Iterator[str]:
        if self._held:
            yield self._held
        self._held = ""

    def _indented(self, token: str) -> str:
        return "  " * len(self._open) + safe(token)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Go through what stands in it, without the white space between elements."""
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            line = text.count("\n", 0, at) + 1
            raise Unfit(f"not XML: what begins with '<' in line {line:,} does not end")
        at = found.end()
        if token := found[0].strip():
            yield found.lastgroup or "", token


def _name(text: str) -> str:
    found = _NAME.match(text)
    return found[0] if found else ""
