"""Real processes, started as a person starts them: an inspector (`hooktap listen --json`), and the demo app."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from inspector.client import Client
from inspector.core.wire import JSON
from inspector.datadir import DataDir

ROOT = Path(__file__).parent.parent
START_S = 60
STOP_S = 30
LINE_S = 30
NO_WAY_OUT = "http://127.0.0.1:9"
"""Nobody listens there: an inspector that fetches a certificate stays on this machine."""
LONGEST_LINE_BYTES = 16 * 1024 * 1024
PROGRAM = (sys.executable, "-m", "inspector")


@dataclass(frozen=True)
class Running:
    """A running inspector, as its ready line describes it."""

    ingress: str
    api: str
    pid: int
    data_dir: DataDir
    _stdout: asyncio.StreamReader

    def endpoint(self, name: str) -> str:
        """Return the URL of an endpoint."""
        return f"{self.ingress}/in/{name}"

    def client(self) -> Client:
        """Return a client of its API; an async context manager."""
        return Client.of(self.data_dir)

    async def line(self) -> JSON:
        """Return the next line of the feed: a delivery or an attempt."""
        async with asyncio.timeout(LINE_S):
            return await _read_line(self._stdout)


@asynccontextmanager
async def inspector(
    folder: Path,
    *arguments: str,
    config: str | None = None,
    environ: Mapping[str, str] | None = None,
    exit_code: int = 0,
    program: Sequence[str] = PROGRAM,
) -> AsyncIterator[Running]:
    """Run `listen --json` on free ports with its data in `folder`; stop it by its pid at the end.

    The process must then exit with `exit_code` (negative: killed by that signal) and have written no traceback.
    `program` may run it inside another one that ends as it does, like strace.
    """
    command = [
        "listen",
        "--json",
        "--port",
        "0",
        "--api-port",
        "0",
        "--data-dir",
        str(folder / "data"),
    ]
    if config is not None:
        (folder / "hooktap.toml").write_text(config, "utf-8")
        command += ["--config", str(folder / "hooktap.toml")]
    with tempfile.TemporaryFile() as narration:
        process = await asyncio.create_subprocess_exec(
            *program,
            *command,
            *arguments,
            cwd=folder,  # no hooktap.toml of the person running the tests is found from here
            env=environ_of(folder) | dict(environ or {}),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=narration,
            # The reader takes lines off the pipe on its own up to twice this, so nobody has to read the feed.
            limit=LONGEST_LINE_BYTES,
        )
        stdout = process.stdout
        assert stdout is not None
        pid = process.pid
        try:
            running = await _ready(stdout)
            pid = running.pid
            yield running
        finally:
            if process.returncode is None:
                # Not `process.terminate()`: that looks first whether it has ended, and takes the exit code away from
                # whoever waits for it.
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                await asyncio.gather(stdout.read(), process.wait())
            narration.seek(0)
            told = narration.read().decode("utf-8", "replace")
            sys.stderr.write(told)  # pytest shows it beside a failure
        assert "Traceback" not in told, told
        assert process.returncode == exit_code, told


@contextmanager
def demo_app(jinko_secret: str | None, port: int = 0) -> Iterator[str]:
    """Run scripts/demo_app.py, on a free port unless told; yield its URL. It must end without a traceback."""
    environ = {name: value for name, value in os.environ.items() if name != "JINKO_WEBHOOK_SECRET"}
    if jinko_secret is not None:
        environ["JINKO_WEBHOOK_SECRET"] = jinko_secret
    with _app("demo_app.py", port, environ) as (url, narration):
        yield url
    assert "Traceback" not in "".join(narration)


@contextmanager
def naive_app(port: int = 0) -> Iterator[str]:
    """Run scripts/naive_app.py, which breaks at what it cannot read; yield the URL of its webhook."""
    with _app("naive_app.py", port, os.environ) as (url, _):
        yield f"{url}/webhook"


@contextmanager
def _app(script: str, port: int, environ: Mapping[str, str]) -> Iterator[tuple[str, Sequence[str]]]:
    """Run an app of scripts/; yield its URL, and what it has said on stderr once it has ended."""
    narration: list[str] = []
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / script), "--port", str(port)],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        readers = [
            threading.Thread(target=process.stdout.read),  # it would wait for one
            threading.Thread(target=narration.extend, args=(process.stderr,)),
        ]
        for reader in readers:
            reader.start()
        try:
            yield json.loads(ready)["url"], narration
        finally:
            process.terminate()
            process.wait(timeout=STOP_S)
            for reader in readers:
                reader.join()
            sys.stderr.write("".join(narration))


async def _ready(stdout: asyncio.StreamReader) -> Running:
    async with asyncio.timeout(START_S):
        ready = await _read_line(stdout)
    assert ready["type"] == "ready", ready
    return Running(
        ingress=ready["ingress"],
        api=ready["api"],
        pid=ready["pid"],
        data_dir=DataDir(Path(ready["data_dir"])),
        _stdout=stdout,
    )


async def _read_line(stdout: asyncio.StreamReader) -> JSON:
    line = await stdout.readline()
    assert line, "the inspector ended its output"
    found: JSON = json.loads(line)
    return found


def environ_of(folder: Path) -> dict[str, str]:
    """Return the environment of a process that takes no part in anybody's own configuration."""
    foreign = ("HOOKTAP_", "COLUMNS", "LINES")  # the latter of the window that the tests run in
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return ours | {
        "PYTHONPATH": str(ROOT),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "https_proxy": NO_WAY_OUT,
    }
