"""Medians, ratios and marks, as `scripts/bench` works them out."""

import pytest

from scripts.benches.figures import (
    Mark,
    Row,
    added_ratios,
    columns,
    percentile,
    ratios,
    written,
)


def test_a_ratio_is_made_within_each_round() -> None:
    """A slow round of both is no worse than a quick one."""
    assert ratios([10.0, 100.0], [20.0, 200.0]) == [0.5, 0.5]


def test_rounds_of_different_numbers_are_not_compared() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


def test_what_is_added_is_compared_without_the_floor() -> None:
    assert added_ratios([3.0], [5.0], [1.0]) == [0.5]


def test_a_round_in_which_the_peer_added_nothing_is_left_out() -> None:
    assert added_ratios([3.0, 3.0], [1.0, 5.0], [1.0, 1.0]) == [0.5]


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)]
)
def test_a_percentile_is_a_value_that_was_seen(share: float, expected: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == expected


def test_the_percentile_of_one_value_is_that() -> None:
    assert percentile([7.0], 0.99) == 7.0


def test_the_median_decides() -> None:
    """The best round does not."""
    row = Row("a rate", Mark(0.8, "x", at_least=True), [0.7, 0.75, 0.9])

    assert row.value == 0.75
    assert row.figure == "0.75x (0.70–0.90)"  # noqa: RUF001 - a range
    assert row.verdict == "missed"


def test_a_mark_itself_is_good_enough() -> None:
    assert Row("a rate", Mark(0.8, "x", at_least=True), [0.8]).verdict == "met"
    assert Row("a wait", Mark(12, "ms"), [12.0]).verdict == "met"
    assert Row("a wait", Mark(12, "ms"), [12.1]).verdict == "missed"


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    row = Row("a rate", Mark(12, "x", at_least=True), said="there is no peer")

    assert row.value is None
    assert row.figure == "not measured"
    assert row.verdict == "–"  # noqa: RUF001 - nothing to say


def test_one_round_has_no_spread() -> None:
    assert Row("a size", Mark(1.25, "x"), [1.2]).figure == "1.20x"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.4, "x", "0.40x"),
        (12, "x", "12.0x"),
        (120, "ms", "120 ms"),
        (1234.5, "ms", "1,234 ms"),
        (9.996, "MB", "10.00 MB"),
    ],
)
def test_figures_have_three_digits_or_so(value: float, unit: str, expected: str) -> None:
    assert written(value, unit) == expected


def test_columns_stand_below_each_other() -> None:
    assert columns([("", "b"), ("first", "10"), ("x", "2")]) == "        b\nfirst  10\nx       2"
