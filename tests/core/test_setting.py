import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.bodyfields import json_text, parse_form, parse_json, parse_xml
from inspector.core.setting import set_value
from inspector.errors import ConfigError

LAID_OUT = """{
  "id": "evt_1",
  "n": 7,
  "data": {
    "lines": [
      "a",
      "b"
    ],
    "meta": {}
  }
}"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<notify version='3' host="a > b">
    <booking id="1">
        <status>PAID</status>
        <name>é &amp; ü</name>
        <tid/>
        <note />
        <empty></empty>
        <items><item>1</item><item>2</item></items>
    </booking>
</notify>"""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("7", "7"),
        ("-0.50", "-0.50"),
        ("1e3", "1e3"),
        ("true", "true"),
        ("false", "false"),
        ("null", "null"),
        (' {"a": [1, 2]} ', '{"a": [1, 2]}'),
        ('"7"', '"7"'),
        ("", '""'),
        ("paid", '"paid"'),
        ("True", '"True"'),
        ("NaN", '"NaN"'),
        ("-Infinity", '"-Infinity"'),
        ("[NaN]", '"[NaN]"'),
        ("007", '"007"'),
        ("+1", '"+1"'),
        ("{", '"{"'),
        ('a"\\\x00é', '"a\\"\\\\\\u0000é"'),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, json.dumps("[" * 100_000)),
    ],
)
def test_json_is_taken_as_such_and_the_rest_as_text(value: str, written: str) -> None:
    assert set_value(b'{"a":"x","b":1}', "json", "a", value) == (
        b'{"a":' + written.encode() + b',"b":1}'
    )


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("id", "evt_2", '"evt_1"', '"evt_2"'),
        ("n", "x", "7", '"x"'),
        ("data.lines.1", "c", '"b"', '"c"'),
        ("data.lines", "[]", '[\n      "a",\n      "b"\n    ]', "[]"),
        ("data.meta", "null", "{}", "null"),
        ("data.lines.2", "c", '"b"', '"b",\n      "c"'),
        ("data.more", "1", '"meta": {}', '"meta": {},\n    "more": 1'),
        ("data.meta.a.b", "1", '"meta": {}', '"meta": {"a":{"b":1}}'),
        ("new.0", "1", "  }\n}", '  },\n  "new": {"0":1}\n}'),
    ],
)
def test_everything_else_stays_as_it_is_laid_out(path: str, value: str, old: str, new: str) -> None:
    assert LAID_OUT.count(old) == 1

    assert set_value(LAID_OUT.encode(), "json", path, value).decode() == LAID_OUT.replace(old, new)


@pytest.mark.parametrize(
    ("body", "path", "made"),
    [
        (b"{}", "a", b'{"a":1}'),
        (b"{ }", "a", b'{"a":1}'),
        (b"[]", "0", b"[1]"),
        (b"[0 ]", "1", b"[0,1 ]"),
        (b"\xef\xbb\xbf{}", "a", b'\xef\xbb\xbf{"a":1}'),
        (b'{"a":0}', "", b'{"a":0,"":1}'),
        ('{"é":0}'.encode(), "é", '{"é":1}'.encode()),
        (b'{"\\u00e9":0}', "é", b'{"\\u00e9":1}'),
        (b' {"a" : 0 }\n', "b", b' {"a" : 0,"b" : 1 }\n'),
    ],
)
def test_odd_bodies_take_it(body: bytes, path: str, made: bytes) -> None:
    assert set_value(body, "json", path, "1") == made


@pytest.mark.parametrize(
    ("body", "kind", "path", "reason"),
    [
        (b"", "json", "a", "not JSON"),
        (b"\xff", "json", "a", "not JSON"),
        (b"{", "json", "a", "not JSON"),
        (b'{"a":1}', "json", "a.b", "a is neither an object nor a list"),
        (b"7", "json", "a", "the body is neither"),
        (b'{"a":null}', "json", "a.b", "a is neither"),
        (b'{"a":1,"a":2}', "json", "a", "'a' is there several times"),
        (b"[1]", "json", "2", "the list has 1 elements, and the next is 1"),
        (b"[1]", "json", "x", "the next is 1"),
        (b'{"a":1}', "json", "a.\x1b[2J", r"cannot set 'a\.␛\[2J'"),
        (b"", "xml", "a", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a><b>1</b></a>', "xml", "b", "no XML"),
        (XML.encode(), "xml", "booking.nothing", "must have it already"),
        (XML.encode(), "xml", "booking.items.item", "must have it already, and once"),
        (XML.encode(), "xml", "booking.items", "already as text"),
        (XML.encode(), "xml", "booking.@nothing", "already as text"),
        (XML.encode(), "xml", "@booking", "already as text"),
    ],
)
def test_what_has_no_place_is_refused(body: bytes, kind: str, path: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as raised:
        set_value(body, kind, path, "1")

    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("body", "path", "value", "made"),
    [
        (b"Body=a&To=b", "Body", "c & d=é", b"Body=c+%26+d%3D%C3%A9&To=b"),
        (b"Body=a&Body=b", "Body", "c", b"Body=c&Body=c"),
        (b"a=1", "b", "7", b"a=1&b=7"),
        (b"", "b", "", b"b="),
        (b"x%5By%5D=1&z=2", "x.y", "3", b"x%5By%5D=3&z=2"),
        (b"x[y]=1", "x[y]", "3", b"x[y]=3"),
        (b"x.y=1", "x.y", "3", b"x.y=3"),
        (b"a=1", "x.y.0", "3", b"a=1&x%5By%5D%5B0%5D=3"),
        (b"a=1", "a", '"7"', b"a=%227%22"),
    ],
)
def test_a_form_takes_text(body: bytes, path: str, value: str, made: bytes) -> None:
    assert set_value(body, "form", path, value) == made


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("booking.status", "VOID", ">PAID<", ">VOID<"),
        ("booking.status", "", ">PAID<", "><"),
        ("booking.name", "a <b> & ]]> ü", ">é &amp; ü<", ">a &lt;b&gt; &amp; ]]&gt; ü<"),
        ("booking.tid", "x", "<tid/>", "<tid>x</tid>"),
        ("booking.note", "x", "<note />", "<note>x</note>"),
        ("booking.empty", "x", "<empty></empty>", "<empty>x</empty>"),
        ("booking.@id", '"2"', 'id="1"', 'id="&quot;2&quot;"'),
        ("@host", "c", 'host="a > b"', 'host="c"'),
        ("@version", "4", "version='3'", 'version="4"'),
    ],
)
def test_xml_takes_text_where_it_has_some(path: str, value: str, old: str, new: str) -> None:
    assert XML.count(old) == 1

    made = set_value(XML.encode(), "xml", path, value)

    assert made.decode() == XML.replace(old, new)


@given(st.text())
def test_what_was_set_is_what_is_read(value: str) -> None:
    """In each format, or it is refused: XML has no place for some characters."""
    quoted = json.dumps(value)
    in_json = set_value(b'{"a":{"b":1}}', "json", "a.b", quoted)
    in_form = set_value(b"a=1", "form", "a", value)

    assert json_text(parse_json(in_json), ["a", "b"]) == value.encode()
    assert parse_form(in_form) == [(b"a", value.encode())]
    for path in ("b", "@c"):
        try:
            made = set_value(b'<a c="1"><b>1</b></a>', "xml", path, value)
        except ConfigError:
            assert any(char < " " or char in "\ufffe\uffff" for char in value)
        else:
            assert parse_xml(made).get((path,), "") == value
