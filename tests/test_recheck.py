"""Stored deliveries looked at once more, in a real inspector."""

import json
import time
from pathlib import Path

import pytest

from inspector import providers
from inspector.certificates import Certificates
from inspector.core.diagnosis import Cause
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Outcome, Request
from inspector.errors import NotFoundError, ReplayError
from inspector.examiner import Examiner
from inspector.recheck import Recheck
from inspector.server import Inspector
from tests import authority, factories
from tests.core.coded.test_sns import CONFIRMATION, complete
from tests.test_pipeline import SECRET, running, signed

KNOWN = providers.load()


async def accept(inspector: Inspector, request: Request, name: str = "jinko") -> None:
    endpoint = await inspector.endpoints.resolve(name)
    assert endpoint is not None
    await inspector.pipeline.accept(endpoint, request)


async def test_a_secret_that_was_set_later(tmp_path: Path) -> None:
    """The new verdict stands beside the first one, with its time; history is not rewritten."""
    async with running(tmp_path) as inspector:
        await accept(inspector, signed())
    async with running(tmp_path, Endpoint("jinko", "jinko", (SECRET,))) as inspector:
        stored = await inspector.store.stored(1)
        assert stored.verification.outcome is Outcome.NO_SECRET

        (verdict,) = await inspector.recheck.reverify([stored])

        assert verdict.verification.outcome is Outcome.VERIFIED
        assert verdict.checked_at_us >= stored.received_at_us
        history = await inspector.store.verdicts(1)
        assert [each.verification.outcome for each in history] == [
            Outcome.NO_SECRET,
            Outcome.VERIFIED,
        ]
        assert (await inspector.store.stored(1)).verification == verdict.verification


async def test_a_verdict_that_stands_is_not_appended_again(tmp_path: Path) -> None:
    async with running(tmp_path, Endpoint("jinko", "jinko", (SECRET,))) as inspector:
        await accept(inspector, signed())

        assert await inspector.recheck.reverify([await inspector.store.stored(1)]) == []
        assert len(await inspector.store.verdicts(1)) == 1


async def test_age_is_that_of_its_arrival(tmp_path: Path) -> None:
    """A delivery that was in time does not go stale by being looked at later, nor a stale one good."""
    endpoint = Endpoint("jinko", "jinko", (SECRET,))
    async with running(tmp_path, endpoint) as inspector:
        await accept(inspector, signed())
        await accept(inspector, signed(age_s=3600))
        late_us = time.time_ns() // 1000 + 86_400_000_000
        recheck = Recheck(
            providers=KNOWN,
            examiner=Examiner(providers=KNOWN, certificates=Certificates(), sample_seed=b"seed"),
            endpoints=inspector.endpoints,
            store=inspector.store,
            clock_us=lambda: late_us,
        )

        stored = [await inspector.store.stored(number) for number in (1, 2)]

        assert [each.verification.outcome for each in stored] == [Outcome.VERIFIED, Outcome.STALE]
        assert await recheck.reverify(stored) == []


async def test_the_cause_is_found_with_the_other_endpoints_secrets(tmp_path: Path) -> None:
    live = Endpoint("jinko", "jinko", (SECRET,))
    test = Endpoint("jinko-test", "jinko", (b"jks_of_the_test_mode",))
    async with running(tmp_path, live, test) as inspector:
        await accept(inspector, signed(secret=b"jks_of_the_test_mode"))

        findings = await inspector.recheck.diagnose(1)

        assert findings[0].cause is Cause.SECRET_OF_OTHER
        assert "'jinko-test'" in findings[0].detail
        with pytest.raises(NotFoundError):
            await inspector.recheck.diagnose(99)


async def test_a_handshake_is_not_checked_again(tmp_path: Path) -> None:
    async with running(tmp_path, Endpoint("meta", "meta", verify_token=b"chosen")) as inspector:
        target = b"/in/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=chosen"
        await accept(inspector, Request("GET", target, Headers(), b""), "meta")
        stored = await inspector.store.stored(1)

        assert stored.handshake is not None
        assert await inspector.recheck.reverify([stored]) == []


async def test_a_confirmation_is_visited_only_when_it_is_verified(tmp_path: Path) -> None:
    """Its certificate may come only now. One that is forged, and one that asks for nothing, are not followed."""
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=token"
    visited: list[str] = []

    async def fetch(_url: str) -> bytes:
        return authority.certificate(authority.rsa_key())

    async def visit(url: str) -> bytes:
        visited.append(url)
        return b""

    sent = complete(CONFIRMATION | {"SubscribeURL": url})
    async with running(tmp_path) as inspector:
        recheck = Recheck(
            providers=KNOWN,
            examiner=Examiner(
                providers=KNOWN, certificates=Certificates(fetch), sample_seed=b"seed"
            ),
            endpoints=inspector.endpoints,
            store=inspector.store,
            visit=visit,
        )
        for body in (sent, sent | {"Token": "of somebody else"}, {"Type": "Notification"}):
            await inspector.store.append_delivery(
                factories.delivery(
                    provider="aws-sns",
                    request=factories.request(
                        headers=factories.headers(("x-amz-sns-message-type", body["Type"])),
                        body=json.dumps(body).encode(),
                    ),
                )
            )

        confirmed = await recheck.confirm(1)
        for number in (2, 3):
            with pytest.raises(ReplayError):
                await recheck.confirm(number)

        assert confirmed.url == url
        assert visited == [url]
        assert (await inspector.store.stored(1)).verification.outcome is Outcome.VERIFIED
