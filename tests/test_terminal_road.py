"""The terminal as a person has it: the real command in a pseudo-terminal of 80x24, and real deliveries."""

import asyncio
import fcntl
import hashlib
import hmac
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from inspector.datadir import Addresses, DataDir
from tests import fakes, process, pseudoterminal
from tests.pseudoterminal import Terminal
from tests.wire import HOSTILE, HOSTILE_JSON, Wire, assert_harmless, stored_as, talk

SECRET = "jks_terminal_road"
CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "JINKO_WEBHOOK_SECRET" }}
forward_to = "{url}/webhooks"
"""


@dataclass(frozen=True)
class Window:
    """The terminal, showing the inspector it has started."""

    terminal: Terminal
    data_dir: DataDir
    addresses: Addresses

    async def receive(self, wire: Wire) -> int:
        """Send a delivery through the public door; return its number."""
        return stored_as(await talk(self.addresses.ingress, wire.raw))

    async def inspector_gone(self) -> bool:
        """Wait until the inspector lets go of its data directory; return whether it has put its things away."""
        with self.data_dir.lock.open("r+b") as lock:
            async with asyncio.timeout(pseudoterminal.WAIT_S):
                await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        return not (self.data_dir.path / "inspector.json").exists()


@asynccontextmanager
async def opened(folder: Path, config: str = "", **environ: str) -> AsyncIterator[Window]:
    """Run `hooktap` on free ports until the empty state shows where to send to."""
    data_dir = DataDir(folder / "data")
    (folder / "hooktap.toml").write_text(config)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOOKTAP_")}
    options = ("--port", "0", "--api-port", "0", "--data-dir", str(data_dir.path))
    async with pseudoterminal.running(
        *("-m", "inspector", *options),
        folder=folder,
        environ=ours
        | {
            "PYTHONPATH": str(process.ROOT),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "JINKO_WEBHOOK_SECRET": SECRET,
            "TERM": "xterm-256color",
        }
        | environ,
    ) as terminal:
        await terminal.until("Waiting for the first delivery", "● connected", "q Quit")
        addresses = data_dir.read_addresses()
        try:
            yield Window(terminal, data_dir, addresses)
        finally:
            with suppress(ProcessLookupError):  # as it should be
                os.kill(addresses.pid, signal.SIGKILL)


def jinko(body: bytes, *, at_s: int) -> Wire:
    """Sign as Jinko's guide says, with nothing of ours."""
    return Wire(
        target=b"/in/jinko",
        headers=(
            (b"X-Jinko-Event-Id", b"evt_1"),
            (b"X-Jinko-Timestamp", b"%d" % at_s),
            (b"X-Jinko-Signature", signature(b"%d" % at_s, body)),
        ),
        body=body,
    )


def signature(timestamp: bytes, body: bytes) -> bytes:
    digest = hmac.new(SECRET.encode(), timestamp + b"." + body, hashlib.sha256)
    return b"sha256=" + digest.hexdigest().encode()


async def test_the_terminal_from_start_to_quit(tmp_path: Path) -> None:
    """It says where to send to, shows what comes with its verdict, samples, replays freshly signed, and quits clean."""
    body = b'{"event":"booking.completed","event_id":"evt_1"}'
    async with (
        fakes.serve(fakes.answering(fakes.answer(202))) as target,
        opened(tmp_path, CONFIG.format(url=target.url)) as window,
    ):
        terminal = window.terminal
        await terminal.until(f"{window.addresses.ingress}/in/<name>", f"→ {target.url}/webhooks")

        stale = await window.receive(jinko(body, at_s=int(time.time()) - 3600))
        await terminal.until("booking.completed", "◔ stale", "✓ 202", f"#{stale}  jinko")

        terminal.press("k")  # the list has the keyboard, although it was hidden while it was empty
        await terminal.until("‖ paused")
        terminal.press("f")
        await terminal.until("▼ following")

        terminal.press("r")
        await terminal.until(f"#{stale} replayed: ✓ 202", "✓ 202 x2")
        forwarded, replayed = target.requests
        assert forwarded.header(b"X-Jinko-Timestamp") != replayed.header(b"X-Jinko-Timestamp")
        (timestamp,) = replayed.header(b"X-Jinko-Timestamp")
        assert abs(int(timestamp) - time.time()) < 60
        assert replayed.header(b"X-Jinko-Signature") == [signature(timestamp, body)]
        assert replayed.body == forwarded.body == body

        for provider, verdict in (("jinko", "✓ verified"), ("wink", "○ unsigned")):
            terminal.press("s")
            await terminal.until("Send a sample delivery", "enter sends it")
            terminal.press(*provider, "enter")
            await terminal.until(f"{provider} sample sent", verdict)

        terminal.press("q")
        assert await terminal.ended() == 0
        with pytest.raises(ProcessLookupError):
            os.kill(window.addresses.pid, 0)
        assert await window.inspector_gone()


