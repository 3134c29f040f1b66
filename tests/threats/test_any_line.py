"""T15, T16: any text through what the command line and the pytest plugin print of a record.

Everything in a record is that text, also where an inspector would have kept it out or cleaned it: only the names of
endpoints are what they must be. Whole commands are in test_commands.py.
"""

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import click

from inspector.cli import diff, replays, volleys, webhooks
from inspector.cli.deliveries import Shown, _page, _row
from inspector.cli.examined import Examined
from inspector.cli.look import Columns, Look
from inspector.cli.standins import AsText
from inspector.client import waiting
from inspector.core.diagnosis import Cause, Finding
from inspector.core.difference import Difference
from inspector.core.difference.changes import Change, DiffLine, LineKind
from inspector.core.model import Delivery, Verification
from inspector.core.providers import Located
from inspector.core.text import encode_any
from inspector.errors import HooktapError
from inspector.register import records
from inspector.simulate.standins import model
from inspector.simulate.standins.jinko import JINKO
from tests.anytext import attempts_of, delivery_of, through
from tests.factories import NOW_S, request, verdict
from tests.wire import assert_harmless

LOOK = Look()
NAMED = "demo"
URL = "http://127.0.0.1:8400/in/demo"


def told(text: str) -> tuple[Delivery, Verification, Finding]:
    """Make a delivery of it, the verdict on that, and a cause."""
    made = replace(delivery_of(text, encode_any(text)), endpoint=NAMED, uid=NAMED, handshake=text)
    return made, made.verification, Finding(Cause.BODY_BOM, text)


@through
def test_any_delivery_printed(many: list[str]) -> None:
    """As `list`, `show`, `listen` and `wait` print it."""
    for text in many:
        made, verification, finding = told(text)
        attempts = attempts_of(text, made.request.body)
        verdicts = [verdict(provider=text, verification=verification)] * 2
        lines = [
            _row(LOOK, Columns(), made, attempts),
            _page(LOOK, Shown(made, attempts, verdicts, [finding], made.request.body, None)),
            *(LOOK.result(each) for each in attempts),
            LOOK.reason(verification),
            LOOK.cause(finding),
            LOOK.recheck(verdicts[0]),
            *waiting._lines((made, attempts), [text]),
        ]
        assert_harmless("\n".join(lines))


@through
def test_any_verdict_and_difference_printed(many: list[str]) -> None:
    """As `verify` and `diff` print them."""
    changes = tuple(Change(text, text, text) for text in many)
    lines = tuple(DiffLine(kind, text) for text in many for kind in LineKind)
    for text in many:
        _, verification, finding = told(text)
        located = Located(text, text, text)
        found = Examined(text, [text], True, located, verification, [finding], NOW_S)
        assert_harmless("\n".join(found.lines(LOOK)))
        note = Difference((), note=text)
        assert_harmless("\n".join(diff._lines(LOOK, note)))
    assert_harmless("\n".join(diff._lines(LOOK, Difference(changes, lines))))


@through
def test_any_record_of_a_provider_printed(many: list[str]) -> None:
    """As `simulate`, `register` and `send` print it, at a stand-in's or at the provider's own."""
    with (
        redirect_stdout(io.StringIO()) as out,
        redirect_stderr(out),
        click.Context(click.Command("x")),
    ):
        for text in many:
            stand_in(text)
            registered(text)
            telling(text)
    assert_harmless(out.getvalue())


def stand_in(text: str) -> None:
    lines = AsText(JINKO, 1, None)
    webhook = model.Webhook("w", text, text, text, (text,), "json", None, 0, 0, enabled=False)
    lines.registered(webhook, None, is_new=True)
    lines.registered(replace(webhook, url=URL, secret="s"), Path(text), is_new=True)
    for state in model.State:
        parcel = model.Parcel(1, "w", text, text, request(), 0, 0, 1, state, text)
        lines.attempt(replace(webhook, enabled=state is not model.State.PENDING), parcel)


def registered(text: str) -> None:
    webhook = records.Webhook(text, text, text, (text,), True, 1, text, text, text, text)
    webhooks.print_webhook(webhook, as_json=False)
    webhooks.print_facts(webhook)
    webhooks.print_event(records.EventType(text, text), as_json=False)


def telling(text: str) -> None:
    one = volleys.Telling(LOOK, as_json=False, is_one=True)
    one.answer({"event": text, "url": text, "status": 500, "body": text})
    one.problem(HooktapError(text))
    replays.Telling(LOOK, as_json=False).outcome(HooktapError(text), file=text)
