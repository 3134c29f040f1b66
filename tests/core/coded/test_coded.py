"""What the coded schemes have in common: one way in, tables that name them, and no library before it is needed."""

import subprocess
import sys
from typing import Any

import pytest

from inspector.core import coded, schemes
from inspector.core.model import Outcome
from inspector.core.provider_table import parse
from inspector.core.providers import CODED, Scheme
from inspector.core.timestamps import Unit, Window
from inspector.core.verification import verify
from inspector.errors import ConfigError
from tests.factories import NOW_S, request
from tests.signatures import CASES, judged

PLACES = {
    "contentful": "header:x-contentful-signature",
    "jwt": "header:Plaid-Verification",
    "paypal": "header:PAYPAL-TRANSMISSION-SIG",
    "sns": "json:Signature",
    "rfc9421": "header:Signature",
}
OURS = {"contentful", "plaid", "paypal", "aws-sns", "rfc9421"}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["provider"] in OURS], ids=lambda case: case["id"]
)
def test_libraries_agree(case: dict[str, Any]) -> None:
    """What other libraries call valid is verified, and nothing else is."""
    found = judged(case)

    assert (found.outcome is Outcome.VERIFIED) == (case["expect"] == "valid"), found.detail
    assert not case["secret"] or case["secret"] not in found.detail


def test_every_coded_scheme_is_here() -> None:
    """And has a name for people."""
    assert {scheme.value for scheme in CODED} == set(PLACES)
    for name, place in PLACES.items():
        provider = parse(name, {"scheme": name, "signature": place})
        assert provider.is_coded
        assert provider.signs
        assert schemes.name(provider) != name
        assert [placement.signature.label for placement in provider.placements] == [
            place.replace(":", " ")
        ]


def test_verification_leads_here() -> None:
    """With all that it was given."""
    for name, place in PLACES.items():
        provider = parse(name, {"scheme": name, "signature": place})
        assert verify(provider, request(), ["secret"], now_s=NOW_S).outcome is Outcome.MISSING
        found = verify(
            provider, request(), [], now_s=NOW_S, url="nonsense\ud800", fetch=lambda _: b""
        )
        assert found.outcome is Outcome.MISSING


def test_other_providers_name_no_certificate() -> None:
    """Nor do other schemes that are code."""
    acme = parse("acme", {"scheme": "hmac", "signature": "header:S", "signed": "{body}"})
    contentful = parse("contentful", {"scheme": "contentful"})

    assert not acme.is_coded
    assert coded.certificate_url(acme, request()) is None
    assert coded.certificate_url(contentful, request()) is None
    assert coded.obstacle(contentful) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signed", "{body}"),
        ("digest", "sha1"),
        ("format", "prefix:x"),
        ("encoding", "hex"),
        ("json_root", "items"),
        ("missing", "x"),
        ("url_variants", ["as-is"]),
        ("also", [{"equal": ["{body}", "{url}"]}]),
    ],
)
def test_file_cannot_say_what_the_scheme_knows(key: str, value: Any) -> None:
    """It would be read, and nobody would obey it."""
    with pytest.raises(
        ConfigError, match=rf"x\.toml: {key}: the scheme 'paypal' knows that itself"
    ):
        parse("x", {"scheme": "paypal", key: value})


def test_file_says_how_long_a_signature_is_good_for() -> None:
    """Where the time stands, the scheme knows."""
    provider = parse("x", {"scheme": "contentful", "timestamp": {"unit": "ms", "tolerance": 5}})

    assert provider.time is not None
    assert (provider.time.unit, provider.time.tolerance_s, provider.time.window) == (
        Unit.MS,
        5,
        Window.BOTH,
    )
    with pytest.raises(ConfigError, match=r"x\.toml: timestamp\.from: missing"):
        parse(
            "x",
            {
                "scheme": "hmac",
                "signature": "header:S",
                "signed": "{body}",
                "timestamp": {"unit": "s"},
            },
        )


def test_signature_may_be_left_out() -> None:
    """It is only shown, and tells a provider's deliveries apart."""
    assert parse("x", {"scheme": Scheme.PAYPAL.value}).placements == ()
    found = parse("x", {"scheme": "paypal", "signature": "header:PAYPAL-TRANSMISSION-SIG"})
    assert found.placements[0].signed.text == ""
    assert found.placements[0].covered == ()


def test_libraries_are_loaded_late() -> None:
    """They are slow to load, and most inspectors never see a delivery that needs them."""
    program = (
        "import sys, inspector.core.verification, inspector.core.coded, inspector.providers\n"
        "inspector.providers.load()\n"
        "print([name for name in ('cryptography', 'jwt', 'aiohttp') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
