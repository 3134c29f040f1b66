"""How the terminal looks, as pictures to be seen by whoever changes it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from inspector.client import Reverified
from inspector.core.diagnosis import Cause, Finding
from inspector.core.model import (
    Attempt,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Trigger,
    Verification,
)
from tests.factories import NOW_S, attempt, delivery, headers, request, response, verdict
from tests.tui.fakes import INGRESS, FakeClient, opened, until
from tui.widgets.detail_pane import DetailPane

KINDS = (
    ("jinko", "booking.completed", Outcome.VERIFIED, "the signature matches"),
    ("stripe", "checkout.session.completed", Outcome.NO_SECRET, "endpoint stripe has no secret"),
    ("github", "pull_request", Outcome.MISMATCH, "none of 2 secrets reproduces the signature"),
    (
        "wink",
        "booking.created",
        Outcome.UNSIGNED,
        "Wink documents no signature: nothing proves who sent this",
    ),
    ("slack", "url_verification", Outcome.STALE, "the signature is right, but 20 minutes old"),
    ("jinko", "booking.failed", Outcome.MISSING, "no X-Jinko-Signature header"),
    ("svix", "user.created", Outcome.MALFORMED, "svix-timestamp is not a number"),
    (None, None, Outcome.UNKNOWN, "no provider is known for this delivery"),
    ("shopify", "orders/create", Outcome.VERIFIED, "the second of 2 secrets matches"),
)
BODY = (
    '{"event":"booking.completed","livemode":false,"data":{"reference":"JNK-TEST00",'
    '"guest":"Zoë Ångström","total":129.50,"rooms":[4711,4712],"note":null,"extras":{}}}'
).encode()
LATE = (
    "This was signed 20 min ago: an old delivery was replayed or held up on its way, or this machine's clock is "
    "20 min ahead of the sender's."
)
EVENTS = ["booking.completed", "booking.failed", "booking.cancelled", "guest.updated"]
ANSWER = b"<!doctype html>\n<title>500 Internal Server Error</title>\n<p>KeyError: 'guest'</p>\n"


def some_client() -> FakeClient:
    """Return a client of forty deliveries, that knows why the stale ones are."""
    client = FakeClient(*some_rows())
    for made, _ in client.rows.values():
        if made.verification.outcome is Outcome.STALE:
            client.found[made.id] = [Finding(Cause.CLOCK, LATE)]
    return client


def some_rows() -> list[tuple[Delivery, list[Attempt]]]:
    return [(made := a_delivery(number), some_attempts(made)) for number in range(1, 41)]


def a_delivery(number: int) -> Delivery:
    provider, event, outcome, detail = KINDS[number % len(KINDS)]
    endpoint = provider or "demo"
    signed = outcome in (Outcome.VERIFIED, Outcome.STALE)
    sent = headers(
        ("Host", "hooks.example.com"),
        ("Content-Type", "application/json"),
        ("X-Jinko-Timestamp", "1780387198"),
        ("X-Jinko-Signature", "sha256=" + "8b5f48702995c159" * 4),
    )
    return delivery(
        id=1000 + 3 * number,
        endpoint=endpoint,
        provider=provider,
        event=event,
        event_id="evt_2f8a",
        received_at_us=(NOW_S + 7 * number) * 1_000_000,
        request=request(target=f"/in/{endpoint}".encode(), headers=sent, body=BODY),
        verification=Verification(
            outcome,
            detail,
            signed_at_s=NOW_S + 7 * number - 2 if signed else None,
            covered=("header X-Jinko-Timestamp", "body") if signed else (),
        ),
    )


def some_attempts(of: Delivery) -> list[Attempt]:
    first = attempt(
        id=of.id + 1,
        delivery_id=of.id,
        number=1,
        url=f"http://127.0.0.1:3000/webhooks/{of.endpoint}",
        started_at_us=of.received_at_us,
    )
    refused = Failure(FailureKind.REFUSED, "nobody listens at 127.0.0.1:3000")
    broken = response(
        status=500, headers=headers(("Content-Type", "text/html")), body_bytes=len(ANSWER)
    )
    match of.id % 4:
        case 0:
            again = replace(first, id=of.id + 2, number=2, trigger=Trigger.REPLAY, result=broken)
            return [replace(first, result=refused), again]
        case 1:
            return [first, replace(first, id=of.id + 2, number=2, trigger=Trigger.REPLAY)]
        case 2:
            return []
        case _:
            return [first]


def picture(pilot: Pilot[None]) -> str:
    """Export the screen; the name Textual gives the picture's styles differs from run to run."""
    return re.sub(r"terminal-\d+", "terminal-0", pilot.app.export_screenshot())


