"""strace, which writes down what a process asks of its disk and can have the disk say no."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests import elsewhere

STRACE = "strace"
CALLS = "pwrite64,ftruncate,fdatasync,fsync,unlink,write,writev,sendto,sendmsg"
"""What SQLite does to its files, and how an answer leaves."""
ATTACH_S = 30


def require() -> None:
    """Skip the test where strace is missing; fail it where everything is to be proved (CI=true)."""
    elsewhere.needs(STRACE)


def altered(*settings: str) -> tuple[str, ...]:
    """Return the program that may be traced, and has these settings of SQLite's."""
    return (sys.executable, "-m", "tests.faults.altered", *settings, "--")


def recording(log: Path) -> tuple[str, ...]:
    """Return what to put before a program, so that `log` has its system calls in their order, with all their bytes."""
    return (STRACE, "-f", "-y", "-xx", "-s", "100000000", "-o", str(log), "-e", f"trace={CALLS}")


@asynccontextmanager
async def injected(pid: int, fault: str) -> AsyncIterator[None]:
    """Attach to a process and all its threads, and do to its system calls what `fault` says, until the block ends.

    `fault` is what strace's --inject takes: `fdatasync:error=EIO`.
    """
    calls = fault.partition(":")[0]
    tracer = await asyncio.create_subprocess_exec(
        *(STRACE, "-f", "-p", str(pid), "-o", os.devnull),
        *("-e", f"trace={calls}", "-e", f"inject={fault}"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert tracer.stderr is not None
    try:
        async with asyncio.timeout(ATTACH_S):
            said = await tracer.stderr.readline()
        if b"attached" not in said:
            elsewhere.missing(f"this needs leave to trace other processes: {said.decode().strip()}")
        yield
    finally:
        if tracer.returncode is None:
            tracer.send_signal(signal.SIGINT)  # it lets go of the process, which goes on
        async with asyncio.timeout(ATTACH_S):
            await tracer.communicate()
