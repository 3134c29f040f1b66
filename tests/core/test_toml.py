"""Which line of a TOML file a key stands on, and how a file that is none is told."""

import contextlib
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.toml import line_of, read
from inspector.errors import ConfigError

TEXT = '''\
# a comment with key = 1
title = "x"
a.b = [
  1, # list = 2
]
"quoted key" = 1

secret = { strip = "x", decode = """
strip = 1
""" }
[timestamp]
from = "x"
[[also]]
equal = 1
[[also]]
other = 2
["q.r".s]
 z = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["title"], 2),
        (["a"], 3),
        (["a", "b"], 3),
        (["quoted key"], 6),
        (["secret"], 8),
        (["secret", "decode"], 8),
        (["timestamp"], 11),
        (["timestamp", "from"], 12),
        (["also"], 13),
        (["also", "equal"], 14),
        (["also", "other"], 16),
        (["q.r"], 17),
        (["q.r", "s", "z"], 18),
        (["timestamp", "unit"], 11),
        (["secret", "absent", "deeper"], 8),
        (["list"], None),
        (["strip"], None),
        (["key"], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_line_of_a_key(path: list[str], line: int | None, newline: str) -> None:
    """A key inside a string, a comment or another table is another; an absent one is told by its table."""
    assert line_of(TEXT.replace("\n", newline), path) == line


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.integers() | st.text(), min_size=1))
def test_every_key_has_its_line(values: dict[str, Any]) -> None:
    lines = [f"{_quoted(key)} = {_quoted(value)}" for key, value in values.items()]
    text = "\n".join(lines)
    assert tomllib.loads(text) == values

    for number, key in enumerate(values, 1):
        assert line_of(text, [key]) == number


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a = 1\nb =\n", "f:2: invalid value (column 4)"),
        (b"a = 1\na = 2", "f:2: cannot overwrite a value (at the end)"),
        (b'a = "x', "f:1: unterminated string (at the end)"),
        (b"a = 1\n\n\xff", "f:3: not UTF-8 text (byte 8)"),
        (b"\xff\xfe\x00", "f:1: not UTF-8 text (byte 1)"),
        (b"a = " + b"9" * 5000, "f: nested too deeply, or a number too long to read"),
        (b"a = " + b"[" * 100_000, "f: nested too deeply, or a number too long to read"),
    ],
)
def test_what_is_not_toml(content: bytes, sentence: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(content, "f")

    assert str(raised.value) == sentence


def test_a_mark_at_the_beginning_is_an_editors() -> None:
    assert read(b"\xef\xbb\xbfa = 1", "f") == ({"a": 1}, "a = 1")


@given(st.binary(max_size=80) | st.text(alphabet="a=[]{}\"'.\n#1_:-", max_size=60).map(str.encode))
def test_nothing_else_is_raised(content: bytes) -> None:
    text = ""
    with contextlib.suppress(ConfigError):
        _, text = read(content, "f")

    line_of(text, ["a", "b"])


def _quoted(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(f"\\U{ord(char):08x}" for char in str(value)) + '"'
