import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.timestamps import TimeRule, Unit, Window, duration
from tests.factories import NOW_S


@pytest.mark.parametrize(
    ("unit", "value", "seconds"),
    [
        (Unit.S, b"1780387200", 1780387200),
        (Unit.S, b"0", 0),
        (Unit.S, b"253402300799", 253402300799),
        (Unit.S, b"253402300800", None),
        (Unit.S, b"9" * 5000, None),
        (Unit.S, b"", None),
        (Unit.S, b"-1", None),
        (Unit.S, b"+1", None),
        (Unit.S, b" 1", None),
        (Unit.S, b"1_0", None),
        (Unit.S, b"1.5", None),
        (Unit.S, b"soon", None),
        (Unit.S, "\u0661".encode(), None),
        (Unit.MS, b"1780387200500", 1780387200.5),
        (Unit.RFC3339, b"2026-06-02T08:00:00Z", 1780387200),
        (Unit.RFC3339, b"2026-06-02T10:00:00.5+02:00", 1780387200.5),
        (Unit.RFC3339, b"2026-06-02t08:00:00.634234626z", 1780387200.634234),
        (Unit.RFC3339, b"2026-06-02T08:00:00", None),
        (Unit.RFC3339, b"20260602T080000Z", None),
        (Unit.RFC3339, b"2026-13-02T08:00:00Z", None),
        (Unit.RFC3339, b"0000-01-01T00:00:00Z", None),
        (Unit.RFC3339, b"0001-01-01T00:00:00+23:59", -62135683140),
        (Unit.RFC3339, b"2026-06-02T08:00:00+99:99", None),
        (Unit.RFC3339, b"1780387200", None),
        (Unit.RFC3339, b"\xff", None),
    ],
)
def test_time_is_read_strictly(unit: Unit, value: bytes, seconds: float | None) -> None:
    """Anything that is not plainly a time in the unit is none, and none can be too large to keep."""
    assert TimeRule(unit).read(value) == seconds


@given(st.sampled_from(Unit), st.integers(0, 4_000_000_000))
def test_written_time_is_read_back(unit: Unit, now_s: int) -> None:
    assert TimeRule(unit).read(TimeRule(unit).write(now_s)) == now_s


@given(st.binary(), st.sampled_from(Unit))
def test_reading_anything_is_a_value(value: bytes, unit: Unit) -> None:
    read = TimeRule(unit).read(value)

    assert read is None or abs(int(read)) < 1 << 62


@pytest.mark.parametrize(
    ("age_s", "window", "complaint"),
    [
        (0, Window.BOTH, None),
        (300, Window.BOTH, None),
        (301, Window.BOTH, "it was signed 5 min 1 s ago; the tolerance is 5 min"),
        (50_580, Window.PAST, "it was signed 14 h 3 min ago; the tolerance is 5 min"),
        (-300, Window.BOTH, None),
        (-301, Window.PAST, None),
        (-86_400, Window.PAST, None),
        (
            -301,
            Window.BOTH,
            "its time is 5 min 1 s ahead of this machine's clock; the tolerance is 5 min",
        ),
    ],
)
def test_age_is_judged_by_the_window(age_s: int, window: Window, complaint: str | None) -> None:
    rule = TimeRule(tolerance_s=300, window=window)

    assert rule.complaint(NOW_S - age_s, NOW_S, None) == complaint


def test_given_tolerance_takes_the_providers_place() -> None:
    rule = TimeRule(tolerance_s=300)

    assert rule.complaint(NOW_S - 301, NOW_S, 302) is None
    assert rule.complaint(NOW_S - 4, NOW_S, 3)
    assert TimeRule().complaint(0, NOW_S, None) is None
    assert TimeRule().complaint(0, NOW_S, 300)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (302, "5 min 2 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (86_400 + 7200 + 120, "1 d 2 h"),
        (1_780_387_200, "20606 d 8 h"),
    ],
)
def test_duration_is_told_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
