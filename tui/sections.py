"""What the detail pane says of a delivery: its summary, its request and its attempts, as lines safe to show."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from textual.content import Content

from inspector.core.headers import Headers
from inspector.core.model import Attempt, Delivery, Failure, Response
from inspector.core.text import safe, shorten
from tui import labels, verdicts
from tui.bodyview import LINE_CAP, BodyView
from tui.folding import Line
from tui.verdicts import Checks
from tui.window import Row

NAME_WIDTH = 26
SUMMARY_WIDTH = 240
"""Characters of each part of the summary: a path of 8 KiB must not push the rest out of sight."""
ANSWER_LINES = 200
"""Of each answer's body; the newest attempt would else push the others out of reach."""


def title(delivery: Delivery) -> Content:
    """Return what names the delivery: number, provider and event."""
    parts = [f"#{delivery.id}"]
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
    evidence = [
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
            _last_attempt(row),
        ]
    )


def request_lines(delivery: Delivery, zone: tzinfo | None) -> list[Line]:
    """Return the request's head as it arrived, and where, when and how it came."""
    facts = [
        ("received", labels.full_time(delivery.received_at_us, zone)),
        ("from", f"{delivery.request.peer or 'unknown'}, through {delivery.via}"),
        ("endpoint", delivery.endpoint),
        ("event id", delivery.event_id),
        ("attempt id", delivery.attempt_id),
        ("uid", delivery.uid),
    ]
    request_line = f"{_long(delivery.request.method)} {_long(delivery.request.target)}"
    return [
        Line(Content.styled(request_line, ".strong"), hang=2),
        *_header_lines(delivery.request.headers),
        _BLANK,
        *_pairs([(name, _long(value)) for name, value in facts if value is not None], labels.FAINT),
    ]


def attempt_lines(
    attempts: Sequence[Attempt], answers: Mapping[int, BodyView], zone: tzinfo | None
) -> list[Line]:
    """Return the attempts, newest first, each with the app's answer as far as its body is in `answers`."""
    if not attempts:
        return [Line(Content.styled("Not forwarded: no attempt was made.", labels.FAINT))]
    lines: list[Line] = []
    for attempt in reversed(attempts):
        lines += _attempt_lines(attempt, answers.get(attempt.id), zone)
    return lines


def _last_attempt(row: Row) -> Content:
    attempt = row.last_attempt
    if attempt is None:
        return Content.styled("→ not forwarded", labels.FAINT)
    return Content.assemble(
        ("→ ", labels.FAINT), labels.result(attempt).content, f"  {_came_of(attempt)}"
    )


def _came_of(attempt: Attempt) -> str:
    if isinstance(attempt.result, Failure):
        return _short(attempt.result.detail)
    return f"in {labels.duration(attempt.duration_us)} from {_short(attempt.url)}"


def _attempt_lines(
    attempt: Attempt, answer: BodyView | None, zone: tzinfo | None
) -> Iterator[Line]:
    head = f"{attempt.number}  {attempt.trigger.value}  "
    when = labels.day_time(attempt.started_at_us, zone)
    yield Line(
        Content.assemble(
            (head, ".strong"),
            labels.result(attempt).content,
            (f"  in {labels.duration(attempt.duration_us)}  at {when}", labels.FAINT),
        )
    )
    yield Line(Content(f"   {_long(attempt.url)}"), hang=5)
    match attempt.result:
        case Failure(detail=detail):
            yield Line(Content(f"   {_long(detail)}"), hang=3, is_prose=True)
        case Response(headers=headers) as response:
            yield _BLANK
            yield from (_indented(line) for line in _header_lines(headers))
            yield _BLANK
            yield from (_indented(line) for line in _answer_lines(response, answer))
    yield _BLANK


def _answer_lines(response: Response, answer: BodyView | None) -> Iterator[Line]:
    if not response.body_bytes:
        yield Line(Content.styled("the answer has no body", labels.FAINT))
    elif answer is not None:
        yield from answer.lines[:ANSWER_LINES]
        notes = [*answer.notes]
        if len(answer.lines) > ANSWER_LINES:
            notes.append(f"only the first {ANSWER_LINES} lines are shown")
        yield from (Line(Content.styled(note, labels.FAINT)) for note in notes)


def _header_lines(headers: Headers) -> Iterator[Line]:
    return _pairs([(safe(name), _long(value)) for name, value in headers], ".name")


def _pairs(pairs: Sequence[tuple[str, str]], style: str) -> Iterator[Line]:
    width = min(max((len(name) for name, _ in pairs), default=0), NAME_WIDTH) + 2
    for name, value in pairs:
        label = Content.styled(_long(name), style).pad_right(max(width - len(name), 1))
        yield Line(label + value, hang=width)


def _indented(line: Line) -> Line:
    return Line(Content("   ") + line.content, line.hang + 3, line.is_prose)


def _long(text: str | bytes) -> str:
    return shorten(safe(text), LINE_CAP)


def _short(text: str | bytes) -> str:
    return shorten(safe(text), SUMMARY_WIDTH)


_BLANK = Line(Content())
_NEWLINE = Content("\n")
