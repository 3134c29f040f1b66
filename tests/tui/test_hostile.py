"""What a sender or a target writes can neither steer the terminal, nor speak its markup, nor end the application."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.pilot import Pilot

from inspector.core.diagnosis import Cause, Finding
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Confirmed,
    Delivery,
    Failure,
    FailureKind,
    Outcome,
    Request,
    Verification,
)
from inspector.core.queryterms import Key
from inspector.core.text import decode, encode, safe, safe_lines
from inspector.core.wire import delivery_to_json, dumps
from inspector.errors import HooktapError
from tests.factories import attempt, delivery, response, verdict
from tests.hostile import TEXT
from tests.tui.fakes import FakeClient, opened, screen_text, toasts, until
from tests.wire import assert_harmless
from tui import alerts, attemptlines, columns, eventhistory, sections
from tui.bodyview import Body, build
from tui.completion import complete
from tui.eventhistory import EventHistory
from tui.folding import Line
from tui.verdicts import Checks
from tui.window import Row, Window

WIRE = encode(TEXT.replace("\ud800", "\udcff"))


def hostile_delivery(text: str, wire: bytes) -> Delivery:
    request = Request(
        method=text,
        target=wire,
        headers=Headers(((wire, wire), (b"Content-Type", wire), (b"Content-Encoding", wire))),
        body=wire,
        peer=text,
    )
    verification = Verification(Outcome.MISMATCH, text, signed_at_s=10**40, covered=(text, text))
    return delivery(
        id=1,
        uid=text,
        endpoint=text,
        via=text,
        provider=text,
        event=text,
        event_id=text,
        attempt_id=text,
        request=request,
        verification=verification,
    )


def hostile_attempts(text: str, wire: bytes) -> list[Attempt]:
    common: dict[str, Any] = {"delivery_id": 1, "url": decode(wire)}
    answer = response(headers=Headers(((wire, wire),)), body=b"", body_bytes=len(wire))
    return [
        attempt(id=2, number=1, result=Failure(FailureKind.MALFORMED, text), **common),
        attempt(id=3, number=2, result=answer, **common),
    ]


def hostile_checks(text: str) -> Checks:
    history = [verdict(provider=text, verification=Verification(each, text)) for each in Outcome]
    return Checks((Finding(Cause.BODY_BOM, text),), tuple(history), text)


def hostile_client() -> FakeClient:
    client = FakeClient((hostile_delivery(TEXT, WIRE), hostile_attempts(TEXT, WIRE)))
    checks = hostile_checks(TEXT)
    client.found[1], client.checks[1] = list(checks.findings), list(checks.history)
    client.confirmed = Confirmed(TEXT, 200)
    client.answers[3] = WIRE
    client.replayed = attempt(delivery_id=1, result=Failure(FailureKind.MALFORMED, TEXT))
    client.sampled = {"status": 500, "body": TEXT, "url": TEXT, "note": TEXT}
    return client


def assert_shown_safely(pilot: Pilot[None]) -> None:
    text = screen_text(pilot)
    assert_harmless(text)
    assert pilot.app.is_running


async def test_every_view(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path, (160, 60)) as pilot:
        await pilot.press("enter")
        for keys in (
            ["1"],
            ["b"],
            ["b"],
            ["2"],
            ["G"],
            ["3"],
            ["G"],
            ["4"],
            ["G"],
            ["5"],
            ["G"],
            ["m"],
            ["escape"],
            ["question_mark"],
            ["escape"],
        ):
            await pilot.press(*keys)
            assert_shown_safely(pilot)
        await until(pilot, lambda: ("verdicts", 1) in client.calls)
        await until(pilot, lambda: "looking for the cause" not in screen_text(pilot))
        assert_shown_safely(pilot)
        assert "[@click=app.quit]click[/]" in screen_text(pilot)
        await until(pilot, lambda: ("response_body", 3) in client.calls)
        assert_shown_safely(pilot)


async def test_markup_is_no_link(tmp_path: Path) -> None:
    """Clicking on what reads like an action does nothing."""
    async with opened(hostile_client(), tmp_path) as pilot:
        await pilot.press("enter")
        for row, line in enumerate(screen_text(pilot).split("\n")):
            if (column := line.find("click[/]")) >= 0:
                await pilot.click(offset=(column + 1, row))
                assert_shown_safely(pilot)


async def test_every_toast(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path, (160, 140)) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app._notifications) == 1)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query("OptionList"))
        await pilot.press("enter")
        await until(pilot, lambda: len(pilot.app._notifications) == 2)
        client.problem = HooktapError(TEXT)
        await pilot.press("r")
        await until(pilot, lambda: len(pilot.app._notifications) == 3)
        await pilot.pause()
        assert screen_text(pilot).count("[@click=app.quit]click[/]") >= 3
        assert_shown_safely(pilot)


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("handshake", [None, TEXT])
async def test_every_verdict(tmp_path: Path, outcome: Outcome, handshake: str | None) -> None:
    """The advice on a missing secret quotes the endpoint's name, the one on a subscription nothing."""
    verification = Verification(outcome, TEXT, covered=(TEXT,))
    made = replace(
        hostile_delivery(TEXT, WIRE),
        verification=verification,
        handshake=handshake,
        event="SubscriptionConfirmation",
    )
    client = hostile_client()
    client.rows[1] = (made, [])
    async with opened(client, tmp_path, (120, 60)) as pilot:
        await pilot.press("4", "v", "C")
        await until(pilot, lambda: toasts(pilot))
        await until(pilot, lambda: ("verdicts", 1) in client.calls)
        await pilot.pause()
        assert_shown_safely(pilot)


