import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.text import safe
from tests.factories import headers
from tui.bodyview import DEPTH_CAP, LINE_CAP, SHOWN_BYTES, SHOWN_LINES, Body, BodyView, View, build


def look(
    content: bytes,
    content_type: str = "application/json",
    *,
    encoding: str = "",
    view: View | None = None,
    width: int = 80,
) -> BodyView:
    return build(Body(content, len(content), content_type, encoding), view, width=width)


def texts(shown: BodyView) -> list[str]:
    return [str(line.content) for line in shown.lines]


def test_empty_body() -> None:
    assert look(b"").notes == ("the body is empty",)


def test_json_is_indented_and_every_token_kept() -> None:
    """Repeated keys, long integers and `1.10` stay as they were written: nothing is re-serialised."""
    shown = look(b'{"a":1.10,"a":123456789012345678901,"c":[ ]}')

    assert shown.view is View.PRETTY
    assert shown.language == "json"
    assert texts(shown) == [
        "▾ {",
        '    "a": 1.10,',
        '    "a": 123456789012345678901,',
        '    "c": []',
        "  }",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_indented_json_means_the_same(value: object) -> None:
    shown = look(json.dumps(value).encode())

    assert shown.view is View.PRETTY
    assert json.loads("\n".join(text[2:] for text in texts(shown))) == value


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b'{"a":1,}', "not JSON: a key is missing (line 1, column 8)"),
        (b'{"a":\n NaN}', "not JSON: NaN is no JSON value (line 2, column 2)"),
        (b'{"a":"', "not JSON: a string is broken off (line 1, column 6)"),
        (b"[" * 100_000, f"nested more than {DEPTH_CAP} deep"),
        (b'{"a":' * 100_000, f"nested more than {DEPTH_CAP} deep"),
        (b"}" * 10, "not JSON"),
        (b'"' * 11, "not JSON"),
    ],
)
def test_what_is_not_json_is_text_and_says_why(content: bytes, note: str) -> None:
    shown = look(content)

    assert shown.view is View.TEXT
    assert shown.views == (View.TEXT, View.HEX)
    assert any(each.startswith(note) for each in shown.notes)


def test_number_of_a_million_digits_is_only_shown() -> None:
    assert look(b"[" + b"9" * 900_000 + b"]").view is View.PRETTY


def test_text_that_only_looks_like_json_is_no_mistake() -> None:
    assert look(b"[draft] hello", "text/plain").notes == ()


def test_form_is_one_field_a_line() -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"

    shown = look(b"name=Zo%C3%AB+A&code=%1B%5B%ff&flag&a=b=c", form)

    assert texts(shown) == ["name  Zoë A", "code  ␛[\\xff", "flag  ", "a     b=c"]
    assert [line.value for line in shown.lines] == ["Zoë A", "␛[\\xff", "", "b=c"]
    assert texts(look(b"a=1&b=2", form, view=View.TEXT)) == ["a=1&b=2"]


def test_json_that_is_called_a_form_is_json() -> None:
    """`curl -d` calls everything a form."""
    form = "application/x-www-form-urlencoded"

    assert texts(look(b'{"a":"b&c=d"}', form)) == ["▾ {", '    "a": "b&c=d"', "  }"]
    assert texts(look(b"{a}=1&b=2", form)) == ["{a}  1", "b    2"]


def test_html_is_coloured_text() -> None:
    shown = look(b"<!doctype html>\r\n<p>\r\n\t<br>\r\n", "text/html")

    assert (shown.view, shown.language) == (View.TEXT, "xml")
    assert texts(shown) == ["<!doctype html>", "<p>", "    <br>"]


def test_binary_is_hex() -> None:
    shown = look(bytes(range(250, 256)) + b"\0AB~\x7f")

    assert shown.view is View.HEX
    assert shown.views == (View.HEX, View.TEXT)
    assert texts(shown) == [
        "00000000  fa fb fc fd fe ff 00 41 42 7e 7f                 ·······AB~·"
    ]
    assert texts(look(b"\xff" * 9, width=60)) == [
        "00000000  ff ff ff ff ff ff ff ff  ········",
        "00000008  ff                       ·",
    ]


