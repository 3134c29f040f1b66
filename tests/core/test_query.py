from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.query import (
    EVERYTHING,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_TERMS,
    And,
    Field,
    Key,
    Leaf,
    Moment,
    Not,
    Or,
    Query,
    Span,
    Term,
    conjuncts,
    leaves,
    parse,
    parts,
)
from inspector.errors import QueryError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("  a  ", ["a"]),
        ("endpoint:a -event:b*", ["endpoint:a", "-event:b*"]),
        ('a and -(b or "c d") and e', ["a", '-(b or "c d")', "e"]),
        ("a b or c", ["a b or c"]),
        ("((a or b) c) --d", ["((a or b) c)", "--d"]),
    ],
)
def test_parts_are_as_written(text: str, found: list[str]) -> None:
    """All of them must hold: read one by one they say what the whole says."""
    assert parts(text) == found
    assert parse(text) == parse(" ".join(f"({part})" for part in found))


def test_parts_of_what_cannot_be_read() -> None:
    with pytest.raises(QueryError, match="closed"):
        parts("a (b")


@pytest.mark.parametrize("text", ["", " ", "\t\n\r\x0b\x0c "])
def test_empty_query_lets_everything_through(text: str) -> None:
    assert parse(text) == EVERYTHING == And(())


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("booking", Term(Key.TEXT, "booking")),
        ("book*", Term(Key.TEXT, "book*")),
        ("[/]\x1b\0", Term(Key.TEXT, "[/]\x1b\0")),
        ("réservation", Term(Key.TEXT, "réservation")),
        ("text:booking", Term(Key.TEXT, "booking")),
        ("event:booking.completed", Term(Key.EVENT, "booking.completed")),
        ("event:booking.*", Term(Key.EVENT, "booking.", prefix=True)),
        ("event:*", Term(Key.EVENT, "", prefix=True)),
        ("event:a:b", Term(Key.EVENT, "a:b")),
        ("EVENT:Booking", Term(Key.EVENT, "Booking")),
        ("endpoint:jin*", Term(Key.ENDPOINT, "jin", prefix=True)),
        ("provider:stripe", Term(Key.PROVIDER, "stripe")),
        ("outcome:Mismatch", Term(Key.OUTCOME, "Mismatch")),
        ("method:POST", Term(Key.METHOD, "POST")),
        ("id:1042", Span(Key.ID, 1042, 1042)),
        ("id:1000..1200", Span(Key.ID, 1000, 1200)),
        ("id:1000..", Span(Key.ID, 1000, None)),
        ("id:..7", Span(Key.ID, None, 7)),
        ("id:>7", Span(Key.ID, 8, None)),
        ("id:<=7", Span(Key.ID, None, 7)),
        ("status:>=500", Span(Key.STATUS, 500, None)),
        ("status:<300", Span(Key.STATUS, None, 299)),
        ("status:4xx", Span(Key.STATUS, 400, 499)),
        ("status:404", Span(Key.STATUS, 404, 404)),
        ("status:None", Term(Key.STATUS, "none")),
        ("failure:timeout", Term(Key.FAILURE, "timeout")),
        ("size:>10k", Span(Key.SIZE, 10 * 1024 + 1, None)),
        ("size:1kb..2MiB", Span(Key.SIZE, 1024, 2 * 1024 * 1024)),
        ("size:0", Span(Key.SIZE, 0, 0)),
        ("since:10m", Moment(Key.SINCE, ago_s=600)),
        ("since:2H", Moment(Key.SINCE, ago_s=7200)),
        ("until:3d", Moment(Key.UNTIL, ago_s=3 * 86400)),
        ("since:2026-06-02", Moment(Key.SINCE, datetime(2026, 6, 2))),  # noqa: DTZ001 - it has none
        ("until:2026-06-02", Moment(Key.UNTIL, datetime(2026, 6, 3))),  # noqa: DTZ001
        ("since:2026-06-02T08:00Z", Moment(Key.SINCE, datetime(2026, 6, 2, 8, tzinfo=UTC))),
        ("has:attempt", Term(Key.HAS, "attempt")),
        ("HAS:Note", Term(Key.HAS, "Note")),
        ("is:pending", Term(Key.IS, "pending")),
        ("is:duplicate", Term(Key.IS, "duplicate")),
        ("header:x-foo=bar", Field(Key.HEADER, ("x-foo",), "bar")),
        ("header:x-foo=b*", Field(Key.HEADER, ("x-foo",), "b", prefix=True)),
        ("header:x-foo=", Field(Key.HEADER, ("x-foo",), "")),
        ("header:x-foo", Field(Key.HEADER, ("x-foo",), None)),
        ("header:a=b=c", Field(Key.HEADER, ("a",), "b=c")),
        ("body:JNK-TEST00", Term(Key.BODY, "JNK-TEST00")),
        ("body:JNK-*", Term(Key.BODY, "JNK-", prefix=True)),
        ("json:booking.status=PAID", Field(Key.JSON, ("booking", "status"), "PAID")),
        ("json:items[0].sku=A", Field(Key.JSON, ("items", "0", "sku"), "A")),
        ("json:items[*].sku=A", Field(Key.JSON, ("items", "*", "sku"), "A")),
        ("json:items.*=A", Field(Key.JSON, ("items", "*"), "A")),
        ("json:booking", Field(Key.JSON, ("booking",), None)),
    ],
)
def test_term(text: str, term: Leaf) -> None:
    assert parse(text) == term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ('"two words"', Term(Key.TEXT, "two words")),
        ('"event:x"', Term(Key.TEXT, "event:x")),
        ('"-x"', Term(Key.TEXT, "-x")),
        ('"or"', Term(Key.TEXT, "or")),
        ('"(a)"', Term(Key.TEXT, "(a)")),
        (r'"say \"hi\" \\ \d"', Term(Key.TEXT, r'say "hi" \ \d')),
        ('event:"a b"', Term(Key.EVENT, "a b")),
        ('event:"a b"*', Term(Key.EVENT, "a b", prefix=True)),
        ('event:"a*"', Term(Key.EVENT, "a*")),
        ('body:"JNK-TEST00 paid"', Term(Key.BODY, "JNK-TEST00 paid")),
        ('json:a="b c"', Field(Key.JSON, ("a",), "b c")),
        ('ab"c d"e', Term(Key.TEXT, "abc de")),
    ],
)
def test_quotes_keep_together(text: str, term: Leaf) -> None:
    assert parse(text) == term


