"""Any text through the lines of the list and of the detail, toasts, and what completes a filter."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC
from itertools import cycle
from urllib.parse import quote
from xml.sax.saxutils import escape

from inspector.core.difference import Difference
from inspector.core.difference.changes import Change
from inspector.core.headers import Headers
from inspector.core.model import Outcome
from inspector.core.queryterms import Key
from inspector.core.text import encode_any, safe_lines
from inspector.core.wire import delivery_to_json, dumps
from tests.anytext import attempts_of, checks_of, delivery_of, through
from tests.hostile import FORM, JSON, MULTIPART, XML
from tests.wire import assert_harmless
from tui import alerts, attemptlines, columns, comparing, eventhistory, sections
from tui.bodyview import Body, build
from tui.completion import complete
from tui.differences import lines as difference_lines
from tui.eventhistory import EventHistory
from tui.folding import Line
from tui.window import Row, Window

ANYHOW = ("utf-8", "replace")
BROKEN = (b"<a></b%b>", b"<a%b>", b"<a>1</a %b>")
"""XML with a text in what cannot be read, and in the tag of an end."""


def texts_of(lines: Iterable[Line]) -> Iterator[str]:
    """Give out what lines show, and what is copied of them."""
    for line in lines:
        yield str(line.content)
        yield line.value or ""


@through
def test_any_text_is_told_safely(many: list[str]) -> None:
    """Toasts, notifications of the desktop, what completes a filter, and --json."""
    for text in many:
        wire = encode_any(text)
        made, tried = delivery_of(text, wire), attempts_of(text, wire)
        alert = alerts.sentence([made], tried[:1])
        desktop = alerts.desktop(alert)
        told = [safe_lines(alert), safe_lines(wire), dumps(delivery_to_json(made, tried))]

        assert_harmless("\n".join(told))
        assert_harmless(re.sub("\x1b](?:9|777);|\x1b\\\\", "", desktop))

    known = {Key.EVENT: set(many), Key.ENDPOINT: set(many)}
    for start in ("event:", "endpoint:"):
        assert_harmless("\n".join(each.text for each in complete(start, known)))


@through
def test_any_text_is_shown_safely(many: list[str]) -> None:
    """The list, and every tab of the detail."""
    rows = [row_of(text, outcome) for text, outcome in zip(many, cycle(Outcome), strict=False)]
    window = Window()
    window.add_page([(row.delivery, row.attempts) for row in rows])
    chosen = columns.choose(100, window)
    history = EventHistory([(row.delivery, row.attempts) for row in rows], problem="")

    shown = [line for text, row in zip(many, rows, strict=True) for line in shown_of(text, row)]
    shown += [str(columns.cells(chosen, row, UTC)) for row in rows]
    shown += texts_of(eventhistory.lines(rows[0].delivery, history, UTC))

    assert_harmless("\n".join(shown))
    assert not any("\n" in line for line in shown)


def row_of(text: str, outcome: Outcome) -> Row:
    made = delivery_of(text, encode_any(text))
    made = replace(made, verification=replace(made.verification, outcome=outcome))
    return Row(made, tuple(attempts_of(text, encode_any(text))))


def shown_of(text: str, row: Row) -> Iterator[str]:
    """Give out the lines of the detail."""
    made = row.delivery
    checks = checks_of(text)
    answers = {3: build(Body(made.request.body, made.body_bytes))}
    yield from str(sections.summary(row, UTC, checks)).split("\n")
    yield from texts_of(sections.overview_lines(row, UTC, checks, is_configured=False))
    yield str(sections.title(made))
    yield comparing._name(made)
    yield from texts_of(sections.header_lines(made))
    yield from texts_of(attemptlines.lines(made, row.attempts, answers, UTC))
    yield from texts_of(attemptlines.lines(made, (), {}, UTC, waits=True))
    yield from texts_of(eventhistory.lines(made, EventHistory(problem=text), UTC))
    difference = Difference((Change(text, text, text),), note=text)
    yield from texts_of(shown.line for shown in difference_lines(difference))


@through
def test_any_body_is_shown_safely(many: list[str]) -> None:
    """As each kind that has a view of its own, with what is copied of it."""
    for kind, content in bodies_of(many):
        body = Body.of(content, len(content), Headers(((b"Content-Type", kind),)))
        found = build(body)
        shown = [*texts_of(found.lines), *found.notes]
        if found.tree is not None:
            rows = {line.target for line in found.lines if line.target is not None}
            shown += [told(row) for row in rows for told in (found.tree.value, found.tree.path)]

        assert_harmless("\n".join(shown))


def bodies_of(many: list[str]) -> Iterator[tuple[bytes, bytes]]:
    """Give out types and bodies that hold the texts wherever a sender may write any."""
    yield JSON, json.dumps({each: [each] for each in many}).encode()
    yield JSON, json.dumps({each: {each: 1} for each in many}, ensure_ascii=False).encode(*ANYHOW)
    yield FORM, b"&".join(quote(encode_any(each)).encode() + b"=1" for each in many)
    texts = [escape(each).encode(*ANYHOW) for each in many]
    yield XML, b"<a>%b</a>" % b"".join(b"<b>%b</b><!--%b-->" % (each, each) for each in texts)
    for each, broken in zip(texts, cycle(BROKEN), strict=False):
        yield XML, broken % each
    heads = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    yield MULTIPART + b"; boundary=x", b"".join(heads % (each, each) for each in texts) + b"--x--"