def test_binary_as_text_shows_its_bytes() -> None:
    assert texts(look(b"a\xffb\0\n", view=View.TEXT)) == ["a\\xffb␀"]


def test_a_view_that_does_not_suit_falls_back() -> None:
    assert look(b"plain", "text/plain", view=View.PRETTY).view is View.TEXT


def test_only_the_first_mebibyte_is_shown() -> None:
    content = b'{"a":"' + b"x" * (2 * SHOWN_BYTES) + b'"}'

    body = Body.of(content, len(content), headers(("Content-Type", "application/json")))
    shown = build(body)

    assert len(body.content) == SHOWN_BYTES
    assert shown.view is View.TEXT
    assert "".join(texts(shown)) == content[:SHOWN_BYTES].decode()
    assert max(map(len, texts(shown))) == LINE_CAP
    assert shown.notes == ("only the first 1,048,576 of 2,097,160 bytes are shown",)


def test_a_character_cut_by_the_cap_does_not_make_it_binary() -> None:
    content = b"x" + "é".encode() * SHOWN_BYTES

    assert build(Body.of(content, len(content), headers())).view is View.TEXT


@pytest.mark.parametrize("content", [b"[" + b"1," * 400_000 + b"1]", b"\n" * 900_000])
def test_only_so_many_lines_are_shown(content: bytes) -> None:
    shown = look(content)

    assert len(shown.lines) == SHOWN_LINES
    assert shown.notes[-1] == f"only the first {SHOWN_LINES:,} lines are shown"


@pytest.mark.parametrize(
    ("view", "part", "count"),
    [
        (View.TEXT, b"ab\r\n", 4 * SHOWN_LINES),
        (View.HEX, b"ab\r\n", 16 * SHOWN_LINES),
        (View.TEXT, b"\n" * 49 + b"\t" * 500 + b"ab\n", 392 * 552 + 8),
        (
            View.TEXT,
            b"\n" * (SHOWN_LINES - 2) + b"x" * 2 * SHOWN_BYTES,
            SHOWN_LINES - 2 + 2 * LINE_CAP,
        ),
    ],
)
def test_of_two_bounds_the_one_that_holds_is_told(view: View, part: bytes, count: int) -> None:
    """How many bytes stand in the lines that are shown, of more than were looked at."""
    content = part * (3 * SHOWN_BYTES // len(part))

    shown = look(content, "text/plain", view=view)

    assert len(shown.lines) == SHOWN_LINES
    assert shown.notes == (f"only the first {count:,} of {len(content):,} bytes are shown",)


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [("gzip", gzip.compress(b'{"a":1}', mtime=0)), ("Deflate", zlib.compress(b'{"a":1}'))],
)
def test_compressed_body_is_inflated_to_be_read(encoding: str, compressed: bytes) -> None:
    shown = look(compressed, encoding=encoding)

    assert texts(shown) == ["▾ {", '    "a": 1', "  }"]
    assert shown.notes[0].startswith("inflated from")
    assert texts(look(compressed, encoding=encoding, view=View.HEX))[0].startswith(
        f"00000000  {compressed[:2].hex(' ')}"
    )


def test_bomb_is_inflated_no_further_than_is_shown() -> None:
    shown = look(gzip.compress(b"0" * 50 * SHOWN_BYTES), encoding="gzip")

    assert sum(map(len, texts(shown))) == SHOWN_BYTES
    assert "of what it inflates to" in shown.notes[0]


def test_gzip_that_is_not_gzip() -> None:
    shown = look(b"plain", "text/plain", encoding="gzip")

    assert texts(shown) == ["plain"]
    assert shown.notes == ("the body says gzip, and is not",)


@given(
    content=st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")),
    content_type=st.sampled_from(
        [
            "",
            "application/json",
            "text/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=-",
        ]
    ),
    encoding=st.sampled_from(["", "gzip", "deflate", "br"]),
    view=st.none() | st.sampled_from(View),
    width=st.integers(0, 200),
)
def test_any_body_can_be_shown_safely(
    content: bytes, content_type: str, encoding: str, view: View | None, width: int
) -> None:
    shown = look(content, content_type, encoding=encoding, view=view, width=width)

    assert shown.view in shown.views
    for line in [*texts(shown), *shown.notes]:
        assert safe(line) == line
