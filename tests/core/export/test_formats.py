"""Every format: what it sends is run for real and compared, and whatever a sender wrote, it is safe to paste."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.cli import requests
from inspector.core.export import FORMATS, Copy, copy_of, url_of
from inspector.core.export.shellwords import TEXT_CAP_BYTES
from inspector.core.headers import Headers
from inspector.core.model import Failure, FailureKind, Timing
from inspector.core.text import safe_lines
from inspector.errors import HooktapError
from tests import elsewhere, fakes
from tests.factories import attempt, delivery, headers, request

URL = "http://127.0.0.1:8400/in/demo"
VERSION = "0.1.0"
RUN_S = 60
TEXTS = [name for name, each in FORMATS.items() if each.is_text]
RUNNABLE = ["httpie", "python", "fetch"]
REFUSES = {"httpie": [HooktapError], "fetch": [HooktapError]}
"""What they have no way to say."""
BODIES = {
    "empty": b"",
    "text": b'{"name":"it\'s $HOME `id` !! \\n","n":1}',
    "several lines": b"one\ntwo\n",
    "at sign": b"@/etc/passwd",
    "an option": b"-o/tmp/x",
    "not ASCII": "Zoë ☃ 日本 </script>".encode(),
    "escape sequence": b"\x1b[201~; id\n",
    "direction override": "a\u202eb".encode(),
    "binary with NUL": bytes(range(256)),
    "long text": b"x" * (TEXT_CAP_BYTES * 3),
}
PAIRS = (
    (b"hOsT", b"hooks.example.com"),
    (b"X-A", b'it\'s; "quoted" $(id) `id` \\x'),
    (b"x-b", b"=@:;1"),
    (b"X-At", b"@/etc/passwd"),
    (b"X-Empty", b""),
    (b"Content-Type", b"application/json"),
    (b"Transfer-Encoding", b"chunked"),
)


def one(name: str, copy: Copy) -> str:
    return FORMATS[name].write([copy], VERSION).decode()


def copied(body: bytes, url: str = URL, **fields: object) -> Copy:
    return copy_of(delivery(request=request(body=b"", **fields)), body, url)


async def run(name: str, script: str, folder: Path) -> None:
    """Run an exported script as a person would: in a shell, in Python, in Node.js."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if name == "httpie" and shutil.which("http", path=programs) is None:
        elsewhere.missing("HTTPie is not installed")
    if name == "fetch":
        elsewhere.needs("node")
    path = folder / f"run{FORMATS[name].suffix}"
    path.write_text(script, "utf-8")
    program = {"python": sys.executable, "fetch": "node"}.get(name, "sh")
    process = await asyncio.create_subprocess_exec(
        program,
        str(path),
        cwd=folder,
        env={"PATH": programs, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(RUN_S):
        _, said = await process.communicate()
    assert process.returncode == 0, said.decode()


async def sent(name: str, copies: Sequence[Copy], folder: Path, target: fakes.Target) -> None:
    script = FORMATS[name].write(copies, VERSION).decode()
    assert safe_lines(script, tab_width=0) == script
    await run(name, script, folder)
    assert len(target.requests) == len(copies)


@pytest.mark.parametrize("name", RUNNABLE)
async def test_every_body_arrives_byte_for_byte(name: str, tmp_path: Path) -> None:
    """All of them out of one file, one after the other; of binary ones too, and of long ones."""
    async with fakes.serve(fakes.closing()) as target:
        copies = [
            copied(body, f"{target.url}/{n}", headers=Headers(PAIRS))
            for n, body in enumerate(BODIES.values())
        ]
        if name == "httpie":  # it reads a body that is piped to its end, as each of these is
            copies = [copy for copy in copies if copy.request.body]
        await sent(name, copies, tmp_path, target)

        assert {each.line.split()[1]: each.body for each in target.requests} == {
            copy.url.removeprefix(target.url).encode(): copy.request.body for copy in copies
        }


@pytest.mark.parametrize("name", RUNNABLE)
async def test_values_arrive_as_they_were(name: str, tmp_path: Path) -> None:
    async with fakes.serve(fakes.closing()) as target:
        await sent(name, [copied(b"{}", target.url, headers=Headers(PAIRS))], tmp_path, target)

        (taken,) = target.requests
        assert taken.line.startswith(b"POST / ")
        for field, value in PAIRS[1:-1]:
            assert taken.header(field) == [value], field
        assert taken.header(b"Content-Length") == [b"2"]
        assert not taken.header(b"Transfer-Encoding")


async def test_python_keeps_repeats_and_bytes(tmp_path: Path) -> None:
    """Nothing is joined, decoded or added."""
    pairs = ((b"X-R", b"1"), (b"x-r", b"2"), (b"X-Latin", b"caf\xe9"))
    async with fakes.serve(fakes.closing()) as target:
        copy = copied(b"", f"{target.url}/a/../b//c?q=%2f", headers=Headers(pairs), method="DELETE")
        await sent("python", [copy], tmp_path, target)

        (taken,) = target.requests
        assert taken.line.startswith(b"DELETE /")
        assert taken.header(b"X-R") == [b"1", b"2"]
        assert taken.header(b"X-Latin") == [b"caf\xe9"]
        assert {name.lower() for name, _ in taken.pairs} == {b"host", b"x-r", b"x-latin"}


def test_what_httpie_cannot_say_is_refused() -> None:
    for fields in (
        {"method": "M-SEARCH"},
        {"headers": headers(("X-A", "a\\:b"))},
        {"headers": Headers(((b"X-A", b"\xff"),))},
        {"headers": headers(("X-A", "\u2028x"))},
        {"headers": headers(("--output", "x"))},
    ):
        with pytest.raises(HooktapError, match="curl"):
            one("httpie", copied(b"", **fields))


def test_what_fetch_cannot_send_is_refused() -> None:
    for method, body in (("TRACE", b""), ("GET", b"x"), ("head", b"x")):
        with pytest.raises(HooktapError, match="curl"):
            one("fetch", copied(body, method=method))
    with pytest.raises(HooktapError, match="value of X-A"):
        one("fetch", copied(b"", headers=headers(("X-A", "\x1b"))))


# Raw


def test_raw_is_what_was_on_the_wire() -> None:
    pairs = ((b"Host", b"a"), (b"x-A", b"\xe9 1"), (b"X-a", b""), (b"Content-Length", b"3"))
    copy = copied(b"\0\xff\n", headers=Headers(pairs))

    assert FORMATS["raw"].write([copy], VERSION) == (
        b"POST /in/demo HTTP/1.1\r\nHost: a\r\nx-A: \xe9 1\r\nX-a: \r\nContent-Length: 3\r\n\r\n\0\xff\n"
    )


def test_raw_of_a_body_in_chunks_has_its_length() -> None:
    """One length, and only one way to say where it ends, whatever stood there."""
    pairs = headers(("A", "1"), ("Transfer-Encoding", "chunked"), ("B", "2"))
    both = Headers((*pairs, (b"content-length", b"9")))
    for fields in (pairs, both):
        written = FORMATS["raw"].write([copied(b"abc", headers=fields)], VERSION)
        assert written.partition(b"\r\n")[2] == b"A: 1\r\nContent-Length: 3\r\nB: 2\r\n\r\nabc"


@pytest.mark.parametrize("name", ["raw", "har", "curl"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_our_own_files_are_read_back(name: str, body: bytes) -> None:
    pairs = Headers(((b"Host", b"h.example"), (b"X-A", b"caf\xe9"), (b"x-a", b"2; '")))
    target = "/in/demo/a?b=%20{c}"
    made = delivery(request=request(headers=pairs, target=target.encode()))
    copy = copy_of(made, body, "http://h.example" + target)

    (saved,) = requests.parse_all("file", FORMATS[name].write([copy], VERSION))

    assert saved.request is not None
    assert saved.request.body == body
    assert saved.request.target == made.request.target
    ours = [b"Content-Length"]  # of curl
    assert saved.request.headers.without(ours) == pairs
    if name == "har":
        assert saved.received_at_us == made.received_at_us


def test_har_has_what_the_standard_asks_for() -> None:
    """By HAR 1.2: every field that is not optional is there; several deliveries are entries of one file."""
    failed = attempt(result=Failure(FailureKind.REFUSED, "nobody listens"))
    made = delivery(id=7)
    copies = [
        copy_of(made, b"{}", URL + "?a=1&b=x%20y", [attempt(), failed]),
        copy_of(made, b"\xff", URL, [attempt()]),
        copy_of(made, b"", URL),
    ]

    log = json.loads(FORMATS["har"].write(copies, VERSION))["log"]

    assert (log["version"], log["creator"]["version"]) == ("1.2", VERSION)
    first, binary, empty = log["entries"]
    assert first["startedDateTime"] == "2026-06-02T08:00:00.000000+00:00"
    assert first["request"]["queryString"] == [
        {"name": "a", "value": "1"},
        {"name": "b", "value": "x y"},
    ]
    assert [each["response"]["status"] for each in log["entries"]] == [0, 200, 0]
    assert first["response"]["statusText"] == "refused"
    assert binary["request"]["postData"]["encoding"] == "base64"
    assert "postData" not in empty["request"]
    for entry in log["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
        assert set(entry["response"]) >= {"status", "statusText", "httpVersion", "cookies"}


@pytest.mark.parametrize(
    ("timing", "timings"),
    [
        (None, {"blocked": -1, "connect": -1, "send": 0, "wait": 15, "receive": 0}),
        (
            Timing(1000, 12_000, 500),
            {"blocked": 1.5, "connect": 1, "send": 0, "wait": 12, "receive": 0.5},
        ),
        (
            Timing(None, 14_000, 250),
            {"blocked": 0.75, "connect": -1, "send": 0, "wait": 14, "receive": 0.25},
        ),
        (
            Timing(5000, None, None, 10_000),
            {"blocked": 10, "connect": 5, "send": 0, "wait": 0, "receive": 0},
        ),
    ],
)
def test_har_says_where_the_time_went(timing: Timing | None, timings: dict[str, float]) -> None:
    """By HAR 1.2: what did not happen is -1, send, wait and receive are never, and all add up to the whole."""
    made = attempt(duration_us=15_000, timing=timing)

    log = json.loads(FORMATS["har"].write([copy_of(delivery(), b"", URL, [made])], VERSION))

    (entry,) = log["log"]["entries"]
    assert {name: entry["timings"][name] for name in timings} == timings
    assert sum(each for each in timings.values() if each != -1) == entry["time"]


# Secrets


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_tells_a_secret(name: str) -> None:
    """Neither credentials nor what stands at the places given, and neither in the URLs of attempts."""
    pairs = headers(("Authorization", "Bearer c4nary"), ("Cookie", "c4nary"), ("X-T", "c4nary"))
    made = delivery(request=request(headers=pairs, target=b"/in/demo?key=c4nary"))
    body = b'{"token":"c4nary","a":1}'
    url = "http://127.0.0.1:1/?key=c4nary"
    places = ["header:X-T", "query:key", "json:token"]

    copy = copy_of(made, body, url, [attempt(url=url)], secret_places=places)

    assert b"c4nary" not in FORMATS[name].write([copy], VERSION)
    kept = copy_of(made, body, url, include_secrets=True)
    assert b"c4nary" in FORMATS[name].write([kept], VERSION)


def test_a_body_that_lost_a_secret_says_its_length() -> None:
    """So that whoever reads raw HTTP finds its end; where nothing was taken out, it says what was said."""
    body = b'{"token":"c4nary-of-a-secret"}'
    declared = headers(("Content-Length", str(len(body))))
    made = delivery(request=request(headers=declared))

    shorter = copy_of(made, body, URL, secret_places=["json:token"]).request
    untouched = copy_of(made, body, URL, secret_places=["json:other"]).request

    assert len(shorter.body) < len(body)
    assert shorter.headers.get(b"Content-Length") == b"%d" % len(shorter.body)
    assert untouched.headers == declared


def test_where_it_is_sent() -> None:
    made = delivery(request=request(target=b"/in/demo?x"))
    whole = delivery(request=request(target=b"http://h/in/demo"))
    door = "http://127.0.0.1:8400"

    assert url_of(made, [], door) == door + "/in/demo?x"
    assert url_of(made, [attempt(url="http://a/")], door) == "http://a/"
    assert url_of(made, [attempt(url="http://a/")], door, is_record=True) == door + "/in/demo?x"
    assert url_of(whole, [], door) == "http://h/in/demo"


# Safe to paste


@pytest.mark.parametrize("name", TEXTS)
@given(
    method=st.text() | st.just("\udcff\ud800"),
    pairs=st.lists(st.tuples(st.binary(), st.binary())),
    body=st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")),
    url=st.text(),
)
def test_whatever_was_sent_it_is_safe_to_paste(
    name: str, method: str, pairs: list[tuple[bytes, bytes]], body: bytes, url: str
) -> None:
    """No control, invisible or direction-changing character, and it is UTF-8; or it is refused."""
    copy = copied(body, url, method=method, headers=Headers(tuple(pairs)))
    with contextlib.suppress(*REFUSES.get(name, ())):
        script = one(name, copy)
        assert safe_lines(script, tab_width=0) == script


@pytest.mark.parametrize("name", ["httpie", "python", "fetch"])
def test_hostile_text_stays_one_literal(name: str) -> None:
    """200 deliveries of quotes, escapes and line ends: each script is read by its language's own parser."""
    roll = random.Random(5)
    pieces = [
        "'",
        '"',
        "\\",
        "\n",
        "\r",
        "`",
        "${x}",
        "$(x)",
        "</script>",
        "é",
        "\u2028",
        "*/",
        "#",
        '"""',
        "!",
    ]
    scripts = []
    for _ in range(200):
        text = "".join(roll.choices(pieces, k=roll.randrange(1, 9)))
        value = b"x" + text.encode().translate(None, b"\r\n").replace(b"\\", b"/") + b"x"
        copy = copied(text.encode(), f"{URL}/{text}", headers=Headers(((b"X-A", value),)))
        scripts.append(one(name, copy))
    match name:
        case "python":
            for script in scripts:
                compile(script, "exported", "exec")
        case "httpie":
            checked = subprocess.run(["sh", "-n"], input="\n".join(scripts).encode(), check=True)
            assert checked.returncode == 0
        case _:
            elsewhere.needs("node")
            subprocess.run(
                ["node", "--check", "--input-type=module", "-"],
                input="\n".join(scripts).encode(),
                check=True,
                timeout=RUN_S,
            )
