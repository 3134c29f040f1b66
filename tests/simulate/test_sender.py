from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector import providers
from inspector.config import Config
from inspector.core.model import Endpoint, Outcome, Response, Sign
from inspector.core.signing import can_sign, sample_secret
from inspector.core.verification import verify
from inspector.datadir import DataDir
from inspector.endpoints import Endpoints
from inspector.errors import ConfigError, NotFoundError, UnreachableError
from inspector.simulate import samples
from inspector.simulate.sender import SampleSender, send, signed_sample
from inspector.store import Store
from tests import fakes, process
from tests.factories import NOW_S, headers, request

KNOWN = providers.load()
SEED = b"seed"
EVERY = [(name, event) for name in samples.providers() for event in samples.events(name)]


@pytest.fixture
async def target() -> AsyncIterator[fakes.Target]:
    async with fakes.serve(fakes.answering(fakes.answer(202, body=b"\x00\xff"))) as running:
        yield running


@pytest.mark.parametrize("body", [b"", b"\x00\x1b\xff\r\n\r\n", b"x" * 3_000_000])
async def test_headers_and_body_arrive_as_they_are(target: fakes.Target, body: bytes) -> None:
    """Order, case and repeats too: a signature may be over any of it."""
    sent = request(
        target=b"/",
        headers=headers(("x-B", "2"), ("X-a", "1"), ("X-B", "é"), ("Accept", "")),
        body=body,
    )

    answer = await send(f"{target.url}/in/jinko", sent)

    assert (answer.status, answer.body) == (202, b"\x00\xff")
    taken = target.requests[0]
    assert taken.body == body
    assert taken.head.split(b"\r\n") == [
        b"POST /in/jinko HTTP/1.1",
        b"Host: 127.0.0.1:%d" % target.port,
        b"x-B: 2",
        b"X-a: 1",
        "X-B: é".encode(),
        b"Accept: ",
        b"Content-Length: %d" % len(body),
    ]


async def test_host_and_framing_are_those_of_this_request(target: fakes.Target) -> None:
    stale = headers(
        ("HOST", "elsewhere"), ("content-length", "999"), ("Transfer-Encoding", "chunked")
    )

    await send(target.url, request(target=b"/", headers=stale, body=b"four"))

    assert target.requests[0].pairs == [
        (b"Host", b"127.0.0.1:%d" % target.port),
        (b"Content-Length", b"4"),
    ]


@pytest.mark.parametrize(
    ("path", "suffix", "expected"),
    [
        ("", b"/", b"/"),
        ("/in/demo", b"/", b"/in/demo"),
        ("/in/demo/", b"/", b"/in/demo/"),
        ("/in/demo", b"/a%2Fb//c", b"/in/demo/a%2Fb//c"),
        ("/in/demo?token=1", b"/", b"/in/demo?token=1"),
        ("/in/demo?token=1", b"/x?y=%zz", b"/in/demo/x?y=%zz&token=1"),
    ],
)
async def test_the_path_is_the_urls_and_then_the_requests(
    target: fakes.Target, path: str, suffix: bytes, expected: bytes
) -> None:
    await send(target.url + path, request(target=suffix))

    assert target.requests[0].line.split(b" ")[1] == expected


async def test_nobody_there_is_said() -> None:
    with fakes.refusing() as target, pytest.raises(UnreachableError, match=str(target.port)):
        await send(target.url, request())


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_an_answer_that_is_none_is_said(reply: bytes) -> None:
    async with fakes.serve(fakes.closing(reply)) as target:
        with pytest.raises(UnreachableError):
            await send(target.url, request())


@pytest.mark.parametrize(
    "url", ["", "3000", "ftp://127.0.0.1", "http://", "http://a b/", "http://u:p@h/"]
)
async def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        await send(url, request())


@pytest.mark.parametrize(("name", "event"), EVERY)
def test_every_sample_is_what_its_provider_says_it_is(name: str, event: str) -> None:
    """Signed with the provider's secret it verifies, with another it does not, and its event is found."""
    provider = KNOWN[name]
    secret = sample_secret(provider, SEED) if can_sign(provider) else None

    made = signed_sample(provider, event, secret=secret, now_s=NOW_S, unique="1")

    found = verify(provider, made, [secret] if secret else [], now_s=NOW_S)
    assert found.outcome is (Outcome.VERIFIED if secret else Outcome.UNSIGNED)
    located = provider.locate(made)
    assert located.event == (None if name == "wink" else event.removeprefix("third-party."))
    if secret:
        other = sample_secret(provider, b"other")
        assert verify(provider, made, [other], now_s=NOW_S).outcome is Outcome.MISMATCH
        unsigned = samples.sample(name, event, now_s=NOW_S, unique="1")
        assert made.body == unsigned.body
        assert made.headers.pairs[: len(unsigned.headers)] == unsigned.headers.pairs


@pytest.mark.parametrize("kind", ["json", "xml", "form"])
@pytest.mark.parametrize("event", samples.events("checkfront")[:-1])
def test_checkfronts_event_is_found_in_each_format(event: str, kind: str) -> None:
    provider = KNOWN["checkfront"]

    made = signed_sample(provider, event, format=kind, secret=None, now_s=NOW_S, unique="1")

    assert provider.locate(made).event == event


def test_a_sample_is_recognised_by_its_ids() -> None:
    located = KNOWN["jinko"].locate(
        signed_sample(KNOWN["jinko"], secret="s", now_s=NOW_S, unique="1")
    )

    assert (located.event_id or "").startswith("evt_")
    assert (located.attempt_id or "").startswith("dlv_")


