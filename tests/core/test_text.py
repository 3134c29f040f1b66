import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.text import (
    MARKS_MAX,
    cells,
    decode,
    encode,
    encode_any,
    fit,
    is_unicode,
    safe,
    safe_lines,
    shorten,
)

INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
VISIBLE_FORMATS = {
    # Signs that are drawn round the digits after them, and the joiners of hieroglyphs.
    *map(chr, range(0x0600, 0x0606)),
    *"\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd",
    *map(chr, range(0x13430, 0x13440)),
}
BLANKS = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2065\u3164\uffa0\ufff0\ufff8\U000e0100"
)
"""Ignored where they are drawn, though Unicode counts them as letters, marks or nothing yet."""


@given(st.binary())
def test_any_bytes_survive(raw: bytes) -> None:
    """Wire bytes come back from text as they were, whatever they were."""
    assert encode(decode(raw)) == raw


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\x1b[2J\x7f",
        b"caf\xe9",  # latin-1
        b"\xed\xb2\x80",  # UTF-8 of the surrogate that stands for the byte 80
        b"\xf0\x9f\x98",  # cut short
        "héllo 😀".encode(),
    ],
)
def test_bytes_that_are_not_text(raw: bytes) -> None:
    """Bytes that only look like an escape of PEP 383 are not taken for one."""
    assert encode(decode(raw)) == raw


@given(st.text(st.characters(exclude_categories=[])))
def test_what_utf8_cannot_write(text: str) -> None:
    """Surrogates are what tells decoded bytes, and halves of characters, from text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not is_unicode(text)
    else:
        assert is_unicode(text)


def test_no_character_hides_or_steers() -> None:
    """No control, line separator, surrogate or invisible format character is left in safe text."""
    left = {
        character
        for character in map(chr, range(0x110000))
        if character in safe(character)
        and (
            unicodedata.category(character) in INVISIBLE
            or (unicodedata.category(character) == "Cf" and character not in VISIBLE_FORMATS)
            or character in BLANKS
        )
    }
    assert left == set()


def test_what_is_shown_instead() -> None:
    """Each kind of character has its own visible form."""
    assert safe("\x1b]52;c;aGk=\x07\r\n\t\x00\x7f") == "␛]52;c;aGk=␇␍␊␉␀␡"
    assert safe("\x9b2J\u202e\U000e0041") == r"\u009b2J\u202e\U000e0041"
    assert safe(b"caf\xe9") == r"caf\xe9"
    assert safe("\ud800") == r"\ud800"


def test_ordinary_text_is_left_alone() -> None:
    """Letters of any script, emoji with their variation selectors, and markup stay as they are."""
    text = "[/] {} Grüße, 日本語, ❤\ufe0f, 100 %"
    assert safe(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "ที่นี่ น้ำ ก็",  # Thai: a vowel and a tone on one letter
        unicodedata.normalize("NFD", "Tiếng Việt: Nguyễn, ở giữa"),
        "नमस्ते, क्षत्रिय, र्क्त्य",
        "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים",  # Hebrew with points and accents
        "بِسْمِ ٱللَّٰهِ ٱلرَّحْمَٰنِ",
        "\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",  # the tallest stack of Tibetan
        "❤\ufe0f☀\ufe0f✈\ufe0f✉\ufe0f☎\ufe0f" * 9,
        "─│┌┐└┘├┤┬┴┼" * 9,
        "1\ufe0f\u20e3",
    ],
)
def test_letters_with_their_marks_are_left_alone(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u0e49", "\u0f90", "\u20dd", "\U0001e8d0"])
def test_a_stack_of_marks_has_an_end(mark: str) -> None:
    """Four thousand marks on one letter would be drawn over all the lines above it."""
    escape = f"\\u{ord(mark):04x}" if mark <= "\uffff" else f"\\U{ord(mark):08x}"

    shown = safe("→Z" + mark * 4000 + "a" + mark * MARKS_MAX + "…")

    kept = mark * MARKS_MAX
    assert shown == "→Z" + kept + escape * (4000 - MARKS_MAX) + "a" + kept + "…"


def test_no_mark_is_overlooked() -> None:
    """Whatever takes no room of its own is counted, whichever script it belongs to."""
    marks = [
        character
        for character in map(chr, range(0x110000))
        if unicodedata.category(character) in {"Mn", "Me"} and safe(character) == character
    ]
    assert len(marks) > 1000
    assert all(safe(each * 9) != each * 9 for each in marks)
    assert max(map(cells, marks)) == 0


@given(st.text(st.characters() | st.sampled_from("\u0301\u0e49\u200b\ufe0f→Za"), min_size=9))
def test_no_stack_is_left(text: str) -> None:
    height = 0
    for character in safe(text):
        height = height + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        assert height <= MARKS_MAX


@given(st.text())
def test_safe_is_one_line_and_stays_so(text: str) -> None:
    """Safe text has no line break by anybody's reading, and making it safe again changes nothing."""
    once = safe(text)
    assert len(once.splitlines()) <= 1
    assert safe(once) == once


