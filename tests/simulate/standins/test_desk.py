import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import ConfigError, NotFoundError
from inspector.simulate.standins.desk import Change, Desk
from inspector.simulate.standins.jinko import JINKO
from inspector.simulate.standins.model import Occasion, StandIn
from inspector.simulate.standins.wink import WINK
from tests.simulate.standins.serving import serving

NOBODY = "http://127.0.0.1:9/"
EVENT = "booking.completed"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with serving(JINKO, tmp_path / "state.db") as running:
        yield running.desk


@pytest.mark.parametrize(
    "url",
    [
        "",
        "3000",
        "127.0.0.1:3000",
        "ftp://127.0.0.1/",
        "http://",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1/\x1b",
        "http://127.0.0.1/\ud800",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://192.168.0.1/",
        "http://0.0.0.0/",
        "http://[2001:db8::1]/",
    ],
)
async def test_a_url_that_no_provider_takes(desk: Desk, url: str) -> None:
    with pytest.raises(ConfigError) as raised:
        await desk.register(url)
    assert "\x1b" not in str(raised.value)

    webhook = await desk.register(NOBODY)
    with pytest.raises(ConfigError):
        await desk.change(webhook, Change(url=url))
    assert await desk.ledger.webhooks() == [webhook]


@pytest.mark.parametrize(
    "url", ["https://example.com/x?y", "http://localhost:1/", "http://127.9.9.9/", "http://[::1]/"]
)
async def test_https_or_this_machine(desk: Desk, url: str) -> None:
    assert (await desk.register(url)).url == url


async def test_with_tls_it_is_https_only(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with serving(WINK, tmp_path / "state.db", tls=tls) as running:
        with pytest.raises(ConfigError, match="wink takes https URLs only"):
            await running.desk.register(NOBODY)
        await running.desk.register("https://127.0.0.1:9/")


async def test_a_webhook_has_a_secret_of_its_own(desk: Desk) -> None:
    first, second = await desk.register(NOBODY), await desk.register(NOBODY)

    assert first.secret
    assert first.secret != second.secret
    assert first.id != second.id


async def test_a_format_that_the_provider_does_not_have(desk: Desk) -> None:
    with pytest.raises(ConfigError, match="sends no 'xml'"):
        await desk.register(NOBODY, format="xml")
    webhook = await desk.register(NOBODY)
    with pytest.raises(ConfigError, match="sends no ''"):
        await desk.change(webhook, Change(format=""))


async def test_a_change_leaves_the_rest(desk: Desk) -> None:
    made = await desk.register(NOBODY, owner="o", name="n", events=("a",), extra={"k": "v"})

    assert await desk.change(made, Change()) == await desk.webhook(made.id)
    saved = await desk.change(await desk.webhook(made.id), Change(enabled=False, events=()))

    assert saved is not None
    assert saved.updated_us >= made.updated_us
    assert saved == replace(made, version=2, enabled=False, events=(), updated_us=saved.updated_us)


async def test_a_change_that_comes_too_late(desk: Desk) -> None:
    made = await desk.register(NOBODY)
    await desk.change(made, Change(name="first"))

    assert await desk.change(made, Change(name="second")) is None
    assert (await desk.webhook(made.id)).name == "first"


async def test_a_change_of_what_is_gone_brings_nothing_back(desk: Desk) -> None:
    made = await desk.register(NOBODY)
    await desk.ledger.delete(made.id)

    assert await desk.change(made, Change(name="x")) is None
    with pytest.raises(NotFoundError):
        await desk.webhook(made.id)


async def test_only_who_wants_to_know_is_told(desk: Desk) -> None:
    every = await desk.register(NOBODY)
    one = await desk.register(NOBODY, events=(EVENT, "booking.failed"))
    await desk.register(NOBODY, events=("booking.failed",))
    await desk.register(NOBODY, enabled=False)

    told = await desk.happen(EVENT)

    assert {each.id for each in told} == {every.id, one.id}
    first, second = await desk.ledger.parcels(9)
    assert first.event_id == second.event_id
    assert first.request == second.request


async def test_every_occasion_is_one_of_its_own(desk: Desk) -> None:
    await desk.register(NOBODY)
    await desk.happen(EVENT)
    await desk.happen(EVENT)

    first, second = await desk.ledger.parcels(9)
    assert first.event_id != second.event_id


@pytest.mark.parametrize("event", ["", "x", "\x1b", "A.B", "a" * 100_000, "booking."])
async def test_what_cannot_happen_does_not_even_where_nobody_listens(
    desk: Desk, event: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        await desk.happen(event)
    assert "\x1b" not in str(raised.value)


async def test_a_test_goes_to_one_webhook(desk: Desk) -> None:
    await desk.register(NOBODY)
    chosen = await desk.register(NOBODY, events=("booking.failed",))

    await desk.test(chosen)

    (parcel,) = await desk.ledger.parcels(9)
    assert (parcel.webhook_id, parcel.event) == (chosen.id, EVENT)
    assert b"JNK-TEST00" in parcel.request.body


@pytest.mark.parametrize("stand_in", [JINKO, WINK])
def test_a_body_follows_from_its_occasion_alone(stand_in: StandIn) -> None:
    occasion = Occasion(stand_in.test_event, 1.5, "unique", is_test=False)
    other = occasion._replace(unique="x")

    assert stand_in.make(occasion, "json") == stand_in.make(occasion, "json")
    assert stand_in.make(occasion, "json") != stand_in.make(other, "json")
