"""Every connection of the corpus of bad HTTP, by its own rules, on both of aiohttp's parsers.

Each case is raw bytes over a socket to a running inspector, which keeps what it accepts and forwards it.
"""

import asyncio
import base64
import hashlib
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests import fakes, process
from tests.fakes import Target
from tests.process import Running
from tests.wire import (
    PARSERS,
    Kept,
    Records,
    Wire,
    bad_http,
    connect,
    requests_in,
    statuses,
    stored_as,
    talk,
)

CASES = bad_http()
READ_S = 3.0
ALIVE = b"alive"
LINUX = sys.platform == "linux"
SLACK = 5
"""The corpus's times are those of a machine with nothing else to do; this one runs other tests besides."""
PIECE_BYTES = 64 * 1024
HELD_BYTES = 40 * 1024 * 1024
"""A case of more is not read again here: nobody keeps a body of that length."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Rig:
    """One inspector for all cases, on one parser, with an app to forward to."""

    parser: str
    running: Running
    target: Target
    records: Records

    def text(self, encoded: str) -> bytes:
        """Decode the bytes of a case and put this inspector's address into them."""
        host = self.running.ingress.removeprefix("http://").encode()
        raw = base64.b64decode(encoded)
        return raw.replace(b"{{HOST}}", host).replace(b"{{PATH}}", b"/in/demo")

    async def alive(self) -> float:
        """Deliver as ever, on a connection of its own; return how long that took."""
        before = time.monotonic()
        stored_as(await talk(self.running.ingress, Wire(target=b"/in/alive", body=ALIVE).raw))
        return time.monotonic() - before

    def proc(self, name: str) -> Path:
        return Path(f"/proc/{self.running.pid}/{name}")

    def forget_peak(self) -> None:
        """Make `VmHWM` the highest from now on."""
        if LINUX:
            self.proc("clear_refs").write_text("5")

    def memory_mib(self, what: str) -> int:
        if not LINUX:
            return 0
        (line,) = [each for each in self.proc("status").read_text().splitlines() if what in each]
        return int(line.split()[1]) // 1024

    def descriptors(self) -> int:
        return len(list(self.proc("fd").iterdir())) if LINUX else 0


@dataclass
class Result:
    """What came of one case."""

    sent: list[Kept]
    """What its connection may have been acknowledged for, in this order."""
    answers: bytes = b""
    stored: list[Kept] = field(default_factory=list)
    forwarded: list[fakes.Taken] = field(default_factory=list)
    took_s: float = 0.0
    alive_s: float = 0.0
    others_s: float = 0.0
    grown_mib: int = 0
    grown_descriptors: int = 0

    @property
    def statuses(self) -> list[int]:
        return statuses(self.answers)

    @property
    def status(self) -> int:
        return (self.statuses or [0])[0]

    @property
    def acknowledged(self) -> int:
        return sum(200 <= each < 300 for each in self.statuses)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    name="rig",
    params=PARSERS,
    ids=lambda each: f"{each}-parser",
)
async def make_rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Rig]:
    async with (
        fakes.serve(fakes.answering()) as target,
        process.inspector(
            tmp_path_factory.mktemp("rig"),
            *("--quiet", "--forward-to", target.url),
            environ=PARSERS[request.param],
        ) as running,
    ):
        records = Records(running.data_dir.database)
        yield Rig(request.param, running, target, records)
        records.close()


@pytest.mark.skipif(not LINUX, reason="needs /proc")
async def test_the_parser_is_the_one_meant(rig: Rig) -> None:
    """Whether aiohttp's extension is loaded, says the kernel."""
    assert ("aiohttp/_http_parser." in rig.proc("maps").read_text()) == (rig.parser == "C")


@pytest.mark.parametrize("name", CASES)
async def test_a_connection_of_the_corpus(rig: Rig, name: str) -> None:
    """It gets an answer it may get, and what it is acknowledged for is kept, byte for byte, and nothing else."""
    case = CASES[name]

    result = await play(rig, case)

    found = [*invariants(result), *unexpected(case["expect"], result)]
    assert found == [], f"{case['why']}: {result.answers[:200]!r}"


