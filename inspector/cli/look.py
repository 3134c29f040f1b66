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
from inspector.core.text import safe, shorten

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding

EVENT_WIDTH = 24
EVENT_MAX = 60
METHOD_MAX = 12
"""A provider's are shorter; a stranger's may be as long as a line can be."""
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

    def delivery(self, delivery: Delivery, *, when: Callable[[int], str] = clock) -> str:
        """Return the line of a delivery."""
        event = shorten(safe(delivery.event or "-"), EVENT_MAX)
        return "  ".join(
            (
                self.faint(when(delivery.received_at_us)),
                f"{number(delivery.id)} {self.mark('→')} {delivery.endpoint:<12}",
                f"{event:<{EVENT_WIDTH}}",
                f"{shorten(safe(delivery.request.method), METHOD_MAX):<6}",
                f"{size(delivery.body_bytes):>9}",
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
        edited = f", edited {' '.join(attempt.edited)}" if attempt.edited else ""
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
