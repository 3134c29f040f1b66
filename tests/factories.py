"""Records for tests: a test spells out only the fields it is about."""

from dataclasses import replace
from typing import Any

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Endpoint,
    Outcome,
    Request,
    Response,
    Trigger,
    Verdict,
    Verification,
)

NOW_S = 1_780_387_200
"""2026-06-02T08:00:00Z, when every test happens."""


def headers(*pairs: tuple[str, str]) -> Headers:
    """Build headers from text."""
    return Headers(tuple((name.encode(), value.encode()) for name, value in pairs))


def request(**fields: Any) -> Request:
    """Build a small JSON POST."""
    base = Request(
        method="POST",
        target=b"/in/demo",
        headers=headers(("Host", "127.0.0.1:8400"), ("Content-Type", "application/json")),
        body=b'{"event":"booking.completed"}',
        peer="127.0.0.1:50000",
    )
    return replace(base, **fields)


def delivery(**fields: Any) -> Delivery:
    """Build a delivery that has not been stored; `request` and `body` may be given apart."""
    made = fields.pop("request", None) or request()
    if "body" in fields:
        made = replace(made, body=fields.pop("body"))
    base = Delivery(
        id=0,
        uid="0197300a-5c00-7000-8000-000000000001",
        endpoint="demo",
        received_at_us=NOW_S * 1_000_000,
        via="ingress",
        request=made,
        body_bytes=len(made.body),
        provider=None,
        event=None,
        event_id=None,
        attempt_id=None,
        verification=Verification(Outcome.UNKNOWN, "no provider is known for this delivery"),
    )
    return replace(base, **fields)


def response(**fields: Any) -> Response:
    """Build the target's 200."""
    base = Response(
        status=200,
        headers=headers(("Content-Type", "text/plain")),
        body=b"ok",
        body_bytes=2,
    )
    return replace(base, **fields)


def attempt(**fields: Any) -> Attempt:
    """Build a successful forward that has not been stored."""
    base = Attempt(
        id=0,
        delivery_id=1,
        number=0,
        trigger=Trigger.FORWARD,
        url="http://127.0.0.1:3000/",
        request_headers=headers(("Host", "127.0.0.1:3000")),
        started_at_us=NOW_S * 1_000_000,
        duration_us=1500,
        result=response(),
    )
    return replace(base, **fields)


def verdict(**fields: Any) -> Verdict:
    """Build what a later check of a delivery came to, not stored."""
    base = Verdict(
        id=0,
        delivery_id=1,
        checked_at_us=(NOW_S + 60) * 1_000_000,
        provider="jinko",
        verification=Verification(Outcome.VERIFIED, "signature matches", 0, NOW_S, ("body",)),
    )
    return replace(base, **fields)


def endpoint(**fields: Any) -> Endpoint:
    """Build an endpoint that only keeps."""
    return replace(Endpoint(name="demo"), **fields)