def test_without_a_secret_a_sample_stays_unsigned() -> None:
    made = signed_sample(KNOWN["stripe"], secret=None, now_s=NOW_S, unique="1")

    assert b"Stripe-Signature" not in made.headers


def test_a_provider_that_does_not_sign_sends_its_sample_as_it_is() -> None:
    made = signed_sample(KNOWN["wink"], secret="unused", now_s=NOW_S, unique="1")

    assert made == samples.sample("wink", now_s=NOW_S, unique="1")


@pytest.fixture
async def sender(target: fakes.Target, tmp_path: Path) -> AsyncIterator[SampleSender]:
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    configured = Endpoint("mine", provider="jinko", secrets=(b"new", b"old"))
    config = Config(data_dir=data_dir, endpoints={"mine": configured})
    async with Store.open(data_dir, on_commit=lambda records: None) as store:
        yield SampleSender(KNOWN, Endpoints(config, store, []), SEED, target.url)


async def test_a_sample_goes_to_the_endpoint_of_its_provider(
    sender: SampleSender, target: fakes.Target
) -> None:
    told = await sender("jinko")

    assert told["status"] == 202
    assert told["url"] == f"{target.url}/in/jinko"
    assert told["note"] is None
    taken = target.requests[0]
    assert taken.line == b"POST /in/jinko HTTP/1.1"
    made = replace(request(), headers=headers(*_text(taken)), body=taken.body)
    secret = sample_secret(KNOWN["jinko"], SEED)
    signed_at_s = int(taken.header(b"X-Jinko-Timestamp")[0])
    assert verify(KNOWN["jinko"], made, [secret], now_s=signed_at_s).outcome is Outcome.VERIFIED


async def test_an_endpoint_with_secrets_gets_samples_signed_with_its_first(
    sender: SampleSender, target: fakes.Target
) -> None:
    await sender("jinko", event="booking.failed", endpoint="mine")

    taken = target.requests[0]
    assert taken.line == b"POST /in/mine HTTP/1.1"
    made = replace(request(), headers=headers(*_text(taken)), body=taken.body)
    signed_at_s = int(taken.header(b"X-Jinko-Timestamp")[0])
    found = verify(KNOWN["jinko"], made, [b"old", b"new"], now_s=signed_at_s)
    assert (found.outcome, found.secret_index) == (Outcome.VERIFIED, 1)


async def test_two_samples_are_two_events(sender: SampleSender, target: fakes.Target) -> None:
    await sender("github")
    await sender("github")

    first, second = (taken.header(b"X-GitHub-Delivery") for taken in target.requests)
    assert first != second


async def test_what_is_assumed_is_passed_on(sender: SampleSender) -> None:
    assert "Wink documents no payload" in (await sender("wink"))["note"]


@pytest.mark.parametrize("endpoint", ["../api", "a b", "A", "x" * 65, "a?b", "\x1b"])
async def test_a_name_that_no_endpoint_can_have_is_refused(
    sender: SampleSender, target: fakes.Target, endpoint: str
) -> None:
    with pytest.raises(ConfigError, match="no endpoint can be called") as raised:
        await sender("jinko", endpoint=endpoint)

    assert "\x1b" not in str(raised.value)
    assert not target.requests


async def test_a_provider_without_samples_is_said(sender: SampleSender) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'jinko'"):
        await sender("jinkoo")


async def test_a_newcomers_samples_are_verified(tmp_path: Path) -> None:
    """Nothing is configured: the inspector signs the sample and knows its own secret."""
    names = samples.providers()
    async with process.inspector(tmp_path) as running, running.client() as client:
        told = [await client.send_sample(name) for name in names]
        deliveries = [await running.line() for _ in names]

    assert [each["status"] for each in told] == [200] * len(names)
    assert [each["url"] for each in told] == [running.endpoint(name) for name in names]
    assert [each["provider"] for each in deliveries] == names
    assert [each["verification"]["outcome"] for each in deliveries] == [
        "verified" if can_sign(KNOWN[name]) else "unsigned" for name in names
    ]


async def test_the_demo_app_takes_our_samples(tmp_path: Path) -> None:
    """The whole way: a sample, the inspector, an app that checks it by hand, and replays of each kind."""
    with process.demo_app("shared-secret") as app:
        jinko = f"""
            [endpoint.jinko]
            provider = "jinko"
            secret = {{ env = "THE_SECRET" }}
            forward_to = "{app}/webhooks/jinko"
        """
        async with (
            process.inspector(
                tmp_path, config=jinko, environ={"THE_SECRET": "shared-secret"}
            ) as running,
            running.client() as client,
        ):
            await client.send_sample("jinko")
            delivery, forwarded = await running.line(), await running.line()
            again = await client.replay(delivery["id"])
            broken = await client.replay(delivery["id"], sign=Sign.BROKEN)
            said = [await client.response_body(number) for number in (forwarded["id"], again.id)]

    assert delivery["verification"]["outcome"] == "verified"
    assert forwarded["status"] == 200
    assert said[0] == b"jinko: 'booking.completed' of booking 'JNK-TEST00'\n"
    assert said[1].endswith(b"was already handled\n")
    assert isinstance(broken.result, Response)
    assert broken.result.status == 401


@pytest.mark.parametrize("kind", ["json", "xml", "form"])
async def test_the_demo_app_reads_checkfronts_samples(kind: str) -> None:
    made = samples.sample("checkfront", format=kind, now_s=NOW_S, unique="1")
    with process.demo_app(None) as app:
        answer = await send(f"{app}/webhooks/checkfront", made)

    assert (answer.status, answer.body[:27]) == (200, b"checkfront: 'booking PAID',")


def _text(taken: fakes.Taken) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in taken.pairs]
