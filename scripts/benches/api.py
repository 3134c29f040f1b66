"""A person's look at a running inspector: pages of deliveries through its API, over one connection."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from inspector.datadir import DataDir
from scripts.benches import contestants

PAGE = 100
"""Deliveries on one, as the terminal asks for them."""
TIMEOUT_S = 600
LOOK_EVERY_S = 1.0
BEGUN_S = 15.0
"""Within which an inspector that has a text index has begun it."""
NOTHING = "body:nothinglikeit"
"""A search that nothing matches."""


class RefusedError(Exception):
    """The API did not answer with a page; its reason."""


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    numbers: list[int]
    calls: int
    """The API gives what it finds in a moment, and says where the next call goes on: so many it took."""
    took_ms: float
    """Until the page was full or everything had been looked through."""


class Api:
    """Asks one inspector."""

    def __init__(self, connection: http.client.HTTPConnection, token: str) -> None:
        self._connection = connection
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> bytes:
        """Return the body of a 200. Raises RefusedError."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RefusedError(_reason(body))
        return body

    def page(self, **parameters: str | int) -> dict[str, Any]:
        """Return one answer of the API."""
        page: dict[str, Any] = json.loads(self.get(f"/api/deliveries?{urlencode(parameters)}"))
        return page

    def search(self, query: str) -> Found:
        """Look for a whole page, in as many calls as it takes."""
        started_s = time.perf_counter()
        numbers: list[int] = []
        parameters: dict[str, str | int] = {"query": query} if query else {}
        calls = 0
        while True:
            calls += 1
            page = self.page(**parameters, limit=PAGE - len(numbers))
            numbers += [each["id"] for each in page["deliveries"]]
            stopped = page.get("stopped")
            if stopped is None or len(numbers) == PAGE:
                return Found(numbers, calls, (time.perf_counter() - started_s) * 1000)
            parameters["before"] = stopped["at"]

    @property
    def newest(self) -> int:
        """The newest delivery's number; 0 if there is none."""
        return max((each["id"] for each in self.page(limit=1)["deliveries"]), default=0)

    def wait_indexed(self) -> float | None:
        """Return how long it took until no body has to be read for a search; None if that never comes."""
        started_s = time.monotonic()
        while True:
            took_s = time.monotonic() - started_s
            try:
                index = self.page(query=NOTHING).get("text_index")
            except RefusedError:
                return None
            if index is None or (not index["available"] and took_s > BEGUN_S):
                return None
            if index["available"] and index["upto"] >= index["newest"]:
                return took_s
            time.sleep(LOOK_EVERY_S)  # the API tells nobody when it is


@contextmanager
def looking_at(data_dir: Path) -> Iterator[Api]:
    """Run an inspector on a data directory, and ask it."""
    with contestants.hooktap("looked at", data_dir), connected(data_dir) as api:
        yield api


@contextmanager
def connected(data_dir: Path) -> Iterator[Api]:
    """Ask the inspector that runs in a data directory."""
    opened = DataDir(data_dir)
    address = urlsplit(opened.read_addresses().api).netloc
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        yield Api(connection, opened.read_api_token())
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    """Return the first line of what the API says was wrong."""
    try:
        said = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")[:200]
    error = said.get("error", said) if isinstance(said, dict) else said
    return str(error).partition("\n")[0]
