import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core import signing
from inspector.core.model import Outcome, Request
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.core.recognition import recognise
from inspector.core.verification import verify
from inspector.errors import ConfigError
from inspector.simulate import catalogue, madeup, samples
from tests.factories import NOW_S

KNOWN = providers.load()


def made(provider: Provider, event: str | None = None, unique: str = "1") -> Request:
    return madeup.find(provider, event).request(now_s=NOW_S, unique=unique)


def of(**keys: Any) -> Provider:
    return parse("acme", {"scheme": "hmac", "signature": "header:X-Sig", "signed": "{body}"} | keys)


@pytest.mark.parametrize("provider", KNOWN.values(), ids=KNOWN)
def test_every_provider_has_one(provider: Provider) -> None:
    """Its event and its id are read from it, as far as the provider's file says where they are."""
    sample = madeup.find(provider)
    request = sample.request(now_s=NOW_S, unique="1")

    assert sample.note == f"a made-up body: {provider.title}'s own shape is not known here"
    assert [sample.event] == madeup.events(provider)
    located = provider.locate(request)
    assert located.event == (sample.event if provider.event else None)
    assert bool(located.event_id) == bool(provider.dedupe)
    assert request.headers.get(b"Content-Type") == samples.CONTENT_TYPES[sample.format].encode()
    assert b"$" not in request.body
    assert made(provider, unique="2") != request or not provider.dedupe


@pytest.mark.parametrize("provider", KNOWN.values(), ids=KNOWN)
def test_what_can_be_signed_is_verified_and_recognised(provider: Provider) -> None:
    if signing.why_not(provider, private_key=True):
        return
    keys, request = signing.sample_keys(provider, b"seed"), made(provider)
    query = request.target.partition(b"?")[2].decode()
    url = f"https://h/?{query}"

    signed = signing.sign(provider, request, keys.signing, now_s=NOW_S, url=url)

    needs_url = provider.signs_url or provider.name == "rfc9421"
    found = verify(provider, signed, [keys.verifying], now_s=NOW_S, url=url if needs_url else None)
    assert found.outcome is Outcome.VERIFIED, found.detail
    if provider.recognised_by:
        seen = recognise(KNOWN, signed)
        assert provider in (seen.provider, *seen.others)


@pytest.mark.parametrize(
    ("keys", "event", "body"),
    [
        ({"event": "json:a.b"}, "x", {"a": {"b": "x"}}),
        ({"event": "json:0.a"}, "x", [{"a": "x"}]),
        ({"event": "json:a.1.b"}, "x", {"a": [{}, {"b": "x"}]}),
        ({"event": "json:a.999999999"}, "x", {"a": {"999999999": "x"}}),
        ({"event": ["json:a", "json:a.b"], "dedupe": "json:a.b"}, "x", {"a": "x"}),
        ({"event": "{json:a}.{json:b}"}, "order.paid", {"a": "order", "b": "paid"}),
        ({"event": "{json:a}.{json:b}"}, "a.b.c", {"a": "a", "b": "b.c"}),
        ({"event": ["{json:a}.{json:b}", "json:c"]}, "ping", {"c": "ping"}),
        ({"event": "order.{json:a}"}, "order.paid", {"a": "paid"}),
        ({"event": ["{method}", "xml:a", "json:c"]}, "x", {"c": "x"}),
        ({"event": "header:X-Event"}, "x", {"event": "x"}),
        ({"event": "xml:a"}, "x", {"event": "x"}),
        ({}, 'a "$token"\\ é', {"event": 'a "$token"\\ é'}),
        ({"event": "json:a"}, "$$", {"a": "$$"}),
        ({"json_root": "items.*", "signature": "json:sig", "signed": "{json:id}", "event": "json:items.0.t"}, "x",
         {"items": [{"sig": "", "id": "6b86b273ff34fce19d6b804e", "t": "x"}]}),
        ({"timestamp": {"from": "json:at", "unit": "ms"}}, "x", {"at": NOW_S * 1000}),
        ({"timestamp": {"from": "json:at", "unit": "rfc3339"}}, "x", {"at": "2026-06-02T08:00:00Z"}),
        ({"recognise": ["json:kind=a$b", "header:X-Sig"]}, "x", {"kind": "a$b"}),
    ],
)  # fmt: skip
def test_body_holds_what_is_read(keys: dict[str, Any], event: str, body: object) -> None:
    request = made(of(**keys), event)

    assert json.loads(request.body) == body
    assert b"X-Sig" not in request.headers


