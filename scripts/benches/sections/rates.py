"""How many deliveries a second, as many as 64 connections can get through."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from scripts.benches import contestants, wrk
from scripts.benches.contestants import Contestant, alone
from scripts.benches.deliveries import BODY, wrk_script
from scripts.benches.figures import Mark, Result, Row, columns, ratios, spread
from scripts.benches.setting import WARM_UP_S, Setting

BARE = "bare aiohttp"
ON_UVLOOP = "  on uvloop"
STORED = "hooktap, stored"
FORWARDED = "hooktap, forwarded"
MITMDUMP = "mitmdump, recording"
TARGET = "the target alone"
RECORDING = "recorded.mitm"
Rounds = Mapping[str, Sequence[wrk.Round]]


def stored(setting: Setting) -> Result:
    """Compare a verified and fsynced delivery with a request that is read and forgotten."""
    with ExitStack() as stack:
        peers = [
            stack.enter_context(contestants.server(BARE, "bare")),
            stack.enter_context(contestants.server(ON_UVLOOP, "bare-uvloop")),
            stack.enter_context(contestants.server("  low-level, on uvloop", "bare-low-level")),
            stack.enter_context(contestants.hooktap(STORED, setting.work / "stored")),
        ]
        seen = _loaded(setting, "stored", peers)
    said = f"{_per_s(seen, STORED)} of {_per_s(seen, BARE)} a second"
    of_bare = ratios(_rates(seen, STORED), _rates(seen, BARE))
    of_uvloop = ratios(_rates(seen, STORED), _rates(seen, ON_UVLOOP))
    what = (
        f"verified and fsynced deliveries/s at {setting.connections} connections, of bare aiohttp"
    )
    rows = [
        Row(what, Mark(0.80, "x", at_least=True), of_bare, said),
        Row("the same, the first mark", Mark(0.60, "x", at_least=True), of_bare, said),
    ]
    of_best = f"of bare aiohttp on uvloop: {statistics.median(of_uvloop):.2f}x"
    return Result(rows, f"{_table(seen, BARE)}\n{of_best}")


def forwarded(setting: Setting) -> Result:
    """Compare a stored delivery that its sender gets the target's answer to with mitmdump's recorded one."""
    found = contestants.mitmdump_program()
    with ExitStack() as stack:
        bare = stack.enter_context(contestants.server(BARE, "bare"))
        target = stack.enter_context(contestants.server(TARGET, "target"))
        folder = setting.work / "forwarded"
        peers = [
            bare,
            stack.enter_context(contestants.hooktap(FORWARDED, folder, target=target.url)),
            target,
        ]
        if found is not None:
            recording = setting.work / RECORDING
            peers.append(
                stack.enter_context(contestants.mitmdump(MITMDUMP, found, target.url, recording))
            )
        seen = _loaded(setting, "forwarded", peers)
    if found is not None:
        _need_recorded(setting.work / RECORDING, seen[MITMDUMP])
    return Result([*_forwarded_rows(seen, setting)], _table(seen, BARE))


def _need_recorded(recording: Path, rounds: Sequence[wrk.Round]) -> None:
    if recording.stat().st_size < sum(each.requests for each in rounds) * len(BODY):
        sys.exit("bench: mitmdump has not recorded every delivery, so it cannot be compared to")


def _forwarded_rows(seen: Rounds, setting: Setting) -> list[Row]:
    what = f"stored and forwarded, `reply = target`, at {setting.connections} connections, of "
    mark = Mark(12, "x", at_least=True)
    if MITMDUMP in seen:
        said = f"{_per_s(seen, FORWARDED)} of {_per_s(seen, MITMDUMP)} a second"
        of_mitmdump = ratios(_rates(seen, FORWARDED), _rates(seen, MITMDUMP))
        first = Row(f"{what}mitmdump reverse + record", mark, of_mitmdump, said)
    else:
        missing = contestants.HOW_TO_GET_MITMDUMP
        first = Row(f"{what}mitmdump reverse + record", mark, said=missing)
    of_bare = ratios(_rates(seen, FORWARDED), _rates(seen, BARE))
    said = f"{_per_s(seen, FORWARDED)} of {_per_s(seen, BARE)} a second"
    return [first, Row(f"{what}bare aiohttp", Mark(0.40, "x", at_least=True), of_bare, said)]


def full(setting: Setting) -> Result:
    """Compare the rate beside many stored deliveries with that of a new store, each round's its own."""
    many, none = f"{setting.filled.deliveries:,} stored", "none stored"
    script = partial(wrk_script, setting.work)

    def loaded(data_dir: Path) -> wrk.Round:
        with contestants.hooktap(data_dir.name, data_dir) as hooktap:
            wrk.run(hooktap, script(), WARM_UP_S, setting.connections)
            return wrk.run(hooktap, script(), setting.seconds, setting.connections)

    def anew() -> wrk.Round:
        return loaded(Path(mkdtemp(prefix="empty-", dir=setting.work)))

    seen = setting.take_turns("full", {none: anew, many: lambda: loaded(setting.filled.data_dir)})
    row = Row(
        f"same rate with {many} as with none",
        Mark(0.95, "x", at_least=True),
        ratios(_rates(seen, many), _rates(seen, none)),
        f"{_per_s(seen, many)} of {_per_s(seen, none)} a second",
    )
    return Result([row], _table(seen, none))


def _loaded(setting: Setting, title: str, peers: Sequence[Contestant]) -> Rounds:
    setting.say(f"{title}: warming up")
    for each in peers:
        wrk.run(each, wrk_script(setting.work), WARM_UP_S, setting.connections)

    def run(each: Contestant) -> wrk.Round:
        script = wrk_script(setting.work)  # signed anew: the tolerance is five minutes
        with alone(each, peers):
            return wrk.run(each, script, setting.seconds, setting.connections)

    return setting.take_turns(title, {each.name: partial(run, each) for each in peers})


def _rates(seen: Rounds, name: str) -> list[float]:
    return [each.per_s for each in seen[name]]


def _per_s(seen: Rounds, name: str) -> str:
    return f"{statistics.median(_rates(seen, name)):,.0f}"


def _table(seen: Rounds, base: str) -> str:
    rows = [("", f"of {base}", "per second", "lowest", "highest", "p50 ms", "p99 ms", "cpu µs")]
    for name, rounds in seen.items():
        of_base = statistics.median(ratios(_rates(seen, name), _rates(seen, base)))
        least, most = spread(_rates(seen, name))
        rows.append(
            (
                name,
                f"{of_base:.2f}",
                _per_s(seen, name),
                f"{least:,.0f}",
                f"{most:,.0f}",
                f"{statistics.median(each.p50_ms for each in rounds):.2f}",
                f"{statistics.median(each.p99_ms for each in rounds):.2f}",
                f"{statistics.median(each.cpu_us for each in rounds):.1f}",
            )
        )
    return columns(rows)
