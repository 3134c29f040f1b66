import pytest

from inspector.core.marks import NOTE_MAX, Mark, MarkOrder, note_of


@pytest.mark.parametrize(
    ("order", "now"),
    [
        (MarkOrder(), Mark(True, "refund")),
        (MarkOrder(marked=False), Mark(False, "refund")),
        (MarkOrder(note=""), Mark(True)),
        (MarkOrder(note="paid"), Mark(True, "paid")),
        (MarkOrder(marked=False, note=""), Mark()),
    ],
)
def test_what_is_not_ordered_stays(order: MarkOrder, now: Mark) -> None:
    assert order.applied_to(Mark(True, "refund")) == now


def test_a_note_alone_is_something_too() -> None:
    assert Mark(note="x")
    assert Mark(marked=True)
    assert not Mark()


@pytest.mark.parametrize("text", ["x" * (NOTE_MAX + 1), "\udcff"])
def test_what_can_be_no_note(text: str) -> None:
    with pytest.raises(ValueError, match="a note"):
        note_of(text)


def test_a_note_is_kept_as_it_is() -> None:
    assert note_of(" [/]\x1b ") == "[/]\x1b"
    assert note_of("x" * NOTE_MAX) == "x" * NOTE_MAX
