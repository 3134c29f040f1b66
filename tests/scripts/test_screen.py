"""What a screen holds after it was written to, as a person would see it."""

from scripts.screen import Screen


def test_text_stands_where_it_was_put_and_wraps_nowhere() -> None:
    screen = Screen(6, 3)

    screen.feed(b"\x1b[2;3Hab\r\nc")

    assert screen.lines == ["      ", "  ab  ", "c     "]
    assert str(screen) == "\n".join(screen.lines)


def test_a_wide_character_takes_two_cells_and_a_combining_one_none() -> None:
    screen = Screen(6, 1)

    screen.feed("é日本x".encode())

    assert screen.lines == ["é日本x"]
    assert len(screen.part(0, 1, 0)[0][0]) == 6


def test_a_sequence_or_character_may_come_in_pieces() -> None:
    screen = Screen(4, 1)

    for byte in "\x1b[1;2H\x1b[31m✓".encode():
        screen.feed(bytes([byte]))

    assert screen.lines == [" ✓  "]
    assert screen.controls == set()


def test_a_part_differs_when_only_a_colour_does() -> None:
    screen = Screen(4, 2)
    screen.feed(b"\x1b[1;1H\x1b[31mabcd\x1b[2;1Hefgh")
    before = screen.part(1, 2, 2)

    screen.feed(b"\x1b[1;1H\x1b[32mabcd\x1b[2;1Hef")
    assert screen.part(1, 2, 2) == before
    screen.feed(b"gh")
    assert screen.part(1, 2, 2) != before


def test_whatever_else_is_said_is_kept() -> None:
    screen = Screen(4, 1)

    screen.feed(b"\x1b]52;c;eA==\x07a\x07\x1b[2J\x1b[?25lb\xc2\x9b")

    assert screen.lines == ["ab  "]
    assert screen.controls == {"\x1b]52;c;eA==\x07", "\x07", "\x1b[2J", "\x1b[?25l", "\x9b"}
