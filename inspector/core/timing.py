"""How it is said where an attempt's time went."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from inspector.core.model import Attempt, Response


class Phase(StrEnum):
    """A part of an attempt's time."""

    LOST = "lost"
    CONNECT = "connect"
    WAIT = "wait"
    READ = "read"


class Span(NamedTuple):
    """How long one phase lasted."""

    phase: Phase
    lasted_us: int
    words: str
    """A part of a sentence: `answered after 12 ms`."""


def spans(attempt: Attempt) -> Iterator[Span]:
    """Yield the phases of an attempt as they came one after the other; none where that is not known."""
    timing = attempt.timing
    if timing is None:
        return
    if timing.lost_us is not None:
        yield Span(Phase.LOST, timing.lost_us, f"lost {_said(timing.lost_us)} on a kept connection")
    if timing.connect_us is None:
        yield Span(Phase.CONNECT, 0, "connection kept")
    else:
        how = "connected in" if timing.wait_us is not None else "no connection after"
        yield Span(Phase.CONNECT, timing.connect_us, f"{how} {_said(timing.connect_us)}")
    if timing.wait_us is not None:
        how = "answered after" if timing.read_us is not None else "no answer for"
        yield Span(Phase.WAIT, timing.wait_us, f"{how} {_said(timing.wait_us)}")
    if timing.read_us is not None:
        how = "read in" if isinstance(attempt.result, Response) else "read for"
        yield Span(Phase.READ, timing.read_us, f"{how} {_said(timing.read_us)}")


def words(attempt: Attempt) -> str:
    """Return `connected in 1 ms, answered after 12 ms, read in 0.3 ms`; empty where that is not known."""
    return ", ".join(span.words for span in spans(attempt))


def _said(span_us: int) -> str:
    """Return a length of time without a sign that ASCII lacks: `<0.1 ms`, `1.5 ms`, `120 ms`, `2.3 s`."""
    if span_us < 100:
        return "<0.1 ms"
    if span_us >= 1_000_000:
        return f"{span_us / 1_000_000:.1f} s"
    value = span_us / 1000
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f}".removesuffix(".0") + " ms"
