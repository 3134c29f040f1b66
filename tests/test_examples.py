"""Other people's deliveries through a real inspector: their examples, their libraries' signatures."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks
import stripe
import svix
from slack_sdk.signature import SignatureVerifier

from inspector.core.model import Request, Sign
from inspector.core.wire import JSON
from inspector.simulate import samples
from inspector.simulate.sender import send
from tests import elsewhere, fakes, process
from tests.factories import NOW_S, headers, request

SECRET = "It's a Secret to Everybody"
WHSEC = "whsec_" + base64.b64encode(b"thirty-two bytes of a key, sample").decode()
OF_THE_XML_ONLY = {"booking.order.discount", "item.sku"}
"""Fields that Checkfront's documentation names, and shows in the XML example but not in the JSON one."""
BODY = '{ "type":"booking.completed",\n  "guest": "Amélie \\u00e9",  "total": 1.50 }'


@pytest.fixture
async def target() -> AsyncIterator[fakes.Target]:
    async with fakes.serve(fakes.answering()) as running:
        yield running


def posted(body: bytes, named: Mapping[str, str]) -> Request:
    return request(target=b"/", headers=headers(*named.items()), body=body)


def endpoint(name: str, target: fakes.Target, *, signs: bool = True) -> str:
    secret = 'secret = { env = "THE_SECRET" }' if signs else ""
    return f"""
        [endpoint.{name}]
        provider = "{name}"
        forward_to = "{target.url}/app/{name}"
        {secret}
    """


async def records(running: process.Running, count: int) -> tuple[list[JSON], list[JSON]]:
    """Return `count` deliveries in the order they came, and an attempt at each."""
    deliveries: list[JSON] = []
    attempts: list[JSON] = []
    while len(deliveries) < count or len(attempts) < count:
        line = await running.line()
        (deliveries if line["type"] == "delivery" else attempts).append(line)
    return deliveries, attempts


async def test_every_example_of_github_arrives_verified_and_whole(
    tmp_path: Path, target: fakes.Target
) -> None:
    examples = elsewhere.github_examples()
    assert len(examples) > 300
    guids = [str(uuid.uuid4()) for _ in examples]
    async with process.inspector(
        tmp_path, config=endpoint("github", target), environ={"THE_SECRET": SECRET}
    ) as running:
        for guid, example in zip(guids, examples, strict=True):
            digest = hmac.new(SECRET.encode(), example.body, hashlib.sha256).hexdigest()
            sent = posted(
                example.body,
                {
                    "User-Agent": "GitHub-Hookshot/044aadd",
                    "X-GitHub-Delivery": guid,
                    "X-GitHub-Event": example.name,
                    "X-Hub-Signature-256": f"sha256={digest}",
                    "Content-Type": "application/json",
                },
            )
            assert (await send(running.endpoint("github"), sent)).status == 200
        deliveries, attempts = await records(running, len(examples))
        async with running.client() as client:
            kept = [await client.body(delivery["id"]) for delivery in deliveries]

    assert [each["event_id"] for each in deliveries] == guids
    assert [each["event"] for each in deliveries] == [example.name for example in examples]
    assert {each["verification"]["outcome"] for each in deliveries} == {"verified"}
    assert {each["status"] for each in attempts} == {200}
    bodies = [example.body for example in examples]
    assert kept == bodies
    forwarded = {taken.header(b"X-GitHub-Delivery")[0].decode(): taken for taken in target.requests}
    assert [forwarded[guid].body for guid in guids] == bodies
    assert {taken.line for taken in target.requests} == {b"POST /app/github HTTP/1.1"}


@dataclass(frozen=True)
class Library:
    """A provider's own code: how it signs a body, and how it checks what an app received."""

    provider: str
    secret: str
    sign: Callable[[str], dict[str, str]]
    check: Callable[[bytes, dict[str, str]], Any]
    refusal: type[Exception]


def _standardwebhooks_headers(
    prefix: str, signature: Callable[..., str], body: str
) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        f"{prefix}-id": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
        f"{prefix}-timestamp": str(int(now.timestamp())),
        f"{prefix}-signature": signature("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", now, body),
    }


def _slack_headers(body: str) -> dict[str, str]:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}


def _check_slack(body: bytes, received: dict[str, str]) -> None:
    assert SignatureVerifier(SECRET).is_valid_request(body, received)


