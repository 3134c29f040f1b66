from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.folding import Folding, Line


def rows(folding: Folding) -> list[str]:
    """Return what stands on each row."""
    pieces = [folding.piece(row) for row in range(folding.rows)]
    texts = [str(folding.lines[piece.index].content) for piece in pieces]
    return [
        " " * piece.indent + text[piece.start : piece.end]
        for piece, text in zip(pieces, texts, strict=True)
    ]


def test_nothing_has_no_rows() -> None:
    assert Folding((), 10).rows == 0


def test_folded_rest_hangs() -> None:
    folding = Folding([Line('  "a": "bcdefgh"', hang=4), Line(""), Line(Content("end"))], 10)

    assert rows(folding) == ['  "a": "bc', '    defgh"', "", "end"]
    assert [folding.row_of(index) for index in (0, 1, 2, 3, 9)] == [0, 2, 3, 4, 4]
    assert [folding.line_at(row) for row in range(4)] == [0, 0, 1, 2]


def test_wide_characters_are_not_halved() -> None:
    assert rows(Folding([Line("日本語")], 5)) == ["日本", "語"]


def test_hang_leaves_half_the_width() -> None:
    assert rows(Folding([Line("abcdefgh", hang=80)], 4)) == ["abcd", "  ef", "  gh"]


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=["C"]))),
    width=st.integers(0, 12),
    hang=st.integers(0, 12),
)
def test_every_character_has_its_place(texts: list[str], width: int, hang: int) -> None:
    folding = Folding([Line(text, hang) for text in texts], width)

    pieces = [folding.piece(row) for row in range(folding.rows)]

    shown = [""] * len(texts)
    for piece, row in zip(pieces, rows(folding), strict=True):
        assert cell_len(row) <= folding.width
        assert piece.start == len(shown[piece.index])
        shown[piece.index] += texts[piece.index][piece.start : piece.end]
    assert shown == texts
