"""How a verdict, a result, a size or a time is said on the screen. Looks are component classes of `hooktap.tcss`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from textual.content import Content

from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Response,
)
from inspector.core.turns import Turn


@dataclass(frozen=True, slots=True)
class Label:
    """A state as symbol, word and component class: never by colour alone."""

    symbol: str
    word: str
    style: str

    @property
    def text(self) -> str:
        """Symbol and word."""
        return f"{self.symbol} {self.word}"

    @property
    def content(self) -> Content:
        """Symbol and word in the state's colour."""
        return Content.styled(self.text, self.style)


GOOD, BAD, DOUBTFUL, NEUTRAL, FAINT = ".good", ".bad", ".doubtful", ".neutral", ".faint"

VERDICTS: Mapping[Outcome, Label] = {
    Outcome.VERIFIED: Label("✓", "verified", GOOD),
    Outcome.MISMATCH: Label("✗", "mismatch", BAD),
    Outcome.STALE: Label("◔", "stale", DOUBTFUL),
    Outcome.MISSING: Label("∅", "missing", BAD),
    Outcome.MALFORMED: Label("!", "malformed", BAD),
    Outcome.NO_SECRET: Label("?", "no secret", DOUBTFUL),
    Outcome.UNSIGNED: Label("○", "unsigned", NEUTRAL),
    Outcome.UNKNOWN: Label("·", "unknown", FAINT),
}

MARK = "★"
"""On what a person marked."""
NOTED = "✎"
"""On what they only wrote a note to."""

FOLDED, OPEN = "▸", "▾"
"""Before an event whose later deliveries are hidden, or stand beneath it."""

HANDSHAKE = Label("⇄", "handshake", NEUTRAL)
VERDICT_WIDTH = max(len(label.text) for label in (HANDSHAKE, *VERDICTS.values()))

NO_ATTEMPT = Label("-", "", FAINT)
HELD = Label("-", "held", FAINT)

TURNS: Mapping[Turn, Label] = {
    Turn.FIXED: Label("↑", "fixed", GOOD),
    Turn.REGRESSED: Label("↓", "regressed", BAD),
    Turn.SAME: Label("=", "same", FAINT),
}

_FAILURES: Mapping[FailureKind, str] = {
    FailureKind.REFUSED: "refused",
    FailureKind.UNREACHABLE: "no route",
    FailureKind.CONNECT_TIMEOUT: "timeout",
    FailureKind.TIMEOUT: "timeout",
    FailureKind.DISCONNECTED: "cut off",
    FailureKind.MALFORMED: "not HTTP",
    FailureKind.FORBIDDEN: "forbidden",
    FailureKind.ABANDONED: "abandoned",
}


def verdict(delivery: Delivery) -> Label:
    """Return what checking a delivery came to. A handshake was answered at once, and what counts is that."""
    if delivery.handshake is not None:
        return HANDSHAKE
    return VERDICTS[delivery.verification.outcome]


def result(attempt: Attempt) -> Label:
    """Return what came of an attempt: the status of the answer, or what happened instead."""
    match attempt.result:
        case Response(status=status) if attempt.succeeded:
            return Label("✓", str(status), GOOD)
        case Response(status=status) if 300 <= status < 400:
            return Label("↷", str(status), DOUBTFUL)
        case Response(status=status):
            return Label("✗", str(status), BAD)
        case Failure(kind=kind):
            return Label("✗", _FAILURES[kind], BAD)


def count(number: int, one: str, many: str) -> str:
    """Return `1 delivery`, `2 deliveries`, `1,042 deliveries`."""
    return f"{number:,} {one if number == 1 else many}"


def size(length_bytes: int) -> str:
    """Return at most 8 characters: `512 B`, `1.2 KiB`, `1023 MiB`."""
    power = min(max(length_bytes.bit_length() - 1, 0) // 10, 3)
    value, unit = length_bytes / 1024**power, ("B", "KiB", "MiB", "GiB")[power]
    return f"{value:.1f} {unit}" if power and value < 10 else f"{int(value)} {unit}"


def duration(duration_us: int) -> str:
    """Return `850 µs`, `1.5 ms`, `120 ms`, `2.3 s`."""
    if duration_us < 1000:
        return f"{duration_us} µs"
    if duration_us < 1_000_000:
        value = duration_us / 1000
        return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"
    return f"{duration_us / 1_000_000:.1f} s"


def day_time(at_us: int, zone: tzinfo | None) -> str:
    """Return the time of day, `08:00:00`; no `zone` means this machine's."""
    return _local(at_us / 1_000_000, zone).strftime("%H:%M:%S")


def full_time(at_us: int, zone: tzinfo | None) -> str:
    """Return date and time to the millisecond, with the zone's offset."""
    return _local(at_us / 1_000_000, zone).isoformat(sep=" ", timespec="milliseconds")


def signed_time(delivery: Delivery, zone: tzinfo | None) -> str | None:
    """Return when the sender signed and how long that was before arrival, as far as the request says."""
    signed_at_s = delivery.verification.signed_at_s
    if signed_at_s is None:
        return None
    age_s = delivery.received_at_us // 1_000_000 - signed_at_s
    relation = f"{span(age_s)} before" if age_s >= 0 else f"{span(-age_s)} after"
    try:
        when = _local(signed_at_s, zone).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):  # the header may claim any number
        when = f"at {signed_at_s}"
    return f"signed {when}, {relation} it arrived"


def _local(at_s: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at_s, UTC).astimezone(zone)


def span(span_s: int) -> str:
    """Return `40 s`, `20 min`, `3 h`, `2 days`."""
    for unit, unit_s in (("days", 86_400), ("h", 3600), ("min", 60)):
        if span_s >= 2 * unit_s:
            return f"{span_s // unit_s:,} {unit}"
    return f"{span_s} s"