async def test_body_that_does_not_come(tmp_path: Path) -> None:
    client = hostile_client()
    async with opened(client, tmp_path) as pilot:
        client.problem = HooktapError(TEXT)
        client.arrive(delivery(id=10))
        await until(pilot, lambda: "app.quit" in screen_text(pilot))
        assert_shown_safely(pilot)


async def test_every_field_of_the_inspectors_own_words(tmp_path: Path) -> None:
    """Addresses and provider names come from a configuration that may be somebody else's."""
    client = FakeClient()
    client.configured = [{"name": "x", "url": TEXT, "target": TEXT, "configured": True}]
    client.offered = [{"name": TEXT, "title": TEXT, "events": [TEXT]}]
    async with opened(client, tmp_path) as pilot:
        assert "app.quit" in screen_text(pilot)
        assert_shown_safely(pilot)
        await pilot.press("s")
        await until(pilot, lambda: pilot.app.screen.query("OptionList"))
        assert_shown_safely(pilot)


async def test_copied_command_is_harmless(tmp_path: Path) -> None:
    async with opened(hostile_client(), tmp_path) as pilot:
        await pilot.press("c")
        await until(pilot, lambda: pilot.app.clipboard)
        copied = pilot.app.clipboard
        assert safe_lines(copied, tab_width=0) == copied


texts = st.text(st.characters() | st.sampled_from(TEXT))
wires = st.binary() | texts.map(lambda text: text.encode("utf-8", "replace"))


def texts_of(lines: Sequence[Line]) -> Iterator[str]:
    """Give out what lines show, and what is copied of them."""
    for line in lines:
        yield str(line.content)
        yield line.value or ""


@settings(max_examples=2000, deadline=None)
@given(text=texts, wire=wires)
def test_any_text_is_told_safely(text: str, wire: bytes) -> None:
    """Toasts, notifications of the desktop, what completes a filter, lines of the log, and --json."""
    made, tried = hostile_delivery(text, wire), hostile_attempts(text, wire)
    known = {Key.EVENT: {text, decode(wire)}, Key.ENDPOINT: {text}}
    alert = alerts.sentence([made], tried[:1])

    told = [
        safe_lines(alert),
        *(each.text for start in ("event:", "endpoint:") for each in complete(start, known)),
        safe_lines(wire),
        safe(wire),
        dumps(delivery_to_json(made, tried)),
    ]

    assert_harmless("\n".join(told))
    assert_harmless(
        alerts.desktop(alert).replace("\x1b]9;", "").replace("\x1b]777;", "").replace("\x1b\\", "")
    )


@settings(max_examples=500, deadline=None)
@given(text=texts, wire=wires, outcome=st.sampled_from(Outcome))
def test_any_text_is_shown_safely(text: str, wire: bytes, outcome: Outcome) -> None:
    made = hostile_delivery(text, wire)
    made = replace(made, verification=replace(made.verification, outcome=outcome))
    row = Row(made, tuple(hostile_attempts(text, wire)))
    checks = hostile_checks(text)
    window = Window()
    window.add_page([(row.delivery, row.attempts)])
    chosen = columns.choose(100, window)
    answers = {3: build(Body(wire, len(wire)))}

    shown = [
        *str(sections.summary(row, UTC, checks)).split("\n"),
        *texts_of(sections.overview_lines(row, UTC, checks, is_configured=False)),
        str(sections.title(row.delivery)),
        str(columns.cells(chosen, row, UTC)),
        *texts_of(sections.header_lines(row.delivery)),
        *texts_of(attemptlines.lines(row.delivery, row.attempts, answers, UTC)),
        *texts_of(eventhistory.lines(made, EventHistory([(made, row.attempts)], problem=""), UTC)),
        *texts_of(eventhistory.lines(made, EventHistory(problem=text), UTC)),
    ]

    assert_harmless("\n".join(shown))
    assert not any("\n" in line for line in shown)
