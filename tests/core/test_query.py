import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.query import MAX_CHARACTERS, Key, Term, parse
from inspector.errors import QueryError


@pytest.mark.parametrize("text", ["", " ", "\t\n\r\x0b\x0c "])
def test_empty_query_lets_everything_through(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("booking", Term(Key.TEXT, "booking")),
        ("-booking", Term(Key.TEXT, "booking", negated=True)),
        ("--booking", Term(Key.TEXT, "-booking", negated=True)),
        ("book*", Term(Key.TEXT, "book*")),
        ("[/]\x1b\0", Term(Key.TEXT, "[/]\x1b\0")),
        ("réservation", Term(Key.TEXT, "réservation")),
        ("text:booking", Term(Key.TEXT, "booking")),
        ("event:booking.completed", Term(Key.EVENT, "booking.completed")),
        ("event:booking.*", Term(Key.EVENT, "booking.", prefix=True)),
        ("event:*", Term(Key.EVENT, "", prefix=True)),
        ("event:a:b", Term(Key.EVENT, "a:b")),
        ("-event:*", Term(Key.EVENT, "", prefix=True, negated=True)),
        ("EVENT:Booking", Term(Key.EVENT, "Booking")),
        ("endpoint:jin*", Term(Key.ENDPOINT, "jin", prefix=True)),
        ("provider:stripe", Term(Key.PROVIDER, "stripe")),
        ("outcome:Mismatch", Term(Key.OUTCOME, "Mismatch")),
        ("method:POST", Term(Key.METHOD, "POST")),
        ("id:1042", Term(Key.ID, "1042")),
    ],
)
def test_term(text: str, term: Term) -> None:
    assert parse(text) == (term,)


def test_terms_are_divided_by_white_space() -> None:
    assert parse("  refund\toutcome:stale\n") == (
        Term(Key.TEXT, "refund"),
        Term(Key.OUTCOME, "stale"),
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "refund evnt:x",
            ["unknown key 'evnt' (did you mean 'event'?)", "  refund evnt:x", "         ^^^^"],
        ),
        (
            "-colour:red",
            [
                "unknown key 'colour' (one of id, endpoint, provider, outcome, event, method, text)",
                "  -colour:red",
                "   ^^^^^^",
            ],
        ),
        (
            ":red",
            [
                "unknown key '' (one of id, endpoint, provider, outcome, event, method, text)",
                "  :red",
                "  ^",
            ],
        ),
        (
            "outcome:verifed",
            [
                "unknown outcome 'verifed' (did you mean 'verified'?)",
                "  outcome:verifed",
                "  ^^^^^^^^^^^^^^^",
            ],
        ),
        ("x id:12a", ["'12a' is not a number", "  x id:12a", "    ^^^^^^"]),
        ("id:\u00b2", ["'\u00b2' is not a number", "  id:\u00b2", "  ^^^^"]),
        ("id:-1", ["'-1' is not a number", "  id:-1", "  ^^^^^"]),
        ("a - b", ["nothing to exclude after '-'", "  a - b", "    ^"]),
        ("event: x", ["'event:' needs a value", "  event: x", "  ^^^^^^"]),
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
    assert len(parse("x " * (MAX_CHARACTERS // 2))) == MAX_CHARACTERS // 2
    with pytest.raises(QueryError, match="at most 1000"):
        parse("x" * (MAX_CHARACTERS + 1))


@given(st.text(st.characters(codec=None) | st.sampled_from(": -*")))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        terms = parse(text)
    except QueryError:
        return

    assert all(isinstance(term, Term) for term in terms)
