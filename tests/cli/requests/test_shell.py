"""A command line taken apart as a shell takes it apart."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.cli.requests.shell import Command, commands
from inspector.errors import ConfigError


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6))
def test_quoted_words_come_back(words: list[str]) -> None:
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    text = shlex.join(word.decode("utf-8", "surrogateescape") for word in encoded)

    assert list(commands(text)) == [Command(encoded, "")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("a  b\tc", [b"a", b"b", b"c"]),
        ("a''b\"\"c ''", [b"abc", b""]),
        ("a\\ b\\'\\\\", [b"a b'\\"]),
        ("a\\\nb \\\n c", [b"ab", b"c"]),
        ("a \\\r\n b", [b"a", b"b"]),
        ('"a\\"b\\c\\$\\`\\\\"', [b'a"b\\c$`\\']),
        ('"a\\\nb"', [b"ab"]),
        ("a#b # c", [b"a#b"]),
        ("$ '$x' \"a $ b\" a$", [b"$", b"$x", b"a $ b", b"a$"]),
        ("$'\\a\\b\\e\\E\\f\\n\\r\\t\\v\\\\\\'\\\"\\?'", [b"\x07\x08\x1b\x1b\x0c\n\r\t\x0b\\'\"?"]),
        ("$'\\101\\x41\\u0041\\U00000041\\cA\\z'", [b"AAAA\x01\\z"]),
        ("$'\\xff\\u00e9\\ud800'", [b"\xff\xc3\xa9\xed\xa0\x80"]),
        ('"$(printf \'a"b\\303\\251\\041\')"c', [b'a"b\xc3\xa9!c']),
        ("a > out 2>&1 b 2>/dev/null c", [b"a", b"b", b"c"]),
        ("\udcff\x1b", [b"\xff\x1b"]),
    ],
)
def test_words(text: str, words: list[bytes]) -> None:
    assert list(commands(text)) == [Command(words, "")]


def test_several_commands() -> None:
    found = list(commands("a b | c && d; e\nf"))

    assert found == [
        Command([b"a", b"b"], "|"),
        Command([b"c"], "&&"),
        Command([b"d"], ";"),
        Command([b"e"], "\n"),
        Command([b"f"], ""),
    ]


@pytest.mark.parametrize(
    "text", ["'a", '"a', "$'a", "$x", "${x}", "$(x)", '"$x"', '"`x`"', "`x`", "a\\", "$1"]
)
def test_what_only_a_shell_knows_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        list(commands(text))
