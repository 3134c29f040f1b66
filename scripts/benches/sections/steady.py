"""How long an acknowledgement takes when deliveries come at half the rate that there could be at most."""

import statistics
from contextlib import ExitStack
from itertools import repeat
from typing import NamedTuple

from scripts.benches import contestants, wrk
from scripts.benches.contestants import Contestant, alone
from scripts.benches.deliveries import wire, wrk_script
from scripts.benches.figures import Mark, Result, Row, columns, percentile
from scripts.benches.pace import Paced, pace
from scripts.benches.sections.rates import STORED, TARGET
from scripts.benches.setting import WARM_UP_S, Setting

SHARE = 0.5
LENGTHS = 2
"""How many times as long as the others a run is: it takes many answers to say which is the hundredth slowest."""


class _Round(NamedTuple):
    highest_per_s: float
    ours: Paced
    floor: Paced
    """The same load on the target alone: what the load generator and the machine take by themselves."""


def acknowledged(setting: Setting) -> Result:
    """Load us at half of what wrk just got through, at fixed times, and take the slow answers as they come."""
    with ExitStack() as stack:
        ours = stack.enter_context(contestants.hooktap(STORED, setting.work / "steady"))
        target = stack.enter_context(contestants.server(TARGET, "target"))
        wrk.run(ours, wrk_script(setting.work), WARM_UP_S, setting.connections)
        seen = setting.take_turns("steady", {STORED: lambda: _round(setting, ours, target)})
    rounds = seen[STORED]
    p99s = [percentile(each.ours.waits_ms, 0.99) for each in rounds]
    rate = statistics.median(each.ours.per_s for each in rounds)
    highest = statistics.median(each.highest_per_s for each in rounds)
    row = Row(
        "p99 of an acknowledgement at half the maximum rate",
        Mark(12, "ms"),
        p99s,
        f"at {rate:,.0f} of {highest:,.0f} a second over {setting.connections} connections",
    )
    return Result([row], _table(rounds))


def _round(setting: Setting, ours: Contestant, target: Contestant) -> _Round:
    highest = wrk.run(ours, wrk_script(setting.work), setting.seconds, setting.connections).per_s
    per_s = highest * SHARE

    def paced(contestant: Contestant) -> Paced:
        return pace(
            contestant.url,
            repeat(wire(contestant.url)),
            per_s=per_s,
            seconds=setting.seconds * LENGTHS,
            connections=setting.connections,
        )

    seen = paced(ours)
    with alone(target, [ours]):
        return _Round(highest, seen, paced(target))


def _table(rounds: list[_Round]) -> str:
    rows: list[tuple[str, ...]] = [
        ("", "per second", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "longest ms")
    ]
    for name, paced in (
        (STORED, [each.ours for each in rounds]),
        (TARGET, [each.floor for each in rounds]),
    ):
        shares = [
            statistics.median(percentile(each.waits_ms, share) for each in paced)
            for share in (0.5, 0.9, 0.99, 0.999, 1.0)
        ]
        rate = statistics.median(each.per_s for each in paced)
        rows.append((name, f"{rate:,.0f}", *(f"{share:.2f}" for share in shares)))
    return columns(rows)
