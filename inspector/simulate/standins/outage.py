"""Failure on purpose: `POST /simulate/fail` has the provider's own API answer with an error a few times."""

from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from inspector.api.answers import Refuse, as_json, bad_request
from inspector.api.parameters import object_of

PREFIX: Final = "/simulate"
"""What is under it never fails: it is no provider's."""
TIMES_MAX: Final = 1_000_000
SENTENCE: Final = "this failure was asked for under /simulate/fail"


class Outage:
    """What a provider's API has been told to answer instead."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._status = 503
        self._times = 0

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Return the one that arranges it."""
        return (web.post(f"{PREFIX}/fail", self._arrange),)

    def middleware(self) -> Middleware:
        """Return what answers in the place of the provider's routes."""

        @web.middleware
        async def fail(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._times or request.path.startswith(PREFIX):
                return await handler(request)
            self._times -= 1
            return self._refuse(self._status, SENTENCE)

        return fail

    async def _arrange(self, request: web.Request) -> web.Response:
        """Take `{"status": 503, "times": 1}`; 0 times ends it."""
        data = await object_of(request)
        status = _number(data.get("status", 503), "status", 400, 599)
        self._times = _number(data.get("times", 1), "times", 0, TIMES_MAX)
        self._status = status
        return as_json({"status": self._status, "times": self._times})


def _number(value: object, name: str, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise bad_request(f"'{name}' must be a whole number from {least} to {most}")
    return value
