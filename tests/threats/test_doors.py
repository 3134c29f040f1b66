"""T1-T4, T20: nobody comes in by the private door without the token, and no web page comes in at all.

The routes are those of the application itself, so that one added tomorrow is walked too; the door is a real process.
"""

import base64
import inspect
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from inspector import api
from inspector.client import Client
from inspector.core.edits import Edit
from tests import fakes, process
from tests.api.rawhttp import Answer, ask
from tests.wire import Wire, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

CANARY = "c4n4ry"
OURS = {
    "Content-Type": "application/json",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"0123456789abcdef").decode(),
}
BODILESS = {"GET", "HEAD", "OPTIONS", "TRACE"}


class Attack(NamedTuple):
    """Headers in the place of a good caller's, None for one that is left out, and how they are refused."""

    status: int
    headers: dict[str, str | None]


# PORT is the API's own, INGRESS the public door's.
FOREIGN_HOSTS = (
    *("evil.example", "evil.example:PORT", "localhost.evil:PORT", "127.0.0.1.nip.io:PORT"),
    *("localhost.:PORT", "LOCALHOST.", "127.0.0.1.:PORT", "[::1].:PORT", "[::ffff:127.0.0.1]:PORT"),
    *("[::]:PORT", "0.0.0.0:PORT", "2130706433:PORT", "127.1:PORT", "0x7f.0.0.1:PORT", "::1"),
    *("user@127.0.0.1:PORT", "127.0.0.1:PORT@evil.example", "localhost:INGRESS", "127.0.0.1:"),
    *("127.0.0.1:PORT:PORT", "localhost, evil.example", "http://127.0.0.1:PORT", ""),
)
FOREIGN_ORIGINS = (
    *("null", "", "http://evil.example", "http://evil.example:PORT", "https://127.0.0.1:PORT"),
    *("http://127.0.0.1", "http://127.0.0.1:INGRESS", "http://localhost:PORT", "file://"),
    *("http://127.0.0.1:PORT/", "http://127.0.0.1:PORT.evil.example", "http://[::1]:PORT"),
    *("http://user@127.0.0.1:PORT", "HTTP://127.0.0.1:PORT", "ws://127.0.0.1:PORT"),
)
NO_TOKENS = (
    *(None, "", "Bearer", "Bearer ", "Bearer 0", f"Bearer {'0' * 64}", "Basic dTpw"),
    *("Bearer TOKEN0", "Bearer TOKEN, Bearer x", "Basic TOKEN", "TOKEN", "Token TOKEN"),
)
NO_JSON = (
    *(None, "", "text/plain", "application/x-www-form-urlencoded", "text/json"),
    *("multipart/form-data; boundary=x", "text/plain; application/json", "application/jsonx"),
)
ATTACKS = {
    **{f"Host {host!r}": Attack(403, {"Host": host}) for host in FOREIGN_HOSTS},
    **{f"Origin {origin!r}": Attack(403, {"Origin": origin}) for origin in FOREIGN_ORIGINS},
    **{f"token {token!r}": Attack(401, {"Authorization": token}) for token in NO_TOKENS},
    **{
        f"fetched from {site}": Attack(403, {"Sec-Fetch-Site": site, "Origin": None})
        for site in ("cross-site", "same-site")
    },
    "a page that was rebound": Attack(
        403, {"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT"}
    ),
    "a page without the token": Attack(
        403, {"Origin": "http://evil.example", "Authorization": None}
    ),
    "a page of our own without the token": Attack(
        401, {"Origin": "http://127.0.0.1:PORT", "Authorization": None}
    ),
    "a token in a cookie": Attack(401, {"Authorization": None, "Cookie": "token=TOKEN"}),
}


