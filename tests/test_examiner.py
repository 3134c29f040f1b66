"""Who sent a request, with the real provider files; nothing here is stored."""

import hmac
import json
from collections.abc import Callable

import pytest

from inspector import providers
from inspector.certificates import Certificates
from inspector.core import signing
from inspector.core.model import Endpoint, Outcome, Request
from inspector.core.overlays import SecretQuery
from inspector.errors import OutsideError
from inspector.examiner import Examiner, Opinion
from tests import authority
from tests.core.coded.test_sns import CONFIRMATION, URL, complete
from tests.factories import NOW_S, headers, request

SECRET = b"a shared secret"
KNOWN = providers.load()


def examiner(fetch: Callable[[str], bytes] | None = None) -> Examiner:
    async def answer(url: str) -> bytes:
        if fetch is None:
            raise OutsideError("no network")
        return fetch(url)

    return Examiner(providers=KNOWN, certificates=Certificates(answer), sample_seed=b"seed")


async def opinion(
    endpoint: Endpoint, made: Request, fetch: Callable[[str], bytes] | None = None
) -> Opinion:
    asked = examiner(fetch)
    sight = asked.see(endpoint, made)
    await asked.learn(sight)
    return asked.judge(endpoint, made, sight, NOW_S)


def hub_signed(**fields: object) -> Request:
    """Build what GitHub and Meta sign alike, without GitHub's other headers."""
    made = request(**fields)
    digest = hmac.new(SECRET, made.body, "sha256").hexdigest()
    return request(headers=headers(("X-Hub-Signature-256", f"sha256={digest}")), **fields)


def of_sns(name: str) -> Request:
    return request(
        headers=headers(("x-amz-sns-message-type", name)),
        body=json.dumps(complete(CONFIRMATION)).encode(),
    )


async def test_several_that_fit_are_named() -> None:
    found = await opinion(Endpoint("demo"), hub_signed())

    assert found.provider is KNOWN["meta"]
    assert found.verification.outcome is Outcome.NO_SECRET
    assert found.verification.detail.endswith(
        "; it may be of GitHub too: set the provider of endpoint 'demo'"
    )


async def test_the_endpoints_name_decides_between_equals() -> None:
    found = await opinion(Endpoint("github"), hub_signed())

    assert found.provider is KNOWN["github"]


async def test_the_one_whose_signature_is_right_is_taken() -> None:
    """Intercom and GitHub's older header look alike, but for the secret nothing tells them apart."""
    verified = await opinion(Endpoint("demo", secrets=(SECRET,)), hub_signed())

    assert verified.verification.outcome is Outcome.VERIFIED
    assert "may be" not in verified.verification.detail


async def test_a_configured_provider_is_not_second_guessed() -> None:
    found = await opinion(Endpoint("demo", "stripe"), hub_signed())

    assert found.provider is KNOWN["stripe"]
    assert found.verification.outcome is Outcome.MISSING
    assert "may be" not in found.verification.detail


@pytest.mark.parametrize("name", ["jinko", "discord", "sendgrid", "plaid", "rfc9421", "mews"])
async def test_own_samples_are_verified_without_a_secret(name: str) -> None:
    """Also those of key pairs, of which this inspector holds both halves."""
    from inspector.simulate.sender import signed_sample

    provider = KNOWN[name]
    made = signed_sample(
        provider,
        secret=signing.sample_keys(provider, b"seed").signing,
        now_s=NOW_S,
        unique="1",
        url="http://127.0.0.1:8400/in/demo",
    )

    found = await opinion(Endpoint("demo", name, public_url="http://127.0.0.1:8400/in/demo"), made)
    configured = await opinion(Endpoint("demo", name, (b"another",)), made)

    assert found.verification.outcome is Outcome.VERIFIED, found.verification.detail
    assert "own sample secret" in found.verification.detail
    assert configured.verification.outcome is not Outcome.VERIFIED


async def test_a_secret_handed_over_counts_for_its_provider_only() -> None:
    """Anybody may have sent it: it must not vouch for other providers' deliveries."""
    endpoint = Endpoint("demo", handed=(SECRET,))
    body = request().body
    digest = hmac.new(SECRET, body, "sha256").hexdigest()
    of_asana = request(headers=headers(("X-Hook-Signature", digest)))

    asana = await opinion(endpoint, of_asana)
    other = await opinion(endpoint, hub_signed())

    assert asana.provider is KNOWN["asana"]
    assert asana.verification.outcome is Outcome.VERIFIED
    assert other.verification.outcome is Outcome.NO_SECRET


async def test_a_certificate_is_fetched_before_the_check() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return authority.certificate(authority.rsa_key())

    found = await opinion(Endpoint("demo"), of_sns("SubscriptionConfirmation"), fetch)

    assert found.provider is KNOWN["aws-sns"]
    assert found.verification.outcome is Outcome.VERIFIED, found.verification.detail
    assert asked == [URL]


async def test_without_a_network_there_is_no_pass() -> None:
    found = await opinion(Endpoint("demo"), of_sns("SubscriptionConfirmation"))

    assert found.verification.outcome is Outcome.NO_SECRET
    assert "certificate not available" in found.verification.detail


@pytest.mark.parametrize(("target", "admitted"), [("?token=right", True), ("?token=wrong", False)])
async def test_overlays_are_part_of_the_verdict(target: str, admitted: bool) -> None:
    endpoint = Endpoint("wink", overlays=(SecretQuery("token", b"right"),))

    found = await opinion(endpoint, request(target=f"/in/wink{target}".encode()))

    assert found.is_admitted is admitted
    assert found.verification.outcome is (Outcome.VERIFIED if admitted else Outcome.MISMATCH)
    assert ("Wink documents no signature" in found.verification.detail) is admitted
