import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Sign
from inspector.core.provider_table import parse
from inspector.core.providers import Provider, Scheme
from inspector.core.signing import break_signature, sample_keys, sign, sign_stale
from inspector.core.verification import verify
from inspector.errors import SigningError
from tests import factories
from tests.factories import NOW_S
from tests.signers import A_DAY_S, BUILT_IN, SIGNABLE, checked, sample, signed

WITHOUT_TIME = {
    "acuity", "adyen", "adyen-payload", "asana", "basic-auth", "bitbucket", "bokun", "calcom", "dropbox", "github",
    "github-sha1", "gitlab-token", "hostaway", "hubspot-v1", "hubspot-v2", "intercom", "lemonsqueezy", "lodgify",
    "meta", "mews", "microsoft-graph", "okta", "sentry", "shopify", "square", "telegram", "trello", "twilio",
    "twilio-json", "typeform", "vercel", "xero",
}  # fmt: skip
TIMED = [each for each in SIGNABLE if each.name not in WITHOUT_TIME]


@pytest.mark.parametrize("provider", SIGNABLE, ids=lambda each: each.name)
def test_every_provider_we_can_sign_for(provider: Provider) -> None:
    """A fresh signature is verified, a broken one refused, and the rest of the request is as it was."""
    request = sample(provider)

    fresh, broken = signed(provider, request), signed(provider, request, break_signature)

    found = checked(provider, fresh)
    assert found.outcome is Outcome.VERIFIED, found.detail
    assert found.signed_at_s == (None if provider.name in WITHOUT_TIME else NOW_S)
    assert checked(provider, broken).outcome is Outcome.MISMATCH
    for made in (fresh, broken):
        assert replace(made, headers=request.headers, body=b"", target=b"") == replace(
            request, body=b"", target=b""
        )
        assert [name for name, _ in made.headers][: len(request.headers)] == [
            name for name, _ in request.headers
        ]


@pytest.mark.parametrize("provider", SIGNABLE, ids=lambda each: each.name)
def test_signing_again_keeps_every_header_in_its_place(provider: Provider) -> None:
    """What changes is the signature and its time; spelling, order and repeats of the rest stay."""
    once = signed(provider, sample(provider))
    around = factories.headers(("x-OTHER", "1"), ("X-Other", "2"))
    shouted = Headers(
        (
            *around.pairs,
            *((name.swapcase(), value) for name, value in once.headers.pairs),
            *around.pairs,
        )
    )

    again = signed(provider, replace(once, headers=shouted))

    assert [name for name, _ in again.headers] == [name for name, _ in shouted]
    assert checked(provider, again).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("provider", TIMED, ids=lambda each: each.name)
def test_stale_is_right_and_too_old(provider: Provider) -> None:
    request = signed(provider, sample(provider), sign_stale)

    # Some name no tolerance: an app has one of its own.
    found = checked(
        provider, request, tolerance_s=None if provider.time and provider.time.tolerance_s else 300
    )

    assert found.outcome is Outcome.STALE, found.detail
    assert found.signed_at_s is not None
    assert NOW_S - A_DAY_S < found.signed_at_s < NOW_S - 3600


@pytest.mark.parametrize("name", sorted(WITHOUT_TIME))
def test_nothing_goes_stale_without_a_time(name: str) -> None:
    title = BUILT_IN[name].title

    with pytest.raises(SigningError) as raised:
        signed(BUILT_IN[name], sample(BUILT_IN[name]), sign_stale)

    assert str(raised.value) == f"{title} signs no time, so nothing of it goes stale"


def test_stale_for_an_endpoint_with_a_tolerance_of_its_own() -> None:
    jinko = BUILT_IN["jinko"]

    made = sign_stale(jinko, sample(jinko), "k", now_s=NOW_S, tolerance_s=A_DAY_S)

    assert verify(jinko, made, ["k"], now_s=NOW_S, tolerance_s=A_DAY_S).outcome is Outcome.STALE
    assert sign_stale(jinko, sample(jinko), "k", now_s=5).headers.get(b"X-Jinko-Timestamp") == b"0"


