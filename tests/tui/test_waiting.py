"""A delivery that waits because its endpoint is paused says so, and no other does."""

from pathlib import Path

from textual.pilot import Pilot

from inspector.core.model import Delivery
from inspector.core.wire import JSON
from tests.factories import attempt, delivery
from tests.tui.fakes import INGRESS, FakeClient, opened, screen_text, until
from tui import attemptlines
from tui.screens.deliveries import DeliveriesScreen
from tui.widgets.line_view import LineView

WAITS = "waits, as forwarding of jinko is paused"


def endpoint(name: str, paused_at_us: int | None) -> JSON:
    url = f"{INGRESS}/in/{name}"
    return {
        "name": name,
        "url": url,
        "target": "http://a/",
        "configured": True,
        "paused_at_us": paused_at_us,
    }


class Pausing(FakeClient):
    """Owes these deliveries to their targets."""

    def __init__(self, *owed: int) -> None:
        super().__init__(
            (delivery(id=1, endpoint="jinko"), []),
            (delivery(id=2, endpoint="shop"), []),
            (delivery(id=3, endpoint="jinko"), []),
        )
        self.owed = set(owed)
        self.matches = self._matches
        self.configured = [endpoint("jinko", 5), endpoint("shop", None)]

    def _matches(self, query: str, delivery: Delivery) -> bool:
        return query != "is:pending" or delivery.id in self.owed


def attempts(pilot: Pilot[None]) -> str:
    lines = pilot.app.screen.query_one("#attempts", LineView).lines
    return "\n".join(str(line.content) for line in lines)


def asked(client: FakeClient) -> list[object]:
    return [call[3] for call in client.calls if call[:2] == ("numbers", "is:pending")]


def look(pilot: Pilot[None]) -> None:
    screen = pilot.app.screen
    assert isinstance(screen, DeliveriesScreen)
    screen._look_around()


async def test_it_waits_until_it_is_sent(tmp_path: Path) -> None:
    client = Pausing(3)
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: f"→ {WAITS}" in screen_text(pilot))
        assert attempts(pilot) == f"No attempt yet: it {WAITS}."
        client.arrive(attempt(id=9, delivery_id=3, number=1))
        await until(pilot, lambda: "1  forward" in attempts(pilot))
        assert WAITS not in screen_text(pilot)


async def test_it_is_said_as_soon_as_the_endpoint_is_paused_and_no_longer(tmp_path: Path) -> None:
    client = Pausing(3)
    client.configured = [endpoint("jinko", None)]
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: ("verdicts", 3) in client.calls)
        assert "→ not forwarded" in screen_text(pilot)
        client.configured = [endpoint("jinko", 5)]
        look(pilot)
        await until(pilot, lambda: f"→ {WAITS}" in screen_text(pilot))
        client.configured = [endpoint("jinko", None)]
        look(pilot)
        await until(pilot, lambda: "→ not forwarded" in screen_text(pilot))
        assert "Not forwarded" in attempts(pilot)


async def test_what_is_not_owed_or_not_of_that_endpoint_does_not_wait(tmp_path: Path) -> None:
    """One that was held, or came before there was a target, is not sent when the endpoint goes on."""
    client = Pausing(1)
    async with opened(client, tmp_path, (120, 40)) as pilot:
        await until(pilot, lambda: asked(client) == [[3]])
        await until(pilot, lambda: ("verdicts", 3) in client.calls)
        await pilot.pause()
        assert "→ not forwarded" in screen_text(pilot)
        await pilot.press("k")
        await until(pilot, lambda: ("verdicts", 2) in client.calls)
        await pilot.press("k")
        await until(pilot, lambda: f"→ {WAITS}" in screen_text(pilot))
    assert asked(client) == [[3], [1]]


def test_name_of_the_endpoint_is_safe() -> None:
    assert attemptlines.waiting(delivery(endpoint="a\x1b[2J")) == (
        "waits, as forwarding of a␛[2J is paused"
    )
