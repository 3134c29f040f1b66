import tomllib
from datetime import UTC

import pytest

from inspector.core.diagnosis import Cause, Finding
from inspector.core.model import Delivery, Outcome, Verification
from tests.factories import NOW_S, delivery, verdict
from tui import verdicts
from tui.verdicts import Checks

FOUND = Checks((Finding(Cause.BODY_BOM, "one"), Finding(Cause.CLOCK, "two")))
NOTHING = Checks()
UNREACHED = Checks(problem="no inspector answers")


def checked(outcome: Outcome, **fields: object) -> Delivery:
    return delivery(verification=Verification(outcome, "the sentence"), **fields)


def why(outcome: Outcome, checks: Checks | None) -> list[str]:
    return [str(line) for line in verdicts.why(checked(outcome), checks)]


def tab(made: Delivery, checks: Checks | None = None, *, is_configured: bool = False) -> list[str]:
    lines = verdicts.lines(made, checks, UTC, is_configured=is_configured)
    return [str(line.content) for line in lines]


@pytest.mark.parametrize(
    "outcome",
    [Outcome.MISMATCH, Outcome.STALE, Outcome.MISSING, Outcome.MALFORMED, Outcome.NO_SECRET],
)
def test_each_proven_cause_has_its_line(outcome: Outcome) -> None:
    assert why(outcome, FOUND) == ["Why: one", "Why: two"]


@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.UNSIGNED, Outcome.UNKNOWN])
def test_what_needs_no_cause_has_none(outcome: Outcome) -> None:
    assert not verdicts.may_have_why(checked(outcome))
    assert why(outcome, FOUND) == []


def test_mismatch_has_one_line_before_and_after() -> None:
    """So nothing moves when the cause comes, or does not."""
    assert why(Outcome.MISMATCH, None) == ["Why: looking for the cause"]
    assert why(Outcome.MISMATCH, NOTHING) == ["Why: no cause could be computed"]
    assert why(Outcome.MISMATCH, UNREACHED) == ["Why: not known, no inspector answers"]


def test_stale_delivery_is_sure_to_have_a_cause() -> None:
    assert why(Outcome.STALE, None) == ["Why: looking for the cause"]
    assert why(Outcome.STALE, FOUND) == ["Why: one", "Why: two"]
    assert why(Outcome.STALE, UNREACHED) == []


@pytest.mark.parametrize("outcome", [Outcome.MISSING, Outcome.MALFORMED, Outcome.NO_SECRET])
@pytest.mark.parametrize("checks", [None, NOTHING, UNREACHED])
def test_nothing_is_said_where_the_sentence_says_it_all(
    outcome: Outcome, checks: Checks | None
) -> None:
    assert why(outcome, checks) == []


def test_handshake_has_its_own_sentence_and_no_cause() -> None:
    shaken = checked(Outcome.MISSING, handshake="Slack asked, and was answered")

    assert verdicts.sentence(shaken) == "Slack asked, and was answered"
    assert verdicts.why(shaken, FOUND) == []
    assert tab(shaken)[0] == "⇄ handshake  Slack asked, and was answered"
    assert "the sentence" not in "".join(tab(shaken))


def pasted(made: Delivery, *, is_configured: bool = False) -> list[str]:
    return [str(line) for line in verdicts.remedy(made, is_configured=is_configured)][1:]


def test_missing_secret_is_mended_with_three_lines() -> None:
    lines = pasted(checked(Outcome.NO_SECRET, endpoint="my-shop", provider="jinko"))

    assert len(lines) == 3
    assert tomllib.loads("\n".join(lines)) == {
        "endpoint": {"my-shop": {"provider": "jinko", "secret": {"env": "MY_SHOP_WEBHOOK_SECRET"}}}
    }


def test_endpoint_with_a_dot_is_one_table() -> None:
    lines = pasted(checked(Outcome.NO_SECRET, endpoint="a.b", provider="jinko"))

    assert list(tomllib.loads("\n".join(lines))["endpoint"]) == ["a.b"]


def test_endpoint_that_is_configured_needs_one_line() -> None:
    """A second table of its name would be an error."""
    made = checked(Outcome.NO_SECRET, endpoint="shop", provider="jinko")

    assert pasted(made, is_configured=True) == ['  secret = { env = "SHOP_WEBHOOK_SECRET" }']


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.NO_SECRET}))
def test_only_a_missing_secret_is_mended(outcome: Outcome) -> None:
    assert pasted(checked(outcome)) == []


def test_visit_is_offered_to_who_waits_for_one() -> None:
    waiting = checked(Outcome.VERIFIED, event="SubscriptionConfirmation")

    assert verdicts.wants_visit(waiting)
    assert "press C to confirm" in "\n".join(tab(waiting))
    assert not verdicts.wants_visit(checked(Outcome.VERIFIED, event="Notification"))


def test_history_is_shown_when_there_is_more_than_one() -> None:
    first = verdict(
        id=1, checked_at_us=NOW_S * 1_000_000, verification=Verification(Outcome.NO_SECRET, "none")
    )
    second = verdict(id=9)
    made = checked(Outcome.VERIFIED)

    assert tab(made, Checks(history=(first,))) == tab(made)
    assert tab(made, Checks(history=(first, second)))[-3:] == [
        "Checked 2 times, the latest first",
        "2026-06-02 08:01:00  ✓ verified   signature matches",
        "2026-06-02 08:00:00  ? no secret  none",
    ]


def test_tab_says_all_that_is_known() -> None:
    covered = Verification(Outcome.VERIFIED, "fits", signed_at_s=NOW_S - 2, covered=("body",))

    assert tab(delivery(provider="jinko", verification=covered)) == [
        "✓ verified  fits",
        "",
        "provider     jinko",
        "covers       body",
        "not covered  URL, method, headers",
        "signed       2026-06-02 07:59:58, 2 s before it arrived",
    ]


def test_signature_over_nothing_says_so() -> None:
    made = checked(Outcome.VERIFIED)

    assert str(verdicts.coverage_line(made)) == (
        "covers nothing of the request; does not cover body, URL, method, headers"
    )
