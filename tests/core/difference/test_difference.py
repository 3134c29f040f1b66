"""Two deliveries or answers compared: first line, headers, bodies of every kind."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inspector.core.difference import Change, Difference, Kind, LineKind, Subject, compare, texts
from inspector.core.headers import HeaderPair, Headers


def subject(body: bytes = b"", *pairs: HeaderPair, target: str = "/in/demo") -> Subject:
    return Subject((("method", "POST"), ("target", target)), Headers(pairs), body)


def of_json(before: Any, after: Any, *ignoring: str) -> Difference:
    return compare(
        subject(json.dumps(before).encode()), subject(json.dumps(after).encode()), ignoring
    )


def test_the_same_twice() -> None:
    same = subject(b'{"a": 1}', (b"A", b"1"))
    assert compare(same, same).is_empty


def test_first_line_and_headers() -> None:
    before = subject(b"", (b"X-Id", b"1"), (b"Gone", b"x"), target="/in/demo?a")
    after = subject(b"", (b"x-id", b"2"), (b"New", b"y"), target="/in/demo?b")
    assert compare(before, after).changes == (
        Change("target", "/in/demo?a", "/in/demo?b"),
        Change("header x-id", "1", "2"),
        Change("header Gone", "x", None),
        Change("header New", None, "y"),
    )


def test_a_headers_case_and_its_neighbours_do_not_count() -> None:
    before = subject(b"", (b"A", b"1"), (b"B", b"2"))
    assert compare(before, subject(b"", (b"b", b"2"), (b"a", b"1"))).is_empty


def test_repeated_headers() -> None:
    before = subject(b"", (b"A", b"1"), (b"A", b"2"), (b"A", b"2"))
    after = subject(b"", (b"A", b"2"), (b"A", b"3"))
    assert compare(before, after).changes == (
        Change("header A", "1", "3"),
        Change("header A", "2", None),
    )
    swapped = compare(before, subject(b"", (b"A", b"2"), (b"A", b"2"), (b"A", b"1")))
    assert swapped.changes == (Change("header A", "1, 2, 2", "2, 2, 1"),)


def test_ignored_headers() -> None:
    before, after = (subject(b"", (b"Date", value)) for value in (b"1", b"2"))
    assert compare(before, after, ["header:DATE"]).is_empty


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"a": 1}, {"a": 2}, [("json a", "1", "2")]),
        ({"a": "5"}, {"a": 5}, [("json a", '"5"', "5")]),
        ({"a": None}, {}, [("json a", "null", None)]),
        ({}, {"a": {"b": ["ü"]}}, [("json a", None, '{"b": ["ü"]}')]),
        ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 2}}}, [("json a.b.c", "1", "2")]),
        ([1, 2, 3], [0, 1, 2, 3], [("json 0", None, "0")]),
        ([1, 2, 3], [1, 3], [("json 1", "2", None)]),
        ([{"id": 1, "x": 1}], [{"id": 1, "x": 2}], [("json 0.x", "1", "2")]),
        ({"a": []}, {"a": {}}, [("json a", "[]", "{}")]),
        (1, 2, [("json", "1", "2")]),
    ],
)
def test_json(before: Any, after: Any, changes: list[tuple[str, str | None, str | None]]) -> None:
    found = of_json(before, after)
    assert [(each.part, each.before, each.after) for each in found.changes] == changes
    assert not found.lines
    assert not found.note


def test_numbers_differ_as_they_are_written() -> None:
    found = compare(subject(b'{"a": 1.0, "b": 1e2}'), subject(b'{"a": 1, "b": 100}'))
    assert [each.after for each in found.changes] == ["1", "100"]


def test_a_key_that_stands_twice() -> None:
    found = compare(subject(b'{"a": 1, "a": 2}'), subject(b'{"a": 1, "a": 3}'))
    assert found.changes == (Change("json a (2)", "2", "3"),)


def test_ignored_paths() -> None:
    before = {"at": 1, "items": [{"id": 1, "n": 1}, {"id": 2, "n": 2}]}
    after = {"at": 2, "items": [{"id": 3, "n": 1}, {"id": 4, "n": 2}]}
    assert of_json(before, after, "at", "json:items.*.id").is_empty
    assert [each.part for each in of_json(before, after, "at", "items.0.id").changes] == [
        "json items.1.id"
    ]
    assert of_json({}, {"at": 1}, "at").is_empty


def test_the_same_json_written_differently() -> None:
    found = compare(subject(b'{"a":1,"b":2}'), subject(b'{ "b": 2, "a": 1 }'))
    assert not found.changes
    assert "same JSON" in found.note


def test_text_line_by_line() -> None:
    before = "\n".join(f"line {n}" for n in range(30))
    after = before.replace("line 15", "another")
    lines = compare(subject(before.encode()), subject(after.encode())).lines
    assert [(each.kind, each.text) for each in lines] == [
        (LineKind.SKIPPED, "12 lines are the same"),
        *[(LineKind.SAME, f"line {n}") for n in (12, 13, 14)],
        (LineKind.REMOVED, "line 15"),
        (LineKind.ADDED, "another"),
        *[(LineKind.SAME, f"line {n}") for n in (16, 17, 18)],
        (LineKind.SKIPPED, "11 lines are the same"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xff\x00", b"\xff\x01"),
        (b"a\0b", b"a\0c"),
        (b"x" * (1 << 20) + b"a", b"x" * (1 << 20) + b"b"),
        (b"", b"\xff"),
    ],
)
def test_bodies_that_are_only_said_to_differ(before: bytes, after: bytes) -> None:
    found = compare(subject(before), subject(after))
    at = next((n for n, pair in enumerate(zip(before, after, strict=False)) if len({*pair}) > 1), 0)
    assert f"from byte {at:,} on" in found.note
    assert not found.lines


def test_json_nested_too_deep_is_text() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    assert compare(subject(deep), subject(deep + b" ")).lines


def test_long_lists_and_texts_end() -> None:
    """Neither takes the square of its length: these would take minutes."""
    many = list(range(100_000))
    assert len(of_json(many, [-1, *many]).changes) == 100_001
    text = "\n".join(str(n % 7) for n in range(100_000))
    other = "\n".join(str(n % 5) for n in range(100_000))
    assert compare(subject(text.encode()), subject(other.encode())).lines


def test_kinds() -> None:
    found = of_json({"a": 1, "b": 1}, {"b": 2, "c": 3})
    assert [each.kind for each in found.changes] == [Kind.REMOVED, Kind.CHANGED, Kind.ADDED]


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(before=_DOCUMENTS, after=_DOCUMENTS)
@settings(max_examples=300, deadline=None)
def test_documents_differ_exactly_when_something_is_said(before: Any, after: Any) -> None:
    """Also where they are equal to Python and not to JSON: `1` and `true`."""
    same = json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert (not of_json(before, after).changes) == same


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_two_bodies(before: bytes, after: bytes) -> None:
    assert compare(subject(before), subject(after)).is_empty == (before == after)


@given(before=st.lists(st.sampled_from("abc")), after=st.lists(st.sampled_from("abc")))
@settings(max_examples=300, deadline=None)
def test_both_texts_can_be_read_from_their_difference(before: list[str], after: list[str]) -> None:
    assume(before != after)
    was, now = "\n".join(before), "\n".join(after)
    lines = list(texts.lines(was, now, context=10**6))
    kept = [each for each in lines if each.kind is not LineKind.ADDED]
    come = [each for each in lines if each.kind is not LineKind.REMOVED]
    assert "\n".join(each.text for each in kept) == was
    assert "\n".join(each.text for each in come) == now


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("header X-Id", "header:X-Id"),
        ("json a.b", "json:a.b"),
        ("json items.3.id", "json:items.*.id"),
        ("json items.3", "json:items.3"),
        ("json", None),
        ("status", None),
    ],
)
def test_what_a_change_is_ignored_by(part: str, name: str | None) -> None:
    """An index within the path stands for every one: the next comparison has other items there."""
    assert Change(part, "1", "2").name == name


def test_ignoring_a_change_by_its_name_leaves_it_out() -> None:
    before, after = {"a": [{"id": 1}, {"id": 2}]}, {"a": [{"id": 3}, {"id": 4}]}
    (first, _) = of_json(before, after).changes
    assert first.name is not None
    assert of_json(before, after, first.name).is_empty
