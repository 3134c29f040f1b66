"""`hooktap provider new` and `check`, and a provider of one's own from its file to a verified delivery."""

import asyncio
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from inspector import providers
from inspector.core import provider_table
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.simulate import sender
from tests.cli.conftest import Hooktap
from tests.process import ROOT, inspector

TEMPLATE = resources.files("inspector.cli").joinpath("acme.toml").read_text("utf-8")
EXAMPLES = [line for line in TEMPLATE.splitlines() if re.match(r"#\w", line)]
GOOD = (
    'title = "Acme"\ndocs = ["https://acme.example"]\nscheme = "hmac"\n'
    'signature = "header:X-Acme"\nsigned = "{body}"\nevent = "json:e"\ndedupe = "json:id"\n'
)


def own(tmp_path: Path) -> Path:
    return tmp_path / "xdg" / "hooktap" / "providers"


def test_new_writes_a_file_that_can_be_used(hooktap: Hooktap, tmp_path: Path) -> None:
    """Where it is read from; it says where, and what to do next."""
    path = own(tmp_path) / "my-shop.toml"
    done = hooktap("provider", "new", "my-shop")
    checked = hooktap("provider", "check", str(path))

    assert (done.code, done.text) == (0, f"{path}\n")
    assert done.err == f"hooktap: change it, then run: hooktap provider check {path}\n"
    assert (checked.code, checked.err) == (0, "")
    assert "X-My-Shop-Signature = " in checked.text
    assert "--provider my-shop --secret-env MY_SHOP_SECRET" in path.read_text()
    assert "acme" not in path.read_text().lower()
    assert hooktap("provider", "show", "my-shop").code == 0


