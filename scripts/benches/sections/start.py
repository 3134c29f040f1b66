"""How long a person waits for the program to start."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count

from scripts.benches.contestants import listen, program
from scripts.benches.deliveries import SECRET, SECRET_VARIABLE
from scripts.benches.figures import Mark, Result, Row, columns, spread
from scripts.benches.processes import running
from scripts.benches.setting import Setting

RUNS = 3
"""For each round of the others: one takes no time."""
PYTHON = "python -c pass"
VERSION = "hooktap --version"
FIRST = "hooktap listen, a new data directory"
AGAIN = "hooktap listen, a known one"


def started(setting: Setting) -> Result:
    """Time the first answer and the first line of a listening inspector; Python alone stands beside them."""
    numbers = count()
    config = setting.work / "start.toml"
    config.write_text("", "utf-8")
    runs: dict[str, Callable[[], float]] = {
        PYTHON: lambda: _finished_ms(sys.executable, "-c", "pass"),
        VERSION: lambda: _finished_ms(program(), "--version"),
        FIRST: lambda: _ready_ms(
            *listen(setting.work / f"start-{next(numbers)}", config),
        ),
        AGAIN: lambda: _ready_ms(*listen(setting.work / "start-0", config)),
    }
    setting.take_turns("start, warming up", runs, rounds=1)
    seen = setting.take_turns("start", runs, rounds=setting.rounds * RUNS)
    rows = [
        Row("`hooktap --version`", Mark(120, "ms"), seen[VERSION]),
        Row("`listen` to ready", Mark(500, "ms"), seen[FIRST], "with a new data directory"),
    ]
    table = [("", "median ms", "lowest", "highest")]
    for name, times_ms in seen.items():
        least, most = spread(times_ms)
        table.append((name, f"{statistics.median(times_ms):.0f}", f"{least:.0f}", f"{most:.0f}"))
    return Result(rows, columns(table))


def _finished_ms(*command: str) -> float:
    started_s = time.perf_counter()
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return (time.perf_counter() - started_s) * 1000


def _ready_ms(*command: str) -> float:
    started_s = time.perf_counter()
    with running(*command, environ={SECRET_VARIABLE: SECRET}):
        return (time.perf_counter() - started_s) * 1000
