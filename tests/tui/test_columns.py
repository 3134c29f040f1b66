import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.model import Outcome, Verification
from tests.factories import attempt, delivery, request
from tui import columns
from tui.columns import EVENT_MIN
from tui.window import Window


def window(**fields: object) -> Window:
    made = Window()
    made.add_records([delivery(id=1042, **fields), attempt(id=1043, delivery_id=1042, number=1)])
    return made


def names(width: int) -> list[str]:
    return [column.name for column in columns.choose(width, window())]


def test_all_columns_where_there_is_room() -> None:
    assert names(110) == ["id", "time", "endpoint", "method", "event", "size", "verdict", "attempt"]


def test_columns_give_way_to_the_event() -> None:
    """The 78 columns of a small terminal lose size and method; number, event and verdict never go."""
    assert names(78) == ["id", "time", "endpoint", "event", "verdict", "attempt"]
    assert names(56) == ["id", "event", "verdict", "attempt"]
    assert names(20) == ["id", "event", "verdict"]


def test_cells_stand_under_their_titles() -> None:
    rows = window(event="booking.completed", verification=Verification(Outcome.VERIFIED, ""))
    chosen = columns.choose(110, rows)

    titles, cells = str(columns.header(chosen)), str(columns.cells(chosen, next(iter(rows)), None))

    for title, cell in [("event", "booking"), ("verdict", "✓ verified"), ("last attempt", "✓ 200")]:
        assert cells.index(cell) == titles.index(title)
    assert cells.startswith("1042")
    assert "29 B" in cells


def test_a_duplicate_is_marked_beside_its_event() -> None:
    """And where it was held, so is what came of forwarding it."""
    rows = Window()
    rows.add_records([delivery(id=13, event="x", duplicate_of=12, duplicate_held=True)])
    chosen = columns.choose(110, rows)

    titles, cells = str(columns.header(chosen)), str(columns.cells(chosen, next(iter(rows)), None))

    assert "x  held: duplicate of #12 " in cells
    assert cells.index("- held") == titles.index("last attempt")


def test_unknown_event_is_shown_and_a_missing_one_is_a_dash() -> None:
    for event, shown in [("no.such.event", "no.such.event"), (None, "-")]:
        rows = window(event=event)
        chosen = columns.choose(110, rows)
        assert shown in str(columns.cells(chosen, next(iter(rows)), None)).split()


@given(
    width=st.integers(-5, 200), event=st.none() | st.text(), endpoint=st.text(), method=st.text()
)
def test_a_row_is_as_wide_as_its_titles(
    width: int, event: str | None, endpoint: str, method: str
) -> None:
    rows = window(event=event, endpoint=endpoint, request=request(method=method))
    chosen = columns.choose(width, rows)

    cells = columns.cells(chosen, next(iter(rows)), None)

    assert cells.cell_length == columns.header(chosen).cell_length
    if width > 60:
        assert cells.cell_length == width
        assert next(each.width for each in chosen if each.name == "event") >= EVENT_MIN


@pytest.mark.parametrize("times", [1, 3])
def test_several_attempts_are_counted(times: int) -> None:
    rows = window()
    rows.add_records(
        [attempt(id=2000 + n, delivery_id=1042, number=n) for n in range(2, times + 1)]
    )

    cells = str(columns.cells(columns.choose(110, rows), next(iter(rows)), None))

    assert cells.rstrip().endswith("✓ 200" if times == 1 else "✓ 200 x3")
