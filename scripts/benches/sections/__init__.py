"""What can be measured, by name and in the order in which it is; one module for each kind of measuring."""

from collections.abc import Callable
from typing import NamedTuple

from scripts.benches.figures import Result
from scripts.benches.sections import (
    found,
    keys,
    latency,
    memory,
    open_memory,
    opening,
    pages,
    rates,
    sizes,
    start,
    steady,
    watched,
)
from scripts.benches.setting import Setting


class Section(NamedTuple):
    """One kind of measuring."""

    about: str
    measure: Callable[[Setting], Result]
    needs_many: bool = False
    """Whether it takes a million deliveries."""
    of_terminal: bool = False


def _of_terminal(about: str, measure: Callable[[Setting], Result]) -> Section:
    return Section(f"terminal: {about}", measure, needs_many=True, of_terminal=True)


SECTIONS = {
    "stored": Section("verified and fsynced deliveries, of bare aiohttp", rates.stored),
    "forwarded": Section("the same and the target's answer, of mitmdump", rates.forwarded),
    "latency": Section("what the way through adds for one sender, of mitmdump", latency.added),
    "steady": Section("p99 of an acknowledgement at half the highest rate", steady.acknowledged),
    "start": Section("`--version`, and `listen` to ready", start.started),
    "memory": Section(
        "idle, after many deliveries, during a large body", memory.held, needs_many=True
    ),
    "size": Section(
        "file size over what was on the wire; the text index", sizes.sizes, needs_many=True
    ),
    "pages": Section(
        "newest page, filters and searches of many deliveries", pages.pages, needs_many=True
    ),
    "full": Section("the rate with many deliveries stored", rates.full, needs_many=True),
    "opened": _of_terminal("the first list of many deliveries, and of none", opening.opened),
    "found": _of_terminal("a filter and a search to the first page", found.found),
    "keys": _of_terminal("key to paint, at rest and while deliveries arrive", keys.pressed),
    "held": _of_terminal("memory while deliveries arrive for minutes", open_memory.held),
    "watched": Section(
        "terminal: the rate with it open, of that without", watched.watched, of_terminal=True
    ),
}
"""The size is taken, and a filter timed, before anything else is stored beside what was filled in."""
