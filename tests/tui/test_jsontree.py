import json
from threading import Event

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.text import safe
from tui.bodies.layout import DEPTH_CAP, LINE_CAP, SHOWN_LINES, Unfit
from tui.folding import GivenUp
from tui.jsontree import JsonTree

BOOKING = '{"status":"PAID","data":{"rooms":[4711,{"a b":"x\\ny"}],"note":null},"n":1.50}'


def texts(tree: JsonTree, folded: set[int] | None = None) -> list[str]:
    return [str(line.content) for line in tree.lines(folded or set())]


def test_every_row_knows_its_path_and_value() -> None:
    tree = JsonTree(BOOKING)

    rows = range(len(texts(tree)))
    assert [(tree.path(row), tree.value(row)) for row in rows][1:8] == [
        ("status", "PAID"),
        ("data", '{"rooms":[4711,{"a b":"x\\ny"}],"note":null}'),
        ("data.rooms", '[4711,{"a b":"x\\ny"}]'),
        ("data.rooms[0]", "4711"),
        ("data.rooms[1]", '{"a b":"x\\ny"}'),
        ('data.rooms[1]["a b"]', "x␊y"),
        ("data.rooms[1]", '{"a b":"x\\ny"}'),
    ]
    assert tree.path(0) == ""
    assert tree.value(0) == BOOKING


def test_folded() -> None:
    tree = JsonTree(BOOKING)

    assert texts(tree, {2}) == [
        "▾ {",
        '    "status": "PAID",',
        '▸   "data": { 2 keys },',
        '    "n": 1.50',
        "  }",
    ]
    assert texts(tree, tree.deeper_than(2))[3] == '▸     "rooms": [ 2 items ],'
    assert texts(tree, tree.deeper_than(0)) == ["▸ { 3 keys }"]
    assert tree.deeper_than(tree.depth + 1) == set()


def test_what_is_cut_off_folds_to_its_end() -> None:
    tree = JsonTree("[[" + "1," * SHOWN_LINES + "1]]")

    assert tree.is_cut
    assert len(texts(tree)) == SHOWN_LINES
    assert texts(tree, {1}) == ["▾ [", f"▸   [ {SHOWN_LINES - 2:,} items …"]


def test_long_string_is_cut_in_lines_of_one_row() -> None:
    lines = list(JsonTree(json.dumps(["x" * 3 * LINE_CAP])).lines())

    assert {line.target for line in lines[1:-1]} == {1}
    assert max(len(line.content) for line in lines) <= LINE_CAP + 2


def test_nested_too_deep() -> None:
    assert JsonTree("[" * DEPTH_CAP + "1" + "]" * DEPTH_CAP).depth == DEPTH_CAP
    with pytest.raises(Unfit, match="nested more than"):
        JsonTree("[" * (DEPTH_CAP + 2))


def test_nobody_waits_for_it_any_more() -> None:
    stop = Event()
    stop.set()

    with pytest.raises(GivenUp):
        JsonTree(BOOKING, stop)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)  # fmt: skip


@given(value=values, indent=st.none() | st.integers(0, 3), is_ascii=st.booleans())
def test_json_is_read(value: object, indent: int | None, is_ascii: bool) -> None:
    tree = JsonTree(json.dumps(value, indent=indent, ensure_ascii=is_ascii))

    assert tree.value(0) == safe(
        value if isinstance(value, str) else json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    )
    for text in texts(tree, tree.deeper_than(1)):
        assert safe(text) == text


@given(st.text(st.sampled_from('{}[]:,"\\ \n\t\x01' + "019-+.eEtruefalsn u\ufeff")))
@example("1 ")
@example("-0.0e-1")
@example('"\\ud800"')
@example("[1,]")
@example("\u00a01")
def test_it_agrees_with_the_standard_parser(text: str) -> None:
    """On what is JSON and what is not."""
    try:
        json.loads(text, parse_constant=refuse, parse_int=str)
    except ValueError:
        with pytest.raises(Unfit):
            JsonTree(text)
    else:
        JsonTree(text)


def refuse(name: str) -> None:
    raise ValueError(name)
