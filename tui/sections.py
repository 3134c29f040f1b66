"""What the detail pane says of a delivery: its title, its summary, its head and its overview, safe to show."""

from collections.abc import Iterator
from datetime import tzinfo

from textual.content import Content

from inspector.core import duplicates
from inspector.core.model import Attempt, Delivery, Failure
from inspector.core.text import safe, shorten
from tui import attemptlines, labels, pairs, verdicts
from tui.bodyview import LINE_CAP
from tui.folding import Line
from tui.verdicts import Checks
from tui.window import Row

SUMMARY_WIDTH = 240
"""Characters of each part of the summary: a path of 8 KiB must not push the rest out of sight."""


def title(delivery: Delivery) -> Content:
    """Return what names the delivery: number, provider and event."""
    parts = [f"#{delivery.id}", *([labels.MARK] if delivery.marked else [])]
    parts += [_short(part) for part in (delivery.provider, delivery.event) if part is not None]
    return Content("  ".join(parts))


def summary(
    row: Row, zone: tzinfo | None, checks: Checks | None = None, *, is_configured: bool = False
) -> Content:
    """Return the verdict with its sentence, what to make of it, what arrived, and what came of forwarding it.

    What matters most stands first: on a small screen the rest is cut off, and stands in the tabs as well.
    """
    delivery = row.delivery
    signed = labels.signed_time(delivery, zone)
    first = delivery.duplicate_of
    evidence = [
        None if delivery.note is None else Content(f"Note: {_short(delivery.note)}"),
        None if first is None else Content(f"Duplicate of #{first}: its event came before"),
        verdicts.coverage_line(delivery),
        None if signed is None else Content.styled(signed, labels.FAINT),
    ]
    return _NEWLINE.join(
        [
            labels.verdict(delivery).content + f"  {_short(verdicts.sentence(delivery))}",
            *verdicts.visit(delivery),
            *verdicts.why(delivery, checks),
            *verdicts.remedy(delivery, is_configured=is_configured),
            *(part for part in evidence if part is not None),
            Content.assemble(
                f"{_short(delivery.request.method)} {_short(delivery.request.target)}",
                (f"  {labels.size(delivery.body_bytes)}", labels.FAINT),
            ),
            _last_attempt(row, waits=checks is not None and checks.waits),
        ]
    )


def header_lines(delivery: Delivery) -> list[Line]:
    """Return the request's head as it arrived."""
    request_line = f"{_long(delivery.request.method)} {_long(delivery.request.target)}"
    whole = f"{safe(delivery.request.method)} {safe(delivery.request.target)}"
    return [
        Line(Content.styled(request_line, ".strong"), hang=2, value=whole),
        *pairs.of_headers(delivery.request.headers),
    ]


def overview_lines(
    row: Row, zone: tzinfo | None, checks: Checks | None, *, is_configured: bool
) -> list[Line]:
    """Return the verdict with all that is known of it, then where, when and how the delivery came."""
    delivery = row.delivery
    return [
        *verdicts.lines(delivery, checks, zone, is_configured=is_configured),
        _BLANK,
        *pairs.lines(list(_facts(row, zone)), labels.FAINT),
    ]


def _facts(row: Row, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    delivery, first = row.delivery, row.delivery.duplicate_of
    last = row.last_attempt
    facts = [
        ("note", delivery.note),
        ("marked", "yes" if delivery.marked else None),
        ("received", labels.full_time(delivery.received_at_us, zone)),
        ("from", f"{delivery.request.peer or 'unknown'}, through {delivery.via}"),
        ("endpoint", delivery.endpoint),
        ("event", delivery.event),
        ("event id", delivery.event_id),
        ("attempt id", delivery.attempt_id),
        ("duplicate", None if first is None else f"of #{first}"),
        ("body", labels.count(delivery.body_bytes, "byte", "bytes")),
        ("uid", delivery.uid),
        ("last attempt", None if last is None else f"{labels.result(last).text} {_came_of(last)}"),
    ]
    return ((name, safe(value)) for name, value in facts if value is not None)


def _last_attempt(row: Row, *, waits: bool) -> Content:
    attempt = row.last_attempt
    if attempt is None and waits:
        return Content.styled(f"→ {_short(attemptlines.waiting(row.delivery))}", labels.DOUBTFUL)
    if attempt is None:
        held = row.delivery.duplicate_held
        why = duplicates.mark(row.delivery) if held else "not forwarded"
        return Content.styled(f"→ {why}", labels.FAINT)
    return Content.assemble(
        ("→ ", labels.FAINT), labels.result(attempt).content, f"  {_came_of(attempt)}"
    )


def _came_of(attempt: Attempt) -> str:
    if isinstance(attempt.result, Failure):
        return _short(attempt.result.detail)
    return f"in {labels.duration(attempt.duration_us)} from {_short(attempt.url)}"


def _long(text: str | bytes) -> str:
    return shorten(safe(text), LINE_CAP)


def _short(text: str | bytes) -> str:
    return shorten(safe(text), SUMMARY_WIDTH)


_BLANK = Line(Content())
_NEWLINE = Content("\n")
