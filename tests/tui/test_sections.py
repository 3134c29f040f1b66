import pytest

from tests.factories import attempt, delivery
from tui import sections
from tui.window import Row, Window


def row(*, held: bool = False, attempts: int = 0, first: int | None = 12) -> Row:
    window = Window()
    made = delivery(id=13, duplicate_of=first, duplicate_held=held)
    replays = [attempt(id=14 + number, delivery_id=13, number=1) for number in range(attempts)]
    window.add_records([made, *replays])
    found = window.get(13)
    assert found is not None
    return found


@pytest.mark.parametrize("attempts", [0, 1])
@pytest.mark.parametrize("held", [False, True])
def test_a_duplicate_says_so(held: bool, attempts: int) -> None:
    """And why it was not forwarded, until somebody replays it."""
    shown = row(held=held, attempts=attempts)
    summary = str(sections.summary(shown, None))

    assert "Duplicate of #12: its event came before\n" in summary
    assert summary.endswith("→ held: duplicate of #12") is (held and not attempts)
    overview = sections.overview_lines(shown, None, None, is_configured=False)
    facts = [str(line.content) for line in overview]
    assert ["duplicate", "of", "#12"] in [fact.split() for fact in facts]


def test_any_other_delivery_says_nothing() -> None:
    shown = row(first=None)

    assert "uplicate" not in str(sections.summary(shown, None))
    assert str(sections.summary(shown, None)).endswith("→ not forwarded")
