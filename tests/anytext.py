"""Texts that nobody thought of: many at once, as a page, a view or a file holds many; and records made of a text."""

from collections.abc import Callable
from contextlib import suppress
from itertools import combinations
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from inspector.core.diagnosis import Cause, Finding
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Verification,
)
from inspector.core.text import decode
from tests.factories import attempt, delivery, response, verdict
from tests.hostile import TEXT
from tui.verdicts import Checks

TEXTS = 2000
"""So many that differ go through every sink."""
AT_ONCE = 20
EXAMPLES = 130
"""More than TEXTS takes: no text is twice in one example, but some are in several."""

texts = st.text() | st.text(TEXT) | st.binary().map(decode)
"""Three, as in one alphabet of all there is what is hostile would be as rare as any other character."""


def through(sink: Callable[[list[str]], None]) -> Callable[[], None]:
    """Make a test that hands `sink` TEXTS texts, AT_ONCE at a time."""
    seen: set[str] = set()

    # Twenty texts shrink slowly, and to nineteen that are none of it: what is wrong is looked for in them.
    @settings(max_examples=EXAMPLES, deadline=None, phases=(Phase.reuse, Phase.generate))
    @given(st.lists(texts, min_size=AT_ONCE, max_size=AT_ONCE, unique=True))
    def show(many: list[str]) -> None:
        try:
            sink(many)
        except Exception as error:
            error.add_note(f"It fails for {_smallest(sink, many)!a}")
            raise
        seen.update(many)

    def test() -> None:
        show()
        assert len(seen) >= TEXTS

    return test


def _smallest(sink: Callable[[list[str]], None], many: list[str]) -> str | list[str]:
    """Return the shortest piece of a text that fails alone; all of them if none does."""
    pieces = {each[a:b] for each in many for a, b in combinations(range(len(each) + 1), 2)}
    return next((each for each in sorted(pieces, key=len) if _fails(sink, each)), many)


def _fails(sink: Callable[[list[str]], None], text: str) -> bool:
    with suppress(Exception):
        sink([text])
        return False
    return True


def delivery_of(text: str, wire: bytes) -> Delivery:
    """Make a delivery in which everything is that."""
    request = Request(
        method=text,
        target=wire,
        headers=Headers(((wire, wire), (b"Content-Type", wire), (b"Content-Encoding", wire))),
        body=wire,
        peer=text,
    )
    verification = Verification(Outcome.MISMATCH, text, signed_at_s=10**40, covered=(text, text))
    return delivery(
        id=1,
        uid=text,
        endpoint=text,
        via=text,
        provider=text,
        event=text,
        event_id=text,
        attempt_id=text,
        request=request,
        verification=verification,
    )


def attempts_of(text: str, wire: bytes) -> list[Attempt]:
    """Make the attempts of such a delivery, one of which failed."""
    common: dict[str, Any] = {"delivery_id": 1, "url": decode(wire)}
    answer = response(headers=Headers(((wire, wire),)), body=b"", body_bytes=len(wire))
    return [
        attempt(id=2, number=1, result=Failure(FailureKind.MALFORMED, text), **common),
        attempt(id=3, number=2, result=answer, **common),
    ]


def checks_of(text: str) -> Checks:
    """Make what is found out about it: a cause, a verdict of every kind, and that it went wrong."""
    history = [verdict(provider=text, verification=Verification(each, text)) for each in Outcome]
    return Checks((Finding(Cause.BODY_BOM, text),), tuple(history), text)
