"""Secrets by reference: fetched as bytes, warned about when absent, and repeated nowhere."""

import os
import sys
import types
from pathlib import Path

import pytest

from inspector.config import Config, load
from inspector.errors import ConfigError

CANARY = "whsec_cAnArY"


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


def loaded(directory: Path, secret: str, **environ: str) -> Config:
    (directory / "hooktap.toml").write_text(f"[endpoint.a]\nsecret = {secret}\n")
    return load(environ=environ, cwd=directory)


def secrets(directory: Path, secret: str, **environ: str) -> tuple[bytes, ...]:
    return loaded(directory, secret, **environ).endpoints["a"].secrets


def complaint(directory: Path, secret: str) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(directory, secret)
    sentence = str(caught.value).replace("hooktap.toml:2:", "hooktap.toml:")
    assert CANARY not in sentence
    return sentence


def python(code: str) -> str:
    return f"{{ command = ['{sys.executable}', '-c', '''{code}'''] }}"


@pytest.mark.parametrize("value", [f'"{CANARY}"', f'["{CANARY}"]'])
def test_a_value_in_the_file_is_refused(tmp_path: Path, value: str) -> None:
    """The sentence says how to write it, and not what was written."""
    assert complaint(tmp_path, value) == (
        "hooktap.toml: endpoint.a.secret: a secret's value does not belong in this file; "
        'write where it is kept: secret = { env = "NAME" } (or file, command, keyring)'
    )


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("7", "endpoint.a.secret: expected a table;"),
        ("[]", "endpoint.a.secret: an empty array;"),
        ("{}", "endpoint.a.secret: expected exactly one of env, file, command, keyring"),
        (
            '{ env = "A", file = "b" }',
            "endpoint.a.secret: expected exactly one of env, file, command, keyring",
        ),
        (
            f'{{ vlaue = "{CANARY}" }}',
            "endpoint.a.secret: unknown key 'vlaue' (one of: command, env, file, keyring)",
        ),
        ("{ env = 1 }", "endpoint.a.secret.env: expected a string, got an integer"),
        ('{ env = "" }', "endpoint.a.secret.env: must not be empty"),
        ('{ file = "nope" }', "endpoint.a.secret.file: cannot read nope: No such file"),
        ('{ file = "." }', "endpoint.a.secret.file: cannot read .: Is a directory"),
        ('{ file = "a\\u0000b" }', "endpoint.a.secret.file: cannot read a\0b: embedded null byte"),
        ('{ file = "~nobody-here/x" }', "endpoint.a.secret.file: cannot read ~nobody-here/x: "),
        ('{ command = "pass jinko" }', "endpoint.a.secret.command: expected the program and its"),
        ("{ command = [] }", "endpoint.a.secret.command: expected the program and its"),
        (
            f'{{ command = ["no-such-program", "{CANARY}"] }}',
            "endpoint.a.secret.command: cannot run 'no-such-program': No such file",
        ),
        (
            f'{{ command = ["x", "{CANARY}\\u0000"] }}',
            "endpoint.a.secret.command: cannot run 'x': embedded null byte",
        ),
        ('{ keyring = "jinko" }', 'endpoint.a.secret.keyring: expected "service/user"'),
    ],
)
def test_a_reference_that_cannot_be_read(tmp_path: Path, value: str, sentence: str) -> None:
    assert complaint(tmp_path, value).startswith(f"hooktap.toml: {sentence}")


def test_an_environment_variable(tmp_path: Path) -> None:
    """Its value is taken as it is, a newline and bytes that are not UTF-8 included."""
    assert secrets(tmp_path, '{ env = "S" }', S="abc\n") == (b"abc\n",)
    assert secrets(tmp_path, '{ env = "S" }', S="\udcff") == (b"\xff",)


def test_a_variable_that_is_not_set_is_a_warning(tmp_path: Path) -> None:
    """The endpoint works without it, and its deliveries are shown as unchecked."""
    config = loaded(tmp_path, '{ env = "S" }')

    assert config.endpoints["a"].secrets == ()
    assert config.warnings == (
        "endpoint 'a': environment variable S is not set; deliveries signed with that secret cannot be verified",
    )


@pytest.mark.parametrize("value", ["", " ", " \n\t"])
@pytest.mark.parametrize("reference", ['{ env = "S" }', '[{ env = "T" }, { env = "S" }]'])
def test_an_empty_variable_is_a_mistake(tmp_path: Path, value: str, reference: str) -> None:
    """An empty key would make a signature that everybody can make."""
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, reference, S=value, T="t")

    assert str(caught.value) == (
        "hooktap.toml:2: endpoint.a.secret: environment variable S is empty: "
        "set it to the secret, or leave this key out"
    )


def test_several_while_rotating(tmp_path: Path) -> None:
    """They keep their order, the one to sign with first; one that is not set is left out."""
    both = '[{ env = "NEW" }, { env = "OLD" }]'

    assert secrets(tmp_path, both, NEW="n", OLD="o") == (b"n", b"o")
    config = loaded(tmp_path, both, OLD="o")
    assert config.endpoints["a"].secrets == (b"o",)
    assert len(config.warnings) == 1
    assert "NEW" in config.warnings[0]


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"abc", b"abc"),
        (b"abc\n", b"abc"),
        (b"abc\r\n", b"abc"),
        (b"abc\n\n", b"abc\n"),
        (b"abc\r", b"abc\r"),
        (b" abc ", b" abc "),
        (b"\x00\xff\n", b"\x00\xff"),
    ],
)
def test_a_file_without_its_last_newline(tmp_path: Path, content: bytes, secret: bytes) -> None:
    """One newline is the editor's; whatever else is there belongs to the secret."""
    (tmp_path / "s").write_bytes(content)

    assert secrets(tmp_path, '{ file = "s" }') == (secret,)


