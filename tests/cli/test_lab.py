"""`hooktap lab`: against the demo app, the naive one, and apps that do not answer."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

import pytest

from inspector.simulate.lab.cases import CASES
from tests import fakes
from tests.cli.conftest import Done, Hooktap
from tests.fakes import Peer, answer, answering, serve
from tests.process import PROGRAM, ROOT, demo_app, environ_of, inspector, naive_app

NAMES = [case.name for case in CASES]
SECRET = "s3cret"
CONFIG = (
    '[endpoint.bookings]\nprovider = "jinko"\nsecret = { env = "JINKO" }\nforward_to = "none"\n'
)
SENT = 1 + 2 + 8 + 3 + 2 + 20 + 11
"""Deliveries in all, from one sample."""
FORGED = ["badly signed", "wrong secret", "signature missing", "changed after signing", "stale"]
UNREADABLE = ["empty body", "unreadable body", "invalid UTF-8"]


async def lab(hooktap: Hooktap, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, "lab", *args)


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lab knows it from the configuration, as the app does from its own."""
    (tmp_path / "hooktap.toml").write_text(CONFIG)
    monkeypatch.setenv("JINKO", SECRET)


def rows(text: str) -> dict[str, Sequence[str]]:
    """Return by case what stands in the other columns."""
    lines = [re.split(r" {2,}", line) for line in text.splitlines()]
    return {line[0]: line[1:] for line in lines if line[0] in NAMES}


def level(table: str) -> list[str]:
    """Return the lines of a table without what differs from run to run: where it was sent to, and the times."""
    text = re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:3000", table)
    return [re.sub(r" +[\d.]+ m?s  ", " ", line) for line in text.strip().splitlines()]


def shown(beginning: str) -> list[str]:
    """Return the lines of the block of the README that begins so."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (block,) = re.findall(
        rf"^```\n({re.escape(beginning)}.*?)^```", readme, re.MULTILINE | re.DOTALL
    )
    return level(block)


@pytest.mark.usefixtures("secret")
def test_the_demo_app_is_a_good_receiver(hooktap: Hooktap) -> None:
    """And the README shows what is printed of it."""
    with demo_app(SECRET) as url:
        done = hooktap("lab", "jinko", "--to", f"{url}/webhooks/jinko")

    assert done.code == 0, done.text
    assert {row[-1] for row in rows(done.text).values()} == {"✓ passed"}
    assert list(rows(done.text)) == NAMES
    assert f"hooktap: {len(CASES)} passed, 0 failed, 0 left out" in done.err
    assert "acted on twice cannot be seen from outside" in done.err
    assert level(done.text) == shown("Jinko → http://127.0.0.1:3000/webhooks/jinko\n")


@pytest.mark.usefixtures("secret")
def test_the_naive_app_is_not(hooktap: Hooktap, tmp_path: Path) -> None:
    """It believes everybody, and breaks at what is no JSON. The README shows that too."""
    with naive_app() as url:
        done = hooktap("lab", "jinko", "--to", url, "--junit", "lab.xml")

    assert done.code == 1
    failed = [name for name, row in rows(done.text).items() if row[-1] == "✗ failed"]
    assert failed == [*UNREADABLE, *FORGED]
    assert all(len(line) <= 80 for line in done.text.splitlines())
    assert level(done.text) == shown("Jinko → http://127.0.0.1:3000/webhook\n")
    suite = ET.parse(tmp_path / "lab.xml").getroot()[0]
    assert [each.get("name") for each in suite if each.find("failure") is not None] == failed
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CASES)), str(len(failed)))


@pytest.mark.parametrize("written", ["json", "xml", "form"])
def test_the_demo_app_without_signatures(hooktap: Hooktap, written: str) -> None:
    """Of Checkfront, which has none: those cases are left out, which is said once."""
    with demo_app(None) as url:
        to = ("--to", f"{url}/webhooks/checkfront")
        done = hooktap("lab", "checkfront", "--format", written, *to)

    assert done.code == 0, done.text
    verdicts = {name: row[-1] for name, row in rows(done.text).items()}
    assert {name for name in FORGED if verdicts[name] == "· left out"} == set(FORGED)
    assert done.text.count("Checkfront documents no signature") == 1
    assert "✗" not in done.text


def test_wink_takes_200_only(hooktap: Hooktap) -> None:
    with demo_app(None) as url:
        done = hooktap("lab", "wink", "--to", f"{url}/webhooks/wink", "--json")

    found = json.loads(done.out)
    assert (done.code, found["failed"], found["left_out"]) == (0, 0, len(FORGED))
    assert {row["expected"] for row in found["rows"]} == {"200", "200 or 413", "4xx"}
    assert "Wink documents no payload" in done.err
    assert any("10 s is ours" in note for note in found["notes"])


async def test_stored_deliveries_are_signed_anew(hooktap: Hooktap, tmp_path: Path) -> None:
    """They are of yesterday's secret; they go where the endpoint forwards to, below its path, with ids of their own."""
    async with serve(answering(answer(200, body=b""))) as app:
        config = (
            f'[endpoint.bookings]\nprovider = "jinko"\nsecret = {{ file = "secret" }}\n'
            f'forward_to = "{app.url}/app"\n[endpoint.bookings.require]\npath = {{ file = "path" }}\n'
        )
        (tmp_path / "secret").write_text("old")
        (tmp_path / "path").write_text("hidden")
        async with inspector(tmp_path, config=config) as running:
            data_dir = ("--data-dir", str(running.data_dir.path))
            arrived = []
            for _ in range(2):
                sent = await asyncio.to_thread(
                    hooktap, "send", "jinko", "--endpoint", "bookings", *data_dir
                )
                assert sent.code == 0, sent.err
                arrived.append((await running.line())["event_id"].encode())
                await running.line()
            (tmp_path / "secret").write_text(SECRET)
            app.requests.clear()
            done = await lab(hooktap, "endpoint:bookings", "--json", *data_dir)

    found = {row["name"]: row for row in json.loads(done.out)["rows"]}
    assert done.code == 1
    assert [name for name, row in found.items() if row["result"] == "failed"] == [
        *UNREADABLE,
        *FORGED,
    ]
    assert len(found["valid"]["answers"]) == 2
    assert [each.header(b"X-Jinko-Event-Id") for each in app.requests[:2]] == [
        [each] for each in arrived
    ]
    assert found["out of order"]["result"] == "passed"
    assert {each.line.split()[1] for each in app.requests} == {b"/app"}
    assert not any(each.header(b"Hooktap-Delivery-Id") for each in app.requests)
    assert len({row["event_id"] for row in found.values()}) == len(found)


