"""Exporting a delivery from the terminal."""

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from inspector.core.export import FORMATS
from inspector.core.model import Attempt, Delivery
from inspector.core.wire import JSON
from tests.factories import delivery, headers, request
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.export import KEYS, ExportScreen


class Client(FakeClient):
    async def health(self) -> JSON:
        return {**await super().health(), "version": "0.1.0"}


def row(body: bytes = b'{"a":1}') -> tuple[Delivery, list[Attempt]]:
    pairs = headers(("Authorization", "Bearer c4nary"), ("X-A", "1"))
    return delivery(id=7, request=request(headers=pairs, body=body)), []


async def ask(pilot: Pilot[None]) -> None:
    await pilot.press("G", "x")
    await until(pilot, lambda: isinstance(pilot.app.screen, ExportScreen))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_every_format_has_a_letter() -> None:
    assert sorted(KEYS.values()) == sorted(FORMATS)


async def test_each_format_is_copied(tmp_path: Path) -> None:
    """All but what is not text, as raw with its CRs: that goes into a file."""
    async with opened(Client(row()), tmp_path) as pilot:
        for key, name in KEYS.items():
            pilot.app.clear_notifications()
            await ask(pilot)
            await pilot.press(key)
            await until(pilot, lambda: toasts(pilot))
            assert "c4nary" not in pilot.app.clipboard
            if name == "raw":
                assert "it is not for a clipboard" in toasts(pilot)[-1]
            else:
                assert "/in/demo" in pilot.app.clipboard
                assert toasts(pilot)[-1].startswith("copied #7 as ")


async def test_each_format_goes_into_a_file(tmp_path: Path, here: Path) -> None:
    """Named by our number alone, for its owner only; what is there already stays."""
    (here / "delivery-7.http").write_text("mine")
    async with opened(Client(row(b"\x1b\xff")), tmp_path) as pilot:
        for key in KEYS:
            pilot.app.clear_notifications()
            await ask(pilot)
            await pilot.press("f", key)
            await until(pilot, lambda: toasts(pilot))
    written = {path.name: path for path in here.iterdir()}
    assert written.pop("delivery-7.http").read_text() == "mine"
    assert sorted(written) == sorted(
        ["delivery-7-2.http", "delivery-7-2.sh"]
        + [
            f"delivery-7{each.suffix}"
            for name, each in FORMATS.items()
            if name not in {"httpie", "raw"}
        ]
    )
    for path in written.values():
        assert path.stat().st_mode & 0o777 == 0o600
        assert b"REDACTED" in path.read_bytes()


async def test_secrets_go_along_only_when_asked(tmp_path: Path) -> None:
    async with opened(Client(row()), tmp_path) as pilot:
        await ask(pilot)
        assert "secrets read REDACTED" in screen_text(pilot)
        await pilot.press("s")
        assert "secrets are KEPT" in screen_text(pilot)
        await pilot.press("j", "enter")
        await until(pilot, lambda: toasts(pilot))
        assert "Bearer c4nary" in pilot.app.clipboard
        assert pilot.app.clipboard.startswith("http ")
        await ask(pilot)
        assert "secrets read REDACTED" in screen_text(pilot)


async def test_a_har_says_who_made_it(tmp_path: Path) -> None:
    async with opened(Client(row()), tmp_path) as pilot:
        await ask(pilot)
        await pilot.press("a")
        await until(pilot, lambda: toasts(pilot))
        log = json.loads(pilot.app.clipboard)["log"]
        assert log["creator"] == {"name": "Hooktap", "version": "0.1.0"}


async def test_what_cannot_be_said_is_told(tmp_path: Path) -> None:
    one = delivery(id=7, request=request(method="TRACE", body=b""))
    async with opened(Client((one, [])), tmp_path) as pilot:
        await ask(pilot)
        await pilot.press("t")
        await until(pilot, lambda: any("does not send TRACE" in each for each in toasts(pilot)))


async def test_every_size(tmp_path: Path) -> None:
    async with opened(Client(row()), tmp_path) as pilot:
        await ask(pilot)
        for size in [(120, 40), (60, 20), (10, 3), (1, 1)]:
            await pilot.resize_terminal(*size)
            await pilot.press("j", "k", "f", "s")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, DeliveriesScreen))
