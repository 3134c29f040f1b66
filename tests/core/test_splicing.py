import json
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inspector.core.bodyfields import CAP_BYTES, json_items, parse_form, parse_json
from inspector.core.splicing import put, replace_form, replace_json, replace_query
from inspector.core.templates import Locator
from tests import factories

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("body", "path", "values", "made"),
    [
        (b'{"a":"x"}', "a", [b"y"], b'{"a":"y"}'),
        (b' {"b" : [ ] , "a"\t:\r\n"x" }\n', "a", [b"y"], b' {"b" : [ ] , "a"\t:\r\n"y" }\n'),
        (b'{"a":"x","b":"\\u00e9\xc3\xa9"}', "a", [b"y"], b'{"a":"y","b":"\\u00e9\xc3\xa9"}'),
        (b'\xef\xbb\xbf{"a":"x"}', "a", [b"y"], b'\xef\xbb\xbf{"a":"y"}'),
        (b'{"\\u0061":"x"}', "a", [b"y"], b'{"\\u0061":"y"}'),
        (b'{"a":"}\\"],","b":"x"}', "b", [b"y"], b'{"a":"}\\"],","b":"y"}'),
        (b'{"a":12}', "a", [b"34"], b'{"a":34}'),
        (b'{"a":-1.5E+9}', "a", [b"34"], b'{"a":34}'),
        (b'{"a":12}', "a", [b"034"], b'{"a":"034"}'),
        (b'{"a":12}', "a", [b"x"], b'{"a":"x"}'),
        (b'{"a":"12"}', "a", [b"34"], b'{"a":"34"}'),
        (b'{"a":null}', "a", [b"34"], b'{"a":"34"}'),
        (b'{"a":"x"}', "a", [b'"\\\n'], b'{"a":"\\"\\\\\\n"}'),
        (b'{"a":"x"}', "a", [b"\xed\xa0\x80"], b'{"a":"\\ud800"}'),
        (b'{"a":"x"}', "a", [b""], b'{"a":""}'),
        (b'[{"a":1},{"a":1}]', "1.a", [b"2"], b'[{"a":1},{"a":2}]'),
        (b'[["x"]]', "0.0", [b"y"], b'[["y"]]'),
        (b'{"0":"x"}', "0", [b"y"], b'{"0":"y"}'),
        (b'[{"a":"x"}, {"a":"x"}]', "*.a", [b"y", b"z"], b'[{"a":"y"}, {"a":"z"}]'),
        (b"[]", "*.a", [], b"[]"),
        (
            b'{"n":1' + b"2" * 9000 + b',"a":"x"}',
            "a",
            [b"y"],
            b'{"n":1' + b"2" * 9000 + b',"a":"y"}',
        ),
    ],
)
def test_one_value_of_json_changes(
    body: bytes, path: str, values: list[bytes], made: bytes
) -> None:
    """Space, escapes, order and the mark at the front stay; so does a number, where the new value is one."""
    assert replace_json(body, path.split("."), values) == made


@pytest.mark.parametrize(
    ("body", "path", "values"),
    [
        (b"", "a", [b"y"]),
        (b'{"a":', "a", [b"y"]),
        (b"\xff", "a", [b"y"]),
        (b'"text"', "a", [b"y"]),
        (b"{}", "a", [b"y"]),
        (b'{"A":"x"}', "a", [b"y"]),
        (b'{"a":"x","a":"x"}', "a", [b"y"]),
        (b'{"a":{"b":"x"},"a":{"b":"x"}}', "a.b", [b"y"]),
        (b'{"a":{"b":"x"}}', "a", [b"y"]),
        (b'{"a":["x"]}', "a", [b"y"]),
        (b'{"a":true}', "a", [b"y"]),
        (b'{"a":"x"}', "a.b", [b"y"]),
        (b'["x"]', "1", [b"y"]),
        (b'["x"]', "a", [b"y"]),
        (b'[{"a":"x"},{}]', "*.a", [b"y", b"z"]),
        (b'[{"a":"x"}]', "*.a", [b"y", b"z"]),
        (b'[{"a":"x"}]', "*.a", []),
        (b'{"a":"x"}', "a", [b"\xff"]),
        (b'{"a":"' + b"x" * CAP_BYTES + b'"}', "a", [b"y"]),
        (b'{"a":"","b":"' + b"x" * (CAP_BYTES - 16) + b'"}', "a", [b"yyyyyyyy"]),
        (b"[" * 100_000 + b"]" * 100_000, "a", [b"y"]),
    ],
)  # fmt: skip
def test_json_without_such_a_place_is_left_alone(
    body: bytes, path: str, values: list[bytes]
) -> None:
    """What a check could not read afterwards is not written: too long, in two places, or nowhere."""
    assert replace_json(body, path.split("."), values) is None