async def play(rig: Rig, case: dict[str, Any]) -> Result:
    result = Result(sent=requests_in(b"".join(bytes_of(rig, case))))
    before, forwarded = rig.records.last(), len(rig.target.requests)
    descriptors, memory = rig.descriptors(), rig.memory_mib("VmRSS")
    rig.forget_peak()
    started = time.monotonic()
    generator = case.get("generator", {})
    if generator.get("kind") == "parallel":
        await in_parallel(rig, generator, result)
    elif generator.get("kind") == "serial":
        await one_by_one(rig, generator)
    else:
        await converse(rig, case, result)
    result.took_s = time.monotonic() - started
    result.alive_s = await rig.alive()  # what was sent before is kept by now, if ever
    result.grown_mib = rig.memory_mib("VmHWM") - memory
    result.grown_descriptors = rig.descriptors() - descriptors
    result.stored = rig.records.after(before, but="alive")
    result.forwarded = [each for each in rig.target.requests[forwarded:] if each.body != ALIVE]
    return result


def bytes_of(rig: Rig, case: dict[str, Any]) -> Iterator[bytes]:
    """Give what the one connection of a case is sent; nothing for those of many, and of more than is ever kept."""
    generator = case.get("generator")
    if generator is None:
        steps = case.get("steps") or [case]
        yield from (rig.text(step["bytes_base64"]) for step in steps if "bytes_base64" in step)
    elif generator["kind"] == "repeat":
        unit, count = rig.text(generator["unit_base64"]), generator["count"]
        if len(unit) * count <= HELD_BYTES:
            yield from (rig.text(generator["prefix_base64"]), unit * count)
            yield rig.text(generator["suffix_base64"])


