"""Signatures that vendors publish in their documentation, or as the tests of their own libraries, value by value.

Of the other providers no secret, body and signature that belong together were found. Mailgun's page has an example
without its key; the specification of Standard Webhooks has one without body and secret, so its library's stands here.
"""

import base64
import json

import pytest

from inspector import providers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.verification import verify
from tests import factories

BUILT_IN = providers.load()

EVERYBODY = "It's a Secret to Everybody"
HUBSPOT = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


def judged(
    name: str,
    secret: str | bytes,
    headers: dict[str, str],
    body: str,
    *,
    url: str = "https://example.com/",
    method: str = "POST",
    now_s: float = 0,
) -> Verification:
    """Check a published request by our file of `name`; `now_s` is the time it was signed at."""
    request = Request(
        method,
        b"/" + url.encode().split(b"/", 3)[3],
        factories.headers(*headers.items()),
        body.encode(),
    )
    return verify(BUILT_IN[name], request, [secret], now_s=now_s, url=url)


def test_github() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries, "Testing the webhook payload
    validation".
    """
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    found = judged("github", EVERYBODY, {"X-Hub-Signature-256": signature}, "Hello, World!")
    other = judged("github", EVERYBODY, {"X-Hub-Signature-256": signature}, "Hello, World")

    assert (found.outcome, other.outcome) == (Outcome.VERIFIED, Outcome.MISMATCH)


def test_bitbucket() -> None:
    """https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/, "Testing the webhook payload validation":
    GitHub's secret, and its text without the comma.
    """
    signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    found = judged("bitbucket", EVERYBODY, {"X-Hub-Signature": signature}, "Hello World!")

    assert found.outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("age_s", "outcome"), [(0, Outcome.VERIFIED), (301, Outcome.STALE)])
def test_slack(age_s: int, outcome: Outcome) -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack, "Validating a request"."""
    headers = {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    }
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
        "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )

    found = judged(
        "slack", "8f742231b10e8888abcd99yyyzzz85a5", headers, body, now_s=1531420618 + age_s
    )

    assert found.outcome is outcome


