"""How long a person waits for the terminal's first list."""

import statistics
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from scripts.benches import contestants, sights, terminal
from scripts.benches.figures import Mark, Result, Row, columns, spread
from scripts.benches.setting import Setting
from scripts.benches.terminal import Sight

RUNS = 3
"""For each round of the others: one takes about a second."""
NONE = "none stored"


def opened(setting: Setting) -> Result:
    """Time a terminal from its program's start to its first list, on an inspector that runs already.

    With none stored that is the text which stands there instead, with the address for the first delivery; with many,
    every line in sight with all its columns, the newest selected.
    """
    many = f"{setting.filled.deliveries:,} stored"
    empty = setting.work / "opened"
    with ExitStack() as stack:
        stack.enter_context(contestants.hooktap(NONE, empty))
        stack.enter_context(contestants.hooktap(many, setting.filled.data_dir))
        runs: dict[str, Callable[[], float]] = {
            NONE: partial(_painted_ms, setting, empty, sights.is_waiting),
            many: partial(_painted_ms, setting, setting.filled.data_dir, sights.is_at_newest),
        }
        setting.take_turns("opened, warming up", runs, rounds=1)
        seen = setting.take_turns("opened", runs, rounds=setting.rounds * RUNS)
    later = [these - those for these, those in zip(seen[many], seen[NONE], strict=True)]
    medians = {name: statistics.median(times_ms) for name, times_ms in seen.items()}
    row = Row(
        f"the terminal's first list of {setting.filled.deliveries:,}, later than that of none",
        Mark(300, "ms"),
        later,
        f"{medians[many]:,.0f} and {medians[NONE]:,.0f} ms after its start",
    )
    return Result([row], _table(seen))


def _painted_ms(setting: Setting, data_dir: Path, is_there: Sight) -> float:
    with terminal.opened(data_dir, setting.work) as shown:
        return (shown.until(is_there, "its first list") - shown.started_s) * 1000


def _table(seen: dict[str, list[float]]) -> str:
    table = [("", "median ms", "lowest", "highest")]
    for name, times_ms in seen.items():
        least, most = spread(times_ms)
        table.append((name, f"{statistics.median(times_ms):.0f}", f"{least:.0f}", f"{most:.0f}"))
    return columns(table)
