from typing import Any

import pytest

from inspector.core.model import Delivery, Outcome, Verification
from tests.factories import delivery, headers, request
from tui import coverage


def checked(*covered: str, outcome: Outcome = Outcome.VERIFIED, **fields: object) -> Delivery:
    return delivery(verification=Verification(outcome, "", covered=covered), **fields)


@pytest.mark.parametrize(
    ("covered", "uncovered"),
    [
        (("body",), ("URL", "method", "headers")),
        (("header X-Time", "body"), ("URL", "method", "other headers")),
        (("t in X-Signature", "body"), ("URL", "method", "headers")),
        (("method", "url", "body"), ("headers",)),
        (("method", "path and query", "header X-Time", "body"), ("other headers",)),
        (("url", "form fields"), ("method", "headers")),
        (("query bodySHA256", "body"), ("the rest of the URL", "method", "headers")),
        (("json id", "json amount"), ("the rest of the body", "URL", "method", "headers")),
        (("form timestamp",), ("the rest of the body", "URL", "method", "headers")),
        (("headers x-own-*",), ("body", "URL", "method", "other headers")),
        (("secret path", "source address"), ("body", "URL", "method", "headers")),
        ((), ("body", "URL", "method", "headers")),
    ],
)
def test_what_is_not_covered_is_named(covered: tuple[str, ...], uncovered: tuple[str, ...]) -> None:
    found = coverage.of(checked(*covered))

    assert found is not None
    assert found.covered == covered
    assert found.uncovered == uncovered


@pytest.mark.parametrize(
    ("covered", "vouches"),
    [("body", True), ("form fields", True), ("json id", False), ("header X-Time", False)],
)
def test_whether_the_body_is_vouched_for(covered: str, *, vouches: bool) -> None:
    found = coverage.of(checked(covered))

    assert found is not None
    assert found.vouches_for_body is vouches


def test_header_that_names_the_event_is_named_if_it_is_not_signed() -> None:
    """As with GitHub, whose signature covers the body, and not which event that is."""
    sent = headers(
        ("X-Event", "push"), ("x-event", "push"), ("X-Delivery", "0b989ba4"), ("X-N", "1")
    )
    made: dict[str, Any] = {
        "event": "push",
        "event_id": "0b989ba4",
        "request": request(headers=sent),
    }

    bare = coverage.of(checked("body", **made))
    signed = coverage.of(checked("body", "header x-EVENT", "header X-Delivery", **made))

    assert bare is not None
    assert bare.uncovered[:2] == ("header X-Event", "header X-Delivery")
    assert bare.uncovered[-1] == "other headers"
    assert signed is not None
    assert signed.uncovered == ("URL", "method", "other headers")


def test_short_event_stands_in_a_header_by_chance() -> None:
    found = coverage.of(checked("body", event="1", request=request(headers=headers(("X-N", "1")))))

    assert found is not None
    assert found.uncovered == ("URL", "method", "headers")


@pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.VERIFIED, Outcome.STALE}))
def test_nothing_is_covered_by_a_check_that_failed(outcome: Outcome) -> None:
    assert coverage.of(checked(outcome=outcome)) is None


def test_right_signature_covers_also_where_something_else_was_missing() -> None:
    """A delivery without the endpoint's secret path, say."""
    found = coverage.of(checked("body", outcome=Outcome.MISSING))

    assert found is not None
    assert found.covered == ("body",)
