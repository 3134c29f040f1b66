"""How records look as printed lines: columns, marks, colours. What a sender wrote is made safe here."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO, assert_never

import click

from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    Outcome,
    Response,
    Trigger,
    Verification,
)
from inspector.core.text import safe, shorten

EVENT_WIDTH = 24
EVENT_MAX = 60
"""A provider's events are shorter; a stranger's may be as long as a header can be."""
INDENT = " " * 10
"""As wide as the clock, so that a second line stands under the number."""

_ASCII = {"→": "->", "←": "<-", "✓": "+", "✗": "x", "·": "-", "…": "~"}
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

    def delivery(self, delivery: Delivery) -> str:
        """Return the line of a delivery; below it the sentence of a verdict that proves nothing."""
        event = shorten(safe(delivery.event or "-"), EVENT_MAX)
        line = "  ".join(
            (
                self.faint(clock(delivery.received_at_us)),
                f"{number(delivery.id)} {self.mark('→')} {delivery.endpoint:<12}",
                f"{event:<{EVENT_WIDTH}}",
                f"{shorten(safe(delivery.request.method), 12):<6}",
                f"{size(delivery.body_bytes):>9}",
                self.verdict(delivery.verification),
            )
        )
        if delivery.verification.outcome is Outcome.VERIFIED:
            return line
        return f"{line}\n{INDENT}{self.faint(safe(delivery.verification.detail))}"

    def attempt(self, attempt: Attempt) -> str:
        """Return the line of an attempt, under the number of its delivery."""
        head = f"{number(attempt.delivery_id)} {self.mark('←')} {self.result(attempt)}"
        why = "" if attempt.trigger is Trigger.FORWARD else f"  {attempt.trigger.value}"
        return "  ".join((self.faint(clock(attempt.started_at_us)), head)) + self.faint(why)

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


def clock(time_us: int) -> str:
    """Return the local time of day."""
    return f"{_local(time_us):%H:%M:%S}"


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