async def test_it_is_signed_as_the_endpoint_says(hooktap: Hooktap, tmp_path: Path) -> None:
    """With its secret, its tolerance, and the URL that the provider was given; sent to where all is forwarded to."""
    own = tmp_path / "xdg" / "hooktap" / "providers"
    own.mkdir(parents=True)
    (own / "jinko.toml").write_text('extends = "jinko"\nsigned = "{url}|{body}"\n')
    (tmp_path / "secret").write_text(SECRET)
    async with serve(answering()) as target:
        (tmp_path / "hooktap.toml").write_text(
            f'[inspector]\nforward_to = "{target.url}"\n[endpoint.own]\nprovider = "jinko"\n'
            'secret = { file = "secret" }\ntolerance_s = 90000\npublic_url = "https://example.com/in/own"\n'
        )
        await lab(hooktap, "jinko")
        github = await lab(hooktap, "github")

    valid, stale = target.requests[0], target.requests[SENT - 1]
    signed = hmac.new(
        SECRET.encode(), b"https://example.com/in/own|" + valid.body, hashlib.sha256
    ).hexdigest()
    assert valid.header(b"X-Jinko-Signature") == [f"sha256={signed}".encode()]
    made_s, stale_s = (int(each.header(b"X-Jinko-Timestamp")[0]) for each in (valid, stale))
    assert made_s - stale_s > 90_000
    assert f"GitHub → {target.url}\n" in github.text


