"""`hooktap replay`: edited, a set of deliveries, and one again and again."""

import asyncio
import io
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.cli.options import rate
from tests import fakes
from tests.cli.conftest import Done, Hooktap
from tests.client.test_replaying import saying, stage
from tests.client.test_watching import touch

WAIT_S = 60


@dataclass
class Shell:
    hooktap: Hooktap
    folder: Path
    target: fakes.Target

    async def __call__(self, *args: str) -> Done:
        given = ("replay", *args, "--data-dir", str(self.folder))
        return await asyncio.to_thread(self.hooktap, *given)


Opening = Callable[..., AbstractAsyncContextManager[Shell]]


@pytest.fixture
def shell(hooktap: Hooktap, tmp_path: Path) -> Opening:
    @asynccontextmanager
    async def opened(script: fakes.Script, count: int = 1) -> AsyncIterator[Shell]:
        folder = tmp_path / "data"
        async with stage(folder, script, count) as (_, target, _):
            yield Shell(hooktap, folder, target)

    return opened


async def test_edited_by_options(shell: Opening, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b'{"n": 1, "s": "x"}\n')
    async with shell(fakes.answering()) as sh:
        done = await sh(
            "1", "--method", "PUT", "--path", "/p?q", "--header", "X-A: b", "--header", "content-type:",
            "--body-file", "body", "--set", "n=2", "--set", "s=é",
        )  # fmt: skip
        as_json = await sh("1", "--set", "n=3", "--json")

    taken, second = sh.target.requests
    assert taken.line == b"PUT /p?q HTTP/1.1"
    assert taken.body == b'{"n": 2, "s": "\\u00e9"}\n'
    assert (taken.header(b"X-A"), taken.header(b"Content-Type")) == ([b"b"], [])
    assert done.code == 0
    assert done.text.endswith("replay 1, edited method target headers body\n")
    assert second.body == b'{"n": 3}'
    found = json.loads(as_json.out)
    assert (found["edited"], found["turn"], found["same_answer"]) == (["body"], "same", True)


async def test_an_earlier_edit_again(shell: Opening) -> None:
    """Any of them by its attempt's number, which `show` has; byte for byte, and once more an edit."""
    async with shell(fakes.answering(), 2) as sh:
        await sh("1")
        await sh("1", "--set", "n=7", "--header", "X-A: \udcff")
        await sh("1", "--method", "PUT")
        shown = await asyncio.to_thread(sh.hooktap, "show", "1", "--data-dir", str(sh.folder))
        assert "replay 2, edited headers body\n" in shown.text
        assert "replay 3, edited method\n" in shown.text
        done = await sh("1", "--edit", "2", "--sign", "verbatim")
        assert done.text.endswith("replay 4, edited headers body  same\n")
        as_json = json.loads((await sh("1", "--edit", "4", "--json")).out)
        refused = [await sh("1", "--edit", "1"), await sh("2", "--edit", "2")]

    first, put, again, last = sh.target.requests[1:]
    assert put.line.startswith(b"PUT ")
    assert (again.body, again.header(b"X-A")) == (b'{"n": 7}', [b"\xff"])
    assert (again.head, again.body) == (first.head, first.body) == (last.head, last.body)
    assert (as_json["number"], as_json["edited"]) == (5, ["headers", "body"])
    assert [done.code for done in refused] == [4, 4]
    assert "for an attempt 1 (it was for 2, 3, 4, 5)" in refused[0].err
    assert "#2 was not edited for an attempt 2 (it never was)" in refused[1].err


async def test_an_earlier_edit_whenever_a_file_changes(shell: Opening) -> None:
    async with shell(saying(fakes.answer(500), fakes.OK)) as sh:
        await sh("1", "--set", "n=7")
        done = await sh("1", "--edit", "1", "--watch", "--until-success")
    assert done.code == 0
    assert [each.body for each in sh.target.requests] == [b'{"n": 7}'] * 2


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--method", "G ET"], 1, "the method 'G ET' cannot be sent"),
        (["--path", "/\r\nX: y"], 1, "percent-encode it"),
        (["--header", "A: b\r\nC: d"], 1, "a value with CR, LF or NUL"),
        (["--header", "A"], 2, "is no 'Name: value'"),
        (["--header", "\x1b[2J"], 2, "␛[2J"),
        (["--set", "n"], 2, "is no json.path=value"),
        (["--set", "absent=1"], 1, "cannot set 'absent'"),
        (["--edit", "1"], 4, "#1 was not edited for an attempt 1 (it never was)"),
        (["--edit", "0"], 2, "0 is not in the range"),
        (["--edit", "99999999999999999999"], 4, "it never was"),
        (["--edit", "1", "--method", "PUT"], 2, "it takes no other change"),
        (["2", "--edit", "1"], 2, "--edit takes one ID"),
        (["status:500", "--edit", "1"], 2, "--edit takes one ID"),
        (["--body-file", "absent"], 2, "cannot read absent"),
        (["--rate", "0"], 2, "is no rate"),
        (["--order", "newest"], 2, "are for a query"),
        (["--until-success"], 2, "--until-success takes --watch"),
        (["2", "--watch"], 2, "--watch takes one ID"),
    ],
)
async def test_what_cannot_be_done_says_why(
    shell: Opening, args: list[str], code: int, said: str
) -> None:
    async with shell(fakes.answering()) as sh:
        done = await sh("1", *args)

    assert (done.code, sh.target.requests) == (code, [])
    assert said in " ".join(done.err.split())
    assert "\x1b" not in done.err


