"""The columns of the list: what each shows of a row, and which of them fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual.content import Content

from inspector.core import duplicates
from inspector.core.text import safe
from tui import labels
from tui.eventfold import FAILED_MAX, Standing
from tui.window import Row, Window

GAP = 2
EVENT_MIN = 20
_GIVE_WAY = ("size", "method", "time", "endpoint", "attempt")
"""Which column goes first where there is little room. The event gets what is left."""
_LATEST = frozenset({"verdict", "attempt"})
"""Columns that show of a folded event what became of its last delivery."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as wide as its title and what it has to show."""

    name: str
    title: str
    width: int
    is_number: bool = False


def choose(width: int, window: Window) -> list[Column]:
    """Return the columns that fit in `width` cells."""
    endpoint, method = window.longest_endpoint, window.longest_method
    columns = [
        Column("id", "id", max(len(str(window.newest)), 3), is_number=True),
        *([Column("mark", "", 1)] if any(_mark(row) for row in window) else []),
        Column("time", "time", 8),
        Column("endpoint", "endpoint", min(max(endpoint, 8), 16)),
        Column("method", "method", min(max(method, 6), 8)),
        Column("event", "event", 0),
        Column("size", "size", 8, is_number=True),
        Column("verdict", "verdict", labels.VERDICT_WIDTH),
        Column("attempt", "last attempt", 12),
    ]
    give_way = list(_GIVE_WAY)
    while (left := _left(columns, width)) < EVENT_MIN and give_way:
        name = give_way.pop(0)
        columns = [column for column in columns if column.name != name]
    event = Column("event", "event", max(left, 1))
    return [event if column.name == "event" else column for column in columns]


def _mark(row: Row) -> str:
    if row.delivery.marked:
        return labels.MARK
    return labels.NOTED if row.delivery.note is not None else ""


def _left(columns: Sequence[Column], width: int) -> int:
    return width - sum(column.width for column in columns) - GAP * (len(columns) - 1)


def header(columns: Sequence[Column]) -> Content:
    """Return the titles in their places."""
    return _join(columns, [Content(column.title) for column in columns])


def waiting(columns: Sequence[Column], delivery_id: int) -> Content:
    """Return what they show of a delivery of which only the number is known yet."""
    number = Content.styled(str(delivery_id), labels.FAINT)
    event = Content.styled("…", labels.FAINT)
    known = {"id": number, "event": event}
    return _join(columns, [known.get(column.name, Content()) for column in columns])


def cells(
    columns: Sequence[Column], row: Row, zone: tzinfo | None, standing: Standing | None = None
) -> Content:
    """Return what the columns show of a row, in their places; `standing` is that of its line in a folded list."""
    contents = {column.name: _CELLS[column.name](row, zone) for column in columns}
    if standing is not None:
        contents["event"] = _standing(standing) + contents["event"]
        if _is_folded(standing):
            contents |= {
                name: _of_newest(name, standing, zone) for name in _LATEST & contents.keys()
            }
    return _join(columns, [contents[column.name] for column in columns])


def _is_folded(standing: Standing) -> bool:
    return not (standing.is_beneath or standing.is_open)


def _standing(standing: Standing) -> Content:
    if standing.is_beneath:
        return Content("    ")
    symbol = labels.OPEN if standing.is_open else labels.FOLDED
    return Content.assemble((f"{symbol} x{standing.count:,} ", ".key"), _failed(standing.failed))


def _failed(count: int) -> Content:
    if not count:
        return Content()
    told = f"{FAILED_MAX}+" if count >= FAILED_MAX else str(count)
    return Content.styled(f"✗{told} ", labels.BAD)


def _of_newest(name: str, standing: Standing, zone: tzinfo | None) -> Content:
    if standing.newest is None:  # it is being read
        return Content.styled("…", labels.FAINT)
    return _CELLS[name](standing.newest, zone)


def _join(columns: Sequence[Column], contents: Sequence[Content]) -> Content:
    fitted = [_fit(content, column) for content, column in zip(contents, columns, strict=True)]
    return Content(" " * GAP).join(fitted)


def _fit(content: Content, column: Column) -> Content:
    fitted = content.truncate(column.width, ellipsis=True)
    blank = column.width - fitted.cell_length
    return fitted.pad_left(blank) if column.is_number else fitted.pad_right(blank)


def _event(row: Row, _: tzinfo | None) -> Content:
    event, mark = row.delivery.event, duplicates.mark(row.delivery)
    shown = Content.styled("-", labels.FAINT) if event is None else Content(safe(event))
    return shown if mark is None else Content.assemble(shown, (f"  {mark}", labels.FAINT))


def _attempt(row: Row, _: tzinfo | None) -> Content:
    if row.last_attempt is None:
        return labels.HELD.content if row.delivery.duplicate_held else labels.NO_ATTEMPT.content
    result = labels.result(row.last_attempt).content
    times = f" x{len(row.attempts)}" if len(row.attempts) > 1 else ""
    return Content.assemble(result, (times, labels.FAINT))


_CELLS: Mapping[str, Callable[[Row, tzinfo | None], Content]] = {
    "id": lambda row, _: Content.styled(str(row.delivery.id), labels.FAINT),
    "mark": lambda row, _: Content.styled(_mark(row), ".key"),
    "time": lambda row, zone: Content.styled(
        labels.day_time(row.delivery.received_at_us, zone), labels.FAINT
    ),
    "endpoint": lambda row, _: Content(safe(row.delivery.endpoint)),
    "method": lambda row, _: Content(safe(row.delivery.request.method)),
    "event": _event,
    "size": lambda row, _: Content.styled(labels.size(row.delivery.body_bytes), labels.FAINT),
    "verdict": lambda row, _: labels.verdict(row.delivery).content,
    "attempt": _attempt,
}