LIBRARIES = [
    Library(
        "standardwebhooks",
        WHSEC,
        lambda body: _standardwebhooks_headers(
            "webhook", standardwebhooks.Webhook(WHSEC).sign, body
        ),
        lambda body, received: standardwebhooks.Webhook(WHSEC).verify(body, received),
        standardwebhooks.WebhookVerificationError,
    ),
    Library(
        "svix",
        WHSEC,
        lambda body: _standardwebhooks_headers("svix", svix.Webhook(WHSEC).sign, body),
        lambda body, received: svix.Webhook(WHSEC).verify(body, received),
        svix.WebhookVerificationError,
    ),
    Library(
        "stripe",
        WHSEC,
        lambda body: {
            "Stripe-Signature": stripe.WebhookSignature.generate_signature_header(body, WHSEC)
        },
        lambda body, received: stripe.WebhookSignature.verify_header(
            body, received["Stripe-Signature"], WHSEC, tolerance=300
        ),
        stripe.SignatureVerificationError,
    ),
    Library("slack", SECRET, _slack_headers, _check_slack, AssertionError),
]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.provider)
async def test_what_a_providers_library_signs_it_also_accepts_from_us(
    tmp_path: Path, target: fakes.Target, library: Library
) -> None:
    """As forwarded, and as replayed with a signature of ours; a broken one it must refuse."""
    async with process.inspector(
        tmp_path, config=endpoint(library.provider, target), environ={"THE_SECRET": library.secret}
    ) as running:
        sent = posted(BODY.encode(), library.sign(BODY) | {"Content-Type": "application/json"})
        assert (await send(running.endpoint(library.provider), sent)).status == 200
        [delivery], [_] = await records(running, 1)
        async with running.client() as client:
            kept = await client.body(delivery["id"])
            await client.replay(delivery["id"])
            await client.replay(delivery["id"], sign=Sign.BROKEN)

    assert delivery["verification"]["outcome"] == "verified"
    assert delivery["event"] == "booking.completed"
    assert kept == BODY.encode()
    forwarded, fresh, broken = target.requests
    assert {each.body for each in target.requests} == {BODY.encode()}
    library.check(forwarded.body, _text(forwarded))
    library.check(fresh.body, _text(fresh))
    with pytest.raises(library.refusal):
        library.check(broken.body, _text(broken))


async def test_every_example_of_checkfront_arrives_unsigned_and_whole(
    tmp_path: Path, target: fakes.Target
) -> None:
    examples = elsewhere.checkfront_examples()
    async with process.inspector(
        tmp_path, config=endpoint("checkfront", target, signs=False)
    ) as running:
        for example in examples:
            kind = "application/json" if example.name.endswith("json") else "application/xml"
            sent = posted(example.body, {"Content-Type": kind})
            assert (await send(running.endpoint("checkfront"), sent)).status == 200
        deliveries, _ = await records(running, len(examples))
        async with running.client() as client:
            kept = [await client.body(delivery["id"]) for delivery in deliveries]

    assert {each["verification"]["outcome"] for each in deliveries} == {"unsigned"}
    events = dict(
        zip((each.name for each in examples), (each["event"] for each in deliveries), strict=True)
    )
    assert events == {
        "webhook-booking.json": "booking.HOLD",
        "webhook-booking.xml": "booking.HOLD",
        "webhook-item-event-edit.json": "rate.update",
        "webhook-item-event-edit.xml": "rate.update",
        "webhook-item-update.json": "item.update",
        "webhook-item-update.xml": "item.update",
        "webhook-payment.json": "transaction.insert",
        "webhook-payment.xml": "transaction.insert",
    }
    assert kept == [example.body for example in examples]
    assert sorted(taken.body for taken in target.requests) == sorted(kept)


@pytest.mark.parametrize(
    ("event", "file"),
    [
        ("booking.PAID", "webhook-booking.json"),
        ("item.update", "webhook-item-update.json"),
        ("rate.update", "webhook-item-event-edit.json"),
        ("transaction.insert", "webhook-payment.json"),
    ],
)
def test_our_samples_of_checkfront_have_the_shape_of_its_examples(event: str, file: str) -> None:
    theirs = {example.name: example.body for example in elsewhere.checkfront_examples()}
    ours = json.loads(samples.sample("checkfront", event, now_s=NOW_S, unique="1").body)

    assert _paths(ours) - _paths(json.loads(theirs[file])) <= OF_THE_XML_ONLY


def _paths(value: Any, path: str = "") -> set[str]:
    """Return the dotted path of every value; what a list holds counts as one."""
    found = {path}
    if isinstance(value, dict):
        for key, inner in value.items():
            found |= _paths(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            found |= _paths(inner, path)
    return found


def _text(taken: fakes.Taken) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in taken.pairs}
