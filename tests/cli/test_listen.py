"""`hooktap listen` as a process: what it prints, where, and how it ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from inspector.datadir import DataDir
from tests.fakes import answering, refusing, serve, silent
from tests.process import ROOT, inspector

WAIT_S = 30


@asynccontextmanager
async def listening(
    folder: Path, *args: str, stdin: int = DEVNULL, **environ: str
) -> AsyncIterator[Process]:
    """Run `listen` with pipes; what is left of it in the end is killed."""
    command = ("listen", "--port", "0", "--api-port", "0", "--data-dir", str(folder / "data"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inspector", *command, *args),
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "XDG_CONFIG_HOME": str(folder),
            **environ,
        },
        stdin=stdin,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, ending: str) -> list[str]:
    """Return the lines on stderr up to the one that ends so."""
    assert process.stderr is not None
    lines: list[str] = []
    while not (lines and lines[-1].endswith(ending)):
        line = await process.stderr.readline()
        assert line, f"ended after {lines}"
        lines.append(line.decode().rstrip("\n"))
    return lines


async def printed(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().rstrip("\n")


async def post(url: str, body: bytes = b"{}") -> int:
    async with aiohttp.ClientSession() as session, session.post(url, data=body) as response:
        return response.status


async def test_the_first_line_of_json_is_ready(tmp_path: Path) -> None:
    """Addresses that answer, the directory, the process; then a line per delivery and per attempt, at once."""
    async with (
        serve(answering()) as target,
        inspector(tmp_path, "--forward-to", target.url) as running,
    ):
        assert running.data_dir == DataDir(tmp_path / "data")
        assert await post(running.endpoint("demo"), b"\x00\x1b") == 200
        first, second = await running.line(), await running.line()

    assert (first["type"], first["endpoint"], first["body_bytes"]) == ("delivery", "demo", 2)
    assert (second["type"], second["delivery_id"], second["status"]) == (
        "attempt",
        first["id"],
        200,
    )


async def test_what_is_told_and_what_is_printed(tmp_path: Path) -> None:
    """Narration on stderr, data on stdout, without colours in a pipe."""
    async with (
        serve(answering()) as target,
        listening(tmp_path, "--forward-to", str(target.port)) as process,
    ):
        told = await said(process, "Ctrl-C")
        url = told[1].split()[1].replace("/NAME", "/demo")
        assert await post(url) == 200
        lines = [await printed(process) for _ in range(3)]

    assert told[0].endswith(" is ready")
    assert [line.split()[0] for line in told[1:]] == [
        "receives",
        "forwards",
        "keeps",
        "try",
        "stop",
    ]
    assert f"http://127.0.0.1:{target.port}" in told[2]
    assert str(tmp_path / "data") in told[3]
    assert told[4].endswith(url)
    assert lines[0].split()[1:] == ["#1", "→", "demo", "-", "POST", "2", "B", "·", "unknown"]
    assert lines[1].startswith("          ")
    assert lines[2].split()[1:4] == ["#1", "←", "200"]
    assert lines[2].endswith(f"http://127.0.0.1:{target.port}/")
    assert "\x1b" not in "".join(told + lines)


async def test_reasons_are_given_once_or_always(tmp_path: Path) -> None:
    """What is so with every delivery of an endpoint is said once; why a check failed, every time."""
    (tmp_path / "hooktap.toml").write_text(
        '[endpoint.a]\nprovider = "wink"\n[endpoint.b]\nprovider = "jinko"\nsecret = { env = "S" }\n'
    )
    async with listening(tmp_path, S="secret") as process:
        url = (await said(process, "Ctrl-C"))[1].split()[1]
        for name in "abab":
            assert await post(url.replace("NAME", name)) == 200
        lines = [await printed(process) for _ in range(7)]

    indented = [line.startswith("          ") for line in lines]
    assert indented == [False, True, False, True, False, False, True]
    assert lines[3] == lines[6]


async def test_a_target_that_is_down(tmp_path: Path) -> None:
    """The attempt's line says what happened, and the inspector stays up."""
    with refusing() as target:
        async with listening(tmp_path, "--forward-to", target.url) as process:
            url = (await said(process, "Ctrl-C"))[1].split()[1].replace("/NAME", "/demo")
            assert await post(url) == 200
            lines = [await printed(process) for _ in range(3)]
            assert await post(url) == 200

    assert "#1     ← ✗ " in lines[2]
    assert str(target.port) in lines[2]


async def test_an_ascii_stream(tmp_path: Path) -> None:
    async with listening(tmp_path, PYTHONIOENCODING="ascii") as process:
        url = (await said(process, "Ctrl-C"))[1].split()[1].replace("/NAME", "/demo")
        assert await post(url) == 200
        line = await printed(process)

    assert line.isascii()
    assert "#1     -> demo" in line


