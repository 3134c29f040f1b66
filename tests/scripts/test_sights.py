"""What is read off the terminal's screen, from screens as it paints them, half painted ones among them."""

import pytest

from scripts.benches import sights
from scripts.benches.sights import Line
from scripts.screen import Screen

BAR = " hooktap   http://127.0.0.1:8400/in/<name>   ● connected   {count} deliveries   {state}"
WHOLE = "{mark}{number:>5}  charge.refunded   ? no secret  ✓ 200      {body}"
WAITS = "{mark}{number:>5}  …                                     {body}"
TABS = "Body pretty Headers Attempts 1 Overview History"


def screen(*lines: str, count: str = "1,204", state: str = "▼ following") -> Screen:
    """Paint a bar, the titles, these lines, and what stands below a list."""
    painted = Screen(120, 12)
    below = (" ······   0/s   70 GiB free", " r Replay  s Sample  ? Help  q Quit")
    rows = [BAR.format(count=count, state=state), "    id  event", *lines, *below]
    painted.feed("".join(f"\x1b[{at};1H{row}" for at, row in enumerate(rows, 1)).encode())
    return painted


def whole(number: int, mark: str = " ", body: str = "") -> str:
    return WHOLE.format(number=number, mark=mark, body=body)


def waits(number: int, mark: str = " ", body: str = "") -> str:
    return WAITS.format(number=number, mark=mark, body=body)


def test_the_list_is_read_line_by_line() -> None:
    seen = screen(whole(7), waits(8), whole(12345, "▌"))

    assert sights.listed(seen) == [
        Line(7, is_selected=False, is_whole=True),
        Line(8, is_selected=False, is_whole=False),
        Line(12345, is_selected=True, is_whole=True),
    ]
    assert sights.listed(screen()) == []


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [whole(7)],
        [whole(7, "▌"), whole(8, "▌")],  # the first has been painted, the other not yet
        [waits(7, "▌"), whole(8)],
    ],
)
def test_none_is_selected_before_it_is_painted(lines: list[str]) -> None:
    assert sights.selected(screen(*lines)) is None


def test_another_is_selected_when_it_is_further_in_that_direction() -> None:
    seen = screen(whole(7), whole(9, "▌"))

    assert sights.moved(10, -1)(seen)
    assert sights.moved(8, 1)(seen)
    assert not sights.moved(9, -1)(seen)
    assert not sights.moved(8, -1)(seen)


def test_an_end_of_the_list_is_there_when_every_line_is_whole() -> None:
    assert sights.is_at_newest(screen(whole(7), whole(9, "▌")))
    assert not sights.is_at_newest(screen(whole(7), whole(9, "▌"), state="‖ paused, 3 new"))
    assert sights.is_paused(screen(state="‖ paused, 3 new"))
    assert not sights.is_paused(screen())
    assert not sights.is_at_newest(screen(waits(7), whole(9, "▌")))
    assert not sights.is_at_newest(screen(whole(7, "▌"), whole(9)))
    assert sights.is_at_oldest(screen(whole(7, "▌"), whole(9)))
    assert not sights.is_at_oldest(screen(whole(7, "▌"), waits(9)))


def test_a_page_is_there_with_as_many_as_there_is_room_for() -> None:
    seen = screen(whole(7), whole(9, "▌"))

    assert sights.shows([9, 7, 3])(seen)
    assert not sights.shows([9, 8])(seen)
    assert not sights.shows([9])(seen)
    assert not sights.finds([9, 7])(seen)
    assert sights.finds([9, 7])(screen(whole(7), whole(9, "▌"), "/ method:PUT      2 of 1,204"))
    assert not sights.finds([9, 7])(screen(whole(7), whole(9, "▌"), "/ method:PUT"))


def test_a_filter_and_the_number_of_all_are_read() -> None:
    assert sights.has_filter(screen("/ provider:jinko"))
    assert not sights.has_filter(screen(whole(7)))
    assert sights.counts(1204)(screen())
    assert not sights.counts(1205)(screen())
    assert not sights.counts(1)(Screen(120, 1))


def test_a_body_is_what_stands_below_the_tabs() -> None:
    seen = screen(whole(6, body=TABS), whole(7, "▌", "{"), whole(8))
    column = seen.lines[2].index("Body") + 1
    before = sights.body(seen)

    seen.feed(f"\x1b[1;1H hooktap!\x1b[4;1H \x1b[3;{column}HBody hex".encode())
    assert sights.body(seen) == before
    seen.feed(f"\x1b[4;{column}H\x1b[7m{{".encode())
    assert sights.body(seen) != before


def test_an_empty_list_waits_with_an_address() -> None:
    assert sights.is_waiting(screen("Waiting for the first delivery", "http://127.0.0.1:1/in/demo"))
    assert not sights.is_waiting(screen("Waiting for the first delivery", "/in/<name>"))
