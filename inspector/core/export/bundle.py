"""Deliveries as one file for another machine's `hooktap import`: lines of JSON that a person can read.

The first line says what it is, each further one is a delivery with its body, what was found out about it here, and how
its attempts ended. No file in it has a name, and nothing in it is compressed.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from inspector.core.arrivals import Arrival, arrival_from_json, arrival_to_json
from inspector.core.export.copies import Copy
from inspector.core.model import Attempt, Failure, Response
from inspector.core.text import safe
from inspector.core.wire import JSON, dumps
from inspector.errors import ConfigError

VERSION = 1
LINE_MAX_BYTES = 96 * 1024 * 1024
"""More than a delivery takes with the longest body that is accepted unless configured otherwise."""
DELIVERIES_MAX = 100_000

_TYPE = "hooktap-bundle"
_BEGINNING = b'{"type":"hooktap-bundle"'


def bundle(copies: Sequence[Copy], version: str) -> str:
    """Return the file. `version` is that of the program."""
    if len(copies) > DELIVERIES_MAX:
        raise ConfigError(f"a bundle holds at most {DELIVERIES_MAX:,} deliveries")
    first = {"type": _TYPE, "version": VERSION, "made_by": version, "deliveries": len(copies)}
    return "\n".join((dumps(first), *(dumps(_line(copy)) for copy in copies)))


def begins(content: bytes) -> bool:
    """Whether this is the beginning of a bundle."""
    return content.startswith(_BEGINNING)


def read(lines: Iterable[bytes]) -> Iterator[Arrival]:
    """Yield the deliveries of a bundle. Raises ConfigError where it is none, or not whole."""
    rest = iter(lines)
    expected = _expected(_parsed(next(rest, b"")))
    count = 0
    for count, line in enumerate(rest, 1):
        if count > expected:
            raise ConfigError(f"has more deliveries than the {expected:,} its first line says")
        try:
            arrival = arrival_from_json(_parsed(line))
        except ConfigError as error:
            raise ConfigError(f"line {count + 1}: {error}") from error
        yield arrival
    if count < expected:
        raise ConfigError(f"was cut off: {count:,} of {expected:,} deliveries are there")


def _line(copy: Copy) -> JSON:
    delivery = copy.delivery
    arrival = Arrival(delivery.endpoint, delivery.request, delivery.received_at_us)
    verification = delivery.verification
    return {
        "uid": delivery.uid,
        "provider": delivery.provider,
        "event": delivery.event,
        "event_id": delivery.event_id,
        "verification": {
            "outcome": verification.outcome.value,
            "detail": verification.detail,
        },
        "attempts": [_attempt(attempt) for attempt in copy.attempts],
        **arrival_to_json(arrival),
    }


def _attempt(attempt: Attempt) -> JSON:
    made: JSON = {
        "trigger": attempt.trigger.value,
        "url": attempt.url,
        "started_at_us": attempt.started_at_us,
        "duration_us": attempt.duration_us,
    }
    match attempt.result:
        case Response() as response:
            return made | {"status": response.status}
        case Failure() as failure:
            return made | {"failure": failure.kind.value}
        case unreachable:
            assert_never(unreachable)


def _parsed(line: bytes) -> Any:
    if len(line) > LINE_MAX_BYTES:
        raise ConfigError("is longer than any delivery")
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError("is no JSON") from error


def _expected(first: Any) -> int:
    if not isinstance(first, dict) or first.get("type") != _TYPE:
        raise ConfigError("is no bundle of Hooktap")
    if first.get("version") != VERSION:
        raise ConfigError(
            f"is a bundle of version {safe(str(first.get('version'))[:20])}, and version {VERSION} is read here"
        )
    count = first.get("deliveries")
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= DELIVERIES_MAX:
        raise ConfigError(f"its first line must say how many deliveries: 0 to {DELIVERIES_MAX:,}")
    return count
