"""Handshakes at a real inspector whose targets are down: answered at once, stored, and shown as what they were."""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp
from yarl import URL

from inspector.core.model import Delivery
from tests import fakes, process

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
HANDED = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
ENVIRON = {"THE_SECRET": SECRET, "META_TOKEN": "meatyhamhock"}
CONFIG = """
[endpoint.slack]
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.zoom]
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.meta]
verify_token = {{ env = "META_TOKEN" }}
forward_to = "{url}"
reply = "target"

[endpoint.graph]
provider = "microsoft-graph"
forward_to = "{url}"

[endpoint.okta]
forward_to = "{url}"

[endpoint.trello]
provider = "trello"
forward_to = "{url}"

[endpoint.xero]
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}"

[endpoint.asana]
forward_to = "{url}"

[endpoint.itself]
provider = "slack"
secret = {{ env = "THE_SECRET" }}
handshake = "forward"
forward_to = "{url}"
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


async def send(
    url: str, method: str = "POST", *, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(url, encoded=True), data=body, headers=headers) as answer,
    ):
        return Answer(answer.status, dict(answer.headers), await answer.text())


def v0(kind: str, body: bytes, *, key: str = SECRET) -> dict[str, str]:
    """Sign as Slack and Zoom do."""
    at = str(int(time.time()))
    signature = hmac.new(key.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
    names = {"slack": ("X-Slack-Request-Timestamp", "X-Slack-Signature")}
    timestamp, place = names.get(kind, ("x-zm-request-timestamp", "x-zm-signature"))
    return {timestamp: at, place: f"v0={signature}", "Content-Type": "application/json"}


def asana(body: bytes, *, key: str = HANDED) -> dict[str, str]:
    return {"X-Hook-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


async def show(running: process.Running, number: int) -> dict[str, object]:
    """Return what `hooktap show --json` prints."""
    where = ("--data-dir", str(running.data_dir.path))
    command = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "inspector", "show", str(number), "--json", *where),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await command.communicate()
    assert command.returncode == 0
    found: dict[str, object] = json.loads(printed)
    return found


async def deliveries(running: process.Running) -> list[Delivery]:
    """Return those that are stored, in order. None that was answered as a handshake went on to the target."""
    async with running.client() as client:
        rows = await client.deliveries()
    assert all(not attempts for delivery, attempts in rows if delivery.handshake is not None)
    return [delivery for delivery, _ in reversed(rows)]


async def test_handshakes_with_the_target_down(tmp_path: Path) -> None:
    with fakes.refusing() as target:
        async with process.inspector(
            tmp_path, config=CONFIG.format(url=target.url), environ=ENVIRON
        ) as running:
            slack = b'{"type":"url_verification","challenge":"3eZbrw1aBm2r"}'
            to_slack = running.endpoint("slack")
            found = await send(to_slack, body=slack, headers=v0("slack", slack))
            assert (found.status, found.body) == (200, "3eZbrw1aBm2r")
            assert found.headers["Content-Type"] == "text/plain"
            assert found.headers["X-Content-Type-Options"] == "nosniff"
            forged = await send(to_slack, body=slack, headers=v0("slack", slack, key="another"))
            assert (forged.status, forged.body) == (401, "")

            zoom = b'{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZ"}}'
            found = await send(running.endpoint("zoom"), body=zoom, headers=v0("zoom", zoom))
            hashed = hmac.new(SECRET.encode(), b"qgg8vlvZ", hashlib.sha256).hexdigest()
            assert json.loads(found.body) == {"plainToken": "qgg8vlvZ", "encryptedToken": hashed}

            asked = running.endpoint("meta") + "?hub.mode=subscribe&hub.challenge=1158201444"
            found = await send(asked + "&hub.verify_token=meatyhamhock", "GET")
            assert (found.status, found.body) == (200, "1158201444")
            assert (await send(asked + "&hub.verify_token=guessed", "GET")).status == 403

            found = await send(running.endpoint("graph") + "?validationToken=Validation%3a+Testing")
            assert (found.status, found.body) == (200, "Validation: Testing")

            challenge = {"X-Okta-Verification-Challenge": "Me_rShK8JHsT"}
            found = await send(running.endpoint("okta"), "GET", headers=challenge)
            assert found.body == '{"verification":"Me_rShK8JHsT"}'

            found = await send(running.endpoint("trello"), "HEAD")
            assert (found.status, found.body) == (200, "")

            stored = await deliveries(running)
            assert [delivery.endpoint for delivery in stored] == [
                *("slack", "slack", "zoom", "meta", "meta", "graph", "okta", "trello")
            ]
            shown = await show(running, stored[0].id)
            assert shown["handshake"] == "Slack asked for its challenge back, and was answered"
            shown = await show(running, stored[1].id)
            assert "refused with 401" in str(shown["handshake"])
            assert all(delivery.handshake for delivery in stored)


async def test_xero_is_answered_by_signature(tmp_path: Path) -> None:
    """200 or 401, neither with a body or a cookie."""
    body = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}'
    right = hmac.digest(SECRET.encode(), body, "sha256")
    with fakes.refusing() as target:
        async with process.inspector(
            tmp_path, config=CONFIG.format(url=target.url), environ=ENVIRON
        ) as running:
            for signature, status in ((right, 200), (right[::-1], 401), (right, 200)):
                headers = {"x-xero-signature": base64.b64encode(signature).decode()}
                found = await send(running.endpoint("xero"), body=body, headers=headers)
                assert (found.status, found.body) == (status, "")
                assert "Set-Cookie" not in found.headers


async def test_asanas_secret_is_kept_and_never_stored(tmp_path: Path) -> None:
    """It checks the deliveries that follow, outlives a restart, and no stranger replaces it."""
    config = CONFIG.format(url="http://127.0.0.1:9")
    events = b'{"events":[]}'
    async with process.inspector(tmp_path, config=config, environ=ENVIRON) as running:
        url = running.endpoint("asana")
        found = await send(url, headers={"X-Hook-Secret": HANDED})
        assert (found.status, found.headers["X-Hook-Secret"]) == (200, HANDED)
        stranger = await send(url, headers={"X-Hook-Secret": "f" * 64})
        assert stranger.status == 403
        assert "X-Hook-Secret" not in stranger.headers
        again = await send(url, headers={"X-Hook-Secret": HANDED})
        assert again.status == 200
        await send(url, body=events, headers=asana(events))
        await send(url, body=events, headers=asana(events, key="f" * 64))

    async with process.inspector(tmp_path, config=config, environ=ENVIRON) as running:
        await send(running.endpoint("asana"), body=events, headers=asana(events))
        stored = await deliveries(running)

    assert [bool(delivery.handshake) for delivery in stored] == [True] * 3 + [False] * 3
    assert [str(delivery.verification.outcome) for delivery in stored[3:]] == [
        *("verified", "mismatch", "verified")
    ]
    kept = tmp_path / "data" / "handed" / "asana"
    assert kept.read_text() == HANDED
    written = [
        path.read_bytes()
        for path in (tmp_path / "data").rglob("*")
        if path.is_file() and path != kept
    ]
    assert not any(HANDED.encode() in content for content in written)
    assert not any(b"f" * 64 in content for content in written)


async def test_app_answers_where_it_is_asked_to(tmp_path: Path) -> None:
    """`handshake = "forward"`: a delivery like any other, which the app gets."""
    body = b'{"type":"url_verification","challenge":"3eZbrw1aBm2r"}'
    async with (
        fakes.serve(fakes.answering()) as target,
        process.inspector(
            tmp_path, config=CONFIG.format(url=target.url), environ=ENVIRON
        ) as running,
    ):
        found = await send(running.endpoint("itself"), body=body, headers=v0("slack", body))
        assert found.body == "stored as #1\n"
        await running.line()
        attempt = await running.line()
        (stored,) = await deliveries(running)

    assert attempt["type"] == "attempt"
    assert stored.handshake is None
    assert [taken.body for taken in target.requests] == [body]