async def test_the_terminal_says_why_a_signature_does_not_match(tmp_path: Path) -> None:
    """Something on the way parsed the body and wrote it anew: the terminal says so, and what to do."""
    body = b'{"event":"booking.completed","event_id":"evt_1"}'
    rewritten = json.dumps(json.loads(body), indent=2).encode()
    async with opened(tmp_path, CONFIG.format(url="http://127.0.0.1:9")) as window:
        terminal = window.terminal
        sent = jinko(body, at_s=int(time.time()))

        number = await window.receive(replace(sent, body=rewritten))

        await terminal.until(f"#{number}  jinko", "✗ mismatch  the secret does not reproduce")
        await terminal.until(
            "Why: The signature matches the body re-serialised without white space"
        )
        terminal.press("v")
        await terminal.until(f"#{number} checked again: still ✗ mismatch")


HOSTILE_DELIVERIES = [
    (Wire(body=HOSTILE), ("hex", "text", "hex")),
    (
        Wire(target=b"/in/demo/[/]/%1b%5b2J?[@click=app.quit]", body=b"[@click=app.quit]q[/]"),
        ("text", "hex"),
    ),
    (
        Wire(
            target=b"/in/github/[/]",
            headers=(
                (b"X-GitHub-Event", b"\xc2\x9b2J\xe2\x80\xae[/][@click=app.quit]"),
                (b"X-GitHub-Delivery", b"\x9b2J\x9d0;t\x9c"),
                (b"Content-Type", b"application/json; \xc2\x9d52;c;eA==\xc2\x9c"),
            ),
            body=b'["%b"]' % HOSTILE_JSON,
        ),
        ("pretty", "text", "hex"),
    ),
    (
        Wire(
            target=b"/in/checkfront",
            headers=((b"Content-Type", b"application/json"), (b"Content-Encoding", b"gzip [/]")),
            body=b'{"event":"%b","booking":{"id":"%b"}}' % (HOSTILE_JSON, HOSTILE_JSON),
        ),
        ("pretty", "text", "hex"),
    ),
]
HOSTILE_ANSWER = fakes.answer(500, ("X-A", "\x9b2J\u202e[/]"), body=HOSTILE)


async def test_nothing_of_a_delivery_reaches_the_terminal_as_it_is(tmp_path: Path) -> None:
    """Listed, opened in every view and replayed: all that the terminal is told are colours, places and plain text."""
    async with (
        fakes.serve(fakes.answering(HOSTILE_ANSWER)) as target,
        opened(tmp_path, f'[inspector]\nforward_to = "{target.url}"') as window,
    ):
        terminal = window.terminal
        terminal.screen.controls.clear()  # Textual's own, at the start
        numbers = [await window.receive(wire) for wire, _ in HOSTILE_DELIVERIES]
        await terminal.until(*(f" {number}  " for number in numbers), "[/][@click")

        terminal.press("g")
        for number, (_, views) in zip(numbers, HOSTILE_DELIVERIES, strict=True):
            await terminal.until(f"#{number}  ", "✗ 500")
            terminal.press("enter", "1")
            for index, view in enumerate(views):
                if index:
                    terminal.press("b")
                # Left in the last of its views, none is taken for the first one of the next body.
                await terminal.until(f"Body {view}", "5b 2f 5d" if view == "hex" else "[/]")
            terminal.press("4")
            await terminal.until("received ", "uid ")
            terminal.press("3", "r")
            await terminal.until(f"#{number} replayed: ✗ 500", "2  replay  ✗ 500")
            assert_harmless(str(terminal.screen))
            terminal.press("escape")
            await terminal.until("last attempt")  # before the next key, or the two would be alt+j
            terminal.press("j")

        assert terminal.screen.controls <= {"\x1b]22;default\x07"}  # the mouse pointer's shape
        terminal.press("q")
        assert await terminal.ended() == 0


