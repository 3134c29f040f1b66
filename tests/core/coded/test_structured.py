"""Structured field values: the examples of RFC 9651, what is none, and whatever else may come."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.coded.structured import (
    Date,
    DisplayString,
    InnerList,
    Item,
    Member,
    Token,
    write_dictionary,
    write_list,
    write_member,
)
from inspector.core.coded.structuredreader import (
    LENGTH_MAX,
    StructureError,
    canonical,
    parse_dictionary,
    parse_item,
    parse_list,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("-42", -42),
        ("042", 42),
        ("999999999999999", 999_999_999_999_999),
        ("4.5", Decimal("4.5")),
        ("-0.25", Decimal("-0.25")),
        ("123456789012.123", Decimal("123456789012.123")),
        ('"hello world"', "hello world"),
        ('""', ""),
        (r'"a \"b\" \\ c"', r'a "b" \ c'),
        ("foo123/456", Token("foo123/456")),
        ("*a!#$%&'*+-.^_`|~:/", Token("*a!#$%&'*+-.^_`|~:/")),
        (":cHJldGVuZCB0aGlzIGlzIGJpbmFyeSBjb250ZW50Lg==:", b"pretend this is binary content."),
        ("::", b""),
        ("?1", True),
        ("?0", False),
        ("@1659578233", Date(1_659_578_233)),
        ("@-5", Date(-5)),
        (
            '%"This is intended for display to %c3%bcsers."',
            DisplayString("This is intended for display to üsers."),
        ),
    ],
)
def test_item_is_read(text: str, value: object) -> None:
    """Each kind of RFC 9651, 3.3, and no other kind in its place."""
    found = parse_item(text.encode()).value

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--1",
        "1000000000000000",
        "1.",
        ".5",
        "1.1234",
        "1234567890123.0",
        '"no end',
        '"a\tb"',
        r'"a \n b"',
        '"\x7f"',
        "'single'",
        ":no end",
        ":a-_b:",
        ":Y:",
        ":YQ==YQ==:",
        "?2",
        "?",
        "@1.5",
        "@",
        "@1000000000000000",
        '%"%C3%BC"',
        '%"%ff"',
        '%"100%"',
        '%no"',
        "(1",
        "1 2",
        "1, 2",
        "a;",
        "a;=1",
        "a;B=1",
        "a; ",
        "é",
        "a\r\nb",
        "\ta",
        "1;a=(1)",
    ],
)
def test_item_that_is_none_is_refused(text: str) -> None:
    """RFC 9651, 4.2: a field that fails to parse has no value at all."""
    with pytest.raises(StructureError):
        parse_item(text.encode())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("   ", ""),
        ("sugar, tea, rum", "sugar, tea, rum"),
        ("a,b \t ,\tc  ", "a, b, c"),
        ('("foo" "bar"), ("baz"), ("bat" "one"), ()', '("foo" "bar"), ("baz"), ("bat" "one"), ()'),
        (
            '("foo"; a=1;b=2);lvl=5, ("bar" "baz");lvl=1',
            '("foo";a=1;b=2);lvl=5, ("bar" "baz");lvl=1',
        ),
        (
            'abc;a=1;b=2; cde_456, (ghi;jk=4 l);q="9";r=w',
            'abc;a=1;b=2;cde_456, (ghi;jk=4 l);q="9";r=w',
        ),
        ("(  a   b  )", "(a b)"),
        ("1.50, 2.0, -0.1, 007", "1.5, 2.0, -0.1, 7"),
        ("a;x=?1;y=?0;x=2", "a;x=2;y=?0"),
        (":YQ:, :YQ==:", ":YQ==:, :YQ==:"),
        ('%"%25 %22 ~", @9', '%"%25 %22 ~", @9'),
    ],
)
def test_list_has_one_text(text: str, written: str) -> None:
    """What is read is written in the one way of RFC 9651, 4.1; the examples are those of section 3.1."""
    assert write_list(parse_list(text.encode())).decode() == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ('en="Applepie", da=:w4ZibGV0w6ZydGU=:', 'en="Applepie", da=:w4ZibGV0w6ZydGU=:'),
        ("a=?0, b, c; foo=bar", "a=?0, b, c;foo=bar"),
        ("rating=1.5, feelings=(joy sadness)", "rating=1.5, feelings=(joy sadness)"),
        ("a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid", "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid"),
        ("a=1,b=2;x=1;y=2,a=3", "a=3, b=2;x=1;y=2"),
        ("a=?1;x", "a;x"),
        ("*-_.1=1", "*-_.1=1"),
    ],
)
def test_dictionary_has_one_text(text: str, written: str) -> None:
    """The examples of RFC 9651, 3.2; of equal keys the last counts, in the place of the first."""
    assert write_dictionary(parse_dictionary(text.encode())).decode() == written


@pytest.mark.parametrize(
    "text",
    [
        "a=",
        "a=1,",
        "a=1,,b=2",
        ",a=1",
        "a=1 b=2",
        "A=1",
        "1=a",
        "a =1",
        "a= 1",
        '"a"=1',
        "a=(1",
        "a=((1))",
        "a=(1,2)",
    ],
)
def test_dictionary_that_is_none_is_refused(text: str) -> None:
    """Half of a field is none of it."""
    with pytest.raises(StructureError):
        parse_dictionary(text.encode())


def test_members_are_values() -> None:
    """An inner list with its items, and the parameters where they belong."""
    found = parse_dictionary(b'sig1=("@method" "a";sf);created=1;alg="x", b=:YQ==:;p')

    assert found == {
        "sig1": InnerList((Item("@method"), Item("a", {"sf": True})), {"created": 1, "alg": "x"}),
        "b": Item(b"a", {"p": True}),
    }


def test_canonical_text_of_an_unknown_field() -> None:
    """A dictionary, a list or an item: whichever it can be."""
    assert canonical(b"a=1,    b=2;x=1;y=2,   c=(a   b   c)") == b"a=1, b=2;x=1;y=2, c=(a b c)"
    assert canonical(b"1 ,  2") == b"1, 2"
    with pytest.raises(StructureError):
        canonical(b'"x" y')


@pytest.mark.parametrize(
    "text", [b"a" * (LENGTH_MAX + 1), b"\xff", b"\xc3\xa9", b"\x00", b"a\x1b[2J"]
)
def test_what_no_field_holds_is_refused(text: bytes) -> None:
    """Too long, or not ASCII that can be printed."""
    for parse in (parse_item, parse_list, parse_dictionary):
        with pytest.raises(StructureError):
            parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b"a=" + b"(" * 16_000,
        b'a="' + b"\\" * 16_000,
        b"a=" + b"1" * 16_000,
        b"a=:" + b"A" * 16_000,
        b"a" + b";a" * 8_000 + b"=",
        b",".join(b"a%d=1" % number for number in range(1_800)) + b",",
        b"a=(" + b"1 " * 8_000,
        b"a=@" + b"-" * 16_000,
        b'a=%"' + b"%c3" * 5_000,
        b" " * 16_000 + b"!",
    ],
)
def test_long_nonsense_is_refused_at_once(text: bytes) -> None:
    """In the time it takes to look at it: nothing here goes back over what it has read."""
    with pytest.raises(StructureError):
        parse_dictionary(text)


KEYS = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,8}", fullmatch=True)
BARE = st.one_of(
    st.booleans(),
    st.integers(-999_999_999_999_999, 999_999_999_999_999),
    st.decimals(-999_999_999_999, 999_999_999_999, places=3),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12),
    st.from_regex(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,8}", fullmatch=True).map(Token),
    st.binary(max_size=12),
    st.integers(-999_999_999_999_999, 999_999_999_999_999).map(Date),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(DisplayString),
)
ITEMS = st.builds(Item, BARE, st.dictionaries(KEYS, BARE, max_size=3))
MEMBERS: st.SearchStrategy[Member] = st.one_of(
    ITEMS,
    st.builds(
        InnerList, st.lists(ITEMS, max_size=3).map(tuple), st.dictionaries(KEYS, BARE, max_size=3)
    ),
)


@given(st.dictionaries(KEYS, MEMBERS, max_size=4))
def test_what_is_written_is_read(members: dict[str, Member]) -> None:
    """Every value there is comes back, with its kind."""
    found = parse_dictionary(write_dictionary(members))

    assert found == members
    assert [type(each) for each in found.values()] == [type(each) for each in members.values()]
    assert list(found) == list(members)


@given(MEMBERS)
def test_member_has_the_text_it_has_in_a_list(member: Member) -> None:
    """So that it can be signed by itself."""
    assert write_member(member) == write_list([member])


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(text: bytes) -> None:
    """Any bytes are a field or are not, and what is one has one text, which says the same."""
    try:
        written = canonical(text)
    except StructureError:
        return
    assert canonical(written) == written


@given(st.text(st.sampled_from('abz1*-_.,;=()":?@% \\/+'), max_size=60))
def test_nor_for_what_looks_like_one(text: str) -> None:
    """Likewise, closer to home."""
    test_nothing_else_is_raised.hypothesis.inner_test(text.encode())  # type: ignore[attr-defined]
