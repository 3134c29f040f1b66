"""What an endpoint requires, from hooktap.toml over a real socket to the target."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector import config, server
from inspector.core.admission import equip
from inspector.core.model import Attempt, Delivery, Outcome, Record, Request, Response
from inspector.server import Inspector
from inspector.simulate import sender
from tests import factories, fakes

TOKEN = "s3cr3t-cAnArY"
REQUIRE = """
    [endpoint.wink.require]
    path = { env = "TOKEN" }
    query = { token = { env = "TOKEN" } }
    header = { X-Token = { env = "TOKEN" } }
    basic = { user = "hotel", password = { env = "TOKEN" } }
    source = "127.0.0.1"
"""


@dataclass
class Road:
    """A running inspector that requires something of Wink, and the target behind it."""

    inspector: Inspector
    target: fakes.Target

    async def post(self, request: Request) -> int:
        """Send a request whose target stands for what follows the ingress' address."""
        answer = await sender.send(self.inspector.addresses.ingress, request)
        return answer.status

    def equipped(self, target: bytes = b"/in/wink") -> Request:
        endpoint = self.inspector.endpoints.get("wink")
        assert endpoint is not None
        return equip(endpoint.overlays, factories.request(target=target))

    async def delivery(self, number: int = 1) -> Delivery:
        found = await self.inspector.store.delivery(number)
        assert found is not None
        return found

    async def attempts(self, count: int) -> list[Attempt]:
        """Wait until the feed has shown `count` attempts."""
        found: list[Attempt] = []
        records: AsyncIterator[Record]
        async with aclosing(self.inspector.feed.subscribe(0)) as records:
            async for record in records:
                if isinstance(record, Attempt):
                    found.append(record)
                if len(found) == count:
                    break
        return found


async def refusing_once(peer: fakes.Peer) -> None:
    """Answers the first request of all with 503."""
    while await peer.take():
        await peer.say(fakes.answer(503) if len(peer.target.requests) == 1 else fakes.OK)


@asynccontextmanager
async def road(
    folder: Path, text: str, *, top: str = "", script: fakes.Script | None = None
) -> AsyncIterator[Road]:
    async with fakes.serve(script or fakes.answering()) as target:
        written = (
            f'[inspector]\nport = 0\napi_port = 0\n{top}\n[endpoint.wink]\nprovider = "wink"\n'
        )
        (folder / "hooktap.toml").write_text(f'{written}forward_to = "{target.url}/hooks"\n{text}')
        settings = config.load(environ={"TOKEN": TOKEN}, cwd=folder, data_dir=folder / "data")
        async with server.running(settings) as inspector:
            yield Road(inspector, target)


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


async def test_who_shows_all_of_it_is_verified(tmp_path: Path) -> None:
    """And what is part of our address does not reach the app: not forwarded, not replayed."""
    async with road(tmp_path, REQUIRE) as wink:
        status = await wink.post(wink.equipped(b"/in/wink/extra?x=1"))
        await wink.attempts(1)
        await wink.inspector.pipeline.replay(1)
        attempts = await wink.attempts(2)
        delivery = await wink.delivery()

    assert status == 200
    assert delivery.verification.outcome is Outcome.VERIFIED
    assert delivery.verification.detail == (
        "the secret path segment, the query parameter 'token', the header X-Token, the Basic login "
        "and the source address 127.0.0.1 are as configured; "
        "Wink documents no signature, so nothing shows that the body is as sent"
    )
    assert delivery.verification.covered == (
        "secret path",
        "query token",
        "header X-Token",
        "basic login",
        "source address",
    )
    line = f"POST /hooks/extra?token={TOKEN}&x=1 HTTP/1.1".encode()
    assert [taken.line for taken in wink.target.requests] == [line, line]
    assert all(f"/{TOKEN}" not in attempt.url for attempt in attempts)


async def test_a_retry_leaves_the_secret_out_as_well(tmp_path: Path) -> None:
    retry = "retry = { attempts = 2, first_s = 0.001 }\n[endpoint.wink.require]\n"
    async with road(tmp_path, retry + 'path = { env = "TOKEN" }', script=refusing_once) as wink:
        await wink.post(wink.equipped())
        attempts = await wink.attempts(2)

    assert [each.result.status for each in attempts if isinstance(each.result, Response)] == [
        503,
        200,
    ]
    assert [taken.line for taken in wink.target.requests] == [b"POST /hooks HTTP/1.1"] * 2


@pytest.mark.parametrize("reply", ["ack", "target"])
async def test_the_targets_own_answer_changes_nothing(tmp_path: Path, reply: str) -> None:
    async with road(tmp_path, f'reply = "{reply}"{REQUIRE}') as wink:
        assert await wink.post(wink.equipped()) == 200
        await wink.attempts(1)

    line = f"POST /hooks?token={TOKEN} HTTP/1.1".encode()
    assert [taken.line for taken in wink.target.requests] == [line]


@pytest.mark.parametrize(
    ("target", "outcome", "said"),
    [
        (b"/in/wink", Outcome.MISSING, "the query parameter 'token' is absent: "),
        (
            b"/in/wink?token=x",
            Outcome.MISMATCH,
            "the query parameter 'token' is not the configured",
        ),
    ],
)
async def test_who_does_not_is_refused(
    tmp_path: Path, target: bytes, outcome: Outcome, said: str
) -> None:
    """Where the endpoint asks for it: answered 401 and not forwarded, but stored."""
    require = (
        'on_invalid = "reject"\n[endpoint.wink.require]\nquery = { token = { env = "TOKEN" } }'
    )
    async with road(tmp_path, require) as wink:
        status = await wink.post(factories.request(target=target))
        delivery = await wink.delivery()

    assert status == 401
    assert delivery.verification.outcome is outcome
    assert delivery.verification.detail.startswith(said)
    assert wink.target.requests == []


async def test_a_wrong_segment_is_not_ours(tmp_path: Path) -> None:
    """Accepted all the same, it is passed on as it came: it may be the app's own path."""
    async with road(tmp_path, '[endpoint.wink.require]\npath = { env = "TOKEN" }') as wink:
        await wink.post(factories.request(target=b"/in/wink/other/x"))
        await wink.attempts(1)
        delivery = await wink.delivery()

    assert delivery.verification.outcome is Outcome.MISMATCH
    assert [taken.line for taken in wink.target.requests] == [b"POST /hooks/other/x HTTP/1.1"]


@pytest.mark.parametrize(
    ("proxies", "outcome"), [("[]", Outcome.MISMATCH), ('["127.0.0.1"]', Outcome.VERIFIED)]
)
async def test_behind_a_tunnel(tmp_path: Path, proxies: str, outcome: Outcome) -> None:
    """The tunnel's word counts once its address is in `trusted_proxies`."""
    require = '[endpoint.wink.require]\nsource = ["203.0.113.0/24"]'
    async with road(tmp_path, require, top=f"trusted_proxies = {proxies}") as wink:
        forwarded = factories.headers(("X-Forwarded-For", "198.51.100.1, 203.0.113.7"))
        await wink.post(factories.request(target=b"/in/wink", headers=forwarded))
        delivery = await wink.delivery()

    assert delivery.verification.outcome is outcome
    if outcome is Outcome.MISMATCH:
        assert delivery.verification.detail == (
            "the connection came from 127.0.0.1, which is not in require.source; "
            "behind a tunnel, name it in trusted_proxies"
        )
