"""Each provider's handshake as its documentation shows it, signed by hand, and what strangers make of it."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core import handshakes
from inspector.core.handshakes import ECHO_MAX_BYTES, KEPT, SECRET_MAX_BYTES, Answered
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.core.verification import verify
from tests import factories

BUILT_IN = providers.load()
SECRET = b"8f742231b10e8888abcd99yyyzzz85a5"
TIME = str(factories.NOW_S)
TEXT = [(b"Content-Type", b"text/plain"), (b"X-Content-Type-Options", b"nosniff")]
JSON = [(b"Content-Type", b"application/json"), (b"X-Content-Type-Options", b"nosniff")]
HOSTILE = "\x1b]0;x\x07\r\nSet-Cookie: a=b\r\n\r\n<script>é"


def answer(
    name: str | Provider, request: Request, *secrets: bytes, **endpoint: Any
) -> Answered | None:
    """Check the request as the pipeline does, and answer it."""
    provider = BUILT_IN[name] if isinstance(name, str) else name
    verification = verify(provider, request, secrets, now_s=factories.NOW_S)
    made = factories.endpoint(**endpoint)
    return handshakes.answer(provider, request, verification, made, secrets)


def answered(name: str | Provider, request: Request, *secrets: bytes, **endpoint: Any) -> Answered:
    found = answer(name, request, *secrets, **endpoint)
    assert found is not None
    return found


def said(found: Answered) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return found.reply.status, list(found.reply.headers), found.reply.body


def sha256(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def slack(document: object, *, key: bytes = SECRET, at: str = TIME) -> Request:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    signature = "v0=" + sha256(key, b"v0:" + at.encode() + b":" + body)
    headers = (("X-Slack-Request-Timestamp", at), ("X-Slack-Signature", signature))
    return factories.request(body=body, headers=factories.headers(*headers))


def zoom(document: object, *, key: bytes = SECRET) -> Request:
    body = json.dumps(document).encode()
    signature = "v0=" + sha256(key, b"v0:" + TIME.encode() + b":" + body)
    headers = (("x-zm-request-timestamp", TIME), ("x-zm-signature", signature))
    return factories.request(body=body, headers=factories.headers(*headers))


def twitch(kind: str, document: object, *, key: bytes = SECRET) -> Request:
    body = json.dumps(document).encode()
    message_id, at = "e76c6bd4-55c9-4987-8304-da1588d8988b", "2026-06-02T08:00:00.123456789Z"
    signature = "sha256=" + sha256(key, f"{message_id}{at}".encode() + body)
    headers = (
        ("Twitch-Eventsub-Message-Id", message_id),
        ("Twitch-Eventsub-Message-Type", kind),
        ("Twitch-Eventsub-Message-Timestamp", at),
        ("Twitch-Eventsub-Message-Signature", signature),
    )
    return factories.request(body=body, headers=factories.headers(*headers))


def xero(body: bytes, *, key: bytes = SECRET) -> Request:
    signature = base64.b64encode(hmac.digest(key, body, "sha256")).decode()
    return factories.request(body=body, headers=factories.headers(("x-xero-signature", signature)))


def get(target: bytes, *headers: tuple[str, str], method: str = "GET") -> Request:
    return factories.request(
        method=method, target=target, headers=factories.headers(*headers), body=b""
    )


# Slack shows it at docs.slack.dev/reference/events/url_verification

CHALLENGE = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"
URL_VERIFICATION = {
    "token": "Jhj5dZrVaK7ZwHHjRyZWjbDl",
    "challenge": CHALLENGE,
    "type": "url_verification",
}


def test_slack_gets_its_challenge() -> None:
    found = answered("slack", slack(URL_VERIFICATION), SECRET)

    assert said(found) == (200, TEXT, CHALLENGE.encode())
    assert found.detail == "Slack asked for its challenge back, and was answered"
    assert found.secret is None


def test_slack_gets_it_before_the_secret_is_set() -> None:
    """Who has just made the app wants its URL confirmed; what could not be checked is said."""
    found = answered("slack", slack(URL_VERIFICATION))

    assert said(found) == (200, TEXT, CHALLENGE.encode())
    assert found.detail == (
        "Slack asked for its challenge back, and was answered, unchecked: "
        "X-Slack-Signature was sent, and this endpoint has no secret to check it with"
    )


@pytest.mark.parametrize(
    "request_",
    [
        slack(URL_VERIFICATION, key=b"another"),
        slack(URL_VERIFICATION, at=str(factories.NOW_S - 301)),
        factories.request(body=json.dumps(URL_VERIFICATION).encode()),
    ],
    ids=["mismatch", "stale", "missing"],
)
def test_slack_is_refused_if_the_check_fails(request_: Request) -> None:
    found = answered("slack", request_, SECRET)
    verification = verify(BUILT_IN["slack"], request_, [SECRET], now_s=factories.NOW_S)

    assert said(found) == (401, [], b"")
    assert found.detail.startswith("Slack asked for its challenge back, and was refused with 401: ")
    assert found.detail.endswith(verification.detail)


@pytest.mark.parametrize(
    "document",
    [{"type": "event_callback", "challenge": "x"}, {"challenge": "x"}, [], b"", b"\xff"],
)
def test_slacks_events_are_deliveries(document: object) -> None:
    assert answer("slack", slack(document), SECRET) is None


def test_challenge_that_stands_twice_is_none() -> None:
    """Which of two equal keys counts is every parser's own choice."""
    twice = b'{"type":"url_verification","challenge":"a","challenge":"b"}'
    found = answered("slack", slack(twice), SECRET)

    assert said(found) == (400, [], b"")
    assert answer("slack", slack(b'{"type":"url_verification","type":"x"}'), SECRET) is None