PAGER = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(print("interrupted", flush=True)))
print("reading", open(sys.argv[1]).read(), flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("key", ["\x03", "\x1c"], ids=["ctrl+c", "ctrl+backslash"])
async def test_keys_that_interrupt_are_the_pagers_while_it_is_open(
    tmp_path: Path, key: str
) -> None:
    """The terminal is there again when the pager has ended."""
    pager = tmp_path / "pager.py"
    pager.write_text(PAGER.replace("SIGINT", "SIGINT" if key == "\x03" else "SIGQUIT"))
    async with opened(tmp_path, PAGER=f"{sys.executable} {pager}") as window:
        await window.receive(Wire(body=b"the body"))
        await window.terminal.until("▼ following", "the body")
        window.terminal.press("\x0f")  # ctrl+o
        await window.terminal.until("reading the body")
        window.terminal.blank()
        window.terminal.press(key)
        await window.terminal.until("▼ following", "the body")
        assert b"interrupted" in window.terminal.written
        window.terminal.press("q")
        assert await window.terminal.ended() == 0


async def test_a_closed_window_leaves_no_inspector(tmp_path: Path) -> None:
    """A hang-up ends the terminal, which ends what it has started."""
    async with opened(tmp_path) as window:
        window.terminal.hang_up()

        assert await window.terminal.ended() == 0
        assert await window.inspector_gone()


async def test_a_killed_terminal_leaves_no_inspector(tmp_path: Path) -> None:
    """Nobody is left to stop the inspector, so it stops by itself."""
    async with opened(tmp_path) as window:
        window.terminal.process.kill()

        assert await window.inspector_gone()


async def test_what_is_typed_in_one_piece_goes_where_it_would_go_key_by_key(
    tmp_path: Path,
) -> None:
    """Of `/refund` the letters are the filter's: as keys of the list they would replay, edit and export."""
    async with opened(tmp_path) as window:
        await window.receive(Wire(body=b"the body"))
        await window.terminal.until("▼ following", "the body")
        for typed, shown, gone in [
            ("/refund xDrem", "/ refund xDrem", None),
            ("\x15\x1b", "? Help", "refund"),  # ctrl+u, escape
            ("?pin d", "pin d", None),
            ("\x1b", "? Help", "pin d"),
            ("ezzzz", "zzzz", None),
            ("\x1b", "throws the changes away", None),
            ("\x1b", "? Help", "zzzz"),
            ("sjinko", "jinko", None),
        ]:
            window.terminal.press(typed)
            await window.terminal.until(shown, gone=gone)
        window.terminal.press("\r")
        await window.terminal.until("booking.completed")
        assert b"replayed" not in window.terminal.written
        assert {each.name for each in tmp_path.glob("delivery-*")} == set()


EDITOR = """
import pathlib, sys, time
print("editing", flush=True)
while not pathlib.Path("done").exists():
    time.sleep(0.01)
"""


async def test_whatever_arrives_while_the_editor_is_open_is_drawn_afterwards(
    tmp_path: Path,
) -> None:
    """Also more of it than the queue of Textual's writing thread takes, which does not run meanwhile."""
    editor = tmp_path / "editor.py"
    editor.write_text(EDITOR)
    async with opened(tmp_path, EDITOR=f"{sys.executable} {editor}") as window:
        await window.receive(Wire(body=b"the body"))
        await window.terminal.until("▼ following", "the body")
        window.terminal.press("e")
        await window.terminal.until("ctrl+s sends")
        window.terminal.press("\x05")  # ctrl+e
        await window.terminal.until("editing")
        for _ in range(60):
            await window.receive(Wire(body=b"another body"))
            await asyncio.sleep(0.05)  # painted, each of them
        (tmp_path / "done").touch()
        await window.terminal.until("ctrl+s sends")
        window.terminal.press("\x1b")
        await window.terminal.until("connected   61", "another body")