TWILIO_CALL = "CallSid=CA1234567890ABCDE&Caller=%2B{0}&Digits=1234&From=%2B{0}&To=%2B18005551212"
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        ("https://example.com/myapp.php?foo=1&bar=2", TWILIO_CALL.format(14158675310), "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        (TWILIO_URL, TWILIO_CALL.format(14158675309), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (TWILIO_URL, TWILIO_CALL.format(14158675309), "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (TWILIO_URL, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (TWILIO_URL.replace("https", "http"), TWILIO_CALL.format(14158675309), "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (TWILIO_URL.replace(".com", ".com:1234"), TWILIO_CALL.format(14158675309), "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ],
)  # fmt: skip
def test_twilio(url: str, body: str, signature: str) -> None:
    """https://www.twilio.com/docs/usage/security, "Validating requests"; the others, of ports and of fields sent twice,
    are https://github.com/twilio/twilio-python/blob/306691e/tests/unit/test_request_validator.py.
    """
    found = judged("twilio", "12345", {"X-Twilio-Signature": signature}, body, url=url)

    assert found.outcome is Outcome.VERIFIED


def test_twilio_json() -> None:
    """https://github.com/twilio/twilio-python/blob/306691e/tests/unit/test_request_validator.py,
    `test_validation_of_body_succeeds`.
    """
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    url = f"{TWILIO_URL}&bodySHA256={digest}"
    headers = {"X-Twilio-Signature": "a9nBmqA0ju/hNViExpshrM61xv4="}
    body = '{"property": "value", "boolean": true}'

    found = judged("twilio-json", "12345", headers, body, url=url)
    other = judged("twilio-json", "12345", headers, body + " ", url=url)

    assert (found.outcome, other.outcome) == (Outcome.VERIFIED, Outcome.MISMATCH)


@pytest.mark.parametrize(
    ("key", "url", "body", "signature"),
    [
        (
            "asdf1234",
            "https://example.com/webhook",
            '{"hello":"world"}',
            "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=",
        ),
        (
            "Ibxx_5AKakO-3qeNVR61Dw",
            "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9",
            (
                '{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
                '"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f","created_at":"2022-07-13T20:30:59.037339943Z",'
                '"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
            ),
            "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4=",
        ),
        (
            "signature-key",
            "https://webhook.site/webhooks",
            '{"data":{"type":"webhooks","id":">id<"}}',
            "Cxt7+aTi4rKgcA0bC4g9EHdVtLSDWdqccmL5MvihU4U=",
        ),
    ],
)
def test_square(key: str, url: str, body: str, signature: str) -> None:
    """https://developer.squareup.com/docs/webhooks/step3validate; the others are
    https://github.com/square/square-python-sdk/blob/24302ba/tests/integration/test_webhooks_helper.py.
    """
    headers = {"X-Square-HmacSha256-Signature": signature}

    found = judged("square", key, headers, body, url=url)
    other = judged("square", key, headers, body, url=url + "/")

    assert (found.outcome, other.outcome) == (Outcome.VERIFIED, Outcome.MISMATCH)


def test_paddle() -> None:
    """https://github.com/PaddleHQ/paddle-go-sdk/blob/7f86494/example_webhook_verifier_test.go."""
    signature = "ts=1710929255;h1=6c05ef8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8"
    body = (
        '{"data":{"id":"pri_01hsdn96k2hxjzsq5yerecdj9j","name":null,"status":"active","quantity":{"maximum":999999,'
        '"minimum":1},"tax_mode":"account_setting","product_id":"pro_01hsdn8qp7yydry3x1yeg6a9rv","unit_price":'
        '{"amount":"1000","currency_code":"USD"},"custom_data":null,"description":"testing","import_meta":null,'
        '"trial_period":null,"billing_cycle":{"interval":"month","frequency":1},"unit_price_overrides":[]},"event_id":'
        '"evt_01hsdn97563968dy0szkmgjwh3","event_type":"price.created","occurred_at":"2024-03-20T10:07:35.590857Z",'
        '"notification_id":"ntf_01hsdn977e920kbgzt6r6c9rqc"}'
    )

    found = judged(
        "paddle",
        "pdl_ntfset_01hsdn8d43dt7mezr1ef2jtbaw_hKkRiCGyyRhbFwIUuqiTBgI7gnWoV0Gr",
        {"Paddle-Signature": signature},
        body,
        now_s=1710929255,
    )

    assert found.outcome is Outcome.VERIFIED


def test_hubspot_v1() -> None:
    """https://developers.hubspot.com/docs/faq/v1-request-validation."""
    signature = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    body = (
        '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":'
        '"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
    )

    found = judged("hubspot-v1", HUBSPOT, {"X-HubSpot-Signature": signature}, body)

    assert found.outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("method", "body", "signature"),
    [
        ("GET", "", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e"),
        (
            "POST",
            '{"example_field":"example_value"}',
            "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
        ),
    ],
)
def test_hubspot_v2(method: str, body: str, signature: str) -> None:
    """https://developers.hubspot.com/docs/faq/v2-request-validation."""
    url = "https://www.example.com/webhook_uri"
    headers = {"X-HubSpot-Signature": signature}

    found = judged("hubspot-v2", HUBSPOT, headers, body, url=url, method=method)
    other = judged("hubspot-v2", HUBSPOT, headers, body, url=url, method="PUT")

    assert (found.outcome, other.outcome) == (Outcome.VERIFIED, Outcome.MISMATCH)


@pytest.mark.parametrize(("age_s", "outcome"), [(0, Outcome.VERIFIED), (301, Outcome.STALE)])
def test_hubspot_v3(age_s: int, outcome: Outcome) -> None:
    """https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation, the
    example at "Validate the v3 request signature".
    """
    headers = {
        "X-HubSpot-Signature-v3": "gbj1XPRvUt0noT7i7fXfTzOD4sLzQmf0VT28ZYq0EYg=",
        "X-HubSpot-Request-Timestamp": "1752613922216",
    }
    body = (
        '[{"eventId":531833541,"subscriptionId":3923621,"portalId":48807704,"appId":16111050,"occurredAt":'
        '1752613920733,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":138017612137,"changeFlag":'
        '"CREATED","changeSource":"CRM_UI","sourceId":"userId:76023669"}]'
    )

    found = judged(
        "hubspot-v3",
        "cfc68c0b-4b4e-4ef8-b764-95350e4ea479",
        headers,
        body,
        url="https://webhook.site/335453f5-94b3-49d9-b684-a55354d4b8df",
        now_s=1752613922 + age_s,
    )

    assert found.outcome is outcome


@pytest.mark.parametrize("prefix", ["whsec_", ""])
def test_standard_webhooks(prefix: str) -> None:
    """https://github.com/standard-webhooks/standard-webhooks/blob/b2fa7b8/libraries/python/tests/test_webhooks.py,
    `test_sign_function`.
    """
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }

    found = judged(
        "standardwebhooks",
        f"{prefix}MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        headers,
        '{"test": 2432232314}',
        now_s=1614265330,
    )

    assert found.outcome is Outcome.VERIFIED


