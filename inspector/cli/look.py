"""How records look as printed lines: columns, marks, colours. What a sender wrote is made safe here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO, assert_never

import click

from inspector.core import duplicates
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    Outcome,
    Response,
    Trigger,
    Verdict,
    Verification,
)
from inspector.core.text import fit, safe

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding

EVENT_WIDTH = 24
EVENT_MAX = 60
EVENT_MIN = 12
METHOD_MAX = 12
"""A provider's are shorter; a stranger's may be as long as a line can be."""
_LIST_WIDTH = 83
"""Of a line of `hooktap list` without the event's name, as long as all the rest has its usual length."""
_YEAR_WIDTH = 8
"""Besides the seconds, what a date without a year does without."""
_SIZE_WIDTH = 11
INDENT = " " * 10
"""As wide as the clock, so that a second line stands under the number."""

_ASCII = {"→": "->", "←": "<-", "↻": "~", "↳": ">", "✓": "+", "✗": "x", "·": "-"}
_COLORS = {
    Outcome.VERIFIED: "green",
    Outcome.MISMATCH: "red",
    Outcome.STALE: "red",
    Outcome.MISSING: "red",
    Outcome.MALFORMED: "red",
    Outcome.NO_SECRET: "yellow",
    Outcome.UNSIGNED: "yellow",
    Outcome.UNKNOWN: "yellow",
}


def clock(time_us: int) -> str:
    """Return the local time of day."""
    return f"{_local(time_us):%H:%M:%S}"


def day(time_us: int) -> str:
    """Return the local date and time, to the second."""
    return f"{_local(time_us):%Y-%m-%d %H:%M:%S}"


def minute(time_us: int) -> str:
    """Return the local month, day and minute."""
    return f"{_local(time_us):%m-%d %H:%M}"


def moment(time_us: int) -> str:
    """Return the local date and time, to the millisecond."""
    return _local(time_us).isoformat(sep=" ", timespec="milliseconds")


def number(id: int) -> str:
    """Return a delivery's number, as wide as most are."""
    return f"{f'#{id}':<6}"


def size(count_bytes: int) -> str:
    """Return a count of bytes in the largest unit of which there is one."""
    if count_bytes < 1024:
        return f"{count_bytes} B"
    value, unit = count_bytes / 1024, "KiB"
    if value >= 1024:
        value, unit = value / 1024, "MiB"
    return f"{value:.1f} {unit}"


def duration(time_us: int) -> str:
    """Return a duration in milliseconds, or in seconds from one on."""
    return f"{time_us / 1_000_000:.2f} s" if time_us >= 1_000_000 else f"{time_us / 1000:.0f} ms"


def _local(time_us: int) -> datetime:
    return datetime.fromtimestamp(time_us / 1_000_000, UTC).astimezone()


@dataclass(frozen=True, slots=True)
class Columns:
    """What the line of a delivery has room for."""

    when: Callable[[int], str] = clock
    event: int = EVENT_WIDTH
    """Columns that the event's name has at least."""
    event_max: int = EVENT_MAX
    has_size: bool = True

    @classmethod
    def within(cls, width: int | None) -> "Columns":
        """Return what fits beside the date into `width`; None: there is no end to the line."""
        if width is None or width >= _LIST_WIDTH + EVENT_WIDTH:
            room = EVENT_MAX if width is None else width - _LIST_WIDTH
            return cls(day, event_max=min(room, EVENT_MAX))
        when, has_size, room = day, True, width - _LIST_WIDTH
        if room < EVENT_MIN:
            when, room = minute, room + _YEAR_WIDTH
        if room < EVENT_MIN:
            has_size, room = False, room + _SIZE_WIDTH
        room = max(min(room, EVENT_WIDTH), EVENT_MIN)
        return cls(when, room, room, has_size)