A, B, C = (Term(Key.TEXT, name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("  a\tb\n", And((A, B))),
        ("a and b AND c", And((A, B, C))),
        ("a or b", Or((A, B))),
        ("a b or c", Or((And((A, B)), C))),
        ("a (b or c)", And((A, Or((B, C))))),
        ("-a", Not(A)),
        ("--a", Not(Term(Key.TEXT, "-a"))),
        ("a-b", Term(Key.TEXT, "a-b")),
        ("-(a or b) c", And((Not(Or((A, B))), C))),
        ('-"a"', Not(A)),
        ("-event:*", Not(Term(Key.EVENT, "", prefix=True))),
        ("(((a)))", A),
        ("a(b)c", And((A, B, C))),
        ("-a or -b", Or((Not(A), Not(B)))),
    ],
)
def test_terms_combine(text: str, query: Query) -> None:
    """Side by side binds more tightly than `or`, `-` more tightly than both."""
    assert parse(text) == query


KEYS = (
    "id, endpoint, provider, outcome, event, method, status, failure, size, since, until, has, is, header, body, "
    "json, note, text"
)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "refund evnt:x",
            ["unknown key 'evnt' (did you mean 'event'?)", "  refund evnt:x", "         ^^^^"],
        ),
        ("-colour:red", [f"unknown key 'colour' (one of {KEYS})", "  -colour:red", "   ^^^^^^"]),
        (":red", [f"unknown key '' (one of {KEYS})", "  :red", "  ^"]),
        (
            "outcome:verifed",
            [
                "unknown outcome 'verifed' (did you mean 'verified'?)",
                "  outcome:verifed",
                "  ^^^^^^^^^^^^^^^",
            ],
        ),
        (
            "is:fail",
            ["unknown state 'fail' (did you mean 'failed'?)", "  is:fail", "  ^^^^^^^"],
        ),
        ("x id:12a", ["'12a' is not a number", "  x id:12a", "    ^^^^^^"]),
        ("id:\u00b2", ["'\u00b2' is not a number", "  id:\u00b2", "  ^^^^"]),
        ("id:-1", ["'-1' is not a number", "  id:-1", "  ^^^^^"]),
        ("id:5..1", ["'5..1' ends before it begins", "  id:5..1", "  ^^^^^^^"]),
        (
            "size:1q",
            ["'1q' is not a size (as in 512, 10k or 2m)", "  size:1q", "  ^^^^^^^"],
        ),
        (
            "status:bad",
            [
                "'bad' is not a number (as in 500, >=500, 400..499, 5xx or none)",
                "  status:bad",
                "  ^^^^^^^^^^",
            ],
        ),
        (
            "since:soon",
            [
                "'soon' is not a time (as in 10m, 2h, 3d, 2026-06-02 or 2026-06-02T08:00Z)",
                "  since:soon",
                "  ^^^^^^^^^^",
            ],
        ),
        (
            "json:.=x",
            [
                "'json:' needs a name and a value, as in json:booking.status=PAID",
                "  json:.=x",
                "  ^^^^^^^^",
            ],
        ),
        ("a - b", ["nothing to exclude after '-'", "  a - b", "    ^"]),
        ("event: x", ["'event:' needs a value", "  event: x", "  ^^^^^^"]),
        ("a (b or c", ["this is not closed", "  a (b or c", "    ^"]),
        ("a) b", ["nothing was opened that this closes", "  a) b", "   ^"]),
        ("a ()", ["this stands where a term should be", "  a ()", "     ^"]),
        ("or a", ["this stands where a term should be", "  or a", "  ^^"]),
        ("a or ", ["no term follows this", "  a or ", "    ^^"]),
        ('x "a b', ["this quote is not closed", '  x "a b', "    ^^^^"]),
        ('""', ["nothing stands between the quotes", '  ""', "  ^^"]),
        (
            "\x1b[2J id:\u202e",
            [r"'\u202e' is not a number", "  ␛[2J id:\\u202e", "       ^^^^^^^^^"],
        ),
    ],
)
def test_mistake_is_pointed_at(text: str, lines: list[str]) -> None:
    """What, where, and the nearest valid name; a control character in it reaches no terminal."""
    with pytest.raises(QueryError) as refused:
        parse(text)

    assert str(refused.value).split("\n") == lines
    assert refused.value.exit_code == 2


