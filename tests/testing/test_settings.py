"""A test's endpoints as `hooktap.toml`: what is written is what the inspector reads."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.config import Config, load
from inspector.core.model import OnInvalid, Reply, RetryPolicy
from inspector.core.toml import read
from inspector.errors import ConfigError
from inspector.testing import settings
from inspector.testing.settings import FILE_NAME


def loaded(folder: Path, **endpoints: dict[str, Any]) -> Config:
    settings.write(endpoints, folder)
    return load(environ={}, cwd=folder, config_file=folder / FILE_NAME)


@pytest.mark.parametrize(
    "secret", [b"whsec_x", b"x\r\n", b"\x00\xff'\"\\", b"k" * 65535, "schlüssel", " blank "]
)
def test_a_secret_is_read_as_it_was_given(tmp_path: Path, secret: bytes | str) -> None:
    """It stands in a file of its own, for its owner only, and not in the configuration."""
    endpoint = loaded(tmp_path, demo={"secret": secret}).endpoints["demo"]

    given = secret.encode() if isinstance(secret, str) else secret
    assert endpoint.secrets == (given,)
    assert given not in (tmp_path / FILE_NAME).read_bytes()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize("secret", ["", b"\n", " "])
def test_white_space_is_no_secret(tmp_path: Path, secret: bytes | str) -> None:
    with pytest.raises(ConfigError, match="is empty"):
        loaded(tmp_path, demo={"secret": secret})


def test_several_secrets_and_references(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("kept elsewhere")
    endpoint = loaded(
        tmp_path,
        demo={"secret": ["new", b"old", {"file": "own"}], "verify_token": "t", "signing_key": "k"},
    ).endpoints["demo"]

    assert endpoint.secrets == (b"new", b"old", b"kept elsewhere")
    assert (endpoint.verify_token, endpoint.signing_key) == (b"t", b"k")


def test_every_kind_of_value(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        a={"forward_to": 3000, "reply": {"status": 503, "headers": {"X-A": "b"}, "delay_s": 0.5}},
        b={"retry": {"attempts": 3}, "on_invalid": "hold", "duplicates": "hold"},
    )

    assert config.warnings == ()
    assert config.endpoints["a"].target == "http://127.0.0.1:3000"
    reply = config.endpoints["a"].reply
    assert isinstance(reply, Reply)
    assert (reply.status, reply.headers.get(b"x-a"), reply.delay_s) == (503, b"b", 0.5)
    assert config.endpoints["b"].retry == RetryPolicy(3)
    assert config.endpoints["b"].on_invalid is OnInvalid.HOLD
    assert not config.fetch_certificates


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_whatever_is_given_stands_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("settings")

    settings.write({"demo": keys}, folder)

    values, _ = read((folder / FILE_NAME).read_bytes(), FILE_NAME)
    assert values["endpoint"]["demo"] == keys


@pytest.mark.parametrize("value", [None, b"bytes", object(), [None]])
def test_what_toml_has_no_word_for(tmp_path: Path, value: object) -> None:
    with pytest.raises(ConfigError, match=r"has no place in hooktap\.toml"):
        settings.write({"demo": {"public_url": value}}, tmp_path)