def test_a_form_where_one_is_read() -> None:
    by_field = made(of(event="form:kind", dedupe="form:id[a]"), "a&b=$x é")
    sorted_fields = made(of(signed="{url}{form.sorted}"), "x")

    assert parse_qs(by_field.body.decode()) == {
        "kind": ["a&b=$x é"],
        "id[a]": ["sample_6b86b273ff34fce19d6b804e"],
    }
    assert sorted_fields.body == b"event=x"


def test_headers_and_query_hold_what_is_read_there() -> None:
    known = of(
        signed="{header:X-Id}.{query:tenant id}{body}",
        event="{header:X-Kind}/{query:what}",
        recognise=["header:X-Agent", "header:x-kind", "header:X-Sig"],
        also=[{"equal": ["{query:hash}", "{body.sha256.hex}"]}],
    )

    request = made(known, "a/b")

    assert [name for name, _ in request.headers] == [
        b"Content-Type",
        b"X-Kind",
        b"X-Agent",
        b"X-Id",
    ]
    assert request.target.startswith(b"/?what=b&hash=")
    assert b"&tenant+id=" in request.target
    url = "https://h" + request.target.decode()
    signed = signing.sign(known, request, "k", now_s=NOW_S, url=url)
    assert verify(known, signed, ["k"], now_s=NOW_S, url=url).outcome is Outcome.VERIFIED


def test_what_stands_beside_the_signature_is_there_to_be_signed() -> None:
    known = of(
        format="pairs:;:s", signed="{pair:t}{pair:nonce}", timestamp={"from": "pair:t", "unit": "s"}
    )

    signed = signing.sign(known, made(known), "k", now_s=NOW_S)

    assert verify(known, signed, ["k"], now_s=NOW_S).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("keys", "event", "complaint"),
    [
        ({}, "", "is no event"),
        ({}, "a\r\nX-Evil: 1", "is no event"),
        ({}, "\x1b[2J", "is no event"),
        ({}, "\udc80", "is no event"),
        ({}, "x" * 257, "is no event"),
        ({"event": "{json:a}.{json:b}"}, "ping", "acme has no event 'ping': it writes them as a.b"),
        ({"event": "order.{json:a}"}, "paid", "acme has no event 'paid'"),
    ],
)
def test_an_event_that_cannot_be_is_refused(
    keys: dict[str, Any], event: str, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=complaint) as raised:
        made(of(**keys), event)

    assert str(raised.value).isprintable()


def test_the_usual_event_fits_the_providers_way_of_writing() -> None:
    assert madeup.events(of()) == ["test.event"]
    assert madeup.events(of(event="{json:a}.{json:b}")) == ["test.event"]
    assert madeup.events(of(event="booking.{json:a}")) == ["booking.test"]


def test_one_format_is_offered() -> None:
    with pytest.raises(ConfigError, match=r"acme is not sampled as 'xml' \(one of: json\)"):
        madeup.find(of(), format="xml")
    assert madeup.find(of(event="form:a"), format="form").format == "form"


@given(st.text())
def test_any_event_is_read_back_or_refused(event: str) -> None:
    for known in (of(event="json:a"), of(event="form:a"), of(event="header:X-Kind")):
        try:
            request = made(known, event)
        except ConfigError:
            assert not event.isprintable() or not 0 < len(event) <= 256
        else:
            assert known.locate(request).event == event


def test_a_file_comes_before_what_is_made_up() -> None:
    assert catalogue.find(KNOWN["jinko"]).note is None
    assert catalogue.find(KNOWN["jinko"], "booking.failed").event == "booking.failed"
    assert catalogue.events(KNOWN["wink"]) == samples.events("wink")
    assert catalogue.events(of()) == ["test.event"]
    assert catalogue.find(of(), "any.thing").event == "any.thing"
    with pytest.raises(ConfigError, match=r"did you mean 'booking\.failed'"):
        catalogue.find(KNOWN["jinko"], "booking.faild")


def test_true_samples_are_offered_first() -> None:
    names = [each.name for each in catalogue.ordered([of(), *KNOWN.values()])]

    assert names[: len(samples.providers())] == samples.providers()
    assert names[len(samples.providers()) :] == sorted({"acme", *KNOWN} - set(samples.providers()))