def routes() -> list[tuple[str, str]]:
    """Return method and path of every route the API has; its parts are not needed for that."""
    parts: dict[str, Any] = dict.fromkeys(inspect.signature(api.create_app).parameters)
    app = api.create_app(**parts | {"token": "x"})
    found = {
        (route.method, _path(route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None
    }
    return sorted(found)


def _path(pattern: str) -> str:
    """Return a path that leads to something: delivery 1, attempt 3, or an endpoint."""
    number = "3" if "attempts/" in pattern else "1"
    return pattern.replace("{id}", number).replace("{name}", "demo")


@dataclass(frozen=True)
class Door:
    """A running inspector that holds one delivery, one attempt, and a canary in both."""

    running: process.Running

    @property
    def port(self) -> int:
        return int(urlsplit(self.running.api).port or 0)

    def _filled(self, text: str) -> str:
        ingress = str(urlsplit(self.running.ingress).port)
        token = self.running.data_dir.read_api_token()
        return (
            text.replace("PORT", str(self.port)).replace("INGRESS", ingress).replace("TOKEN", token)
        )

    async def ask(
        self, method: str, path: str, changes: Mapping[str, str | None] | None = None
    ) -> Answer:
        """Ask as a good caller would, but for `changes`."""
        good: dict[str, str | None] = {
            "Host": "127.0.0.1:PORT",
            "Authorization": "Bearer TOKEN",
            **OURS,
        }
        fields = [
            (name, self._filled(value))
            for name, value in (good | dict(changes or {})).items()
            if value is not None
        ]
        body = b"" if method in BODILESS else b"{}"
        return await ask(self.port, method, self._filled(path), fields, body)

    def counts(self) -> list[int]:
        """Count everything that is stored."""
        uri = f"{self.running.data_dir.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return [
                database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                for (name,) in tables.fetchall()
            ]

    def assert_refused(self, answer: Answer, status: int) -> None:
        """A sentence, and no data of ours."""
        assert answer.status == status
        assert answer.error
        assert CANARY not in answer.body.decode()
        assert self.running.data_dir.read_api_token() not in str(answer)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert not {"set-cookie", "location", "upgrade"} & answer.headers.keys()


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="door")
async def make_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with (
        fakes.serve(fakes.answering(fakes.answer(200, ("X-Canary", CANARY)))) as target,
        process.inspector(
            tmp_path_factory.mktemp("door"), "--forward-to", f"{target.url}/{CANARY}"
        ) as running,
    ):
        wire = Wire(headers=((b"X-Canary", CANARY.encode()),), body=CANARY.encode())
        assert stored_as(await talk(running.ingress, wire.raw)) == 1
        async with Client.of(running.data_dir) as client:
            await client.replay(1, edit=Edit(body=f"{CANARY}, edited".encode()))
        assert [(await running.line())["id"] for _ in range(3)] == [1, 2, 3]
        yield Door(running)


async def test_every_route_is_there(door: Door) -> None:
    """The walk is worth something: a good caller is answered everywhere, on the WebSocket with 101."""
    walked = routes()
    assert len(walked) >= 15
    assert ("GET", "/api/feed") in walked
    for method, path in walked:
        if method == "GET":
            answer = await door.ask(method, path)
            assert answer.status == (101 if path == "/api/feed" else 200), path


@pytest.mark.parametrize("name", ATTACKS)
async def test_every_route_refuses(door: Door, name: str) -> None:
    """Every route, and some that there are not, for every kind of caller that may not call; nothing is done."""
    status, changes = ATTACKS[name]
    before = door.counts()
    for method, path in [*routes(), ("GET", "/"), ("POST", "/api/nope"), ("OPTIONS", "/api/feed")]:
        door.assert_refused(await door.ask(method, path, changes), status)
    assert door.counts() == before


@pytest.mark.parametrize("content_type", NO_JSON)
async def test_no_form_does_anything(door: Door, content_type: str | None) -> None:
    """What a page may post without asking first changes nothing, even if it came to know the token (T3)."""
    before = door.counts()
    for method, path in routes():
        if method == "POST":
            answer = await door.ask(method, path, {"Content-Type": content_type})
            door.assert_refused(answer, 415)
    assert door.counts() == before


@pytest.mark.parametrize(
    "query", ["?token=TOKEN", "?access_token=TOKEN", "?authorization=Bearer%20TOKEN"]
)
async def test_a_token_in_a_url_opens_nothing(door: Door, query: str) -> None:
    for method, path in routes():
        answer = await door.ask(method, path + query, {"Authorization": None})
        door.assert_refused(answer, 401)


async def test_a_preflight_gets_no_permission(door: Door) -> None:
    """A browser that asks first is never told that it may."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
        "Access-Control-Request-Private-Network": "true",
    }
    for _, path in routes():
        door.assert_refused(await door.ask("OPTIONS", path, {"Authorization": None, **asked}), 401)
        door.assert_refused(await door.ask("OPTIONS", path, asked), 405)


async def test_an_absolute_target_changes_nothing(door: Door) -> None:
    """`GET http://evil.example/api/...` is judged by the Host that came, and by the token."""
    path = "http://127.0.0.1:PORT/api/deliveries"
    door.assert_refused(await door.ask("GET", path, {"Authorization": None}), 401)
    door.assert_refused(await door.ask("GET", path, {"Host": "evil.example:PORT"}), 403)


async def test_two_hosts_are_none(door: Door) -> None:
    """One that is ours does not cover for one that is not."""
    token = door.running.data_dir.read_api_token()
    own = f"127.0.0.1:{door.port}"
    for hosts in ((own, "evil.example"), ("evil.example", own)):
        fields = [*(("Host", host) for host in hosts), ("Authorization", f"Bearer {token}")]
        answer = await ask(door.port, "GET", "/api/deliveries", fields)
        assert answer.status == 400
        assert CANARY not in answer.body.decode()


async def test_the_token_is_told_to_nobody(door: Door) -> None:
    """No answer has it: it stands in its file alone, which a client must be able to read (T20)."""
    token = door.running.data_dir.read_api_token()
    answers = [await door.ask(method, path) for method, path in routes() if method == "GET"]
    assert token not in str(answers)
    assert len(token) == 64
