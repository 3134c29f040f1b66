"""The life of one delivery, with the real store, forwarder and dispatcher."""

import asyncio
import hashlib
import hmac
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from inspector import dispatcher, server
from inspector.client import Client
from inspector.config import Config
from inspector.core.edits import Edit
from inspector.core.headers import Headers
from inspector.core.model import (
    Attempt,
    Endpoint,
    Failure,
    FailureKind,
    OnInvalid,
    Outcome,
    Reply,
    ReplyMode,
    Request,
    Response,
    RetryPolicy,
    Sign,
    Trigger,
)
from inspector.datadir import DataDir
from inspector.errors import HooktapError, NotFoundError, ReplayError
from inspector.server import Inspector
from tests import factories, fakes

SECRET = b"jks_test"
JINKO = Endpoint("jinko", "jinko", (SECRET,))
BODY = b'{"event":"booking.completed","event_id":"evt_1"}'


@asynccontextmanager
async def running(
    folder: Path, *endpoints: Endpoint, **settings: object
) -> AsyncIterator[Inspector]:
    config = Config(
        data_dir=DataDir(folder),
        port=0,
        api_port=0,
        endpoints={endpoint.name: endpoint for endpoint in endpoints},
        fetch_certificates=False,  # tests stay on this machine
    )
    async with server.running(replace(config, **settings)) as inspector:  # type: ignore[arg-type]
        yield inspector


def signed(
    body: bytes = BODY, *, secret: bytes = SECRET, age_s: int = 0, target: str = ""
) -> Request:
    """Build a Jinko delivery as Jinko's guide says, with nothing of ours."""
    timestamp = str(int(time.time()) - age_s)
    digest = hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return factories.request(
        target=f"/in/jinko{target}".encode(),
        headers=factories.headers(
            ("Host", "hooks.example.test"),
            ("X-Jinko-Timestamp", timestamp),
            ("X-Jinko-Signature", f"sha256={digest}"),
            ("X-Jinko-Event-Id", "evt_1"),
            ("X-Jinko-Delivery-Id", "dlv_1"),
            ("Content-Length", str(len(body))),
        ),
        body=body,
    )


async def attempts_of(inspector: Inspector, count: int) -> list[Attempt]:
    """Wait until the feed has shown `count` attempts."""
    found: list[Attempt] = []
    async with asyncio.timeout(20), aclosing(inspector.feed.subscribe(0)) as records:
        async for record in records:
            if isinstance(record, Attempt):
                found.append(record)
                if len(found) == count:
                    break
    return found


async def stored_outcome(inspector: Inspector, delivery_id: int) -> Outcome:
    delivery = await inspector.store.delivery(delivery_id)
    assert delivery is not None
    return delivery.verification.outcome


async def test_a_delivery_is_checked_stored_and_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path, JINKO) as inspector:
        request = signed()
        reply = await inspector.pipeline.accept(JINKO, request)
        delivery = await inspector.store.delivery(1)

    assert (reply.status, reply.body) == (200, b"stored as #1\n")
    assert delivery is not None
    assert delivery.request == request
    assert delivery.verification.outcome is Outcome.VERIFIED
    assert delivery.verification.secret_index == 0
    assert (delivery.event, delivery.event_id, delivery.attempt_id) == (
        "booking.completed",
        "evt_1",
        "dlv_1",
    )


async def test_each_verdict(tmp_path: Path) -> None:
    """Every check that can fail fails as what it is, and is stored all the same."""
    async with running(tmp_path, JINKO) as inspector:
        fresh = signed()
        unsigned = replace(fresh, headers=fresh.headers.without([b"X-Jinko-Signature"]))
        garbled = replace(fresh, headers=fresh.headers.replacing(b"X-Jinko-Timestamp", b"soon"))
        requests = [
            signed(secret=b"another"),
            replace(fresh, body=BODY + b"\n"),
            signed(age_s=3600),
            unsigned,
            garbled,
        ]
        for request in requests:
            reply = await inspector.pipeline.accept(JINKO, request)
            assert reply.status == 200
        outcomes = [await stored_outcome(inspector, number) for number in range(1, 6)]

    assert outcomes == ["mismatch", "mismatch", "stale", "missing", "malformed"]


async def test_the_provider_is_recognised_from_the_headers_then_the_name(tmp_path: Path) -> None:
    async with running(tmp_path) as inspector:
        accept = inspector.pipeline.accept
        await accept(Endpoint("anything"), signed())
        await accept(Endpoint("wink"), factories.request())
        await accept(Endpoint("anything"), factories.request())
        page = await inspector.store.page()

    assert [(each.provider, each.verification.outcome.value) for each in reversed(page)] == [
        ("jinko", "no_secret"),
        ("wink", "unsigned"),
        (None, "unknown"),
    ]


