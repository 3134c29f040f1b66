import sqlite3
from contextlib import closing

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inspector.core.headers import Headers
from inspector.store.values import decode_headers, encode_headers, integer, text

FIELD = st.binary(max_size=20) | st.sampled_from([b"", b"\0", b"\1", b"\1\2", b"\1\3", b"\0\1"])


@given(st.lists(st.tuples(FIELD, FIELD), max_size=8))
@example([])
@example([(b"", b"")])
@example([(b"", b""), (b"", b"")])
@example([(b"X-Dup", b"1"), (b"x-dup", b"2"), (b"X-Dup", b"1")])
@example([(b"A\0B", b"\1\2"), (b"\1", b"\1\3\0")])
@example([(b"X-Latin", b"caf\xe9"), (b"X-Esc", b"\x1b]0;x\x07")])
def test_header_pairs_come_back_byte_for_byte(pairs: list[tuple[bytes, bytes]]) -> None:
    """Order, case, repeats, and any bytes at all."""
    headers = Headers(tuple(pairs))

    assert decode_headers(encode_headers(headers)) == headers


def test_usual_headers_are_stored_plainly() -> None:
    """What came over HTTP has no NUL: the blob is the fields themselves, for whoever opens the database by hand."""
    headers = Headers(((b"Host", b"localhost"), (b"X-Empty", b"")))

    assert encode_headers(headers) == b"Host\0localhost\0X-Empty\0"


@given(st.text(st.characters(codec=None)))  # lone surrogates too
@example("\udc80")
@example("a\ud800b\0")
def test_any_text_can_be_bound(value: str) -> None:
    """A lone surrogate would raise in the middle of a commit that others share (PEP 383; sqlite3 encodes strictly)."""
    with closing(sqlite3.connect(":memory:")) as connection:
        (stored,) = connection.execute("SELECT ?", [text(value)]).fetchone()

    assert stored == text(value)


def test_text_is_kept_and_a_lone_surrogate_shown() -> None:
    assert text(None) is None
    assert text("réservation ✓\0") == "réservation ✓\0"
    assert text("a\udc80") == r"a\udc80"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        (2**63, 2**63 - 1),
        (10**4000, 2**63 - 1),
        (-(2**63), -(2**63)),
        (-(10**30), -(2**63)),
    ],
)
def test_a_number_too_big_is_the_nearest(value: int | None, stored: int | None) -> None:
    assert integer(value) == stored
