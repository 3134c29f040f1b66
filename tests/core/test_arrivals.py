"""Requests from elsewhere as JSON and back; what no sender could have sent is refused."""

import contextlib
import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.arrivals import (
    HEADERS_MAX,
    LATEST_US,
    Arrival,
    arrival_from_json,
    arrival_to_json,
)
from inspector.core.headers import Headers
from inspector.core.wire import JSON, dumps
from inspector.errors import ConfigError
from tests.factories import request

GOOD: JSON = {
    "endpoint": "demo",
    "received_at_us": 1,
    "method": "POST",
    "target": "/in/demo",
    "headers": [["A", "1"]],
    "body": "{}",
}
TOKEN = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1).map(
    str.encode
)
VALUE = st.binary().map(lambda raw: raw.translate(None, b"\r\n\0"))


@given(
    pairs=st.lists(st.tuples(TOKEN, VALUE), max_size=4),
    path=st.binary().map(lambda raw: raw.translate(None, bytes(range(33)) + b"\x7f")),
    body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")),
    at_us=st.none() | st.integers(0, LATEST_US),
)
def test_every_byte_survives(
    pairs: list[tuple[bytes, bytes]], path: bytes, body: bytes, at_us: int | None
) -> None:
    """Through one line of ASCII that does not grow to more than twice the body."""
    made = request(headers=Headers(tuple(pairs)), target=b"/" + path, body=body, peer="")
    arrival = Arrival("demo", made, at_us)

    line = dumps(arrival_to_json(arrival))

    assert line.isascii()
    assert arrival_from_json(json.loads(line)) == arrival


def test_a_body_of_escapes_is_written_as_base64() -> None:
    assert "body" in arrival_to_json(Arrival("x", request(body=b"Zo\xc3\xab" * 9)))
    assert "body_base64" in arrival_to_json(Arrival("x", request(body=b"\1" * 9)))
    assert arrival_to_json(Arrival("x", request(body=b"")))["body"] == ""


def test_what_is_not_known_is_passed_over() -> None:
    assert arrival_from_json({**GOOD, "uid": 7}) == arrival_from_json(GOOD)


BAD: list[tuple[str, list[Any]]] = [
    ("endpoint", [None, 1, ["x"]]),
    ("method", [None, "", "A B", "A\r\nB", "\ud800", "X" * 65, 1]),
    ("target", ["", "x", "/a b", "/\r\nA: 1", "/\0", "ftp://x/", "/\ud800", 5]),
    ("headers", [None, {}, "A: 1", [["A"]], [["A", 1]], [["A", "1", "2"]]]),
    ("headers", [[[name, "x"]] for name in ("", "A B", "A:", "A\n", "\ud800", "é")]),
    ("headers", [[["A", value]] for value in ("a\r\nB: 1", "a\nb", "\0", "\ud800")]),
    ("headers", [[["A", "1"]] * (HEADERS_MAX + 1), [["A", "x" * 1_100_000]]]),
    ("body", [None, 1, [], "\ud800", "\udfff"]),
    ("body_base64", ["", 1]),
    ("received_at_us", [-1, 1.5, True, "1", LATEST_US + 1, 10**400]),
]


@pytest.mark.parametrize(("name", "values"), BAD)
def test_what_nobody_could_have_sent_is_refused(name: str, values: list[Any]) -> None:
    """With a sentence that names the field; nothing else ever comes of it."""
    for value in values:
        with pytest.raises(ConfigError, match=f"^{name.removesuffix('_base64')}"):
            arrival_from_json({**GOOD, name: value})


@pytest.mark.parametrize("given_", [None, 1, "x", [], [GOOD]])
def test_what_is_no_object_is_refused(given_: Any) -> None:
    with pytest.raises(ConfigError):
        arrival_from_json(given_)


@given(st.dictionaries(st.sampled_from(list(GOOD)), st.none() | st.text() | st.lists(st.text())))
def test_nothing_but_a_sentence_comes_of_nonsense(given_: JSON) -> None:
    with contextlib.suppress(ConfigError):
        arrival_from_json({**GOOD, **given_})
