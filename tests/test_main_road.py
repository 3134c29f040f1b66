"""The main road, walked once from end to end: the real process, real sockets, a real app behind it."""

import asyncio
import hashlib
import hmac
import json
import sqlite3
import sys
import time
from contextlib import aclosing
from pathlib import Path

import aiohttp

from inspector.client import Client, Connection
from inspector.core.model import Attempt, Delivery, Outcome, Record, Response, Trigger
from inspector.core.wire import JSON
from tests import fakes, process

SECRET = "jks_main_road"
BODY = (
    b'{"event": "booking.completed",  "booking_ref":"JNK-A7B3X9", "status":"confirmed",\n'
    b'"occurred_at":"2026-06-02T08:00:00Z","event_id":"evt_1","livemode":true}'
)
CONFIG = """
[endpoint.jinko]
provider = "jinko"
secret = {{ env = "JINKO_WEBHOOK_SECRET" }}
forward_to = "{url}/hooks"
"""


def signature(timestamp: str, body: bytes) -> str:
    """Sign as Jinko's guide says, with nothing of ours."""
    text = timestamp.encode() + b"." + body
    return "sha256=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def jinko_headers(body: bytes, *, age_s: int = 0) -> dict[str, str]:
    timestamp = str(int(time.time()) - age_s)
    return {
        "Content-Type": "application/json",
        "X-Jinko-Event-Id": "evt_1",
        "X-Jinko-Delivery-Id": "dlv_1",
        "X-Jinko-Timestamp": timestamp,
        "X-Jinko-Signature": signature(timestamp, body),
    }


async def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def hooktap(*arguments: str) -> str:
    """Run the command as a person would; return what it printed."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "inspector", *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await command.communicate()
    assert command.returncode == 0
    return printed.decode()


async def first_records(client: Client, count: int) -> list[Record]:
    records: list[Record] = []
    async with aclosing(client.feed(after=0)) as feed:
        async for each in feed:
            if not isinstance(each, Connection):
                records.append(each)
            if len(records) == count:
                break
    return records


async def test_the_main_road(tmp_path: Path) -> None:
    """Ready, signed POST, 200, stored, forwarded, shown, replayed and accepted; then what must not be accepted."""
    environ = {"JINKO_WEBHOOK_SECRET": SECRET}
    with process.demo_app(SECRET) as app:
        async with (
            fakes.serve(fakes.answering()) as target,
            process.inspector(
                tmp_path, config=CONFIG.format(url=target.url), environ=environ
            ) as running,
            running.client() as client,
        ):
            sent = jinko_headers(BODY)
            status, said = await post(running.endpoint("jinko") + "?x=1", BODY, sent)
            assert (status, said) == (200, "stored as #1\n")

            # It is in the file, byte for byte, and verified.
            line = await running.line()
            with sqlite3.connect(f"file:{running.data_dir.database}?mode=ro", uri=True) as database:
                row = database.execute("SELECT id, body, outcome, target FROM delivery").fetchall()
            database.close()
            assert row == [(1, BODY, "verified", b"/in/jinko?x=1")]
            assert (line["type"], line["id"], line["verification"]["outcome"]) == (
                "delivery",
                1,
                "verified",
            )

            # The app got the same bytes.
            line = await running.line()
            assert (line["type"], line["id"], line["delivery_id"], line["status"]) == (
                "attempt",
                2,
                1,
                200,
            )
            (taken,) = target.requests
            assert taken.line == b"POST /hooks?x=1 HTTP/1.1"
            assert taken.body == BODY
            assert [value.encode() for value in sent.values()] == [
                taken.header(name.encode())[0] for name in sent
            ]
            assert taken.header(b"Hooktap-Delivery-Id") != []

            # The feed and the list show it.
            delivery, attempt = await first_records(client, 2)
            assert isinstance(delivery, Delivery)
            assert isinstance(attempt, Attempt)
            assert delivery.verification.outcome is Outcome.VERIFIED
            assert await client.body(1) == BODY
            where = ("--data-dir", str(running.data_dir.path))
            (listed,) = (await hooktap("list", "--json", *where)).splitlines()
            assert json.loads(listed)["verification"]["outcome"] == "verified"
            assert "✓ verified" in await hooktap("list", *where)

            # A replay is signed freshly, and the app, which refuses old times and wrong signatures, accepts it.
            replayed = await client.replay(1, to=f"{app}/webhooks/jinko")
            assert replayed.trigger is Trigger.REPLAY
            assert isinstance(replayed.result, Response)
            assert replayed.result.status == 200
            broken = await hooktap(
                "replay", "1", "--sign", "broken", "--to", f"{app}/webhooks/jinko", "--json", *where
            )
            assert json.loads(broken)["status"] == 401

            # Tampered, stale and unsigned ones are stored too, with their verdicts.
            url = running.endpoint("jinko")
            unsigned = jinko_headers(BODY)
            del unsigned["X-Jinko-Signature"]
            assert (await post(url, BODY + b" ", jinko_headers(BODY)))[0] == 200
            assert (await post(url, BODY, jinko_headers(BODY, age_s=3600)))[0] == 200
            assert (await post(url, BODY, unsigned))[0] == 200
            shown: list[JSON] = []
            while len(shown) < 3:
                line = await running.line()
                shown += [line] if line["type"] == "delivery" else []

    assert [line["verification"]["outcome"] for line in shown] == ["mismatch", "stale", "missing"]
    assert (
        "none of" in shown[0]["verification"]["detail"]
        or "secret" in shown[0]["verification"]["detail"]
    )
    assert "1 h" in shown[1]["verification"]["detail"]
    assert "X-Jinko-Signature" in shown[2]["verification"]["detail"]