def test_svix() -> None:
    """https://docs.svix.com/receiving/verifying-payloads/how-manual."""
    headers = {
        "svix-id": "msg_loFOjxBNrRLzqYUf",
        "svix-timestamp": "1731705121",
        "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
    }

    found = judged(
        "svix",
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        headers,
        '{"event_type":"ping","data":{"success":true}}',
        now_s=1731705121,
    )

    assert found.outcome is Outcome.VERIFIED


def test_duffel() -> None:
    """https://github.com/duffelhq/duffel-api-ruby/blob/52b9802/spec/duffel_api/webhook_event_spec.rb."""
    signature = "t=1641667496,v1=691f25ffb1f206c0fda5bb7b1a9d60fafe42c5f42819d44a06a7cfe09486f102"
    body = (
        '{"created_at":"2022-01-08T18:44:56.129339Z","data":{"changes":{},"object":{}},"id":'
        '"eve_0000AFEsrBKZAcKgGtZCnQ","live_mode":false,"object":"order","type":"order.updated"}'
    )

    found = judged("duffel", "a_secret", {"X-Duffel-Signature": signature}, body, now_s=1641667496)

    assert found.outcome is Outcome.VERIFIED


ADYEN_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
ADYEN_OTHER_KEY = "74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174"


@pytest.mark.parametrize(
    ("key", "reference", "account", "merchant", "value", "signature"),
    [
        (ADYEN_KEY, "7914073381342284", "TestMerchant", "TestPayment-1407325143704", 1130,
         "coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="),
        (ADYEN_OTHER_KEY, "M8NB66SBZSGLNK82", "AntoniStroinski", ":slashes are fun", 1000,
         "2EQYm7YJpKO4EtHSPu55SQTyWf8dkW5u2nD1tJFpViA="),
        (ADYEN_OTHER_KEY, "T7FD4VM4D3RZNN82", "AntoniStroinski", "\\\\slashes are fun", 1000,
         "nIgT81gaB5oJpn2jPXupDq68iRo2wUlBsuYjtYfwKqo="),
    ],
)  # fmt: skip
def test_adyen(
    key: str, reference: str, account: str, merchant: str, value: int, signature: str
) -> None:
    """https://github.com/Adyen/adyen-python-api-library/blob/b6f4979/test/UtilTest.py, and the notifications with
    colons and backslashes beside it.
    """
    item = {
        "pspReference": reference,
        "merchantReference": merchant,
        "merchantAccountCode": account,
        "amount": {"currency": "EUR", "value": value},
        "eventCode": "AUTHORISATION",
        "success": "true",
        "additionalData": {"hmacSignature": signature},
    }
    right = {"notificationItems": [{"NotificationRequestItem": item}]}
    wrong = {"notificationItems": [{"NotificationRequestItem": {**item, "success": "false"}}]}

    found = judged("adyen", key, {}, json.dumps(right))
    other = judged("adyen", key, {}, json.dumps(wrong))

    assert (found.outcome, other.outcome) == (Outcome.VERIFIED, Outcome.MISMATCH)