async def test_reject_answers_401_and_stores(tmp_path: Path) -> None:
    strict = replace(JINKO, on_invalid=OnInvalid.REJECT)
    async with running(tmp_path, strict) as inspector:
        refused = await inspector.pipeline.accept(strict, signed(secret=b"x"))
        taken = await inspector.pipeline.accept(strict, signed())
        page = await inspector.store.page()

    assert (refused.status, taken.status, len(page)) == (401, 200, 2)


@pytest.mark.parametrize("policy", [OnInvalid.HOLD, OnInvalid.REJECT])
async def test_what_fails_the_check_is_held_back_when_asked(
    tmp_path: Path, policy: OnInvalid
) -> None:
    async with fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, on_invalid=policy, target=target.url)
        async with running(tmp_path, endpoint) as inspector:
            await inspector.pipeline.accept(endpoint, signed(secret=b"x"))
            await inspector.pipeline.accept(endpoint, signed())
            (attempt,) = await attempts_of(inspector, 1)

    assert attempt.delivery_id == 2
    assert len(target.requests) == 1


async def test_the_target_gets_the_same_bytes(tmp_path: Path) -> None:
    async with fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, target=target.url + "/base?token=t")
        async with running(tmp_path, endpoint) as inspector:
            request = signed(b"\x00\xff\r\n", target="/extra//%2F?x=1")
            await inspector.pipeline.accept(endpoint, request)
            (attempt,) = await attempts_of(inspector, 1)
            delivery = await inspector.store.delivery(1)

    (taken,) = target.requests
    assert delivery is not None
    assert taken.line == b"POST /base/extra//%2F?token=t&x=1 HTTP/1.1"
    assert taken.body == b"\x00\xff\r\n"
    assert taken.pairs[1:-2] == list(request.headers.pairs[1:])
    assert taken.pairs[-2] == (b"Hooktap-Delivery-Id", delivery.uid.encode())
    assert taken.pairs[-1][0] == b"Hooktap-Hops"
    assert (attempt.number, attempt.trigger, attempt.succeeded) == (1, Trigger.FORWARD, True)


async def test_reply_target_passes_the_answer_on(tmp_path: Path) -> None:
    answer = fakes.answer(418, ("Set-Cookie", "a"), ("Set-Cookie", "b"), body=b"tea")
    async with fakes.serve(fakes.answering(answer)) as target:
        endpoint = replace(JINKO, target=target.url, reply=ReplyMode.TARGET)
        async with running(tmp_path, endpoint) as inspector:
            reply = await inspector.pipeline.accept(endpoint, signed())

    assert (reply.status, reply.body) == (418, b"tea")
    assert reply.headers.get_all(b"Set-Cookie") == [b"a", b"b"]
    assert reply.headers.get(b"Content-Length") is None


async def test_reply_target_with_the_app_down_is_502_and_stored(tmp_path: Path) -> None:
    with fakes.refusing() as target:
        endpoint = replace(JINKO, target=target.url, reply=ReplyMode.TARGET)
        async with running(tmp_path, endpoint) as inspector:
            reply = await inspector.pipeline.accept(endpoint, signed())
            (attempt,) = await attempts_of(inspector, 1)

    assert reply.status == 502
    assert isinstance(attempt.result, Failure)
    assert attempt.result.kind is FailureKind.REFUSED
    assert reply.body == attempt.result.detail.encode() + b"\n"


async def test_a_fixed_reply_is_given_whatever_the_target_says(tmp_path: Path) -> None:
    fixed = Reply(503, Headers(((b"Retry-After", b"1"),)), b"later")
    async with fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, target=target.url, reply=fixed)
        async with running(tmp_path, endpoint) as inspector:
            reply = await inspector.pipeline.accept(endpoint, signed())
            (attempt,) = await attempts_of(inspector, 1)

    assert reply == fixed
    assert attempt.succeeded


async def test_our_own_doors_are_no_targets(tmp_path: Path) -> None:
    """A delivery cannot be turned against the API, nor sent round in circles."""
    async with running(tmp_path, JINKO) as inspector:
        await inspector.pipeline.accept(JINKO, signed())
        for url in (inspector.addresses.api, inspector.addresses.ingress + "/in/jinko"):
            attempt = await inspector.pipeline.replay(1, to=url)
            assert isinstance(attempt.result, Failure)
            assert attempt.result.kind is FailureKind.FORBIDDEN
        page = await inspector.store.page()

    assert len(page) == 1