def test_a_replay_says_how_it_is_signed() -> None:
    jinko, request = BUILT_IN["jinko"], sample(BUILT_IN["jinko"])

    def resigned(how: Sign, **more: Any) -> Request:
        return signing.resign(how, jinko, request, "k", now_s=NOW_S, **more)

    assert resigned(Sign.VERBATIM) is request
    assert resigned(Sign.FRESH) == sign(jinko, request, "k", now_s=NOW_S)
    assert resigned(Sign.BROKEN) == break_signature(jinko, request, "k", now_s=NOW_S)
    assert resigned(Sign.STALE) == sign_stale(jinko, request, "k", now_s=NOW_S)
    assert resigned(Sign.STALE, tolerance_s=A_DAY_S) == sign_stale(
        jinko, request, "k", now_s=NOW_S, tolerance_s=A_DAY_S
    )


def test_absent_headers_are_added_at_the_end() -> None:
    made = sign(BUILT_IN["jinko"], factories.request(), "secret", now_s=NOW_S + 0.9)

    assert made.headers.pairs[-2] == (b"X-Jinko-Timestamp", b"%d" % NOW_S)
    assert made.headers.pairs[-1][0] == b"X-Jinko-Signature"
    assert made.body is factories.request().body


@pytest.mark.parametrize(
    ("name", "header", "start"),
    [
        ("jinko", b"X-Jinko-Signature", b"sha256="),
        ("stripe", b"Stripe-Signature", b"t=%d,v1=" % NOW_S),
        ("paddle", b"Paddle-Signature", b"ts=%d;h1=" % NOW_S),
        ("standardwebhooks", b"webhook-signature", b"v1,"),
        ("standardwebhooks-v1a", b"webhook-signature", b"v1a,"),
        ("svix", b"svix-signature", b"v1,"),
        ("slack", b"X-Slack-Signature", b"v0="),
        ("basic-auth", b"Authorization", b"Basic c2FtcGxlO"),
        ("twitch", b"Twitch-Eventsub-Message-Timestamp", b"2026-06-02T08:00:00.000Z"),
        ("hubspot-v3", b"X-HubSpot-Request-Timestamp", b"%d000" % NOW_S),
    ],
)
def test_signature_has_the_providers_form(name: str, header: bytes, start: bytes) -> None:
    made = signed(BUILT_IN[name], sample(BUILT_IN[name]))

    assert (made.headers.get(header) or b"").startswith(start)


@pytest.mark.parametrize("provider", SIGNABLE, ids=lambda each: each.name)
def test_only_a_secret_that_arrived_is_told(provider: Provider) -> None:
    """Of a replay, the record has a token or a login only if the delivery had it; a signature it always has."""
    request = sample(provider)
    sent = signed(provider, request)

    told = signing.as_told(provider, request, sent)

    assert signing.as_told(provider, sent, sent) is sent
    if provider.scheme in {Scheme.TOKEN, Scheme.BASIC}:
        assert checked(provider, told).outcome is Outcome.MISMATCH
    else:
        assert told is sent


def test_rotated_signatures_give_way_to_the_one_made() -> None:
    request = factories.request(
        headers=factories.headers(("Stripe-Signature", "t=1,v1=old,v1=older,v0=x"))
    )

    made = sign(BUILT_IN["stripe"], request, "whsec_x", now_s=NOW_S)

    value = made.headers.get(b"Stripe-Signature") or b""
    assert value.startswith(b"t=%d,v1=" % NOW_S)
    assert value.count(b",") == 1


def svix(*names: str) -> Request:
    pairs = [(f"{name}-{part}", "1") for name in names for part in ("id", "timestamp", "signature")]
    return factories.request(headers=factories.headers(*pairs))


def test_headers_of_the_other_kind_stay_in_use() -> None:
    """A Svix delivery that came with the standard's headers is signed in those."""
    request = svix("webhook")

    made = sign(BUILT_IN["svix"], request, "whsec_aGVsbG8=", now_s=NOW_S)

    assert [name for name, _ in made.headers] == [name for name, _ in request.headers]
    assert (
        verify(BUILT_IN["svix"], made, ["whsec_aGVsbG8="], now_s=NOW_S).outcome is Outcome.VERIFIED
    )


