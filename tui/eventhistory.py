"""The deliveries of one event, one under the other: what its sender sent again, and what came of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual.content import Content

from inspector.core.model import Attempt, Delivery
from inspector.core.text import safe, shorten
from tui import labels
from tui.folding import Line

ID_MAX = 200
"""Characters of an event's id: a sender may make it as long as a header."""


@dataclass(frozen=True, slots=True)
class EventHistory:
    """What is known of an event's deliveries."""

    deliveries: Sequence[tuple[Delivery, Sequence[Attempt]]] = ()
    """Oldest first."""
    is_whole: bool = True
    problem: str = ""
    """Why they could not be read."""


def lines(delivery: Delivery, history: EventHistory | None, zone: tzinfo | None) -> list[Line]:
    """Return a line for each delivery of this one's event; `enter` leads to it."""
    if delivery.event_id is None:
        return [_quiet("It has no event id that its repeats could be known by.")]
    if history is None:
        return [_quiet("Looking for deliveries of the same event")]
    if history.problem:
        return [_quiet(f"Not known: {safe(history.problem)}")]
    return list(_lines(delivery, history, zone))


def _lines(delivery: Delivery, history: EventHistory, zone: tzinfo | None) -> Iterator[Line]:
    event_id = safe(delivery.event_id or "")
    count = labels.count(len(history.deliveries), "delivery", "deliveries")
    yield Line(
        Content.assemble((f"{count} of event ", ".strong"), shorten(event_id, ID_MAX)),
        hang=2,
        value=event_id,
    )
    if not history.is_whole:
        yield _quiet("There may be older ones, which would take long to find.")
    wide = max(len(str(each.id)) for each, _ in history.deliveries or [(delivery, ())]) + 1
    before: Delivery | None = None
    for each, attempts in history.deliveries:
        yield Line(
            Content.assemble(
                "▸ " if each.id == delivery.id else "  ",
                (
                    f"#{each.id}".ljust(wide + 2),
                    labels.FAINT if each.id != delivery.id else ".strong",
                ),
                (labels.full_time(each.received_at_us, zone)[:19] + "  ", labels.FAINT),
                labels.verdict(each).content.pad_right(
                    labels.VERDICT_WIDTH - len(labels.verdict(each).text) + 2
                ),
                _outcome(each, attempts),
                ("" if before is None else f"  {_later(each, before)}", labels.FAINT),
            ),
            hang=4,
            is_prose=True,
            value=f"#{each.id}",
            target=each.id,
        )
        before = each


def _outcome(delivery: Delivery, attempts: Sequence[Attempt]) -> Content:
    if attempts:
        last = labels.result(attempts[-1]).content
        times = f" x{len(attempts)}" if len(attempts) > 1 else ""
        return Content.assemble(last, (times, labels.FAINT))
    return Content.styled("held" if delivery.duplicate_held else "not forwarded", labels.FAINT)


def _later(delivery: Delivery, before: Delivery) -> str:
    span_us = delivery.received_at_us - before.received_at_us
    if span_us < 0:  # a clock was set back
        return ""
    span = labels.duration(span_us) if span_us < 1_000_000 else labels.span(span_us // 1_000_000)
    return f"{span} later"


def _quiet(text: str) -> Line:
    return Line(Content.styled(text, labels.FAINT), is_prose=True)