@pytest.mark.parametrize("challenge", ["", None, [], {}, True, 1.5])
def test_what_is_no_challenge_is_not_echoed(challenge: object) -> None:
    found = answered("slack", slack({"type": "url_verification", "challenge": challenge}), SECRET)

    assert said(found) == (400, [], b"")
    assert "missing, or is not text" in found.detail


@pytest.mark.parametrize(("size", "status"), [(ECHO_MAX_BYTES, 200), (ECHO_MAX_BYTES + 1, 400)])
def test_echo_is_short(size: int, status: int) -> None:
    long = {"type": "url_verification", "challenge": "x" * size}
    found = answered("slack", slack(long), SECRET)

    assert found.reply.status == status
    assert len(found.reply.body) == (size if status == 200 else 0)


def test_megabyte_is_no_handshake() -> None:
    long = {"type": "url_verification", "challenge": "x" * 1_000_000}

    assert answer("slack", slack(long), SECRET) is None


def test_hostile_challenge_comes_back_as_plain_text() -> None:
    found = answered("slack", slack({"type": "url_verification", "challenge": HOSTILE}), SECRET)

    assert said(found) == (200, TEXT, HOSTILE.encode())
    assert "\x1b" not in found.detail


# Zoom: developers.zoom.us/docs/api/webhooks, "Validate your webhook endpoint"

VALIDATION = {
    "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"},
    "event_ts": 1_654_503_849_680,
    "event": "endpoint.url_validation",
}


def test_zoom_gets_its_token_and_its_hash() -> None:
    found = answered("zoom", zoom(VALIDATION), SECRET)

    token = sha256(SECRET, b"qgg8vlvZRS6UYooatFL8Aw")
    body = f'{{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"{token}"}}'
    assert said(found) == (200, JSON, body.encode())


def test_zoom_gets_the_hash_of_the_secret_it_signed_with() -> None:
    """While two are valid, the other one's hash would fail the validation."""
    found = answered("zoom", zoom(VALIDATION, key=b"old"), b"new", b"old")

    assert json.loads(found.reply.body)["encryptedToken"] == sha256(
        b"old", b"qgg8vlvZRS6UYooatFL8Aw"
    )


def test_zoom_is_told_nothing_without_a_secret() -> None:
    found = answered("zoom", zoom(VALIDATION))

    assert said(found) == (403, [], b"")
    assert "the answer is made with the secret, and endpoint 'demo' has none" in found.detail


@pytest.mark.parametrize("payload", [{}, {"plainToken": ""}, {"plainToken": 1.5}, None])
def test_zoom_without_a_token_gets_none(payload: object) -> None:
    found = answered("zoom", zoom({**VALIDATION, "payload": payload}), SECRET)

    assert said(found) == (400, [], b"")


def test_zoom_is_refused_if_the_check_fails() -> None:
    """Else anybody could have any text signed."""
    assert said(answered("zoom", zoom(VALIDATION, key=b"another"), SECRET)) == (401, [], b"")


