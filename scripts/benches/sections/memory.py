"""How much memory an inspector holds: idle, after very many deliveries, and while one huge body arrives."""

import statistics
from pathlib import Path
from tempfile import mkdtemp
from typing import NamedTuple

from scripts.benches import contestants, wrk
from scripts.benches.deliveries import booking, wire, wrk_script
from scripts.benches.figures import Mark, Result, Row, columns, spread
from scripts.benches.pace import pace
from scripts.benches.processes import memory_mb, peak_mb, reset_peak
from scripts.benches.setting import Setting

LARGE_BYTES = 32 * 1024 * 1024
"""The largest body that is taken unless the configuration says otherwise."""
PIECE_S = 10
"""How long a signature is used: the tolerance is five minutes."""
EARLY_SHARE = 0.1


class _Body(NamedTuple):
    idle_mb: float
    peak_mb: float


class _Ingested(NamedTuple):
    deliveries: int
    before_mb: float
    early_mb: float
    """After a tenth of them: from then on nothing may grow."""
    after_mb: float


def held(setting: Setting) -> Result:
    """Read what the kernel says of real inspectors: one that takes a huge body, one that takes very many."""
    bodies = setting.take_turns("memory", {"a body of 32 MiB": lambda: _large(setting)})
    rounds = bodies["a body of 32 MiB"]
    idle = [each.idle_mb for each in rounds]
    extra = [each.peak_mb - each.idle_mb for each in rounds]
    many = _many(setting)
    grown = many.after_mb - many.before_mb
    rows = [
        Row("memory of the inspector, idle", Mark(60, "MB"), idle, "as it becomes ready"),
        Row(
            f"memory after {many.deliveries:,} deliveries, over idle",
            Mark(10, "MB"),
            [grown],
            f"taken by one process over {setting.connections} connections; {many.before_mb:.0f} MB became "
            f"{many.early_mb:.0f} MB with the first tenth and {many.after_mb:.0f} MB in the end",
        ),
        Row(
            "memory during a 32 MiB body, over idle",
            Mark(100, "MB"),
            extra,
            "the highest there was",
        ),
    ]
    table = [("", "median MB", "lowest", "highest")]
    for name, values in (("idle", idle), ("peak during 32 MiB", [each.peak_mb for each in rounds])):
        least, most = spread(values)
        table.append((name, f"{statistics.median(values):.1f}", f"{least:.1f}", f"{most:.1f}"))
    return Result(rows, columns(table))


def _large(setting: Setting) -> _Body:
    data_dir = Path(mkdtemp(prefix="large-", dir=setting.work))
    with contestants.hooktap("large", data_dir) as hooktap:
        idle = memory_mb(hooktap.pid)
        reset_peak(hooktap.pid)
        request = wire(hooktap.url, booking(LARGE_BYTES))
        pace(hooktap.url, [request], per_s=1, seconds=1, connections=1)
        return _Body(idle, peak_mb(hooktap.pid))


def _many(setting: Setting) -> _Ingested:
    """Send as many as a million is, through the door, so that everything that could keep something has its chance."""
    early_mb = 0.0
    sent = 0
    with contestants.hooktap("many", setting.work / "many") as hooktap:
        before_mb = memory_mb(hooktap.pid)
        while sent < setting.deliveries:
            setting.say(f"memory: {sent:,} of {setting.deliveries:,} deliveries taken")
            script = wrk_script(setting.work)
            sent += wrk.run(hooktap, script, PIECE_S, setting.connections).requests
            if not early_mb and sent >= setting.deliveries * EARLY_SHARE:
                early_mb = memory_mb(hooktap.pid)
        return _Ingested(sent, before_mb, early_mb, memory_mb(hooktap.pid))