async def test_a_replay_is_signed_freshly_and_changes_nothing_else(tmp_path: Path) -> None:
    async with (
        fakes.serve(fakes.answering()) as target,
        running(tmp_path, replace(JINKO, target=target.url)) as inspector,
    ):
        old = signed(age_s=3600)
        await inspector.pipeline.accept(JINKO, old)
        attempt = await inspector.pipeline.replay(1)
        stored = await inspector.store.delivery(1)

    (taken,) = target.requests
    (timestamp,) = taken.header(b"X-Jinko-Timestamp")
    expected = hmac.new(SECRET, timestamp + b"." + taken.body, hashlib.sha256).hexdigest()
    assert abs(int(timestamp) - time.time()) < 60
    assert taken.header(b"X-Jinko-Signature") == [b"sha256=" + expected.encode()]
    assert [name for name, _ in taken.pairs[1:-2]] == [name for name, _ in old.headers.pairs[1:]]
    assert stored is not None
    assert stored.request == old  # history is append-only
    assert (attempt.trigger, attempt.number) == (Trigger.REPLAY, 1)
    assert isinstance(attempt.result, Response)


async def test_a_replay_verbatim_and_a_broken_one(tmp_path: Path) -> None:
    async with fakes.serve(fakes.answering()) as target, running(tmp_path, JINKO) as inspector:
        old = signed()
        await inspector.pipeline.accept(JINKO, old)
        await inspector.pipeline.replay(1, to=target.url, sign=Sign.VERBATIM)
        await inspector.pipeline.replay(1, to=target.url, sign=Sign.BROKEN)

    verbatim, broken = (each.header(b"X-Jinko-Signature")[0] for each in target.requests)
    assert verbatim == old.headers.get(b"X-Jinko-Signature")
    assert broken != verbatim
    assert len(broken) == len(verbatim)


async def test_what_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as inspector:
        await inspector.pipeline.accept(Endpoint("anything"), factories.request())
        replay = inspector.pipeline.replay
        with pytest.raises(NotFoundError, match="no delivery #99"):
            await replay(99)
        with pytest.raises(ReplayError, match="'anything' has no target"):
            await replay(1)
        with pytest.raises(ReplayError, match="http"):
            await replay(1, to="ftp://127.0.0.1/")
        with pytest.raises(ReplayError, match="no known provider"):
            await replay(1, to="http://127.0.0.1:9", sign=Sign.FRESH)


async def test_a_failed_forward_is_retried_as_the_policy_says(tmp_path: Path) -> None:
    """Two failures, then the app is well: three attempts, numbered, and no fourth."""
    answers = iter([fakes.answer(500), fakes.answer(503), fakes.OK])

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            await peer.say(next(answers))

    async with fakes.serve(script) as target:
        policy = RetryPolicy(attempts=5, first_s=0.01, factor=1, jitter=0)
        endpoint = replace(JINKO, target=target.url, retry=policy)
        async with running(tmp_path, endpoint) as inspector:
            await inspector.pipeline.accept(endpoint, signed())
            attempts = await attempts_of(inspector, 3)
            owed = await inspector.store.next_due_us()

    assert [(each.number, each.trigger.value) for each in attempts] == [
        (1, "forward"),
        (2, "retry"),
        (3, "retry"),
    ]
    assert [each.succeeded for each in attempts] == [False, False, True]
    assert owed is None


async def test_one_attempt_is_all_without_a_policy(tmp_path: Path) -> None:
    with fakes.refusing() as target:
        endpoint = replace(JINKO, target=target.url)
        async with running(tmp_path, endpoint) as inspector:
            await inspector.pipeline.accept(endpoint, signed())
            await attempts_of(inspector, 1)
            owed = await inspector.store.next_due_us()

    assert owed is None


