"""`hooktap simulate`, the real process: what it prints, what it leaves, and how it ends."""

import asyncio
import json
import re
import signal
import socket
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click
import pytest

from inspector.cli.simulate import PROVIDERS
from inspector.cli.standins import AsText
from inspector.config import load
from inspector.core.wire import JSON
from inspector.simulate.standins.jinko import JINKO
from inspector.simulate.standins.known import STAND_INS
from inspector.simulate.standins.model import Parcel, State, Webhook
from tests import fakes, process
from tests.cli.conftest import Hooktap
from tests.factories import request
from tests.simulate.standins.serving import command

WAIT_S = 30
FASTEST = ("--speed", "100000")


@dataclass(frozen=True)
class Simulate:
    """A running `hooktap simulate` that prints text."""

    process: Process

    async def line(self) -> str:
        """Return the next line of stdout."""
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            return (await self.process.stdout.readline()).decode()

    async def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """End it by a signal; return its exit code, and what it said on stderr."""
        self.process.send_signal(number)
        async with asyncio.timeout(WAIT_S):
            _, told = await self.process.communicate()
        sys.stderr.write(told.decode())
        assert self.process.returncode is not None
        return self.process.returncode, told.decode()


@asynccontextmanager
async def simulate(folder: Path, *arguments: str) -> AsyncIterator[Simulate]:
    """Run it on a free port, with its data in `folder`."""
    started = await asyncio.create_subprocess_exec(
        *(*process.PROGRAM, "simulate", *arguments, "--port", "0"),
        *("--data-dir", str(folder / "data")),
        cwd=folder,
        env=process.environ_of(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield Simulate(started)
    finally:
        if started.returncode is None:
            started.kill()
            await started.communicate()


async def once(folder: Path, *arguments: str) -> tuple[list[str], str]:
    """Run it for the attempt that `--event` makes; return both outputs."""
    async with simulate(folder, *arguments, "--event", "booking.completed") as running:
        line = await running.line()
        code, told = await running.end()
    assert code == 130
    assert "Traceback" not in told
    return [line], told


def test_every_stand_in_can_be_named() -> None:
    """The command's module does not import them to know."""
    assert list(PROVIDERS) == list(STAND_INS)


async def test_it_says_where_everything_is(tmp_path: Path) -> None:
    """The secret is shown once; what was registered is there the next time."""
    with fakes.refusing() as nobody:
        to = ("--to", f"{nobody.url}/in/jinko")
        (line,), told = await once(tmp_path, "jinko", *to)
        _, later = await once(tmp_path, "jinko", *to)

    assert re.match(r"\d\d:\d\d:\d\d  booking\.completed +1 of 8  ✗  ", line)
    assert "again in 2 min, 7 left" in line
    assert "a stand-in for Jinko is ready\n" in told
    assert told.count("  assumed      Jinko ") == len(JINKO.assumed)
    assert f"  webhook      {nobody.url}/in/jinko is registered\n" in told
    assert len(re.findall(r"whsec_\S+ \(shown this once\)", told)) == 1
    assert "  hooktap.toml [endpoint.jinko]\n" in told
    assert 'secret = { env = "JINKO_WEBHOOK_SECRET" }\n' in told
    assert "is registered already" in later
    assert "whsec_" not in later
    assert re.findall("token +(.*)", told) == re.findall("token +(.*)", later)


async def test_a_secret_in_a_file_is_shown_nowhere(tmp_path: Path) -> None:
    """Its two lines of configuration are hooktap's to load. Asked for again, the file is there again."""
    file = tmp_path / "jinko.secret"
    with fakes.refusing() as nobody:
        asked = ("jinko", "--to", f"{nobody.url}/in/jinko", "--secret-file", file.name)
        (line,), told = await once(tmp_path, *asked)
        secret = file.read_bytes()
        file.unlink()
        _, later = await once(tmp_path, *asked)

    assert secret.startswith(b"whsec_")
    assert file.read_bytes() == secret
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret.decode() not in line + told + later
    heading, below = re.findall(r"hooktap\.toml (.*)\n +(secret = .*)\n", told)[0]
    (tmp_path / "hooktap.toml").write_text(f"{heading}\n{below}\n")
    config = load(environ={}, cwd=tmp_path, config_file=tmp_path / "hooktap.toml")
    assert config.endpoints["jinko"].secrets == (secret,)


async def test_a_secret_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    async with simulate(
        tmp_path, "jinko", "--to", "http://127.0.0.1:9/in/x", "--secret-file", "no/such"
    ) as running:
        _, told = await asyncio.wait_for(running.process.communicate(), WAIT_S)

    assert running.process.returncode == 1
    assert re.search(r"hooktap: cannot write the secret to .*no/such: No such file", told.decode())


async def test_a_disabled_webhook_is_told_with_what_enables_it(tmp_path: Path) -> None:
    """On stderr, so that stdout has a line for each attempt and no other."""
    with fakes.refusing() as nobody:
        asked = ("--to", f"{nobody.url}/in/checkfront", "--event", "item.update", *FASTEST)
        async with simulate(tmp_path, "checkfront", *asked) as running:
            lines = [await running.line() for _ in range(5)]
            _, told = await running.end()

    assert "again in 1 min (0.0006 s here), 4 left" in lines[0]
    assert "exhausted: not sent again" in lines[4]
    assert "is disabled after 5 failed attempts in a row; nothing is sent there until" in told
    assert re.search(
        r"""curl -X PATCH .* --json '{"enabled": true}' \S+/simulate/webhooks/""", told
    )
    assert "secret" not in told


async def test_a_round_of_events_happens_to_one_booking_again_and_again(tmp_path: Path) -> None:
    arguments = ("--event", "booking.HOLD", "--event", "transaction.insert", "--every", "0.01")
    async with (
        fakes.serve(fakes.answering(fakes.OK)) as target,
        command(tmp_path, "checkfront", "--to", target.url, *arguments) as running,
    ):
        while len(target.requests) < 12:
            assert (await running.line())["type"] in {"webhook", "attempt"}

    sent = [json.loads(each.body) for each in target.requests]
    bookings = {each["booking"]["code"] for each in sent if "booking" in each}
    payments = {each["transaction"]["booking_id"] for each in sent if "transaction" in each}
    assert len(bookings & payments) > 1
    assert len(bookings ^ payments) <= 2, "those that were cut off at the ends"


async def test_json_is_an_object_a_line(tmp_path: Path) -> None:
    """The first has the token, without which nobody is let in; the second the secret."""
    with fakes.refusing() as nobody:
        arguments = ("--to", nobody.url, "--event", "booking.failed", *FASTEST)
        async with command(tmp_path, "jinko", *arguments) as running:
            webhook = await running.line()
            made = [await running.line() for _ in range(8)]
            statuses = [await status(running.url, each) for each in (running.token, "", "x")]

    assert (webhook["type"], webhook["url"]) == ("webhook", nobody.url)
    assert webhook["secret"].startswith("whsec_")
    assert [each["attempts"] for each in made] == list(range(1, 9))
    assert {(each["type"], each["event"]) for each in made} == {("attempt", "booking.failed")}
    assert statuses == [200, 401, 401]


async def test_with_tls_all_speak_https(tmp_path: Path) -> None:
    """A client that trusts the authority is let in; the target, which speaks http, has a door before it."""
    async with fakes.serve(fakes.answering(fakes.OK)) as target:
        arguments = ("--tls", "--tls-port", "0", "--to", f"{target.url}/in/jinko?a=b")
        async with command(
            tmp_path, "jinko", *arguments, "--event", "booking.completed"
        ) as running:
            webhook, attempt = await running.line(), await running.line()
            trust = ssl.create_default_context(cafile=tmp_path / "data" / "simulate-ca.pem")
            let_in = await status(running.url, running.token, trust)
            refused = await register(running.url, running.token, trust, "http://127.0.0.1:9/")
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await status(running.url, running.token)

    assert running.url.startswith("https://127.0.0.1:")
    assert re.fullmatch(r"https://localhost:\d+/in/jinko\?a=b", webhook["url"])
    assert (attempt["state"], attempt["last"]) == ("delivered", "200")
    assert target.requests[0].line == b"POST /in/jinko?a=b HTTP/1.1"
    assert let_in == 200
    assert refused == {"error": "jinko takes https URLs only"}


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("http://192.0.2.1/in/x", "jinko takes https URLs only"),
        ("nowhere", "--to: target 'nowhere' is not a URL"),
        ("ftp://[/]\x1b", "--to: target 'ftp://[/]␛': percent-encode"),
    ],
)
async def test_with_tls_only_this_machine_has_a_door(
    tmp_path: Path, to: str, sentence: str
) -> None:
    async with simulate(tmp_path, "jinko", "--tls", "--tls-port", "0", "--to", to) as running:
        _, told = await asyncio.wait_for(running.process.communicate(), WAIT_S)

    assert running.process.returncode == 2
    assert f"hooktap: {sentence}" in told.decode()


