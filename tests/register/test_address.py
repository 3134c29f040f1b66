"""Which URL a provider is given, and what speaks against it."""

import re

import pytest

from inspector.core.model import Endpoint
from inspector.errors import ConfigError
from inspector.register.address import check, endpoint_of, public_url

WINKS = "https://api.wink.travel"
TUNNEL = "https://tunnel.example.com/in/wink"


def endpoint(name: str, provider: str | None, url: str | None = TUNNEL) -> Endpoint:
    return Endpoint(name, provider=provider, public_url=url)


def test_the_endpoint_for_wink() -> None:
    """By its provider, whatever it is called; then by its name; else the one that was named."""
    by_provider = {"a": endpoint("a", "jinko", "x"), "b": endpoint("b", "wink")}
    by_name = {"wink": endpoint("wink", None)}

    assert public_url(by_provider, None) == TUNNEL
    assert public_url(by_name, None) == TUNNEL
    assert public_url(by_provider, "a") == "x"


@pytest.mark.parametrize(
    ("named", "told"), [(None, "wink"), ("other", "other"), ("\x1b[2J", "␛[2J")]
)
def test_without_a_public_url(named: str | None, told: str) -> None:
    with pytest.raises(ConfigError, match=rf"^endpoint\.{re.escape(told)}\.public_url is not set"):
        public_url({"wink": endpoint("wink", "wink", None)}, named)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (TUNNEL, "wink"),
        ("https://a.example/in/other/s3cret?x", "other"),
        ("https://a.example/hooks", "wink"),
        ("https://a.example", "wink"),
        ("https://a.example/in/No%20Name", "wink"),
    ],
)
def test_the_endpoint_behind_a_url(url: str, name: str) -> None:
    assert endpoint_of(url) == name


@pytest.mark.parametrize("url", [TUNNEL, "https://203.0.114.9/in/wink", "https://[2a00::1]:8443/"])
def test_nothing_speaks_against_it(url: str) -> None:
    assert check(url, WINKS) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/in/wink",
        "https://localhost:8400/in/wink",
        "https://[::1]/in/wink",
        "https://10.0.0.7/in/wink",
        "https://192.168.1.2/in/wink",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
    ],
)
def test_where_wink_cannot_reach(url: str) -> None:
    """It is a warning: whoever runs Wink may have a way."""
    found = check(url, WINKS)

    assert found is not None
    assert "leads nowhere from Wink's machines" in found


def test_http_is_for_a_stand_in_only() -> None:
    with pytest.raises(ConfigError, match=r"^Wink takes https URLs only"):
        check("http://tunnel.example.com/", WINKS)

    assert check("http://127.0.0.1:8400/in/wink", "http://127.0.0.1:8410") is None
    assert check("http://127.0.0.1:8400/in/wink", "https://localhost:8410") is None


@pytest.mark.parametrize(
    "url", ["", "wink", "ftp://a/", "https://", "https://a b/", "https://\x1b/", "https://u:p@a/"]
)
@pytest.mark.parametrize("api", [WINKS, "http://127.0.0.1:8410"])
def test_what_is_no_url(url: str, api: str) -> None:
    with pytest.raises(ConfigError, match=r"^the URL for Wink: ") as raised:
        check(url, api)

    assert str(raised.value).isprintable()
