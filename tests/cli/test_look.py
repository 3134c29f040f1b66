"""Printed lines: aligned, coloured by what came of it, and free of what a sender could smuggle in."""

import io
import os
import time
from collections.abc import Iterator
from dataclasses import replace

import click
import pytest

from inspector.cli.deliveries import _row
from inspector.cli.listen import _Text
from inspector.cli.look import Columns, Look, clock, duration, moment, size
from inspector.core.model import Failure, FailureKind, Outcome, Trigger, Verification
from inspector.core.text import cells
from tests.factories import NOW_S, attempt, delivery, request, response, verdict

PLAIN = Look()
COLORED = Look(color=True)
ASCII = Look(unicode=False)
VERIFIED = Verification(Outcome.VERIFIED, "signature matches")


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_a_verified_delivery_is_one_line() -> None:
    line = PLAIN.delivery(
        delivery(id=1042, endpoint="jinko", event="booking.completed", verification=VERIFIED)
    )

    assert line == (
        "08:00:00  #1042  → jinko         booking.completed         POST         29 B  ✓ verified"
    )


@pytest.mark.parametrize(
    "event", ["予約.完了", "cafe\u0301.paid", "🎉", None, "予" * 200, "x" * 200]
)
@pytest.mark.parametrize("width", [None, 200, 120, 107, 106, 95, 94, 80, 76])
def test_columns_stand_under_each_other_and_fit(event: str | None, width: int | None) -> None:
    """Whatever letters the event's name has; from 76 columns on with the answer of the last attempt beside it."""
    columns = Columns.within(width)
    verification = Verification(Outcome.NO_SECRET, "")
    line, plain = (
        PLAIN.delivery(delivery(id=12, event=each, verification=verification), columns)
        for each in (event, "x")
    )
    assert width is None or cells(line + "  → 200") <= width
    if len(event or "") < 200:
        place = cells(line[: line.index("POST")])
        assert place == cells(plain[: plain.index("POST")])


@pytest.mark.parametrize("width", [None, 80])
def test_answers_stand_under_each_other(width: int | None) -> None:
    """Behind outcomes of any length; what has no answer ends in no blank."""
    made = [delivery(id=1, event="予", verification=Verification(each, "")) for each in Outcome]
    rows = [_row(PLAIN, Columns.within(width), each, [attempt()]) for each in made]
    assert len({cells(row.removesuffix("→ 200")) for row in rows}) == 1
    assert all(not _row(PLAIN, Columns(), each, []).endswith(" ") for each in made)


def test_what_gives_way_as_the_terminal_narrows() -> None:
    """The name, the year and the seconds, the size, and then nothing more."""
    made = delivery(id=12, endpoint="jinko", event="booking.completed", verification=VERIFIED)
    shown = [PLAIN.delivery(made, Columns.within(width)) for width in (None, 95, 94, 80, 10)]
    assert shown == [
        "2026-06-02 08:00:00  #12    → jinko         booking.completed         POST         29 B  ✓ verified",
        "2026-06-02 08:00:00  #12    → jinko         booking.com…  POST         29 B  ✓ verified",
        "06-02 08:00  #12    → jinko         booking.completed    POST         29 B  ✓ verified",
        "06-02 08:00  #12    → jinko         booking.complet…  POST    ✓ verified",
        "06-02 08:00  #12    → jinko         booking.com…  POST    ✓ verified",
    ]


def test_an_attempt_stands_below_its_delivery() -> None:
    """Same number, in the same column."""
    line = PLAIN.attempt(attempt(delivery_id=1042, duration_us=12_400))

    assert line == "08:00:00  #1042  ← 200    12 ms  http://127.0.0.1:3000/"


def test_a_later_verdict_stands_below_its_delivery() -> None:
    """With its sentence on the same line: there is nothing else to say of it."""
    stale = verdict(delivery_id=1042, verification=Verification(Outcome.STALE, "too old\x1b\n"))

    assert PLAIN.recheck(stale) == "08:01:00  #1042  ↻ rechecked  ✗ stale  too old␛␊"
    assert ASCII.recheck(verdict(delivery_id=7)) == (
        "08:01:00  #7     ~ rechecked  + verified  signature matches"
    )


def test_listen_has_a_line_for_each_record() -> None:
    """And below a handshake's how it was answered."""
    show = _Text(PLAIN, PLAIN)
    shaken = delivery(id=7, verification=VERIFIED, handshake="answered \x1b")

    assert show.line(shaken).splitlines()[1:] == ["          handshake: answered ␛"]
    assert show.line(delivery(id=7, verification=VERIFIED)).count("\n") == 0
    assert show.line(verdict(delivery_id=7)) == PLAIN.recheck(verdict(delivery_id=7))
    assert show.line(attempt(delivery_id=7)) == PLAIN.attempt(attempt(delivery_id=7))