async def test_it_ends_when_nobody_reads(tmp_path: Path) -> None:
    """As `hooktap simulate | head` means it."""
    with fakes.refusing() as nobody:
        asked = ("--to", nobody.url, "--event", "booking.completed", "--every", "0.01")
        async with simulate(tmp_path, "jinko", *asked) as running:
            await running.line()
            transport = running.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
            transport.close()
            async with asyncio.timeout(WAIT_S):
                assert running.process.stderr is not None
                told = (await running.process.stderr.read()).decode()
                await running.process.wait()

    assert "Traceback" not in told
    assert "Error" not in told
    assert running.process.returncode == 0


async def test_sigterm_is_a_proper_end(tmp_path: Path) -> None:
    async with simulate(tmp_path, "wink", "--to", "http://127.0.0.1:9/") as running:
        assert running.process.stderr is not None
        async with asyncio.timeout(WAIT_S):
            await running.process.stderr.readuntil(b"is registered\n")
        code, _ = await running.end(signal.SIGTERM)

    assert code == 0


def test_a_port_that_is_taken_is_named(hooktap: Hooktap) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = hooktap("simulate", "jinko", "--port", port)
        door = hooktap(
            *("simulate", "jinko", "--port", "0", "--tls", "--tls-port", port),
            *("--to", "http://127.0.0.1:9/in/jinko"),
        )

    assert done.code == door.code == 3
    assert f"port {port} is taken by another program: choose one with --port " in done.err
    assert f"port {port} is taken by another program: choose one with --tls-port" in door.err


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("stripe",), 2, "'stripe' is not one of 'checkfront', 'jinko', 'wink'"),
        ((), 2, "Missing argument"),
        (("jinko", "--speed", "0.5"), 2, "0.5 is not in the range"),
        (("jinko", "--speed", "nan"), 2, "nan is not a number"),
        (("jinko", "--every", "nan"), 2, "more than 0"),
        (("jinko", "--secret-file", "x"), 2, "--secret-file is for the webhook that --to registers"),
        (("wink", "--to", "http://127.0.0.1:9/", "--secret-file", "x"), 2, "Wink signs nothing"),
        (("jinko", "--port", "0", "--event", "x"), 2, "'x' is no type of event"),
        (("jinko", "--port", "0", "--to", "http://192.0.2.1/"), 2, "http to loopback too"),
        (("jinko", "--port", "0", "--state", "no/such.db"), 1, "no/such.db, cannot be used"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said(
    hooktap: Hooktap, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    done = hooktap("simulate", *arguments)

    assert done.code == code
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_another_program_s_words_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What somebody registered, had happen or answered is shown without control characters."""
    odd = "a\x1b[2J\r[/]"
    webhook = Webhook("w", "", "", f"http://x/{odd}", (), "json", "s", 0, 0)
    parcel = Parcel(1, "w", odd, odd, request(), 0, 0, attempts=1, last=odd)
    with click.Context(click.Command("simulate"), color=False):
        show = AsText(JINKO, 1000.0, None)
        show.attempt(webhook, parcel)
        show.attempt(webhook, parcel_after(parcel, State.DELIVERED, "204"))
        show.attempt(webhook, parcel_after(parcel, State.EXHAUSTED, "500"))
        show.attempt(webhook, parcel_after(parcel, State.DROPPED, "500"))

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\r" not in out
    pending, delivered, exhausted, dropped = out.splitlines()
    assert "again in 2 min (0.12 s here), 7 left" in pending
    assert "1 of 8  204  delivered" in delivered
    assert "1 of 8  500  exhausted: not sent again" in exhausted
    assert "1 of 8  500  dropped: not sent again" in dropped


@pytest.mark.parametrize(
    ("url", "lines"),
    [
        ("http://127.0.0.1:8400/in/jinko", ["[endpoint.jinko]", "secret"]),
        (
            "http://127.0.0.1:8400/in/my.own/x",
            ['[endpoint."my.own"]', "secret", 'provider = "jinko"'],
        ),
        ("https://example.com/", ["[endpoint.jinko]", "secret"]),
        ('http://127.0.0.1:8400/in/"]a', ["[endpoint.jinko]", "secret"]),
    ],
)
def test_the_lines_of_configuration_name_the_endpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, lines: list[str]
) -> None:
    """A file's name may have anything in it."""
    file = tmp_path / 'a "secret" of é\\'
    file.write_text("whsec_x")
    webhook = Webhook("w", "", "", url, (), "json", "s", 0, 0)
    with click.Context(click.Command("simulate"), color=False):
        AsText(JINKO, 1.0, None).registered(webhook, file, is_new=True)

    told = [line[15:] for line in capsys.readouterr().err.splitlines()[2:]]
    (tmp_path / "hooktap.toml").write_text("\n".join(told), "utf-8")
    config = load(environ={}, cwd=tmp_path, config_file=tmp_path / "hooktap.toml")
    assert [line.partition(" = {")[0] for line in told] == lines
    assert [each.secrets for each in config.endpoints.values()] == [(b"whsec_x",)]
    assert config.warnings == ()


def parcel_after(parcel: Parcel, state: State, last: str) -> Parcel:
    return Parcel(1, "w", parcel.event, "", parcel.request, 0, 0, 1, state, last)


async def status(url: str, token: str, trust: ssl.SSLContext | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}/simulate", headers=headers, ssl=trust or True) as response,
    ):
        return response.status


async def register(url: str, token: str, trust: ssl.SSLContext, to: str) -> JSON:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{url}/simulate/webhooks", headers=headers, json={"url": to}, ssl=trust
        ) as response,
    ):
        answer: JSON = await response.json()
        return answer
