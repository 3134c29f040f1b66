import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core import query
from inspector.core.query import Key
from tui.completion import complete

KNOWN = {
    Key.PROVIDER: {"jinko", "stripe"},
    Key.ENDPOINT: {"jinko", "a b", 'quo"te'},
    Key.EVENT: {"booking.completed"},
}


def offered(text: str) -> list[str]:
    return [text[: each.start] + each.text for each in complete(text, KNOWN)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pro", ["provider:"]),
        ("PRO", ["provider:"]),
        ("-pro", ["-provider:"]),
        ("(pro", ["(provider:"]),
        ("event:x pro", ["event:x provider:"]),
        ("provider:", ["provider:jinko", "provider:stripe"]),
        ("provider:J", ["provider:jinko"]),
        ("-provider:s", ["-provider:stripe"]),
        ("outcome:mis", ["outcome:mismatch", "outcome:missing"]),
        ("is:f", ["is:failed", "is:forwarded"]),
        ("endpoint:a", ['endpoint:"a b"']),
        ('endpoint:"a', ['endpoint:"a b"']),
        ('endpoint:"a b', ['endpoint:"a b"']),
        ("endpoint:q", [r'endpoint:"quo\"te"']),
        ("event:book", ["event:booking.completed"]),
        ("colour:", []),
        ("nothing", []),
        ("body:x", []),
    ],
)
def test_what_may_follow(text: str, expected: list[str]) -> None:
    assert offered(text) == expected


def test_nothing_yet_offers_every_key() -> None:
    assert "provider:" in offered("")
    assert "text:" not in offered("")


@given(st.text(max_size=30), st.sets(st.text(min_size=1, max_size=10)))
@example("", {"*", "booking.*"})
def test_every_value_that_is_offered_is_read_as_itself(text: str, values: set[str]) -> None:
    """Whatever a sender called its event; and no text is too odd to be completed."""
    complete(text, {Key.EVENT: values})

    for each in complete("event:", {Key.EVENT: values}):
        found = query.parse(each.text)
        assert isinstance(found, query.Term)
        assert found.value in values
        assert not found.prefix
