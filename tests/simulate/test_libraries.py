"""Signed samples are accepted by the libraries that receivers use, and wrong ones are not."""

import importlib
import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest

from inspector import providers
from inspector.core.model import Endpoint, Request
from inspector.core.publicurl import with_query
from inspector.core.signing import needs_private_key, sample_keys
from inspector.core.text import decode
from inspector.core.variations import SampleSign, Variation
from inspector.errors import SigningError
from inspector.simulate import catalogue, samples
from inspector.simulate.sender import secret_for, signed_sample
from tests.elsewhere import missing

KNOWN = providers.load()
URL = "https://app.example/webhooks"

Accepts = Callable[[Request, str, str], bool]
"""Whether a library takes a request for true: with the secret it was configured with, and the URL it came to."""


def library(module: str, *, to_install: str) -> Any:
    """Import one of the libraries; without it, there is nothing to be proved."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        missing(f"this needs the library {to_install}, which is not installed")


def header(request: Request, name: str) -> str:
    return decode(request.headers.get(name.encode()) or b"")


def text_headers(request: Request) -> dict[str, str]:
    return {decode(name): decode(value) for name, value in request.headers}


def stripe(request: Request, secret: str, _: str) -> bool:
    module = library("stripe", to_install="stripe")
    try:
        module.Webhook.construct_event(request.body, header(request, "Stripe-Signature"), secret)
    except module.SignatureVerificationError:
        return False
    return True


def slack(request: Request, secret: str, _: str) -> bool:
    verifier = library("slack_sdk.signature", to_install="slack_sdk").SignatureVerifier(secret)
    return bool(verifier.is_valid_request(request.body, text_headers(request)))


def standard_webhooks(request: Request, secret: str, _: str) -> bool:
    module = library("standardwebhooks", to_install="standardwebhooks")
    return _as_a_standard_webhook(module, module.WebhookVerificationError, request, secret)


def svix(request: Request, secret: str, _: str) -> bool:
    module = library("svix.webhooks", to_install="svix")
    return _as_a_standard_webhook(module, module.WebhookVerificationError, request, secret)


def _as_a_standard_webhook(
    module: Any, refusal: type[Exception], request: Request, secret: str
) -> bool:
    try:
        module.Webhook(secret).verify(request.body, text_headers(request))
    except refusal:
        return False
    return True


def github(request: Request, secret: str, _: str) -> bool:
    return _as_github(request, secret, "X-Hub-Signature-256")


def github_sha1(request: Request, secret: str, _: str) -> bool:
    return _as_github(request, secret, "X-Hub-Signature")


def _as_github(request: Request, secret: str, name: str) -> bool:
    sansio = library("gidgethub.sansio", to_install="gidgethub")
    failure = library("gidgethub", to_install="gidgethub").ValidationFailure
    try:
        sansio.validate_event(request.body, signature=header(request, name), secret=secret)
    except failure:
        return False
    return True


def meta(request: Request, secret: str, _: str) -> bool:
    utils = library("pywa.utils", to_install="pywa")
    signature = header(request, "X-Hub-Signature-256")
    return bool(utils.webhook_updates_validator(secret, request.body, signature))


def discord(request: Request, secret: str, _: str) -> bool:
    module = library("discord_interactions", to_install="discord-interactions")
    signature = header(request, "X-Signature-Ed25519")
    signed_at = header(request, "X-Signature-Timestamp")
    return bool(module.verify_key(request.body, signature, signed_at, secret))


def sendgrid(request: Request, secret: str, _: str) -> bool:
    module = library("sendgrid.helpers.eventwebhook", to_install="sendgrid")
    prefix = "X-Twilio-Email-Event-Webhook"
    return bool(
        module.EventWebhook(secret).verify_signature(
            request.body.decode(),
            header(request, f"{prefix}-Signature"),
            header(request, f"{prefix}-Timestamp"),
        )
    )


def twilio(request: Request, secret: str, url: str) -> bool:
    module = library("twilio.request_validator", to_install="twilio")
    form = {
        name: values[0]
        for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
    }
    signature = header(request, "X-Twilio-Signature")
    return bool(module.RequestValidator(secret).validate(url, form, signature))


def twilio_json(request: Request, secret: str, url: str) -> bool:
    module = library("twilio.request_validator", to_install="twilio")
    signature = header(request, "X-Twilio-Signature")
    return bool(module.RequestValidator(secret).validate(url, request.body.decode(), signature))


def square(request: Request, secret: str, url: str) -> bool:
    module = library("square.utils.webhooks_helper", to_install="squareup")
    return bool(
        module.verify_signature(
            request_body=request.body.decode(),
            signature_header=header(request, "x-square-hmacsha256-signature"),
            signature_key=secret,
            notification_url=url,
        )
    )


def hubspot(version: str) -> Accepts:
    def accepts(request: Request, secret: str, url: str) -> bool:
        module = library("hubspot.utils.signature", to_install="hubspot-api-client")
        errors = library("hubspot.exceptions", to_install="hubspot-api-client")
        name = "X-HubSpot-Signature-v3" if version == "v3" else "X-HubSpot-Signature"
        try:
            return bool(
                module.Signature.is_valid(
                    signature=header(request, name),
                    client_secret=secret,
                    request_body=request.body.decode(),
                    http_uri=url,
                    signature_version=version,
                    timestamp=header(request, "X-HubSpot-Request-Timestamp"),
                )
            )
        except errors.InvalidSignatureTimestampError:
            return False

    return accepts


def mailgun(request: Request, secret: str, _: str) -> bool:
    module = library("mailgun.security", to_install="mailgun")
    signed = json.loads(request.body)["signature"]
    return bool(
        module.SecurityGuard.verify_webhook(
            secret, signed["token"], signed["timestamp"], signed["signature"]
        )
    )


def adyen(request: Request, secret: str, _: str) -> bool:
    util = library("Adyen.util", to_install="Adyen")
    return bool(util.is_valid_hmac_notification(json.loads(request.body), secret))


def adyen_payload(request: Request, secret: str, _: str) -> bool:
    util = library("Adyen.util", to_install="Adyen")
    return bool(util.is_valid_hmac_payload(header(request, "HmacSignature"), secret, request.body))


def message_signatures(request: Request, secret: str, url: str) -> bool:
    module = library("http_message_signatures", to_install="http-message-signatures")

    class Keys(module.HTTPSignatureKeyResolver):  # type: ignore[misc,name-defined]
        def resolve_public_key(self, key_id: str) -> bytes:
            assert key_id
            return secret.encode()

    verifier = module.HTTPMessageVerifier(
        signature_algorithm=module.algorithms.HMAC_SHA256, key_resolver=Keys()
    )
    received = SimpleNamespace(method=request.method, url=url, headers=text_headers(request))
    try:
        verifier.verify(received, body=request.body)
    except module.InvalidSignature:
        return False
    return True


LIBRARIES: dict[str, Accepts] = {
    "adyen": adyen,
    "adyen-payload": adyen_payload,
    "discord": discord,
    "github": github,
    "github-sha1": github_sha1,
    "gitlab-signing": standard_webhooks,
    "guesty": svix,
    "hubspot-v1": hubspot("v1"),
    "hubspot-v2": hubspot("v2"),
    "hubspot-v3": hubspot("v3"),
    "mailgun": mailgun,
    "meta": meta,
    "rfc9421": message_signatures,
    "sendgrid": sendgrid,
    "slack": slack,
    "square": square,
    "standardwebhooks": standard_webhooks,
    "stripe": stripe,
    "svix": svix,
    "twilio": twilio,
    "twilio-json": twilio_json,
}
LOOK_AT_THE_TIME = {
    "gitlab-signing", "guesty", "hubspot-v3", "mailgun", "slack", "standardwebhooks", "stripe", "svix",
}  # fmt: skip
LEAVE_THE_TIME = {"discord", "sendgrid", "rfc9421"}
"""To the app; that of RFC 9421 unless it is a day ago."""
EVERY = [
    (name, event, kind)
    for name in LIBRARIES
    for event in catalogue.events(KNOWN[name])
    for kind in (samples.formats(name, event) if name in samples.providers() else [None])
]


def accepted(
    name: str, variation: Variation, event: str | None = None, kind: str | None = None
) -> bool:
    """Whether the provider's library takes the sample for one of the provider's."""
    provider = KNOWN[name]
    keys = sample_keys(provider, b"seed")
    place = Endpoint(
        name,
        secrets=(keys.verifying,),
        signing_key=keys.signing if needs_private_key(provider) else None,
    )
    request = signed_sample(
        provider,
        event,
        format=kind,
        secret=secret_for(provider, place, b"", variation.sign),
        now_s=time.time(),
        unique="1",
        url=URL,
        variation=variation,
    )
    return LIBRARIES[name](request, keys.verifying.decode(), with_query(URL, request))


@pytest.mark.parametrize(("name", "event", "kind"), EVERY)
def test_every_sample_is_taken(name: str, event: str, kind: str | None) -> None:
    assert accepted(name, Variation(), event, kind)


@pytest.mark.parametrize("sign", [SampleSign.BROKEN, SampleSign.WRONG_SECRET])
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_wrong_one_is_not(name: str, sign: SampleSign) -> None:
    assert not accepted(name, Variation(sign=sign))


@pytest.mark.parametrize("name", LIBRARIES)
def test_nor_is_a_stale_one(name: str) -> None:
    """Where a time is signed, and the library looks at it."""
    stale = Variation(sign=SampleSign.STALE)
    if name in LOOK_AT_THE_TIME | LEAVE_THE_TIME:
        assert accepted(name, stale) is (name in LEAVE_THE_TIME)
    else:
        with pytest.raises(SigningError, match="nothing of it goes stale"):
            accepted(name, stale)


@pytest.mark.parametrize("name", sorted(LIBRARIES.keys() - {"adyen", "mailgun"}))
def test_nor_is_one_whose_body_was_changed(name: str) -> None:
    """Adyen's and Mailgun's sign less than the body."""
    assert not accepted(name, Variation(corrupt=True))


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_second_attempt_is_taken_too(name: str) -> None:
    assert accepted(name, Variation(unique="u", happened_s=int(time.time()) - 9, again=2))


def test_without_a_library_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where everything is to be proved, that is a failure."""
    for value, outcome in (("true", pytest.fail.Exception), ("", pytest.skip.Exception)):
        monkeypatch.setenv("CI", value)
        with pytest.raises(outcome, match="this needs the library nowhere-1"):
            library("nowhere_1.at_all", to_install="nowhere-1")
