import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.provider_table import parse
from inspector.core.providers import LOCATED_MAX, Located, Provider
from tests import elsewhere, factories

BUILT_IN = providers.load()
NOTHING = Located(None, None, None)


def located(name: str, body: bytes = b"", *headers: tuple[str, str]) -> Located:
    request = factories.request(body=body, headers=factories.headers(*headers))
    return BUILT_IN[name].locate(request)


def test_jinko() -> None:
    """The id that retries share is in a header, and in the body once more."""
    body = b'{"event":"booking.completed","booking_ref":"JNK-TEST00","event_id":"evt_1"}'
    ids = (("X-Jinko-Event-Id", "evt_1"), ("X-Jinko-Delivery-Id", "dlv_1"))

    assert located("jinko", body, *ids) == Located("booking.completed", "evt_1", "dlv_1")
    assert located("jinko", body) == Located("booking.completed", "evt_1", None)


@pytest.mark.parametrize(
    ("name", "body", "headers", "found"),
    [
        ("wink", b'{"event":"booking.create"}', [], NOTHING),
        ("stripe", b'{"id":"evt_1","type":"charge.refunded"}', [], Located("charge.refunded", "evt_1", None)),
        ("github", b"", [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d")], Located("push", "d", None)),
        ("standardwebhooks", b'{"type":"user.created"}', [("webhook-id", "m")], Located("user.created", "m", None)),
        ("svix", b'{"type":"user.created"}', [("svix-id", "m")], Located("user.created", "m", None)),
        ("svix", b'{"type":"user.created"}', [("webhook-id", "m")], Located("user.created", "m", None)),
        (
            "slack",
            b'{"type":"event_callback","event_id":"Ev1","event":{"type":"message"}}',
            [("X-Slack-Retry-Num", "1")],
            Located("message", "Ev1", "1"),
        ),
        ("slack", b'{"type":"url_verification"}', [], Located("url_verification", None, None)),
        ("slack", b"command=%2Fbook&text=x", [], Located("/book", None, None)),
        (
            "shopify",
            b"{}",
            [("X-Shopify-Topic", "orders/paid"), ("X-Shopify-Event-Id", "e"), ("X-Shopify-Webhook-Id", "w")],
            Located("orders/paid", "e", "w"),
        ),
        ("shopify", b"{}", [("shopify-topic", "Product")], Located("Product", None, None)),
    ],
)  # fmt: skip
def test_each_provider_names_its_events(
    name: str, body: bytes, headers: list[tuple[str, str]], found: Located
) -> None:
    assert located(name, body, *headers) == found


@pytest.mark.parametrize(
    ("body", "event", "event_id"),
    [
        (b'{"type":"item","action":"update","item":{"item_id":"40"}}', "item.update", None),
        (
            b'{"type":"transaction","action":"insert","transaction":{"transaction_id":"T1","status":"PAID"}}',
            "transaction.insert",
            "T1:PAID",
        ),
        (
            b'{"@attributes":{"host":"h"},"booking":{"@attributes":{"booking_id":"157"},"status":"HOLD"}}',
            "booking.HOLD",
            "157:HOLD",
        ),
        (
            b'{"event":"booking.create","booking":{"id":123456,"status":"CONFIRMED"}}',
            "booking.create",
            "123456:CONFIRMED",
        ),
        (b"<n><type>item</type><action>update</action></n>", "item.update", None),
        (
            b'<n host="h"><booking booking_id="157"><status>HOLD</status></booking></n>',
            "booking.HOLD",
            "157:HOLD",
        ),
        (b"type=item&action=update&item%5Bitem_id%5D=40", "item.update", None),
        (b"booking[@attributes][booking_id]=157&booking[status]=HOLD", "booking.HOLD", "157:HOLD"),
        (b'{"type":"item"}', None, None),
        (b'{"type":"","action":"update"}', None, None),
        (b'<!DOCTYPE n [<!ENTITY a "x">]><n><type>&a;</type><action>b</action></n>', None, None),
        (b"\x1f\x8b\x08\x00", None, None),
        (b"", None, None),
    ],
)
def test_checkfront_in_every_shape(body: bytes, event: str | None, event_id: str | None) -> None:
    """JSON, XML and forms, flat and converted, and the third party's shape."""
    assert located("checkfront", body) == Located(event, event_id, None)


def test_checkfronts_own_examples_are_named() -> None:
    """Each of the vendor's bodies, in JSON and XML alike."""
    events = {
        example.name: BUILT_IN["checkfront"].locate(factories.request(body=example.body)).event
        for example in elsewhere.checkfront_examples()
    }

    assert events == {
        f"webhook-{name}.{kind}": event
        for name, event in {
            "booking": "booking.HOLD",
            "item-event-edit": "rate.update",
            "item-update": "item.update",
            "payment": "transaction.insert",
        }.items()
        for kind in ("json", "xml")
    }


def test_long_name_is_cut() -> None:
    assert located("stripe", b'{"type":"%s"}' % (b"x" * 5000)).event == "x" * LOCATED_MAX


@pytest.mark.parametrize(
    ("value", "text"),
    [(b"\xe9\x1b", "\\xe9\x1b"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80"), ("é".encode(), "é")],
)
def test_name_is_text_that_any_store_takes(value: bytes, text: str) -> None:
    """Bytes that are not UTF-8 are spelled out, so that two different ids stay two."""
    request = factories.request(headers=Headers(((b"X-GitHub-Event", value),)))
    found = BUILT_IN["github"].locate(request).event

    assert found == text
    assert found.encode()


def test_header_with_two_values_names_nothing() -> None:
    assert located("github", b"", ("X-GitHub-Event", "push"), ("x-github-event", "ping")) == NOTHING


@pytest.mark.parametrize("event", [None, 1.5, True, [], {}, ""])
def test_what_is_no_name_is_none(event: object) -> None:
    provider = parse("p", {"scheme": "unsigned", "event": "json:event"})
    body = str({"event": event}).replace("'", '"').replace("None", "null").replace("True", "true")

    assert provider.locate(factories.request(body=body.encode())) == NOTHING


@given(
    st.sampled_from(list(BUILT_IN.values())),
    st.lists(st.tuples(st.sampled_from([b"X-GitHub-Event", b"webhook-id", b"x"]), st.binary())),
    st.binary(),
)
def test_locating_anything_is_a_value(
    provider: Provider, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    found = provider.locate(factories.request(headers=Headers(tuple(headers)), body=body))

    for text in (found.event, found.event_id, found.attempt_id):
        assert text is None or 0 < len(text.encode()) <= LOCATED_MAX * 4
