import pytest
from hypothesis import example, given
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


def test_prose_is_folded_between_words() -> None:
    text = "The signature matches the body"

    assert rows(Folding([Line(text, hang=2, is_prose=True)], 16)) == [
        "The signature",
        "  matches the",
        "  body",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abcdefghij klm", ["abcdefgh", "ij klm"]),
        ("abcdefgh ijk", ["abcdefgh", "ijk"]),
        ("日本語 日本", ["日本語", "日本"]),
        ("日本語日本語", ["日本語日", "本語"]),
        (" abc defgh", [" abc", "defgh"]),
    ],
)
def test_prose_of_odd_words(text: str, shown: list[str]) -> None:
    """One that is longer than a row is cut."""
    assert rows(Folding([Line(text, is_prose=True)], 8)) == shown


@given(
    text=st.text(st.characters(exclude_categories=["C"]) | st.sampled_from(" ")),
    width=st.integers(0, 12),
    hang=st.integers(0, 12),
)
@example(text="00\u2e80\u1100\u093c", width=0, hang=2)
@example(text="00⺀00़", width=0, hang=2)
def test_only_spaces_between_rows_are_left_out(text: str, width: int, hang: int) -> None:
    folding = Folding([Line(text, hang, is_prose=True)], width)

    at = 0
    for row in range(folding.rows):
        piece = folding.piece(row)
        assert text[at : piece.start] in ("", " ")
        assert cell_len(text[piece.start : piece.end]) + piece.indent <= folding.width
        at = piece.end
    assert text[at:] in ("", " ")


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


def test_what_widens_a_character_has_a_cell_of_its_own() -> None:
    """U+FE0F after a character of one cell: never more than fit."""
    for row in rows(Folding([Line("a❤\ufe0fb❤\ufe0f" * 9)], 7)):
        assert cell_len(row) <= 7
