"""What an open terminal takes from the deliveries that can be received in a second."""

import statistics
from functools import partial

from scripts.benches import contestants, sights, terminal, wrk
from scripts.benches.api import connected
from scripts.benches.deliveries import wrk_script
from scripts.benches.figures import Mark, Result, Row, columns, ratios, spread
from scripts.benches.setting import WARM_UP_S, Setting

CLOSED, OPEN, OPENING = "none open", "a terminal open", "one that opens"


def watched(setting: Setting) -> Result:
    """Load one inspector without a terminal, with one that follows, and with one that still reads what is stored."""
    data_dir = setting.work / "watched"
    with contestants.hooktap("watched", data_dir) as inspector:

        def load() -> wrk.Round:
            script = wrk_script(setting.work)
            wrk.run(inspector, script, WARM_UP_S, setting.connections)
            return wrk.run(inspector, script, setting.seconds, setting.connections)

        def load_shown(*, is_loaded: bool) -> wrk.Round:
            with terminal.opened(data_dir, setting.work) as shown:
                shown.until(sights.is_at_newest, "its first list")
                if is_loaded:
                    with connected(data_dir) as api:
                        newest = api.newest  # of nothing but deliveries
                    shown.until(sights.counts(newest), "the number of all deliveries")
                with shown.unwatched():
                    return load()

        turns = {
            CLOSED: load,
            OPEN: partial(load_shown, is_loaded=True),
            OPENING: partial(load_shown, is_loaded=False),
        }
        setting.say("watched: warming up")
        load()
        seen = setting.take_turns("watched", turns)
    rates = {name: [each.per_s for each in rounds] for name, rounds in seen.items()}
    row = Row(
        "deliveries/s with the terminal open, of those without",
        Mark(0.9, "x", at_least=True),
        ratios(rates[OPEN], rates[CLOSED]),
        f"{statistics.median(rates[OPEN]):,.0f} of {statistics.median(rates[CLOSED]):,.0f} a second, "
        f"at {setting.connections} connections",
    )
    table = [("", "of none open", "per second", "lowest", "highest", "p99 ms", "cpu µs")]
    for name, rounds in seen.items():
        least, most = spread(rates[name])
        p99_ms, cpu_us = (
            statistics.median(values)
            for values in zip(*((each.p99_ms, each.cpu_us) for each in rounds), strict=True)
        )
        middle = statistics.median(rates[name])
        table.append(
            (
                name,
                f"{statistics.median(ratios(rates[name], rates[CLOSED])):.2f}",
                f"{middle:,.0f}",
                f"{least:,.0f}",
                f"{most:,.0f}",
                f"{p99_ms:.1f}",
                f"{cpu_us:.1f}",
            )
        )
    return Result([row], columns(table))
