"""wrk, for as many requests as a contestant can take: each connection sends the next when the last is answered."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.benches.contestants import Contestant
from scripts.benches.processes import cpu_s

MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


@dataclass(frozen=True)
class Round:
    """What one run of wrk saw."""

    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the contestant's process for each request."""


def need_wrk() -> None:
    """End with what to do if there is no wrk."""
    if shutil.which("wrk") is None:
        sys.exit("bench needs wrk: apt-get install wrk")


def run(contestant: Contestant, script: Path, seconds: float, connections: int) -> Round:
    """Load a contestant; every answer has to be 2xx."""
    before_s = cpu_s(contestant.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency", "-s", str(script)]
    printed = subprocess.run(
        [*command, contestant.url], check=True, capture_output=True, text=True
    ).stdout
    try:
        return read(printed, cpu_s(contestant.pid) - before_s)
    except ValueError as error:
        sys.exit(f"{contestant.name}: {error}\n{printed}")


def read(printed: str, used_s: float) -> Round:
    """Read what wrk prints. Raises ValueError if it did not go as it should."""
    if "Non-2xx" in printed or "Socket errors" in printed:
        raise ValueError("not every delivery was answered with 2xx")
    requests = int(_found(r"(\d+) requests in", printed)[1])
    if requests == 0:
        raise ValueError("no delivery was answered")
    return Round(
        requests=requests,
        per_s=float(_found(r"Requests/sec:\s+([\d.]+)", printed)[1]),
        p50_ms=_latency_ms("50", printed),
        p99_ms=_latency_ms("99", printed),
        cpu_us=used_s * 1e6 / requests,
    )


def _latency_ms(percentile: str, printed: str) -> float:
    found = _found(rf"^\s+{percentile}%\s+([\d.]+)(us|ms|s|m)\b", printed)
    return float(found[1]) * MS[found[2]]


def _found(pattern: str, printed: str) -> re.Match[str]:
    found = re.search(pattern, printed, re.MULTILINE)
    if found is None:
        raise ValueError(f"wrk did not print {pattern!r}")
    return found
