"""How a call reaches an inspector, wherever it runs now, and what its refusals mean here."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Self, TypeVar

import aiohttp

from inspector.core.wire import JSON
from inspector.datadir import DataDir
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    ReplayError,
    StorageError,
    UnreachableError,
)

TIMEOUT: Final = aiohttp.ClientTimeout(total=60, sock_connect=5)
"""A replay takes as long as its target may, which is 30 s."""
ERRORS: Final[Mapping[int, type[HooktapError]]] = {
    404: NotFoundError,
    409: ReplayError,
    503: StorageError,
}

T = TypeVar("T")


class Place(NamedTuple):
    """Where an inspector's API is, and what opens it."""

    url: str
    token: str

    @classmethod
    def of(cls, data_dir: DataDir) -> Self:
        """Return the place of the inspector in `data_dir`. Raises UnreachableError if none runs there."""
        return cls(data_dir.read_addresses().api, data_dir.read_api_token())

    def headers(self) -> dict[str, str]:
        """Return what every request carries."""
        return {"Authorization": f"Bearer {self.token}"}


class Transport:
    """Calls one inspector or, where its data directory is known, its successors on other ports."""

    def __init__(self, place: Place, data_dir: DataDir | None = None) -> None:
        self.place = place
        self._data_dir = data_dir
        self._asking: aiohttp.ClientSession | None = None
        """For GET: its connections are kept, and where the other side has just closed one, aiohttp asks once more."""
        self._telling: aiohttp.ClientSession | None = None
        """For all else, which may be done once only: each time a connection of its own."""

    def open(self) -> None:
        """Make ready to call; on the event loop."""
        self._asking = _session(is_kept=True)
        self._telling = _session(is_kept=False)

    async def close(self) -> None:
        """End whatever is open."""
        for session in (self._asking, self._telling):
            if session is not None:
                await session.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JSON | None = None,
        invalid: type[HooktapError] = ConfigError,
    ) -> bytes:
        """Return the body of the answer; raise its sentence if it is an error, as `invalid` if it is 400."""
        session = self._asking if method == "GET" else self._telling
        if session is None:
            raise RuntimeError("use the client inside its `async with` block")
        while True:
            place = self.place
            try:
                async with session.request(
                    method,
                    place.url + path,
                    params=params,
                    json=body,
                    headers=place.headers(),
                    allow_redirects=False,
                ) as response:
                    answer = await response.read()
            except aiohttp.ClientConnectorError as error:
                # Nothing was sent, so asking elsewhere cannot do it twice.
                if not self.has_moved():
                    raise UnreachableError(f"no inspector answers at {place.url}") from error
                continue
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UnreachableError(f"the answer of {place.url} did not arrive") from error
            if response.status == 200:
                return answer
            if response.status != 401 or not self.has_moved():
                raise refusal(response.status, answer, invalid)

    def has_moved(self) -> bool:
        """Look again where the inspector is; whether that is a new place."""
        if self._data_dir is None:
            return False
        try:
            place = Place.of(self._data_dir)
        except UnreachableError:
            return False
        moved = place != self.place
        self.place = place
        return moved


def _session(*, is_kept: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(force_close=not is_kept),
    )


def read(parse: Callable[[Any], T], text: str | bytes) -> T:
    """Return what `parse` makes of an answer's JSON. Raises HooktapError if it is of another shape."""
    try:
        return parse(json.loads(text))
    except (ValueError, KeyError, TypeError) as error:
        raise HooktapError(
            "the inspector answers in words unknown here: it is of another version (restart it)"
        ) from error


def refusal(
    status: int, answer: bytes | bytearray, invalid: type[HooktapError] = ConfigError
) -> HooktapError:
    """Return the error that an answer other than 200 stands for."""
    try:
        sentence = str(json.loads(answer)["error"])
    except (ValueError, KeyError, TypeError):
        return UnreachableError(f"what answers there with {status} is not an inspector")
    return (invalid if status == 400 else ERRORS.get(status, HooktapError))(sentence)