async def converse(rig: Rig, case: dict[str, Any], result: Result) -> None:
    """Send one connection's bytes as the case has it, and read what comes back."""
    reader, writer = await connect(rig.running.ingress)
    try:
        with suppress(ConnectionError):
            await send(rig, case, reader, writer)
        end = case.get("end", "hold")
        if end == "half_close":
            with suppress(OSError):
                writer.write_eof()
        if end in {"reset", "close"}:
            return
        expected = max(1, len(result.sent))
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(read_limit_s(case)):
                while piece := await reader.read(PIECE_BYTES):
                    result.answers += piece
                    if len(result.statuses) >= expected:
                        break
    finally:
        if case.get("end") == "reset":
            reset(writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def read_limit_s(case: dict[str, Any]) -> float:
    """Return how long answers are waited for: where there must be one, longer than the corpus has it."""
    limit_s: float = case.get("read_timeout_ms", READ_S * 1000) / 1000
    return limit_s if 0 in case["expect"].get("status_in", [0]) else SLACK * limit_s


async def send(
    rig: Rig, case: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if "generator" in case:
        await stream(rig, case["generator"], reader, writer)
        return
    for step in case.get("steps") or [case]:
        await asyncio.sleep(step.get("sleep_ms", 0) / 1000)
        raw = rig.text(step.get("bytes_base64", ""))
        first = step.get("skip_split_first", 0)
        size = step.get("split_bytes") or len(raw) or 1
        pieces = [raw[:first]] if first else []
        pieces += [raw[at : at + size] for at in range(first, len(raw), size)]
        for piece in pieces:
            if reader.at_eof():
                return
            writer.write(piece)
            await writer.drain()
            if len(pieces) > 1:
                await asyncio.sleep(step.get("split_delay_ms", 0) / 1000)


async def stream(
    rig: Rig, generator: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Send prefix, unit x count and suffix, a piece at a time, until the other side closes."""
    unit, count = rig.text(generator["unit_base64"]), generator["count"]
    writer.write(rig.text(generator["prefix_base64"]))
    at_once = max(1, PIECE_BYTES // len(unit))
    while count and not reader.at_eof():
        writer.write(unit * min(at_once, count))
        count -= min(at_once, count)
        await writer.drain()
    writer.write(rig.text(generator["suffix_base64"]))
    await writer.drain()


async def in_parallel(rig: Rig, generator: dict[str, Any], result: Result) -> None:
    """Hold many connections that say the same and no more; meanwhile time ordinary deliveries."""
    raw = rig.text(generator["bytes_base64"])
    held = [await connect(rig.running.ingress) for _ in range(generator["connections"])]
    for _, writer in held:
        writer.write(raw)
        await writer.drain()
    result.others_s = max([await rig.alive() for _ in range(20)])
    for _, writer in held:
        writer.close()


async def one_by_one(rig: Rig, generator: dict[str, Any]) -> None:
    raw = rig.text(generator["bytes_base64"])
    for _ in range(generator["connections"]):
        _, writer = await connect(rig.running.ingress)
        writer.write(raw)
        if generator.get("end") == "reset":
            reset(writer)
        writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    with suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def invariants(result: Result) -> Iterator[str]:
    """What holds for every case."""
    if result.stored != result.sent[: len(result.stored)]:
        yield f"kept {result.stored!r:.500}, sent {result.sent!r:.500}"
    if result.acknowledged > len(result.stored):
        yield f"acknowledged {result.acknowledged}, kept {len(result.stored)}"
    if any(b"smuggled" in each.target for each in result.stored):
        yield "what was smuggled is kept"
    if any(b"smuggled" in each.line for each in result.forwarded):
        yield "what was smuggled is forwarded"
    if len(result.forwarded) > len(result.stored):
        yield f"forwarded {len(result.forwarded)}, kept {len(result.stored)}"
    if result.alive_s > SLACK:
        yield f"the next delivery took {result.alive_s:.1f} s"


def unexpected(expect: dict[str, Any], result: Result) -> Iterator[str]:
    """What a case says of its own, and is not so."""
    for key, wanted in expect.items():
        if key in CHECKS and not CHECKS[key](wanted, result):
            yield f"{key}: {wanted!r:.300}"


def stored_as_said(wanted: Any, result: Result) -> bool:
    """`true` is one record, or as many as `stored_count_in` has; `either` leaves it open."""
    if wanted == "either":
        return True
    return bool(result.stored) is wanted


def lines_of(result: Result) -> list[str]:
    """Every header field that was kept, as `Name: value`."""
    return [
        f"{name.decode('latin-1')}: {value.decode('latin-1')}"
        for each in result.stored
        for name, value in each.pairs
    ]


CHECKS: dict[str, Callable[[Any, Result], bool]] = {
    "status_in": lambda wanted, result: result.status in wanted,
    "stored": stored_as_said,
    "stored_count_in": lambda wanted, result: len(result.stored) in wanted,
    "stored_count_equals_2xx": lambda _, result: len(result.stored) == result.acknowledged,
    "stored_body_base64": lambda wanted, result: (
        not result.stored or result.stored[0].body == base64.b64decode(wanted)
    ),
    "stored_body_len": lambda wanted, result: (
        [len(each.body) for each in result.stored] == [wanted]
    ),
    "stored_body_sha256": lambda wanted, result: (
        [hashlib.sha256(each.body).hexdigest() for each in result.stored] == [wanted]
    ),
    "stored_headers_in_order": lambda wanted, result: (
        wanted == [line for line in lines_of(result) if line in wanted]
    ),
    "stored_headers_absent": lambda wanted, result: (
        not (
            {name.lower() for name in wanted}
            & {line.partition(":")[0].lower() for line in lines_of(result)}
        )
    ),
    "never_stored_target_contains": lambda wanted, result: all(
        wanted.encode() not in each.target for each in result.stored
    ),
    "forwarded_body_base64": lambda wanted, result: all(
        each.body == base64.b64decode(wanted) for each in result.forwarded
    ),
    "responses_in": lambda wanted, result: len(result.statuses) in wanted,
    "no_100_continue": lambda _, result: b"HTTP/1.1 100" not in result.answers,
    "max_seconds": lambda wanted, result: result.took_s <= wanted * SLACK,
    "max_other_request_ms": lambda wanted, result: result.others_s * 1000 <= wanted * SLACK,
    "max_rss_growth_mib": lambda wanted, result: result.grown_mib <= wanted,
    "max_fd_growth": lambda wanted, result: result.grown_descriptors <= wanted,
}