async def test_set_by_query(shell: Opening) -> None:
    """The oldest first, each with what it changed; a table at the end, and exit 1 as one failed."""
    script = saying(fakes.answer(500), fakes.OK, fakes.OK, fakes.answer(500), fakes.OK)
    async with shell(script, 3) as sh:
        first = await sh("endpoint:demo")
        second = await sh(
            "endpoint:demo", "--order", "newest", "--limit", "2", "--concurrency", "1"
        )
        third = await sh("id:1..2", "--rate", "1000/s")

    bodies = [taken.body for taken in sh.target.requests]
    assert [each[6:-1] for each in bodies] == [b"0", b"1", b"2", b"2", b"1", b"0", b"1"]
    assert (first.code, second.code, third.code) == (1, 1, 0)
    assert first.err == (
        "hooktap: sent 3 of 3 deliveries\n"
        "  succeeded  2\n  failed     1\n  fixed      0\n  regressed  0\n"
    )
    assert [line.rpartition("  ")[2] for line in second.text.splitlines()] == ["regressed", "same"]
    assert "  fixed      1\n" in third.err


async def test_dry_run_sends_nothing(shell: Opening) -> None:
    async with shell(fakes.answering(), 3) as sh:
        done = await sh("endpoint:demo", "--dry-run")
        as_json = await sh("#2", "--dry-run", "--json")
        none = await sh("endpoint:nowhere")

    assert (done.code, done.text, done.err) == (
        0,
        "#1\n#2\n#3\n",
        "hooktap: 3 deliveries would be sent\n",
    )
    assert as_json.text == '{"id":2}\n'
    assert (none.code, none.err.splitlines()[0]) == (0, "hooktap: sent 0 of 0 deliveries")
    assert sh.target.requests == []


async def test_many_are_not_sent_unasked(shell: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.client.replaying.ASK_FROM", 2)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    async with shell(fakes.answering(), 3) as sh:
        refused = await sh("endpoint:demo")
        assert sh.target.requests == []
        done = await sh("endpoint:demo", "--yes")

    assert refused.code == 2
    assert "3 deliveries would be sent and there is nobody to ask here: add --yes" in refused.err
    assert (done.code, len(sh.target.requests)) == (0, 3)


async def test_watched_until_it_succeeds(
    shell: Opening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.client.autoreplay.LOOK_S", 0.05)
    monkeypatch.setattr("inspector.client.autoreplay.SETTLE_S", 0.05)
    touch(tmp_path / "src/app.py")
    taken = asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            await peer.say(fakes.answer(500) if not taken.is_set() else fakes.OK)
            taken.set()

    async with shell(script) as sh:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(sh("1", "--watch", "src", "--until-success"))
            async with asyncio.timeout(WAIT_S):
                await taken.wait()
                while not running.done():  # it may not have looked at the files yet
                    touch(tmp_path / "src/app.py")
                    await asyncio.wait([running], timeout=0.5)
        absent = await sh("1", "--watch", "absent")

    done = running.result()
    first, *_, last = done.text.splitlines()
    assert done.code == 0
    assert first.endswith("  replay  start")
    assert last.endswith("  replay  fixed  app.py changed")
    assert (absent.code, absent.err) == (1, "hooktap: there is no absent to watch\n")


@pytest.mark.parametrize("args", [["endpoint:demo", "--rate", "1/h"], ["1", "--watch"]])
async def test_ctrl_c_ends_it_at_once(shell: Opening, args: list[str]) -> None:
    """Also while it waits; what was sent is told."""
    async with shell(fakes.answering(), 3) as sh:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "inspector", "replay", *args, "--data-dir", str(sh.folder),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            line = await process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = await process.communicate()

    assert line.decode().split()[1:4] == ["#1", "←", "200"]
    assert process.returncode == 130
    assert b"Traceback" not in err
    if "--rate" in args:
        assert err.decode().startswith("hooktap: stopped: sent 1 of 3 deliveries\n")


def test_rates() -> None:
    assert (rate("5"), rate("0.5/s"), rate("30/m"), rate("36/h")) == (5, 0.5, 0.5, 0.01)
