"""What the README says is so: its configuration loads, its commands, flags, keys, verdicts and paths exist."""

import hmac
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from inspector import providers
from inspector.cli import COMMANDS, hooktap
from inspector.cli.look import Look
from inspector.client import Client
from inspector.config import Application, Config, load, tables
from inspector.core import description
from inspector.core.model import Outcome, Verification
from inspector.core.query import Has, Is, Key, leaves, parse
from inspector.core.verification import verify
from scripts import keys
from scripts.keys import key_names
from tests.factories import attempt, delivery, headers, request
from tests.process import ROOT
from tui.app import HooktapApp
from tui.keymap import groups

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
_TEXT = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL).replace(r"\|", "|")
SPANS = re.findall(r"`([^`\n]+)`", _TEXT)
"""Inline code."""
CONFIGURATION = "[inspector]                #"
"""How the block of the whole configuration begins."""


def block(language: str, beginning: str = "") -> str:
    """Return the one fenced block in this language that begins so."""
    found: list[str] = [
        text for kind, text in BLOCKS if kind == language and text.startswith(beginning)
    ]
    assert len(found) == 1, (language, beginning)
    return found[0]


def table(*titles: str) -> list[list[str]]:
    """Return the rows of the table that has these titles, without the bars in code."""
    head = re.escape("| " + " | ".join(titles) + " |")
    found = re.search(rf"^{head}\n\|[-|]+\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert found, titles
    rows = found[1].replace(r"\|", "¦").splitlines()
    return [[cell.strip().replace("¦", "|") for cell in row.split("|")[1:-1]] for row in rows]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Configuration


def loaded(folder: Path, text: str) -> Config:
    _written(folder, text)
    secrets = dict.fromkeys(re.findall(r'env = "(\w+)"', text), "secret")
    return load(environ=secrets, cwd=folder, config_file=folder / "hooktap.toml")


def test_the_configuration_loads(tmp_path: Path) -> None:
    """Every key of it, without a warning; what it says of the key `port` is the default."""
    config = loaded(tmp_path, block("toml", CONFIGURATION))

    assert config.warnings == ()
    assert config.port == Config(config.data_dir).port
    assert config.endpoints["jinko"].secrets == (b"secret",)
    assert config.endpoints["jinko"].retry is not None


@pytest.mark.parametrize("key", ["reply", "on_invalid", "duplicates"])
def test_the_other_values_in_its_comments_load(tmp_path: Path, key: str) -> None:
    lines = block("toml", CONFIGURATION).splitlines(keepends=True)
    (at,) = (number for number, line in enumerate(lines) if line.startswith(f"{key} ="))
    others = re.findall(r'"\w+"(?=:)|\{.*\}', lines[at].partition("#")[2])
    assert others

    for other in others:
        lines[at] = f"{key} = {other}\n"
        assert loaded(tmp_path, "".join(lines)).warnings == ()


def test_a_list_of_secrets_loads(tmp_path: Path) -> None:
    (secrets,) = (span for span in SPANS if span.startswith("secret = ["))

    config = loaded(tmp_path, f"[endpoint.jinko]\n{secrets}")

    assert config.endpoints["jinko"].secrets == (b"secret", b"secret")


def test_what_an_endpoint_can_require_loads(tmp_path: Path) -> None:
    config = loaded(tmp_path, block("toml", "[inspector]\ntrusted_proxies"))

    assert config.warnings == ()
    assert len(config.endpoints["wink"].overlays) == 5


def test_how_to_register_loads(tmp_path: Path) -> None:
    """With every key that is commented out, too; with a token in place of the application."""
    text = block("toml", "[register.wink]")
    (token,) = re.findall(r"# (token = \{.*?\})", text)
    other = re.sub(r"^(client_id|client_secret) = .*\n", "", text, flags=re.MULTILINE) + token

    asked = loaded(tmp_path, re.sub(r"^# ", "", text, flags=re.MULTILINE)).registrations["wink"]
    told = loaded(tmp_path, other).registrations["wink"]

    assert isinstance(asked.opened_by, Application)
    assert isinstance(loaded(tmp_path, text).registrations["wink"].opened_by, Application)
    assert not isinstance(told.opened_by, Application)
    assert told.opened_by() == b"secret"
    assert re.findall(r"https?://\S+(?=\")", text) == [asked.opened_by.token_url, asked.api]
    assert asked == replace(told, opened_by=asked.opened_by)


def test_its_keys_and_colours_are_taken(tmp_path: Path) -> None:
    text = block("toml", "theme = ")
    tops = tables({}, tmp_path, _written(tmp_path, text))

    app = HooktapApp(Client("http://127.0.0.1:0", ""), directory=tmp_path, config=tops)

    assert app.theme == "nord"
    assert loaded(tmp_path, text).warnings == ()


def _written(folder: Path, text: str) -> Path:
    path = folder / "hooktap.toml"
    path.write_text(text, "utf-8")
    return path


# Providers


def test_every_provider_is_named() -> None:
    cells = [row[1] for row in table("how it signs", "providers")]

    assert sorted(re.findall(r"[a-z][\w-]+(?=[,;]|$)", "\n".join(cells), re.MULTILINE)) == sorted(
        providers.load()
    )


def test_its_own_provider_signs_by_the_formula_it_shows(tmp_path: Path) -> None:
    (tmp_path / "tidewater.toml").write_text(block("toml", 'title = "Tidewater"'), "utf-8")
    made = hmac.new(b"secret", b"1790000000.{}", "sha256").hexdigest()
    signed = request(headers=headers(("Tidewater-Signature", f"t=1790000000,s={made}")), body=b"{}")

    tidewater = providers.load(tmp_path)["tidewater"]

    assert description.formulas(tidewater)[0] in SPANS
    assert verify(tidewater, signed, ["secret"], now_s=1_790_000_000).outcome is Outcome.VERIFIED


# Commands


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command line the README shows: the command's name and the words after it."""
    lines = [*SPANS, *(line for _, text in BLOCKS for line in text.splitlines())]
    lines = [line for line in lines if re.match(r"hooktap(?: |$)", line)]
    lines += [span for row in table("command", "does") for span in code(row[0])]
    for line in lines:
        words = re.sub(r"[][]", "", line).removeprefix("hooktap").split()
        if not words or words[0].startswith("-"):
            yield "terminal", words
        elif words[0].islower():  # not `hooktap ARGS`
            yield words[0], words[1:]


def test_every_command_with_its_options_exists() -> None:
    """So do the values that `a|b` stands for, as an option's, an argument's or a command's of a group."""
    for name, words in commands():
        command = hooktap.get_command(click.Context(hooktap), name)
        assert command is not None, f"there is no command '{name}'"
        values = {each.name for each in within(command)}
        for parameter in (parameter for each in within(command) for parameter in each.params):
            if isinstance(parameter.type, click.Choice):
                values |= set(parameter.type.choices)
        alternatives = {each for word in words if "|" in word for each in word.split("|")}

        assert {word for word in words if word.startswith("--")} <= options(command), name
        assert {each for each in alternatives if each.islower()} <= values, name


def test_every_command_is_named() -> None:
    """Two go by another name there: `search` is `list`, and `hooktap` alone is `terminal`."""
    assert {name for name, _ in commands()} == COMMANDS.keys() - {"search"}


def test_every_flag_is_of_a_command_or_a_script() -> None:
    known = set[str]()
    for name in COMMANDS:
        command = hooktap.get_command(click.Context(hooktap), name)
        assert command is not None
        known |= options(command)
    scripts = "".join(
        path.read_text("utf-8") for path in (ROOT / "scripts").iterdir() if path.is_file()
    )

    for flag in set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)):
        assert flag in known or re.search(rf"{flag}\b", scripts), flag


