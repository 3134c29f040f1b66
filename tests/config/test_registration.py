"""`[register.wink]`: read with the rest, its secrets fetched by whoever registers, and by nobody else."""

import re
from pathlib import Path

import pytest

from inspector.config import Application, Registration, load
from inspector.errors import ConfigError

ENTITY = "d5b8a3c2-9e6f-4a1b-8d34-7c2e1f0a5b69"
CANARY = "token-cAnArY"
WHO = f'entity = "{ENTITY}"'
TOKEN = 'token = { env = "WINK_TOKEN" }'
HALVES = 'client_id = "us"\nclient_secret = { env = "WINK_SECRET" }'


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


def registrations(folder: Path, text: str, **environ: str) -> dict[str, Registration]:
    (folder / "hooktap.toml").write_text(text, "utf-8")
    return dict(load(environ=environ, cwd=folder).registrations)


def registration(folder: Path, *lines: str, **environ: str) -> Registration:
    text = "\n".join(("[register.wink]", *lines))
    return registrations(folder, text, **environ)["wink"]


def complaint(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigError) as caught:
        registration(folder, *lines, WINK_TOKEN=CANARY)
    sentence = str(caught.value)
    assert CANARY not in sentence
    return sentence.partition(": ")[2]


def test_nothing_is_needed(tmp_path: Path) -> None:
    assert registrations(tmp_path, "") == {}
    assert registrations(tmp_path, "[register]") == {}


def test_a_token(tmp_path: Path) -> None:
    found = registration(tmp_path, WHO, TOKEN, WINK_TOKEN=CANARY)

    assert (found.api, found.entity, found.entity_name) == ("https://api.wink.travel", ENTITY, None)
    assert not isinstance(found.opened_by, Application)
    assert found.opened_by() == CANARY.encode()


def test_an_application(tmp_path: Path) -> None:
    """Its tokens come from where Wink's description says, unless the configuration knows better."""
    found = registration(tmp_path, WHO, HALVES, WINK_SECRET=CANARY).opened_by
    other = registration(
        tmp_path, WHO, HALVES, 'token_url = "http://[::1]:1/t"', 'scope = "account.read a:b"'
    ).opened_by

    assert isinstance(found, Application)
    assert found.token_url == "https://iam.wink.travel/oauth2/token"
    assert (found.client_id, found.client_secret(), found.scope) == ("us", CANARY.encode(), None)
    assert isinstance(other, Application)
    assert (other.token_url, other.scope) == ("http://[::1]:1/t", "account.read a:b")


def test_the_rest(tmp_path: Path) -> None:
    found = registration(
        tmp_path, WHO, TOKEN, 'api = "http://127.0.0.1:8410/"', 'entity_name = "The Siam"'
    )

    assert (found.api, found.entity_name) == ("http://127.0.0.1:8410", "The Siam")


def test_no_secret_is_fetched_for_others(tmp_path: Path) -> None:
    """A password manager would ask a person who only wants to listen; whoever registers is told what is missing."""
    marker = tmp_path / "ran"
    by_command = registration(tmp_path, WHO, f'token = {{ command = ["touch", "{marker}"] }}')
    unset = registration(tmp_path, WHO, TOKEN)

    assert not marker.exists()
    assert not isinstance(unset.opened_by, Application)
    with pytest.raises(
        ConfigError, match=r"WINK_TOKEN is not set, and without it Wink lets nobody"
    ):
        unset.opened_by()
    assert not isinstance(by_command.opened_by, Application)
    with pytest.raises(ConfigError, match="is empty"):
        by_command.opened_by()
    assert marker.exists()


def test_the_projects_file_counts_before_the_users(tmp_path: Path) -> None:
    user = tmp_path / "xdg" / "hooktap" / "hooktap.toml"
    user.parent.mkdir(parents=True)
    user.write_text(f'[register.wink]\nentity_name = "theirs"\n{WHO}\n{TOKEN}', "utf-8")

    assert registrations(tmp_path, "")["wink"].entity_name == "theirs"
    assert registration(tmp_path, WHO, TOKEN).entity_name is None


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["tokn = 1"], "register.wink: unknown key 'tokn' (did you mean 'token'?)"),
        ([TOKEN], "register.wink.entity: missing: the identifier of the managing entity, a UUID"),
        ([TOKEN, 'entity = "siam"'], "register.wink.entity: expected a UUID, such as d5b8a3c2-"),
        ([TOKEN, f'entity = "{ENTITY}/.."'], "register.wink.entity: expected a UUID, such as"),
        ([WHO], "register.wink.token: missing; write token = { env ="),
        ([WHO, f'token = "{CANARY}"'], "register.wink.token: a secret's value does not belong in"),
        ([WHO, "token = { evn = 'A' }"], "register.wink.token: unknown key 'evn'"),
        ([WHO, "token = {}"], "register.wink.token: expected exactly one of env, file, command"),
        ([WHO, TOKEN, HALVES], "register.wink.token: write either this or client_id and client"),
        ([WHO, TOKEN, 'scope = "a"'], "register.wink.token: write either this or client_id and"),
        ([WHO, 'client_id = "us"'], "register.wink.client_secret: missing: the other half"),
        (
            [WHO, 'client_secret = { env = "A" }'],
            "register.wink.client_id: missing: the other half",
        ),
        ([WHO, HALVES.replace("us", "a:b")], "register.wink.client_id: expected visible ASCII"),
        ([WHO, HALVES, 'scope = "a  b"'], "register.wink.scope: expected scopes with a blank"),
        ([WHO, HALVES, 'token_url = "x"'], "register.wink.token_url: expected https://, a host"),
        ([WHO, TOKEN, "entity_name = ''"], "register.wink.entity_name: must not be empty"),
        ([WHO, TOKEN, "api = 8410"], "register.wink.api: expected a string, got an integer"),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, lines: list[str], sentence: str) -> None:
    assert complaint(tmp_path, *lines).startswith(sentence)


@pytest.mark.parametrize(
    "api",
    [
        "api.wink.travel",
        "ftp://api.wink.travel",
        "https://",
        "https://a b",
        "https://user:pw@api.wink.travel",
        "https://api.wink.travel?x",
        "https://api.wink.travel#x",
        "https://api.wink.travel:0",
        "https://api.wink.travel:99999",
        "https://[::1",
        "https://\\u001b",
        "http://api.wink.travel",
        "http://10.0.0.1",
    ],
)
def test_where_no_api_is(tmp_path: Path, api: str) -> None:
    """Over http the token would be anybody's to read; on this machine it goes no further."""
    told = complaint(tmp_path, WHO, TOKEN, f'api = "{api}"')

    assert re.match(r"register\.wink\.api: (expected https://|cannot be read as a URL)", told)


def test_no_other_provider_is_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^hooktap\.toml:1: register: unknown key 'winkk' "):
        registrations(tmp_path, f"[register.winkk]\n{WHO}")