@given(
    JSON_VALUES, JSON_VALUES, st.sampled_from([None, 1, "\t"]), st.booleans(), st.text(), st.text()
)
def test_everything_around_the_value_stays(
    before: object, after: object, indent: int | str | None, escaped: bool, old: str, new: str
) -> None:
    document = {"first": before, "a": {"b": [before, {"c": old}]}, "last": after}
    body = json.dumps(document, indent=indent, ensure_ascii=escaped).encode("utf-8", "replace")
    mark = json.dumps(old, ensure_ascii=escaped).encode("utf-8", "replace")
    assume(body.count(mark) == 1)

    made = replace_json(body, ("a", "b", "1", "c"), [new.encode("utf-8", "replace")])

    start, end = body.split(mark)
    assert made == start + json.dumps(new.encode("utf-8", "replace").decode()).encode() + end


@given(JSON_VALUES, st.lists(st.text(alphabet="ab01*", min_size=1), min_size=1), st.binary())
def test_any_document_and_path_is_a_body_or_none(
    document: object, path: Sequence[str], value: bytes
) -> None:
    body = json.dumps(document).encode()

    made = replace_json(body, path, [value])

    if made is not None:
        assert json_items(parse_json(made), path) == [value.decode("utf-8", "surrogatepass")]


@pytest.mark.parametrize(
    ("body", "value", "made"),
    [
        (b"a=1&sig=x&b=2", b"y", b"a=1&sig=y&b=2"),
        (b"a=%31&&sig=x&b", b"y+/=& \xff", b"a=%31&&sig=y%2B%2F%3D%26+%FF&b"),
        (b"sig&sig=2&SIG=3", b"y", b"sig=y&sig=y&SIG=3"),
        (b"%73ig=x", b"y", b"%73ig=y"),
        (b"sig=", b"", b"sig="),
    ],
)
def test_every_field_of_that_name_changes(body: bytes, value: bytes, made: bytes) -> None:
    """Programs differ in which of several they read; the others stay as they are spelled."""
    assert replace_form(body, b"sig", value) == made


@pytest.mark.parametrize(
    "body", [b"", b"a=sig", b"&", b"sig=x" + b"&a" * 1000, b"sig=" + b"x" * CAP_BYTES]
)
def test_form_without_such_a_field_is_left_alone(body: bytes) -> None:
    assert replace_form(body, b"sig", b"y") is None


@pytest.mark.parametrize(
    ("target", "made"),
    [
        (b"/", b"/?token=a%2Bb"),
        (b"/in/x?", b"/in/x?token=a%2Bb"),
        (b"/in/x?a=1", b"/in/x?a=1&token=a%2Bb"),
        (b"/in/x?token=old&b=%zz", b"/in/x?token=a%2Bb&b=%zz"),
        (b"https://h/x?token=old#token=1", b"https://h/x?token=a%2Bb#token=1"),
        (b"/x#f", b"/x?token=a%2Bb#f"),
        (b"/\xff?\xff", b"/\xff?\xff&token=a%2Bb"),
    ],
)
def test_parameter_of_a_query_changes_or_is_added(target: bytes, made: bytes) -> None:
    assert replace_query(target, b"token", b"a+b") == made


@given(st.binary(), st.binary(min_size=1), st.binary())
def test_any_query_reads_as_written(target: bytes, name: bytes, value: bytes) -> None:
    assume(b"#" not in target)

    made = replace_query(target, name, value)

    assert (name, value) in parse_form(made.partition(b"?")[2])
    assert replace_query(made, name, value) == made


@pytest.mark.parametrize("length", [("content-LENGTH", "9"), ("X-Other", "9")])
def test_length_follows_the_body(length: tuple[str, str]) -> None:
    request = factories.request(headers=factories.headers(length), body=b'{"a":"x"}')

    made = put(request, Locator.parse("json:a"), [b"longer"])

    assert made is not None
    assert made.body == b'{"a":"longer"}'
    name, value = made.headers.pairs[0]
    assert (name, value) == (length[0].encode(), b"14" if length[0] != "X-Other" else b"9")


@pytest.mark.parametrize("place", ["xml:a", "pair:t"])
def test_nothing_is_put_where_nothing_is_written(place: str) -> None:
    request = factories.request(body=b"<r><a>1</a></r>")

    assert put(request, Locator.parse(place), [b"x"]) is None
