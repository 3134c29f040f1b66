"""`hooktap import`, of every kind of file, into a running inspector; and `export` into one and out of another."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from inspector.cli import importing
from inspector.core.export import FORMATS, bundle, copy_of
from inspector.core.headers import Headers
from inspector.core.model import Delivery
from tests.cli.conftest import Done, Hooktap
from tests.factories import NOW_S, delivery, request
from tests.process import Running, demo_app, inspector

URL = "https://hooks.example.com/in/jinko"
BODY = b'{"event":"booking.completed","event_id":"evt_1","ref":"\xff"}'
PAIRS = ((b"Host", b"hooks.example.com"), (b"x-A", b"1; '2'"), (b"X-a", b""))
SECRET = "jks_here"
CONFIG = '[endpoint.jinko]\nprovider = "jinko"\nsecret = { env = "JINKO_WEBHOOK_SECRET" }\n'


class Shell:
    """Runs commands against one running inspector."""

    def __init__(self, hooktap: Hooktap, running: Running) -> None:
        self._hooktap = hooktap
        self.running = running

    async def __call__(self, *args: str) -> Done:
        data_dir = str(self.running.data_dir.path)
        return await asyncio.to_thread(self._hooktap, *args, "--data-dir", data_dir)

    async def json(self, *args: str) -> list[dict[str, Any]]:
        done = await self(*args, "--json")
        assert (done.code, done.err) == (0, ""), done
        return [json.loads(line) for line in done.text.splitlines()]

    async def body(self, number: int) -> bytes:
        return (await self("body", str(number))).out


@asynccontextmanager
async def shell(
    hooktap: Hooktap, folder: Path, *options: str, secret: str = SECRET
) -> AsyncIterator[Shell]:
    folder.mkdir(exist_ok=True)
    environ = {"JINKO_WEBHOOK_SECRET": secret}
    async with inspector(folder, *options, config=CONFIG, environ=environ) as running:
        yield Shell(hooktap, running)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One inspector for all that is refused."""
    async with inspector(tmp_path_factory.mktemp("running"), config=CONFIG) as running:
        yield running


def made(body: bytes = BODY) -> Delivery:
    arrived = request(headers=Headers(PAIRS), target=b"/in/jinko?a=1", body=body)
    return delivery(request=arrived, endpoint="jinko")


def written(kind: str, folder: Path, deliveries: Sequence[Delivery]) -> str:
    path = folder / f"file{FORMATS[kind].suffix}"
    copies = [copy_of(each, each.request.body, URL + "?a=1") for each in deliveries]
    path.write_bytes(FORMATS[kind].write(copies, "0.1.0"))
    return str(path)


@pytest.mark.parametrize("kind", ["curl", "raw", "har", "bundle"])
async def test_our_own_files(hooktap: Hooktap, tmp_path: Path, kind: str) -> None:
    """Byte for byte, examined like any other, not forwarded, and with the time the file says."""
    before_us = time.time_ns() // 1000
    async with shell(hooktap, tmp_path, "--forward-to", "1") as sh:
        (found,) = await sh.json("import", written(kind, tmp_path, [made()]))
        assert await sh.body(found["id"]) == BODY
        (listed,) = await sh.json("list")

    assert found["endpoint"] == "jinko"
    assert found["via"] == "import"
    assert found["target"] == "/in/jinko?a=1"
    kept = [pair for pair in found["headers"] if pair[0] != "Content-Length"]
    assert kept == [[name.decode(), value.decode()] for name, value in PAIRS]
    assert found["provider"] == "jinko"
    assert found["verification"]["outcome"] == "missing"
    assert listed["attempts"] == []
    if kind in {"har", "bundle"}:
        assert found["received_at_us"] == NOW_S * 1_000_000
    else:
        assert found["received_at_us"] >= before_us


