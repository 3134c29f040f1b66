"""Sends case after case to an app, and judges what it answers."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from inspector.core.model import Request
from inspector.core.text import safe, shorten
from inspector.errors import UnreachableError
from inspector.simulate import sender
from inspector.simulate.lab.answers import Answered, complaint
from inspector.simulate.lab.bench import Bench, LeftOutError
from inspector.simulate.lab.cases import CASES, Case, plan
from inspector.simulate.lab.sending import Plan

BODY_BYTES = 200
"""Kept of what an app says to one delivery."""
_QUOTED = 60
SPARED = "not sent: a valid delivery got no answer"


class Ruling(StrEnum):
    """What one case came to."""

    PASSED = "passed"
    FAILED = "failed"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Row:
    """One case, with what the app made of it."""

    case: Case
    ruling: Ruling
    reason: str = ""
    """Why it failed or was left out, in one line that is safe to print."""
    answers: tuple[Answered, ...] = ()
    """In the order in which they were sent."""
    event_id: str | None = None

    @property
    def took_us(self) -> int:
        """The longest that the app took for one answer."""
        return max((each.took_us for each in self.answers), default=0)


class Watcher(Protocol):
    """Is told how a run goes on."""

    def starts(self, case: Case) -> None:
        """Its deliveries are being sent."""

    def ended(self, row: Row) -> None:
        """It was judged, or left out."""


@dataclass(slots=True)
class Run:
    """All cases against one app."""

    bench: Bench
    to: str
    timeout_s: float
    """How long the provider waits for one answer: what comes later, it does not hear."""
    rows: list[Row] = field(default_factory=list)

    async def all(self, watcher: Watcher | None = None) -> None:
        """Go through the cases. An app that gives a valid delivery no answer at all is spared the rest.

        May be cancelled: `rows` then has what was done.
        """
        for case in CASES:
            if watcher is not None:
                watcher.starts(case)
            row = await self._row(case) if self._is_answered else Row(case, Ruling.LEFT_OUT, SPARED)
            self.rows.append(row)
            if watcher is not None:
                watcher.ended(row)

    @property
    def _is_answered(self) -> bool:
        return not self.rows or any(each.status for each in self.rows[0].answers)

    async def _row(self, case: Case) -> Row:
        bench = replace(self.bench, now_s=time.time())
        try:
            made = plan(case, bench)
        except LeftOutError as error:
            return Row(case, Ruling.LEFT_OUT, safe(str(error)))
        answers = await self._send(made)
        reason = _reason(case, bench, answers)
        return Row(
            case,
            Ruling.FAILED if reason else Ruling.PASSED,
            reason,
            answers,
            bench.provider.locate(made[0][0]).event_id,
        )

    async def _send(self, plan: Plan) -> tuple[Answered, ...]:
        answers: list[Answered] = []
        for together in plan:
            async with asyncio.TaskGroup() as tasks:
                sent = [tasks.create_task(self._post(each)) for each in together]
            answers += [each.result() for each in sent]
        return tuple(answers)

    async def _post(self, request: Request) -> Answered:
        started_ns = time.perf_counter_ns()
        status, body, problem = None, b"", ""
        try:
            async with asyncio.timeout(self.timeout_s):
                answer = await sender.send(self.to, request)
            status, body = answer.status, answer.body[:BODY_BYTES]
        except TimeoutError:
            problem = f"no answer within {self.timeout_s:g} s"
        except UnreachableError as error:
            problem = str(error)
        return Answered(status, (time.perf_counter_ns() - started_ns) // 1000, body, problem)


def _reason(case: Case, bench: Bench, answers: Sequence[Answered]) -> str:
    """Return what is wrong, with what the app says about the first answer that is; empty if nothing is."""
    for answered in answers:
        if found := complaint(case.expected, bench.provider, answered):
            said = shorten(safe(answered.body.strip()), _QUOTED)
            is_page = said.startswith("<")  # of which the beginning tells nothing
            return safe(found) + (f': "{said}"' if said and not is_page else "")
    return ""