# Meta: developers.facebook.com/docs/graph-api/webhooks/getting-started, "Verification Requests"

META = b"/in/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock"


def test_meta_gets_its_challenge() -> None:
    found = answered("meta", get(META), verify_token=b"meatyhamhock")

    assert said(found) == (200, TEXT, b"1158201444")


@pytest.mark.parametrize(
    "target",
    [
        META + b"s",
        META.replace(b"meatyhamhock", b""),
        META.replace(b"meatyhamhock", b"%ff%00"),
        META.replace(b"&hub.verify_token=meatyhamhock", b""),
        META.replace(b"hub.verify", b"hub.verify_token=x&hub.verify"),
    ],
)
def test_meta_is_refused_without_its_token(target: bytes) -> None:
    """Of a parameter that is there twice the first counts, here and in the echo."""
    found = answered("meta", get(target), verify_token=b"meatyhamhock")

    assert said(found) == (403, [], b"")
    assert found.detail.endswith("hub.verify_token is not the verify_token of endpoint 'demo'")
    assert "meatyhamhock" not in found.detail


@pytest.mark.parametrize("token", [None, b""])
@pytest.mark.parametrize("target", [META, META.replace(b"meatyhamhock", b"")])
def test_meta_is_refused_while_no_token_is_set(target: bytes, token: bytes | None) -> None:
    found = answered("meta", get(target), verify_token=token)

    assert said(found) == (403, [], b"")
    assert found.detail.endswith(
        "set verify_token of endpoint 'demo' in hooktap.toml to the one chosen there"
    )


def test_metas_deliveries_are_no_handshake() -> None:
    token = {"verify_token": b"meatyhamhock"}

    assert answer("meta", factories.request(), SECRET, **token) is None
    assert answer("meta", get(META, method="POST"), SECRET, **token) is None
    assert answer("meta", get(META.replace(b"subscribe", b"unsubscribe")), SECRET, **token) is None
    assert answer("meta", get(b"/in/meta"), SECRET, **token) is None


# Dropbox: dropbox.com/developers/reference/webhooks, "The verification request"


def test_dropbox_gets_its_challenge() -> None:
    found = answered("dropbox", get(b"/in/dropbox?challenge=abc123"), SECRET)

    assert said(found) == (200, TEXT, b"abc123")


@pytest.mark.parametrize("text", [HOSTILE.encode(), b"\xff\xfe\x00", b"a+b %"])
def test_challenge_in_a_url_comes_back_decoded(text: bytes) -> None:
    found = answered("dropbox", get(b"/in/dropbox?challenge=" + quote(text).encode()), SECRET)

    assert said(found) == (200, TEXT, text)


# Twitch: dev.twitch.tv/docs/eventsub/handling-webhook-events, "Responding to a challenge request"

TWITCH = {
    "challenge": "pogchamp-kappa-360noscope-vohiyo",
    "subscription": {"id": "f1c2a387", "status": "webhook_callback_verification_pending"},
}


def test_twitch_gets_its_challenge() -> None:
    found = answered("twitch", twitch("webhook_callback_verification", TWITCH), SECRET)

    assert said(found) == (200, TEXT, b"pogchamp-kappa-360noscope-vohiyo")


def test_twitch_is_refused_if_the_check_fails() -> None:
    forged = twitch("webhook_callback_verification", TWITCH, key=b"another")

    assert answered("twitch", forged, SECRET).reply.status == 401


def test_twitchs_notifications_are_deliveries() -> None:
    for kind in ("notification", "revocation"):
        assert answer("twitch", twitch(kind, TWITCH), SECRET) is None


# Okta: support.okta.com, "Unable to verify event hook" (an example of the request and the answer)


def test_okta_gets_its_challenge() -> None:
    request = get(
        b"/in/okta",
        ("X-Okta-Verification-Challenge", "Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg"),
        ("Authorization", "my-shared-secret"),
    )
    body = b'{"verification":"Me_rShK8JHsTnbyYrWXCEoMGbM_zsZ6k0hLPZ_Pg"}'

    assert said(answered("okta", request, b"my-shared-secret")) == (200, JSON, body)
    assert answer("okta", factories.request(), b"my-shared-secret") is None


