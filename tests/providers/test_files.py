"""What our own files say: that each names what was read, and reads what its provider sends."""

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from inspector import providers
from inspector.core.model import Outcome, Request
from inspector.core.providers import Located, Scheme
from inspector.core.verification import verify
from tests import factories
from tests.factories import NOW_S
from tests.signatures import CASES

BUILT_IN = providers.load()
BOOKING = {
    "jinko",
    "wink",
    "checkfront",
    "fareharbor",
    "bokun",
    "rezdy",
    "cloudbeds",
    "mews",
}.union(("guesty", "hostaway", "lodgify", "booking-com", "duffel", "calcom", "acuity"))
EXAMPLES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "examples.json").read_bytes()
)
UNSIGNED = {"wink", "checkfront", "fareharbor", "rezdy", "cloudbeds", "booking-com"}


def test_all_are_there() -> None:
    """Those of the shared cases by their names there, and every booking provider that has documentation."""
    others = {"okta", "microsoft-graph"}

    assert set(BUILT_IN) == {case["provider"] for case in CASES} | BOOKING | others


@pytest.mark.parametrize("name", BUILT_IN)
def test_file_says_what_was_read(name: str) -> None:
    provider = BUILT_IN[name]

    assert provider.title != name
    assert provider.docs
    assert all(url.startswith("https://") and " " not in url for url in provider.docs)
    assert len(set(provider.docs)) == len(provider.docs)
    assert not set(provider.older_headers) & {each.signature.key for each in provider.placements}


def test_titles_differ() -> None:
    assert len({provider.title for provider in BUILT_IN.values()}) == len(BUILT_IN)


def test_who_documents_no_signature_says_so() -> None:
    unsigned = {name for name, provider in BUILT_IN.items() if provider.scheme is Scheme.UNSIGNED}

    assert unsigned == UNSIGNED
    for name in unsigned:
        assert (
            f"{BUILT_IN[name].title.partition(' (')[0]} documents no signature"
            in BUILT_IN[name].note
        )


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("bokun", "public receivers"),
        ("calendly", "integrators"),
        ("guesty", "one third party"),
        ("vercel", "third parties"),
    ],
)
def test_what_the_provider_does_not_say_itself_is_marked(name: str, source: str) -> None:
    assert source in BUILT_IN[name].note


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("jinko", ("header X-Jinko-Timestamp", "body")),  # its ids stand outside
        ("mailgun", ("json signature.timestamp", "json signature.token")),
        ("bokun", ("headers x-bokun-*",)),
        ("square", ("url", "body")),
        ("gitlab-token", ()),
        ("microsoft-graph", ()),
    ],
)
def test_signature_covers(name: str, covered: tuple[str, ...]) -> None:
    assert BUILT_IN[name].placements[0].covered == covered


def sent(example: Mapping[str, Any]) -> Request:
    """Build the request of one example; a body that is no text is JSON."""
    body = example["body"]
    return factories.request(
        headers=factories.headers(*example.get("headers", {}).items()),
        body=(body if isinstance(body, str) else json.dumps(body)).encode(),
    )


def test_every_file_that_reads_something_has_an_example() -> None:
    silent = {"basic-auth", "hostaway", "rfc9421"}

    assert {example["provider"] for example in EXAMPLES} == set(BUILT_IN) - silent


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["provider"] for example in EXAMPLES])
def test_event_and_ids_are_read(example: dict[str, Any]) -> None:
    """From what the provider's page shows, or says that its deliveries contain."""
    found = BUILT_IN[example["provider"]].locate(sent(example))

    assert found == Located(
        example.get("event"), example.get("event_id"), example.get("attempt_id")
    )


def test_no_provider_stumbles_over_anothers_body() -> None:
    for provider in BUILT_IN.values():
        for example in EXAMPLES:
            provider.locate(sent(example))


