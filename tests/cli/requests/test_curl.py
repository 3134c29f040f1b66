"""What a curl command would send, compared with what a real shell and a real curl do send."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.cli.requests import curl, parse
from inspector.core import export
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.errors import ConfigError
from tests.factories import delivery, request
from tests.fakes import Taken, answering, serve

needs_curl = pytest.mark.skipif(
    (shutil.which("curl") is None or shutil.which("bash") is None)
    and os.environ.get("CI") != "true",
    reason="no curl and bash on this machine",
)

COMMANDS = [
    "curl URL/a",
    "curl URL",
    "curl -I URL/a?b=c#d",
    "curl -X POST URL/a",
    "curl --request PUT -d a=1 -d b=2 URL/a",
    "curl -d 'a=1' -H 'Content-Type: text/plain' URL/a",
    "curl -sSLXPATCH -d@file URL/a",
    "curl --data-binary @file URL/a",
    "curl --data @file --data-binary @file URL/a",
    "curl --data-raw @file URL/a",
    "curl --data-ascii x URL/a",
    "curl -d '' URL/a",
    "curl --json '{\"a\": 1}' URL/a",
    "curl --json '{' --json @file -H 'Accept: text/plain' URL/a",
    "curl -d x --json y -d z URL/a",
    "curl -G -d a=1 --data-urlencode 'b= &é' URL/a?c=3",
    "curl -G -I -d a=1 URL/a",
    "curl --data-urlencode 'a b~.-_*' --data-urlencode '=c=d' --data-urlencode 'n=@v' URL/a",
    "curl --data-urlencode @file --data-urlencode n@file URL/a",
    "curl -u 'me:pass:word' URL/a",
    "curl http://u%40x:p@127.0.0.1:PORT/a",
    "curl -u a:b -H 'authorization: Bearer x' URL/a",
    "curl --oauth2-bearer tok URL/a",
    "curl -A agent -e http://r/ -b 'a=b; c=d' URL/a",
    "curl -H 'User-Agent: x' -A agent URL/a",
    "curl -H 'X-B: 1' -H 'x-a:2' -H 'X-B:   3  ' -H 'X-Empty;' -H 'Accept:' URL/a",
    "curl -H 'Host: example.test' -H 'X: y' URL/a",
    "curl -H @headers URL/a",
    "curl --request-target '*' -X OPTIONS URL/a",
    "curl --url URL/a --url-query 'a=b c' --url-query +d=e",
    "curl -g 'URL/a?b[]={c}'",
    r"curl 'URL/a?b\[\]=\{c\}'",
    "curl --path-as-is URL/a/../b/./c",
    "curl 127.0.0.1:PORT/x?y",
    r"curl URL/a -H $'X-\x41: \303\251\u00e9\t\'q\'' --data-raw $'a\nb\\\x00c'",
    'curl URL/a -d "{\\"a\\": \\"b\\\\n\\", \'c\': \\`\\$}" -H "X: a\\z"',
    'curl URL/a \\\n  -H "X: a\\\nb" \\\n  -d a\\ b"c"\'d\'e',
    "# a comment\n\ncurl URL/a # another\ncurl --nonsense",
    "curl URL/a --data-raw a#b -o /dev/null > /dev/null 2>&1 | cat",
    "curl URL/a?b=1&c=2",
    "curl URL/a\n# it's only a remark\n",
    "curl -s --compressed --max-time 10 --no-progress-meter -m9 -4 --retry 0 URL/a",
    "curl -H 'Content-Type:' -d x URL/a",
]
FILE = b"line 1\r\nline 2\n\xff=&+ end\n"


def write_files(folder: Path) -> None:
    (folder / "file").write_bytes(FILE)
    (folder / "headers").write_bytes(b"X-One: 1\r\nX-Two: 2\n")


async def sent(command: str, folder: Path, port: int) -> None:
    shell = await asyncio.create_subprocess_exec(
        "bash",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    await shell.communicate(command.encode())


def whole(taken: Taken) -> Request:
    """Return what was sent, less the headers that tell one curl from another."""
    method, target, _ = taken.line.split(b" ")
    pairs = [
        (name, value)
        for name, value in taken.pairs
        if not (name == b"User-Agent" and value.startswith(b"curl/"))
        and (name, value) != (b"Accept", b"*/*")
        and name != b"Accept-Encoding"
    ]
    return Request(method.decode(), target, Headers(tuple(pairs)), taken.body)


@needs_curl
@pytest.mark.parametrize("command", COMMANDS)
async def test_it_is_what_curl_sends(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Method, target, every header in its order, and the body."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    async with serve(answering()) as target:
        command = command.replace("URL", target.url).replace("PORT", str(target.port))
        await sent(command, tmp_path, target.port)
        read, _ = parse("f", command.encode())

    real = whole(target.requests[0])
    assert read.method == real.method
    # Percent-escapes are in capitals with one curl and not with the next.
    assert read.target.lower() == real.target.lower()
    assert read.headers.pairs == real.headers.pairs
    assert read.body == real.body or (b"%" in read.body and read.body.lower() == real.body.lower())


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    st.lists(
        st.tuples(
            st.from_regex(rb"X-[A-Za-z0-9]{1,8}", fullmatch=True),
            st.binary(max_size=30).filter(lambda raw: b"\0" not in raw),
        ),
        max_size=3,
    ),
    st.sampled_from(["POST", "PUT", "DELETE"]),
)
def test_our_own_export_is_read_back(
    body: bytes, pairs: list[tuple[bytes, bytes]], method: str
) -> None:
    """Whatever the bytes: text as it is, the rest through `printf` and `base64`."""
    kept = tuple((name, value.strip(b" \t\r\n")) for name, value in pairs)
    made = delivery(request=request(method=method, headers=Headers(kept)))

    url = "http://127.0.0.1:8400/in/a?b=%20{c}"
    read = curl.parse(export.curl(export.copy_of(made, body, url)))

    assert (read.method, read.target) == (method, b"/in/a?b=%20{c}")
    ours = {b"host", b"content-length"}
    assert [pair for pair in read.headers if pair[0].lower() not in ours] == list(kept)
    assert read.body == body


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("curl", "names no URL"),
        ("curl http://a/ http://b/", "names several URLs"),
        ("curl -F a=b http://a/", "the option '-F' of curl is not read here"),
        ("curl --form a=b http://a/", "the option '--form' of curl is not read here"),
        ("curl -T file http://a/", "the option '-T'"),
        ("curl --aws-sigv4 x http://a/", "the option '--aws-sigv4'"),
        ("curl -K config", "the option '-K'"),
        ("curl http://a/ --next http://b/", "the option '--next'"),
        ("curl http://a/ -d", "--data has no value"),
        ("curl -d @nope http://a/", "cannot read nope: No such file"),
        ("curl -H @nope http://a/", "cannot read nope: No such file"),
        ("curl -d @- http://a/", "its body comes from a pipe"),
        ("curl -d @- http://a/ < body", "'<' is not read here"),
        ("curl -d @- http://a/ <<EOF", "'<' is not read here"),
        ("cat body | curl -d @- http://a/", "begins with no request line"),
        ("printf %s x | curl -d @- http://a/", "holds no curl command"),
        ("printf %s", "holds no curl command"),
        ("printf %s a | base64 -d | curl -d @- http://a/", "is none"),
        ("curl -u me http://a/", "--user has no password"),
        ("curl -b jar http://a/", "a file of cookies"),
        ("curl ftp://a/", "is not a URL of http"),
        ("curl 'http://a/b c'", "is not a URL"),
        ("curl http:///a", "is not a URL"),
        ("curl http://a/[1-3]", "as several URLs"),
        ("curl 'http://a/{b,c}'", "as several URLs"),
        ("curl http://a/../b", "curl would shorten"),
        ('curl -H "X: $SIG" http://a/', r"'\$SIG.*' stands for something that only a shell knows"),
        ("curl -H X:$SIG http://a/", r"'\$SIG"),
        ("curl -d `cat x` http://a/", "only a shell knows"),
        ('curl -d "$(cat x)" http://a/', "only a shell knows"),
        ("curl 'http://a/", "a quote is not closed"),
        ('curl "http://a/', "a quote is not closed"),
        ("curl http://a/ \\", "ends with a backslash"),
        ("curl $'\\Uffffffff' http://a/", "is no character"),
    ],
)
def test_what_is_refused(
    command: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is guessed: a request that was another would fail its check for no reason."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError, match=rf"^f: .*{words}"):
        parse("f", command.encode())


def test_a_body_in_chunks_has_no_length() -> None:
    read = curl.parse("curl -d a -H 'Transfer-Encoding: chunked' http://a/")

    assert b"Content-Length" not in read.headers


@given(st.text(alphabet="curl -dH'\"\\$@`|&;<>(){}[]=:/\n\t#xX0u?", max_size=60))
def test_no_text_is_more_than_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        curl.parse(f"curl {text}")
