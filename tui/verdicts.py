"""What the detail says of a delivery's verdict: why it is that, what it covers, how to mend it, and those before it."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TYPE_CHECKING

from textual.content import Content

from inspector.core.model import Delivery, Outcome, Verdict
from inspector.core.text import safe, shorten
from tui import coverage, labels
from tui.coverage import Coverage
from tui.folding import Line

if TYPE_CHECKING:
    from inspector.core.diagnosis.findings import Finding

SUBSCRIPTION = "SubscriptionConfirmation"
"""The event with which Amazon SNS waits for a visit:
https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html"""
SENTENCE_MAX = 600
"""Characters: the longest that are made have some 300, but a name in them may be a sender's."""
NAME_WIDTH = 13

_EXPLAINED = frozenset(
    {
        Outcome.MISMATCH,
        Outcome.STALE,
        Outcome.MISSING,
        Outcome.MALFORMED,
        Outcome.NO_SECRET,
    }
)
_AWAITED = frozenset({Outcome.MISMATCH, Outcome.STALE})
"""For these a line is kept free from the start, so nothing moves when the cause comes: a stale one always has one."""
_BARE_KEY = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Checks:
    """What is known of a delivery's checks beyond its verdict."""

    findings: "tuple[Finding, ...]" = ()
    """Why it is not verified."""
    history: tuple[Verdict, ...] = ()
    """Every verdict, that of its arrival first."""
    problem: str = ""
    """Why this could not be found out."""
    waits: bool = False
    """It is still to be forwarded, and its endpoint is paused."""


def may_have_why(delivery: Delivery) -> bool:
    """Whether a cause of this verdict can be looked for."""
    return delivery.handshake is None and delivery.verification.outcome in _EXPLAINED


def wants_visit(delivery: Delivery) -> bool:
    """Whether its sender waits for a visit of the URL it has sent."""
    return delivery.event == SUBSCRIPTION


def sentence(delivery: Delivery) -> str:
    """Return the sentence of a delivery's verdict, or how it was answered if it was a handshake."""
    return delivery.verification.detail if delivery.handshake is None else delivery.handshake


def why(delivery: Delivery, checks: Checks | None) -> list[Content]:
    """Return a line for each proven cause of a verdict, or a quiet one where a cause is sure to be missed."""
    if not may_have_why(delivery):
        return []
    if checks is not None and checks.findings:
        return [
            Content.assemble(("Why: ", ".strong"), _sentence(found.detail))
            for found in checks.findings
        ]
    outcome = delivery.verification.outcome
    if checks is None:
        return [_quiet("Why: looking for the cause")] if outcome in _AWAITED else []
    if outcome is not Outcome.MISMATCH:
        return []
    if checks.problem:
        return [_quiet(f"Why: not known, {_sentence(checks.problem)}")]
    return [_quiet("Why: no cause could be computed")]


def coverage_line(delivery: Delivery) -> Content | None:
    """Return in one line what the signature covers, and what it does not."""
    found = coverage.of(delivery)
    if found is None:
        return None
    style = labels.FAINT if found.vouches_for_body else labels.DOUBTFUL
    line = f"covers {_covered(found)}; does not cover {_uncovered(found)}"
    return Content.styled(shorten(line, SENTENCE_MAX), style)


def remedy(delivery: Delivery, *, is_configured: bool) -> list[Content]:
    """Return what to do about a missing secret: a sentence, and lines of hooktap.toml to paste."""
    if delivery.handshake is not None or delivery.verification.outcome is not Outcome.NO_SECRET:
        return []
    variable = re.sub(r"[^A-Z0-9]", "_", delivery.endpoint.upper()) + "_WEBHOOK_SECRET"
    pasted = [f'secret = {{ env = "{variable}" }}']
    if is_configured:
        todo = (
            "To check it: give its endpoint in hooktap.toml a secret that is set, restart, press "
        )
    else:
        todo = "To check it: paste this into hooktap.toml, set the secret, restart, press "
        pasted[:0] = [f"[endpoint.{_key(delivery.endpoint)}]"]
        if delivery.provider is not None:
            pasted.insert(1, f"provider = {_quoted(delivery.provider)}")
    return [
        Content.assemble(todo, ("v", ".key")),
        *(Content.styled(f"  {shorten(safe(line), 120)}", ".name") for line in pasted),
    ]


def visit(delivery: Delivery) -> list[Content]:
    """Return what to do about a sender that waits for a visit of the URL it has sent."""
    if not wants_visit(delivery):
        return []
    return [
        Content.assemble(
            "Nothing comes until the URL that it sent is visited: press ",
            ("C", ".key"),
            " to confirm",
        )
    ]


def lines(
    delivery: Delivery, checks: Checks | None, zone: tzinfo | None, *, is_configured: bool
) -> list[Line]:
    """Return all of it, for the tab."""
    verdict = labels.verdict(delivery).content + f"  {_sentence(sentence(delivery))}"
    blocks: list[list[Line]] = [
        [
            Line(verdict, hang=2, is_prose=True),
            *(Line(line, hang=5, is_prose=True) for line in why(delivery, checks)),
        ],
        [Line(line, is_prose=True) for line in visit(delivery)],
        [
            Line(line, hang=2, is_prose=True)
            for line in remedy(delivery, is_configured=is_configured)
        ],
        list(_facts(delivery, zone)),
        list(_history(checks.history if checks is not None else (), zone)),
    ]
    shown = [line for block in blocks if block for line in (*block, _BLANK)]
    return shown[:-1]


def _facts(delivery: Delivery, zone: tzinfo | None) -> Iterator[Line]:
    if delivery.provider is not None:
        yield _fact("provider", _sentence(delivery.provider))
    if (found := coverage.of(delivery)) is not None:
        yield _fact("covers", _covered(found))
        style = "" if found.vouches_for_body else labels.DOUBTFUL
        yield _fact("not covered", _uncovered(found), style)
    if (signed := labels.signed_time(delivery, zone)) is not None:
        yield _fact("signed", signed.removeprefix("signed "))


def _history(history: Sequence[Verdict], zone: tzinfo | None) -> Iterator[Line]:
    if len(history) < 2:
        return
    yield Line(Content.styled(f"Checked {len(history)} times, the latest first", ".strong"))
    for verdict in reversed(history):
        when = labels.full_time(verdict.checked_at_us, zone)[:19]
        label = labels.VERDICTS[verdict.verification.outcome]
        yield Line(
            Content.assemble(
                (f"{when}  ", labels.FAINT),
                label.content.pad_right(labels.VERDICT_WIDTH - len(label.text)),
                f"  {_sentence(verdict.verification.detail)}",
            ),
            hang=len(when) + labels.VERDICT_WIDTH + 4,
            is_prose=True,
        )


def _fact(name: str, text: str, style: str = "") -> Line:
    label = Content.styled(name.ljust(NAME_WIDTH), labels.FAINT)
    return Line(label + Content.styled(text, style), hang=NAME_WIDTH, is_prose=True)


def _covered(found: Coverage) -> str:
    return _sentence(", ".join(found.covered) or "nothing of the request")


def _uncovered(found: Coverage) -> str:
    return _sentence(", ".join(found.uncovered))


def _key(endpoint: str) -> str:
    # A dot in a bare key would begin a table within the table.
    return endpoint if _BARE_KEY.fullmatch(endpoint) else _quoted(endpoint)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _sentence(text: str) -> str:
    return shorten(safe(text), SENTENCE_MAX)


def _quiet(text: str) -> Content:
    return Content.styled(text, labels.FAINT)


_BLANK = Line(Content())
