"""What the endpoints' panel says: a line for each endpoint, and everything about one of them."""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import NamedTuple

from textual.content import Content

from inspector.core.text import safe, shorten
from inspector.core.wire import JSON
from tui import labels
from tui.labels import Label

GAP = 2


class Column(NamedTuple):
    """A column of the panel."""

    title: str
    width: int
    cell: Callable[[JSON], Content]
    is_number: bool = False


def state(endpoint: JSON) -> Label:
    """Return how forwarding goes."""
    health = endpoint.get("health")
    if endpoint.get("paused_at_us"):
        return Label("‖", "paused", labels.DOUBTFUL)
    if endpoint.get("target") is None:
        return Label("·", "kept", labels.FAINT)
    if health is None:
        return Label("?", "unknown", labels.FAINT)
    if not health["up"]:
        return Label("✗", "down", labels.BAD)
    if endpoint.get("backlog"):
        return Label("▶", "sending", labels.NEUTRAL)
    return Label("●", "up", labels.GOOD)


def _plain(read: Callable[[JSON], object]) -> Callable[[JSON], Content]:
    return lambda endpoint: Content(safe(str(read(endpoint))))


def _number(read: Callable[[JSON], int], style: str = "") -> Callable[[JSON], Content]:
    def cell(endpoint: JSON) -> Content:
        count = read(endpoint)
        return Content.styled(f"{count:,}", style if count else labels.FAINT)

    return cell


def _tally(name: str) -> Callable[[JSON], int]:
    return lambda endpoint: int(endpoint.get("tally", {}).get(name) or 0)


def _secret(endpoint: JSON) -> str:
    count = int(endpoint["secrets"])
    return "none" if not count else "known" if count == 1 else f"{count} known"


def _target(endpoint: JSON) -> str:
    return str(endpoint["target"] or "kept, not forwarded")


COLUMNS = (
    Column("endpoint", 16, _plain(lambda each: each["name"])),
    Column("state", 9, lambda each: state(each).content),
    Column("waiting", 7, _number(lambda each: int(each.get("backlog", 0)), labels.DOUBTFUL), True),  # noqa: FBT003
    Column("today", 7, _number(_tally("recent")), True),  # noqa: FBT003
    Column("invalid", 7, _number(_tally("invalid"), labels.DOUBTFUL), True),  # noqa: FBT003
    Column("failed", 7, _number(_tally("failed"), labels.BAD), True),  # noqa: FBT003
    Column("secret", 8, _plain(_secret)),
    Column("target", 30, _plain(_target)),
    Column("total", 9, _number(_tally("deliveries")), True),  # noqa: FBT003
    Column("provider", 12, _plain(lambda each: each["provider"] or "-")),
    Column("reply", 6, _plain(lambda each: each["reply"])),
)
"""The most important first: on a narrow terminal the others stand only below the list."""


def fitting(width: int) -> Sequence[Column]:
    """Return the columns that there is room for."""
    chosen: list[Column] = []
    for column in COLUMNS:
        width -= column.width + (GAP if chosen else 0)
        if width < 0 and chosen:
            break
        chosen.append(column)
    return chosen


def head(width: int) -> Content:
    """Return the line of titles."""
    return _line([(column, Content(column.title)) for column in fitting(width)])


def line(endpoint: JSON, width: int) -> Content:
    """Return an endpoint's line."""
    return _line([(column, column.cell(endpoint)) for column in fitting(width)])


def _line(cells: Sequence[tuple[Column, Content]]) -> Content:
    parts = []
    for column, cell in cells:
        cut = cell.truncate(column.width, ellipsis=True)
        room = max(column.width - cut.cell_length, 0)
        parts.append(cut.pad_left(room) if column.is_number else cut.pad_right(room))
    return Content(" " * GAP).join(parts)


def facts(endpoint: JSON, zone: tzinfo | None) -> list[tuple[str, Content]]:
    """Return all there is to say of an endpoint, each with what it is called."""
    tally = endpoint.get("tally", {})
    counts = (
        f"{labels.count(_tally('deliveries')(endpoint), 'delivery', 'deliveries')}, "
        f"{_tally('recent')(endpoint):,} today: {_tally('invalid')(endpoint):,} failed their check, "
        f"{_tally('failed')(endpoint):,} were not taken"
    )
    last_at_us = tally.get("last_at_us")
    last = "none yet" if last_at_us is None else labels.full_time(last_at_us, zone)
    provider = endpoint["provider"] or "recognised from each delivery"
    return [
        ("url", Content(safe(endpoint["url"]))),
        ("provider", Content(safe(f"{provider}, secret: {_secret(endpoint)}"))),
        ("target", Content(safe(_target(endpoint)))),
        ("", _health(endpoint, zone)),
        ("forwarding", _forwarding(endpoint, zone)),
        ("reply", Content(safe(_replies(endpoint)))),
        ("received", Content(counts)),
        ("last", Content(last)),
    ]


def _health(endpoint: JSON, zone: tzinfo | None) -> Content:
    health = endpoint.get("health")
    if health is None:
        return Content.styled("nobody is looked for", labels.FAINT)
    since = f"since {labels.full_time(health['since_us'], zone)[:19]}"
    if health["up"]:
        return Content.assemble(("● up", labels.GOOD), f"  {since}")
    why = shorten(safe(health["detail"]), 200)
    return Content.assemble(("✗ down", labels.BAD), f"  {since}: {why}")


def _forwarding(endpoint: JSON, zone: tzinfo | None) -> Content:
    backlog = int(endpoint.get("backlog", 0))
    waiting = f", {backlog:,} waiting" if backlog else ""
    paused_at_us = endpoint.get("paused_at_us")
    if paused_at_us is None:
        return Content(f"on{waiting}")
    since = labels.full_time(paused_at_us, zone)[:19]
    return Content.assemble(("‖ paused", labels.DOUBTFUL), f" since {since}{waiting}")


def _replies(endpoint: JSON) -> str:
    match endpoint["reply"]:
        case "ack":
            return "the delivery is acknowledged once it is stored"
        case "target" if endpoint.get("paused_at_us"):
            return "the target's answer; 503 while it is paused"
        case "target":
            return "the target's answer"
        case status:
            return f"always {status}"
