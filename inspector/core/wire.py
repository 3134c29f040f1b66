"""The model as JSON and back: the shapes of the API, the feed and every `--json` (see `openapi.yaml`).

Bytes from the wire (targets, header names and values) are text in UTF-8; bytes that are not UTF-8 travel as the
lone surrogates of PEP 383 (`\\udc80` to `\\udcff`), written as ASCII escapes, and turn back into the same bytes.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, assert_never

from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Part,
    Record,
    Request,
    Response,
    Timing,
    Trigger,
    Verdict,
    Verification,
)
from inspector.core.text import decode, encode

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding

JSON = dict[str, Any]

_TIMING = ("connect_us", "wait_us", "read_us", "lost_us")


def dumps(value: object) -> str:
    """Write one line of ASCII JSON, safe to print: every control character is escaped."""
    return json.dumps(value, separators=(",", ":"))


def headers_to_json(headers: Headers) -> list[list[str]]:
    """Return `[[name, value], ...]` in wire order."""
    # As `decode` does: calling it for every field of a page takes twice as long as the decoding.
    how = ("utf-8", "surrogateescape")
    return [[name.decode(*how), value.decode(*how)] for name, value in headers.pairs]


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


def verification_from_json(data: Mapping[str, Any]) -> Verification:
    """Give back the verdict."""
    return Verification(
        outcome=Outcome(data["outcome"]),
        detail=data["detail"],
        secret_index=data["secret_index"],
        signed_at_s=data["signed_at_s"],
        covered=tuple(data["covered"]),
    )


def delivery_to_json(delivery: Delivery, attempts: Sequence[Attempt] = ()) -> JSON:
    """Return a delivery without its body, with `attempts` in short form; `marked` and `note` only where they are."""
    data: JSON = {
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
        "handshake": delivery.handshake,
        "duplicate_of": delivery.duplicate_of,
        "duplicate_held": delivery.duplicate_held,
        "attempts": [attempt_to_json(attempt) for attempt in attempts],
    }
    if delivery.marked:
        data["marked"] = True
    if delivery.note is not None:
        data["note"] = delivery.note
    return data


def delivery_from_json(data: Mapping[str, Any]) -> tuple[Delivery, list[Attempt]]:
    """Give back the delivery, its body left out, and its attempts."""
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
        verification=verification_from_json(data["verification"]),
        handshake=data["handshake"],
        duplicate_of=data["duplicate_of"],
        duplicate_held=data["duplicate_held"],
        marked=data.get("marked", False),
        note=data.get("note"),
    )
    return delivery, [attempt_from_json(attempt) for attempt in data["attempts"]]


def attempt_to_json(attempt: Attempt) -> JSON:
    """Return an attempt without the bodies: `status` and the answer's head, or `failure`; `timing` where it is kept."""
    data: JSON = {
        "id": attempt.id,
        "delivery_id": attempt.delivery_id,
        "number": attempt.number,
        "trigger": attempt.trigger.value,
        "url": attempt.url,
        "started_at_us": attempt.started_at_us,
        "duration_us": attempt.duration_us,
        "request_headers": headers_to_json(attempt.request_headers),
        "edited": [part.value for part in attempt.edited],
    }
    if attempt.timing is not None:
        data["timing"] = {span: getattr(attempt.timing, span) for span in _TIMING}
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
        edited=tuple(map(Part, data["edited"])),
        timing=Timing(*(data["timing"][span] for span in _TIMING)) if "timing" in data else None,
    )


def verdict_to_json(verdict: Verdict) -> JSON:
    """Return what one check of a delivery came to, and when."""
    return {
        "id": verdict.id,
        "delivery_id": verdict.delivery_id,
        "checked_at_us": verdict.checked_at_us,
        "provider": verdict.provider,
        "verification": verification_to_json(verdict.verification),
    }


def verdict_from_json(data: Mapping[str, Any]) -> Verdict:
    """Give back the verdict."""
    return Verdict(
        id=data["id"],
        delivery_id=data["delivery_id"],
        checked_at_us=data["checked_at_us"],
        provider=data["provider"],
        verification=verification_from_json(data["verification"]),
    )


def finding_to_json(finding: "Finding") -> JSON:
    """Return a cause with its sentence."""
    return {"cause": finding.cause.value, "detail": finding.detail}


def finding_from_json(data: Mapping[str, Any]) -> "Finding":
    """Give back the finding."""
    # All that diagnoses comes along, which whoever reads anything else should not have to wait for.
    from inspector.core.diagnosis import Cause, Finding

    return Finding(Cause(data["cause"]), data["detail"])


def record_to_json(record: Record) -> JSON:
    """Return a feed record: `type` is `delivery`, `attempt` or `verdict`, the rest as above."""
    match record:
        case Delivery():
            return {"type": "delivery", **delivery_to_json(record)}
        case Attempt():
            return {"type": "attempt", **attempt_to_json(record)}
        case Verdict():
            return {"type": "verdict", **verdict_to_json(record)}
        case unreachable:
            assert_never(unreachable)


def record_from_json(data: Mapping[str, Any]) -> Record:
    """Give back the record of one feed line. Raises ValueError for a type of record that is not known here."""
    match data["type"]:
        case "delivery":
            return delivery_from_json(data)[0]
        case "attempt":
            return attempt_from_json(data)
        case "verdict":
            return verdict_from_json(data)
        case other:
            raise ValueError(f"{other!r} is no type of record")