@pytest.mark.parametrize("value", [b"\xff", b"", b"x" * (ECHO_MAX_BYTES + 1)])
def test_header_that_no_json_can_hold(value: bytes) -> None:
    headers = Headers(((b"X-Okta-Verification-Challenge", value),))
    found = answered("okta", factories.request(method="GET", headers=headers))

    assert said(found) == (400, [], b"")


def test_header_with_two_values_is_no_challenge() -> None:
    name = "X-Okta-Verification-Challenge"

    assert answer("okta", get(b"/in/okta", (name, "a"), (name, "b"))) is None
    assert answered("okta", get(b"/in/okta", (name, "a"), (name, "a"))).reply.status == 200


# Microsoft Graph: learn.microsoft.com/graph/change-notifications-delivery-webhooks, "notificationUrl validation"


def test_graph_gets_its_token_decoded() -> None:
    target = (
        b"/in/microsoft-graph?validationToken="
        b"Validation%3a+Testing+client+application+reachability+for+subscription+Request-Id%3a+522a8e7e"
    )
    found = answered("microsoft-graph", get(target, method="POST"))

    assert said(found) == (
        200,
        TEXT,
        b"Validation: Testing client application reachability for subscription Request-Id: 522a8e7e",
    )
    assert answer("microsoft-graph", factories.request(body=b'{"value":[]}')) is None


# Trello: developer.atlassian.com/cloud/trello/guides/rest-api/webhooks, "Creating a webhook"


def test_trello_finds_somebody_there() -> None:
    found = answered("trello", get(b"/in/trello", method="HEAD"), SECRET)

    assert said(found) == (200, [], b"")
    assert answer("trello", factories.request(), SECRET) is None


# Xero: developer.xero.com/documentation/guides/webhooks/configuring-your-server, "Intent to receive"

INTENT = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}'


@pytest.mark.parametrize("body", [INTENT, INTENT.replace(b"[]", b"null")])
def test_xero_sees_that_signatures_are_checked(body: bytes) -> None:
    """Good ones get 200 and bad ones 401; neither answer may have a body or a cookie."""
    assert said(answered("xero", xero(body), SECRET)) == (200, [], b"")
    assert said(answered("xero", xero(body, key=b"another"), SECRET)) == (401, [], b"")


def test_xeros_events_are_deliveries() -> None:
    event = (
        b'{"events":[{"resourceId":"717f2bfc","eventType":"Update"}],'
        b'"lastEventSequence":%d,"firstEventSequence":%d,"entropy":"S0m3r4Nd0mt3xt"}'
    )

    assert answer("xero", xero(event % (1, 1)), SECRET) is None
    assert answer("xero", xero(event % (0, 0)), SECRET) is None


# Discord: docs.discord.com/developers/interactions/overview, and .../events/webhook-events, "Acknowledging PINGs"

DISCORD = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
DISCORD_KEY = DISCORD.public_key().public_bytes_raw().hex().encode()


def discord(document: object, *, signs: bytes | None = None) -> Request:
    body = json.dumps(document).encode()
    signature = DISCORD.sign(TIME.encode() + (body if signs is None else signs)).hex()
    headers = (("X-Signature-Ed25519", signature), ("X-Signature-Timestamp", TIME))
    return factories.request(body=body, headers=factories.headers(*headers))


def test_discord_gets_its_pong() -> None:
    ping = {"id": "1", "application_id": "2", "type": 1, "token": "t", "version": 1}
    found = answered("discord", discord(ping), DISCORD_KEY)

    assert said(found) == (200, JSON, b'{"type":1}')


def test_discords_other_ping_gets_nothing() -> None:
    """Of its webhook events: 204, no body, but a Content-Type nevertheless."""
    ping = {"version": 1, "application_id": "2", "type": 0}
    found = answered("discord", discord(ping), DISCORD_KEY)

    assert said(found) == (204, [(b"Content-Type", b"application/json")], b"")


@pytest.mark.parametrize("kind", [0, 1])
def test_discord_sees_bad_signatures_refused(kind: int) -> None:
    found = answered("discord", discord({"type": kind}, signs=b"{}"), DISCORD_KEY)

    assert said(found) == (401, [], b"")