def test_every_signature_that_is_there_is_made_anew() -> None:
    """An app looks at one of them; a broken replay that leaves the other right would be taken."""
    known, old = (
        BUILT_IN["svix"],
        sign(BUILT_IN["svix"], svix("webhook"), "whsec_aGVsbG8=", now_s=NOW_S),
    )
    both = replace(old, headers=Headers((*old.headers, *svix("svix").headers)))

    fresh = sign(known, both, "whsec_aGVsbG8=", now_s=NOW_S + 900)
    broken = break_signature(known, both, "whsec_aGVsbG8=", now_s=NOW_S)

    for name in ("svix", "webhook"):
        alone = Headers(tuple(each for each in fresh.headers if each[0].startswith(name.encode())))
        found = verify(known, replace(fresh, headers=alone), ["whsec_aGVsbG8="], now_s=NOW_S + 900)
        assert found.outcome is Outcome.VERIFIED
    assert verify(known, broken, ["whsec_aGVsbG8="], now_s=NOW_S).outcome is Outcome.MISMATCH


def test_a_signature_without_what_it_signs_is_left_alone() -> None:
    stray = replace(
        svix("svix"), headers=Headers((*svix("svix").headers, (b"webhook-signature", b"v1,x")))
    )

    made = sign(BUILT_IN["svix"], stray, "whsec_aGVsbG8=", now_s=NOW_S)

    assert made.headers.get(b"webhook-signature") == b"v1,x"
    assert (
        verify(BUILT_IN["svix"], made, ["whsec_aGVsbG8="], now_s=NOW_S).outcome is Outcome.VERIFIED
    )


# In the body and in the query


def test_time_in_the_body_becomes_that_of_now() -> None:
    """It is signed there, and an app refuses an old one; not a byte besides changes."""
    body = b'{ "webhookTimestamp" :1000 ,"action":"\\u00e9\xc3\xa9" }\r\n'
    request = factories.request(
        body=body, headers=factories.headers(("Content-length", str(len(body))))
    )

    made = sign(BUILT_IN["linear"], request, "k", now_s=NOW_S + 0.25)

    assert made.body == body.replace(b"1000", b"%d250" % NOW_S)
    assert made.headers.pairs[0] == (b"Content-length", b"%d" % len(made.body))
    assert verify(BUILT_IN["linear"], made, ["k"], now_s=NOW_S).outcome is Outcome.VERIFIED


def test_mailgun_in_json_and_in_a_form() -> None:
    """Both are replaced where they stand; the token is the sender's."""
    as_json = factories.request(
        body=b'{"signature":{"token":"t","timestamp":"1","signature":"old"},"event-data":{"x": 1}}'
    )
    as_form = factories.request(
        body=b"event=opened&timestamp=1&token=t&signature=old&note=%C3%A9+x"
    )
    right = hmac.digest(b"k", b"%dt" % NOW_S, "sha256").hex().encode()

    in_json = sign(BUILT_IN["mailgun"], as_json, "k", now_s=NOW_S)
    in_form = sign(BUILT_IN["mailgun"], as_form, "k", now_s=NOW_S)

    for old, new in ((as_json, in_json), (as_form, in_form)):
        stamped = old.body.replace(b'"1"', b'"%d"' % NOW_S).replace(b"=1&", b"=%d&" % NOW_S)
        assert new.body == stamped.replace(b"old", right)
        assert new.headers == old.headers


def test_each_of_adyens_items_is_signed() -> None:
    item = '{"NotificationRequestItem": {"pspReference": "%s", "additionalData": {"hmacSignature": "%s"}}}'
    both = (item % ("a", ""), item % ("b\u00fc", "old"))
    body = f'{{"notificationItems": [{", ".join(both)}]}}'.encode()
    adyen = BUILT_IN["adyen"]

    made = sign(adyen, factories.request(body=body), "00ff", now_s=NOW_S)

    items = [each["NotificationRequestItem"] for each in json.loads(made.body)["notificationItems"]]
    assert len({each["additionalData"]["hmacSignature"] for each in items}) == 2
    assert verify(adyen, made, ["00ff"], now_s=NOW_S).outcome is Outcome.VERIFIED
    assert len(made.body) == len(body) + 2 * 44 - 3
    broken = break_signature(adyen, made, "00ff", now_s=NOW_S)
    assert len(broken.body) == len(made.body)
    assert sum(a != b for a, b in zip(broken.body, made.body, strict=True)) == 2


