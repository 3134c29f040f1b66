"""T15, T16, T17: whatever text a sender may write, where it is neither a screen nor a command's output.

Lines of screens are in tests/tui/test_any_text.py, printed ones in test_any_line.py. Here are names of files, the line
of the inspector's state, exports (each read by the parser it is meant for), and lines of the log. How many texts go
through each is said in tests/anytext.py.
"""

import ast
import json
import logging
import re
import shlex
import tempfile
from pathlib import Path

from inspector.cli.listen import _SafeFormatter
from inspector.core.export import FORMATS, Copy, copy_of
from inspector.core.headers import Headers, is_token
from inspector.core.model import Request
from inspector.core.text import decode, encode_any, safe_lines
from inspector.core.wire import JSON
from inspector.errors import HooktapError
from tests.anytext import through
from tests.factories import delivery
from tests.wire import assert_harmless
from tui import openbody
from tui.widgets.status_line import StatusLine

URL = "http://127.0.0.1:3000/in"
TOKEN = b"abcXYZ0189!#$%&'*+.^_`|~-"
PRINTED = re.compile(r"""\"\$\(printf '([^']*)'\)\"""")
"""A word of bytes that are no text, which only a shell reads."""
CALLED = frozenset(
    {
        *("HTTPHeaderDict", "headers.add", "requests.PreparedRequest", "requests.Session"),
        *("requests.Session().send", "print", "base64.b64decode"),
    }
)
"""By a script of Python."""
WIDTH_STEP = 10


def token(text: str) -> bytes:
    """Spell a method or a header's name by it."""
    return b"X" + bytes(TOKEN[byte % len(TOKEN)] for byte in encode_any(text))


def value(text: str) -> bytes:
    """Return what a parser of HTTP lets through of it."""
    return re.sub(rb"[\x00-\x08\n-\x1f\x7f]", b"", encode_any(text)).strip(b"\t ")


def copies(many: list[str]) -> list[Copy]:
    """Return a delivery for each text, so that each stands once in every place."""
    places = zip(*(many[turn:] + many[:turn] for turn in range(6)), strict=True)
    return [
        copy_of(
            delivery(
                request=Request(
                    token(method).decode(),
                    b"/in/" + encode_any(target),
                    Headers(((token(name), value(first)), (b"X-Last", value(last)))),
                    b"",
                    "peer",
                )
            ),
            encode_any(body),
            f"{URL}/{decode(encode_any(target))}",
            include_secrets=True,
        )
        for method, target, name, first, last, body in places
    ]


def written(name: str, *given: Copy) -> str | None:
    """Return an export; None where the format says that it cannot hold this."""
    try:
        text = FORMATS[name].write(given, "1.0").decode()
    except HooktapError as error:
        assert_harmless(str(error))
        return None
    assert safe_lines(text, tab_width=0) == text, name
    assert_harmless(text)
    return text


def words_of(command: str) -> list[str]:
    """Return the words of a command, without what is piped into it."""
    words = shlex.split(PRINTED.sub(lambda found: shlex.quote(spelt_out(found[1])), command))
    if words[0] != "printf":
        return words
    assert [words[1], *words[3:7]] == ["%s", "|", "base64", "-d", "|"]
    return words[7:]


def spelt_out(octal: str) -> str:
    """Return what printf makes of it."""
    return decode(re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), octal.encode()))


def assert_one_curl(copy: Copy) -> None:
    command = written("curl", copy)
    assert command is not None

    words = words_of(command)

    assert words[0] == "curl"
    assert words.count("--url") == 1
    assert words[words.index("--url") + 1].startswith(URL)
    told = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "-H"]
    for name, value in copy.request.headers:
        if value.strip():
            assert decode(name + b": " + value) in told
    if "--data-raw" in words and copy.request.body:
        assert words[words.index("--data-raw") + 1] == decode(copy.request.body)


@through
def test_any_delivery_as_curl(many: list[str]) -> None:
    for copy in copies(many):
        assert_one_curl(copy)


@through
def test_any_delivery_as_httpie(many: list[str]) -> None:
    for copy in copies(many):
        if (command := written("httpie", copy)) is None:
            continue

        words = words_of(command)

        assert words[:2] == ["http", "--path-as-is"]
        assert sum(word.startswith(URL) for word in words) == 1
        for name, value in copy.request.headers:
            if value.strip():
                assert decode(name + b": " + value) in words


@through
def test_any_delivery_as_python(many: list[str]) -> None:
    """It is a module that calls what it always calls: everything a sender wrote is a literal in it."""
    made = copies(many)
    script = written("python", *made)
    assert script is not None

    nodes = list(ast.walk(ast.parse(script)))

    assert {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)} <= CALLED
    held = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert {decode(name) for copy in made for name, _ in copy.request.headers} <= held


@through
def test_any_delivery_as_javascript(many: list[str]) -> None:
    """No parser of JavaScript is here; Node.js runs such scripts in tests/core/export/test_formats.py."""
    for copy in copies(many):
        script = written("fetch", copy)
        assert script is None or script.startswith('fetch("')


@through
def test_any_delivery_as_an_archive_or_a_bundle(many: list[str]) -> None:
    for name in ("har", "bundle"):
        text = written(name, *copies(many))
        assert text is not None
        assert text.isascii() or name == "har"
        for line in [text] if name == "har" else text.splitlines():
            json.loads(line)


@through
def test_any_content_type_names_no_file(many: list[str]) -> None:
    """Of what a sender wrote, nothing goes into a name: one of a few suffixes is chosen by it."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [openbody.save(Path(folder), 1 << at, b"", kind) for at, kind in enumerate(many)]
        assert sorted(paths) == sorted(Path(folder).iterdir())
    for path in paths:
        assert re.fullmatch(r"delivery-[0-9]+(-body)?\.[a-z]{2,5}", path.name)


@through
def test_any_name_in_the_status_line(many: list[str]) -> None:
    line = StatusLine()
    for at, name in enumerate(many):
        width = at * WIDTH_STEP
        endpoint: JSON = {"name": name, "health": {"up": at % 2 == 0}}
        line.know_endpoints([endpoint | ({"paused_at_us": 1} if at % 3 == 0 else {})])

        shown = line._line(width)

        assert_harmless(str(shown))
        assert "\n" not in str(shown)
        assert shown.cell_length <= max(width, 1)


@through
def test_any_line_of_the_log(many: list[str]) -> None:
    """As argument, as bytes, and in the traceback of what was raised."""
    formatter = _SafeFormatter("%(levelname)s: %(message)s")
    for text in many:
        try:
            raise ValueError(text)
        except ValueError as error:
            raised = (type(error), error, error.__traceback__)
        for given in (text, encode_any(text)):
            record = logging.LogRecord("x", logging.ERROR, "x", 1, "from %s", (given,), raised)
            assert_harmless(formatter.format(record))


def test_names_are_those_of_headers() -> None:
    """What is made up above is what a parser lets through."""
    assert all(is_token(b"%c" % each) for each in TOKEN)
