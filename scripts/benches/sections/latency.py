"""What the way through us adds for a sender that waits for one answer at a time."""

import statistics
from contextlib import ExitStack
from functools import partial

from scripts.benches import contestants, wrk
from scripts.benches.contestants import Contestant, alone
from scripts.benches.deliveries import wrk_script
from scripts.benches.figures import Mark, Result, Row, added_ratios, columns, spread
from scripts.benches.sections.rates import FORWARDED, MITMDUMP, TARGET
from scripts.benches.setting import WARM_UP_S, Setting

WHAT = "added latency p50 at 1 connection over the target alone, of mitmdump's"
MARK = Mark(0.4, "x")


def added(setting: Setting) -> Result:
    """Compare the median answer through us, on disk before it is forwarded, with that through mitmdump."""
    found = contestants.mitmdump_program()
    with ExitStack() as stack:
        target = stack.enter_context(contestants.server(TARGET, "target"))
        folder = setting.work / "latency"
        peers = [
            target,
            stack.enter_context(contestants.hooktap(FORWARDED, folder, target=target.url)),
        ]
        if found is not None:
            recording = setting.work / "latency.mitm"
            mitmdump = contestants.mitmdump(MITMDUMP, found, target.url, recording)
            peers.append(stack.enter_context(mitmdump))
        seen = _loaded(setting, peers)
    medians = {name: [each.p50_ms for each in rounds] for name, rounds in seen.items()}
    if MITMDUMP not in medians:
        return Result([Row(WHAT, MARK, said=contestants.HOW_TO_GET_MITMDUMP)], _table(seen))
    shares = added_ratios(medians[FORWARDED], medians[MITMDUMP], medians[TARGET])
    ours, theirs = (
        statistics.median(a - b for a, b in zip(medians[name], medians[TARGET], strict=True))
        for name in (FORWARDED, MITMDUMP)
    )
    return Result([Row(WHAT, MARK, shares, f"{ours:.2f} of {theirs:.2f} ms")], _table(seen))


def _loaded(setting: Setting, peers: list[Contestant]) -> dict[str, list[wrk.Round]]:
    def run(each: Contestant, seconds: float) -> wrk.Round:
        with alone(each, peers):
            return wrk.run(each, wrk_script(setting.work), seconds, 1)

    setting.say("latency: warming up")
    for each in peers:
        run(each, WARM_UP_S)
    runs = {each.name: partial(run, each, setting.seconds) for each in peers}
    return setting.take_turns("latency", runs)


def _table(seen: dict[str, list[wrk.Round]]) -> str:
    rows = [("", "p50 ms", "lowest", "highest", "p99 ms", "per second")]
    for name, rounds in seen.items():
        least, most = spread([each.p50_ms for each in rounds])
        rows.append(
            (
                name,
                f"{statistics.median(each.p50_ms for each in rounds):.3f}",
                f"{least:.3f}",
                f"{most:.3f}",
                f"{statistics.median(each.p99_ms for each in rounds):.3f}",
                f"{statistics.median(each.per_s for each in rounds):,.0f}",
            )
        )
    return columns(rows)
