"""What an open terminal takes from the deliveries that can be received in a second."""

import statistics

from scripts.benches import contestants, sights, terminal, wrk
from scripts.benches.deliveries import wrk_script
from scripts.benches.figures import Mark, Result, Row, columns, ratios, spread
from scripts.benches.setting import WARM_UP_S, Setting

OPEN, CLOSED = "a terminal open", "none open"


def watched(setting: Setting) -> Result:
    """Load one inspector with a terminal that follows and without one, in turns within each round."""
    data_dir = setting.work / "watched"
    with contestants.hooktap("watched", data_dir) as inspector:

        def load() -> wrk.Round:
            script = wrk_script(setting.work)
            wrk.run(inspector, script, WARM_UP_S, setting.connections)
            return wrk.run(inspector, script, setting.seconds, setting.connections)

        def loaded_open() -> wrk.Round:
            with terminal.opened(data_dir, setting.work) as shown:
                shown.until(sights.is_at_newest, "its first list")
                with shown.unwatched():
                    return load()

        setting.say("watched: warming up")
        load()
        seen = setting.take_turns("watched", {CLOSED: load, OPEN: loaded_open})
    rates = {name: [each.per_s for each in rounds] for name, rounds in seen.items()}
    row = Row(
        "deliveries/s with the terminal open, of those without",
        Mark(0.9, "x", at_least=True),
        ratios(rates[OPEN], rates[CLOSED]),
        f"{statistics.median(rates[OPEN]):,.0f} of {statistics.median(rates[CLOSED]):,.0f} a second, "
        f"at {setting.connections} connections",
    )
    table = [("", "per second", "lowest", "highest", "p99 ms", "cpu µs")]
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
                f"{middle:,.0f}",
                f"{least:,.0f}",
                f"{most:,.0f}",
                f"{p99_ms:.1f}",
                f"{cpu_us:.1f}",
            )
        )
    return Result([row], columns(table))
