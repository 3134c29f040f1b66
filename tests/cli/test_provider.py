"""`hooktap provider` and `hooktap completion`: what is known without an inspector."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from inspector import providers
from inspector.config import load
from tests import elsewhere
from tests.cli.conftest import Hooktap


def test_list(hooktap: Hooktap) -> None:
    plain = hooktap("provider", "list")
    found = [json.loads(line) for line in hooktap("provider", "list", "--json").text.splitlines()]

    assert [line.split()[0] for line in plain.text.splitlines()] == list(providers.load())
    assert [each["name"] for each in found] == list(providers.load())
    assert {"jinko", "wink", "checkfront", "stripe"} <= {each["name"] for each in found}


@pytest.mark.parametrize("name", providers.load())
def test_show_ends_with_a_configuration_that_works(
    hooktap: Hooktap, tmp_path: Path, name: str
) -> None:
    """What it tells people to paste can be pasted."""
    done = hooktap("provider", "show", name)
    snippet = done.text[done.text.index("[endpoint.") :]
    (tmp_path / "hooktap.toml").write_text(snippet)

    assert done.code == 0
    assert tomllib.loads(snippet)
    assert load(environ={}, cwd=tmp_path).endpoints[name].provider == name


@pytest.mark.parametrize("name", ["aws-sns", "rfc9421", "jinko"])
def test_whoever_signs_may_have_a_secret(hooktap: Hooktap, name: str) -> None:
    assert 'secret = { env = "' in hooktap("provider", "show", name).text


def test_a_name_with_a_dot_is_one_key(hooktap: Hooktap, tmp_path: Path) -> None:
    own = tmp_path / "xdg" / "hooktap" / "providers"
    own.mkdir(parents=True)
    (own / "acme.eu.toml").write_text('extends = "jinko"\n')
    text = hooktap("provider", "show", "acme.eu").text

    assert list(tomllib.loads(text[text.index("[endpoint.") :])["endpoint"]) == ["acme.eu"]


def test_show_says_that_there_is_no_signature(hooktap: Hooktap) -> None:
    """An unsigned provider is called that; no secret is asked for."""
    text = hooktap("provider", "show", "wink").text
    found = json.loads(hooktap("provider", "show", "wink", "--json").out)

    assert "documents no signature" in text
    assert "secret =" not in text
    assert (found["scheme"], found["signature"], found["can_sign"]) == ("unsigned", [], False)
    assert "booking.create" in found["samples"]


def test_the_list_is_a_table(hooktap: Hooktap, tmp_path: Path) -> None:
    """Columns stand under each other, lines fit, and its help says where one's own files are."""
    lines = hooktap("provider", "list").text.splitlines()
    starts = {
        line.index(f"  {provider.scheme} ")
        for line, provider in zip(lines, providers.load().values(), strict=True)
    }
    own = tmp_path / "xdg" / "hooktap" / "providers"

    assert len(starts) == 1
    assert max(map(len, lines)) <= 130
    assert any(
        line.split()[0] == "jinko" and line.endswith("  X-Jinko-Timestamp.body") for line in lines
    )
    assert f"\n{own}\n" in hooktap("provider", "list", "--help").text


def test_show_has_formula_and_words(hooktap: Hooktap) -> None:
    text = hooktap("provider", "show", "jinko").text
    found = json.loads(hooktap("provider", "show", "jinko", "--json").out)
    formula = (
        'X-Jinko-Signature = "sha256=" + hex(HMAC-SHA256(secret, X-Jinko-Timestamp + "." + body))'
    )

    assert f"formula    {formula}\n" in text
    assert "in words   Jinko signs header X-Jinko-Timestamp and body with HMAC-SHA256" in text
    assert "success    any 2xx\n" in text
    assert (found["formulas"], found["signed"], found["ack"]) == (
        [formula],
        "X-Jinko-Timestamp.body",
        "2xx",
    )


def test_show_says_which_handshake_is_answered(hooktap: Hooktap) -> None:
    assert "handshake  answered at once when Slack has" in hooktap("provider", "show", "slack").text


def test_an_unknown_provider(hooktap: Hooktap) -> None:
    done = hooktap("provider", "show", "strip")

    assert (done.code, done.out) == (4, b"")
    assert done.err == "hooktap: there is no provider 'strip' (did you mean 'stripe'?)\n"


def test_the_users_own_file(hooktap: Hooktap, tmp_path: Path) -> None:
    """It is listed beside the built-in ones, and a mistake in it is told with its name."""
    own = tmp_path / "xdg" / "hooktap" / "providers"
    own.mkdir(parents=True)
    (own / "acme.toml").write_text('title = "Acme\\u001b[2J"\nextends = "jinko"\n')
    assert "acme: Acme␛[2J" in hooktap("provider", "show", "acme").text

    (own / "acme.toml").write_text("scheem = 1\n")
    done = hooktap("provider", "list")
    assert done.code == 2
    assert "acme.toml:1: unknown key 'scheem'" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(hooktap: Hooktap, shell: str) -> None:
    done = hooktap("completion", shell)

    assert done.code == 0
    assert "_HOOKTAP_COMPLETE" in done.text


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("hooktap li", {"listen", "list"}),
        ("hooktap --v", {"--version"}),
        ("hooktap list --li", {"--limit"}),
        ("hooktap replay --sign ", {"fresh", "verbatim", "broken", "stale"}),
        ("hooktap provider s", {"show"}),
    ],
)
def test_what_completion_offers(tmp_path: Path, words: str, offered: set[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inspector"],
        env={
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "_HOOKTAP_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        },
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )

    assert {line.removeprefix("plain,") for line in done.stdout.splitlines()} == offered


def test_completion_in_bash(hooktap: Hooktap, tmp_path: Path) -> None:
    """The script is one that bash can read."""
    script = tmp_path / "completion"
    script.write_bytes(hooktap("completion", "bash").out)
    try:
        done = subprocess.run(["bash", "-n", str(script)], check=False)
    except FileNotFoundError:
        elsewhere.missing("this needs bash, which is not installed")

    assert done.returncode == 0
