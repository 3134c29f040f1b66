import base64
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from inspector.api.guard import carries, is_own_host, is_own_origin
from inspector.core.edits import Edit
from inspector.core.model import Endpoint
from inspector.datadir import DataDir
from tests import factories
from tests.api.rawhttp import Answer, ask
from tests.api.serving import Serving, serving

Fields = list[tuple[str, str | bytes]]

OWN_HOSTS = [
    "127.0.0.1:8401",
    "127.0.0.1",
    "127.9.8.7:8401",
    "localhost:8401",
    "LOCALHOST:8401",
    "LocalHost",
    "[::1]:8401",
    "[::1]",
]
FOREIGN_HOSTS = [
    "",
    "evil.example",
    "evil.example:8401",
    "localhost.evil",
    "localhost.evil:8401",
    "127.0.0.1.nip",
    "127.0.0.1.nip.io:8401",
    "localhost.",
    "localhost.:8401",
    "127.0.0.1.:8401",
    "user@127.0.0.1:8401",
    "localhost@evil.example:8401",
    "[::ffff:127.0.0.1]:8401",
    "[::1%lo]:8401",
    "[::1].evil",
    "::1",
    "0.0.0.0:8401",
    "127.1:8401",
    "0177.0.0.1:8401",
    "2130706433:8401",
    "128.0.0.1:8401",
    "localhost:8400",
    "localhost:",
    "localhost:8401:8401",
    "localhost:8401.evil",
    "localhost, evil.example",
    "127.0.0.\u0661:8401",
]
FOREIGN_ORIGINS = [
    "null",
    "",
    "http://evil.example",
    "http://evil.example:8401",
    "http://127.0.0.1",
    "http://127.0.0.1:8400",
    "https://127.0.0.1:8401",
    "http://localhost:8401",
    "http://127.0.0.1:8401/",
    "http://127.0.0.1:8401.evil.example",
    "file://",
]


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_own_hosts(host: str) -> None:
    """Loopback by name or literal, with our port or none, in any case."""
    assert is_own_host(host, 8401)


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_foreign_hosts(host: str) -> None:
    """A name that only looks like loopback is what DNS rebinding brings."""
    assert not is_own_host(host, 8401)


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_foreign_origins(origin: str) -> None:
    """Only a page of exactly the address that Host names is ours."""
    assert not is_own_origin([origin], "127.0.0.1:8401", 8401)
    assert not is_own_origin([origin, "http://127.0.0.1:8401"], "127.0.0.1:8401", 8401)


def test_own_origin() -> None:
    """No Origin, as from a program, or our own."""
    assert is_own_origin([], "127.0.0.1:8401", 8401)
    assert is_own_origin(["http://127.0.0.1:8401"], "127.0.0.1:8401", 8401)
    assert is_own_origin(["http://localhost:8401"], "LOCALHOST:8401", 8401)
    assert is_own_origin(["http://localhost:8401"], "localhost", 8401)


def test_token() -> None:
    """The scheme has no case; the token is compared whole, as bytes."""
    assert carries("Bearer secret", b"secret")
    assert carries("bearer secret", b"secret")
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "secret",
        "Basic secret",
        "Bearer secre",
        "Bearer  secret",
    ]:
        assert not carries(wrong, b"secret")
    assert not carries("Bearer caf\udce9", b"secret")


class Walk:
    """Every route there is, and some there are not, over a store that holds a canary."""

    def __init__(self, api: Serving) -> None:
        self._api = api
        self.routes: set[tuple[str, str]] = {
            (route.method, _path(route.resource.canonical))
            for route in api.app.router.routes()
            if route.resource is not None
        }
        self.elsewhere = {("GET", "/"), ("POST", "/api/nope"), ("PUT", "/api/health")}

    def fields(self, **changed: str | bytes | None) -> Fields:
        """Return the headers of a good caller, some of them changed, or with None left out."""
        good: dict[str, str | bytes | None] = {
            "Host": f"127.0.0.1:{self._api.port}",
            "Authorization": f"Bearer {self._api.token}",
            "Content-Type": "application/json",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        good.update((name.replace("_", "-"), value) for name, value in changed.items())
        return [(name, value) for name, value in good.items() if value is not None]

    async def answers(self, fields: Fields, *, elsewhere: bool = True) -> Sequence[Answer]:
        paths = self.routes | self.elsewhere if elsewhere else self.routes
        return [
            await ask(
                self._api.port, method, path, fields, b"{}" if method in ("POST", "PUT") else b""
            )
            for method, path in sorted(paths)
        ]

    def refused(self, answers: Sequence[Answer], status: int) -> None:
        for answer in answers:
            assert answer.status == status
            assert answer.error
            assert b"canary" not in answer.body
        assert self._api.pipeline.asked == []
        assert self._api.samples.asked == []


def _path(pattern: str) -> str:
    """Return a path of the route that leads to something: delivery 1, attempt 2, or an endpoint."""
    number = "2" if "attempts/" in pattern else "1"
    return pattern.replace("{id}", number).replace("{name}", "shop")


@pytest.fixture
async def walk(tmp_path: Path) -> AsyncIterator[Walk]:
    async with serving(DataDir(tmp_path / "data")) as api:
        await api.store.append_delivery(factories.delivery(body=b"canary", event="canary"))
        edit = Edit(body=b"canary")
        await api.store.append_attempt(
            factories.attempt(
                result=factories.response(body=b"canary", body_bytes=6),
                edited=edit.parts,
            ),
            edit=edit,
        )
        api.endpoints.rows = [Endpoint("shop", target="http://127.0.0.1:3000")]
        yield Walk(api)


async def test_a_good_caller_comes_in_everywhere(walk: Walk) -> None:
    """The walk covers every route, and each answers one that may call, the WebSocket with 101."""
    answers = await walk.answers(walk.fields(), elsewhere=False)
    assert len(answers) == len(walk.routes) >= 19
    assert {answer.status for answer in answers} == {200, 101, 400}  # 400: a sample of no provider


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer 0",
        "Basic dTpw",
        b"Bearer caf\xe9",
        "Bearer " + "0" * 64,
    ],
)
async def test_without_the_token(walk: Walk, authorization: str | bytes | None) -> None:
    """No path is open, also none that does not exist."""
    answers = await walk.answers(walk.fields(Authorization=authorization))
    walk.refused(answers, 401)
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}