@pytest.mark.parametrize(
    ("held", "said"), [(False, "dup of #12"), (True, "held: duplicate of #12")]
)
def test_a_duplicate_is_marked_behind_its_columns(held: bool, said: str) -> None:
    show, plain = _Text(PLAIN, PLAIN), delivery(id=13, verification=VERIFIED)
    marked = replace(plain, duplicate_of=12, duplicate_held=held)

    assert show.line(marked) == f"{show.line(plain)}  {said}"


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.VERIFIED])
def test_what_is_not_verified_says_why_below(outcome: Outcome) -> None:
    verification = Verification(outcome, "because of \x1b[31m")

    assert PLAIN.delivery(delivery(verification=verification)).endswith(f" {outcome.value}")
    assert PLAIN.reason(verification) == "          because of ␛[31m"


@pytest.mark.parametrize(
    ("outcome", "color"),
    [(Outcome.VERIFIED, "green"), (Outcome.MISMATCH, "red"), (Outcome.UNSIGNED, "yellow")],
)
def test_a_verdicts_color(outcome: Outcome, color: str) -> None:
    verdict = COLORED.verdict(Verification(outcome, ""))

    assert verdict == click.style(click.unstyle(verdict), fg=color)
    assert click.unstyle(verdict) != verdict


@pytest.mark.parametrize(
    ("status", "color"),
    [(200, "green"), (204, "green"), (302, "yellow"), (404, "yellow"), (500, "red")],
)
def test_a_statuss_color(status: int, color: str) -> None:
    assert COLORED.status(status) == click.style(str(status), fg=color)


def test_a_failure_says_its_sentence() -> None:
    failure = Failure(FailureKind.REFUSED, "nobody listens at 127.0.0.1:3000\x00")
    line = PLAIN.attempt(attempt(delivery_id=7, result=failure))

    assert line == "08:00:00  #7     ← ✗ nobody listens at 127.0.0.1:3000␀"
    assert PLAIN.answer(attempt(result=failure)) == "refused"


@pytest.mark.parametrize("trigger", [Trigger.RETRY, Trigger.REPLAY])
def test_what_is_not_the_first_forward_says_so(trigger: Trigger) -> None:
    assert PLAIN.attempt(attempt(trigger=trigger)).endswith(f"  {trigger.value}")


def test_ascii_signs() -> None:
    shown = ASCII.delivery(delivery(verification=VERIFIED)) + ASCII.attempt(
        attempt(result=response(status=500))
    )

    assert shown.isascii()
    assert "-> demo" in shown
    assert "<- 500" in shown
    assert "+ verified" in shown


@pytest.mark.parametrize(
    "hostile", ["\x1b]0;owned\x07", "a\nb", "\x9b2J", "\u202eevil", "[/]", "é" * 300]
)
def test_a_sender_cannot_steer_the_line(hostile: str) -> None:
    """One line stays one line, of bounded width, without a control character."""
    line = COLORED.delivery(
        delivery(
            event=hostile,
            verification=VERIFIED,
            request=request(method=hostile, target=hostile.encode()),
        )
    )

    assert "\n" not in line
    assert all(character.isprintable() for character in click.unstyle(line))
    assert len(click.unstyle(line)) < 150


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (2**20, "1.0 MiB"),
        (2**35, "32768.0 MiB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("time_us", "text"),
    [(0, "0 ms"), (999_499, "999 ms"), (1_000_000, "1.00 s"), (30_004_000, "30.00 s")],
)
def test_duration(time_us: int, text: str) -> None:
    assert duration(time_us) == text


def test_times_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TZ", "XXX-05:30")
    time.tzset()

    assert clock(NOW_S * 1_000_000) == "13:30:00"
    assert moment(NOW_S * 1_000_000 + 1500) == "2026-06-02 13:30:00.001+05:30"


class Stream(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("color", "encoding", "look"),
    [
        (None, "utf-8", Look(color=True, unicode=True)),
        (False, "UTF8", Look(color=False, unicode=True)),
        (None, "ascii", Look(color=True, unicode=False)),
        (None, "latin-1", Look(color=True, unicode=False)),
    ],
)
def test_a_terminal_gets_colors_unless_nobody_wants_them(
    color: bool | None, encoding: str, look: Look
) -> None:
    with click.Context(click.Command("x"), color=color):
        assert Look.of(Stream(io.BytesIO(), encoding)) == look


def test_a_pipe_gets_none() -> None:
    with click.Context(click.Command("x")):
        assert Look.of(io.TextIOWrapper(io.BytesIO(), "utf-8")) == Look()
