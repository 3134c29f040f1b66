"""What a caller hands over to be stored: deliveries with their bodies, more than any other call may send."""

from collections.abc import Sequence

from aiohttp import web

from inspector.api import parameters
from inspector.api.answers import bad_request
from inspector.core.arrivals import FIELDS, Arrival, arrival_from_json
from inspector.errors import ConfigError

CALL_MAX_BYTES = 72 * 1024 * 1024
"""Room for the longest body that is accepted unless configured otherwise, however it is written."""
CALL_MAX = 100
"""Deliveries in one call."""


async def arrivals_of(request: web.Request) -> Sequence[Arrival]:
    """Return what is to be stored, all of it valid."""
    data = await parameters.object_of(request.clone(client_max_size=CALL_MAX_BYTES))
    given = data.get("deliveries")
    if set(data) != {"deliveries"} or not isinstance(given, list):
        raise bad_request("only deliveries is read here: a list")
    if len(given) > CALL_MAX:
        raise bad_request(f"deliveries: at most {CALL_MAX} in one call")
    return [_arrival(number, each) for number, each in enumerate(given)]


def _arrival(number: int, given: object) -> Arrival:
    try:
        if isinstance(given, dict) and not given.keys() <= FIELDS:
            raise ConfigError(f"only these are read here: {', '.join(sorted(FIELDS))}")
        return arrival_from_json(given)
    except ConfigError as error:
        raise bad_request(f"deliveries.{number}: {error}") from error
