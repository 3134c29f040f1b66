"""Bodies with a field more, too long, or not to be read."""

import json
import xml.etree.ElementTree as ET
from urllib.parse import parse_qsl

import pytest

from inspector.simulate.lab import bodies


@pytest.mark.parametrize(
    ("body", "made"),
    [
        (b'{"a":1}', {"hooktap_lab": "new", "a": 1}),
        (b" {\n}", {"hooktap_lab": "new"}),
        (b'\xef\xbb\xbf{"a":"{"}', {"hooktap_lab": "new", "a": "{"}),
        (b'[ {"a":1},{"a":2}]', [{"hooktap_lab": "new", "a": 1}, {"a": 2}]),
    ],
)
def test_json_has_a_field_more(body: bytes, made: object) -> None:
    changed = bodies.with_field(body)

    assert changed is not None
    assert json.loads(changed.decode("utf-8-sig")) == made


def test_xml_has_an_element_more() -> None:
    changed = bodies.with_field(b'<?xml version="1.0"?>\n<a x="1"><b>2</b></a>\n')

    assert changed is not None
    assert [(each.tag, each.text) for each in ET.fromstring(changed)] == [
        ("b", "2"),
        ("hooktap_lab", "new"),
    ]


def test_a_form_has_a_parameter_more() -> None:
    assert parse_qsl((bodies.with_field(b"a=1&b=%20") or b"").decode()) == [
        ("a", "1"),
        ("b", " "),
        ("hooktap_lab", "new"),
    ]


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<a/>", b"[]", b"[1]", b'"{"', b"plain"])
def test_nothing_is_added_where_there_is_no_place(body: bytes) -> None:
    assert bodies.with_field(body) is None
    assert bodies.huge(body) is None


@pytest.mark.parametrize("body", [b'{"a":1}', b"<a><b/></a>", b"a=1"])
def test_a_huge_body_is_a_mebibyte(body: bytes) -> None:
    """As long as what is looked into when a signature stands in a body."""
    made = bodies.huge(body)

    assert made is not None
    assert len(made) == 1 << 20


def test_what_is_longer_already_is_no_shorter() -> None:
    body = b'{"a":"' + b"x" * (2 << 20) + b'"}'

    assert len(bodies.huge(body) or b"") > len(body)


@pytest.mark.parametrize("body", [b'{"event":1}', b"a=1&event=2", "{'é': 'word'}".encode()])
def test_a_body_that_is_not_utf8(body: bytes) -> None:
    made = bodies.not_utf8(body)

    assert made is not None
    assert made.replace(b"\xff", b"") == body
    with pytest.raises(UnicodeDecodeError):
        made.decode()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}"])
def test_a_body_without_a_word_stays_utf8(body: bytes) -> None:
    assert bodies.not_utf8(body) is None
