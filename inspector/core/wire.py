"""The model as JSON and back: the shapes of the API, the feed and every `--json` (see `openapi.yaml`).

Bytes from the wire (targets, header names and values) are text in UTF-8; bytes that are not UTF-8 travel as the
lone surrogates of PEP 383 (`\\udc80` to `\\udcff`), written as ASCII escapes, and turn back into the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Record,
    Request,
    Response,
    Trigger,
    Verification,
)
from inspector.core.text import decode, encode

JSON = dict[str, Any]


def dumps(value: object) -> str:
    """Write one line of ASCII JSON, safe to print: every control character is escaped."""
    return json.dumps(value, separators=(",", ":"))


def headers_to_json(headers: Headers) -> list[list[str]]:
    """Return `[[name, value], ...]` in wire order."""
    return [[decode(name), decode(value)] for name, value in headers.pairs]


def headers_from_json(pairs: Sequence[Sequence[str]]) -> Headers:
    """Give back the bytes that `headers_to_json` was given."""
    return Headers(tuple((encode(name), encode(value)) for name, value in pairs))


def verification_to_json(verification: Verification) -> JSON:
    """Return the verdict with its sentence."""
    return {
        "outcome": verification.outcome.value,
        "detail": verification.detail,
        "covered": list(verification.covered),
        "secret_index": verification.secret_index,
        "signed_at_s": verification.signed_at_s,
    }


def delivery_to_json(delivery: Delivery, attempts: Sequence[Attempt] = ()) -> JSON:
    """Return a delivery without its body, with `attempts` in short form."""
    return {
        "id": delivery.id,
        "uid": delivery.uid,
        "endpoint": delivery.endpoint,
        "provider": delivery.provider,
        "event": delivery.event,
        "event_id": delivery.event_id,
        "attempt_id": delivery.attempt_id,
        "received_at_us": delivery.received_at_us,
        "via": delivery.via,
        "peer": delivery.request.peer,
        "method": delivery.request.method,
        "target": decode(delivery.request.target),
        "headers": headers_to_json(delivery.request.headers),
        "body_bytes": delivery.body_bytes,
        "verification": verification_to_json(delivery.verification),
        "attempts": [attempt_to_json(attempt) for attempt in attempts],
    }


def delivery_from_json(data: Mapping[str, Any]) -> tuple[Delivery, list[Attempt]]:
    """Give back the delivery, its body left out, and its attempts."""
    verdict = data["verification"]
    request = Request(
        method=data["method"],
        target=encode(data["target"]),
        headers=headers_from_json(data["headers"]),
        body=b"",
        peer=data["peer"],
    )
    delivery = Delivery(
        id=data["id"],
        uid=data["uid"],
        endpoint=data["endpoint"],
        received_at_us=data["received_at_us"],
        via=data["via"],
        request=request,
        body_bytes=data["body_bytes"],
        provider=data["provider"],
        event=data["event"],
        event_id=data["event_id"],
        attempt_id=data["attempt_id"],
        verification=Verification(
            outcome=Outcome(verdict["outcome"]),
            detail=verdict["detail"],
            secret_index=verdict["secret_index"],
            signed_at_s=verdict["signed_at_s"],
            covered=tuple(verdict["covered"]),
        ),
    )
    return delivery, [attempt_from_json(attempt) for attempt in data["attempts"]]


def attempt_to_json(attempt: Attempt) -> JSON:
    """Return an attempt without the bodies: `status` and the answer's head, or `failure`."""
    data: JSON = {
        "id": attempt.id,
        "delivery_id": attempt.delivery_id,
        "number": attempt.number,
        "trigger": attempt.trigger.value,
        "url": attempt.url,
        "started_at_us": attempt.started_at_us,
        "duration_us": attempt.duration_us,
        "request_headers": headers_to_json(attempt.request_headers),
    }
    match attempt.result:
        case Response() as response:
            data["status"] = response.status
            data["response_headers"] = headers_to_json(response.headers)
            data["response_body_bytes"] = response.body_bytes
            data["response_truncated"] = response.truncated
        case Failure() as failure:
            data["failure"] = {"kind": failure.kind.value, "detail": failure.detail}
    return data


def attempt_from_json(data: Mapping[str, Any]) -> Attempt:
    """Give back the attempt, the answer's body left out."""
    result: Response | Failure
    if "failure" in data:
        result = Failure(FailureKind(data["failure"]["kind"]), data["failure"]["detail"])
    else:
        result = Response(
            status=data["status"],
            headers=headers_from_json(data["response_headers"]),
            body=b"",
            body_bytes=data["response_body_bytes"],
            truncated=data["response_truncated"],
        )
    return Attempt(
        id=data["id"],
        delivery_id=data["delivery_id"],
        number=data["number"],
        trigger=Trigger(data["trigger"]),
        url=data["url"],
        request_headers=headers_from_json(data["request_headers"]),
        started_at_us=data["started_at_us"],
        duration_us=data["duration_us"],
        result=result,
    )


def record_to_json(record: Record) -> JSON:
    """Return a feed record: `type` is `delivery` or `attempt`, the rest as above."""
    if isinstance(record, Delivery):
        return {"type": "delivery", **delivery_to_json(record)}
    return {"type": "attempt", **attempt_to_json(record)}


def record_from_json(data: Mapping[str, Any]) -> Record:
    """Give back the record of one feed line."""
    return attempt_from_json(data) if data["type"] == "attempt" else delivery_from_json(data)[0]
