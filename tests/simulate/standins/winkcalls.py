"""Calls of Wink's API, as its description has them."""

import re
from typing import Any

from inspector.core.wire import JSON
from tests.simulate.standins.serving import Answer, Serving

ENTITY = "d5b8a3c2-9e6f-4a1b-8d34-7c2e1f0a5b69"
OTHER = "6bb0d2a1-0a4d-4f2e-9d3f-0a1b2c3d4e5f"
ROOT = f"/api/managing-entity/{ENTITY}/webhook"
URL = "https://api.example.com/webhooks/wink/events"


def wanted(**changes: Any) -> JSON:
    return {
        "name": "Booking confirmation sync",
        "entity": {"identifier": ENTITY, "name": "The Siam Residences, Bangkok"},
        "enabled": True,
        "eventUrl": URL,
        "eventList": ["booking.created"],
        **changes,
    }


async def created(wink: Serving, **changes: Any) -> JSON:
    answer = await wink.ask("POST", ROOT, json=wanted(**changes))
    assert answer.status == 201, answer
    made: JSON = answer.body
    return made


def is_problem(answer: Answer, status: int) -> bool:
    """Whether it is a ProblemDetail of that status, whole and of the right types."""
    assert answer.status == status, answer
    assert answer.type == "application/problem+json"
    assert list(answer.body) == ["type", "title", "status", "detail", "instance", "properties"]
    assert answer.body["status"] == status
    assert answer.body["title"]
    assert answer.body["detail"]
    assert re.match(r"[a-z]+:", answer.body["type"])
    assert re.match(r"[a-z]+:", answer.body["instance"])
    assert answer.body["properties"] == {}
    return True
