import pytest

from inspector.core.model import Attempt, Failure, FailureKind, Timing
from tests.factories import attempt, delivery, response
from tui import attemptlines, labels
from tui.folding import Folding
from tui.timing import WIDTH, bar, legend


def lasting(*durations_us: int) -> list[Attempt]:
    return [attempt(id=n, number=n, duration_us=each) for n, each in enumerate(durations_us, 1)]


def shown(*durations_us: int) -> list[str]:
    lines = attemptlines.lines(delivery(id=1), lasting(*durations_us), {}, None)
    return [str(line.content) for line in lines]


def test_the_slowest_is_the_longest() -> None:
    among = lasting(1000, 500, 250)
    assert [str(bar(each, among)).rstrip() for each in among] == ["█" * 24, "█" * 12, "█" * 6]


def test_what_took_next_to_nothing_is_seen() -> None:
    among = lasting(30_000_000, 1, 0)
    assert [str(bar(each, among)).rstrip() for each in among[1:]] == ["▏", "▏"]


def test_parts_of_a_block() -> None:
    assert str(bar(lasting(3)[0], lasting(3, 16))) == ("████▌").ljust(WIDTH)


@pytest.mark.parametrize("durations_us", [(5,), (), (0, 0)])
def test_there_is_nothing_to_compare(durations_us: tuple[int, ...]) -> None:
    assert not any("█" in line for line in shown(*durations_us))


def test_each_attempt_has_its_bar_below_its_head() -> None:
    lines = shown(8, 4)
    assert lines[0].startswith("2  forward")
    assert lines[1].strip() == "█" * 12
    assert [line.strip() for line in lines if "█" in line] == ["█" * 12, "█" * 24]


LATE = Failure(FailureKind.TIMEOUT, "no complete answer within 30 s")


def timed(*spans_us: int | None, **fields: object) -> Attempt:
    timing = Timing(*spans_us)
    whole = sum(each for each in spans_us if each is not None)
    return attempt(**{"timing": timing, "duration_us": whole, **fields})


def looks(made: Attempt) -> list[tuple[str, str]]:
    """Return the parts of a bar, each with its component class."""
    found = bar(made, [made])
    assert found is not None
    return [(found.plain[each.start : each.end], str(each.style)) for each in found.spans]


@pytest.mark.parametrize(
    ("spans_us", "blocks"),
    [
        ((2, 6, 4), "░" * 4 + "█" * 12 + "▒" * 8),
        ((None, 6, 6), "█" * 12 + "▒" * 12),
        ((6, None, None), "░" * 24),
        ((6, 6, None, 12), "╌" * 12 + "░" * 6 + "█" * 6),
        ((1, 1_000_000, 1), "█" * 24),
        ((1, 1, 1), "░" * 8 + "█" * 8 + "▒" * 8),
        ((0, 0, 5), "▒" * 24),
    ],
)
def test_a_bar_is_split_into_phases(spans_us: tuple[int | None, ...], blocks: str) -> None:
    """One alone, too: there is something to compare in it."""
    made = timed(*spans_us)
    assert str(bar(made, [made])) == blocks


def test_beside_others_the_phases_are_as_long_as_the_whole() -> None:
    among = [
        timed(500, 250, 250),
        timed(None, 2000, 2000),
        timed(0, 1, 0),
        attempt(duration_us=4000),
    ]
    assert [str(bar(each, among)) for each in among] == [
        "░░░█▒▒".ljust(WIDTH),
        "█" * 12 + "▒" * 12,
        "█".ljust(WIDTH),
        "█" * WIDTH,
    ]


def test_without_a_measured_phase_it_is_one_piece() -> None:
    among = [timed(0, 0, 0, duration_us=16), timed(None, 0, 0, duration_us=3)]
    assert [str(bar(each, among)).rstrip() for each in among] == ["█" * 24, "████▌"]


def test_the_phase_that_failed_is_bad() -> None:
    assert looks(timed(6, 6, 12)) == [
        ("░" * 6, labels.FAINT),
        ("█" * 6, labels.GOOD),
        ("▒" * 12, labels.NEUTRAL),
    ]
    assert looks(timed(12, 12, None, result=LATE))[-1] == ("█" * 12, labels.BAD)
    assert looks(timed(None, 12, 12, result=LATE))[-2:] == [
        ("█" * 12, labels.GOOD),
        ("▒" * 12, labels.BAD),
    ]
    assert looks(timed(12, None, None, result=LATE))[-1] == ("░" * 24, labels.BAD)
    refused = response(status=500)
    assert ("█" * 12, labels.BAD) in looks(timed(0, 12, 12, result=refused))


@pytest.mark.parametrize(
    ("width", "rows"),
    [
        (70, ["   ░ connected in 1 ms, █ answered after 12 ms, ▒ read in 0.3 ms"]),
        (54, ["   ░ connected in 1 ms, █ answered after 12 ms,", "▒ read in 0.3 ms"]),
        (30, ["   ░ connected in 1 ms,", "█ answered after 12 ms,", "▒ read in 0.3 ms"]),
    ],
)
def test_the_legend_breaks_between_phases(width: int, rows: list[str]) -> None:
    lines = list(legend(timed(1000, 12_000, 300)))
    folding = Folding(lines, width)
    pieces = [folding.piece(row) for row in range(folding.rows)]
    shown = [str(lines[0].content)[piece.start : piece.end] for piece in pieces]
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in shown] == rows
    assert [piece.indent for piece in pieces[1:]] == [3] * (len(rows) - 1)


def test_what_is_copied_of_a_legend_is_a_sentence() -> None:
    (line,) = legend(timed(None, 12_000, 300))
    assert line.value == "connection kept, answered after 12 ms, read in 0.3 ms"
    assert str(line.content).strip().startswith("connection\N{NO-BREAK SPACE}kept, █")
    assert list(legend(attempt())) == []


def test_the_legend_stands_below_the_bar() -> None:
    lines = attemptlines.lines(delivery(id=1), [timed(6, 6, 12)], {}, None)
    texts = [str(line.content).replace("\N{NO-BREAK SPACE}", " ").strip() for line in lines[:4]]
    assert texts[1:3] == [
        "░" * 6 + "█" * 6 + "▒" * 12,
        "░ connected in <0.1 ms, █ answered after <0.1 ms, ▒ read in <0.1 ms",
    ]
    assert texts[3] == "http://127.0.0.1:3000/"
