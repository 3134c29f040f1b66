"""The main screen and what is around it, over a real inspector: pausing, failures, and a restart on other ports."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import pytest
from textual.pilot import Pilot

from inspector import server
from inspector.client import Client
from inspector.config import Config
from inspector.core.model import Endpoint
from inspector.core.table import Table
from inspector.datadir import DataDir
from inspector.server import Inspector
from tests import factories, fakes
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui import intake
from tui.app import HooktapApp
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.endpoints import EndpointsScreen
from tui.widgets.delivery_list import DeliveryList


@asynccontextmanager
async def inspector(folder: Path, *endpoints: Endpoint) -> AsyncIterator[Inspector]:
    config = Config(
        data_dir=DataDir(folder),
        port=0,
        api_port=0,
        endpoints={endpoint.name: endpoint for endpoint in endpoints},
    )
    async with server.running(config) as running:
        yield running


@asynccontextmanager
async def terminal(folder: Path, config: str = "") -> AsyncIterator[Pilot[None]]:
    top = Table(tomllib.loads(config), "hooktap.toml", text=config)
    async with Client.of(DataDir(folder)) as client:
        app = HooktapApp(client, directory=folder, zone=UTC, config=[top])
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: "● connected" in screen_text(pilot))
            yield pilot


async def arrive(running: Inspector, endpoint: Endpoint, body: bytes = b"{}") -> None:
    request = factories.request(target=f"/in/{endpoint.name}".encode(), body=body)
    await running.pipeline.accept(endpoint, request)


async def test_an_endpoint_is_paused_from_the_keyboard(tmp_path: Path) -> None:
    """E, p: deliveries wait; p again: they are sent; enter lists what came to it."""
    async with fakes.serve(fakes.answering()) as target:
        shop = Endpoint("shop", target=target.url)
        async with inspector(tmp_path, shop) as running, terminal(tmp_path) as pilot:
            await pilot.press("E")
            await until(pilot, lambda: isinstance(pilot.app.screen, EndpointsScreen))
            await until(pilot, lambda: "● up" in screen_text(pilot))
            await pilot.press("p")
            await until(pilot, lambda: "‖ paused" in screen_text(pilot))
            await arrive(running, shop)
            await until(pilot, lambda: ", 1 waiting" in screen_text(pilot))
            assert target.requests == []
            await pilot.press("p")
            await until(pilot, lambda: target.requests)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
            assert isinstance(pilot.app.screen, DeliveriesScreen)
            assert pilot.app.screen.filter == "endpoint:shop"


async def test_a_failure_is_told_once_and_shown(tmp_path: Path) -> None:
    with fakes.refusing() as nobody:
        shop = Endpoint("shop", target=nobody.url)
        async with inspector(tmp_path, shop) as running, terminal(tmp_path) as pilot:
            await arrive(running, shop)
            await until(pilot, lambda: toasts(pilot) == ["#1 not taken: ✗ refused"])
            await until(pilot, lambda: "✗ 1 failed attempt" in screen_text(pilot))
            await pilot.press("n")
            await until(pilot, lambda: toasts(pilot)[-1] == "failures are no longer told")
            await arrive(running, shop)
            await until(pilot, lambda: "✗ 2 failed attempts" in screen_text(pilot))
            assert len(toasts(pilot)) == 2


async def test_a_failure_rings_and_is_a_notification_of_the_desktop_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = "[notify]\nbell = true\ndesktop = true\n"
    with fakes.refusing() as nobody:
        shop = Endpoint("shop", target=nobody.url)
        async with (
            inspector(tmp_path, shop) as running,
            terminal(tmp_path, wishes) as pilot,
        ):
            written: list[str] = []
            monkeypatch.setattr(pilot.app._driver, "write", written.append)
            monkeypatch.setattr(pilot.app, "bell", lambda: written.append("\x07"))
            await arrive(running, shop)
            await until(pilot, lambda: any("]777;" in each for each in written))
            assert "\x1b]9;#1 not taken: ✗ refused\x1b\\" in "".join(written)
            assert "\x07" in written


async def test_what_failed_before_it_was_opened_is_not_told(tmp_path: Path) -> None:
    """Nor is it counted as if it had just been."""
    with fakes.refusing() as nobody:
        shop = Endpoint("shop", target=nobody.url)
        async with inspector(tmp_path, shop) as running:
            for _ in range(3):
                await arrive(running, shop)
            async with terminal(tmp_path) as pilot:
                await until(pilot, lambda: "refused" in screen_text(pilot))
                assert toasts(pilot) == []


async def test_an_inspector_that_comes_back_on_other_ports_is_found(tmp_path: Path) -> None:
    """The banner says that it is gone; then the address is the new one, and what comes there is listed."""
    shop = Endpoint("shop")
    async with inspector(tmp_path, shop) as first:
        opened = terminal(tmp_path)
        pilot = await opened.__aenter__()
        await until(pilot, lambda: first.addresses.ingress in screen_text(pilot))
    try:
        await until(pilot, lambda: "does not answer; trying again" in screen_text(pilot))
        async with inspector(tmp_path, shop) as second:
            assert second.addresses.ingress != first.addresses.ingress
            await until(pilot, lambda: second.addresses.ingress in screen_text(pilot))
            await until(pilot, lambda: "● connected" in screen_text(pilot))
            await until(pilot, lambda: "does not answer" not in screen_text(pilot))
            await arrive(second, shop)
            await until(pilot, lambda: "shop" in screen_text(pilot))
    finally:
        await opened.__aexit__(None, None, None)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (20, 6), (1, 1)])
async def test_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    """A screen with little height has no line for the status."""
    async with inspector(tmp_path), terminal(tmp_path) as pilot:
        await pilot.resize_terminal(*size)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, EndpointsScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
        assert ("0/s" in screen_text(pilot)) is (size[1] >= 22)


async def test_after_a_rush_everything_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told in short is listed and counted, and has its attempts and its detail when it is looked at."""
    monkeypatch.setattr(intake, "WHOLE_PER_S", 4)
    async with fakes.serve(fakes.answering(fakes.answer(418))) as target:
        shop = Endpoint("shop", target=target.url)
        async with inspector(tmp_path, shop) as running, terminal(tmp_path) as pilot:
            for number in range(1, 31):
                await arrive(running, shop, b"body of %d" % number)
            await until(pilot, lambda: screen_text(pilot).count("418") >= 30)
            await until(pilot, lambda: "30 deliveries   ▼ following" in screen_text(pilot))
            await until(pilot, lambda: "✗ 30 failed attempts" in screen_text(pilot))
            await pilot.press("g")
            await until(pilot, lambda: "body of 1" in screen_text(pilot))
            await pilot.press("3")  # the attempts
            await until(pilot, lambda: screen_text(pilot).count("418") > 30)


async def test_while_more_rush_in_than_there_is_room_for_the_list_is_shown_now_and_then(
    tmp_path: Path,
) -> None:
    """In the end it shows the newest; who stops following it sees each change at once again."""
    client = FakeClient()
    async with opened(client, tmp_path) as pilot:
        shown = 0
        the_list = pilot.app.screen.query_one(DeliveryList)
        apply = the_list.apply

        def counted(added: int = 0) -> None:
            nonlocal shown
            shown += 1
            apply(added)

        screen = pilot.app.screen
        assert isinstance(screen, DeliveriesScreen)
        screen._rushing._call = counted
        for first in range(1, 2001, 200):
            client.arrive(*(factories.delivery(id=number) for number in range(first, first + 200)))
            await until(pilot, lambda: len(the_list._listing) >= first + 199)  # noqa: B023
        await until(pilot, lambda: the_list.selected == 2000)
        assert shown
        await until(pilot, lambda: not screen._rushing.is_resting)
        await pilot.press("k")
        assert the_list.selected == 1999
