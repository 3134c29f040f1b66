"""Many deliveries: which event each is of, in which order they are sent, and what came of them."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from secrets import token_hex
from typing import Final, NamedTuple

from inspector.core.wire import JSON

MOST: Final = 1_000_000
"""Deliveries."""


class Shot(NamedTuple):
    """One delivery of a volley."""

    unique: str
    again: int
    """How often its event was sent before."""
    happened_s: int


def shots(count: int, duplicates: int = 0) -> Iterator[Shot]:
    """Yield the deliveries of `count` events, each with its duplicates; an event happens when it is yielded."""
    run = token_hex(16)
    for number in range(count):
        happened_s = int(time.time())
        for again in range(duplicates + 1):
            yield Shot(f"{run}.{number}", again, happened_s)


def shuffled(count: int, duplicates: int, seed: int) -> Iterator[Shot]:
    """Yield the same in an order that follows from `seed`; the events have happened by now, one each second."""
    order = [
        each._replace(happened_s=each.happened_s - count + 1 + index // (duplicates + 1))
        for index, each in enumerate(shots(count, duplicates))
    ]
    Random(seed).shuffle(order)  # noqa: S311 - to be had again, not to be a secret
    # Of one event, what is sent later is the later attempt.
    sent = Counter[str]()
    for each in order:
        yield each._replace(again=sent[each.unique])
        sent[each.unique] += 1


@dataclass(slots=True)
class Tally:
    """What a volley has come to so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    unsent: int = 0
    """Those without an answer."""
    durations_us: list[int] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """How many were answered."""
        return self.statuses.total()

    @property
    def failed(self) -> int:
        """How many were not answered 2xx."""
        good = sum(count for status, count in self.statuses.items() if 200 <= status < 300)
        return self.answered - good + self.unsent

    def add(self, answer: JSON) -> None:
        """Count one."""
        self.statuses[answer["status"]] += 1
        self.durations_us.append(answer["duration_us"])

    def percentile_us(self, percent: int) -> int:
        """Return how long so many of a hundred answers took at most (the nearest rank). There must be one."""
        ranked = sorted(self.durations_us)
        return ranked[-(-percent * len(ranked) // 100) - 1]
