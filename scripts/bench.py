"""Deliveries per second and latency of bare aiohttp and of Hooktap, interleaved on one machine, as ratios.

Every contestant runs in a process of its own, gets the same signed 2 KB Jinko delivery from wrk over the same number of
connections, and answers each with 200. "Bare aiohttp" reads the whole body and keeps nothing: once as aiohttp's own
documentation starts an Application, once so on uvloop, which Hooktap uses too, and once with the low-level server.
"""

import argparse
import asyncio
import contextlib
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECRET = "whsec_bench_only"  # noqa: S105 - signs nothing but this bench
BODY = json.dumps(
    {
        "event": "booking.completed",
        "booking_ref": "JNK-TEST00",
        "status": "confirmed",
        "livemode": False,
        "event_id": "evt_bench",
        "padding": "x" * 1900,
    }
).encode()


CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "BENCH_SECRET" }}
reply = "{reply}"
forward_to = "{target}"
"""
BARE = {
    "bare aiohttp": "--bare",
    "  on uvloop": "--bare-uvloop",
    "  low-level, uvloop": "--bare-low-level",
}


@dataclass(frozen=True)
class Contestant:
    """One way to receive, and the process that does it."""

    name: str
    url: str
    pid: int


@dataclass(frozen=True)
class Round:
    """What one run of wrk saw."""

    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the contestant's process for each request."""


def main() -> None:
    """Run every contestant in turn, several rounds, and print medians and ratios."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.exit("bench needs wrk: apt-get install wrk")
    with contextlib.ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hooktap-bench-")))
        contestants = list(_contestants(stack, work))
        rounds: dict[str, list[Round]] = {each.name: [] for each in contestants}
        for number in range(options.rounds + 1):
            script = _wrk_script(work)  # signed anew: the tolerance is five minutes
            for each in contestants:
                seen = _run(each, script, 1 if number == 0 else options.seconds, options)
                if number > 0:  # the first warms up
                    rounds[each.name].append(seen)
    _print(rounds, options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3, help="length of each run")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant")
    parser.add_argument("--connections", type=int, default=64)
    return parser.parse_args()


def _contestants(stack: contextlib.ExitStack, work: Path) -> Iterator[Contestant]:
    for name, kind in BARE.items():
        bare = stack.enter_context(_process(sys.executable, __file__, kind))
        yield Contestant(name, json.loads(_first_line(bare))["url"], bare.pid)
    target = stack.enter_context(_process(sys.executable, __file__, "--target"))
    target_url = json.loads(_first_line(target))["url"]
    for name, reply in (("stored", "ack"), ("forwarded", "target")):
        config = work / f"{name}.toml"
        config.write_text(
            CONFIG.format(reply=reply, target=target_url if reply == "target" else "none")
        )
        hooktap = stack.enter_context(
            _process(
                *(sys.executable, "-m", "inspector", "listen", "--json", "--quiet"),
                *("--port", "0", "--api-port", "0", "--config", str(config)),
                *("--data-dir", str(work / name)),
            )
        )
        ready = json.loads(_first_line(hooktap))
        yield Contestant(f"hooktap, {name}", ready["ingress"] + "/in/jinko", hooktap.pid)


@contextlib.contextmanager
def _process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    environ = os.environ | {"BENCH_SECRET": SECRET}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environ)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"{process.args!r} ended before it was ready")
    return line


def _wrk_script(work: Path) -> Path:
    now = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"{now}.".encode() + BODY, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Jinko-Event-Id": "evt_bench",
        "X-Jinko-Delivery-Id": "dlv_bench",
        "X-Jinko-Timestamp": now,
        "X-Jinko-Signature": f"sha256={signature}",
    }
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{BODY.decode()}]==]"]
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items()]
    script = work / "delivery.lua"
    script.write_text("\n".join(lines))
    return script


def _run(each: Contestant, script: Path, seconds: int, options: argparse.Namespace) -> Round:
    before = _cpu_s(each.pid)
    printed = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{options.connections}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            script,
            each.url,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    cpu_s = _cpu_s(each.pid) - before
    if "Non-2xx" in printed or "Socket errors" in printed:
        sys.exit(f"{each.name} did not answer every delivery with 2xx:\n{printed}")
    requests = int(re.search(r"(\d+) requests in", printed)[1])  # type: ignore[index]
    return Round(
        per_s=float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1]),  # type: ignore[index]
        p50_ms=_latency_ms(printed, "50"),
        p99_ms=_latency_ms(printed, "99"),
        cpu_us=cpu_s * 1e6 / requests,
    )


def _latency_ms(printed: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}%\s+([\d.]+)(us|ms|s)", printed).groups()  # type: ignore[union-attr]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(rounds: dict[str, list[Round]], options: argparse.Namespace) -> None:
    print(
        f"{options.connections} connections, {len(BODY)}-byte signed bodies, medians of "
        f"{options.rounds} runs of {options.seconds} s, {os.cpu_count()} cores"
    )
    print(f"{'':20} {'of bare':>8} {'per second':>11} {'p50 ms':>8} {'p99 ms':>8} {'cpu µs':>8}")
    bare = rounds["bare aiohttp"]
    for name, seen in rounds.items():
        ratio = statistics.median(a.per_s / b.per_s for a, b in zip(seen, bare, strict=True))
        columns = (
            statistics.median(each.per_s for each in seen),
            statistics.median(each.p50_ms for each in seen),
            statistics.median(each.p99_ms for each in seen),
            statistics.median(each.cpu_us for each in seen),
        )
        print(
            f"{name:20} {ratio:8.2f} {columns[0]:11,.0f} {columns[1]:8.2f} "
            f"{columns[2]:8.2f} {columns[3]:8.1f}"
        )


async def _bare(*, low_level: bool = False) -> None:
    from aiohttp import web

    async def handle(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(text="ok")

    runner: web.BaseRunner
    if low_level:
        runner = web.ServerRunner(web.Server(handle, access_log=None))
    else:
        app = web.Application()
        app.router.add_route("*", "/in/{tail:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await _announce(runner.addresses[0][1])


class _Target(asyncio.Protocol):
    """The cheapest app there can be: answers 200 to each complete request, without reading it."""

    _answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if end and len(body) >= int(re.search(rb"(?i)content-length: (\d+)", head)[1]):  # type: ignore[index]
            self._buffer = b""
            self._transport.write(self._answer)  # type: ignore[attr-defined]


async def _target() -> None:
    server = await asyncio.get_running_loop().create_server(_Target, "127.0.0.1", 0)
    await _announce(server.sockets[0].getsockname()[1])


async def _announce(port: int) -> None:
    print(json.dumps({"url": f"http://127.0.0.1:{port}/in/jinko"}), flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()


if __name__ == "__main__":
    import uvloop

    match sys.argv[1:]:
        case ["--bare"]:
            asyncio.run(_bare())
        case ["--bare-uvloop"]:
            uvloop.run(_bare())
        case ["--bare-low-level"]:
            uvloop.run(_bare(low_level=True))
        case ["--target"]:
            uvloop.run(_target())
        case _:
            main()
