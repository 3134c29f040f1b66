import tomllib
from collections.abc import Sequence

import pytest

from inspector.core.briefs import News, brief
from inspector.core.model import Attempt, Delivery, Outcome, Record, Trigger, Verification
from inspector.core.table import Table
from inspector.errors import ConfigError
from tests.factories import NOW_S, attempt, delivery, response, verdict
from tui import labels
from tui.alerts import EVERY_S, Alerts, desktop
from tui.notices import Notices, read_notices
from tui.pulse import SPAN_S, Beat, Pulse
from tui.widgets.sparkline import sparkline

NOW_US = NOW_S * 1_000_000
BAD = Verification(Outcome.MISMATCH, "none of 2 secrets reproduces it [/] \x1b]52;c;x\x07")


def at(ago_s: float) -> int:
    return NOW_US - int(ago_s * 1_000_000)


def test_each_record_counts_at_its_own_time() -> None:
    pulse = Pulse()
    pulse.note(
        [
            delivery(received_at_us=at(299)),
            delivery(received_at_us=at(1), verification=BAD),
            delivery(received_at_us=at(0)),
            attempt(started_at_us=at(0), result=response(status=500)),
            attempt(started_at_us=at(0)),
            verdict(),
        ],
        NOW_US,
    )
    assert pulse.columns(NOW_US, 3) == [Beat(1), Beat(), Beat(2, 1, 1)]
    assert pulse.total(NOW_US) == Beat(3, 1, 1)


def test_in_short_it_counts_the_same() -> None:
    pulse = Pulse()
    records: list[Record] = [
        delivery(received_at_us=at(299)),
        delivery(received_at_us=at(1), verification=BAD),
        attempt(started_at_us=at(0), result=response(status=500)),
        attempt(started_at_us=at(0), trigger=Trigger.REPLAY),
        delivery(received_at_us=at(SPAN_S)),
        verdict(checked_at_us=at(0), verification=BAD),
    ]
    pulse.note([brief(record) for record in records], NOW_US)
    assert pulse.columns(NOW_US, 3) == [Beat(1), Beat(), Beat(1, 1, 1)]


@pytest.mark.parametrize("ago_s", [SPAN_S, SPAN_S + 1, 86_400, 10**7])
def test_what_is_older_is_no_storm(ago_s: int) -> None:
    pulse = Pulse()
    pulse.note([delivery(received_at_us=at(ago_s)), attempt(started_at_us=at(ago_s))], NOW_US)
    assert pulse.total(NOW_US) == Beat()


def test_time_goes_by() -> None:
    pulse = Pulse()
    pulse.note([delivery(received_at_us=at(0))] * 20, NOW_US)
    assert pulse.rate(NOW_US) == 0
    assert pulse.rate(NOW_US + 1_000_000) == 2
    assert pulse.rate(NOW_US + 60_000_000) == 0
    assert pulse.total(NOW_US + (SPAN_S - 1) * 1_000_000) == Beat(20)
    assert pulse.total(NOW_US + SPAN_S * 1_000_000) == Beat()


def test_no_more_is_kept_than_is_shown() -> None:
    """A day at one delivery a second."""
    pulse = Pulse()
    now_us = NOW_US
    for _ in range(86_400):
        now_us += 1_000_000
        pulse.note([delivery(received_at_us=now_us)], now_us)
    assert len(pulse._seconds) <= 2 * SPAN_S
    assert pulse.total(now_us) == Beat(SPAN_S)


def test_a_clock_that_was_put_back_breaks_nothing() -> None:
    pulse = Pulse()
    pulse.note([delivery(received_at_us=at(-3600))], NOW_US)
    assert pulse.columns(NOW_US, 30) == [Beat()] * 30


def test_the_sparkline() -> None:
    columns = [Beat(), Beat(1), Beat(4), Beat(8), Beat(8, 1), Beat(8, 1, 1), Beat(0, 0, 1)]
    line = sparkline(columns)
    assert str(line) == "·▁▄███▁"
    styles = [str(span.style) for span in line.spans]
    assert styles == [
        *(labels.FAINT, labels.GOOD, labels.GOOD, labels.GOOD),
        *(labels.DOUBTFUL, labels.BAD, labels.BAD),
    ]
    assert str(sparkline([])) == ""
    assert str(sparkline([Beat()] * 3)) == "···"


def told(*notes: tuple[Sequence[News], float]) -> list[str]:
    """Return what is told when these records come at these times, in seconds from now."""
    sentences: list[str] = []
    alerts = Alerts(sentences.append)
    for records, after_s in notes:
        alerts.note(records, at(-after_s))
    return sentences