def test_discords_events_and_commands_are_deliveries() -> None:
    """An event has the type 1 that a ping of the other kind has."""
    event = {
        "version": 1,
        "application_id": "2",
        "type": 1,
        "event": {"type": "ENTITLEMENT_CREATE", "timestamp": "2026-06-02T08:00:00Z", "data": {}},
    }

    assert answer("discord", discord(event), DISCORD_KEY) is None
    assert answer("discord", discord({"type": 2, "data": {"name": "book"}}), DISCORD_KEY) is None


# Asana shows it at developers.asana.com/reference/createwebhook

HOOK_SECRET = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81"
ASANA = get(b"/receive-webhook/7654", ("X-Hook-Secret", HOOK_SECRET), method="POST")


def test_asanas_secret_is_echoed_and_kept() -> None:
    found = answered("asana", ASANA)

    assert said(found) == (200, [(b"X-Hook-Secret", HOOK_SECRET.encode())], b"")
    assert found.secret == HOOK_SECRET.encode()
    assert found.detail == (
        "Asana handed over its secret, and was answered: this is now the secret of endpoint 'demo'"
    )
    assert HOOK_SECRET not in repr(found.secret is None) + found.detail
    assert f"secret={found.secret!r}" not in repr(found)


def test_no_sender_replaces_a_secret() -> None:
    found = answered("asana", ASANA, b"the one it has")

    assert said(found) == (403, [], b"")
    assert found.secret is None
    assert "has a secret already, which no sender can replace" in found.detail


def test_same_secret_once_more_is_answered() -> None:
    """The answer to the first time may have been lost."""
    found = answered("asana", ASANA, b"other", HOOK_SECRET.encode())

    assert said(found) == (200, [(b"X-Hook-Secret", HOOK_SECRET.encode())], b"")
    assert found.secret is None
    assert found.detail.endswith("endpoint 'demo' has this secret already")


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (b"x" * SECRET_MAX_BYTES, 200),
        (b"x" * (SECRET_MAX_BYTES + 1), 403),
        (b"", 403),
        (b"a\r\nSet-Cookie: b", 400),
        (b"\x1b[2J", 400),
        (b"\x00", 400),
    ],
)
def test_what_is_no_secret_is_not_kept(value: bytes, status: int) -> None:
    request = factories.request(headers=Headers(((b"X-Hook-Secret", value),)))
    found = answered("asana", request)

    assert found.reply.status == status
    assert (found.secret == value) is (status == 200)


def test_signed_deliveries_of_asana_are_deliveries() -> None:
    signed = get(b"/", ("X-Hook-Signature", "0" * 64), method="POST")

    assert answer("asana", signed) is None
    assert answer("asana", signed, SECRET) is None


def test_stored_request_is_without_the_secret() -> None:
    """Every other byte stays, and a request that hands nothing over is the very same."""
    headers = Headers(((b"Host", b"h"), (b"x-HOOK-secret", b"s"), (b"X-Hook-Secret", b"t")))
    stored = handshakes.without_secret(BUILT_IN["asana"], factories.request(headers=headers))

    assert stored.headers.pairs == (
        (b"Host", b"h"),
        (b"x-HOOK-secret", KEPT),
        (b"X-Hook-Secret", KEPT),
    )
    plain = factories.request()
    assert handshakes.without_secret(BUILT_IN["asana"], plain) is plain
    assert handshakes.without_secret(BUILT_IN["stripe"], ASANA) is ASANA
    assert handshakes.without_secret(None, ASANA) is ASANA


def test_only_who_hands_a_secret_over_is_checked_with_it() -> None:
    assert [name for name, provider in BUILT_IN.items() if handshakes.hands_over(provider)] == [
        "asana"
    ]
    assert not handshakes.hands_over(None)


# AWS SNS: docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html

SUBSCRIBE_URL = (
    "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription"
    "&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic&Token=2336412f37"
)


def sns(kind: str = "SubscriptionConfirmation", **fields: object) -> Request:
    body = {
        "Type": kind,
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Message": "You have chosen to subscribe to the topic arn:aws:sns:us-west-2:123456789012:MyTopic.",
        "SubscribeURL": SUBSCRIBE_URL,
        "Timestamp": "2026-06-02T08:00:00.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858fiTDN6bkk",
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233f.pem",
        **fields,
    }
    headers = (("x-amz-sns-message-type", kind), ("Content-Type", "text/plain; charset=UTF-8"))
    return factories.request(body=json.dumps(body).encode(), headers=factories.headers(*headers))