def test_each_of_microsofts_items_gets_the_token() -> None:
    graph = BUILT_IN["microsoft-graph"]
    body = b'{"value":[{"clientState":"old","resource":"r"},{"resource":"s","clientState":null}]}'

    made = sign(graph, factories.request(body=body), 'a "secret"', now_s=NOW_S)

    assert [each["clientState"] for each in json.loads(made.body)["value"]] == ['a "secret"'] * 2
    assert verify(graph, made, ['a "secret"'], now_s=NOW_S).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("target", "made"),
    [
        (b"/in/mews", b"/in/mews?Token=a%2Bb"),
        (b"/in/mews?Token=old&x=%zz", b"/in/mews?Token=a%2Bb&x=%zz"),
        (b"/in/mews?x&token=old", b"/in/mews?x&token=a%2Bb"),
    ],
)
def test_a_token_in_the_query(target: bytes, made: bytes) -> None:
    assert (
        sign(BUILT_IN["mews"], factories.request(target=target), "a+b", now_s=NOW_S).target == made
    )


def test_a_time_in_the_query_is_signed_as_it_is_sent() -> None:
    table = {
        "scheme": "hmac",
        "signature": "header:X-Sig",
        "signed": "{url}{query:ts}{path+query}",
        "timestamp": {"from": "query:ts", "tolerance": 60},
    }
    known = parse("acme", table)
    url = "https://h/x?ts=1"

    made = sign(known, factories.request(target=b"/x?ts=1"), "k", now_s=NOW_S, url=url)

    assert made.target == b"/x?ts=%d" % NOW_S
    assert (
        verify(known, made, ["k"], now_s=NOW_S, url=f"https://h/x?ts={NOW_S}").outcome
        is Outcome.VERIFIED
    )


def test_elements_of_the_old_signature_are_kept_where_they_are_signed() -> None:
    table = {
        "scheme": "hmac",
        "signature": "header:X-Sig",
        "format": "pairs:,:v1",
        "signed": "{pair:t}.{pair:nonce}.{body}",
        "timestamp": {"from": "pair:t", "tolerance": 60},
    }
    known = parse("acme", table)
    request = factories.request(headers=factories.headers(("X-Sig", "nonce=n,t=1,v1=x,v0=y")))

    made = sign(known, request, "k", now_s=NOW_S)

    assert (made.headers.get(b"X-Sig") or b"").startswith(b"nonce=n,t=%d,v1=" % NOW_S)
    assert verify(known, made, ["k"], now_s=NOW_S).outcome is Outcome.VERIFIED
    with pytest.raises(SigningError, match="signs nonce, and this request has none"):
        sign(known, factories.request(), "k", now_s=NOW_S)


@pytest.mark.parametrize(
    ("name", "secret", "header", "broken"),
    [
        ("telegram", "0token", b"X-Telegram-Bot-Api-Secret-Token", "1token"),
        ("telegram", "token", b"X-Telegram-Bot-Api-Secret-Token", "0oken"),
        ("telegram", "étoken", b"X-Telegram-Bot-Api-Secret-Token", "étoken0"),
        ("basic-auth", "user:é", b"Authorization", "Basic dXNlcjrDqTA="),
        ("basic-auth", "user:", b"Authorization", "Basic dXNlcjow"),
        ("basic-auth", "user:pass", b"Authorization", "Basic dXNlcjowYXNz"),
    ],
)
def test_a_broken_token_is_still_text(name: str, secret: str, header: bytes, broken: str) -> None:
    """An app is to refuse it, not to stumble over half a character; the user stays the right one."""
    made = break_signature(BUILT_IN[name], factories.request(), secret, now_s=NOW_S)

    assert (made.headers.get(header) or b"").decode() == broken


# Key pairs


