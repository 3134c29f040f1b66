"""`[endpoint.NAME.require]` and `trusted_proxies`: read as overlays, and closed when anything about them is wrong."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from inspector.config import Config, load
from inspector.core.model import Endpoint
from inspector.core.overlays import (
    BasicLogin,
    Overlay,
    SecretHeader,
    SecretPath,
    SecretQuery,
    SourceAddresses,
)
from inspector.errors import ConfigError

CANARY = "cAnArY"


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


def loaded(directory: Path, text: str, **environ: str) -> Config:
    (directory / "hooktap.toml").write_text(text)
    return load(environ=environ, cwd=directory)


def overlays(directory: Path, require: str, **environ: str) -> tuple[Overlay, ...]:
    return loaded(directory, f"[endpoint.a.require]\n{require}", **environ).endpoints["a"].overlays


def complaint(directory: Path, require: str, **environ: str) -> str:
    """The sentence, without its file and line."""
    with pytest.raises(ConfigError) as caught:
        overlays(directory, require, **environ)
    sentence = str(caught.value)
    assert CANARY not in sentence
    return re.sub(r"^hooktap\.toml(:\d+)?: ", "", sentence)


def test_every_requirement_is_read(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        [inspector]
        trusted_proxies = ["127.0.0.1/32", "::1"]
        [endpoint.wink]
        handshake = "forward"
        [endpoint.wink.require]
        path = { env = "PATH_TOKEN" }
        query = { token = { env = "QUERY_TOKEN" }, "schlüssel&" = { env = "OTHER" } }
        header = { X-Token = { env = "HEADER_TOKEN" } }
        basic = { user = "bücher", password = { env = "PASSWORD" } }
        source = ["203.0.113.0/24", "2001:db8::1"]
        """,
        PATH_TOKEN="p/../".rstrip("/."),
        QUERY_TOKEN="q+/= ?",
        OTHER="o",
        HEADER_TOKEN="h h",
        PASSWORD="p:w",
    )

    proxies = (ip_network("127.0.0.1/32"), ip_network("::1"))
    assert config.trusted_proxies == proxies
    assert config.endpoints["wink"] == Endpoint(
        name="wink",
        answers_handshakes=False,
        overlays=(
            SecretPath(b"p"),
            SecretQuery("token", b"q+/= ?"),
            SecretQuery("schlüssel&", b"o"),
            SecretHeader("X-Token", b"h h"),
            BasicLogin("bücher", b"p:w"),
            SourceAddresses((ip_network("203.0.113.0/24"), ip_network("2001:db8::1")), proxies),
        ),
    )
    assert config.endpoints["wink"].secret_path == b"p"


def test_nothing_is_required_unless_said(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, '[inspector]\ntrusted_proxies = []\n[endpoint.a]\nhandshake = "answer"'
    )

    assert config.trusted_proxies == ()
    assert config.endpoints["a"] == Endpoint("a")
    assert config.endpoints["a"].secret_path == b""


