import pytest

from inspector import providers
from inspector.core.headers import Headers
from inspector.core.provider_table import parse
from inspector.core.recognition import recognise
from tests import factories

BUILT_IN = providers.load()


@pytest.mark.parametrize(
    ("names", "provider"),
    [
        ([], None),
        (["Host", "Content-Type", "Authorization"], None),
        (["X-Jinko-Signature"], "jinko"),
        (["x-JINKO-signature"], "jinko"),
        (["X-Jinko-Event-Id"], None),
        (["webhook-signature"], "standardwebhooks"),
        (["svix-signature"], "svix"),
        (["X-GitHub-Event"], "github"),
        (["X-Hub-Signature-256"], None),
        (["Stripe-Signature"], "stripe"),
        (["X-Slack-Signature"], "slack"),
        (["X-Shopify-Hmac-Sha256"], "shopify"),
        (["Shopify-Hmac-Sha256"], "shopify"),
    ],
)
def test_provider_is_told_by_its_headers(names: list[str], provider: str | None) -> None:
    """By their names alone, in any case; a header that several share tells nobody."""
    request = factories.request(headers=factories.headers(*((name, "x") for name in names)))

    found = recognise(BUILT_IN, request)

    assert (found.name if found else None) == provider


def test_most_demanding_provider_wins() -> None:
    """The one with more headers of its own; between equals the first."""
    base = {"scheme": "unsigned"}
    known = {
        name: parse(name, {**base, "recognise": [f"header:{header}" for header in headers]})
        for name, headers in {"a": "x", "b": "xy", "c": "yz", "never": ""}.items()
    }
    request = factories.request(headers=Headers(((b"X", b""), (b"Y", b""), (b"Z", b""))))

    assert recognise(known, request) is known["b"]
    assert recognise({}, request) is None