def invalid(number: int, ago_s: float = 0) -> Delivery:
    return delivery(id=number, received_at_us=at(ago_s), verification=BAD)


def failed(number: int, **fields: object) -> Attempt:
    fields = {"started_at_us": NOW_US, "result": response(status=500)} | fields
    return attempt(delivery_id=number, **fields)


def test_one_failure_is_told_with_its_reason() -> None:
    assert told(([invalid(7)], 0)) == [f"#7 failed its check: {BAD.detail}"]
    assert told(([failed(8)], 0)) == ["#8 not taken: ✗ 500"]


def test_many_are_told_together_and_not_at_once() -> None:
    """The first at once, what follows after a while in one sentence."""
    many = [each for n in range(2, 502) for each in (invalid(n), failed(n))]
    assert told(([invalid(1)], 0), (many, 0.1), ([], EVERY_S - 0.1), ([], EVERY_S), ([], 60)) == [
        f"#1 failed its check: {BAD.detail}",
        "500 deliveries failed their check, the last #501\n500 attempts failed, the last at #501: ✗ 500",
    ]


def test_the_past_is_not_told() -> None:
    """What the feed reads from the store after a break has happened before."""
    assert told(([invalid(1, ago_s=60)], 0), ([failed(2, started_at_us=at(60))], 0)) == []


def test_an_attempt_is_as_old_as_its_end() -> None:
    slow = failed(2, started_at_us=at(30), duration_us=30_000_000)
    assert told(([slow], 0)) == ["#2 not taken: ✗ 500"]


def test_what_is_no_failure_is_not_told() -> None:
    good: list[News] = [
        delivery(received_at_us=NOW_US),
        delivery(received_at_us=NOW_US, verification=BAD, handshake="answered"),
        attempt(started_at_us=NOW_US),
        failed(3, trigger=Trigger.REPLAY),
        verdict(verification=BAD),
    ]
    assert told((good, 0)) == []


def test_what_is_told_in_short_is_told_without_its_reason() -> None:
    """What is no failure or long past is not told at all, as ever."""
    short = [brief(each) for each in (invalid(7), failed(8))]
    replay = failed(9, trigger=Trigger.REPLAY)
    past = failed(10, started_at_us=at(60))
    others = [brief(each) for each in (replay, past, delivery(), attempt(), verdict())]
    assert told(([*short, *others], 0)) == ["#7 failed its check\n#8 not taken"]
    assert told((short, 0), (short * 2, 0.1), ([], EVERY_S)) == [
        "#7 failed its check\n#8 not taken",
        "2 deliveries failed their check, the last #7\n2 attempts failed, the last at #8",
    ]


def test_switched_off_nothing_is_told_nor_saved_up() -> None:
    sentences: list[str] = []
    alerts = Alerts(sentences.append)
    assert alerts.toggle() is False
    alerts.note([invalid(1)], NOW_US)
    assert alerts.toggle() is True
    alerts.note([], NOW_US)
    assert sentences == []


def test_a_notification_of_the_desktop_carries_nothing_of_a_sender_but_words() -> None:
    """Neither can it be ended early, nor another sequence be begun, nor a field be added."""
    told = desktop("#1 failed its check: " + "a;b\x1b]52;c;eA==\x07\x9c\x1b\\\n\u202e" * 100)
    first, second, rest = told.split("\x1b\\")
    assert first.startswith("\x1b]9;#1 failed its check: a,b␛]52,c,eA==␇")
    assert second.startswith("\x1b]777;notify;Hooktap;#1 failed")
    assert rest == ""
    assert not set(first[1:] + second[1:]) & set("\x1b\x07\x9c\n\u202e")
    assert len(told) < 500


def table(text: str) -> Table:
    return Table(tomllib.loads(text), "hooktap.toml", text=text)


def test_what_is_told_can_be_chosen() -> None:
    """The project's file before the user's, key by key."""
    own, users = table("[notify]\nbell = true\n"), table("[notify]\nbell = false\ntoasts = false\n")
    assert read_notices([own, users]) == Notices(toasts=False, bell=True)
    assert read_notices([]) == read_notices([table("")]) == Notices()


@pytest.mark.parametrize("text", ["bel = true", "bell = 1", 'desktop = "yes"'])
def test_a_wrong_choice_is_pointed_at(text: str) -> None:
    with pytest.raises(ConfigError, match=r"hooktap\.toml:2: notify"):
        read_notices([table(f"[notify]\n{text}\n")])
