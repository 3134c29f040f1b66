"""What `hooktap send` does with what it is to send: one delivery, or many at a pace."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import click

from inspector.cli.look import Look, duration
from inspector.cli.progress import INTERRUPTED, Progress, on_ctrl_c
from inspector.core.text import safe
from inspector.core.variations import Variation
from inspector.core.wire import JSON, dumps
from inspector.errors import HooktapError
from inspector.simulate.volley import Shot, Tally, shots, shuffled

if TYPE_CHECKING:
    from inspector.client.pacing import Pacer

Send = Callable[[Variation], Awaitable[JSON]]
"""Makes, signs and sends one; returns what `sender.deliver` does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many to send, and how."""

    variation: Variation
    count: int = 1
    duplicates: int = 0
    seed: int | None = None
    """Of their order; None: as the events happen."""
    per_s: float | None = None
    at_once: int = 1
    delay_s: float = 0.0
    """Between signing and sending."""

    @property
    def total(self) -> int:
        """How many deliveries that makes."""
        return self.count * (self.duplicates + 1)

    def shots(self) -> Iterator[Shot]:
        """Yield them in the order they are sent."""
        if self.seed is None:
            return shots(self.count, self.duplicates)
        return shuffled(self.count, self.duplicates, self.seed)


class Volley:
    """Sends what is planned; for one run."""

    def __init__(self, plan: Plan, send: Send, telling: "Telling", pacer: "Pacer") -> None:
        self._plan = plan
        self._send = send
        self._telling = telling
        self._pacer = pacer
        self._left = plan.total
        self._shots = plan.shots()
        self._lost: HooktapError | None = None
        self.tally = Tally()

    async def run(self) -> None:
        """Send them all, until Ctrl-C. Raises what the first raises; later ones are told and counted."""
        with on_ctrl_c(self._pacer.stop):
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._plan.at_once, self._plan.total)):
                    group.create_task(self._send_some())
        self._telling.progress.clear()
        if self._lost is not None:
            raise self._lost

    async def _send_some(self) -> None:
        while self._left:
            self._left -= 1
            if not await self._pacer.turn():
                return
            shot = next(self._shots)
            variation = replace(self._plan.variation, **shot._asdict())
            if self._plan.delay_s:
                variation = replace(variation, signed_s=int(time.time()))
                if not await self._pacer.pause(self._plan.delay_s):
                    return
            await self._send_one(variation)

    async def _send_one(self, variation: Variation) -> None:
        try:
            answer = await self._send(variation)
        except HooktapError as error:
            if not self.tally.answered:  # what is wrong with the first is wrong with all
                self._lost = self._lost or error
                self._pacer.stop()
                return
            self.tally.unsent += 1
            self._telling.problem(error)
        else:
            self.tally.add(answer)
            self._telling.answer(answer)
        done = self.tally.answered + self.tally.unsent
        self._telling.progress.show(
            f"sent {done:,} of {self._plan.total:,}, {self.tally.failed:,} not 2xx"
        )


@dataclass(slots=True)
class Telling:
    """Prints what comes of each."""

    look: Look
    as_json: bool
    is_one: bool
    progress: Progress = field(default_factory=Progress)
    exit_code: int = 0
    """Of the first that got no answer."""

    def answer(self, answer: JSON) -> None:
        """Print what one was answered: one alone for people, of many only for programs."""
        if self.as_json:
            self.progress.clear()
            click.echo(dumps(answer))
        elif self.is_one:
            status = self.look.status(answer["status"])
            arrow = self.look.mark("→")
            click.echo(f"{safe(answer['event'])} {arrow} {safe(answer['url'])}  {status}")
            if answer["body"]:
                click.echo(safe(answer["body"].strip()))

    def problem(self, error: HooktapError) -> None:
        """Print why one got no answer."""
        self.progress.clear()
        self.exit_code = self.exit_code or error.exit_code
        click.echo(f"hooktap: {safe(str(error))}", err=True)

    def summary(self, tally: Tally, total: int, took_s: float, *, stopped: bool) -> None:
        """Print what they came to; to stderr where stdout has each of them."""
        sent = tally.answered + tally.unsent
        head = "stopped: sent" if stopped else "sent"
        pace = f", {sent / took_s:,.3g}/s" if took_s else ""
        self._line(f"{head} {sent:,} of {total:,} deliveries in {took_s:.3g} s{pace}")
        rows = {
            self.look.status(status): tally.statuses[status] for status in sorted(tally.statuses)
        }
        if tally.unsent:
            rows["no answer"] = tally.unsent
        width = len(f"{max(rows.values(), default=0):,}")
        for name, number in rows.items():
            self._line(f"  {number:>{width},}  {name}")
        if tally.durations_us:
            p50, p99 = (duration(tally.percentile_us(percent)) for percent in (50, 99))
            self._line(f"  half the answers within {p50} (p50), 99 in 100 within {p99} (p99)")

    def _line(self, text: str) -> None:
        click.echo(text, err=self.as_json)


async def send_planned(plan: Plan, send: Send, *, as_json: bool) -> int:
    """Send what is planned and print what comes of it; return the exit code. Raises what the first raises."""
    from inspector.client.pacing import Pacer

    stream = sys.stderr if as_json else sys.stdout
    telling = Telling(Look.of(stream), as_json=as_json, is_one=plan.total == 1)
    pacer = Pacer(plan.per_s)
    volley = Volley(plan, send, telling, pacer)
    began_s = time.monotonic()
    await volley.run()
    if not telling.is_one or pacer.is_stopped:
        took_s = time.monotonic() - began_s
        telling.summary(volley.tally, plan.total, took_s, stopped=pacer.is_stopped)
    if pacer.is_stopped:
        return INTERRUPTED
    return telling.exit_code or int(volley.tally.failed > 0)