def test_a_file_is_beside_the_configuration(tmp_path: Path) -> None:
    """A relative path starts at the file that names it, not at the working directory."""
    (tmp_path / "s").write_text("abc")
    (tmp_path / "hooktap.toml").write_text('[endpoint.a]\nsecret = { file = "s" }\n')
    below = tmp_path / "below"
    below.mkdir()

    assert load(environ={}, cwd=below).endpoints["a"].secrets == (b"abc",)


def test_a_long_file_is_the_wrong_one(tmp_path: Path) -> None:
    assert "too long for a secret" in complaint(tmp_path, '{ file = "/dev/zero" }')


def test_an_empty_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("\n")

    assert f"{tmp_path / 's'} is empty" in complaint(tmp_path, '{ file = "s" }')


def test_a_command(tmp_path: Path) -> None:
    """Its stdout is the secret, and no shell reads its words."""
    words = python("import sys; print(sys.argv[1:])").replace("] }", ", '$HOME; *'] }")

    assert secrets(tmp_path, words) == (b"['$HOME; *']",)


def test_a_command_that_says_nothing(tmp_path: Path) -> None:
    assert "is empty" in complaint(tmp_path, python("pass"))


@pytest.mark.parametrize(
    ("key", "loss"),
    [
        ("signing_key", "nothing can be signed anew for this endpoint"),
        ("verify_token", "handshakes that name it are not answered"),
    ],
)
def test_the_other_secrets_are_kept_likewise(tmp_path: Path, key: str, loss: str) -> None:
    """One reference each: as bytes, warned about when unset, and never as a value in the file."""
    (tmp_path / "s").write_bytes(b"\x00\xff\n")

    def of(text: str, **environ: str) -> Config:
        (tmp_path / "hooktap.toml").write_text(f"[endpoint.a]\n{key} = {text}\n")
        return load(environ=environ, cwd=tmp_path)

    assert getattr(of('{ env = "S" }', S="s").endpoints["a"], key) == b"s"
    assert getattr(of('{ file = "s" }').endpoints["a"], key) == b"\x00\xff"
    unset = of('{ env = "S" }')
    assert getattr(unset.endpoints["a"], key) is None
    assert unset.warnings == (f"endpoint 'a': environment variable S is not set; {loss}",)
    for text, sentence in {
        '{ env = "E" }': "environment variable E is empty: set it to the secret, or leave this key out",
        f'"{CANARY}"': "a secret's value does not belong in this file; "
        f'write where it is kept: {key} = {{ env = "NAME" }} (or file, command, keyring)',
        '[{ env = "S" }]': "expected a table; "
        f'write where it is kept: {key} = {{ env = "NAME" }} (or file, command, keyring)',
    }.items():
        with pytest.raises(ConfigError) as caught:
            of(text, E=" ")
        assert str(caught.value) == f"hooktap.toml:2: endpoint.a.{key}: {sentence}"


def test_a_command_that_fails(tmp_path: Path) -> None:
    sentence = complaint(tmp_path, python(f'print("{CANARY}"); raise SystemExit(3)'))

    assert sentence.endswith("failed (exit 3)")


def test_a_command_has_nothing_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for input gets its end at once, and cannot hang the start."""
    monkeypatch.setattr("inspector.config.secrets.COMMAND_TIMEOUT_S", 30)
    reader, writer = os.pipe()  # never written to
    stdin = os.dup(0)
    os.dup2(reader, 0)
    try:
        assert secrets(tmp_path, python("print(open(0).read() == str())")) == (b"True",)
    finally:
        os.dup2(stdin, 0)
        for descriptor in (reader, writer, stdin):
            os.close(descriptor)


def test_a_command_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.config.secrets.COMMAND_TIMEOUT_S", 0.05)

    assert complaint(tmp_path, python("import time; time.sleep(60)")).endswith(
        "gave no answer within 0.05 s"
    )


class FakeKeyringError(Exception):
    pass


def keyring_module(password: str | None) -> types.ModuleType:
    def get_password(service: str, user: str) -> str | None:
        if service == "locked":
            raise FakeKeyringError("the keyring is locked")
        assert (service, user) == ("hooktap/jinko", "me")
        return password

    module = types.ModuleType("keyring")
    errors = types.SimpleNamespace(KeyringError=FakeKeyringError)
    vars(module).update(get_password=get_password, errors=errors)
    return module


def test_a_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last slash parts service and user."""
    entry = '{ keyring = "hooktap/jinko/me" }'
    monkeypatch.setitem(sys.modules, "keyring", keyring_module("abc"))
    assert secrets(tmp_path, entry) == (b"abc",)
    assert "the keyring is locked" in complaint(tmp_path, '{ keyring = "locked/me" }')

    monkeypatch.setitem(sys.modules, "keyring", keyring_module(None))
    assert "is not set" in loaded(tmp_path, entry).warnings[0]


def test_a_keyring_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    assert "pip install keyring" in complaint(tmp_path, '{ keyring = "hooktap/me" }')


def test_a_secret_is_shown_by_no_repr(tmp_path: Path) -> None:
    config = loaded(tmp_path, '{ env = "S" }', S=CANARY)

    assert CANARY not in repr(config)
    assert CANARY not in str(config.endpoints)