def pass_ten_minutes(database: Path) -> None:
    """Bring what is scheduled nearer, as if no inspector had run for so long."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE schedule SET due_at_us = due_at_us - 600000000")


async def test_a_restart_takes_the_schedule_up(tmp_path: Path) -> None:
    """The app was down when the inspector stopped; the next inspector delivers once the app is back."""
    policy = RetryPolicy(attempts=9, first_s=600, factor=1, jitter=0)
    async with fakes.serve(fakes.answering()) as target:
        with fakes.refusing() as down:
            endpoint = replace(JINKO, target=down.url, retry=policy)
            async with running(tmp_path, endpoint) as inspector:
                await inspector.pipeline.accept(endpoint, signed())
                await attempts_of(inspector, 1)
        pass_ten_minutes(inspector.config.data_dir.database)
        async with running(tmp_path, replace(endpoint, target=target.url)) as inspector:
            *_, last = await attempts_of(inspector, 2)

    assert (last.number, last.trigger, last.succeeded) == (2, Trigger.RETRY, True)
    assert len(target.requests) == 1


async def test_more_than_the_target_takes_at_once_waits_its_turn(tmp_path: Path) -> None:
    """A burst is bounded at the target, and all of it arrives, each delivery once."""
    async with fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, target=target.url)
        async with running(tmp_path, endpoint) as inspector:
            for _ in range(100):
                await inspector.pipeline.accept(endpoint, signed())
            attempts = await attempts_of(inspector, 100)

    assert sorted(each.delivery_id for each in attempts) == sorted(
        {each.delivery_id for each in attempts}
    )
    assert len(target.requests) == 100
    assert target.connections <= 16


async def test_a_target_that_hangs_holds_up_only_itself(tmp_path: Path) -> None:
    """Its places are all taken, and more waits for it; another target's delivery goes out at once."""
    async with fakes.serve(fakes.silent) as hanging, fakes.serve(fakes.answering()) as target:
        stuck = Endpoint("stuck", target=hanging.url)
        well = replace(JINKO, target=target.url)
        async with running(tmp_path, stuck, well, drain_s=0) as inspector:
            for _ in range(dispatcher.LIMIT_PER_TARGET + 4):
                await inspector.pipeline.accept(stuck, factories.request(target=b"/in/stuck"))
            await inspector.pipeline.accept(well, signed())
            (attempt,) = await attempts_of(inspector, 1)

    assert attempt.succeeded
    assert attempt.url.startswith(target.url)


async def test_a_delivery_deleted_on_its_way_stops_nothing(tmp_path: Path) -> None:
    """Its attempt has no place any more; the next delivery goes out all the same."""
    asked, deleted = asyncio.Event(), asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        while await peer.take():
            asked.set()
            await deleted.wait()
            await peer.say(fakes.OK)

    async with running(tmp_path) as inspector:
        await inspector.store.append_delivery(factories.delivery(endpoint="jinko"), due_at_us=1)
    async with fakes.serve(script) as target:
        endpoint = replace(JINKO, target=target.url)
        async with running(tmp_path, endpoint) as inspector:
            await asked.wait()
            with closing(sqlite3.connect(inspector.config.data_dir.database)) as other, other:
                other.execute("PRAGMA foreign_keys = ON")
                other.execute("DELETE FROM delivery")
            deleted.set()
            await inspector.pipeline.accept(endpoint, signed())
            (attempt,) = await attempts_of(inspector, 1)

    assert (attempt.delivery_id, attempt.succeeded) == (2, True)


async def test_what_is_owed_to_nobody_any_more_holds_nothing_up(tmp_path: Path) -> None:
    """Many deliveries whose endpoint has lost its target are dropped from the schedule; the next one goes out."""
    async with running(tmp_path) as inspector:
        owed = factories.delivery(endpoint="gone")
        await asyncio.gather(
            *[
                inspector.store.append_delivery(owed, due_at_us=1)
                for _ in range(dispatcher.BATCH + 10)
            ]
        )
    async with fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, target=target.url)
        async with running(tmp_path, endpoint) as inspector:
            while len(await inspector.store.due(2**62, dispatcher.BATCH)) > 10:
                await asyncio.sleep(0)
            await inspector.pipeline.accept(endpoint, signed())
            (attempt,) = await attempts_of(inspector, 1)
            while await inspector.store.due(2**62, 1):
                await asyncio.sleep(0)

    assert attempt.succeeded
    assert len(target.requests) == 1


async def test_a_stop_during_a_forward_is_told_and_made_good(tmp_path: Path) -> None:
    """Nobody knows whether the app saw it: the attempt says so, and the next run sends it again."""
    async with fakes.serve(fakes.silent) as hanging, fakes.serve(fakes.answering()) as target:
        endpoint = replace(JINKO, target=hanging.url)
        async with running(tmp_path, endpoint, drain_s=0.05) as inspector:
            await inspector.pipeline.accept(endpoint, signed())
            while not hanging.requests:
                await asyncio.sleep(0)
        async with running(tmp_path, replace(endpoint, target=target.url)) as inspector:
            first, second = await attempts_of(inspector, 2)

    assert isinstance(first.result, Failure)
    assert first.result.kind is FailureKind.ABANDONED
    assert (second.number, second.succeeded) == (2, True)


def is_abandoned(attempt: Attempt) -> bool:
    return attempt.result == Failure(
        FailureKind.ABANDONED,
        "the inspector stopped before the target answered; it may have seen the request",
    )


