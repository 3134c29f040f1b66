import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.bodyfields import (
    CAP_BYTES,
    json_items,
    json_text,
    parse_form,
    parse_json,
    parse_xml,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"\xff\xfe",
        b'{"event": ',
        b'{"event": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b" " * (CAP_BYTES + 1),
    ],
)
def test_unreadable_json_has_no_values(body: bytes) -> None:
    assert json_text(parse_json(body), ("event",)) is None


def test_json_path_goes_through_objects_and_lists() -> None:
    document = parse_json(b'{"a": [{"b": "x"}, {"b": "y"}]}')

    assert json_text(document, ("a", "1", "b")) == b"y"
    assert json_text(document, ("a", "2", "b")) is None
    assert json_text(document, ("a", "b")) is None
    assert json_text(document, ("a", "-1", "b")) is None


@pytest.mark.parametrize("value", ["1.5", "true", "null", "[]", "{}", "NaN"])
def test_only_strings_and_integers_are_text(value: str) -> None:
    assert json_text(parse_json(b'{"id": %s}' % value.encode()), ("id",)) is None


def test_integer_is_read_as_written() -> None:
    """An id of any length: int() itself refuses more than 4300 digits."""
    digits = b"9" * 5000

    assert json_text(parse_json(b'{"id": %s}' % digits), ("id",)) == digits
    assert json_text(parse_json(b'{"id": -0}'), ("id",)) == b"-0"


def test_key_that_comes_twice_has_no_value() -> None:
    """Parsers differ in which one they take; the rest of the document is still read."""
    document = parse_json(b'{"id": "a", "id": "b", "event": "c"}')

    assert json_text(document, ("id",)) is None
    assert json_text(document, ("event",)) == b"c"


def test_byte_order_mark_is_no_obstacle() -> None:
    assert json_text(parse_json(b'\xef\xbb\xbf{"id": "a"}'), ("id",)) == b"a"


def test_lone_surrogate_becomes_bytes() -> None:
    assert json_text(parse_json(rb'{"id": "\ud800"}'), ("id",)) == b"\xed\xa0\x80"


def test_star_stands_for_every_element() -> None:
    document = parse_json(b'{"items": [{"it": 1}, {"other": 2}, 3, {"it": 4}]}')

    assert json_items(document, ("items", "*", "it")) == ["1", None, None, "4"]
    assert json_items(document, ("items", "it", "*")) == []
    assert json_items(None, ("items", "*")) == []


def test_form_is_decoded_to_bytes() -> None:
    body = b"a=1+2&b=%C3%A9&a=3&flag&=x&&c=%zz%4&d=a=b"

    assert parse_form(body) == [
        (b"a", b"1 2"),
        (b"b", "é".encode()),
        (b"a", b"3"),
        (b"flag", b""),
        (b"", b"x"),
        (b"c", b"%zz%4"),
        (b"d", b"a=b"),
    ]


@pytest.mark.parametrize("body", [b"", b"&" * 1001, b"a" * (CAP_BYTES + 1)])
def test_form_beyond_reason_has_no_fields(body: bytes) -> None:
    assert parse_form(body) == []


def test_xml_values_have_paths_below_the_root() -> None:
    body = b"""<?xml version="1.0" encoding="utf-8"?>
        <notify host="a.example"><booking id="157"><status>HOLD</status><tid/><n>1&amp;2</n></booking>
        <booking id="158"><status>PAID</status></booking></notify>"""

    assert parse_xml(body) == {
        ("@host",): "a.example",
        ("booking", "@id"): "157",
        ("booking", "status"): "HOLD",
        ("booking", "n"): "1&2",
    }


def test_xml_keeps_what_the_encoding_means() -> None:
    body = '<?xml version="1.0" encoding="iso-8859-1"?><r><a>é</a></r>'.encode("latin-1")

    assert parse_xml(body) == {("a",): "é"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"<r><a>1</a>",
        b"<r><a>1</a></r><r/>",
        b'<!DOCTYPE r [<!ENTITY a "x">]><r><a>&a;</a></r>',
        b'<!DOCTYPE r SYSTEM "file:///etc/passwd"><r><a>1</a></r>',
        b'<?xml version="1.0" encoding="shift_jis"?><r><a>1</a></r>',
        b'<?xml version="1.0" encoding="no-such"?><r><a>1</a></r>',
        b"<r>" + b"<a>" * 100_000,
        b"<r><a>1</a></r>" + b" " * CAP_BYTES,
    ],
)
def test_refused_xml_has_no_values(body: bytes) -> None:
    """Half a document, a document type, an encoding nobody knows, and more than we look into."""
    assert ("a",) not in parse_xml(body)


def test_xml_with_very_many_elements_is_read_as_far_as_we_look() -> None:
    body = b"<r><first>1</first>" + b"<a>2</a>" * 20_000 + b"<last>3</last></r>"

    found = parse_xml(body)

    assert found["first",] == "1"
    assert ("last",) not in found


@given(st.binary())
def test_nothing_raises(body: bytes) -> None:
    parse_json(body)
    parse_form(body)
    parse_xml(body)
    parse_xml(b"<r>" + body + b"</r>")


@given(
    st.recursive(
        st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_that_python_wrote_is_read(document: object) -> None:
    parsed = parse_json(json.dumps({"top": document}).encode())

    assert isinstance(parsed, dict)
    assert "top" in parsed