@dataclass(frozen=True, slots=True)
class Look:
    """What one stream can show."""

    color: bool = False
    unicode: bool = True

    @classmethod
    def of(cls, stream: TextIO) -> "Look":
        """Return what `stream` can show: colours on a terminal, unless the person wants none."""
        wanted = click.get_current_context().color
        encoding = (stream.encoding or "").lower().replace("-", "")
        return cls(
            color=stream.isatty() if wanted is None else wanted,
            unicode=encoding in {"utf8", "utf16", "utf32"},
        )

    def mark(self, sign: str) -> str:
        """Return one of our signs, or what stands for it where there is only ASCII."""
        return sign if self.unicode else _ASCII[sign]

    def faint(self, text: str) -> str:
        """Return text to be read second."""
        return click.style(text, dim=True) if self.color else text

    def colored(self, text: str, color: str) -> str:
        """Return text in one of the terminal's colours."""
        return click.style(text, fg=color) if self.color else text

    def verdict(self, verification: Verification) -> str:
        """Return the outcome with its sign."""
        outcome = verification.outcome
        sign = "✓" if outcome is Outcome.VERIFIED else "✗" if outcome.is_invalid else "·"
        return self.colored(f"{self.mark(sign)} {outcome.value}", _COLORS[outcome])

    def delivery(self, delivery: Delivery, columns: Columns = Columns()) -> str:
        """Return the line of a delivery."""
        return "  ".join(
            (
                self.faint(columns.when(delivery.received_at_us)),
                f"{number(delivery.id)} {self.mark('→')} {delivery.endpoint:<12}",
                fit(safe(delivery.event or "-"), columns.event, columns.event_max),
                fit(safe(delivery.request.method), 6, METHOD_MAX),
                *([f"{size(delivery.body_bytes):>9}"] if columns.has_size else []),
                self.verdict(delivery.verification),
            )
        )

    def reason(self, verification: Verification) -> str:
        """Return the line below a delivery's: the sentence of its verdict."""
        return INDENT + self.faint(safe(verification.detail))

    def cause(self, finding: "Finding") -> str:
        """Return the line below a verdict: what is behind it."""
        return INDENT + f"{self.mark('↳')} {safe(finding.detail)}"

    def handshake(self, sentence: str) -> str:
        """Return what is said of a delivery that was a handshake."""
        return self.faint(f"handshake: {safe(sentence)}")

    def duplicate(self, delivery: Delivery) -> str:
        """Return what is put behind the line of a delivery whose event came before; empty for any other."""
        mark = duplicates.mark(delivery)
        return "" if mark is None else f"  {self.faint(mark)}"

    def recheck(self, verdict: Verdict, *, when: Callable[[int], str] = clock) -> str:
        """Return the line of a later verdict, under the number of its delivery."""
        return "  ".join(
            (
                self.faint(when(verdict.checked_at_us)),
                f"{number(verdict.delivery_id)} {self.mark('↻')} rechecked",
                self.verdict(verdict.verification),
                self.faint(safe(verdict.verification.detail)),
            )
        )

    def attempt(self, attempt: Attempt, *, when: Callable[[int], str] = clock) -> str:
        """Return the line of an attempt, under the number of its delivery."""
        head = f"{number(attempt.delivery_id)} {self.mark('←')} {self.result(attempt)}"
        line = f"{self.faint(when(attempt.started_at_us))}  {head}"
        if attempt.trigger is Trigger.FORWARD:
            return line
        edited = f" {attempt.number}, edited {' '.join(attempt.edited)}" if attempt.edited else ""
        return f"{line}  {self.faint(attempt.trigger.value + edited)}"

    def result(self, attempt: Attempt) -> str:
        """Return what came of an attempt: status, time and URL, or the sentence of its failure."""
        match attempt.result:
            case Response():
                took = duration(attempt.duration_us)
                return f"{self.answer(attempt)}  {took:>7}  {safe(attempt.url)}"
            case Failure() as failure:
                return self.colored(f"{self.mark('✗')} {safe(failure.detail)}", "red")
            case unreachable:
                assert_never(unreachable)

    def answer(self, attempt: Attempt) -> str:
        """Return what came of an attempt in one word: the status, or the kind of failure."""
        match attempt.result:
            case Response() as response:
                return self.status(response.status)
            case Failure() as failure:
                return self.colored(failure.kind.value, "red")
            case unreachable:
                assert_never(unreachable)

    def status(self, status: int) -> str:
        """Return an HTTP status in the colour of its class."""
        if status >= 500:
            return self.colored(str(status), "red")
        return self.colored(str(status), "green" if 200 <= status < 300 else "yellow")