def test_sns_waits_for_a_person() -> None:
    """The URL is shown, and not visited. Its certificate has to be fetched first, so nothing is checked yet."""
    found = answered("aws-sns", sns())

    assert said(found) == (200, [], b"")
    assert found.detail.startswith(
        "Amazon SNS asked to have the subscription confirmed, and was answered, unchecked: certificate not"
    )
    assert found.detail.endswith(
        "; `hooktap confirm` with this delivery's number visits the URL it sent"
    )
    assert handshakes.confirm_url(BUILT_IN["aws-sns"], sns()) == SUBSCRIBE_URL


def test_forged_confirmation_is_refused() -> None:
    """Whether another topic's, or nobody's."""
    right = Verification(Outcome.MISMATCH, "another topic")
    found = handshakes.answer(BUILT_IN["aws-sns"], sns(), right, factories.endpoint(), [])

    assert found is not None
    assert said(found) == (401, [], b"")
    assert answered("aws-sns", sns(Signature=None)).reply.status == 401


@pytest.mark.parametrize(
    "url",
    [
        SUBSCRIBE_URL.replace("https:", "http:"),
        SUBSCRIBE_URL.replace(".com", ".com.evil.example"),
        SUBSCRIBE_URL.replace(".com", ".com@evil.example"),
        SUBSCRIBE_URL.replace(".com", ".com:8443"),
        SUBSCRIBE_URL.replace(".com", ".com\n.evil.example"),
        SUBSCRIBE_URL.replace("sns.us-west-2", "s3.us-west-2"),
        SUBSCRIBE_URL.replace("sns.us-west-2", "sns.s3-us-west-2"),
        SUBSCRIBE_URL.replace("sns.us-west-2.amazonaws.com", "127.0.0.1"),
        SUBSCRIBE_URL.replace("Confirm", "Un"),
        SUBSCRIBE_URL + "\n",
        "https://evil.example/" + SUBSCRIBE_URL,
        "https://[::1",
        "",
    ],
)
def test_only_addresses_of_sns_are_visited(url: str) -> None:
    found = answered("aws-sns", sns(SubscribeURL=url))

    assert handshakes.confirm_url(BUILT_IN["aws-sns"], sns(SubscribeURL=url)) is None
    assert found.detail.endswith("; the URL it sent is not one of its own, and will not be visited")


@pytest.mark.parametrize("url", [None, 1.5, {"a": 1}, []])
def test_what_is_no_url_is_not_visited(url: object) -> None:
    assert handshakes.confirm_url(BUILT_IN["aws-sns"], sns(SubscribeURL=url)) is None
    assert answered("aws-sns", sns(SubscribeURL=url)).reply.status == 401


def test_address_in_china_is_one() -> None:
    url = SUBSCRIBE_URL.replace("us-west-2.amazonaws.com", "cn-north-1.amazonaws.com.cn")

    assert handshakes.confirm_url(BUILT_IN["aws-sns"], sns(SubscribeURL=url)) == url


@pytest.mark.parametrize("kind", ["Notification", "UnsubscribeConfirmation"])
def test_what_else_sns_sends_is_a_delivery(kind: str) -> None:
    """An unsubscription has a URL too, whose visit would subscribe again."""
    assert answer("aws-sns", sns(kind)) is None
    assert handshakes.confirm_url(BUILT_IN["aws-sns"], sns(kind)) is None


def test_header_alone_confirms_nothing() -> None:
    """It is not signed; the body's word counts."""
    request = sns(Type="UnsubscribeConfirmation")

    assert answer("aws-sns", request) is None


def test_others_have_nothing_to_confirm() -> None:
    assert handshakes.confirm_url(BUILT_IN["slack"], slack(URL_VERIFICATION)) is None
    assert handshakes.confirm_url(BUILT_IN["stripe"], sns()) is None
    assert handshakes.confirm_url(None, sns()) is None


# All of them

ASKING = {
    "slack": slack(URL_VERIFICATION),
    "zoom": zoom(VALIDATION),
    "meta": get(META),
    "dropbox": get(b"/in/dropbox?challenge=abc123"),
    "twitch": twitch("webhook_callback_verification", TWITCH),
    "okta": get(b"/", ("x-okta-verification-challenge", "Me_r")),
    "microsoft-graph": get(b"/?validationToken=t", method="POST"),
    "trello": get(b"/", method="HEAD"),
    "xero": xero(INTENT),
    "discord": discord({"type": 1}),
    "asana": ASANA,
    "aws-sns": sns(),
}


