"""Programs that are started, asked for their first line, looked at, and ended by their pid."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
END_S = 30
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Running:
    """A program that has said its first line."""

    pid: int
    said: str


@contextlib.contextmanager
def running(*command: str, environ: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start a program and wait for its first line; end it with SIGTERM, or SIGKILL if it does not mind that."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | dict(environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: what we started, we end, and in our order
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(command)}\nended before it was ready")
        yield Running(process.pid, line.decode())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def stopped(pids: Sequence[int]) -> Iterator[None]:
    """Let these processes do nothing until the block ends."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def cpu_s(pid: int) -> float:
    """Return the processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Return what a process holds in memory now (VmRSS), in millions of bytes."""
    return _status_kib(pid, "VmRSS") * 1024 / MEGABYTE


def pss_mb(pid: int) -> float:
    """Return the same, but of pages that other processes hold too only its part (Pss): `man 5 proc`, smaps_rollup."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / MEGABYTE
    raise ValueError("the kernel does not tell Pss")


def peak_mb(pid: int) -> float:
    """Return the most it has held since it started, or since `reset_peak` (VmHWM)."""
    return _status_kib(pid, "VmHWM") * 1024 / MEGABYTE


def reset_peak(pid: int) -> None:
    """Let the peak be what is held now: `man 5 proc`, clear_refs."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def _status_kib(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise ValueError(f"the kernel does not tell {name}")
