import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core.bodyfields import CAP_BYTES
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.core.recognition import Recogniser, Recognition, recognise
from tests import elsewhere, factories
from tests.signatures import CASES, request_of

BUILT_IN = providers.load()
OURS = Recogniser(BUILT_IN)
HEX = "ab" * 32


def seen(request: Request, hint: str = "") -> tuple[str | None, list[str]]:
    """Recognise by our files, and name what was found."""
    return named(OURS.recognise(request, hint=hint))


def named(found: Recognition) -> tuple[str | None, list[str]]:
    provider = found.provider.name if found.provider else None
    return provider, [other.name for other in found.others]


def with_headers(*names: str, **fields: Any) -> Request:
    """Build a request with headers written `Name` or `Name=value`."""
    pairs = [(name, value or "x") for name, _, value in (each.partition("=") for each in names)]
    return factories.request(headers=factories.headers(("Host", "h"), *pairs), **fields)


def known(*rows: tuple[str, Any], **more: Any) -> dict[str, Provider]:
    return {
        name: parse(name, {"scheme": "unsigned", **more, "recognise": wanted})
        for name, wanted in rows
    }


@pytest.mark.parametrize(
    ("headers", "provider", "others"),
    [
        ([], None, []),
        (["Content-Type", "Authorization"], None, []),
        (["X-Jinko-Signature"], "jinko", []),
        (["x-JINKO-signature"], "jinko", []),
        (["X-Jinko-Event-Id"], None, []),
        (["Stripe-Signature"], "stripe", []),
        (["X-Slack-Signature"], "slack", []),
        (["X-Shopify-Hmac-Sha256"], "shopify", []),
        (["Shopify-Hmac-Sha256"], "shopify", []),
        (["x-amz-sns-message-type"], "aws-sns", []),
        (["X-Hook-Secret"], "asana", []),
        (["x-okta-verification-challenge"], "okta", []),
        (["X-Signature"], None, []),
        (["X-Signature", "X-Event-Name"], "lemonsqueezy", []),
        (["Signature"], None, []),
        (["Signature", "Signature-Input"], "rfc9421", []),
        # GitHub names its events, with a secret or without.
        (["X-GitHub-Event"], "github", []),
        (["X-GitHub-Event", "X-GitHub-Delivery", f"X-Hub-Signature-256=sha256={HEX}",
          f"X-Hub-Signature=sha1={HEX}"], "github", []),
        (["X-GitHub-Event", f"X-Hub-Signature=sha1={HEX}"], "github-sha1", []),
        (["X-GitHub-Event", "X-Hub-Signature-256=broken"], "github", []),
        # Others share the header, and some the form in it.
        ([f"X-Hub-Signature-256=sha256={HEX}"], "meta", ["github"]),
        (["X-Event-Key", f"X-Hub-Signature=sha256={HEX}"], "bitbucket", []),
        ([f"X-Hub-Signature=sha256={HEX}"], "bitbucket", []),
        ([f"X-Hub-Signature=sha1={HEX}"], "intercom", ["github-sha1"]),
        (["svix-signature=v1,YQ=="], "svix", []),
        (["webhook-signature=v1,YQ=="], "standardwebhooks", []),
        (["webhook-signature=v1a,YQ=="], "standardwebhooks-v1a", []),
        (["webhook-signature=v1,YQ== v1a,YQ==", "webhook-id", "webhook-timestamp"], "standardwebhooks", []),
        (["webhook-signature=v1,YQ==", "webhook-id", "X-Gitlab-Event"], "gitlab-signing", []),
        (["X-Gitlab-Token", "X-Gitlab-Event"], "gitlab-token", []),
        (["X-Gitlab-Event"], "gitlab-signing", []),
        (["X-Gitlab-Token"], "gitlab-token", []),
        (["X-Gitlab-Token", "X-Gitlab-Event", "webhook-signature=v1,YQ==", "webhook-id"], "gitlab-signing", []),
        (["X-HubSpot-Signature", "X-HubSpot-Signature-Version=v1"], "hubspot-v1", []),
        (["X-HubSpot-Signature", "X-HubSpot-Signature-Version=v2"], "hubspot-v2", []),
        (["X-HubSpot-Signature"], "hubspot-v2", ["hubspot-v1"]),
        (["X-HubSpot-Signature", "X-HubSpot-Signature-Version=v1", "X-HubSpot-Request-Timestamp",
          "X-HubSpot-Signature-v3"], "hubspot-v3", []),
        (["x-square-signature"], "square", []),
        (["X-Twilio-Signature"], "twilio", []),
        # Passed on by somebody who signs too.
        (["Stripe-Signature=t=1,v1=a", "svix-signature=v1,YQ=="], "svix", ["stripe"]),
        (["X-GitHub-Event", f"X-Hub-Signature-256=sha256={HEX}", "svix-signature=v1,YQ=="], "github", ["svix"]),
        (["X-GitHub-Event", "Stripe-Signature=t=1,v1=a"], "stripe", ["github"]),
    ],
)  # fmt: skip
def test_headers_tell(headers: list[str], provider: str | None, others: list[str]) -> None:
    """Those that several share tell by what else is there, and by the form of what is in them."""
    assert seen(with_headers(*headers)) == (provider, others)
    assert seen(with_headers(*reversed(headers))) == (provider, others)


