"""The whole process against bad input, over real sockets: a stored delivery or a clear refusal, never a traceback.

What `process.inspector` checks at its end holds for every test here: the process was still there, and told of no
traceback. Told elsewhere of a real process: a typo in the configuration, a taken port and a taken data directory
(tests/cli/test_listen.py); how a request's framing is guarded, case by case (tests/test_receiver.py).
"""

import asyncio
import hashlib
import hmac
import os
import re
import sqlite3
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from inspector.cli import run
from inspector.datadir import DataDir
from inspector.store import schema
from tests import fakes, process
from tests.wire import (
    HOSTILE,
    HOSTILE_JSON,
    Wire,
    assert_harmless,
    connect,
    status,
    stored_as,
    talk,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT_S = 30
SECRET = "jks_bad_input"
ANY_PORTS = ("--port", "0", "--api-port", "0")
CONFIG = "\n".join(
    f'[endpoint.{name}]\nprovider = "{name}"\nsecret = {{ env = "THE_SECRET" }}'
    for name in ("jinko", "stripe", "github")
)


def json(body: bytes, path: bytes = b"/in/jinko") -> Wire:
    return Wire(target=path, headers=((b"Content-Type", b"application/json"),), body=body)


def xml(body: bytes) -> Wire:
    return Wire(
        target=b"/in/checkfront", headers=((b"Content-Type", b"application/xml"),), body=body
    )


def signed(timestamp: bytes, signature: bytes) -> Wire:
    return Wire(
        target=b"/in/jinko",
        headers=((b"X-Jinko-Timestamp", timestamp), (b"X-Jinko-Signature", signature)),
    )


KEPT: Mapping[str, Wire] = {
    "a method few know": Wire(method=b"PROPFIND"),
    "a method for proxies": Wire(method=b"CONNECT"),
    "a GET with a body": Wire(method=b"GET", body=b"{}"),
    "an empty body": json(b""),
    "every byte": Wire(body=bytes(range(256))),
    "a hostile body": Wire(body=HOSTILE * 3),
    "markup in the path": Wire(target=b"/in/demo/[/][/x]?[@click=app.quit]=[link=x]"),
    "escapes in the path": Wire(target=b"/in/demo/%1b%5b2J%00%c2%9b%e2%80%ae?%0d%0a=%zz"),
    "dots in the path": Wire(target=b"/in/demo/../../%2e%2e/etc//passwd"),
    "what no URL may hold": Wire(target=b"/in/demo/\"<>`{}|\\^'#[/]"),
    "names in several cases": Wire(headers=((b"X-Dup", b"1"), (b"x-dup", b"2"), (b"X-DUP", b"3"))),
    "values of latin-1": Wire(headers=((b"X-Latin", b"caf\xe9"), (b"X-Not-UTF-8", b"\xff\xfe"))),
    "C1 and bidi in a value": Wire(
        headers=((b"X-A", b"\x9b2J\x9d0;t\x9c"), (b"X-B", b"\xc2\x9b2J\xe2\x80\xae"))
    ),
    "markup in a value": Wire(headers=((b"X-A", b"[/][@click=app.quit]"),)),
    "values of nothing and tabs": Wire(headers=((b"X-Empty", b""), (b"X-Tab", b"a\t\tb"))),
    "gzip that is none": Wire(headers=((b"Content-Encoding", b"gzip"),), body=b"not gzip at all"),
    "gzip cut short": Wire(headers=((b"Content-Encoding", b"gzip"),), body=b"\x1f\x8b\x08\x00\x00"),
    "100 kB of brackets": json(b"[" * 50_000 + b"]" * 50_000),
    "100 kB of objects": json(b'{"event":' * 10_000 + b"1" + b"}" * 10_000),
    "100 kB of brackets, unclosed": json(b"[" * 100_000),
    "a number of 5000 digits": json(b'{"event":' + b"9" * 5000 + b',"event_id":1e99999}'),
    "control characters in JSON": json(
        b'{"event":"%b","event_id":"%b"}' % (HOSTILE_JSON, HOSTILE_JSON)
    ),
    "half a surrogate pair": json(b'{"event":"\\ud800"}'),
    "JSON that is not UTF-8": json(b'{"event":"\xff\x9b2J"}'),
    "JSON of UTF-16": json('{"event":"x"}'.encode("utf-16")),
    "a form with control characters": Wire(
        target=b"/in/checkfront",
        headers=((b"Content-Type", b"application/x-www-form-urlencoded"),),
        body=b"type=%1b%5b2J%00%9b&action=%e2%80%ae[/]",
    ),
    "a million laughs": xml(
        b'<!DOCTYPE x [<!ENTITY a "ha">%b]><x><type>&g;</type></x>'
        % b"".join(
            b'<!ENTITY %c "%b">' % (98 + step, b"&%c;" % (97 + step) * 10) for step in range(6)
        )
    ),
    "an entity that is a file": xml(
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x><type>&a;</type></x>'
    ),
    "XML that only opens": xml(b"<a>" * 30_000),
    "a time of 5000 digits": signed(b"9" * 5000, b"sha256=" + b"0" * 64),
    "a time of odd digits": signed("²".encode(), b"sha256=" + b"0" * 64),
    "a signature not ASCII": signed(b"1780387200", b"sha256=\xff\x9b" + b"0" * 62),
    "signatures in several cases": Wire(
        target=b"/in/jinko",
        headers=((b"X-Jinko-Signature", b"sha256=a"), (b"x-jinko-SIGNATURE", b"sha256=b")),
    ),
    "a signature of commas": Wire(
        target=b"/in/stripe", headers=((b"Stripe-Signature", b"t=\xe9,v1=,,=" + b",v1=x" * 1000),)
    ),
    "an event of control characters": Wire(
        target=b"/in/github",
        headers=((b"X-GitHub-Event", b"\x9b2J\xe2\x80\xae[/]"), (b"X-GitHub-Delivery", b"\xff")),
    ),
}

POST = b"POST /in/demo HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED: Mapping[str, tuple[bytes, int]] = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 60, 400),
    "zeros": (b"\0" * 64 + b"\r\n\r\n", 400),
    "a hostile line": (HOSTILE + b"\r\n", 400),
    "a version to come": (b"POST /in/demo HTTP/9.9\r\nHost: h\r\n\r\n", 400),
    "an unknown method": (Wire(method=b"BREW").raw, 400),
    "a method in lower case": (Wire(method=b"post").raw, 400),
    "NUL in the method": (Wire(method=b"PO\0ST").raw, 400),
    "ESC in the method": (Wire(method=b"PO\x1bST").raw, 400),
    "NUL in the target": (Wire(target=b"/in/demo/\0").raw, 400),
    "ESC in the target": (Wire(target=b"/in/demo/\x1b[2J").raw, 400),
    "C1 in the target": (Wire(target=b"/in/demo/\x9b2J").raw, 400),
    "RLO in the target": (Wire(target=b"/in/demo/\xe2\x80\xae").raw, 400),
    "a target that is no URL": (Wire(target=b"http://[/in/demo").raw, 400),
    "escapes as the endpoint": (Wire(target=b"/in/%1b%5b2J").raw, 404),
    "markup as the endpoint": (Wire(target=b"/in/[/]").raw, 404),
    "NUL in a header's name": (Wire(headers=((b"X-\0", b"a"),)).raw, 400),
    "ESC in a header's name": (Wire(headers=((b"X-\x1b", b"a"),)).raw, 400),
    "latin-1 in a header's name": (Wire(headers=((b"X-caf\xe9", b"a"),)).raw, 400),
    "NUL in a header": (Wire(headers=((b"X-A", b"a\0b"),)).raw, 400),
    "ESC in a header": (Wire(headers=((b"X-A", b"\x1b]52;c;eA==\x07"),)).raw, 400),
    "DEL in a header": (Wire(headers=((b"X-A", b"\x7f"),)).raw, 400),
    "CR in a header": (Wire(headers=((b"X-A", b"a\rb"),)).raw, 400),
    "a header in two lines": (Wire(headers=((b"X-A", b"a\r\n b"),)).raw, 400),
    "two types of content": (
        Wire(headers=((b"Content-Type", b"a/b"), (b"content-type", b"c/d"))).raw,
        400,
    ),
    "a header too long": (Wire(headers=((b"X-A", b"a" * 9000),)).raw, 400),
    "headers too many": (Wire(headers=((b"X-A", b"a"),) * 500).raw, 400),
    "a length below nothing": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a length of odd digits": (POST + "Content-Length: ²\r\n\r\n".encode(), 400),
    "a length beyond counting": (POST + b"Content-Length: %b\r\n\r\n" % (b"9" * 40), 400),
    "a length beyond the cap": (POST + b"Content-Length: 999999999999\r\n\r\n", 413),
    "two lengths": (POST + b"Content-Length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    "a length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a body longer than it says": (POST + b"Content-Length: 2\r\n\r\nab" + HOSTILE, 400),
    "a chunk that is no number": (CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n", 400),
    "a chunk beyond counting": (CHUNKED + b"f" * 20 + b"\r\nab", 400),
}

CUT_SHORT: Mapping[str, bytes] = {
    "nothing": b"",
    "empty lines": b"\r\n\r\n",
    "half a line": b"POST /in/de",
    "half a head": POST + b"X-Hal",
    "no body": POST + b"Content-Length: 10\r\n\r\n",
    "half a body": POST + b"Content-Length: 10\r\n\r\nhalf",
    "half a chunk": CHUNKED + b"a\r\nhalf",
    "no last chunk": CHUNKED + b"4\r\nhalf\r\n",
    "no word after a promise": POST + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
}


@dataclass(frozen=True)
class Rig:
    """An inspector with an app behind it."""

    running: process.Running
    target: fakes.Target

    async def forwarded(self, number: int) -> fakes.Taken:
        """Wait for the attempt at a delivery; return what the app got."""
        line = await self.running.line()
        while line.get("delivery_id") != number:
            line = await self.running.line()
        assert line["status"] == 200
        return self.target.requests[-1]

    def stored(self) -> int:
        """Count the deliveries in the database."""
        ((count,),) = self.query("SELECT count(*) FROM delivery")
        return int(count)

    def query(self, sql: str, *parameters: int) -> list[tuple[Any, ...]]:
        uri = f"{self.running.data_dir.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            return database.execute(sql, parameters).fetchall()

    async def assert_alive_after(self, stored: int) -> None:
        """The next delivery is taken as ever, and is the only one since there were `stored`."""
        await self.forwarded(stored_as(await talk(self.running.ingress, Wire().raw)))
        assert self.stored() == stored + 1


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with (
        fakes.serve(fakes.answering()) as target,
        process.inspector(
            tmp_path_factory.mktemp("rig"),
            *("--forward-to", f"{target.url}/app"),
            config=CONFIG,
            environ={"THE_SECRET": SECRET},
        ) as running,
    ):
        yield Rig(running, target)


@pytest.mark.parametrize("wire", KEPT.values(), ids=KEPT.keys())
async def test_what_is_kept_is_forwarded_and_shown(
    rig: Rig, wire: Wire, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """2xx, the same bytes on disk and at the app, and nothing of them steers the terminal that shows them."""
    number = stored_as(await talk(rig.running.ingress, wire.raw))

    rows = rig.query("SELECT method, target, body FROM delivery WHERE id = ?", number)
    assert rows == [(wire.method.decode(), wire.target, wire.body)]
    async with rig.running.client() as client:
        delivery, _ = await client.delivery(number)
    assert list(delivery.request.headers) == wire.pairs

    taken = await rig.forwarded(number)
    suffix = re.sub(rb"\A/in/[a-z]+", b"", wire.target)
    assert taken.line == b"%b /app%b HTTP/1.1" % (wire.method, suffix)
    assert taken.pairs[1:-2] == [pair for pair in wire.pairs[1:] if pair[0] != b"Connection"]
    assert taken.body == wire.body

    for command in (["list", "--limit", "1"], ["show", str(number)]):
        await asyncio.to_thread(run, [*command, "--data-dir", str(rig.running.data_dir.path)])
        printed, told = capsysbinary.readouterr()
        assert b"#%d" % number in printed
        assert_harmless(printed.decode())
        assert told == b""


@pytest.mark.parametrize(("raw", "expected"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_refused_is_not_kept(rig: Rig, raw: bytes, expected: int) -> None:
    """A status that says so, and nothing more of it."""
    before = rig.stored()

    answer = await talk(rig.running.ingress, raw)

    assert status(answer) == expected
    await rig.assert_alive_after(before)


@pytest.mark.parametrize("raw", CUT_SHORT.values(), ids=CUT_SHORT.keys())
@pytest.mark.parametrize("leave", ["closes", "resets"])
async def test_a_sender_that_leaves_early_leaves_nothing(rig: Rig, raw: bytes, leave: str) -> None:
    """Half a delivery is none, however the connection ends."""
    before = rig.stored()

    reader, writer = await connect(rig.running.ingress)
    writer.write(raw)
    await writer.drain()
    if leave == "closes":
        writer.write_eof()
        assert b" 200 " not in await reader.read()
    else:
        writer.transport.abort()
    writer.close()

    await rig.assert_alive_after(before)


async def test_more_than_the_length_says_is_another_request(rig: Rig) -> None:
    """What was declared is the delivery; what follows is no HTTP, and ends the connection."""
    reader, writer = await connect(rig.running.ingress)
    writer.write(POST + b"Content-Length: 2\r\n\r\nab")
    acknowledged = await reader.readuntil(b"\r\n\r\n") + await reader.readline()
    writer.write(b"more\r\n\r\n")
    refusal = await reader.read()
    writer.close()

    assert (await rig.forwarded(stored_as(acknowledged))).body == b"ab"
    assert status(refusal) == 400


async def test_what_is_printed_steers_no_terminal(tmp_path: Path) -> None:
    """`listen` for a person, and `list` in a process of its own, with everything that was ever sent here."""
    async with (
        fakes.serve(fakes.answering()) as target,
        hooktap(tmp_path, "listen", *ANY_PORTS, "--forward-to", target.url) as listen,
    ):
        assert listen.stdout is not None
        assert listen.stderr is not None
        facts = [await listen.stderr.readline() for _ in range(6)]
        ingress = facts[1].split()[1].decode()
        numbers = [stored_as(await talk(ingress, wire.raw)) for wire in KEPT.values()]
        for raw, _ in REFUSED.values():
            await talk(ingress, raw)
        printed = b""
        while f"#{numbers[-1]:<6}← 200".encode() not in printed:
            printed += (line := await listen.stdout.readline())
            assert line, "listen has ended its output"
        async with hooktap(tmp_path, "list", "--limit", "99") as reading:
            listed, complaints = await reading.communicate()
        listen.terminate()
        _, told = await listen.communicate()

    for output in (printed, listed):
        assert all(b"#%d " % number in output for number in numbers)
        assert_harmless(output.decode())
    assert_harmless(told.decode())
    assert b"Traceback" not in told
    assert complaints == b""


async def test_a_secret_that_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The endpoint works, its verdict says what is missing, and there is one warning for all its deliveries."""
    async with process.inspector(
        tmp_path, config='[endpoint.jinko]\nprovider = "jinko"\nsecret = { env = "UNSET_SECRET" }'
    ) as running:
        for _ in range(2):
            stored_as(await talk(running.ingress, rightly_signed().raw))
            assert (await running.line())["verification"]["outcome"] == "no_secret"

    told = capsys.readouterr().err
    assert told.count("warning") == 1
    assert "endpoint 'jinko': environment variable UNSET_SECRET is not set" in told


def rightly_signed() -> Wire:
    timestamp = b"%d" % time.time()
    digest = hmac.new(SECRET.encode(), timestamp + b".", hashlib.sha256).hexdigest()
    return signed(timestamp, f"sha256={digest}".encode())


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        schema.migrate(database)
        database.execute("PRAGMA user_version = 999")


def another_programs(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE precious (n)")


def no_database(path: Path) -> None:
    path.write_bytes(HOSTILE * 100)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (newer, "was written by a newer hooktap: its version is 999"),
        (another_programs, "is the database of another program"),
        (no_database, "is not an SQLite database"),
    ],
)
async def test_a_database_that_is_not_ours_stays_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], sentence: str
) -> None:
    """One sentence that names the file and what to do, and not a byte of it changed."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    make(data_dir.database)
    content = data_dir.database.read_bytes()

    code, told = await ended(tmp_path)

    assert code == 1
    assert f"{data_dir.database} {sentence}" in told
    assert "--data-dir" in told
    assert data_dir.database.read_bytes() == content
    assert list(data_dir.path.glob("hooktap.db*")) == [data_dir.database]


async def test_an_api_port_that_is_taken(tmp_path: Path) -> None:
    async with fakes.serve(fakes.silent) as other:
        code, told = await ended(tmp_path, "--api-port", str(other.port))

    assert code == 3
    assert f"port {other.port} is taken" in told
    assert "--api-port" in told


async def test_a_data_directory_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"precious")

    code, told = await ended(tmp_path)

    assert code == 1
    assert str(tmp_path / "data") in told
    assert (tmp_path / "data").read_bytes() == b"precious"


async def ended(folder: Path, *options: str) -> tuple[int | None, str]:
    """Run `listen`, which must not start; return its exit code and the one line it says."""
    async with hooktap(folder, "listen", *ANY_PORTS, *options) as listen:
        printed, told = await listen.communicate()
    assert printed == b""
    assert told.startswith(b"hooktap: ")
    assert told.count(b"\n") == 1
    assert_harmless(told.decode())
    return listen.returncode, told.decode()


@asynccontextmanager
async def hooktap(folder: Path, command: str, *options: str) -> AsyncIterator[Process]:
    """Run a command with its data in `folder`; what is left of it in the end is killed."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inspector", command, "--data-dir", str(folder / "data"), *options),
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(process.ROOT), "XDG_CONFIG_HOME": str(folder / "config")},
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()
