"""T1, T2, T4, T20: nobody opens a terminal from a web page, nor without what the one-time link was exchanged for.

The routes are those of the application itself, so that one added tomorrow is walked too.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from inspector.web import create_app
from inspector.web.door import ENTRY
from tests.api.rawhttp import Answer, ask
from tests.threats.test_doors import FOREIGN_HOSTS, FOREIGN_ORIGINS, OURS
from tests.web.serving import TOKEN, Served, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

UPGRADE = {name: value for name, value in OURS.items() if name != "Content-Type"}


# In the place of a good browser's headers; None for one that is left out.
ATTACKS: dict[str, dict[str, str | None]] = {
    **{f"Host {host!r}": ({"Host": host}) for host in FOREIGN_HOSTS},
    **{f"Origin {origin!r}": ({"Origin": origin}) for origin in FOREIGN_ORIGINS},
    **{
        f"fetched from {site}": ({"Sec-Fetch-Site": site, "Origin": None})
        for site in ("cross-site", "same-site")
    },
    "a page that was rebound": {"Host": "evil.example:PORT", "Origin": "http://evil.example:PORT"},
}
NO_COOKIE: dict[str, str | None] = {"Cookie": None}
NO_KEYS: dict[str, dict[str, str | None]] = {
    "nothing": {},
    "no value": {"Cookie": "hooktap-PORT="},
    "another value": {"Cookie": f"hooktap-PORT={'A' * 43}"},
    "a longer value": {"Cookie": "KEY0"},
    "another port's cookie": {"Cookie": "hooktap-1=VALUE"},
    "the API's token in the cookie": {"Cookie": f"hooktap-PORT={TOKEN}"},
    "no ASCII": {"Cookie": "hooktap-PORT=\xff\xfe"},
    "another token": {"Authorization": "Bearer 0"},
    "an empty token": {"Authorization": "Bearer "},
    "the cookie's value as a token": {"Authorization": "Bearer VALUE"},
}


class Guarded:
    """A served door, and the cookie of a browser that is in."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.key = ""

    def paths(self) -> list[str]:
        """Return a path to every route, and some to none."""
        resources = self.served.app.router.resources()
        found = {each.canonical for each in resources}
        found = {f"{path}/js/textual.js" if path == "/static" else path for path in found}
        return sorted(found | {"/nope", "/static/", "/static/../door.py", "/download/x"})

    async def ask(
        self, path: str, changes: Mapping[str, str | None] | None = None, method: str = "GET"
    ) -> Answer:
        """Ask as a browser that is in would, but for `changes`."""
        good: dict[str, str | None] = {"Host": "127.0.0.1:PORT", "Cookie": "KEY", **UPGRADE}
        fields = [
            (name, self._filled(value))
            for name, value in (good | dict(changes or {})).items()
            if value is not None
        ]
        return await ask(self.served.port, method, path, fields)

    async def enter(self) -> str:
        """Go in by a link; return the cookie."""
        link = self.served.door.link("")
        answer = await ask(
            self.served.port, "GET", link, [("Host", f"127.0.0.1:{self.served.port}")]
        )
        assert answer.status == 303
        assert answer.headers["location"] == "/"
        assert answer.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=Strict")
        return answer.headers["set-cookie"].partition(";")[0]

    def _filled(self, text: str) -> str:
        value = self.key.partition("=")[2]
        filled = text.replace("PORT", str(self.served.port)).replace("INGRESS", "8400")
        return filled.replace("KEY", self.key).replace("VALUE", value)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="guarded")
async def make_guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    async with serving(tmp_path_factory.mktemp("web")) as served:
        guarded = Guarded(served)
        guarded.key = await guarded.enter()
        yield guarded


def assert_refused(answer: Answer) -> None:
    """A sentence, no page, and nothing to go on with."""
    assert answer.status == 403
    assert answer.body
    assert b"<" not in answer.body
    assert not {"set-cookie", "location", "upgrade"} & answer.headers.keys()
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_every_route_is_there(guarded: Guarded) -> None:
    """The walk is worth something: a browser that is in is answered everywhere."""
    for path in guarded.paths():
        answer = await guarded.ask(path)
        if path == "/ws":
            assert answer.status == 101
        elif path == ENTRY:
            assert answer.status == 403  # a code is wanted even so
        elif path in {"/", "/page.js", "/static/js/textual.js"}:
            assert answer.status == 200
        else:
            assert answer.status in {403, 404}, path


@pytest.mark.parametrize("name", ATTACKS)
async def test_no_other_page_comes_in(guarded: Guarded, name: str) -> None:
    """With the cookie, which a browser may send along, and with a code that is right."""
    code = guarded.served.door.link("")
    for path in [*guarded.paths(), code]:
        assert_refused(await guarded.ask(path, ATTACKS[name]))
    assert guarded.served.entered == ["in"]


@pytest.mark.parametrize("name", NO_KEYS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
async def test_nobody_comes_in_without_the_cookie(guarded: Guarded, name: str, method: str) -> None:
    for path in guarded.paths():
        if path != ENTRY or method in {"GET", "HEAD"}:
            answer = await guarded.ask(path, NO_COOKIE | NO_KEYS[name], method)
            assert answer.status == 403
            assert not {"set-cookie", "location", "upgrade"} & answer.headers.keys()


async def test_the_api_token_opens_it(guarded: Guarded) -> None:
    """A program that may call the API may open a terminal."""
    headers: dict[str, str | None] = {"Cookie": None, "Authorization": f"Bearer {TOKEN}"}
    assert (await guarded.ask("/", headers)).status == 200
    assert (await guarded.ask("/ws", headers)).status == 101


@pytest.mark.parametrize("query", ["", "?code=", "?code=x", "?code=%FF", "?token=t0ken"])
async def test_another_code(guarded: Guarded, query: str) -> None:
    """No code is none, also where none is given out at the moment."""
    await guarded.enter()
    for headers in ({}, NO_COOKIE):
        assert_refused(await guarded.ask(ENTRY + query, headers))
    guarded.served.door.link("")
    assert_refused(await guarded.ask(ENTRY + query))


async def test_a_code_opens_once(guarded: Guarded) -> None:
    """And not at all when another was made after it (T20)."""
    first, second = guarded.served.door.link(""), guarded.served.door.link("")
    assert_refused(await guarded.ask(first))
    assert (await guarded.ask(second)).status == 303
    assert_refused(await guarded.ask(second))


async def test_a_code_is_no_key(guarded: Guarded) -> None:
    """It opens the entry alone, and stands in no page."""
    link = guarded.served.door.link("")
    code = link.partition("=")[2]
    for path in guarded.paths():
        if path != ENTRY:
            assert_refused(await guarded.ask(f"{path}?code={code}", {"Cookie": None}))
            cookie = f"hooktap-{guarded.served.port}={code}"
            assert_refused(await guarded.ask(path, {"Cookie": cookie}))
            assert code not in str(await guarded.ask(path))


async def test_every_answer_is_hardened(guarded: Guarded) -> None:
    """Nothing may be loaded from another machine, and no page may lay ours under its own."""
    for path in guarded.paths():
        headers = (await guarded.ask(path)).headers
        policy = headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    page = await guarded.ask("/")
    assert b"https:" not in page.body
    assert b"http:" not in page.body


async def test_an_empty_token_is_none() -> None:
    with pytest.raises(ValueError, match="empty token"):
        create_app(token="", command=("true",), log=Path("x"), on_entry=print)