async def test_the_token_in_the_query(walk: Walk) -> None:
    """A token in a URL ends up in logs and histories: it opens nothing."""
    api = walk._api
    for query in (f"?token={api.token}", f"?access_token={api.token}"):
        answer = await ask(
            api.port, "GET", f"/api/deliveries{query}", walk.fields(Authorization=None)
        )
        assert answer.status == 401


@pytest.mark.parametrize("host", [host for host in FOREIGN_HOSTS if host.isascii()])
async def test_another_host(walk: Walk, host: str) -> None:
    """DNS rebinding: the browser sends the name of the page, whatever address it came to have."""
    walk.refused(await walk.answers(walk.fields(Host=host)), 403)
    walk.refused(await walk.answers(walk.fields(Host=host, Authorization=None)), 403)


async def test_no_host(walk: Walk) -> None:
    """HTTP/1.0 may leave Host out; here it may not."""
    api = walk._api
    answer = await ask(
        api.port, "GET", "/api/deliveries", walk.fields(Host=None), version="HTTP/1.0"
    )
    walk.refused([answer], 403)
    answer = await ask(api.port, "GET", "/api/deliveries", walk.fields(Host=None))
    assert answer.status == 400


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_every_own_host(walk: Walk, host: str) -> None:
    """Each name of loopback is answered."""
    host = host.replace("8401", str(walk._api.port))
    answers = await walk.answers(walk.fields(Host=host), elsewhere=False)
    assert not {401, 403} & {answer.status for answer in answers}


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("token", [True, False])
async def test_another_origin(walk: Walk, origin: str, *, token: bool) -> None:
    """A page of any other origin is refused, with the token or without, before the WebSocket is one."""
    origin = origin.replace("8401", str(walk._api.port))
    fields = walk.fields(Origin=origin) if token else walk.fields(Origin=origin, Authorization=None)
    walk.refused(await walk.answers(fields), 403)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
async def test_another_site(walk: Walk, site: str) -> None:
    """An image or a script tag sends no Origin, but says where it stands."""
    walk.refused(await walk.answers(walk.fields(Sec_Fetch_Site=site)), 403)


async def test_our_own_page(walk: Walk) -> None:
    """Our own origin may call, with the token."""
    own = f"http://127.0.0.1:{walk._api.port}"
    walk.refused(await walk.answers(walk.fields(Origin=own, Authorization=None)), 401)
    fields = walk.fields(Origin=own, Sec_Fetch_Site="same-origin")
    answers = await walk.answers(fields, elsewhere=False)
    assert not {401, 403} & {answer.status for answer in answers}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/json-seq",
    ],
)
async def test_a_post_that_a_form_could_send(walk: Walk, content_type: str | None) -> None:
    """What a page may send without asking first is not taken, even with the token."""
    posts = [
        await ask(walk._api.port, "POST", path, walk.fields(Content_Type=content_type), b"{}")
        for path in ("/api/deliveries/1/replay", "/api/samples")
    ]
    walk.refused(posts, 415)


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "DELETE", "PUT", "PATCH", "TRACE"])
async def test_no_other_method(walk: Walk, method: str) -> None:
    """A preflight gets no permission, and no method but those described does anything."""
    api = walk._api
    for path in ("/api/health", "/api/deliveries/1/replay"):
        answer = await ask(api.port, method, path, walk.fields(Authorization=None))
        assert answer.status == 401
        answer = await ask(api.port, method, path, walk.fields())
        assert answer.status == 405
        assert answer.headers["allow"] in {"GET", "POST"}


async def test_every_answer_is_inert(walk: Walk) -> None:
    """Nothing is guessed, cached, framed, run or shared with another origin, whatever the answer."""
    answers = [
        *await walk.answers(walk.fields()),
        *await walk.answers(walk.fields(Authorization=None)),
        *await walk.answers(walk.fields(Host="evil.example")),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "set-cookie" not in answer.headers


async def test_an_empty_token_is_none(tmp_path: Path) -> None:
    """An API whose token is empty would be open: it does not come to be."""
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    (data_dir.path / "api-token").write_bytes(b"\n")
    async with serving(data_dir) as api:
        answer = await ask(
            api.port,
            "GET",
            "/api/health",
            [("Host", f"127.0.0.1:{api.port}"), ("Authorization", "Bearer ")],
        )
    assert answer.status == 401