def options(command: click.Command) -> set[str]:
    params = [parameter for each in within(command) for parameter in each.params]
    return {option for parameter in params for option in parameter.opts}


def within(command: click.Command) -> Iterator[click.Command]:
    """Yield a command, and those below it if it is a group."""
    yield command
    if isinstance(command, click.Group):
        for each in command.commands.values():
            yield from within(each)


def test_the_query_can_be_read() -> None:
    terms = [term for row in table("term", "finds") for term in code(row[0]) if term[-1] != ":"]
    queries = [span.removeprefix("hooktap reverify ") for span in SPANS if "outcome:" in span[:-1]]

    assert len(queries) == 2
    assert len(terms) > 8
    for query in (*queries, *terms):
        assert len(list(leaves(parse(query)))) == len(re.sub('".*"', "", query).split())


def test_every_key_of_a_query_is_told() -> None:
    rows = " ".join(cell for row in table("term", "finds") for cell in row)

    assert {key for key in Key if f"`{key}:" not in rows} == {Key.TEXT}
    assert {each for each in Is if f"`is:{each}`" not in rows} == set()
    assert {each for each in Has if f"`has:{each}`" not in rows} == set()


def test_the_lines_of_listen_look_so() -> None:
    """But for the time of day."""
    (shown,) = (text for _, text in BLOCKS if "→ jinko" in text and "← 200" in text)
    arrived = delivery(
        id=1042,
        endpoint="jinko",
        event="booking.completed",
        body_bytes=175,
        verification=Verification(Outcome.VERIFIED, ""),
    )
    answered = attempt(
        delivery_id=1042, url="http://127.0.0.1:3000/webhooks/jinko", duration_us=12_000
    )
    look = Look()

    lines = [look.delivery(arrived), look.attempt(answered)]

    assert [line[8:] for line in shown.splitlines()] == [line[8:] for line in lines]


