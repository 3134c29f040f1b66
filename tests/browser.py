"""A headless Chromium of one's own, driven by the DevTools protocol over its WebSocket."""

import asyncio
import base64
import itertools
import json
import os
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from scripts.screen import Screen
from tests.elsewhere import missing

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
COLUMNS_PX, LINES_PX = 1000, 640
WAIT_S = 30
"""Only so that a test that has gone wrong ends."""
LONGEST_BYTES = 16 * 1024 * 1024


class Browser:
    """One browser with one page. What its WebSockets receive is drawn on `screen`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.statuses: dict[str, int] = {}
        """What each address was answered, WebSockets included."""
        self.requested: list[str] = []
        self.screen = Screen(columns=200, rows=80)
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Event()
        self._session = ""

    async def read(self) -> None:
        """Take what the browser says, for as long as it does."""
        async for line in self._connection:
            said = json.loads(line)
            if (waiting := self._answers.pop(said.get("id", 0), None)) is not None:
                waiting.set_result(said)
            elif "method" in said:
                self._note(said["method"], said["params"])
            self._changed.set()

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._numbers)
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        order = {"id": number, "method": method, "params": parameters}
        if self._session:
            order["sessionId"] = self._session
        await self._connection.send(json.dumps(order))
        async with asyncio.timeout(WAIT_S):
            said = await answer
        assert "error" not in said, said
        found: dict[str, Any] = said["result"]
        return found

    async def begin(self) -> None:
        """Make the page."""
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        await self.call("Network.enable")
        await self.call("Page.enable")

    async def open(self, url: str) -> None:
        """Go to an address, as if it was typed."""
        await self.call("Page.navigate", url=url)

    async def press(self, key: str) -> None:
        """Press a key that is a character."""
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key=key, text=key)

    async def evaluate(self, script: str) -> Any:
        """Return what a script in the page comes to."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True)
        return done["result"].get("value")

    async def picture(self) -> bytes:
        """Return the page as a PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait until `done`, looking again whenever the browser has said something."""
        try:
            async with asyncio.timeout(WAIT_S):
                while not done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self.statuses}\n{self.screen}") from None

    def _note(self, event: str, said: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requested.append(said["request"]["url"])
            case "Network.webSocketCreated":
                self.requested.append(said["url"])
            case "Network.responseReceived":
                self.statuses[said["response"]["url"]] = said["response"]["status"]
            case "Network.webSocketHandshakeResponseReceived":
                self.statuses["socket"] = said["response"]["status"]
            case "Network.webSocketFrameReceived" if said["response"]["opcode"] == 2:
                self.screen.feed(base64.b64decode(said["response"]["payloadData"]))
            case "Network.webSocketClosed":
                self.statuses["closed"] = 1


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """Run a browser that keeps everything in `folder`; end it by its pid."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing("this needs Chromium, which is not installed")
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        program,
        *("--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server"),
        f"--window-size={COLUMNS_PX},{LINES_PX}",
        *(("--no-sandbox",) if os.geteuid() == 0 else ()),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"HOME": str(folder)},
    )
    try:
        address = await _address(process)
        async with connect(address, proxy=None, compression=None, max_size=LONGEST_BYTES) as line:
            browser = Browser(line)
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(browser.read())
                await browser.begin()
                yield browser
                reading.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _address(process: Process) -> str:
    """Return where the browser listens, which is the one thing it says that is of use."""
    assert process.stderr is not None
    async with asyncio.timeout(WAIT_S):
        async for line in process.stderr:
            _, found, address = line.decode().partition("DevTools listening on ")
            if found:
                return address.strip()
    raise AssertionError("Chromium ended before it was ready")
