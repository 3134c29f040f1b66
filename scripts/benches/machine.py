"""What the figures were measured on and with, without a name of the machine or a path."""

import os
import platform
import re
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from scripts.benches.contestants import mitmdump_program
from scripts.benches.processes import ROOT

PACKAGES = ("hooktap", "aiohttp", "uvloop", "httptools", "aiosqlite")
SYNCS = 200
PAGE = b"x" * 4096


def versions() -> str:
    """Return everything that takes part, with its version."""
    named = [f"{name} {version(name)}" for name in PACKAGES]
    named[0] += f" ({commit()})"
    named += [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    # wrk tells its version with its usage, and exits with 1
    named.append(_first(("wrk", "-v"), r"^wrk \S+") or "wrk")
    if program := mitmdump_program():
        named.append(_first((program, "--version"), r"Mitmproxy: (\S+)", "mitmproxy {}"))
    return ", ".join(named)


def commit() -> str:
    """Return the commit that was measured, with a `+` if files differ from it."""
    short = _first(("git", "rev-parse", "--short", "HEAD"), r"\w+")
    changed = _first(("git", "status", "--porcelain", "--untracked-files=no"), r"\S")
    return f"commit {short}{'+' if changed else ''}" if short else "no commit"


def hardware(work: Path) -> str:
    """Return cores, processor, memory, kernel, and what the disk below `work` takes to write 4 KiB for good."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kernel, _, _ = platform.release().partition("-")
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB, {platform.system()} {kernel}, "
        f"{file_system(work, Path('/proc/mounts').read_text('utf-8'))}, fdatasync of 4 KiB {sync_ms(work):.2f} ms"
    )


def file_system(folder: Path, mounts: str) -> str:
    """Return what kind of file system a folder is on, by the text of /proc/mounts."""
    path = folder.resolve()
    found = [line.split()[1:3] for line in mounts.splitlines()]
    above = [(place, kind) for place, kind in found if path.is_relative_to(place)]
    return max(above, key=lambda each: len(each[0]), default=("", "unknown"))[1]


def sync_ms(folder: Path) -> float:
    """Return the median time of appending 4 KiB to a file and having it on disk."""
    path = folder / "synced"
    with path.open("wb", buffering=0) as file:
        times_ms = [_synced_ms(file.fileno()) for _ in range(SYNCS)]
    path.unlink()
    return statistics.median(times_ms)


def _synced_ms(descriptor: int) -> float:
    started_s = time.perf_counter()
    os.write(descriptor, PAGE)
    os.fdatasync(descriptor)
    return (time.perf_counter() - started_s) * 1000


def _processor() -> str:
    cpus = Path("/proc/cpuinfo").read_text("utf-8")
    found = re.search(r"^model name\s*:\s*(.+)$", cpus, re.MULTILINE)
    return found[1] if found else platform.machine()


def _first(command: Sequence[str], pattern: str, shape: str = "{}") -> str:
    try:
        said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    except OSError:
        return ""
    found = re.search(pattern, said.stdout, re.MULTILINE)
    return shape.format(found[found.lastindex or 0]) if found else ""
