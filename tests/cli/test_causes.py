"""Causes for whoever watches."""

import pytest

from inspector.cli.causes import REST_S, Causes
from inspector.core.diagnosis import Cause, Finding
from inspector.core.model import Outcome, Verification
from inspector.errors import NotFoundError, StorageError
from tests.factories import attempt, delivery

FINDING = Finding(Cause.BODY_BOM, "A byte order mark was added.")
MISMATCH = delivery(id=7, verification=Verification(Outcome.MISMATCH, "it does not match"))


class Diagnosis:
    def __init__(self, *found: Finding, error: Exception | None = None) -> None:
        self.asked: list[int] = []
        self._found = found
        self._error = error

    async def __call__(self, delivery_id: int) -> tuple[Finding, ...]:
        self.asked.append(delivery_id)
        if self._error:
            raise self._error
        return self._found


async def test_the_first_finding_of_a_failed_check() -> None:
    asked = Diagnosis(FINDING, Finding(Cause.CLOCK, "And it is late."))

    assert await Causes(asked).of(MISMATCH) is FINDING
    assert asked.asked == [7]


@pytest.mark.parametrize(
    "record",
    [
        attempt(),
        delivery(verification=Verification(Outcome.VERIFIED, "")),
        delivery(verification=Verification(Outcome.NO_SECRET, "")),
        delivery(verification=MISMATCH.verification, handshake="it was answered"),
    ],
)
async def test_nothing_else_is_asked_about(record: object) -> None:
    asked = Diagnosis(FINDING)

    assert await Causes(asked).of(record) is None  # type: ignore[arg-type]
    assert asked.asked == []


async def test_a_flood_is_not_diagnosed() -> None:
    now = [100.0]
    asked = Diagnosis(FINDING)
    causes = Causes(asked, lambda: now[0])

    assert [await causes.of(MISMATCH) for _ in range(3)] == [FINDING, None, None]
    now[0] += REST_S
    assert await causes.of(MISMATCH) is FINDING


@pytest.mark.parametrize("error", [None, NotFoundError("gone"), StorageError("closed")])
async def test_no_finding_is_no_trouble(error: Exception | None) -> None:
    assert await Causes(Diagnosis(error=error)).of(MISMATCH) is None