def test_query_has_an_end() -> None:
    assert parse("x" * MAX_CHARACTERS) == Term(Key.TEXT, "x" * MAX_CHARACTERS)
    with pytest.raises(QueryError, match="at most 1000"):
        parse("x" * (MAX_CHARACTERS + 1))


def test_terms_have_an_end() -> None:
    assert len(conjuncts(parse("x " * MAX_TERMS))) == MAX_TERMS
    with pytest.raises(QueryError, match="at most 100 terms"):
        parse("x " * (MAX_TERMS + 1))


def test_parentheses_have_a_depth() -> None:
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == A
    for opening in ("(", "-("):
        with pytest.raises(QueryError, match="6 deep"):
            parse(opening * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1))
    with pytest.raises(QueryError):
        parse("(" * MAX_CHARACTERS)


PIECES = st.sampled_from(
    [
        *'abc()"\\-*:=. \n\x1b\0',
        "or",
        "and",
        "id:",
        "since:",
        "json:a=",
        "is:failed",
        "size:>1k",
        "\ud800",
        "ﬀ",
    ]
)


@given(st.text(st.characters(codec=None)) | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    """And where it is refused, the caret stands below the query."""
    try:
        query = parse(text)
    except QueryError as error:
        said, shown, carets = str(error).split("\n")
        assert said
        assert set(carets.strip()) == {"^"}
        assert len(carets) <= max(len(shown), 3)
        return

    assert all(isinstance(leaf, Leaf) for leaf in leaves(query))
