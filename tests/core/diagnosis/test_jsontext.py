"""The rewriting is compared with what real serialisers write."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.diagnosis.jsonparts import read
from inspector.core.diagnosis.jsontext import rewritten

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
DOCUMENT = st.lists(VALUE, max_size=4) | st.dictionaries(TEXT, VALUE, max_size=4)

WAYS: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":"), "ensure_ascii": False},
    "compact, escaped": {"separators": (",", ":")},
    "spaced": {"ensure_ascii": False},
    "spaced, escaped": {},
    "by 2": {"indent": 2, "ensure_ascii": False},
    "by 2, escaped": {"indent": 2},
    "by 4": {"indent": 4, "ensure_ascii": False},
    "by 4, escaped": {"indent": 4},
    "by tabs": {"indent": "\t", "ensure_ascii": False},
}


def texts(body: bytes) -> set[bytes]:
    return {text for _, text in rewritten(*read(body))}


@given(DOCUMENT, st.sampled_from(sorted(WAYS)), st.sampled_from(sorted(WAYS)), st.booleans())
def test_any_way_leads_to_any_other(document: Any, came: str, signed: str, ordered: bool) -> None:
    """Whatever document, however it came: the text that Python writes of it in another way is found."""
    body = json.dumps(document, **WAYS[came]).encode()
    wanted = json.dumps(document, sort_keys=ordered, **WAYS[signed]).encode()

    found = texts(body)

    assert wanted in found
    assert wanted + b"\n" in found


@given(DOCUMENT)
def test_what_is_written_is_the_same_document(document: Any) -> None:
    body = json.dumps(document).encode()

    for how, text in rewritten(*read(body)):
        assert json.loads(text) == document, how
        assert how.isprintable()


@pytest.mark.parametrize(
    ("came", "signed"),
    [
        (b'{"a":"x/y"}', rb'{"a":"x\/y"}'),
        (rb'{"a":"x\/y"}', b'{"a":"x/y"}'),
        ('{"a":"é/"}'.encode(), rb'{"a":"\u00e9\/"}'),
        (rb'{"a":"\u00E9"}', rb'{"a":"\u00e9"}'),
        (b'{"a":"<b>&"}', rb'{"a":"\u003cb\u003e\u0026"}'),
        ('{"a":"é"}'.encode(), rb'{"a":"\u00E9"}'),
        (rb'{"a":"\"+1\""}', rb'{"a":"\u0022\u002B1\u0022"}'),
        (rb'{"a":"\u005c\u0022\u000a\u0001"}', rb'{"a":"\\\"\n\u0001"}'),
        (rb'{"a":"\ud83d\ude00"}', '{"a":"\U0001f600"}'.encode()),
        (rb'{"a": "\ud83d"}', rb'{"a":"\ud83d"}'),
        (rb'{"a":"\ud83d\/\uDE00"}', rb'{"a":"\ud83d/\ude00"}'),
        (
            '{"a":"\U0001f600é\x7f\U0001f600"}'.encode(),
            rb'{"a":"\ud83d\ude00\u00e9\u007f\ud83d\ude00"}',
        ),
        ('{"a":"é\\u001b\\\\u00ff"}'.encode(), rb'{"a":"\u00E9\u001B\\u00ff"}'),
        (rb'{"b":"x,y:\"z\\", "a":[1, 2]}', rb'{"a": [1, 2], "b": "x,y:\"z\\"}'),
        (b'{"a": 1.0, "b": 1e2, "c": -0.0, "d": 1e-7}', b'{"a":1,"b":100,"c":0,"d":1e-7}'),
        (b'{"a": 1E400, "b": 123456789012345678901}', b'{"a":null,"b":123456789012345680000}'),
        (b'{"a": 0.00001, "b": 1e21}', b'{"a":0.00001,"b":1e+21}'),
        (b'{"a":1e2}', b'{"a":100.0}'),
        (b'{"a":12.5,"b":"1.5"}', b'{"a":12.50,"b":"1.5"}'),
        (b'{"b":1,"a":1.10}', b'{"b": 1, "a": 1.10}'),
        (b'{"a":1,"a":2}', b'{"a": 1, "a": 2}'),
        (b'\xef\xbb\xbf {"a": [ ] , "b" : { } }\r\n', b'{"a":[],"b":{}}'),
        (b'{"a":"{[,:]} 12.5"}', b'{\n  "a": "{[,:]} 12.5"\n}'),
        (
            b'{"a":[1,{"b":[]}]}',
            b'{\r\n  "a": [\r\n    1,\r\n    {\r\n      "b": []\r\n    }\r\n  ]\r\n}',
        ),
    ],
)
def test_other_languages_writing_is_known(came: bytes, signed: bytes) -> None:
    assert signed in texts(came)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"1",
        b'"a"',
        b"null",
        b"{",
        b'{"a":}',
        b"\xff",
        b"[" * 100_000,
        b"1" * 5000,
        b'["\x01"]',
    ],
)
def test_what_is_no_object_or_array_is_left_alone(body: bytes) -> None:
    assert texts(body) == set()


def test_deep_nesting_is_not_indented() -> None:
    """Nobody would, and it would become very long."""
    body = b"[" * 500 + b"]" * 500

    assert all(len(text) < 10 * len(body) for text in texts(body))


@pytest.mark.parametrize(
    "ways",
    [
        "compact",
        "spaced",
        "compact, escaped",
        "spaced, escaped",
        "by 2",
        "by 4",
    ],
)
def test_large_body_is_tried_in_the_usual_ways(ways: str) -> None:
    """Sorted as well, if it is in one line."""
    document = {
        "items": [{"b": "Zoë, \U0001f600", "a": [number, {}, []]} for number in range(2000)]
    }

    found = texts(json.dumps(document, ensure_ascii=False).encode())

    assert json.dumps(document, **WAYS[ways]).encode() in found
    if "indent" not in WAYS[ways]:
        assert json.dumps(document, sort_keys=True, **WAYS[ways]).encode() in found


def test_too_many_lines_are_not_indented() -> None:
    few, many = (b"[" + b",".join([b"0"] * count) + b"]" for count in (60_000, 70_000))

    assert any(b"\n" in text.strip() for text in texts(few))
    assert not any(b"\n" in text.strip() for text in texts(many))


def test_large_body_is_tried_in_fewer_ways() -> None:
    small, large = (b'{"a":[%s]}' % b",".join([b'"x/1.5"'] * count) for count in (10, 10_000))

    assert len(texts(large)) < len(texts(small))
    assert large.replace(b",", b", ").replace(b":", b": ") in texts(large)