def test_a_private_key_of_ones_own_signs_as_discord_and_sendgrid_do() -> None:
    """Checked with the library, and by what the endpoint would have as its secret."""
    edwards, curve = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    for name, key in (("discord", edwards), ("standardwebhooks-v1a", edwards), ("sendgrid", curve)):
        known = BUILT_IN[name]
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

        made = sign(known, sample(known), private, now_s=NOW_S)

        public = signing.public_secret(known, private)
        assert verify(known, made, [public], now_s=NOW_S).outcome is Outcome.VERIFIED
        if name == "discord":
            assert public.decode() == edwards.public_key().public_bytes_raw().hex()
            signature = made.headers.get(b"X-Signature-Ed25519") or b""
            edwards.public_key().verify(
                bytes.fromhex(signature.decode()), b"%d" % NOW_S + made.body
            )
        if name == "sendgrid":
            header = made.headers.get(b"X-Twilio-Email-Event-Webhook-Signature") or b""
            raw = known.encoding.bytes_of(header) or b""
            curve.public_key().verify(raw, b"%d" % NOW_S + made.body, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("name", ["discord", "sendgrid", "standardwebhooks-v1a", "plaid"])
def test_a_public_key_cannot_sign(name: str) -> None:
    known = BUILT_IN[name]
    assert not signing.can_sign(known)
    assert signing.needs_private_key(known)
    assert signing.why_not(known, private_key=False) == (
        f"{known.title} signs with a private key, which only {known.title} has: "
        "to sign like it, set signing_key to the private one of a pair made for testing"
    )
    if name != "discord":  # 32 bytes are as good a private key
        with pytest.raises(SigningError, match=r"public key|private one"):
            sign(known, sample(known), sample_keys(known, b"seed").verifying, now_s=NOW_S)


@pytest.mark.parametrize("provider", BUILT_IN.values(), ids=BUILT_IN)
def test_sample_keys_are_the_providers_own_kind(provider: Provider) -> None:
    if signing.why_not(provider, private_key=True):
        with pytest.raises(SigningError):
            sample_keys(provider, b"seed")
        return
    keys = sample_keys(provider, b"seed")

    assert keys == sample_keys(provider, b"seed")
    assert keys != sample_keys(provider, b"other seed")
    assert (keys.signing != keys.verifying) == signing.needs_private_key(provider)
    assert provider.secret.key(keys.verifying)
    assert keys.verifying.startswith(provider.secret.strip + provider.secret.prefix)
    assert signing.public_secret(provider, keys.signing) == keys.verifying
    assert signing.public_secret(provider, keys.signing.decode()) == keys.verifying
    if provider.scheme is Scheme.BASIC:
        assert keys.signing.startswith(b"sample:")


# What cannot be signed


def test_who_cannot_be_signed_for() -> None:
    """Only those who do not sign, and those whose key belongs to a certificate."""
    cannot = {name for name, each in BUILT_IN.items() if signing.why_not(each, private_key=True)}
    without = {name for name, each in BUILT_IN.items() if not signing.can_sign(each)}

    assert cannot == {
        "aws-sns", "booking-com", "checkfront", "cloudbeds", "fareharbor", "paypal", "rezdy", "wink",
    }  # fmt: skip
    assert without - cannot == {"discord", "plaid", "sendgrid", "standardwebhooks-v1a"}


@pytest.mark.parametrize(
    ("name", "secret", "complaint"),
    [
        ("standardwebhooks", "whsec_aGVsbG8=", "Standard Webhooks signs webhook-id, and this request"),
        ("svix", "whsec_aGVsbG8=", "Svix signs svix-id, and this request has none to sign"),
        ("standardwebhooks", "whsec_!", "the secret for Standard Webhooks is empty or not base64 text"),
        ("jinko", "", "the secret for Jinko is empty or not text"),
        ("wink", "secret", "Wink documents no signature"),
        ("square", "secret", "Square signs its URL: set public_url"),
        ("twilio-json", "secret", "Twilio (JSON) signs its URL"),
        ("discord", "00", "the signing key for Discord is no private key"),
        ("paypal", "00", "PayPal signs with a private key, which only PayPal has, and names a certificate"),
        ("aws-sns", "00", "Amazon SNS puts its signature into the body, made with a private key"),
        ("mailgun", "secret", "Mailgun writes 'signature.timestamp' into the json body, and this one"),
        ("linear", "secret", "Linear writes 'webhookTimestamp' into the json body"),
        ("adyen", "00", "Adyen (payments) writes 'notificationItems.*.NotificationRequestItem.additionalData.hm"),
        ("telegram", "one\nline", "the secret for Telegram has a line break in it"),
        ("telegram", "one\r\nX-Evil: 1", "the secret for Telegram has a line break in it"),
        ("telegram", "nul\0", "the secret for Telegram has a line break in it, or the like"),
    ],
)  # fmt: skip
def test_what_cannot_be_signed_is_told(name: str, secret: str, complaint: str) -> None:
    for make in (sign, break_signature):
        with pytest.raises(SigningError) as raised:
            make(BUILT_IN[name], factories.request(), secret, now_s=NOW_S)
        assert str(raised.value).startswith(complaint)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"value":[]}', "writes 'value.*.clientState'"),
        (b'{"value":[{"clientState":"a"},{}]}', "writes 'value.*.clientState'"),
        (b'{"value":[{"clientState":"a","clientState":"a"}]}', "or several"),
        (b'{"value":[{"clientState":{"a":1}}]}', "writes 'value.*.clientState'"),
        (b"\x00\xff", "writes 'value.*.clientState'"),
    ],
)
def test_a_body_without_a_place_for_each_signature(body: bytes, complaint: str) -> None:
    with pytest.raises(SigningError, match=r"Microsoft Graph .*add it once") as raised:
        sign(BUILT_IN["microsoft-graph"], factories.request(body=body), "k", now_s=NOW_S)

    assert complaint in str(raised.value)


