"""Fetching certificates before they are needed, once, and not for ever in vain."""

import asyncio
import json

from inspector.certificates import (
    FORGET_FAILURE_S,
    IN_FLIGHT_MAX,
    KEPT_MAX,
    Certificates,
    fetch_nothing,
)
from inspector.core.model import Request
from inspector.core.provider_table import parse
from inspector.errors import NothingThereError, OutsideError
from tests.authority import certificate, rsa_key
from tests.factories import headers, request

PAYPAL = parse("paypal", {"scheme": "paypal"})
SNS = parse("sns", {"scheme": "sns"})
JINKO = parse("acme", {"scheme": "hmac", "signature": "header:S", "signed": "{body}"})
PEM = certificate(rsa_key())


def url(number: int = 0) -> str:
    return f"https://api.paypal.com/v1/notifications/certs/CERT-{number}"


def naming(address: str) -> Request:
    return request(headers=headers(("PAYPAL-CERT-URL", address)))


class Outside:
    """What stands for `outside.get`: it answers when it is let, and counts."""

    def __init__(self, answer: bytes | Exception = PEM) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def get(self, address: str) -> bytes:
        self.asked.append(address)
        await self.open.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


async def test_learnt_once_and_kept() -> None:
    """The second delivery finds what the first one needed."""
    outside = Outside()
    certificates = Certificates(outside.get)

    assert certificates.get(url()) is None
    for _ in range(3):
        await certificates.learn(PAYPAL, naming(url()))

    assert certificates.get(url()) == PEM
    assert outside.asked == [url()]


async def test_sns_names_it_in_the_body() -> None:
    """Where the URL stands is the scheme's affair."""
    outside = Outside()
    address = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"

    body = json.dumps({"SigningCertURL": address}).encode()
    await Certificates(outside.get).learn(SNS, request(body=body))

    assert outside.asked == [address]


async def test_nobody_else_is_asked() -> None:
    """Neither for a host that is not the provider's, nor for a provider without certificates."""
    outside = Outside()
    certificates = Certificates(outside.get)

    await certificates.learn(PAYPAL, naming("https://evil.test/v1/notifications/certs/CERT-1"))
    await certificates.learn(PAYPAL, request())
    await certificates.learn(JINKO, naming(url()))
    await certificates.learn(None, naming(url()))

    assert outside.asked == []


async def test_many_at_once_share_one_fetch() -> None:
    """A burst of deliveries costs one question."""
    outside = Outside()
    certificates = Certificates(outside.get)

    outside.open.clear()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(certificates.learn(PAYPAL, naming(url())))
        await asyncio.sleep(0)
        outside.open.set()

    assert certificates.get(url()) == PEM
    assert outside.asked == [url()]


async def test_many_at_once_share_one_failure() -> None:
    """Offline, a burst waits for one timeout, not for fifty."""
    outside = Outside(OutsideError("offline"))
    certificates = Certificates(outside.get)

    outside.open.clear()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(certificates.learn(PAYPAL, naming(url())))
        await asyncio.sleep(0)
        outside.open.set()

    assert certificates.get(url()) is None
    assert outside.asked == [url()]


async def test_whoever_waited_goes_on_when_the_first_is_cancelled() -> None:
    """A sender that leaves does not take the certificate with it."""
    outside = Outside()
    outside.open.clear()
    certificates = Certificates(outside.get)

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(certificates.learn(PAYPAL, naming(url())))
        await asyncio.sleep(0)
        second = tasks.create_task(certificates.learn(PAYPAL, naming(url())))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        outside.open.set()
        await second

    assert certificates.get(url()) == PEM
    assert outside.asked == [url(), url()]


async def test_failure_is_remembered_for_a_minute() -> None:
    """So an offline laptop holds up one delivery a minute."""
    outside, clock = Outside(OutsideError("offline")), Clock()
    certificates = Certificates(outside.get, clock)

    for _ in range(3):
        await certificates.learn(PAYPAL, naming(url()))
    assert len(outside.asked) == 1

    clock.now_s += FORGET_FAILURE_S
    outside.answer = PEM
    await certificates.learn(PAYPAL, naming(url()))

    assert len(outside.asked) == 2
    assert certificates.get(url()) == PEM


async def test_host_that_has_none_is_an_answer() -> None:
    """Not to be confused with silence: whoever names a certificate that is not there has not signed with it."""
    clock = Clock()
    outside = Outside(NothingThereError("404"))
    certificates = Certificates(outside.get, clock)

    await certificates.learn(PAYPAL, naming(url()))
    assert certificates.get(url()) == b""

    clock.now_s += FORGET_FAILURE_S
    assert certificates.get(url()) is None


async def test_what_is_no_certificate_is_not_kept() -> None:
    """A page of a host in trouble is forgotten soon."""
    outside, clock = Outside(b"<html>sorry</html>"), Clock()
    certificates = Certificates(outside.get, clock)

    await certificates.learn(PAYPAL, naming(url()))
    assert certificates.get(url()) == b""

    clock.now_s += FORGET_FAILURE_S
    outside.answer = PEM
    await certificates.learn(PAYPAL, naming(url()))
    assert certificates.get(url()) == PEM


async def test_memory_is_bounded() -> None:
    """Whoever names many URLs makes us forget, not swell; what is in use stays."""
    outside = Outside()
    certificates = Certificates(outside.get)

    for number in range(KEPT_MAX):
        await certificates.learn(PAYPAL, naming(url(number)))
    assert certificates.get(url(0)) == PEM
    await certificates.learn(PAYPAL, naming(url(KEPT_MAX)))

    kept = [number for number in range(KEPT_MAX + 1) if certificates.get(url(number))]
    assert kept == [0, *range(2, KEPT_MAX + 1)]


async def test_failures_are_bounded_too() -> None:
    """Likewise."""
    outside = Outside(OutsideError("offline"))
    certificates = Certificates(outside.get)

    for number in range(KEPT_MAX + 1):
        await certificates.learn(PAYPAL, naming(url(number)))
    await certificates.learn(PAYPAL, naming(url(KEPT_MAX)))
    assert len(outside.asked) == KEPT_MAX + 1

    await certificates.learn(PAYPAL, naming(url(0)))
    assert len(outside.asked) == KEPT_MAX + 2


async def test_few_are_fetched_at_once() -> None:
    """A delivery that names yet another URL is not held up, and not taken for one that nobody could check."""
    outside, clock = Outside(), Clock()
    outside.open.clear()
    certificates = Certificates(outside.get, clock)

    async with asyncio.TaskGroup() as tasks:
        for number in range(IN_FLIGHT_MAX):
            tasks.create_task(certificates.learn(PAYPAL, naming(url(number))))
        await asyncio.sleep(0)
        await certificates.learn(PAYPAL, naming(url(IN_FLIGHT_MAX)))
        outside.open.set()

    assert len(outside.asked) == IN_FLIGHT_MAX
    assert certificates.get(url(IN_FLIGHT_MAX)) == b""

    clock.now_s += FORGET_FAILURE_S
    await certificates.learn(PAYPAL, naming(url(IN_FLIGHT_MAX)))
    assert certificates.get(url(IN_FLIGHT_MAX)) == PEM


async def test_nothing_is_fetched_where_that_is_forbidden() -> None:
    certificates = Certificates(fetch_nothing)

    await certificates.learn(PAYPAL, naming(url()))

    assert certificates.get(url()) is None