@pytest.mark.parametrize(
    ("body", "provider"),
    [
        (b'{"update_id": 7, "message": {}}', "telegram"),
        (b'\xef\xbb\xbf\r\n {"update_id": 7}', "telegram"),
        (b'{"update_id": true}', None),
        (b'{"signature": {"timestamp": "1", "token": "t", "signature": "s"}}', "mailgun"),
        (b"timestamp=1&token=t&signature=s", "mailgun"),
        (b'{"notificationItems": [{"NotificationRequestItem": {"eventCode": "REFUND"}}]}', "adyen"),
        (b'{"value": [{"subscriptionId": "1", "resource": "users"}]}', "microsoft-graph"),
        (b'{"Type": "Notification", "TopicArn": "arn:", "SigningCertURL": "https://"}', "aws-sns"),
        (b'{"eventType": "com.okta.event_hook", "eventId": "1"}', "okta"),
        (b'{"eventType": "com.other", "eventId": "1"}', None),
        (b'{"EnterpriseId": "1", "IntegrationId": "2", "Events": [{"Discriminator": "X"}]}', "mews"),
        (b'{"booking": {"pk": 1, "uuid": "2", "status": "booked"}}', "fareharbor"),
        (b'{"orderNumber": "R1", "supplierId": 2, "status": "CONFIRMED"}', "rezdy"),
        (b'{"event": "reservation/created", "propertyID": 1, "version": "1.0"}', "cloudbeds"),
        (b'{"metadata": {"uuid": "1", "type": "MESSAGE"}}', None),
        (b'{"event": "booking.create", "booking": {"id": 1, "status": "CONFIRMED"}}', "checkfront"),
        (b'{"event": "booking.completed"}', None),
        (b'"update_id"', None),
        (b'["update_id"]', None),
        (b'{"update_id": 7', None),
        (b"<checkfront-notify/>", None),
        (b'<checkfront-notify version="3" host="h"><booking booking_id="1"/></checkfront-notify>', "checkfront"),
        (b"", None),
        (b"\x00\xff\x1b[2J", None),
        (b" " * 200 + b'{"update_id": 7}', None),
    ],
)  # fmt: skip
def test_body_tells_where_no_header_does(body: bytes, provider: str | None) -> None:
    assert seen(factories.request(body=body)) == (provider, [])


@pytest.mark.parametrize(
    ("target", "provider"),
    [
        (b"/in/a?validationToken=abc", "microsoft-graph"),
        (b"/in/a?hub.mode=subscribe&hub.challenge=1&hub.verify_token=t", "meta"),
        (b"/in/a?hub.challenge=1", None),
        (b"/in/a/validationToken", None),
    ],
)
def test_query_tells_too(target: bytes, provider: str | None) -> None:
    """Of those who first ask whether somebody is there, and sign nothing while they do."""
    assert seen(factories.request(target=target, body=b"")) == (provider, [])


def test_query_tells_json_from_a_form() -> None:
    target = b"/in/a?bodySHA256=00"

    assert seen(with_headers("X-Twilio-Signature", target=target)) == ("twilio-json", [])


@pytest.mark.parametrize(
    ("headers", "body", "provider"),
    [
        ([f"X-Hub-Signature-256=sha256={HEX}"], b'{"object": "page"}', "meta"),
        ([f"X-Hub-Signature=sha1={HEX}"], b'{"type": "notification_event", "topic": "ping"}', "intercom"),
        (["svix-signature=v1,YQ=="], b'{"event": "guest.created", "guest": {"_id": "1"}}', "guesty"),
        (["Authorization"], b'{"metadata": {"uuid": "1", "type": "MESSAGE"}}', "booking-com"),
    ],
)  # fmt: skip
def test_body_decides_between_equal_headers(headers: list[str], body: bytes, provider: str) -> None:
    assert seen(with_headers(*headers, body=body)) == (provider, [])


def test_body_is_not_read_where_headers_decide() -> None:
    """Half of all deliveries are GitHub's, and its bodies are long."""
    signature = f"X-Hub-Signature-256=sha256={HEX}"
    names = ("X-GitHub-Event", "X-GitHub-Delivery", signature)

    assert seen(with_headers(*names, body=b'{"object": "page"}')) == ("github", [])
    assert seen(with_headers("X-Jinko-Signature", body=b'{"update_id": 7}')) == ("jinko", [])


