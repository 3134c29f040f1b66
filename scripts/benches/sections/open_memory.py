"""How much memory the terminal holds while deliveries arrive for a long time."""

from contextlib import ExitStack
from time import perf_counter

from scripts.benches import contestants, sights, terminal
from scripts.benches.api import connected
from scripts.benches.arrivals import PER_S, arriving
from scripts.benches.figures import Mark, Result, Row, columns
from scripts.benches.pace import PaceError
from scripts.benches.processes import pss_mb
from scripts.benches.setting import Setting

EARLY_SHARE = 0.1
LOOKS = 120
"""How often it is looked."""
LEAST_SHARE = 0.8
"""Of the rate that was asked for; with less there is nothing to say."""
SHOWN = 10
LOADED_S = 5
"""For what a store that was filled earlier holds besides: it is counted after the number that was asked for."""


def held(setting: Setting) -> Result:
    """Read what the kernel says of a terminal that follows: its Pss, when all is loaded and as deliveries arrive."""
    filled = setting.filled
    length_s = setting.minutes * 60
    with ExitStack() as stack:
        inspector = stack.enter_context(contestants.hooktap("held", filled.data_dir))
        shown = stack.enter_context(terminal.opened(filled.data_dir, setting.work))
        shown.until(sights.counts(filled.deliveries), "the number of all deliveries")
        shown.rest(LOADED_S)
        loaded, newest, sizes_mb = sights.count(shown.screen), _newest(setting), [pss_mb(shown.pid)]
        stack.enter_context(arriving(inspector))
        started_s = perf_counter()
        for number in range(1, LOOKS + 1):
            if number % (LOOKS // SHOWN) == 1:
                setting.say(
                    f"open-memory: {length_s * number / LOOKS / 60:.1f} of {setting.minutes:g} minutes"
                )
            shown.rest(started_s + length_s * number / LOOKS - perf_counter())
            sizes_mb.append(pss_mb(shown.pid))
        arrived = _newest(setting) - newest
        per_s = arrived / (perf_counter() - started_s)
        shown.until(sights.counts(loaded + arrived), "all that has arrived")
    if per_s < PER_S * LEAST_SHARE:
        raise PaceError(f"only {per_s:.0f} deliveries arrived a second")
    early_mb = sizes_mb[round(EARLY_SHARE * LOOKS)]
    said = f"{sizes_mb[0]:.1f} MB with all loaded, {early_mb:.1f} after a tenth, {sizes_mb[-1]:.1f} in the end"
    rows = [
        Row(
            f"memory of the terminal, {setting.minutes:g} minutes of {per_s:.0f} deliveries a second",
            Mark(120, "MB"),
            [max(sizes_mb)],
            f"the highest of {len(sizes_mb)} looks; {filled.deliveries:,} stored before; {said}",
        ),
        Row(
            "the same, from the first tenth of that to its end",
            Mark(5, "MB"),
            [sizes_mb[-1] - early_mb],
            "it is to be flat",
        ),
    ]
    return Result(rows, _table(sizes_mb, setting.minutes))


def _newest(setting: Setting) -> int:
    with connected(
        setting.filled.data_dir
    ) as api:  # anew each time: one that is not used for long is closed
        return api.newest


def _table(sizes_mb: list[float], minutes: float) -> str:
    at = range(0, LOOKS + 1, LOOKS // SHOWN)
    rows = [("", *(f"{minutes * number / LOOKS:.1f}" for number in at))]
    rows.append(("MB after minutes", *(f"{sizes_mb[number]:.1f}" for number in at)))
    return columns(rows)
