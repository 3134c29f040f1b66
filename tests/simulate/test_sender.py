import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector import providers
from inspector.config import Config
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Outcome, Request, Response, Sign
from inspector.core.provider_table import parse
from inspector.core.signing import needs_private_key, sample_keys, why_not
from inspector.core.templates import Kind
from inspector.core.verification import verify
from inspector.datadir import DataDir
from inspector.endpoints import Endpoints
from inspector.errors import ConfigError, NotFoundError, SigningError, UnreachableError
from inspector.simulate import catalogue, samples
from inspector.simulate.sender import SampleSender, secret_for, send, signed_sample
from inspector.store import Store
from tests import fakes, process
from tests.factories import NOW_S, headers, request

KNOWN = providers.load()
SEED = b"seed"
URL = "https://public.example/hooks"
EVERY = [(name, event) for name in samples.providers() for event in samples.events(name)]
READ_AS: dict[tuple[str, str], str | None] = {
    ("discord", "ping"): "0",
    ("twilio", "received"): None,
} | {("wink", event): None for event in samples.events("wink")}
"""What is read as the event of a sample that has none."""


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
        ("/in/demo", b"/?y=%zz", b"/in/demo?y=%zz"),
        ("", b"/?", b"/?"),
        ("/in/demo/?token=1", b"/?y=1", b"/in/demo/?y=1&token=1"),
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
    """Signed with the provider's key it verifies, with another it does not, and its event is found."""
    provider = KNOWN[name]
    keys = None if why_not(provider, private_key=True) else sample_keys(provider, SEED)

    made = signed_sample(
        provider, event, secret=keys and keys.signing, now_s=NOW_S, unique="1", url=URL
    )

    found = verify(provider, made, [keys.verifying] if keys else [], now_s=NOW_S, url=URL)
    assert found.outcome is (Outcome.VERIFIED if keys else Outcome.UNSIGNED), found.detail
    located = provider.locate(made)
    assert located.event == READ_AS.get((name, event), event.removeprefix("third-party."))
    if keys:
        other = sample_keys(provider, b"other").verifying
        assert verify(provider, made, [other], now_s=NOW_S, url=URL).outcome is Outcome.MISMATCH
        unsigned = samples.sample(name, event, now_s=NOW_S, unique="1")
        if provider.placements[0].signature.kind is Kind.HEADER:
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
        yield SampleSender(KNOWN, await Endpoints.load(config, store), SEED, target.url)


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
    secret = sample_keys(KNOWN["jinko"], SEED).verifying
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


async def test_every_provider_can_be_chosen(sender: SampleSender) -> None:
    """Those whose samples are true ones come first."""
    offered = sender.catalogue()

    assert {each["name"] for each in offered} == set(KNOWN)
    assert [each["name"] for each in offered[: len(samples.providers())]] == samples.providers()
    assert all(each["events"] and each["title"] for each in offered)


@pytest.mark.parametrize("name", ["okta", "mews", "twilio-json", "contentful", "acuity"])
async def test_a_made_up_sample_is_verified_where_it_arrives(
    sender: SampleSender, target: fakes.Target, name: str
) -> None:
    told = await sender(name, event="custom.event")

    assert "a made-up body" in told["note"]
    taken = target.requests[0]
    method, path, _ = taken.line.decode().split(" ")
    made = Request(method, path.encode(), Headers(tuple(taken.pairs)), taken.body)
    secret = sample_keys(KNOWN[name], SEED).verifying
    found = verify(KNOWN[name], made, [secret], now_s=time.time())
    assert found.outcome is Outcome.VERIFIED, found.detail
    assert KNOWN[name].locate(made).event == "custom.event"


async def test_a_provider_of_ones_own_has_a_sample(target: fakes.Target, tmp_path: Path) -> None:
    table = {
        "scheme": "hmac",
        "signature": "header:X-Acme",
        "signed": "{body}",
        "event": "json:kind",
    }
    acme = parse("acme", table)
    data_dir = DataDir(tmp_path / "data")
    data_dir.prepare()
    async with Store.open(data_dir, on_commit=lambda records: None) as store:
        endpoints = await Endpoints.load(Config(data_dir=data_dir), store)
        await SampleSender({"acme": acme}, endpoints, SEED, target.url)("acme", event="order.paid")

    assert target.requests[0].body == b'{"kind":"order.paid"}'
    assert target.requests[0].header(b"X-Acme")


def test_a_key_pair_signs_with_the_private_half() -> None:
    """The public one, which is the endpoint's secret, does not do; without either there is the inspector's own."""
    discord = KNOWN["discord"]
    keys = sample_keys(discord, b"mine")

    both = Endpoint("d", secrets=(keys.verifying,), signing_key=keys.signing)
    assert secret_for(discord, both, SEED) == keys.signing
    assert secret_for(discord, Endpoint("d"), SEED) == sample_keys(discord, SEED).signing
    assert needs_private_key(discord)
    with pytest.raises(SigningError, match="set signing_key"):
        secret_for(discord, Endpoint("d", secrets=(keys.verifying,)), SEED)
    assert secret_for(KNOWN["wink"], Endpoint("w", secrets=(b"x",)), SEED) is None


async def test_a_provider_without_samples_is_said(sender: SampleSender) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'jinko'"):
        await sender("jinkoo")


async def test_a_newcomers_samples_are_verified(tmp_path: Path) -> None:
    """Nothing is configured: the inspector signs the sample, of whatever provider, and knows its own keys."""
    known = catalogue.ordered(KNOWN.values())
    async with process.inspector(tmp_path) as running, running.client() as client:
        told = [await client.send_sample(each.name) for each in known]
        deliveries = [await running.line() for _ in known]

    assert {each["status"] for each in told} <= {200, 204}
    assert [each["url"] for each in told] == [running.endpoint(each.name) for each in known]
    assert [each["provider"] for each in deliveries] == [each.name for each in known]
    outcomes = {each["provider"]: each["verification"]["outcome"] for each in deliveries}
    cannot = {each.name for each in known if why_not(each, private_key=True)}
    assert {name for name, outcome in outcomes.items() if outcome != "verified"} == cannot


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