async def test_several_in_one_file(hooktap: Hooktap, tmp_path: Path) -> None:
    async with shell(hooktap, tmp_path) as sh:
        for kind in ("curl", "har", "bundle"):
            path = written(kind, tmp_path, [made(b"one"), made(b"\0two"), made(b"")])
            found = await sh.json("import", path, "--endpoint", f"x-{kind}")
            assert [await sh.body(each["id"]) for each in found] == [b"one", b"\0two", b""]
            assert {each["endpoint"] for each in found} == {f"x-{kind}"}


async def test_stdin_and_a_url_without_an_endpoint(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("curl -d x=1 http://app.example.com/hooks\necho done | cat\n")
    async with shell(hooktap, tmp_path) as sh:
        (found,) = await sh.json("import", "a.sh")

    assert (found["endpoint"], found["target"]) == (importing.ENDPOINT, "/hooks")


async def test_a_har_file_of_a_browser(hooktap: Hooktap, tmp_path: Path) -> None:
    """Only what carries something, unless all is wanted; what cannot be read is told, the rest is stored."""

    def entry(method: str, **fields: object) -> dict[str, object]:
        url = "http://a.example/in/shop"
        return {
            "startedDateTime": "2026-06-02T10:00:00.25+02:00",
            "request": {"method": method, "url": url, "headers": [], **fields},
        }

    entries = [
        entry("GET"),
        entry("POST", bodySize=10),
        entry("POST", postData={"text": "a=1"}),
        entry("POST", url="data:text/plain,x"),
        {"request": {}},
        entry("PUT", headers=[{"name": "A B", "value": "x"}]),
    ]
    (tmp_path / "b.har").write_text(json.dumps({"log": {"entries": entries}}))
    async with shell(hooktap, tmp_path) as sh:
        done = await sh("import", "b.har", "--json")
        all_ = await sh("import", "b.har", "--json", "--all")

    (found,) = [json.loads(line) for line in done.text.splitlines()]
    assert done.code == 1
    assert found["received_at_us"] == NOW_S * 1_000_000 + 250_000
    assert "b.har: request 2: its body of 10 bytes was not saved" in done.err
    assert "request 4: 'data:text/plain,x' is not a URL" in done.err
    assert [json.loads(line)["method"] for line in all_.text.splitlines()] == ["GET", "POST"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "begins with no request line"),
        (b"\x1b]0;x\x07", "begins with no request line"),
        (b"PK\x03\x04" + bytes(100), "begins with no request line"),
        (b'{"log":{}}', "is not a HAR file"),
        (b'{"log":{"entries":7}}', "is not a HAR file"),
        (b"curl", "names no URL"),
        (b"curl 'http://a/", "a quote is not closed"),
        (b'{"type":"hooktap-bundle","version":9}', "version 9"),
        (b'{"type":"hooktap-bundle","version":1,"deliveries":5}\n', "was cut off"),
        (b'{"type":"hooktap-bundle","version":1,"deliveries":1}\n{"endpoint":"../x"}', "line 2: "),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_a_bad_file_is_told_of(
    hooktap: Hooktap, running: Running, tmp_path: Path, content: bytes, said: str
) -> None:
    """Nothing is stored, nothing steers the terminal, and the next file is read all the same."""
    (tmp_path / "bad").write_bytes(content)
    good = written("raw", tmp_path, [made()])
    done = await Shell(hooktap, running)("import", "bad", "missing", good)

    assert done.code == 1
    assert said in done.err
    assert "cannot read missing" in done.err
    assert "\x1b" not in done.err
    assert len(done.text.splitlines()) == 1


async def test_a_file_too_long_is_refused(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "FILE_MAX_BYTES", 1 << 20)
    (tmp_path / "long").write_bytes(b"POST / HTTP/1.1\r\n\r\n" + b"x" * (1 << 20))
    async with shell(hooktap, tmp_path) as sh:
        done = await sh("import", "long")
    assert (done.code, "has more than 1 MiB" in done.err) == (1, True)


async def test_no_endpoint_of_such_a_name(hooktap: Hooktap, tmp_path: Path) -> None:
    """Nor is one made with --strict."""
    path = written("raw", tmp_path, [made()])
    async with shell(hooktap, tmp_path, "--strict") as sh:
        for name in ("../x", "other", "\x1b[2J"):
            done = await sh("import", path, "--endpoint", name)
            assert (done.code, done.out) == (1, b"")
            assert "there is no endpoint" in done.err
            assert "\x1b" not in done.err
        assert (await sh("import", path)).code == 0


async def test_a_bundle_goes_to_another_machine(hooktap: Hooktap, tmp_path: Path) -> None:
    """Verified there as it was signed, told no secret, and replayed, signed with the secret of there."""
    here, there = tmp_path / "here", tmp_path / "there"
    file = tmp_path / "x.hooktap"
    async with shell(hooktap, here, secret="shared") as sh:
        sent = await sh("send", "jinko")
        assert sent.code == 0, sent.err
        (mine,) = await sh.json("list")
        body = await sh.body(mine["id"])
        done = await sh("export", "endpoint:jinko", "--as", "bundle", "-o", str(file))
        assert (done.code, done.out) == (0, b"")
    assert mine["verification"]["outcome"] == "verified"
    assert file.stat().st_mode & 0o777 == 0o600
    assert b"shared" not in file.read_bytes()
    assert bundle.begins(file.read_bytes())

    async with shell(hooktap, there, secret="shared") as sh:
        (theirs,) = await sh.json("import", str(file))
        assert await sh.body(theirs["id"]) == body
        with demo_app("shared") as app:
            (replayed,) = await sh.json(
                "replay", str(theirs["id"]), "--to", f"{app}/webhooks/jinko"
            )
    assert theirs["verification"]["outcome"] == "verified"
    assert theirs["headers"] == mine["headers"]
    assert theirs["received_at_us"] == mine["received_at_us"]
    assert replayed["status"] == 200

    async with shell(hooktap, tmp_path / "elsewhere", secret="another") as sh:
        (foreign,) = await sh.json("import", str(file))
        with demo_app("another") as app:
            (replayed,) = await sh.json(
                "replay", str(foreign["id"]), "--to", f"{app}/webhooks/jinko"
            )
    assert foreign["verification"]["outcome"] == "mismatch"
    assert replayed["status"] == 200


async def test_an_old_one_is_judged_by_its_time(hooktap: Hooktap, tmp_path: Path) -> None:
    """It is not stale because it is read late."""
    stamp = str(NOW_S).encode()
    key = hmac.new(SECRET.encode(), stamp + b"." + BODY, hashlib.sha256).hexdigest()
    pairs = ((b"X-Jinko-Timestamp", stamp), (b"X-Jinko-Signature", b"sha256=" + key.encode()))
    signed = request(headers=Headers(pairs), target=b"/in/jinko", body=BODY)
    old = delivery(request=signed, endpoint="jinko")
    async with shell(hooktap, tmp_path) as sh:
        (found,) = await sh.json("import", written("bundle", tmp_path, [old]))
        (undated,) = await sh.json("import", written("raw", tmp_path, [old]))

    assert found["verification"]["outcome"] == "verified"
    assert undated["verification"]["outcome"] == "stale"


async def test_a_handshake_is_not_answered_and_leaves_no_secret(
    hooktap: Hooktap, tmp_path: Path
) -> None:
    """What it hands over is neither kept for the endpoint nor stored."""
    raw = b"POST /in/asana HTTP/1.1\r\nX-Hook-Secret: c4nary-of-a-secret\r\n\r\n{}"
    (tmp_path / "handshake.http").write_bytes(raw)
    async with shell(hooktap, tmp_path) as sh:
        (found,) = await sh.json("import", "handshake.http")

    assert found["provider"] == "asana"
    assert found["handshake"] is None
    assert "c4nary" not in json.dumps(found)
    data = tmp_path / "data"
    assert not any(b"c4nary" in path.read_bytes() for path in data.rglob("*") if path.is_file())
