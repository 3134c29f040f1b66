"""T15, T16, T17: whatever text a sender may write, where it is neither a screen nor a command's output.

The screens are in tests/tui/test_hostile.py. Here are names of files, the line of the inspector's state, exports (each
read by the parser it is meant for), and lines of the log.
"""

import ast
import json
import logging
import re
import shlex
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.cli.listen import _SafeFormatter
from inspector.core.export import FORMATS, Copy, copy_of
from inspector.core.headers import Headers, is_token
from inspector.core.model import Request
from inspector.core.text import decode, encode_any, safe_lines
from inspector.core.wire import JSON
from inspector.errors import HooktapError
from tests.factories import delivery
from tests.hostile import RAW_C1, TEXT, WIRE
from tests.wire import assert_harmless
from tui import openbody
from tui.widgets.status_line import StatusLine

URL = "http://127.0.0.1:3000/in"
EXAMPLES = 500
texts = st.text(st.characters() | st.sampled_from(TEXT))
wires = st.binary() | texts.map(encode_any) | st.just(WIRE)
values = wires.map(lambda wire: re.sub(rb"[\x00-\x08\n-\x1f\x7f]", b"", wire).strip(b"\t "))
"""As a parser of HTTP gives them out."""
names = st.text("abcXYZ0189!#$%&'*+.^_`|~-", min_size=1).map(lambda name: f"x{name}".encode())
pairs = st.lists(st.tuples(names, values), max_size=4).map(tuple)
methods = st.from_regex(r"[A-Z!#$%&'*+.^_`|~-]{1,9}", fullmatch=True)
PRINTED = re.compile(r"""\"\$\(printf '([^']*)'\)\"""")
"""A word of bytes that are no text, which only a shell reads."""
copies = st.builds(
    lambda method, target, fields, body: copy_of(
        delivery(request=Request(method, b"/in/" + target, Headers(fields), b"", "peer")),
        body,
        f"{URL}/{decode(target)}",
        include_secrets=True,
    ),
    *(methods, wires, pairs, wires),
)


def written(name: str, copy: Copy) -> str | None:
    """Return an export; None where the format says that it cannot hold this."""
    try:
        text = FORMATS[name].write([copy], "1.0").decode()
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


@settings(max_examples=EXAMPLES, deadline=None)
@given(copy=copies)
def test_any_delivery_as_curl(copy: Copy) -> None:
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


@settings(max_examples=EXAMPLES, deadline=None)
@given(copy=copies)
def test_any_delivery_as_httpie(copy: Copy) -> None:
    command = written("httpie", copy)
    if command is None:
        return

    words = words_of(command)

    assert words[:2] == ["http", "--path-as-is"]
    assert sum(word.startswith(URL) for word in words) == 1
    for name, value in copy.request.headers:
        if value.strip():
            assert decode(name + b": " + value) in words


@settings(max_examples=EXAMPLES, deadline=None)
@given(copy=copies)
def test_any_delivery_as_python(copy: Copy) -> None:
    """It is a module that calls what it always calls: everything a sender wrote is a literal in it."""
    script = written("python", copy)
    assert script is not None

    module = ast.parse(script)

    called = {ast.unparse(node.func) for node in ast.walk(module) if isinstance(node, ast.Call)}
    assert called <= {
        *("HTTPHeaderDict", "headers.add", "requests.PreparedRequest", "requests.Session"),
        *("requests.Session().send", "print", "base64.b64decode"),
    }
    held = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
    assert {decode(name) for name, _ in copy.request.headers} <= held


@settings(max_examples=EXAMPLES, deadline=None)
@given(copy=copies)
def test_any_delivery_as_javascript(copy: Copy) -> None:
    """No parser of JavaScript is here; Node.js runs such scripts in tests/core/export/test_formats.py."""
    script = written("fetch", copy)
    assert script is None or script.startswith('fetch("')


@settings(max_examples=EXAMPLES, deadline=None)
@given(copy=copies)
def test_any_delivery_as_an_archive_or_a_bundle(copy: Copy) -> None:
    for name in ("har", "bundle"):
        text = written(name, copy)
        assert text is not None
        assert text.isascii() or name == "har"
        for line in [text] if name == "har" else text.splitlines():
            json.loads(line)


@settings(max_examples=EXAMPLES, deadline=None)
@given(kind=texts | wires.map(decode), number=st.integers(1, 10**15))
def test_any_content_type_names_no_file(kind: str, number: int) -> None:
    """Of what a sender wrote, nothing goes into a name: one of a few suffixes is chosen by it."""
    with tempfile.TemporaryDirectory() as folder:
        path = openbody.save(Path(folder), number, b"", kind)
        assert [path] == list(Path(folder).iterdir())
    assert re.fullmatch(r"delivery-[0-9]+(-body)?\.[a-z]{2,5}", path.name)


@settings(max_examples=EXAMPLES, deadline=None)
@given(name=texts, up=st.booleans(), paused=st.booleans(), width=st.integers(0, 200))
def test_any_name_in_the_status_line(name: str, *, up: bool, paused: bool, width: int) -> None:
    line = StatusLine()
    endpoint: JSON = {"name": name, "health": {"up": up}}
    line.know_endpoints([endpoint | ({"paused_at_us": 1} if paused else {})])

    shown = line._line(width)

    assert_harmless(str(shown))
    assert "\n" not in str(shown)
    assert shown.cell_length <= max(width, 1)


@settings(max_examples=EXAMPLES, deadline=None)
@given(text=texts, wire=wires)
def test_any_line_of_the_log(text: str, wire: bytes) -> None:
    """As argument, as bytes, and in the traceback of what was raised."""
    formatter = _SafeFormatter("%(levelname)s: %(message)s")
    try:
        raise ValueError(text)
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    for given_ in (text, wire, RAW_C1, decode(wire)):
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "from %s", (given_,), raised)
        assert_harmless(formatter.format(record))


def test_names_are_those_of_headers() -> None:
    """What is made up above is what a parser lets through."""
    assert all(is_token(f"x{character}".encode()) for character in "!#$%&'*+.^_`|~-")