# The rest


def test_the_tables_of_keys_are_those_of_the_bindings() -> None:
    """`./scripts/keys --write` makes them anew."""
    assert keys.renewed(README) == README, "run ./scripts/keys --write"


def test_every_key_is_in_its_tables() -> None:
    """Those that the text names as well."""
    told = set(code(README.partition(keys.BEGIN)[2].partition(keys.END)[0]))
    bound = {
        name for group in groups(HooktapApp).values() for each in group for name in key_names(each)
    }
    named = {span for span in SPANS if re.fullmatch(r"\S|ctrl\+\S", span)}

    assert told == bound
    assert len(named) > 20
    assert named <= bound


def test_every_verdict_is_explained() -> None:
    named = [name for row in table("verdict", "means") for name in code(row[0])]

    assert sorted(named) == sorted(Outcome)


def test_every_path_exists() -> None:
    """Those it links, and those it names or runs."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    folders = "scripts|tests|inspector|tui|docs|core"
    named = re.findall(rf"(?<![\w/])(?:\./)?((?:{folders})/[\w./-]*\w)", README)

    for path in {*links, *named}:
        assert (ROOT / path).exists() or (ROOT / "inspector" / path).exists(), path


def test_the_tree_names_what_exists() -> None:
    """Everything before it is a package of the inspector; `tui` is beside it."""
    tree = block("", "inspector/\n")
    named = re.findall(r"(?:^|(?<=  ))([a-z_]+(?:/|\.py))(?=\s)", tree, re.MULTILINE)

    assert len(named) > 15
    for name in named:
        place = ROOT if name in ("inspector/", "tui/") else ROOT / "inspector"
        assert (place / name).exists(), name


def test_no_picture_fetches_anything() -> None:
    """Neither fonts nor images: it looks the same offline, and tells nobody that it is looked at."""
    pictures = list((ROOT / "docs").glob("*.svg"))

    assert pictures
    for picture in pictures:
        assert re.findall(r"@font-face|@import|url\((?!#)|href=", picture.read_text("utf-8")) == []


def test_a_script_makes_every_picture() -> None:
    """Those that are shown, three or more, and those that are linked; there are no others."""
    named = set(re.findall(r"\]\(docs/([\w.]+\.(?:svg|png))\)", README))
    script = (ROOT / "scripts" / "screenshots.py").read_text("utf-8")

    assert len(re.findall(r"!\[[^]]+\]\(docs/", README)) >= 3
    assert named == {
        path.name for path in (ROOT / "docs").iterdir() if path.suffix in {".svg", ".png"}
    }
    assert named == set(re.findall(r'"(\w+\.(?:svg|png))"', script))
