"""What may be changed before a delivery is sent again, and what is refused because it would be something else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import edits
from inspector.core.edits import BODY_MAX_BYTES, HEAD_MAX_BYTES, Changes, Edit
from inspector.core.headers import Headers
from inspector.core.model import Part, Request
from inspector.errors import ReplayError
from tests.factories import headers, request

ARRIVED = request(
    target=b"/in/jinko/a/b?c=1",
    headers=headers(("Host", "h"), ("X-Twice", "1"), ("Content-Length", "2"), ("x-twice", "2")),
    body=b"{}",
)


def applied(edit: Edit, before: Request = ARRIVED) -> Request:
    return edits.apply(edit, before)


def test_nothing_edited_is_the_same_request() -> None:
    assert applied(Edit()) == ARRIVED
    assert Edit().parts == ()


def test_every_part_is_taken_as_it_is_given() -> None:
    made = applied(Edit("put", b"/x%zz?", headers(("A", "")), b"\0\xff"))

    assert made == Request("put", b"/in/jinko/x%zz?", headers(("A", "")), b"\0\xff", ARRIVED.peer)
    assert Edit("put", b"", Headers(), b"").parts == tuple(Part)


def test_length_follows_the_body() -> None:
    """As a signature that covers it has it; what is sent has a right one in any case."""
    assert applied(Edit(body=b"longer")).headers.get_all(b"Content-Length") == [b"6"]
    assert b"Content-Length" not in applied(Edit(body=b"x", headers=headers(("A", "b")))).headers


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"/in/jinko", b"/in/jinko/new"),
        (b"/in/jinko?x", b"/in/jinko/new"),
        (b"http://h/in/jinko/x", b"http://h/in/jinko/new"),
        (b"/elsewhere", b"/new"),
    ],
)
def test_target_is_what_follows_the_endpoint(before: bytes, after: bytes) -> None:
    assert applied(Edit(target=b"/new"), replace(ARRIVED, target=before)).target == after


def test_what_is_the_same_is_no_edit() -> None:
    same = Edit(ARRIVED.method, b"/a/b?c=1", ARRIVED.headers, ARRIVED.body)

    assert edits.between(ARRIVED, same) == Edit()
    assert edits.between(ARRIVED, replace(same, body=b"{ }")) == Edit(body=b"{ }")
    assert edits.between(ARRIVED, replace(same, headers=headers(("Host", "h")))).parts == (
        Part.HEADERS,
    )


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Edit(method=""), "method"),
        (Edit(method="GET /x HTTP/1.1\r\nX:"), "method 'GET /x HTTP/1.1␍␊X:' cannot be sent"),
        (Edit(method="G ET"), "one word"),
        (Edit(method="\udc80"), "one word"),
        (Edit(target=b"/a b"), "percent-encode"),
        (Edit(target=b"/a HTTP/1.1\r\nX: y"), "percent-encode"),
        (Edit(target=b"/\x1b]0;x\x07"), "␛"),
        (Edit(target=b"a"), "begin with /"),
        (Edit(target=b"@other.example/"), "begin with /"),
        (Edit(headers=headers(("A", "b\r\nX-Admin: 1"))), "header 'A': a value with CR, LF or NUL"),
        (Edit(headers=headers(("A", "b\n"))), "CR, LF or NUL"),
        (Edit(headers=headers(("A", "\0"))), "CR, LF or NUL"),
        (Edit(headers=headers(("A b", "c"))), "not a header name"),
        (Edit(headers=headers(("A:", "c"))), "not a header name"),
        (Edit(headers=headers(("", "c"))), "not a header name"),
        (Edit(headers=headers(("Transfer-Encoding\r\n", "chunked"))), "not a header name"),
        (Edit(headers=headers(("A", "b" * HEAD_MAX_BYTES))), "longer than 64 KiB"),
        (Edit(target=b"/" * (HEAD_MAX_BYTES + 1)), "longer than 64 KiB"),
        (Edit(body=b"x" * (BODY_MAX_BYTES + 1)), "longer than 512 KiB"),
    ],
)
def test_what_would_be_something_else_on_the_wire_is_refused(edit: Edit, said: str) -> None:
    """With one sentence that is safe to show."""
    with pytest.raises(ReplayError) as refused:
        applied(edit)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()


def test_longest_that_may_be() -> None:
    assert len(applied(Edit(body=b"x" * BODY_MAX_BYTES)).body) == BODY_MAX_BYTES


def test_changes_leave_the_rest_of_the_headers_alone() -> None:
    changes = Changes(
        headers=((b"x-TWICE", b"3"), (b"X-Twice", b"4"), (b"host", None), (b"New", b""))
    )

    made = changes.of(ARRIVED)

    assert made.headers is not None
    assert made.headers.pairs == (
        (b"X-Twice", b"3"),
        (b"Content-Length", b"2"),
        (b"X-Twice", b"4"),
        (b"New", b""),
    )
    assert made.parts == (Part.HEADERS,)


def test_value_is_put_into_json_and_nothing_else_changes() -> None:
    body = b'{ "a" : {"b":[1, "x"]},\n "n": 1.50e3, "a ": null }'
    changes = Changes(values=(("a.b.1", "é"), ("a.b.0", "22"), ("a ", "now")))

    made = changes.of(replace(ARRIVED, body=body))

    assert made.body == b'{ "a" : {"b":[22, "\\u00e9"]},\n "n": 1.50e3, "a ": "now" }'
    assert changes.need_body


def test_values_go_into_the_body_that_is_given() -> None:
    changes = Changes(body=b'{"a": "b"}', values=(("a", "c"),))

    assert changes.of(ARRIVED).body == b'{"a": "c"}'
    assert not changes.need_body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "a"),
        (b"<a/>", "a"),
        (b'{"a": 1}', "b"),
        (b'{"a": 1, "a": 2}', "a"),
        (b'{"a": {}}', "a"),
        (b'{"a": [true]}', "a"),
        (b"[" * 5000, "0"),
        (b'{"a": "\xff"}', "a"),
        (b'{"\x1b[2J": 1}', "\x1b[2J.x"),
    ],
)
def test_value_that_has_no_place_is_refused(body: bytes, path: str) -> None:
    with pytest.raises(
        ReplayError, match="the body must be JSON that has one plain value"
    ) as refused:
        edits.set_json(body, path, "x")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("old", "value", "new"),
    [
        ("1.5", "2.5", "2.5"),
        ("7", "9", "9"),
        ("-3", "-5", "-5"),
        ("7", "8.25", "8.25"),
        ("7", "1e3", "1e3"),
        ("7", "01", '"01"'),
        ("7", "seven", '"seven"'),
        ("7", "null", "null"),
        ("true", "false", "false"),
        ("false", "1", "1"),
        ("null", "true", "true"),
        ("null", "12", "12"),
        ("null", "x", '"x"'),
        ('"7"', "8", '"8"'),
        ('"a"', "true", '"true"'),
        ('"a"', "null", '"null"'),
    ],
)
def test_what_is_set_is_of_the_kind_that_stood_there(old: str, value: str, new: str) -> None:
    body = '{"x": {"a": [0, %s]}, "b" : 1.50}'

    made = edits.set_json((body % old).encode(), "x.a.1", value)

    assert made == (body % new).encode()


def test_edit_as_json_and_back() -> None:
    whole = Edit("PUT", b"/\xff", Headers(((b"A", b"\xff\x80"), (b"a", b""))), bytes(range(256)))

    assert edits.edit_from_json(edits.edit_to_json(whole)) == whole
    assert edits.edit_to_json(Edit()) == {}
    assert edits.edit_from_json({"body": "\u00e9", "method": None}) == Edit(body=b"\xc3\xa9")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        {"more": 1},
        {"method": 1},
        {"method": "\ud800"},
        {"target": ["x"]},
        {"headers": {}},
        {"headers": "ab"},
        {"headers": ["ab"]},
        {"headers": [["a"]]},
        {"headers": [["a", 1]]},
        {"headers": [["a", "b", "c"]]},
        {"headers": [["a", "\ud800"]]},
        {"body": {}},
        {"body": "x", "body_base64": ""},
        {"body_base64": "?"},
        {"body_base64": "é"},
        {"body_base64": 7},
    ],
)
def test_what_is_no_edit_is_refused_with_a_sentence(data: object) -> None:
    with pytest.raises(ValueError, match=r"^edit: "):
        edits.edit_from_json(data)


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40), st.text(max_size=8))
def test_whatever_is_not_refused_is_one_request(
    target: bytes, name: bytes, value: bytes, method: str
) -> None:
    """No CR, LF or NUL gets into a head, and no blank into a request line."""
    try:
        made = applied(Edit(method, target, Headers(((name, value),))))
    except (
        ReplayError,
        UnicodeEncodeError,
    ):  # a surrogate that stands for no byte is refused before
        return
    line = made.method.encode() + made.target
    assert not set(line) & set(b" \t\r\n\0")
    assert not set(b"".join(made.headers.pairs[0])) & set(b"\r\n\0")
