"""The columns of the list: what each shows of a row, and which of them fit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual.content import Content

from inspector.core.text import safe
from tui import labels
from tui.window import Row, Window

GAP = 2
EVENT_MIN = 20
_GIVE_WAY = ("size", "method", "time", "endpoint", "attempt")
"""Which column goes first where there is little room. The event gets what is left."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column as wide as its title and what it has to show."""

    name: str
    title: str
    width: int
    is_number: bool = False


def choose(width: int, window: Window) -> list[Column]:
    """Return the columns that fit in `width` cells."""
    endpoint = max((len(row.delivery.endpoint) for row in window), default=0)
    method = max((len(row.delivery.request.method) for row in window), default=0)
    columns = [
        Column("id", "id", max(len(str(window.newest)), 3), is_number=True),
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


def _left(columns: Sequence[Column], width: int) -> int:
    return width - sum(column.width for column in columns) - GAP * (len(columns) - 1)


def header(columns: Sequence[Column]) -> Content:
    """Return the titles in their places."""
    return _join(columns, [Content(column.title) for column in columns])


def cells(columns: Sequence[Column], row: Row, zone: tzinfo | None) -> Content:
    """Return what the columns show of a row, in their places."""
    return _join(columns, [_CELLS[column.name](row, zone) for column in columns])


def _join(columns: Sequence[Column], contents: Sequence[Content]) -> Content:
    fitted = [_fit(content, column) for content, column in zip(contents, columns, strict=True)]
    return Content(" " * GAP).join(fitted)


def _fit(content: Content, column: Column) -> Content:
    fitted = content.truncate(column.width, ellipsis=True)
    blank = column.width - fitted.cell_length
    return fitted.pad_left(blank) if column.is_number else fitted.pad_right(blank)


def _event(row: Row, _: tzinfo | None) -> Content:
    event = row.delivery.event
    return Content.styled("-", labels.FAINT) if event is None else Content(safe(event))


def _attempt(row: Row, _: tzinfo | None) -> Content:
    if row.last_attempt is None:
        return labels.NO_ATTEMPT.content
    result = labels.result(row.last_attempt).content
    times = f" x{len(row.attempts)}" if len(row.attempts) > 1 else ""
    return Content.assemble(result, (times, labels.FAINT))


_CELLS: Mapping[str, Callable[[Row, tzinfo | None], Content]] = {
    "id": lambda row, _: Content.styled(str(row.delivery.id), labels.FAINT),
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