def test_a_token_that_is_no_text_does_not_go_into_json() -> None:
    body = b'{"value":[{"clientState":"a"}]}'

    with pytest.raises(SigningError, match="is not UTF-8, which JSON has to be"):
        sign(BUILT_IN["microsoft-graph"], factories.request(body=body), b"\xff", now_s=NOW_S)


def test_hash_in_the_url_must_be_the_bodys() -> None:
    with pytest.raises(
        SigningError, match=r"needs the URL's bodySHA256 to be body\.sha256\.hex, and"
    ):
        sign(
            BUILT_IN["twilio-json"],
            factories.request(),
            "k",
            now_s=NOW_S,
            url="https://h/?bodySHA256=00",
        )


def test_id_with_two_values_is_not_signed() -> None:
    request = factories.request(headers=factories.headers(("webhook-id", "a"), ("Webhook-Id", "b")))

    with pytest.raises(SigningError, match="webhook-id"):
        sign(BUILT_IN["standardwebhooks"], request, "whsec_aGVsbG8=", now_s=NOW_S)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"signature": "json:sig", "signed": "{body}"}, "signs what its signature is a part of"),
        (
            {"signature": "form:sig", "signed": "{form.sorted}"},
            "signs what its signature is a part of",
        ),
        (
            {"signature": "json:sig", "signed": "{json:sig}"},
            "signs what its signature is a part of",
        ),
        ({"signature": "query:sig", "signed": "{url}"}, "signs what its signature is a part of"),
        (
            {"signature": "query:sig", "signed": "{path+query}"},
            "signs what its signature is a part of",
        ),
        ({"signature": "xml:sig", "signed": "{xml:id}"}, "writes into XML"),
        (
            {"signature": "header:S", "signed": "{body}", "timestamp": {"from": "xml:at"}},
            "writes into XML",
        ),
        (
            {"signature": "header:S", "signed": "{json:a}", "json_root": "items.*"},
            "signs each item of a body, and its file names no place in them",
        ),
    ],
)
def test_schemes_of_ones_own_that_none_can_sign(table: dict[str, Any], complaint: str) -> None:
    known = parse("acme", {"scheme": "hmac", **table})

    assert complaint in signing.why_not(known, private_key=False)
    assert not signing.can_sign(known)
    with pytest.raises(SigningError, match=complaint):
        sign(known, factories.request(), "k", now_s=NOW_S)