@given(st.text())
def test_lines_keep_their_breaks_only(text: str) -> None:
    """`safe_lines` leaves line feeds, as many as there were, and nothing else that moves a cursor."""
    shown = safe_lines(text)
    assert shown.count("\n") == text.count("\n")
    assert safe(shown.replace("\n", "")) == shown.replace("\n", "")


def test_lines() -> None:
    """CRLF is one break; a CR alone, which would overwrite its line, is shown; tabs become spaces."""
    assert safe_lines(b"a\r\nb\rc\n\td") == "a\nb␍c\n    d"
    assert safe_lines("a\tb", tab_width=2) == "a b"
    assert safe_lines("") == ""


@given(st.text(), st.integers(-1, 40))
def test_shortened_text_fits(text: str, width: int) -> None:
    """A text is cut to its width and says so, or is left alone."""
    cut = shorten(text, width)
    assert len(cut) <= max(width, 0)
    assert cut == text or cut.endswith("…") or width <= 0


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("booking", 7),
        ("予約.完了", 9),
        ("ﾊﾝ", 2),
        ("\uff21\uff22", 4),
        ("🎉", 2),
        ("🇯🇵", 2),
        ("cafe\u0301", 4),
        ("a\u20dd", 1),
        ("한", 2),
        ("\u1112\u1161\u11ab", 2),
        ("é→…·", 4),
        ("नमस्ते", 4),
    ],
)
def test_columns_of_a_text(text: str, columns: int) -> None:
    assert cells(text) == columns
    assert fit(text, 12) == text + " " * (12 - columns)


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("booking", "booki…"),
        ("予約完了", "予約… "),
        ("a予約完了", "a予約…"),
        ("cafe\u0301cafe", "cafe\u0301c…"),
        ("", "      "),
        ("🎉🎉🎉", "🎉🎉🎉"),
    ],
)
def test_text_cut_to_columns(text: str, fitted: str) -> None:
    """What is half in takes its whole place with it, and a mark goes with its letter."""
    assert fit(text, 6, 6) == fitted
    assert cells(fitted) == 6


@given(st.text().map(safe), st.integers(1, 30), st.integers(1, 30))
def test_fitted_text_fits(text: str, width: int, most: int) -> None:
    fitted = fit(text, width, most)
    assert min(width, most) <= cells(fitted) <= max(width, most)
    assert fitted.rstrip(" ") == text.rstrip(" ") or cells(text) <= most or "…" in fitted


def test_anything_can_be_encoded() -> None:
    """What stands for a byte becomes that byte; a surrogate that stands for none is no reason to fail."""
    assert encode_any("é\udcff") == "é".encode() + b"\xff"
    assert encode_any("\ud800") == b"\xed\xa0\x80"
