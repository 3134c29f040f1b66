import json
import stat
from pathlib import Path

import pytest

from inspector.errors import HooktapError
from tui.filterbook import FILE, HISTORY_MAX, NAME_MAX, SAVED_MAX, FilterBook


def test_nothing_yet(tmp_path: Path) -> None:
    book = FilterBook(tmp_path)

    assert list(book.history) == []
    assert dict(book.saved) == {}


def test_newest_is_last_and_each_there_once(tmp_path: Path) -> None:
    book = FilterBook(tmp_path)
    for query in ("a", "b", "", "a"):
        book.use(query)

    assert list(FilterBook(tmp_path).history) == ["b", "a"]


def test_names_are_kept_beside_the_history(tmp_path: Path) -> None:
    book = FilterBook(tmp_path)
    book.use("x")
    book.save("mine", "provider:jinko")
    book.save("more", "is:failed")
    book.save("mine", "provider:stripe")
    book.forget("more")
    book.forget("nothing")

    assert dict(FilterBook(tmp_path).saved) == {"mine": "provider:stripe"}
    assert list(book.history) == ["x"]


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    book = FilterBook(tmp_path)
    for number in range(HISTORY_MAX + 5):
        book.use(f"id:{number}")
        book.save(f"name {number}", "x")
    book.save("n" * 1000, "x")

    assert len(book.history) == HISTORY_MAX
    assert book.history[0] == "id:5"
    assert len(book.saved) == SAVED_MAX
    assert max(map(len, book.saved)) == NAME_MAX


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    FilterBook(tmp_path).use("body:secret")

    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"history": 3, "saved": {}}',
        b'{"history": [], "saved": []}',
        b"[" * 100_000,
        b'{"history": ["' + b"x" * 2_000_000 + b'"], "saved": {}}',
    ],
)
def test_file_that_is_no_good_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    book = FilterBook(tmp_path)

    assert list(book.history) == []
    book.use("x")
    assert list(book.history) == ["x"]


def test_what_is_no_query_in_it_is_left_out(tmp_path: Path) -> None:
    data = {"history": ["ok", 3, "", "y" * 5000], "saved": {"": "x", "a": 3, "b": "fine"}}
    (tmp_path / FILE).write_text(json.dumps(data))
    book = FilterBook(tmp_path)

    assert list(book.history) == ["ok"]
    assert dict(book.saved) == {"b": "fine"}


def test_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(HooktapError, match="cannot write"):
        FilterBook(tmp_path / "nowhere").use("x")