async def test_configured_endpoints_are_named(tmp_path: Path) -> None:
    """Warnings come once, before all else; of a secret nothing is said."""
    (tmp_path / "hooktap.toml").write_text(
        '[inspector]\nstrict = true\n[endpoint.jinko]\nprovider = "jinko"\n'
        'secret = [{ env = "GOOD" }, { env = "MISSING" }]\nforward_to = "3000"\n[endpoint.kept]\n'
    )
    async with listening(tmp_path, GOOD="cAnArY") as process:
        told = await said(process, "Ctrl-C")

    assert told[0].startswith("hooktap: warning: endpoint 'jinko': environment variable MISSING")
    assert told[2].endswith("/in/NAME  (jinko, kept)")
    assert told[3].strip() == "jinko → http://127.0.0.1:3000"
    assert told[4].strip() == "kept → kept, not forwarded"
    assert not any("cAnArY" in line or "try" in line for line in told)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_signal_ends_it(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Gracefully: nothing but the exit code tells the two apart, and the address is withdrawn."""
    async with listening(tmp_path) as process:
        await said(process, "Ctrl-C")
        assert (tmp_path / "data" / "inspector.json").exists()
        process.send_signal(number)
        rest = await process.communicate()

    assert process.returncode == code
    assert rest == (b"", b"")
    assert not (tmp_path / "data" / "inspector.json").exists()


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """It waits for the answers of targets only as long as the person does."""
    (tmp_path / "hooktap.toml").write_text("[inspector]\ndrain_s = 60\n")
    async with serve(silent) as target, listening(tmp_path, "--forward-to", target.url) as process:
        url = (await said(process, "Ctrl-C"))[1].split()[1].replace("/NAME", "/demo")
        assert await post(url) == 200
        await printed(process)
        process.send_signal(signal.SIGINT)
        await gone(url)
        assert process.returncode is None
        process.send_signal(signal.SIGINT)
        await process.wait()

    assert process.returncode == -signal.SIGINT


async def gone(url: str) -> None:
    """Return when nobody answers there any more."""
    with contextlib.suppress(aiohttp.ClientError):
        while True:
            await post(url)


async def test_nohup(tmp_path: Path) -> None:
    """A hang-up ends it like SIGTERM, but not where it was started to outlive one."""
    async with listening(tmp_path) as process:
        await said(process, "Ctrl-C")
        process.send_signal(signal.SIGHUP)
        await process.wait()
    assert process.returncode == 0

    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # which a child inherits
    try:
        async with listening(tmp_path) as process:
            url = (await said(process, "Ctrl-C"))[1].split()[1].replace("/NAME", "/demo")
            process.send_signal(signal.SIGHUP)
            assert await post(url) == 200
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


async def test_the_end_of_stdin_ends_it(tmp_path: Path) -> None:
    """So that it cannot outlive a terminal that was killed."""
    async with listening(tmp_path, "--until-stdin-closes", stdin=PIPE) as process:
        await said(process, "Ctrl-C")
        assert process.stdin is not None
        process.stdin.write(b"ignored\n")
        process.stdin.close()
        await process.wait()

    assert process.returncode == 0


@asynccontextmanager
async def piping(folder: Path) -> AsyncIterator[tuple[Process, int]]:
    """Run `listen --json` with a pipe of our own for its stdout; yield the end to read from."""
    reader, writer = os.pipe()
    command = ("listen", "--json", "--port", "0", "--api-port", "0", "--data-dir", "data")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "inspector", *command),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)},
        stdin=DEVNULL,
        stdout=writer,
        stderr=PIPE,
    )
    os.close(writer)
    try:
        async with asyncio.timeout(WAIT_S):
            yield process, reader
    finally:
        if process.returncode is None:
            process.kill()
        with contextlib.suppress(OSError):  # the test closed it
            os.close(reader)
        await process.communicate()


async def ready_line(reader: int) -> dict[str, str]:
    ready: dict[str, str] = json.loads(await asyncio.to_thread(os.read, reader, 65536))
    return ready


@pytest.mark.parametrize("closed", ["<&-", "<&- 2>&-", "<&- >&- 2>&-"])
async def test_without_standard_streams(tmp_path: Path, closed: str) -> None:
    """What a careless supervisor leaves closed must not become the database's descriptor."""
    options = "--json --until-stdin-closes --port 0 --api-port 0 --data-dir data"
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", f'exec "$0" -m inspector listen {options} {closed}', sys.executable),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path)},
        stdout=PIPE,
        stderr=PIPE,
    )
    async with asyncio.timeout(WAIT_S):
        out, err = await process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert out.startswith(b'{"type":"ready"') or (out == b"" and " >&-" in closed)


async def test_a_reader_that_leaves_ends_it(tmp_path: Path) -> None:
    """As `listen --json | head -1` means it: quietly."""
    async with piping(tmp_path) as (process, reader):
        ready = await ready_line(reader)
        os.close(reader)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(send_until_gone(ready["ingress"], process))
            _, told = await process.communicate()

    assert process.returncode == 0
    # The one that was being received just then is still answered, which is told.
    assert told in (b"", b"hooktap: draining 1 request (Ctrl-C: stop at once)\n")


