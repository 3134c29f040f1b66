"""T15, T16: what a sender or a target wrote steers no terminal, wherever the command line or the log prints it.

The screens of `hooktap` itself are in tests/test_terminal_road.py and tests/tui/test_hostile.py; `listen` and `list`
with a whole corpus in tests/test_bad_input.py.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests import fakes, process
from tests.threats.command import hooktap
from tests.wire import HOSTILE, HOSTILE_JSON, Wire, assert_harmless, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = """
[inspector]
forward_to = "{url}"

[endpoint.github]
provider = "github"
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.meta]
verify_token = {{ env = "THE_SECRET" }}
"""
C1 = "\x9b2J\x9d0;title\x9c\u202e[/][@click=app.quit]\u2028".encode()
"""What a parser of HTTP lets into a header's value: no C0, but C1 and directions, as UTF-8."""
RAW_C1 = b"\x9b2J\x9d52;c;eA==\x9c\x85"
DELIVERIES = (
    Wire(
        b"PROPFIND",
        b"/in/demo/%1b%5b2J/[/]?[@click=app.quit]=%c2%9b",
        ((b"X-A", C1), (b"X-B", RAW_C1), (b"User-Agent", C1 + RAW_C1)),
        HOSTILE,
    ),
    Wire(
        b"POST",
        b"/in/github",
        (
            (b"X-GitHub-Event", C1),
            (b"X-GitHub-Delivery", RAW_C1),
            (b"X-Hub-Signature-256", b"sha256=" + RAW_C1),
            (b"Content-Type", b"application/json; charset=" + C1),
        ),
        b'{"action":"%b","\\u001b[2J":"%b"}' % (HOSTILE_JSON, HOSTILE_JSON),
    ),
    Wire(
        b"POST",
        b"/in/checkfront",
        ((b"Content-Type", b"application/json"),),
        b'{"event":"%b","booking":{"id":"%b"}}' % (HOSTILE_JSON, HOSTILE_JSON),
    ),
    Wire(
        b"POST",
        b"/in/jinko",
        ((b"X-Jinko-Event-Id", C1), (b"X-Jinko-Timestamp", RAW_C1), (b"X-Jinko-Signature", C1)),
        b'{"event":"%b","event_id":"%b"}' % (HOSTILE_JSON, HOSTILE_JSON),
    ),
    Wire(b"GET", b"/in/meta?hub.mode=subscribe&hub.challenge=%1b%5b2J&hub.verify_token=%c2%9b2J"),
)
ANSWERS = (
    fakes.answer(500, ("X-A", C1.decode()), body=HOSTILE),
    b"HTTP/1.1 200 \x1b[2J\x9b2J\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-\x1b[2J: a\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-A: \x1b]52;c;eA==\x07\r\nContent-Length: 0\r\n\r\n",
    b"\x1b[2J\x9b2J\xe2\x80\xae[/]\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x1b[2J\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\x1b[2J\r\n\r\n",
)
GARBAGE = (
    HOSTILE,
    b"\x1b[2J /in/demo HTTP/1.1\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nHost: \x1b[2J\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nX-\x1b[2J: a\r\n\r\n",
    b"POST /in/demo HTTP/1.1\r\nHost: h\r\nContent-Length: \xc2\x9b2J\r\n\r\n",
    b"POST /in/\xc2\x9b2J HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /in/demo HTTP/\x1b[2J\r\n\r\n",
    b"GET /api/\x1b[2J HTTP/1.1\r\n\r\n",
)


async def hostile(peer: fakes.Peer) -> None:
    """Answers each request with the next of ANSWERS, and closes."""
    if await peer.take():
        await peer.say(ANSWERS[len(peer.target.requests) % len(ANSWERS)])


@dataclass(frozen=True)
class Rig:
    """An inspector that was told all of it."""

    running: process.Running
    numbers: list[int]


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with (
        fakes.serve(hostile) as target,
        process.inspector(
            tmp_path_factory.mktemp("terminal"),
            "--quiet",
            config=CONFIG.format(url=target.url),
            environ={"THE_SECRET": "s3cr3t"},
        ) as running,
    ):
        for wire in DELIVERIES:
            await talk(running.ingress, wire.raw)
        async with running.client() as client:
            numbers = [delivery.id for delivery, _ in await client.deliveries()]
            assert len(numbers) == len(DELIVERIES)
            for number in numbers[:2]:
                for _ in ANSWERS:
                    await client.replay(number, to=target.url)
        yield Rig(running, numbers)


async def test_every_page_of_a_delivery(rig: Rig) -> None:
    """Method, path, headers, body, event, ids, verdict, causes, and every attempt with its failure."""
    for number in rig.numbers:
        done = await hooktap(rig.running.data_dir, "show", str(number))
        assert done.code == 0
        assert_harmless(done.said)
        assert "#" in done.said


@pytest.mark.parametrize(
    "command",
    [
        ("list",),
        ("list", "\x1b[2J\x9b2J\u202e:x"),
        ("reverify", "endpoint:github"),
        ("replay", "1"),
        ("verify", "1", "-p", "jinko"),
        ("send", "\x1b[2J"),
        ("export", "1"),
        ("endpoint", "show", "\x1b[2J"),
        ("wait", "--timeout", "0.1", "endpoint:\x1b[2J"),
        ("list", "--data-dir", "/nowhere/\x1b[2J"),
    ],
)
async def test_every_other_command(rig: Rig, command: tuple[str, ...]) -> None:
    """What it prints and what it complains about, also of what a person pasted into its arguments."""
    done = await hooktap(rig.running.data_dir, *command)
    assert done.code in {0, 1, 2, 3, 4}
    assert_harmless(done.said)


@pytest.mark.parametrize("command", [("list",), ("show", "1"), ("endpoint", "list")])
async def test_json_is_ascii(rig: Rig, command: tuple[str, ...]) -> None:
    """For a program, and harmless on a screen as well: controls are escapes of JSON, and so is all but ASCII."""
    done = await hooktap(rig.running.data_dir, *command, "--json")
    assert done.out.isascii()
    assert_harmless(done.said)
    assert all(json.loads(line) for line in done.out.splitlines())


async def test_the_log(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing that is not HTTP, at either door, and no target's nonsense."""
    async with (
        fakes.serve(hostile) as target,
        process.inspector(tmp_path_factory.mktemp("log"), "--forward-to", target.url) as running,
    ):
        for raw in GARBAGE:
            await talk(running.ingress, raw)
        for wire in DELIVERIES:
            await talk(running.ingress, wire.raw)
            await running.line()
    _, told = capsys.readouterr()
    assert "hooktap: WARNING: " in told
    assert_harmless(told)


async def test_the_body_of_a_delivery_is_not_for_a_terminal(rig: Rig) -> None:
    """`body` writes bytes to a pipe; to a terminal only those that are text (tests/cli/test_reading.py)."""
    done = await hooktap(rig.running.data_dir, "body", str(min(rig.numbers)))
    assert done.out == HOSTILE


async def test_acknowledgements_say_nothing_of_the_senders(rig: Rig) -> None:
    """Nothing of a request is in what its sender is told, so that it is no page with a script."""
    answer = await talk(rig.running.ingress, DELIVERIES[0].raw)
    stored_as(answer)
    assert b"text/plain" in answer
    refused = await talk(rig.running.ingress, Wire(target=b"/<script>alert(1)</script>").raw)
    assert b"script" not in refused