def outcome(name: str, secret: str, **fields: Any) -> Outcome:
    return verify(BUILT_IN[name], factories.request(**fields), [secret], now_s=NOW_S).outcome


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"value":[{"clientState":"s3cret"}]}', Outcome.VERIFIED),
        (b'{"value":[{"clientState":"s3cret"},{"clientState":"s3cret"}]}', Outcome.VERIFIED),
        (b'{"value":[{"clientState":"s3cret"},{"clientState":"other"}]}', Outcome.MISMATCH),
        (b'{"value":[{"clientState":"s3cret"},{}]}', Outcome.MISSING),
        (b'{"value":[{"clientState":"s3cret"},null]}', Outcome.MISSING),
        (b'{"value":[{"clientState":""}]}', Outcome.MALFORMED),
        (b'{"value":[]}', Outcome.MISSING),
        (b'{"value":{"clientState":"s3cret"}}', Outcome.MISSING),
        (b'{"clientState":"s3cret"}', Outcome.MISSING),
        (b'[{"clientState":"s3cret"}]', Outcome.MISSING),
        (b"", Outcome.MISSING),
    ],
)
def test_every_item_of_microsoft_graph_has_to_know_the_client_state(
    body: bytes, expected: Outcome
) -> None:
    assert outcome("microsoft-graph", "s3cret", body=body) is expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/in/mews?Token=s3cret", Outcome.VERIFIED),
        (b"/in/mews?x=1&token=s3cret", Outcome.VERIFIED),
        (b"/in/mews?Token=other", Outcome.MISMATCH),
        (b"/in/mews?Token=", Outcome.MALFORMED),
        (b"/in/mews", Outcome.MISSING),
    ],
)
def test_mews_has_its_token_in_the_url(target: bytes, expected: Outcome) -> None:
    assert outcome("mews", "s3cret", target=target) is expected


@pytest.mark.parametrize(
    ("name", "secret", "value", "expected"),
    [
        ("okta", "s3cret", "s3cret", Outcome.VERIFIED),
        ("okta", "Bearer s3cret", "Bearer s3cret", Outcome.VERIFIED),
        ("okta", "s3cret", "Bearer s3cret", Outcome.MISMATCH),
        ("hostaway", "me:s3cret", "Basic " + b64encode(b"me:s3cret").decode(), Outcome.VERIFIED),
        ("hostaway", "me:s3cret", "Basic " + b64encode(b"me:other").decode(), Outcome.MISMATCH),
        ("hostaway", "me:s3cret", "Bearer s3cret", Outcome.MALFORMED),
    ],
)
def test_credentials_are_compared(name: str, secret: str, value: str, expected: Outcome) -> None:
    assert outcome(name, secret, headers=factories.headers(("Authorization", value))) is expected


def test_bokun_signs_its_headers_and_nothing_else() -> None:
    """As three public receivers do it: each as name=value, sorted, joined by `&`, in hex."""
    pairs = [("X-Bokun-Topic", "bookings/create"), ("x-bokun-apikey", "k"), ("Other", "1")]
    # printf 'x-bokun-apikey=k&x-bokun-topic=bookings/create' | openssl dgst -sha256 -hmac secret
    signature = "bc9969bce965ae699d4e75b45e9863d3692ab2de07ea6de3a0231a41ea2db610"
    signed = [*pairs, ("X-Bokun-HMAC", signature)]

    assert outcome("bokun", "secret", headers=factories.headers(*signed)) is Outcome.VERIFIED
    reordered = factories.headers(*reversed(signed))
    assert outcome("bokun", "secret", headers=reordered, body=b"") is Outcome.VERIFIED
    more = factories.headers(*signed, ("x-bokun-vendor-id", "1"))
    assert outcome("bokun", "secret", headers=more) is Outcome.MISMATCH


@pytest.mark.parametrize("decoded", [True, False])
def test_hubspot_may_have_decoded_the_url(decoded: bool) -> None:
    """Its page says that it does, for twelve characters; its libraries leave the URL as it is."""
    url = "https://h/p?a=%3A%2f%3F%40%21%24%27%28%29%2A%2C%3B&b=%20%25%26%41%E9"
    plain = "https://h/p?a=:/?@!$'()*,;&b=%20%25%26%41%E9"
    stamp = str(NOW_S * 1000)
    message = f"POST{plain if decoded else url}{{}}{stamp}".encode()
    signature = b64encode(hmac.digest(b"secret", message, "sha256")).decode()
    headers = factories.headers(
        ("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", stamp)
    )
    request = factories.request(headers=headers, body=b"{}")

    found = verify(BUILT_IN["hubspot-v3"], request, ["secret"], now_s=NOW_S, url=url)

    assert found.outcome is Outcome.VERIFIED