async def send_until_gone(ingress: str, process: Process) -> None:
    while process.returncode is None:
        try:
            await post(f"{ingress}/in/demo")
        except aiohttp.ClientError:
            return


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """Exit 3, one line that names port and flag, and no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with listening(tmp_path, "--port", str(port)) as process:
            out, err = await process.communicate()

    assert process.returncode == 3
    assert out == b""
    assert err.count(b"\n") == 1
    assert err.startswith(b"hooktap: ")
    assert str(port).encode() in err
    assert b"--port" in err


async def test_a_data_directory_that_is_taken(tmp_path: Path) -> None:
    async with listening(tmp_path) as first:
        await said(first, "Ctrl-C")
        async with listening(tmp_path) as second:
            out, err = await second.communicate()

    assert (second.returncode, out) == (3, b"")
    assert err.count(b"\n") == 1
    assert str(first.pid).encode() in err


async def test_a_typo_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text("[endpoint.stripe]\nsecert = 1\n")
    async with listening(tmp_path) as process:
        out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err == (
        b"hooktap: hooktap.toml:2: endpoint.stripe: unknown key 'secert' (did you mean 'secret'?)\n"
    )


async def test_a_reader_that_does_not_read_delays_nobody(tmp_path: Path) -> None:
    """Senders are answered although the pipe is full and stays so, and the end does not wait for it either."""
    async with piping(tmp_path) as (process, reader):
        url = f"{(await ready_line(reader))['ingress']}/in/demo?{'x' * 4000}"
        async with aiohttp.ClientSession() as session:
            for _ in range(300):
                async with session.post(url, data=b"{}") as response:
                    assert response.status == 200
        process.terminate()
        await process.wait()

    assert process.returncode == 0


async def test_quiet_prints_the_ready_line_only(tmp_path: Path) -> None:
    """What comes in is kept all the same."""
    async with listening(tmp_path, "--json", "--quiet") as process:
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        async with (
            aiohttp.ClientSession() as session,
            session.post(ready["ingress"] + "/in/demo", data=b"{}") as answer,
        ):
            assert await answer.text() == "stored as #1\n"
        process.terminate()

        assert await process.stdout.read() == b""
        assert await process.wait() == 0


async def test_flood_is_printed_whole(tmp_path: Path) -> None:
    """More at once than the feed holds in memory: printing rests between, and leaves nothing out."""
    count = 1500
    async with listening(tmp_path, "--json") as process:
        assert process.stdout is not None
        url = json.loads(await process.stdout.readline())["ingress"] + "/in/demo"
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as senders:
            for _ in range(15):
                senders.create_task(_post_each(session, url, count // 15))
        printed = [json.loads(await process.stdout.readline())["id"] for _ in range(count)]

    assert printed == list(range(1, count + 1))


async def _post_each(session: aiohttp.ClientSession, url: str, count: int) -> None:
    for _ in range(count):
        async with session.post(url, data=b"{}") as answer:
            assert answer.status == 200


# The file that says it is ready


async def test_the_ready_file_holds_the_first_line(tmp_path: Path) -> None:
    """Written as a whole in place of a stale one, for its owner only, and gone with the inspector."""
    path = tmp_path / "ready.json"
    path.write_text("stale")
    path.chmod(0o644)
    async with listening(tmp_path, "--json", "--ready-file", str(path)) as process:
        line = await printed(process)
        assert path.read_text() == line + "\n"
        assert path.stat().st_mode & 0o777 == 0o600
        ready = json.loads(line)
        assert await post(f"{ready['ingress']}/in/demo") == 200
        process.terminate()
        assert await process.wait() == 0

    assert not path.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


async def test_the_ready_file_without_json(tmp_path: Path) -> None:
    """It is there by the time a person is told; ctrl-c removes it too. A relative path is from here."""
    async with listening(tmp_path, "--ready-file", "ready.json") as process:
        told = await said(process, "Ctrl-C")
        ready = json.loads((tmp_path / "ready.json").read_bytes())
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130

    assert ready["pid"] == process.pid
    assert told[1].split()[1] == f"{ready['ingress']}/in/NAME"
    assert not (tmp_path / "ready.json").exists()


async def test_a_ready_file_of_another_stays(tmp_path: Path) -> None:
    """Who was told the same file by mistake takes only his own away."""
    path = tmp_path / "ready.json"
    async with listening(tmp_path, "--json", "--ready-file", str(path)) as process:
        await printed(process)
        path.write_text("another's")
        process.terminate()
        assert await process.wait() == 0

    assert path.read_text() == "another's"


@pytest.mark.parametrize("name", ["no/such/ready.json", "folder"])
async def test_a_ready_file_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    async with listening(tmp_path, "--json", "--ready-file", name) as process:
        out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err.decode().startswith(f"hooktap: cannot write the --ready-file {name}: ")
    assert len(err.splitlines()) == 1
