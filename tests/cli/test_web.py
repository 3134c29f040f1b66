"""`hooktap web`, the real process, and a real browser before it."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from inspector.client import Client
from inspector.datadir import DataDir
from inspector.errors import UnreachableError
from tests import process
from tests.browser import chromium
from tests.cli.conftest import Hooktap

WAIT_S = 30
PNG = b"\x89PNG"


@dataclass(frozen=True)
class Web:
    """A running `hooktap web`."""

    process: Process
    data_dir: DataDir
    link: str

    @property
    def base(self) -> str:
        return self.link.partition("/enter")[0]

    async def next_link(self) -> str:
        """Return the link it prints next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def serving(folder: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[Web]:
    """Run `hooktap web` on a free port, with its data in `folder`; stop it by its pid."""
    started = await asyncio.create_subprocess_exec(
        *(*process.PROGRAM, "web", "--port", "0", "--data-dir", str(folder / "data")),
        cwd=folder,
        env=process.environ_of(folder) | dict(environ or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    web = Web(started, DataDir(folder / "data"), "")
    try:
        web = Web(started, web.data_dir, await web.next_link())
        yield web
    finally:
        if started.returncode is None:
            started.terminate()
        async with asyncio.timeout(WAIT_S):
            _, narration = await started.communicate()
        sys.stderr.write(narration.decode())
    assert b"Traceback" not in narration
    assert started.returncode in {0, 130, -signal.SIGKILL}


def terminals(data_dir: DataDir) -> set[int]:
    """Return the processes that are terminals on this directory, or inspectors that terminals have started."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(data_dir.path).encode() in words and words[3:4] in ([b"terminal"], [b"listen"]):
            found.add(int(path.parent.name))
    return found


async def gone(data_dir: DataDir, but: frozenset[int] = frozenset()) -> None:
    """Wait until no terminal runs, by asking the kernel again and again: they are nobody's children here."""
    async with asyncio.timeout(WAIT_S):
        while terminals(data_dir) - but:
            await asyncio.sleep(0.05)


async def test_a_browser(tmp_path: Path) -> None:
    """The page shows what arrives and obeys a key; nothing comes from another machine; its end ends its terminal."""
    async with (
        process.inspector(tmp_path) as running,
        serving(tmp_path) as web,
        chromium(tmp_path / "browser") as browser,
    ):
        own = frozenset(terminals(web.data_dir))
        async with running.client() as client:
            await client.send_sample("github")

        await browser.open(web.link)
        await browser.until(lambda: "github" in str(browser.screen))
        await browser.until(lambda: "Quit" in str(browser.screen))  # it knows that it is looked at
        assert browser.statuses["socket"] == 101
        assert len(terminals(web.data_dir) - own) == 1
        picture = await browser.picture()
        assert picture.startswith(PNG)

        await browser.press("?")
        await browser.until(lambda: "escape closes" in str(browser.screen))
        assert await browser.picture() != picture
        assert await browser.evaluate("location.href + document.cookie") == f"{web.base}/"
        strangers = [
            each for each in browser.requested if urlsplit(each).netloc != urlsplit(web.base).netloc
        ]
        assert strangers in ([], ["data:,"])

        await browser.open("about:blank")
        await gone(web.data_dir, own)
        async with running.client() as client:
            assert await client.health()


async def test_a_browser_without_the_cookie(tmp_path: Path) -> None:
    """The address alone opens nothing, and neither does a link that was used."""
    async with serving(tmp_path) as web, chromium(tmp_path / "browser") as browser:
        async with aiohttp.ClientSession() as other:
            await other.get(web.link)
        for url in (f"{web.base}/", web.link):
            await browser.open(url)
            await browser.until(lambda url=url: url in browser.statuses)  # type: ignore[misc]
            assert browser.statuses[url] == 403
        assert "socket" not in browser.statuses


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
async def test_nothing_is_left_of_it(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Its inspector and its terminals end with it, also if it is killed."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(tmp_path) as web, aiohttp.ClientSession(cookie_jar=jar) as session:
        await session.get(web.link)
        async with session.ws_connect(f"{web.base}/ws?width=80&height=24") as socket:
            assert (await socket.receive(WAIT_S)).type is aiohttp.WSMsgType.BINARY
            assert len(terminals(web.data_dir)) == 2
            os.kill(web.process.pid, number)
            async with asyncio.timeout(WAIT_S):
                assert await web.process.wait() == code
    await gone(web.data_dir)


async def test_another_link_for_another_browser(tmp_path: Path) -> None:
    async with serving(tmp_path) as web, aiohttp.ClientSession() as session:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/enter\?code=[\w-]{43}", web.link)
        first = await session.get(web.link, allow_redirects=False)
        assert first.status == 303
        link = await web.next_link()
        assert link != web.link
        assert (await session.get(web.link, allow_redirects=False)).status == 403
        assert (await session.get(link, allow_redirects=False)).status == 303
        told = (await session.get(f"{web.base}/")).headers
        assert "code" not in str(told)


async def test_a_taken_port(tmp_path: Path, hooktap: Hooktap) -> None:
    async with serving(tmp_path) as web:
        port = str(urlsplit(web.base).port)
        done = await asyncio.to_thread(hooktap, "web", "--port", port)
    assert done.code == 3
    assert f"port {port} is taken by another program: choose one with --port" in done.err


def test_without_the_extra(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing is named with the command that brings it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    done = hooktap("web")
    assert done.code == 1
    assert (
        done.err
        == "hooktap: this needs the extra 'web': pipx install '.[web]' where Hooktap lies\n"
    )


async def test_it_runs_no_inspector_where_one_runs(tmp_path: Path) -> None:
    """And one of its own where none does, for as long as it runs."""
    async with process.inspector(tmp_path) as running, serving(tmp_path) as web:
        assert terminals(web.data_dir) == {running.pid}
    async with serving(tmp_path) as web, Client.of(web.data_dir) as client:
        assert (await client.health())["version"]
    with pytest.raises(UnreachableError):
        web.data_dir.read_addresses()
