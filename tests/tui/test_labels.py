from dataclasses import replace
from datetime import UTC

import pytest
from rich.cells import cell_len

from inspector.core.model import Failure, FailureKind, Outcome, Verification
from tests.factories import NOW_S, attempt, delivery, response
from tui import labels


@pytest.mark.parametrize("outcome", Outcome)
def test_every_verdict_has_symbol_and_word(outcome: Outcome) -> None:
    """An outcome is never told by colour alone; no two share symbol and word."""
    label = labels.VERDICTS[outcome]

    assert label.symbol.strip()
    assert label.word.strip()
    assert [each.text for each in labels.VERDICTS.values()].count(label.text) == 1
    assert str(label.content) == label.text


def test_handshake_is_told_by_what_it_was() -> None:
    """Most are not signed, so their verdict says nothing."""
    shaken = delivery(handshake="Slack asked", verification=Verification(Outcome.MISSING, ""))

    assert labels.verdict(shaken).text == "⇄ handshake"
    assert labels.verdict(replace(shaken, handshake=None)).text == "∅ missing"


def test_verdicts_are_as_wide_as_their_column() -> None:
    texts = [labels.HANDSHAKE.text, *(label.text for label in labels.VERDICTS.values())]

    assert max(map(cell_len, texts)) == labels.VERDICT_WIDTH
    assert all(cell_len(text) == len(text) for text in texts)


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_a_word(kind: FailureKind) -> None:
    label = labels.result(attempt(result=Failure(kind, "")))

    assert label.symbol == "✗"
    assert label.word


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, "✓ 200"), (204, "✓ 204"), (302, "↷ 302"), (404, "✗ 404"), (500, "✗ 500")],
)
def test_answer_is_told_by_its_status(status: int, text: str) -> None:
    assert labels.result(attempt(result=response(status=status))).text == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (10 * 1024, "10 KiB"),
        (1024**2 - 1, "1023 KiB"),
        (1024**2, "1.0 MiB"),
        (5000 * 1024**3, "5000 GiB"),
    ],
)
def test_size(length: int, text: str) -> None:
    assert labels.size(length) == text


@pytest.mark.parametrize(
    ("duration_us", "text"),
    [(0, "0 µs"), (999, "999 µs"), (1500, "1.5 ms"), (12_400, "12 ms"), (2_300_000, "2.3 s")],
)
def test_duration(duration_us: int, text: str) -> None:
    assert labels.duration(duration_us) == text


def test_count() -> None:
    assert labels.count(1, "delivery", "deliveries") == "1 delivery"
    assert labels.count(1042, "delivery", "deliveries") == "1,042 deliveries"


def test_times() -> None:
    at_us = NOW_S * 1_000_000 + 1234

    assert labels.day_time(at_us, UTC) == "08:00:00"
    assert labels.full_time(at_us, UTC) == "2026-06-02 08:00:00.001+00:00"


@pytest.mark.parametrize(
    ("age_s", "relation"),
    [
        (0, "0 s before"),
        (119, "119 s before"),
        (120, "2 min before"),
        (7200, "2 h before"),
        (172_800, "2 days before"),
        (-5, "5 s after"),
    ],
)
def test_signed_time_says_its_age(age_s: int, relation: str) -> None:
    verification = Verification(Outcome.STALE, "", signed_at_s=NOW_S - age_s)

    told = labels.signed_time(delivery(verification=verification), UTC)

    assert told is not None
    assert told.startswith("signed 2026-0")
    assert told.endswith(f"{relation} it arrived")


@pytest.mark.parametrize("claimed", [10**30, -(10**30), 0])
def test_signed_time_may_be_any_number(claimed: int) -> None:
    verification = Verification(Outcome.STALE, "", signed_at_s=claimed)

    assert labels.signed_time(delivery(verification=verification), UTC)


def test_nothing_signed() -> None:
    assert labels.signed_time(delivery(), UTC) is None