def test_the_projects_proxies_hold_for_the_users_endpoints(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "hooktap" / "hooktap.toml"
    user.parent.mkdir(parents=True)
    user.write_text(
        '[inspector]\ntrusted_proxies = ["10.0.0.1"]\n[endpoint.u.require]\nsource = "::1"'
    )

    config = loaded(tmp_path, '[inspector]\ntrusted_proxies = ["127.0.0.1"]')

    [overlay] = config.endpoints["u"].overlays
    assert overlay == SourceAddresses((ip_network("::1"),), (ip_network("127.0.0.1"),))


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_addresses_and_networks(tmp_path: Path, written: str, network: str) -> None:
    """Alone or in an array; IPv4 in IPv6 form is IPv4, as it is in a peer's address."""
    expected = (SourceAddresses((ip_network(network),)),)

    assert overlays(tmp_path, f'source = "{written}"') == expected
    assert overlays(tmp_path, f'source = ["{written}"]') == expected


@pytest.mark.parametrize(
    ("require", "sentence"),
    [
        (
            "",
            "endpoint.a.require: empty: name what to require (path, query, header, basic, source), or leave it out",
        ),
        ("pth = 1", "endpoint.a.require: unknown key 'pth' (did you mean 'path'?)"),
        ("soruce = []", "endpoint.a.require: unknown key 'soruce' (did you mean 'source'?)"),
        (
            f'path = "{CANARY}"',
            "endpoint.a.require.path: a secret's value does not belong in this file; write where it is kept: path =",
        ),
        (
            'path = { env = "UNSET" }',
            "endpoint.a.require.path: environment variable UNSET is not set, and without it nothing could be let in",
        ),
        (
            'path = { env = "EMPTY" }',
            "endpoint.a.require.path: environment variable EMPTY is empty: ",
        ),
        (
            'path = { file = "nope" }',
            "endpoint.a.require.path.file: cannot read nope: No such file",
        ),
        (
            'path = [{ env = "SET" }]',
            "endpoint.a.require.path: expected a table; write where it is kept",
        ),
        ("query = 1", "endpoint.a.require.query: expected a table, got an integer"),
        (
            "query = {}",
            'endpoint.a.require.query: expected a name and its secret: NAME = { env = "VARIABLE" }',
        ),
        (
            'query = { "" = { env = "SET" } }',
            "endpoint.a.require.query: expected a name and its secret",
        ),
        (
            'query = { env = "SET" }',
            "endpoint.a.require.query.env: a secret's value does not belong",
        ),
        (
            'query = { token = { env = "UNSET" } }',
            "endpoint.a.require.query.token: environment variable UNSET is not",
        ),
        (
            'query = { token = { env = "EMPTY" } }',
            "endpoint.a.require.query.token: environment variable EMPTY is empty",
        ),
        ("header = {}", "endpoint.a.require.header: expected a name and its secret"),
        (
            'header = { "X Y" = { env = "SET" } }',
            "endpoint.a.require.header.X Y: not a header's name",
        ),
        (
            'header = { X = { env = "NEWLINE" } }',
            "endpoint.a.require.header.X: it holds what no header's value can",
        ),
        (
            'header = { X = { env = "SPACED" } }',
            "endpoint.a.require.header.X: it holds what no header's value can",
        ),
        ("basic = {}", "endpoint.a.require.basic.user: missing"),
        (
            'basic = { user = "u" }',
            "endpoint.a.require.basic.password: missing; write where it is kept: password =",
        ),
        (
            'basic = { usr = "u" }',
            "endpoint.a.require.basic: unknown key 'usr' (did you mean 'user'?)",
        ),
        ('basic = { user = "u:v" }', "endpoint.a.require.basic.user: a user's name holds no ':'"),
        ('basic = { user = "u\\n" }', "endpoint.a.require.basic.user: a user's name holds no ':'"),
        (
            f'basic = {{ user = "u", password = "{CANARY}" }}',
            "endpoint.a.require.basic.password: a secret's value",
        ),
        (
            'basic = { user = "u", password = { env = "UNSET" } }',
            "endpoint.a.require.basic.password: environment var",
        ),
        ("source = []", "endpoint.a.require.source: empty: nothing could be let in"),
        ("source = 1", "endpoint.a.require.source: expected a string, got an integer"),
        ("source = [1]", "endpoint.a.require.source: expected strings that are not empty"),
        (
            'source = ["203.0.113.7/24"]',
            "endpoint.a.require.source: '203.0.113.7/24' is an address within 203.0.113.0/24: write 203.0.113.7 or 203",
        ),
        (
            'source = ["example.com"]',
            "endpoint.a.require.source: 'example.com' is neither an address nor a network",
        ),
        ('source = ["256.0.0.1"]', "endpoint.a.require.source: '256.0.0.1' is neither"),
        ('source = ["fe80::1%eth0"]', "endpoint.a.require.source: 'fe80::1%eth0' is neither"),
        ('source = ["203.0.113.7:443"]', "endpoint.a.require.source: '203.0.113.7:443' is neither"),
        ('source = ["/24"]', "endpoint.a.require.source: '/24' is neither"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, require: str, sentence: str) -> None:
    environ = {"SET": "s", "EMPTY": " ", "NEWLINE": f"{CANARY}\n", "SPACED": f" {CANARY}"}

    assert complaint(tmp_path, require, **environ).startswith(sentence)


@pytest.mark.parametrize("token", ["a/b", "a?b", "a#b", "a b", "a\n", "\x7f"])
def test_a_segment_that_no_url_has_as_it_is(tmp_path: Path, token: str) -> None:
    """Such a token would let nothing in, and nobody would know why."""
    sentence = complaint(tmp_path, 'path = { env = "T" }', T=token + CANARY)

    assert sentence.startswith("endpoint.a.require.path: it holds ")


def test_a_segment_may_be_any_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"%2F\xff~\n")

    assert overlays(tmp_path, 'path = { file = "s" }') == (SecretPath(b"%2F\xff~"),)


def test_no_endpoint_asks_for_something_else(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'requires' \(did you mean 'require'\?\)"):
        loaded(tmp_path, "[endpoint.a.requires]")
    with pytest.raises(
        ConfigError, match=r"handshake: unknown value 'answr' \(did you mean 'answer'\?\)"
    ):
        loaded(tmp_path, '[endpoint.a]\nhandshake = "answr"')
    with pytest.raises(ConfigError, match=r"inspector\.trusted_proxies: 'x' is neither an address"):
        loaded(tmp_path, '[inspector]\ntrusted_proxies = ["x"]')


def test_a_token_is_shown_by_no_repr(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """
        [endpoint.a]
        signing_key = { env = "S" }
        verify_token = { env = "S" }
        [endpoint.a.require]
        path = { env = "S" }
        query = { t = { env = "S" } }
        header = { t = { env = "S" } }
        basic = { user = "u", password = { env = "S" } }
        """,
        S=CANARY,
    )

    assert CANARY not in repr(config)
