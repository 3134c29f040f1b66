"""The API's other end: what the terminal and the command line know of a running inspector.

The feed reconnects by itself and goes on after the last record it gave out, so its reader sees each one once.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from inspector.core.model import Attempt, Delivery, Record, Sign
from inspector.core.text import is_unicode
from inspector.core.wire import JSON, attempt_from_json, delivery_from_json, record_from_json
from inspector.datadir import DataDir
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    QueryError,
    ReplayError,
    StorageError,
    UnreachableError,
)

TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=5)
"""A replay takes as long as its target may, which is 30 s."""
RECORD_MAX_BYTES: Final = 32 * 1024 * 1024
"""Above the longest head that the doors let in, were every byte of it written as an escape of six."""
DELAY_MIN_S: Final = 0.1
DELAY_MAX_S: Final = 2.0
STABLE_S: Final = 5.0
"""A feed that lasted so long, or brought a record, is reopened after the shortest delay when it breaks."""
ERRORS: Final[Mapping[int, type[HooktapError]]] = {
    404: NotFoundError,
    409: ReplayError,
    503: StorageError,
}

T = TypeVar("T")


class Connection(StrEnum):
    """What the feed says of itself between records."""

    CONNECTED = "connected"
    RECONNECTING = "reconnecting"


class Client:
    """One inspector's API: an async context manager, to be used inside its block.

    Every call raises UnreachableError when no inspector answers, and HooktapError or its child with the API's own
    sentence when it refuses.
    """

    def __init__(self, api_url: str, token: str) -> None:
        self._place = _Place(api_url.rstrip("/"), token)
        self._data_dir: DataDir | None = None
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def of(cls, data_dir: DataDir) -> Self:
        """Return a client of the inspector that runs in `data_dir`, and of its successors on other ports.

        Raises UnreachableError if none runs there.
        """
        client = cls(*_Place.of(data_dir))
        client._data_dir = data_dir
        return client

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            # A POST on a kept connection that the other side has just closed would fail.
            connector=aiohttp.TCPConnector(force_close=True),
        )
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def health(self) -> JSON:
        """Return who answers: version, addresses, data directory, pid and the newest number."""
        return _read(dict, await self._call("GET", "/api/health"))

    async def deliveries(
        self, query: str = "", before: int | None = None, limit: int = 100
    ) -> list[tuple[Delivery, list[Attempt]]]:
        """Return the deliveries that match, newest first, without bodies. Raises QueryError."""
        if not is_unicode(query):  # an argument from a shell need not be text
            raise QueryError("the query is not UTF-8")
        params = {"query": query, "limit": str(limit)}
        if before is not None:
            params["before"] = str(before)
        page = await self._call("GET", "/api/deliveries", params=params, invalid=QueryError)
        return _read(lambda data: [delivery_from_json(each) for each in data["deliveries"]], page)

    async def delivery(self, delivery_id: int) -> tuple[Delivery, list[Attempt]]:
        """Return one delivery, without its body, and its attempts, oldest first."""
        return _read(delivery_from_json, await self._call("GET", f"/api/deliveries/{delivery_id}"))

    async def body(self, delivery_id: int) -> bytes:
        """Return a delivery's body as it arrived."""
        return await self._call("GET", f"/api/deliveries/{delivery_id}/body")

    async def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return a delivery's attempts, oldest first, without the bodies of the answers."""
        page = await self._call("GET", f"/api/deliveries/{delivery_id}/attempts")
        return _read(lambda data: [attempt_from_json(each) for each in data["attempts"]], page)

    async def response_body(self, attempt_id: int) -> bytes:
        """Return what was kept of the body of a target's answer."""
        return await self._call("GET", f"/api/attempts/{attempt_id}/body")

    async def replay(
        self, delivery_id: int, *, to: str | None = None, sign: Sign | None = None
    ) -> Attempt:
        """Send a delivery once more; return what came of it. Raises ReplayError if it cannot be sent as asked."""
        path = f"/api/deliveries/{delivery_id}/replay"
        return _read(
            attempt_from_json, await self._call("POST", path, body={"to": to, "sign": sign})
        )

    async def endpoints(self) -> list[JSON]:
        """Return the endpoints; of their secrets only how many there are."""
        return _read(
            lambda data: list(data["endpoints"]), await self._call("GET", "/api/endpoints")
        )

    async def providers(self) -> list[JSON]:
        """Return the providers whose samples can be sent: `name`, `title` and `events`."""
        return _read(
            lambda data: list(data["providers"]), await self._call("GET", "/api/providers")
        )

    async def send_sample(
        self,
        provider: str,
        *,
        event: str | None = None,
        format: str | None = None,  # noqa: A002 - what `send --format` calls it
        endpoint: str | None = None,
    ) -> JSON:
        """Let the inspector send itself a signed sample; return `status`, `body` and `url` of what its sender saw."""
        body = {"provider": provider, "event": event, "format": format, "endpoint": endpoint}
        return _read(dict, await self._call("POST", "/api/samples", body=body))

    async def feed(self, after: int | None = None) -> AsyncGenerator[Record | Connection, None]:
        """Yield every record numbered above `after`, then new ones as they come; with None only new ones.

        Between them it yields CONNECTED when it is, and RECONNECTING once when it no longer is, or not at first; it
        tries for ever. Raises HooktapError when the inspector refuses it. Close it to disconnect.
        """
        connected: bool | None = None
        delay_s = DELAY_MIN_S
        while True:
            started_s = time.monotonic()
            try:
                if (
                    after is None
                ):  # "now" must be a number: what is committed during a break counts as new
                    after = int((await self.health())["newest"])
                async with self._socket(after) as socket:
                    connected = True
                    yield Connection.CONNECTED
                    async for text in socket:
                        record = _read(record_from_json, text)
                        after = record.id
                        delay_s = DELAY_MIN_S
                        yield record
            except InvalidStatus as error:
                status, answer = error.response.status_code, error.response.body
                if status < 500 and not self._has_moved():
                    raise _refusal(status, answer or b"") from error
            except (OSError, WebSocketException, UnreachableError):
                pass  # nobody there, or no longer
            if connected is not False:
                connected = False
                yield Connection.RECONNECTING
            # A server that accepts only to close again must not be asked in a hot loop.
            if time.monotonic() - started_s >= STABLE_S:
                delay_s = DELAY_MIN_S
            await _pause(delay_s)
            delay_s = min(2 * delay_s, DELAY_MAX_S)
            self._has_moved()

    def _socket(self, after: int) -> connect:
        return connect(
            f"ws{self._place.url.removeprefix('http')}/api/feed?after={after}",
            additional_headers=self._place.headers(),
            compression=None,
            max_size=RECORD_MAX_BYTES,
            close_timeout=1,
            proxy=None,  # the default takes even loopback to HTTP_PROXY
        )

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JSON | None = None,
        invalid: type[HooktapError] = ConfigError,
    ) -> bytes:
        """Return the body of the answer; raise its sentence if it is an error, as `invalid` if it is 400."""
        if self._session is None:
            raise RuntimeError("use the client inside its `async with` block")
        while True:
            place = self._place
            try:
                async with self._session.request(
                    method,
                    place.url + path,
                    params=params,
                    json=body,
                    headers=place.headers(),
                    allow_redirects=False,
                ) as response:
                    answer = await response.read()
            except aiohttp.ClientConnectorError as error:
                if (
                    not self._has_moved()
                ):  # nothing was sent, so asking elsewhere cannot do it twice
                    raise UnreachableError(f"no inspector answers at {place.url}") from error
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UnreachableError(f"the answer of {place.url} did not arrive") from error
            if response.status == 200:
                return answer
            if response.status != 401 or not self._has_moved():
                raise _refusal(response.status, answer, invalid)

    def _has_moved(self) -> bool:
        """Look again where the inspector is; whether that is a new place."""
        if self._data_dir is None:
            return False
        try:
            place = _Place.of(self._data_dir)
        except UnreachableError:
            return False
        moved = place != self._place
        self._place = place
        return moved


class _Place(NamedTuple):
    """Where an inspector's API is, and what opens it."""

    url: str
    token: str

    @classmethod
    def of(cls, data_dir: DataDir) -> Self:
        return cls(data_dir.read_addresses().api, data_dir.read_api_token())

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def _pause(delay_s: float) -> None:
    """Wait `delay_s` less up to half of it, so that many clients do not come back at once."""
    await asyncio.sleep(delay_s * random.uniform(0.5, 1))  # noqa: S311 - nothing hangs on it


def _read(parse: Callable[[Any], T], text: str | bytes) -> T:
    """Return what `parse` makes of an answer."""
    try:
        return parse(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise HooktapError(
            "the inspector answers in words unknown here: it is of another version (restart it)"
        ) from error


def _refusal(
    status: int, answer: bytes | bytearray, invalid: type[HooktapError] = ConfigError
) -> HooktapError:
    """Return the error that an answer other than 200 stands for."""
    try:
        sentence = str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return UnreachableError(f"what answers there with {status} is not an inspector")
    return (invalid if status == 400 else ERRORS.get(status, HooktapError))(sentence)