async def test_a_stop_during_a_replay_is_told(tmp_path: Path) -> None:
    """The app may have seen it, so it is in the history."""

    async def replay(data_dir: DataDir) -> None:
        async with Client.of(data_dir) as client:
            with pytest.raises(HooktapError):
                await client.replay(1, to=hanging.url)

    async with (
        fakes.serve(fakes.silent) as hanging,
        asyncio.TaskGroup() as callers,
        running(tmp_path, JINKO) as inspector,
    ):
        await inspector.pipeline.accept(JINKO, signed())
        callers.create_task(replay(inspector.config.data_dir))
        while not hanging.requests:
            await asyncio.sleep(0)
    async with running(tmp_path, JINKO) as inspector:
        (attempt,) = await attempts_of(inspector, 1)

    assert is_abandoned(attempt)
    assert attempt.trigger is Trigger.REPLAY


async def test_what_was_changed_before_a_replay_that_was_cut_off_is_kept(tmp_path: Path) -> None:
    edit = Edit(body=b"{}")
    async with (
        fakes.serve(fakes.silent) as hanging,
        running(tmp_path, JINKO) as inspector,
        asyncio.TaskGroup() as tasks,
    ):
        await inspector.pipeline.accept(JINKO, signed())
        replay = tasks.create_task(inspector.pipeline.replay(1, to=hanging.url, edit=edit))
        while not hanging.requests:
            await asyncio.sleep(0)
        replay.cancel()
        await asyncio.wait([replay])
        (attempt,) = await attempts_of(inspector, 1)
        kept = await inspector.store.edit(attempt.id)

    assert replay.cancelled()
    assert is_abandoned(attempt)
    assert kept is not None
    assert kept.body == b"{}"


async def test_a_stop_while_a_sender_waits_for_the_target_is_told(tmp_path: Path) -> None:
    """It is not sent again: the sender, who got no answer, does that."""
    async with fakes.serve(fakes.silent) as hanging:
        endpoint = replace(JINKO, target=hanging.url, reply=ReplyMode.TARGET)
        async with running(tmp_path, endpoint) as inspector, asyncio.TaskGroup() as tasks:
            taking = tasks.create_task(inspector.pipeline.accept(endpoint, signed()))
            while not hanging.requests:
                await asyncio.sleep(0)
            taking.cancel()
            await asyncio.wait([taking])
            (attempt,) = await attempts_of(inspector, 1)
            owed = await inspector.store.due(2**62, 1)

    assert taking.cancelled()
    assert is_abandoned(attempt)
    assert (attempt.trigger, owed) == (Trigger.FORWARD, [])


async def test_a_sender_that_leaves_cuts_nothing_off(tmp_path: Path) -> None:
    """The target has the request, and what it answers is recorded, though nobody waits for it any more."""
    gone = asyncio.Event()

    async def script(peer: fakes.Peer) -> None:
        await peer.take()
        await gone.wait()
        await peer.say(fakes.OK)

    async with fakes.serve(script) as target:
        endpoint = replace(JINKO, target=target.url, reply=ReplyMode.TARGET)
        async with running(tmp_path, endpoint) as inspector:
            port = int(inspector.addresses.ingress.rpartition(":")[2])
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /in/jinko HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            while not target.requests:
                await asyncio.sleep(0)
            writer.transport.abort()
            for _ in range(100):  # the inspector hears of it
                await asyncio.sleep(0)
            gone.set()
            (attempt,) = await attempts_of(inspector, 1)

    assert attempt.succeeded


async def test_a_name_nobody_configured_is_an_endpoint_from_its_first_delivery(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as inspector:
        created = await inspector.endpoints.resolve("new-one")
        refused = await inspector.endpoints.resolve("No Good")
    async with running(tmp_path) as inspector:
        remembered = inspector.endpoints.get("new-one")

    assert created == remembered == Endpoint("new-one")
    assert refused is None


async def test_strict_creates_no_endpoint(tmp_path: Path) -> None:
    """Nor does it know those that a laxer run created."""
    async with running(tmp_path) as inspector:
        assert await inspector.endpoints.resolve("scanner") is not None
    async with running(tmp_path, JINKO, strict=True) as inspector:
        assert await inspector.endpoints.resolve("scanner") is None
        assert await inspector.endpoints.resolve("jinko") == JINKO


async def test_a_scanner_cannot_create_endpoints_for_ever(tmp_path: Path) -> None:
    async with running(tmp_path) as inspector:
        made = [await inspector.endpoints.resolve(f"n{number}") for number in range(205)]

    assert sum(endpoint is not None for endpoint in made) == 200