def test_these_have_handshakes() -> None:
    """All whose documentation has one, and no one who inherited a provider's other keys."""
    assert {name for name, provider in BUILT_IN.items() if provider.handshake} == set(ASKING)


@pytest.mark.parametrize("name", ASKING)
def test_app_may_answer_itself(name: str) -> None:
    assert answer(name, ASKING[name], SECRET, verify_token=b"meatyhamhock") is not None
    assert answer(name, ASKING[name], SECRET, answers_handshakes=False) is None


@pytest.mark.parametrize("name", ASKING)
def test_another_method_is_a_delivery(name: str) -> None:
    request = factories.request(
        method="PUT",
        target=ASKING[name].target,
        headers=ASKING[name].headers,
        body=ASKING[name].body,
    )

    assert answer(name, request, SECRET) is None


def test_ordinary_delivery_is_none_for_everybody() -> None:
    for provider in BUILT_IN.values():
        assert answer(provider, factories.request(), SECRET) is None
    verification = Verification(Outcome.UNKNOWN, "")
    assert handshakes.answer(None, ASANA, verification, factories.endpoint(), []) is None


def test_provider_of_ones_own() -> None:
    """What a file may say besides: a literal text, headers, several methods."""
    own = parse(
        "own",
        {
            "scheme": "unsigned",
            "handshake": {
                "method": ["GET", "POST"],
                "when": "query:hello",
                "status": 202,
                "headers": {"X-Name": "{query:hello}", "X-Here": "yes"},
                "body": "hi {query:hello}",
            },
        },
    )

    found = answered(own, get(b"/?hello=you"))

    here = [(b"X-Name", b"you"), (b"X-Here", b"yes"), *TEXT]
    assert said(found) == (202, here, b"hi you")
    assert found.detail == "own asked whether this URL is yours, and was answered"
    assert answered(own, get(b"/?hello=a%0d%0ab")).reply.status == 400


PIECES = st.sampled_from(
    [
        b"challenge",
        b"hub.mode=subscribe",
        b"hub.challenge",
        b"validationToken",
        b"=",
        b"&",
        b"%",
        b"?",
    ]
)


@given(
    name=st.sampled_from(sorted(ASKING)),
    method=st.sampled_from(["GET", "POST", "HEAD", "\ud800"]),
    query=st.lists(PIECES | st.binary(max_size=8)).map(b"".join),
    value=st.binary(max_size=64),
    body=st.binary(max_size=64)
    | st.dictionaries(
        st.sampled_from(["type", "event", "challenge", "payload", "Type", "SubscribeURL"]),
        st.sampled_from(
            ["url_verification", "endpoint.url_validation", "\ud800", 1, 0, None, [], {}]
        )
        | st.text(max_size=8),
    ).map(lambda document: json.dumps(document).encode()),
    outcome=st.sampled_from(Outcome),
    index=st.none() | st.integers(0, 3),
    secrets=st.lists(st.binary(max_size=8), max_size=2),
    token=st.none() | st.binary(max_size=4),
)
def test_anything_gets_an_answer_or_none(
    name: str,
    method: str,
    query: bytes,
    value: bytes,
    body: bytes,
    outcome: Outcome,
    index: int | None,
    secrets: list[bytes],
    token: bytes | None,
) -> None:
    """Nothing raises, nothing breaks out of a header, and nothing long comes back."""
    headers = tuple(pair for pair in ASKING[name].headers if not pair[0].lower().startswith(b"x-"))
    asking = [pair[0] for pair in ASKING[name].headers if pair not in headers]
    request = Request(
        method, b"/?" + query, Headers((*headers, *((key, value) for key in asking))), body
    )
    found = handshakes.answer(
        BUILT_IN[name],
        request,
        Verification(outcome, "", index),
        factories.endpoint(verify_token=token),
        secrets,
    )
    handshakes.confirm_url(BUILT_IN[name], request)
    handshakes.without_secret(BUILT_IN[name], request)
    if found is not None:
        assert len(found.reply.body) <= ECHO_MAX_BYTES
        for pair in found.reply.headers:
            assert not {0, 10, 13, 27} & set(b"".join(pair))
        assert found.detail.isprintable()
