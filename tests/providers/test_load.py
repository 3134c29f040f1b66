import re
from pathlib import Path

import pytest

from inspector import providers
from inspector.errors import ConfigError

NAMES = sorted(path.stem for path in Path(providers.__file__).parent.glob("*.toml"))


def write(directory: Path, name: str, text: str) -> Path:
    path = directory / name
    path.write_text(text, "utf-8")
    return path


def test_ours_are_there() -> None:
    loaded = providers.load()

    assert list(loaded) == NAMES
    assert providers.load() is loaded
    for name, provider in loaded.items():
        assert provider.name == name


def test_own_file_is_added(tmp_path: Path) -> None:
    """It may extend ours, and others beside it."""
    write(tmp_path, "acme.toml", 'extends = "github"\nsignature = "header:X-Acme"')
    write(tmp_path, "acme-eu.toml", 'extends = "acme"\ntitle = "Acme EU"')
    write(tmp_path, "notes.txt", "not a provider")

    loaded = providers.load(tmp_path)

    assert set(loaded) == {*NAMES, "acme", "acme-eu"}
    assert loaded["acme-eu"].placements[0].signature.name == "X-Acme"
    assert set(providers.load()) == set(NAMES)


def test_own_file_takes_the_place_of_ours_and_may_extend_it(tmp_path: Path) -> None:
    write(tmp_path, "jinko.toml", 'extends = "jinko"\ntitle = "Our Jinko"\nack = "200"')

    jinko = providers.load(tmp_path)["jinko"]

    assert (jinko.title, jinko.ack) == ("Our Jinko", "200")
    assert jinko.placements == providers.load()["jinko"].placements


def test_absent_directory_holds_none(tmp_path: Path) -> None:
    assert list(providers.load(tmp_path / "none")) == NAMES


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("acme.toml", 'scheme = "hmc"', "scheme: unknown value 'hmc' (did you mean 'hmac'?)"),
        ("acme.toml", 'scheme = "hmac', ""),
        ("acme.toml", 'extends = "jinkko"', "extends: unknown provider 'jinkko' (did you mean 'jinko'?)"),
        ("Acme.toml", 'scheme = "unsigned"', "a provider's name is lower case"),
        ("-.toml", 'scheme = "unsigned"', "a provider's name is lower case"),
    ],
)  # fmt: skip
def test_broken_file_is_named(tmp_path: Path, name: str, text: str, complaint: str) -> None:
    path = write(tmp_path, name, text)

    with pytest.raises(ConfigError) as raised:
        providers.load(tmp_path)

    assert re.sub(r"\.toml:\d+:", ".toml:", str(raised.value)).startswith(f"{path}: {complaint}")


def test_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="acme"):
        providers.load(tmp_path)

    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="directory"):
        providers.load(tmp_path)
