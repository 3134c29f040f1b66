"""The attempts at handing a delivery to its target: what was sent, and what the app answered."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from textual.content import Content

from inspector.core.headers import Headers
from inspector.core.model import Attempt, Delivery, Failure, Response
from inspector.core.text import safe, shorten
from inspector.core.turns import Turn, turns
from tui import labels, pairs, timing
from tui.bodyview import LINE_CAP, BodyView
from tui.folding import Line

ANSWER_LINES = 200
"""Of each answer's body; the newest attempt would else push the others out of reach."""


def lines(
    delivery: Delivery,
    attempts: Sequence[Attempt],
    answers: Mapping[int, BodyView],
    zone: tzinfo | None,
    *,
    waits: bool = False,
) -> list[Line]:
    """Return the attempts, newest first, each with the app's answer as far as its body is in `answers`.

    `waits` says that there is none yet because the endpoint is paused.
    """
    if not attempts and waits:
        told = Content.styled(f"No attempt yet: it {waiting(delivery)}.", labels.DOUBTFUL)
        return [Line(told, is_prose=True)]
    if not attempts:
        return [Line(Content.styled("Not forwarded: no attempt was made.", labels.FAINT))]
    changed = turns(attempts)
    found: list[Line] = []
    for attempt in reversed(attempts):
        turn, answer = changed.get(attempt.id), answers.get(attempt.id)
        head, *rest = _attempt(delivery, attempt, turn, answer, zone)
        bar = timing.bar(attempt, attempts)
        found += [head, *([] if bar is None else [Line(Content("   ") + bar)])]
        found += [*timing.legend(attempt), *rest]
    return found


def waiting(delivery: Delivery) -> str:
    """Return what a delivery of a paused endpoint does."""
    return f"waits, as forwarding of {safe(delivery.endpoint)} is paused"


def _attempt(
    delivery: Delivery,
    attempt: Attempt,
    turn: Turn | None,
    answer: BodyView | None,
    zone: tzinfo | None,
) -> Iterator[Line]:
    edited = f", edited {' '.join(attempt.edited)}" if attempt.edited else ""
    head = f"{attempt.number}  {attempt.trigger.value}{edited}  "
    changed = Content() if turn is None else "  " + labels.TURNS[turn].content
    when = labels.day_time(attempt.started_at_us, zone)
    yield Line(
        Content.assemble(
            (head, ".strong"),
            labels.result(attempt).content,
            changed,
            (f"  in {labels.duration(attempt.duration_us)}  at {when}", labels.FAINT),
        )
    )
    url = shorten(safe(attempt.url), LINE_CAP)
    yield Line(Content(f"   {url}"), hang=5, value=safe(attempt.url))
    yield from _sent(delivery.request.headers, attempt.request_headers)
    match attempt.result:
        case Failure(detail=detail):
            sentence = shorten(safe(detail), LINE_CAP)
            yield Line(Content(f"   {sentence}"), hang=3, is_prose=True)
        case Response(headers=headers) as response:
            yield _BLANK
            yield from pairs.of_headers(headers, indent=3)
            yield _BLANK
            yield from (_indented(line) for line in _answer(response, answer))
    yield _BLANK


def _sent(received: Headers, sent: Headers) -> Iterator[Line]:
    """Give out the headers that were not sent as they came: those added or changed, and how many were the same."""
    arrived = Counter(received)
    other = [pair for pair in sent if not _take(arrived, pair)]
    if not sent:
        return
    same = len(sent) - len(other)
    said = f"sent with {labels.count(same, 'header', 'headers')} as received"
    yield Line(Content.styled(f"   {said}{', and with' if other else ''}", labels.FAINT), hang=3)
    yield from pairs.of_headers(Headers(tuple(other)), indent=3)


def _take(arrived: Counter[tuple[bytes, bytes]], pair: tuple[bytes, bytes]) -> bool:
    found = arrived[pair] > 0
    arrived[pair] -= found
    return found


def _answer(response: Response, answer: BodyView | None) -> Iterator[Line]:
    if not response.body_bytes:
        yield Line(Content.styled("the answer has no body", labels.FAINT))
    elif answer is not None:
        yield from answer.lines[:ANSWER_LINES]
        notes = [*answer.notes]
        if len(answer.lines) > ANSWER_LINES:
            notes.append(f"only the first {ANSWER_LINES} lines are shown")
        yield from (Line(Content.styled(note, labels.FAINT)) for note in notes)


def _indented(line: Line) -> Line:
    content = Content("   ") + line.content
    return Line(content, line.hang + 3, line.is_prose, value=line.value)


_BLANK = Line(Content())