def test_checkfronts_own_examples_are_recognised() -> None:
    """Of both its shapes, as JSON and as XML."""
    for example in elsewhere.checkfront_examples():
        assert seen(factories.request(body=example.body)) == ("checkfront", []), example.name


def test_header_that_came_twice_is_there() -> None:
    """Which of the two counts nobody can say: that is for the verdict."""
    headers = factories.headers(("X-Jinko-Signature", "a"), ("x-jinko-signature", "b"))

    assert seen(factories.request(headers=headers)) == ("jinko", [])
    assert seen(factories.request(headers=Headers(((b"X-Jinko-Signature", b""),)))) == ("jinko", [])


def test_what_is_too_long_is_not_looked_into() -> None:
    start = b'{"update_id": 7, "p": "'
    fits = start + b"x" * (CAP_BYTES - len(start) - 2) + b'"}'

    assert seen(factories.request(body=fits)) == ("telegram", [])
    assert seen(factories.request(body=fits + b" ")) == (None, [])


def test_most_demanding_provider_wins() -> None:
    """What it does not explain is another's."""
    three = known(("a", ["header:x"]), ("b", ["header:x", "header:y"]), ("c", ["header:z"]))

    assert named(recognise(three, with_headers("X", "Y"))) == ("b", [])
    assert named(recognise(three, with_headers("X", "Y", "Z"))) == ("b", ["c"])
    assert named(recognise(three, with_headers("Y"))) == (None, [])
    assert recognise({}, with_headers("X")) == Recognition(None)


def test_of_equals_the_last_counts_unless_one_is_named() -> None:
    """One's own files come after ours; an endpoint's name is a hint."""
    equal = known(("ours", ["header:x"]), ("own", ["header:X"]))
    more = known(("ours", ["header:x"]), ("own", ["header:X", "header:Y"]))
    request = with_headers("X", "Y")

    assert named(Recogniser(equal).recognise(request)) == ("own", ["ours"])
    assert named(Recogniser(equal).recognise(request, hint="ours")) == ("ours", ["own"])
    assert named(Recogniser(more).recognise(request, hint="ours")) == ("own", [])


def test_one_provider_is_not_its_own_rival() -> None:
    """Its best set of conditions is the one that counts, whichever comes first."""
    ways = [["header:x"], ["header:x", "header:y"], ["header:y"]]

    for order in (ways, ways[::-1]):
        both = known(("a", order), ("b", ["header:x"]))
        assert named(recognise(both, with_headers("X", "Y"))) == ("a", [])


def test_values_and_mixed_conditions_hold_whole() -> None:
    rows = known(
        ("v", ["header:kind=a", "query:q"]),
        ("never", ["json:a", "form:a"]),
        ("none", []),
        ("form", ["form:a[b]", "form:c=1"]),
    )
    target = b"/in/x?q="

    assert named(recognise(rows, with_headers("Kind=a", target=target))) == ("v", [])
    assert named(recognise(rows, with_headers("Kind=b", target=target))) == (None, [])
    assert named(recognise(rows, with_headers("Kind=a"))) == (None, [])
    assert named(recognise(rows, factories.request(body=b"a%5Bb%5D=1&c=1"))) == ("form", [])
    assert named(recognise(rows, factories.request(body=b'{"a": "1"}'))) == (None, [])


VALID = [case for case in CASES if case["expect"] == "valid" and case["provider"] != "basic-auth"]
BARE = {
    "github-026": "meta",
    "github-sha1-013": "intercom",
    "gitlab-signing-015": "standardwebhooks",
    "lemonsqueezy-013": None,
}
"""Cases with no header besides the signature's, which is others' too."""


@pytest.mark.parametrize("case", VALID, ids=[case["id"] for case in VALID])
def test_shared_case_is_recognised(case: dict[str, Any]) -> None:
    """All but credentials, which are anybody's. HubSpot's first two share a header, and the cases have no other."""
    provider, others = seen(request_of(case))

    if case["provider"].startswith("hubspot-v") and provider == "hubspot-v2":
        assert case["provider"] in {provider, *others}
    else:
        assert provider == BARE.get(case["id"], case["provider"])


NAMES = sorted(
    condition.locator.key
    for provider in BUILT_IN.values()
    for way in provider.recognised_by
    for condition in way
)


@given(
    st.lists(st.tuples(st.sampled_from(NAMES) | st.binary(), st.binary())),
    st.binary() | st.sampled_from([b'{"value":[]}', b"[" * 9000, b"<" * 99, b"a=%F", json.dumps({}).encode()]),
    st.binary(),
)  # fmt: skip
def test_nothing_raises(pairs: list[tuple[bytes, bytes]], body: bytes, target: bytes) -> None:
    request = factories.request(headers=Headers(tuple(pairs)), body=body, target=target)

    found = OURS.recognise(request)

    assert found.provider not in found.others