async def settled(pilot: Pilot[None], client: FakeClient) -> None:
    """Wait for all that is fetched of the selected delivery."""
    detail = pilot.app.screen.query_one(DetailPane)
    await until(pilot, lambda: detail.body_pane.view_lines.lines)
    await until(pilot, lambda: ("verdicts", detail.delivery_id) in client.calls)
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize(
    ("size", "theme"),
    [((80, 24), "textual-dark"), ((140, 40), "textual-dark"), ((140, 40), "textual-light")],
    ids=["80x24-dark", "140x40-dark", "140x40-light"],
)
async def test_deliveries(
    tmp_path: Path, svg_snapshot: SnapshotAssertion, size: tuple[int, int], theme: str
) -> None:
    client = some_client()
    async with opened(client, tmp_path, size, theme=theme) as pilot:
        await pilot.press("k", "k")
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_attempts(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    for number in range(1000, 1200):
        client.answers[number] = ANSWER
    async with opened(client, tmp_path, (140, 40)) as pilot:
        await pilot.press("3", "k", "k", "k", "k")
        await until(pilot, lambda: ("response_body", 1110) in client.calls)
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_request_on_the_whole_screen(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    async with opened(client, tmp_path) as pilot:
        await pilot.press("2", "enter")
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_nothing_yet(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = FakeClient()
    target = "http://127.0.0.1:3000/webhooks/jinko"
    client.configured = [
        {"name": "jinko", "url": f"{INGRESS}/in/jinko", "target": target, "configured": True}
    ]
    async with opened(client, tmp_path) as pilot:
        assert picture(pilot) == svg_snapshot


WHY = (
    "The signature matches the body re-serialised without white space: something between the sender and Hooktap "
    "parsed the JSON and wrote it anew, so pass the raw bytes on; or the sender signs another text than it sends."
)


def checked_twice() -> FakeClient:
    """Return a client that knows why the newest delivery but one fails, and what it was before."""
    client = some_client()
    of = client.rows[max(client.rows)][0]
    failed = Verification(Outcome.MISMATCH, "the secret does not reproduce X-Jinko-Signature")
    unknown = Verification(Outcome.NO_SECRET, "X-Jinko-Signature was sent, and nobody said")
    client.rows[of.id] = (replace(of, verification=failed), [])
    client.found[of.id] = [Finding(Cause.BODY_RESERIALISED, WHY)]
    client.checks[of.id] = [
        verdict(id=of.id, checked_at_us=of.received_at_us, verification=unknown),
        verdict(id=2000, verification=failed, checked_at_us=of.received_at_us + 90_000_000),
    ]
    return client


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_cause_of_a_mismatch(
    tmp_path: Path, svg_snapshot: SnapshotAssertion, size: tuple[int, int]
) -> None:
    client = checked_twice()
    async with opened(client, tmp_path, size) as pilot:
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_verdict_on_the_whole_screen(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = checked_twice()
    async with opened(client, tmp_path) as pilot:
        await pilot.press("4", "z")
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_missing_secret(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    finding = "The secret of endpoint 'shop' made this signature: set it for this endpoint too."
    stripe = max(made.id for made, _ in client.rows.values() if made.endpoint == "stripe")
    client.found[stripe] = [Finding(Cause.SECRET_OF_OTHER, finding)]
    async with opened(client, tmp_path) as pilot:
        detail = pilot.app.screen.query_one(DetailPane)
        while detail.delivery_id != stripe:
            await pilot.press("k")
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_subscription_that_waits(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    asked = delivery(
        id=1107,
        endpoint="orders",
        provider="aws-sns",
        event="SubscriptionConfirmation",
        body=BODY,
        handshake="Amazon SNS asked to have the subscription confirmed, and was answered",
    )
    client = FakeClient(*some_rows()[:5], (asked, []))
    async with opened(client, tmp_path) as pilot:
        await settled(pilot, client)
        assert picture(pilot) == svg_snapshot


async def test_checking_everything(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    client.rechecked = [Reverified(1200, 37, [], 1000)]
    async with opened(client, tmp_path) as pilot:
        await settled(pilot, client)
        client.gate.clear()
        await pilot.press("V")
        await until(pilot, lambda: any(call[0] == "reverify" for call in client.calls))
        await pilot.pause()
        assert picture(pilot) == svg_snapshot


async def test_replay_dialog(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    async with opened(client, tmp_path) as pilot:
        await settled(pilot, client)
        await pilot.press("m", "j", "j")
        await pilot.pause()
        assert picture(pilot) == svg_snapshot


async def test_sample_dialog(tmp_path: Path, svg_snapshot: SnapshotAssertion) -> None:
    client = some_client()
    client.offered = [
        {"name": f"p{n}", "title": f"Provider {n}", "events": EVENTS[: n % 4 + 1]}
        for n in range(60)
    ]
    async with opened(client, tmp_path) as pilot:
        await settled(pilot, client)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query(OptionList))
        await pilot.press("p", "5", "down")
        # The caret blinks.
        pilot.app.screen.query_one(Input).cursor_blink = False
        await pilot.pause()
        assert picture(pilot) == svg_snapshot