def test_adyen_payload() -> None:
    """https://docs.adyen.com/classic-platforms/configure-notifications/signing-notifications-with-hmac."""
    body = (
        '{"eventDate":"2018-07-09T12:07:27+02:00","eventType":"ACCOUNT_HOLDER_CREATED","executingUserKey":"ws",'
        '"live":false,"pspReference":"9915311308462016","content":{"invalidFields":[],"pspReference":'
        '"9915311308462016","accountCode":"9915311308462024","accountHolderCode":'
        '"6750d8cf-80ab-4a34-b2c5-f8a1f37a79da","accountHolderDetails":{"bankAccountDetails":[],"email":'
        '"testEmail@gmail.com","individualDetails":{"name":{"firstName":"TestFirstName","gender":"MALE","lastName":'
        '"TestData"}},"merchantCategoryCode":"7999"},"accountHolderStatus":{"status":"Active","processingState":'
        '{"disabled":false,"processedFrom":{"currency":"EUR","value":0},"processedTo":{"currency":"EUR","value":0},'
        '"tierNumber":0},"payoutState":{"allowPayout":false,"disabled":false,"tierNumber":0},"events":[]},'
        '"legalEntity":"Individual","verification":{}}}'
    )
    headers = {"hmacsignature": "A2bHr0WPlKg1fJLVEDReVAdUDWt3znmsuYvp2KdihXY="}

    found = judged(
        "adyen-payload",
        "79A3EAF309C43708726A8C284C0D72618696A12E840DFA1DF3A158AFA3B577DA",
        headers,
        body,
    )

    assert found.outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("end", "outcome"), [("\r\n", Outcome.VERIFIED), ("", Outcome.MISMATCH)])
def test_sendgrid(end: str, outcome: Outcome) -> None:
    """https://github.com/sendgrid/sendgrid-python/blob/76788e7/test/unit/test_eventwebhook.py: the line break at the
    end is signed too.
    """
    headers = {
        "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
        "X-Twilio-Email-Event-Webhook-Signature": (
            "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
        ),
    }
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
        "2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
    )
    body = (
        '[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
        '"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
        '"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
        '"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]'
    )

    found = judged("sendgrid", key, headers, body + end, now_s=1600112502)

    assert found.outcome is outcome


RFC9421_SHARED = base64.b64decode(
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)
RFC9421_ED25519 = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----
"""
RFC9421_RSA_PSS = b"""-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----
"""
RFC9421_ECC = b"""-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
"""
RFC9421_HEADERS = {
    "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
    "Content-Type": "application/json",
    "Content-Digest": (
        "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
    ),
    "Content-Length": "18",
}


@pytest.mark.parametrize(
    ("key", "covered", "signature"),
    [
        pytest.param(
            RFC9421_RSA_PSS,
            'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
            "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7z"
            "FZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXeh"
            "hWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8"
            "K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:",
            id="B.2.1",
        ),
        pytest.param(
            RFC9421_RSA_PSS,
            'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473'
            ';keyid="test-key-rsa-pss";tag="header-example"',
            "sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8U"
            "CMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjq"
            "pcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoK"
            "UqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:",
            id="B.2.2",
        ),
        pytest.param(
            RFC9421_RSA_PSS,
            'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length")'
            ';created=1618884473;keyid="test-key-rsa-pss"',
            "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2vo"
            "Tp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoL"
            "d7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5"
            "ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:",
            id="B.2.3",
        ),
        pytest.param(
            RFC9421_SHARED,
            'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
            "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
            id="B.2.5",
        ),
        pytest.param(
            RFC9421_ED25519,
            'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473'
            ';keyid="test-key-ed25519"',
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
            id="B.2.6",
        ),
        pytest.param(
            RFC9421_ECC,
            'sig1=("@method" "@authority" "@path" "content-digest" "content-type" "content-length");created=1618884475'
            ';keyid="test-key-ecc-p256"',
            "sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A==:",
            id="4.3",
        ),
    ],
)
def test_rfc9421(key: bytes, covered: str, signature: str) -> None:
    """https://www.rfc-editor.org/rfc/rfc9421: appendix B.2 with the keys of B.1, and the first signature of 4.3.

    B.2.4 is of a response.
    """
    headers = {**RFC9421_HEADERS, "Signature-Input": covered, "Signature": signature}

    found = judged(
        "rfc9421",
        key,
        headers,
        '{"hello": "world"}',
        url="https://example.com/foo?param=Value&Pet=dog",
        now_s=1618884475,
    )

    assert found.outcome is Outcome.VERIFIED, found.detail
