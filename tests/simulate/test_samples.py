import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from inspector import providers
from inspector.core.model import Request
from inspector.errors import ConfigError, NotFoundError
from inspector.simulate import samples
from tests.factories import NOW_S

EVERY = [
    (provider, event, kind)
    for provider in samples.providers()
    for event in samples.events(provider)
    for kind in samples.formats(provider, event)
]
ODD_UNIQUE = ["", '"\r\nX-Evil: 1', "$uuid", "\x00\x1b[2J", "ü" * 1000]


def made(provider: str, event: str | None = None, unique: str = "1", **more: Any) -> Request:
    return samples.sample(provider, event, now_s=NOW_S, unique=unique, **more)


def leaves(value: Any) -> Iterator[str]:
    """Yield what stands in a JSON document, attributes left out, in order."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "@attributes":
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield str(value)


def test_samples_are_of_known_providers() -> None:
    """A file named like nobody would never be sent."""
    assert set(samples.providers()) <= set(providers.load())
    assert {"checkfront", "github", "jinko", "wink", "discord", "twilio"} <= set(
        samples.providers()
    )


@pytest.mark.parametrize("unique", ODD_UNIQUE)
@pytest.mark.parametrize("provider", samples.providers())
def test_any_text_makes_ids(provider: str, unique: str) -> None:
    """What a caller hands over as `unique` never reaches a header or the body."""
    request = made(provider, unique=unique)

    assert all(b"\r" not in value and b"\n" not in value for _, value in request.headers)
    assert b"X-Evil" not in request.body
    assert request.body


@pytest.mark.parametrize(("provider", "event", "kind"), EVERY)
def test_every_sample_is_well_formed(provider: str, event: str, kind: str) -> None:
    request = made(provider, event, format=kind)

    assert request.method == "POST"
    assert request.target == b"/"
    assert b"$" not in request.body.replace(b"$$", b"")
    assert not any(b"$" in value or not value for _, value in request.headers)
    content_type = (request.headers.get(b"Content-Type") or b"").decode()
    assert content_type.startswith(samples.CONTENT_TYPES[kind])
    match kind:
        case "json":
            json.loads(request.body)
        case "xml":
            assert ET.fromstring(request.body).tag == "checkfront-notify"
        case _:
            assert parse_qsl(request.body.decode(), strict_parsing=True)


@pytest.mark.parametrize(("provider", "event", "kind"), EVERY)
def test_the_same_inputs_make_the_same_bytes(provider: str, event: str, kind: str) -> None:
    assert made(provider, event, format=kind) == made(provider, event, format=kind)


@pytest.mark.parametrize("provider", samples.providers())
def test_unique_makes_another_delivery(provider: str) -> None:
    first, second = made(provider, unique="1"), made(provider, unique="2")

    assert first != second
    assert [name for name, _ in first.headers] == [name for name, _ in second.headers]


@pytest.mark.parametrize("provider", samples.providers())
def test_nothing_is_signed_or_addressed_yet(provider: str) -> None:
    names = {name.lower() for name, _ in made(provider).headers}

    assert not any(b"signature" in name or b"hmac" in name for name in names)
    assert names.isdisjoint({b"host", b"content-length", b"transfer-encoding"})


def test_jinko_sends_what_its_guide_shows() -> None:
    request = made("jinko")
    body = json.loads(request.body)

    assert list(body) == ["event", "booking_ref", "status", "occurred_at", "event_id", "livemode"]
    assert body["event"] == "booking.completed"
    assert body["booking_ref"] == "JNK-TEST00"
    assert body["livemode"] is False
    assert body["occurred_at"] == "2026-06-02T08:00:00Z"
    assert request.headers.get(b"X-Jinko-Event-Id") == body["event_id"].encode()
    assert (request.headers.get(b"X-Jinko-Delivery-Id") or b"")[4:] != body["event_id"][4:].encode()
    assert samples.events("jinko") == ["booking.completed", "booking.failed"]


def test_what_is_not_documented_says_so() -> None:
    assumed = {
        (provider, kind)
        for provider, event, kind in EVERY
        if samples.find(provider, event, format=kind).note is not None
        and not event.startswith("third-party.")
    }

    assert assumed == {("wink", "json"), ("checkfront", "form")}
    third_party = samples.find("checkfront", "third-party.booking.create")
    assert third_party.note is not None
    assert "Checkfront does not send this" in third_party.note


def test_wink_has_every_key_of_its_catalogue() -> None:
    keys = samples.events("wink")

    assert keys[0] == "booking.create"
    assert len(keys) == len(set(keys)) == 105
    assert json.loads(made("wink", "property.created").body)["event"] == "property.created"


@pytest.mark.parametrize("event", samples.events("checkfront")[:-1])
def test_checkfront_says_the_same_in_each_format(event: str) -> None:
    as_json = json.loads(made("checkfront", event, format="json").body)
    as_xml = ET.fromstring(made("checkfront", event, format="xml").body)
    as_form = parse_qsl(
        made("checkfront", event, format="form").body.decode(), keep_blank_values=True
    )

    in_json = [text for text in leaves(as_json) if text]
    head = [as_xml.get(name) for name in ("version", "host")] if "version" in as_json else []
    in_xml = head + [leaf.text for leaf in as_xml.iter() if leaf.text and leaf.text.strip()]
    assert in_xml == in_json
    assert [text for name, text in as_form if text and "@attributes" not in name] == in_json


def test_checkfront_form_names_are_nested_like_php() -> None:
    request = made("checkfront", "booking.PAID", format="form")
    fields = dict(parse_qsl(request.body.decode()))

    assert fields["booking[order][items][item][1][sku]"] == "lunch-box"
    assert fields["booking[customer][name]"] == "Amélie Roy"
    assert "booking[tid]" not in fields
    assert request.headers.get(b"Content-Type") == b"application/x-www-form-urlencoded"


def test_a_slip_of_the_pen_is_told_the_nearest_name() -> None:
    with pytest.raises(NotFoundError, match=r"no sample of 'stirpe' \(did you mean 'stripe'\?\)"):
        made("stirpe")
    with pytest.raises(NotFoundError, match=r"'zzz' \(one of: adyen, checkfront, discord"):
        samples.events("zzz")
    with pytest.raises(ConfigError, match=r"event 'booking\.complete' \(did you mean"):
        made("jinko", "booking.complete")
    with pytest.raises(
        ConfigError, match=r"checkfront sends no booking\.PAID as 'jsn' \(did you mean"
    ):
        made("checkfront", format="jsn")
    with pytest.raises(ConfigError, match=r"no booking\.failed as 'xml' \(one of: json\)"):
        made("jinko", "booking.failed", format="xml")


@pytest.mark.parametrize("name", ["", "..", "../jinko", "__init__", "jinko.toml", "/etc/passwd"])
def test_a_provider_is_a_name_and_no_path(name: str) -> None:
    with pytest.raises(NotFoundError):
        made(name)


def test_a_form_may_be_all_there_is() -> None:
    request = made("twilio", "received")

    assert samples.formats("twilio", "received") == ["form"]
    assert dict(parse_qsl(request.body.decode()))["Body"].endswith("Amélie & Léo")
    assert request.headers.get(b"Content-Type") == b"application/x-www-form-urlencoded"


def test_sendgrids_body_ends_with_a_line_break() -> None:
    """It is signed with the rest, and lost by whoever parses and writes the body anew."""
    assert made("sendgrid").body.endswith(b"]\r\n")


def test_what_happens_to_one_booking_has_its_ids() -> None:
    """And ids of its own, where the sample tells one from the other."""
    payment = samples.find("checkfront", "transaction.insert")

    one, other = (
        json.loads(payment.request(now_s=NOW_S, unique=each, about="it").body)["transaction"]
        for each in "12"
    )

    assert one["booking_id"] == other["booking_id"]
    assert one["transaction_id"] != other["transaction_id"]


def test_a_name_of_the_file_s_own_can_be_given_another_value() -> None:
    booking = samples.find("checkfront", "booking.PAID")
    held = replace(booking, values={**booking.values, "status": "HOLD"})

    assert set(booking.values) == {"status", "paid_total"}
    for sample, status in ((booking, "PAID"), (held, "HOLD")):
        body = json.loads(sample.request(now_s=NOW_S, unique="1").body)
        assert body["booking"]["status"] == status
