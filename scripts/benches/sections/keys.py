"""How soon the terminal shows what a key does: while nothing happens, and while deliveries arrive."""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from functools import partial
from typing import NamedTuple

from scripts.benches import contestants, sights, terminal
from scripts.benches.arrivals import PER_S, arriving
from scripts.benches.figures import Mark, Result, Row, columns, percentile
from scripts.benches.processes import cpu_s
from scripts.benches.setting import Setting
from scripts.benches.terminal import Sight, Terminal
from scripts.screen import Part

LENGTHS = 5
"""How many times as long as the others a run is: it takes many keys to say which is the hundredth slowest."""
BLOCK = 50
"""Lines up, then as many down: more than a screen, so that some of the keys scroll."""
JUMPS = 0.5
"""Of a run's seconds; each is followed by a longer rest."""
LEAST_REST_S, MOST_REST_S = 0.03, 0.09
"""Between two keys: a person's pace, and no beat with that of the terminal's own updates."""
JUMP_REST_S = 0.3
SETTLE_LOOKS = 30
LIST, DETAIL, TO_OLDEST, TO_NEWEST = "j and k in the list", "j and k in the body", "g", "G"
AT_REST = "at rest"
LOADED = f"while {PER_S} arrive a second"
KEY_MARK, JUMP_MARK = Mark(33, "ms"), Mark(100, "ms")
Times = list[float]


class _Round(NamedTuple):
    waits_ms: Mapping[str, Times]
    """By what was pressed."""
    cpu_ms: Mapping[str, float]
    """Processor time of the terminal for each key, with what it does anyway."""


def pressed(setting: Setting) -> Result:
    """Time keys from when they are written to the window until what they do has been read back from it.

    In the list that is another selected line with all its columns, and the one before selected no more; in the body,
    the cursor on another line, and its place in a JSON document; for a jump, the oldest or the newest delivery
    selected and every line in sight with all its columns. What it costs to find that out is not in the times.
    """
    filled = setting.filled
    with ExitStack() as stack:
        inspector = stack.enter_context(contestants.hooktap("pressed", filled.data_dir))
        shown = stack.enter_context(terminal.opened(filled.data_dir, setting.work))
        shown.until(sights.is_at_newest, "its first list")
        shown.until(sights.counts(filled.deliveries), "the number of all deliveries")

        def run(*, loaded: bool) -> _Round:
            with arriving(inspector) if loaded else nullcontext():
                return _round(shown, setting.seconds)

        runs = {AT_REST: partial(run, loaded=False), LOADED: partial(run, loaded=True)}
        seen = setting.take_turns("keys", runs)
    rows = [
        *(_row(f"{what}, {when}: key to paint, p99", seen[when], what, 0.99, KEY_MARK)
          for what in (LIST, DETAIL) for when in seen),
        *(_row(f"`{what}` {when}, the slowest", seen[when], what, 1.0, JUMP_MARK)
          for what in (TO_OLDEST, TO_NEWEST) for when in seen),
    ]  # fmt: skip
    return Result(rows, _table(seen))


def _row(what: str, rounds: Sequence[_Round], kind: str, share: float, mark: Mark) -> Row:
    times = [sorted(each.waits_ms[kind]) for each in rounds]
    count = sum(map(len, times))
    middle = statistics.median(percentile(each, 0.5) for each in times)
    said = f"p50 {middle:.1f} ms; {count:,} keys"
    return Row(what, mark, [percentile(each, share) for each in times], said)


def _round(shown: Terminal, seconds: float) -> _Round:
    shown.painted_ms("G", sights.is_at_newest, "the newest delivery")
    shown.rest(JUMP_REST_S)
    waits_ms: dict[str, Times] = {}
    cpu_ms: dict[str, float] = {}

    def note(name: str, press: Callable[[Terminal, float], Times], length_s: float) -> None:
        before_s = cpu_s(shown.pid)
        waits_ms[name] = press(shown, length_s)
        cpu_ms[name] = (cpu_s(shown.pid) - before_s) * 1000 / len(waits_ms[name])

    note(LIST, _in_list, seconds * LENGTHS)
    note(DETAIL, _in_body, seconds * LENGTHS)
    jumps: dict[str, Times] = {TO_OLDEST: [], TO_NEWEST: []}
    note("jumps", partial(_jumps, seen=jumps), seconds * LENGTHS * JUMPS)
    return _Round({**waits_ms, **jumps}, cpu_ms)


def _in_list(shown: Terminal, seconds: float) -> Times:
    """Go up and down in the list, which has ceased to follow with a key before."""
    shown.painted_ms("k", sights.is_paused, "that it is paused")
    shown.rest(JUMP_REST_S)
    waits_ms: Times = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        key, by = ("k", -1) if len(waits_ms) // BLOCK % 2 == 0 else ("j", 1)
        before = sights.selected(shown.screen)
        assert before is not None
        what = f"another selected line than {before}"
        waits_ms.append(shown.painted_ms(key, sights.moved(before, by), what))
        _rest(shown)
    return waits_ms


def _in_body(shown: Terminal, seconds: float) -> Times:
    """Go up and down in the body of what is selected."""
    shown.press("\r")
    places = [_settled(shown)]
    for key in "jk":  # what each of them leads to
        shown.press(key)
        shown.until(lambda now: sights.body(now) != places[-1], "another line of the body")
        places.append(_settled(shown))
    waits_ms: Times = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        key, place = (("j", places[1]), ("k", places[2]))[len(waits_ms) % 2]
        waits_ms.append(shown.painted_ms(key, _is_at(place), "another line of the body"))
        _rest(shown)
    shown.press("\x1b")
    shown.rest(JUMP_REST_S)
    return waits_ms


def _jumps(shown: Terminal, seconds: float, *, seen: Mapping[str, Times]) -> Times:
    """Go from one end of the list to the other and back."""
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        for key, is_there in ((TO_OLDEST, sights.is_at_oldest), (TO_NEWEST, sights.is_at_newest)):
            seen[key].append(shown.painted_ms(key, is_there, "the other end of the list"))
            shown.rest(JUMP_REST_S)
    return [*seen[TO_OLDEST], *seen[TO_NEWEST]]


def _is_at(place: Part) -> Sight:
    return lambda now: sights.body(now) == place


def _settled(shown: Terminal) -> Part:
    """Return the body, with nothing on its way any more: that would be taken for what a key does."""
    for _ in range(SETTLE_LOOKS):
        before = sights.body(shown.screen)
        shown.rest(JUMP_REST_S)
        if sights.body(shown.screen) == before:
            break
    return sights.body(shown.screen)


def _rest(shown: Terminal) -> None:
    shown.rest(random.uniform(LEAST_REST_S, MOST_REST_S))  # noqa: S311 - no secret


def _table(seen: Mapping[str, Sequence[_Round]]) -> str:
    rows: list[tuple[str, ...]] = [
        ("", "", "keys", "p50 ms", "p90 ms", "p99 ms", "longest", "cpu ms a key")
    ]
    for when, rounds in seen.items():
        for name in (LIST, DETAIL, TO_OLDEST, TO_NEWEST):
            waits_ms = sorted(wait for each in rounds for wait in each.waits_ms[name])
            shares = [f"{percentile(waits_ms, share):.1f}" for share in (0.5, 0.9, 0.99, 1.0)]
            cpu = statistics.median(each.cpu_ms.get(name, each.cpu_ms["jumps"]) for each in rounds)
            rows.append((name, when, f"{len(waits_ms):,}", *shares, f"{cpu:.1f}"))
    return columns(rows)