async def test_a_query_that_finds_nothing_to_send(hooktap: Hooktap, tmp_path: Path) -> None:
    async with inspector(tmp_path) as running:
        data_dir = ("--data-dir", str(running.data_dir.path))
        for name in ("jinko", "github"):
            await asyncio.to_thread(hooktap, "send", name, *data_dir)
        nothing = await lab(hooktap, "jinkoo", *data_dir)
        several = await lab(hooktap, "method:POST", *data_dir)
        unreadable = await lab(hooktap, "size:x", *data_dir)
        untargeted = await lab(hooktap, "provider:jinko", *data_dir)
        await asyncio.to_thread(urlopen, running.endpoint("demo"), b"\x00")
        unknown = await lab(hooktap, "endpoint:demo", "--to", "3000", *data_dir)

    assert nothing.code == 4
    assert "did you mean 'jinko'?" in nothing.err
    assert several.code == 1
    assert "endpoints github, jinko" in several.err
    assert unknown.code == 1
    assert "deliveries of providers unknown" in unknown.err
    assert unreadable.code == 2
    assert untargeted.code == 2
    assert "endpoint 'jinko' forwards to no app" in untargeted.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "Missing argument"),
        (["jinko"], 2, "forwards to no app"),
        (["jinko", "--to", "ftp://x"], 2, "http"),
        (["jinko", "--to", "3000", "--event", "nothing"], 2, "event 'nothing'"),
        (["jinko", "--to", "3000", "--format", "yaml"], 2, "yaml"),
        (["jinko", "--to", "3000", "--timeout", "61"], 2, "60 s"),
        (["jinko", "--to", "3000", "--timeout", "nan"], 2, "more than 0"),
        (["paypal", "--to", "3000"], 1, "PayPal"),
        (["a:b", "--to", "3000", "--event", "x"], 2, "name a provider"),
        (["endpoint:jinko"], 3, "no inspector runs"),
    ],
)
def test_what_cannot_be_done(hooktap: Hooktap, args: list[str], code: int, said: str) -> None:
    done = hooktap("lab", *args)

    assert (done.code, done.out) == (code, b"")
    assert said in done.err


def test_an_app_that_is_down(hooktap: Hooktap) -> None:
    """The first case tells it, and the others are not tried."""
    with fakes.refusing() as target:
        done = hooktap("lab", "github", "--to", target.url)

    assert done.code == 1
    assert "is your app running?" in done.text
    assert done.text.count("not sent: a valid delivery got no answer") == 1
    assert "endpoint 'github' has no secret" in done.err
    assert "takes no valid delivery" not in done.err
    assert f"0 passed, 1 failed, {len(CASES) - 1} left out" in done.err


async def test_an_app_that_hangs(hooktap: Hooktap) -> None:
    """It is waited for as long as the provider would."""
    async with serve(fakes.silent) as target:
        done = await lab(hooktap, "github", "--to", target.url, "--timeout", "0.2")

    assert done.code == 1
    assert "no answer within 0.2 s" in done.text
    assert "is ours" not in done.err


async def test_an_app_that_breaks_says_so_harmlessly(hooktap: Hooktap) -> None:
    """No escape of its answer reaches the terminal, and nothing is as wide as it wants to be."""
    body = b"\x1b]0;owned\x07\r\n\xff" + b"w" * 100_000
    async with serve(answering(answer(500, body=body))) as target:
        done = await lab(hooktap, "github", "--to", target.url)

    assert done.code == 1
    assert b"\x1b" not in done.out
    assert "␛]0;owned␇" in done.text
    assert all(len(line) <= 80 for line in done.text.splitlines())
    assert "the app takes no valid delivery" in done.err


async def test_a_report_that_cannot_be_written(hooktap: Hooktap) -> None:
    async with serve(answering()) as target:
        done = await lab(hooktap, "github", "--to", target.url, "--junit", "no/such/folder.xml")

    assert done.code == 1
    assert "cannot write no/such/folder.xml" in done.err


async def test_ctrl_c_tells_what_was_done(tmp_path: Path) -> None:
    """A table of what was, a report in which the rest is skipped, and exit 130."""
    reached = asyncio.Event()

    async def stalling(peer: Peer) -> None:
        while taken := await peer.take():
            if b'"hooktap_lab"' in taken.body:
                reached.set()
                await asyncio.Event().wait()
            await peer.say(answer(200))

    async with serve(stalling) as target:
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "lab", "github", "--to", target.url, "--timeout", "50"),
            *("--junit", str(tmp_path / "lab.xml"), "--data-dir", str(tmp_path / "data")),
            cwd=tmp_path,
            env=environ_of(tmp_path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        await asyncio.wait_for(reached.wait(), 60)
        os.kill(process.pid, signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 60)

    sys.stderr.write(err.decode())
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    assert f"stopped: {NAMES.index('unknown field')} passed, 0 failed" in err.decode()
    assert list(rows(out.decode())) == NAMES[: NAMES.index("unknown field")]
    suite = ET.parse(tmp_path / "lab.xml").getroot()[0]
    assert len(suite) == len(CASES)
    assert suite.findall(".//skipped")[-1].get("message") == "not sent: stopped"