def test_new_never_writes_over_a_file(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.toml").write_text("mine")
    done = hooktap("provider", "new", "x", "--dir", "a")

    assert (done.code, done.out) == (1, b"")
    assert done.err == "hooktap: a/x.toml is there already: nothing was written\n"
    assert (tmp_path / "a" / "x.toml").read_text() == "mine"


def test_new_elsewhere_or_in_the_place_of_ours(hooktap: Hooktap, tmp_path: Path) -> None:
    done = hooktap("provider", "new", "jinko", "--dir", "elsewhere")

    assert (tmp_path / "elsewhere" / "jinko.toml").exists()
    assert "'jinko' is built in: this file takes its place" in done.err
    assert f"reads provider files in {own(tmp_path)} only" in done.err


@pytest.mark.parametrize("name", ["Acme", "a/b", "../a", "", ".toml", "a" * 65, "\x1b[2J"])
def test_new_refuses_a_name_that_cannot_be(hooktap: Hooktap, tmp_path: Path, name: str) -> None:
    done = hooktap("provider", "new", name)

    assert (done.code, done.out) == (2, b"")
    assert providers.NAME_RULE in done.err
    assert not (tmp_path / "xdg").exists()


def test_new_where_nothing_can_be_written(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = hooktap("provider", "new", "a", "--dir", "file/b")

    assert (done.code, done.out) == (1, b"")
    assert done.err == "hooktap: cannot write file/b/a.toml: Not a directory\n"


def test_the_template_explains_every_key() -> None:
    keys = {
        re.match(r"#?(\w+)", line) for line in TEMPLATE.splitlines() if re.match(r"#?\w+ = ", line)
    }

    assert {found[1] for found in keys if found} == provider_table._KEYS


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_in_the_template_can_be_used(
    hooktap: Hooktap, tmp_path: Path, example: str
) -> None:
    """As its comment says: by taking the `#` away."""
    (tmp_path / "acme.toml").write_text(TEMPLATE.replace(f"\n{example}\n", f"\n{example[1:]}\n"))
    done = hooktap("provider", "check", "acme.toml")

    assert (done.code, "error" in done.err) == (0, False), done.err
    assert tomllib.loads(example[1:]).keys() <= provider_table._KEYS


def test_check_shows_the_scheme(hooktap: Hooktap, tmp_path: Path) -> None:
    own(tmp_path).mkdir(parents=True)
    path = own(tmp_path) / "acme.toml"
    path.write_text(GOOD)
    done = hooktap("provider", "check", str(path))
    found = json.loads(hooktap("provider", "check", str(path), "--json").out)

    assert (done.code, done.err) == (0, "")
    assert done.text.splitlines()[:2] == [
        f"✓ {path} can be used",
        "  X-Acme = hex(HMAC-SHA256(secret, body))",
    ]
    assert found == {
        "name": "acme",
        "formulas": ["X-Acme = hex(HMAC-SHA256(secret, body))"],
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        (('docs = ["https://acme.example"]\n', ""), "docs: none"),
        (('event = "json:e"\n', ""), "event: none"),
        (('dedupe = "json:id"\n', ""), "dedupe: none"),
        (("header:X-Acme", "header:Authorization"), "recognise: nothing tells"),
        (('"{body}"', '"{header:X-Time}"'), "the body is not in it"),
        (('"{body}"', '"{body}"\ntimestamp = { from = "header:X-T" }'), "header X-T is not signed"),
    ],
)
def test_check_warns_of_what_is_seldom_meant(
    hooktap: Hooktap, tmp_path: Path, change: tuple[str, str], warning: str
) -> None:
    own(tmp_path).mkdir(parents=True)
    path = own(tmp_path) / "acme.toml"
    path.write_text(GOOD.replace(*change))
    done = hooktap("provider", "check", str(path))

    assert done.code == 0
    assert done.err.startswith("hooktap: warning: ")
    assert warning in done.err
    assert len(done.err.splitlines()) == 1


def test_check_warns_of_where_it_lies_and_what_it_replaces(
    hooktap: Hooktap, tmp_path: Path
) -> None:
    (tmp_path / "jinko.toml").write_text(GOOD)
    done = hooktap("provider", "check", "jinko.toml")

    assert "'jinko' is built in" in done.err
    assert "move it there to use it" in done.err


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("acme.toml", 'scheme = "hmac"\nsigned = "{bod}"\nsignature = "header:X"\n',
         "acme.toml:2: signed: unknown placeholder '{bod}' (did you mean 'body'?)"),
        ("acme.toml", 'title = "Acme\n', "acme.toml:1: "),
        ("acme.toml", "\n\nnonsense = 1\n", "acme.toml:3: unknown key 'nonsense'"),
        ("acme.toml", 'title = "a"\nextends = "acme"\n', "acme.toml:2: extends: goes in a circle: acme -> acme"),
        ("acme.toml", "\x00", "acme.toml:1: "),
        ("acme.toml", "", "acme.toml: scheme: missing"),
        ("Acme.toml", GOOD, f"Acme.toml: {providers.NAME_RULE}"),
        ("acme.txt", GOOD, "acme.txt: the name of a provider file ends in .toml"),
    ],
)  # fmt: skip
def test_check_tells_a_mistake_with_its_line(
    hooktap: Hooktap, tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    (tmp_path / name).write_text(text)
    done = hooktap("provider", "check", name)

    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith(f"hooktap: {sentence}")
    assert len(done.err.splitlines()) == 1


def test_check_of_no_file(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "d.toml").mkdir()

    assert hooktap("provider", "check", "nope.toml").err.endswith(": No such file or directory\n")
    assert hooktap("provider", "check", "d.toml").code == 2


async def test_from_the_file_to_a_verified_delivery(tmp_path: Path) -> None:
    """A file in the directory, a delivery signed as it says, a real inspector that has read nothing else."""
    folder = tmp_path / "config" / "hooktap" / "providers"
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text(TEMPLATE)
    (tmp_path / "secret").write_text("cAnArY")
    config = '[endpoint.shop]\nsecret = { file = "secret" }\n'
    now, body = str(int(time.time())), b'{"event":"order.paid","id":"o-1"}'
    made = hmac.new(b"cAnArY", now.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = Headers(
        (
            (b"X-Acme-Timestamp", now.encode()),
            (b"X-Acme-Signature", f"sha256={made}".encode()),
        )
    )

    async with inspector(tmp_path, config=config) as running:
        for sent in (body, body + b" "):
            request = Request("POST", b"/", headers, sent)
            assert (await sender.send(running.endpoint("shop"), request)).status == 200
        right, wrong = await running.line(), await running.line()

    assert (right["provider"], right["event"], right["event_id"]) == ("acme", "order.paid", "o-1")
    assert right["verification"]["outcome"] == "verified"
    assert wrong["verification"]["outcome"] == "mismatch"


async def test_a_broken_file_keeps_the_inspector_from_starting(tmp_path: Path) -> None:
    """It is named with file, line and key: what is checked by something else looks right, or wrong, for nothing."""
    folder = tmp_path / "config" / "hooktap" / "providers"
    folder.mkdir(parents=True)
    (folder / "acme.toml").write_text(TEMPLATE.replace("{body}", "{bod}"))
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "inspector", "listen", "--data-dir", str(tmp_path / "data")],
        env=dict(os.environ)
        | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(tmp_path / "config")},
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (2, b"")
    assert re.search(rb"acme\.toml:\d+: signed: unknown placeholder '\{bod\}'", done.stderr)
    assert done.stderr.count(b"\n") == 1
