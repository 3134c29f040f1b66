"""A request as text in an editor or a form, and what comes back from there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import drafts
from inspector.core.drafts import Draft, plain_text, read, write
from inspector.core.edits import Edit
from inspector.core.headers import Headers
from tests.factories import headers, request

ARRIVED = request(target=b"/in/jinko/a?b", headers=headers(("A", "1"), ("a", "")), body=b"{}\n")
DRAFT = Draft.of(ARRIVED)


def test_raw_http_and_back() -> None:
    assert write(DRAFT) == b"POST /a?b HTTP/1.1\nA: 1\na: \n\n{}\n"
    assert read(write(DRAFT), DRAFT) == DRAFT
    assert DRAFT.edit(ARRIVED) == Edit()


@pytest.mark.parametrize("body", [b"", b"\n", b"\n\n", b"\r\n\r\n", b"\0\xff", b"a\n\nb", b"x\n\n"])
@pytest.mark.parametrize("target", [b"", b"/", b"?x", b"/a?b"])
def test_nothing_is_lost_on_the_way(body: bytes, target: bytes) -> None:
    draft = replace(DRAFT, body=body, target=target, headers=Headers(((b"A", b"\xff: \x1b"),)))
    assert read(write(draft), draft) == draft
    bare = replace(draft, headers=Headers())
    assert read(write(bare), bare) == bare


@given(st.binary(max_size=200))
def test_any_body_comes_back(body: bytes) -> None:
    draft = replace(DRAFT, body=body)
    assert read(write(draft), draft) == draft


def test_line_feed_of_an_editor_is_not_meant() -> None:
    draft = replace(DRAFT, body=b"{}")
    assert read(write(draft) + b"\n", draft).body == b"{}"
    assert read(write(replace(draft, body=b"{}\n")), replace(draft, body=b"{}\n")).body == b"{}\n"


def test_lines_of_windows_and_no_version() -> None:
    found = read(b"put /x\r\nA:1\r\nB:\t2 \r\n\r\nx\r\n\r\ny", DRAFT)
    assert found == Draft("put", b"/x", headers(("A", "1"), ("B", "2")), b"x\r\n\r\ny")


def test_head_alone_has_no_body() -> None:
    assert read(b"GET / HTTP/1.1\nA: b\n", DRAFT) == Draft("GET", b"/", headers(("A", "b")), b"")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "line 1: '' is no request line"),
        (b"\n\nbody", "line 1: '' is no request line"),
        (b"POST /a b HTTP/1.1\n\n", "line 1: 'POST /a b HTTP/1.1' is no request line"),
        (b"POST / HTTP/1.1\nA: b\nnonsense\n\n", "line 3: 'nonsense' is no header"),
        (b"POST / HTTP/1.1\nA: b\n folded\n\n", "line 3: ' folded' is no header"),
        (b"POST / HTTP/1.1\n\x1b[2J: b\n\n", "line 2: '␛"),
        (b"POST / HTTP/1.1\n: b\n\n", "line 2"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: bytes, said: str) -> None:
    with pytest.raises(ValueError) as refused:
        read(text, DRAFT)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_an_edit_of_an_edit_is_one_against_what_arrived() -> None:
    edit = Edit("PUT", b"/new", headers(("B", "2")), b"x")
    again = Draft.of(ARRIVED, edit)

    assert again.edit(ARRIVED) == edit
    assert replace(again, body=b"{}\n").edit(ARRIVED) == replace(edit, body=None)


@pytest.mark.parametrize("text", ["", "a\tb\n\nc", "a\r\nb\r\n", "é 😀", '{"a": "[/]"}'])
def test_plain_text_can_be_in_a_form(text: str) -> None:
    assert plain_text(text.encode()) == text


@pytest.mark.parametrize(
    "raw",
    [b"\x1b]52;c;x\x07", b"\0", b"\x7f", b"\xff", b"a\r", b"a\r\nb\n", "\u202e".encode(),
     "\u2028".encode(), "\x85".encode(), b"\x0b"],
)  # fmt: skip
def test_what_a_form_would_change_or_a_terminal_obey_is_not_put_there(raw: bytes) -> None:
    assert plain_text(raw) is None


def test_headers_one_a_line() -> None:
    assert drafts.read_headers(b"\nA: b:c\n\n  \nd:\n") == headers(("A", "b:c"), ("d", ""))
    with pytest.raises(ValueError, match="line 2: 'x' is no header"):
        drafts.read_headers(b"A: b\nx")
