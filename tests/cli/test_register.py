"""`hooktap register`, against a Wink that answers as its description has it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Hooktap
from tests.fakes import Script, Target, answering, serve
from tests.register.wink import ENTITY, ID, TOKEN, in_turn, lines, problem, record, says, sent

HOSTILE = "\x1b]0;owned\x07\r\n\u202e[/]"
URL = "http://127.0.0.1:8400/in/wink"
CONFIG = """
[register.wink]
api = "{api}"
token = {{ env = "WINK_TOKEN" }}
entity = "{entity}"
entity_name = "The Siam Residences"
"""


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINK_TOKEN", TOKEN)


def configured(folder: Path, api: str, more: str = "") -> None:
    text = CONFIG.format(api=api, entity=ENTITY) + more
    (folder / "hooktap.toml").write_text(text, "utf-8")


async def done(
    hooktap: Hooktap, folder: Path, script: Script, *args: str, more: str = ""
) -> tuple[Done, Target]:
    """Run `hooktap register wink ...` with an API that follows the script."""
    async with serve(script) as target:
        configured(folder, target.url, more)
        result = await asyncio.to_thread(hooktap, "register", "wink", *args)
    assert TOKEN not in result.text + result.err
    return result, target


async def test_list(hooktap: Hooktap, tmp_path: Path) -> None:
    found = [record(), record(enabled=False, eventList=[]), record(eventList=["a", "b"])]
    told, target = await done(hooktap, tmp_path, in_turn(says(found)), "list")

    url = "https://api.example.com/webhooks/wink/events"
    assert told.text.splitlines() == [
        f"{ID}  on      Booking confirmation sync  → {url}  booking.created",
        f"{ID}  paused  Booking confirmation sync  → {url}  all events",
        f"{ID}  on      Booking confirmation sync  → {url}  2 events",
    ]
    assert (told.code, told.err) == (0, "")
    assert list(lines(target)) == ["GET /list"]


async def test_nothing_is_registered(hooktap: Hooktap, tmp_path: Path) -> None:
    told, _ = await done(hooktap, tmp_path, in_turn(says([])), "list")

    assert (told.code, told.text, told.err) == (0, "", "nothing is registered\n")


async def test_show(hooktap: Hooktap, tmp_path: Path) -> None:
    told, _ = await done(hooktap, tmp_path, in_turn(says(record(version=None))), "show", ID)

    assert [line.split(maxsplit=1) for line in told.text.splitlines()] == [
        ["webhook", ID],
        ["name", "Booking confirmation sync"],
        ["url", "https://api.example.com/webhooks/wink/events"],
        ["state", "on"],
        ["events", "booking.created"],
        ["owner", f"The Siam Residences, Bangkok  ({ENTITY})"],
        ["version", "-"],
        ["created", "2026-01-14T09:30:00"],
        ["updated", "2026-02-03T16:45:12"],
    ]


async def test_events(hooktap: Hooktap, tmp_path: Path) -> None:
    known = [{"value": "booking.create", "label": "Booking created"}]
    told, _ = await done(hooktap, tmp_path, answering(says(known)), "events")
    as_json, _ = await done(hooktap, tmp_path, answering(says(known)), "events", "--json")

    assert told.text.split(maxsplit=1) == ["booking.create", "Booking created\n"]
    assert json.loads(as_json.text) == {"name": "booking.create", "label": "Booking created"}


async def test_create(hooktap: Hooktap, tmp_path: Path) -> None:
    """The id is data, the lines for hooktap.toml are told beside it."""
    made = record(eventUrl=URL, name="hooktap", eventList=[])
    told, target = await done(
        hooktap, tmp_path, in_turn(says([]), says(made, 201)), "create", "--url", URL
    )

    assert told.text == f"{ID}  on      hooktap           → {URL}  all events\n"
    assert told.err.splitlines() == [
        "hooktap.toml is to say:",
        "  [endpoint.wink]",
        '  provider = "wink"',
        f'  public_url = "{URL}"',
    ]
    assert sent(target.requests[1])["eventUrl"] == URL
    assert sent(target.requests[1])["name"] == "hooktap"


async def test_create_for_the_endpoint_that_is_configured(hooktap: Hooktap, tmp_path: Path) -> None:
    more = f'[endpoint.hotel]\nprovider = "wink"\npublic_url = "{URL[:-4]}hotel"'
    known = [{"value": "a", "label": "a"}]
    script = in_turn(says(known), says([]), says(record(), 201))
    options = ("--name", "ours", "--event", "a", "--event", "\x1bb", "--paused", "--json")
    told, target = await done(hooktap, tmp_path, script, "create", *options, more=more)

    assert json.loads(told.text)["id"] == ID
    assert told.err == (
        "hooktap: warning: Wink lists no event '␛b': see `hooktap register wink events`\n"
    )
    wanted = sent(target.requests[2])
    assert (wanted["eventUrl"], wanted["name"]) == (f"{URL[:-4]}hotel", "ours")
    assert (wanted["eventList"], wanted["enabled"]) == (["a", "\x1bb"], False)


async def test_what_the_configuration_says_otherwise(hooktap: Hooktap, tmp_path: Path) -> None:
    """Only what it lacks is told: a table may stand in a file once."""
    more = f'[endpoint."wink.two"]\nprovider = "wink"\npublic_url = "{URL}"'
    script = in_turn(says([]), says(record(), 201))
    other = f"{URL}.two"
    told, _ = await done(hooktap, tmp_path, script, "create", "--url", other, more=more)

    assert told.err.splitlines()[1:] == ['  [endpoint."wink.two"]', f'  public_url = "{other}"']


@pytest.mark.parametrize("args", [("pause", ID), ("resume", ID)])
@pytest.mark.parametrize("as_json", [True, False])
async def test_pause_and_resume(
    hooktap: Hooktap, tmp_path: Path, args: tuple[str, str], *, as_json: bool
) -> None:
    enabled = args[0] == "resume"
    script = in_turn(says(record(enabled=not enabled)), says(record(enabled=enabled)))
    more = ["--json"] if as_json else []
    told, target = await done(hooktap, tmp_path, script, *args, *more)

    if as_json:
        assert json.loads(told.text)["enabled"] is enabled
    else:
        assert told.text.split()[1] == ("on" if enabled else "paused")
    assert list(lines(target)) == [f"GET /{ID}", f"PATCH /{ID}"]


async def test_delete(hooktap: Hooktap, tmp_path: Path) -> None:
    gone = says({"id": ID, "success": True, "message": f"removed{HOSTILE}"})
    told, target = await done(hooktap, tmp_path, in_turn(gone), "delete", ID, "--yes")
    as_json, _ = await done(hooktap, tmp_path, in_turn(gone), "delete", ID, "--yes", "--json")

    assert told.text == f"{ID}: deleted (removed␛]0;owned␇ \\u202e[/])\n"
    assert json.loads(as_json.text)["id"] == ID
    assert list(lines(target)) == [f"DELETE /{ID}"]


async def test_nothing_is_deleted_unasked(hooktap: Hooktap, tmp_path: Path) -> None:
    told, target = await done(hooktap, tmp_path, in_turn(), "delete", ID)

    assert told.code == 2
    assert "add --yes" in told.err
    assert target.connections == 0


@pytest.mark.parametrize("args", [("list",), ("show", ID), ("events",), ("pause", ID)])
async def test_nothing_hostile_is_printed(
    hooktap: Hooktap, tmp_path: Path, args: tuple[str, ...]
) -> None:
    texts = ("name", "eventUrl", "ownerName", "ownerIdentifier", "createdDate", "lastUpdate")
    webhook = record(enabled=False, eventList=[HOSTILE], **dict.fromkeys(texts, HOSTILE))
    answers: dict[str, Any] = {
        "list": [webhook | {"id": HOSTILE}],
        "events": [{"value": HOSTILE, "label": HOSTILE}],
    }
    told, _ = await done(hooktap, tmp_path, answering(says(answers.get(args[0], webhook))), *args)

    assert told.code == 0
    assert "owned" in told.text
    assert told.text.replace("\n", "").isprintable()


@pytest.mark.parametrize(("status", "code"), [(400, 1), (401, 1), (403, 1), (404, 4), (503, 1)])
async def test_a_refusal_is_one_line(
    hooktap: Hooktap, tmp_path: Path, status: int, code: int
) -> None:
    refused = problem(status, title="Bad", detail=HOSTILE)
    told, _ = await done(hooktap, tmp_path, answering(refused), "pause", ID)

    assert (told.code, told.out) == (code, b"")
    assert told.err.startswith(f"hooktap: 127.0.0.1 answered {status}: Bad: ␛]0;owned␇ \\u202e[/]")
    assert told.err.count("\n") == 1


# Before anybody is asked


@pytest.mark.parametrize("word", ["..", ".", "a/b", "", "a b", "é", "\x1b[2J", "x" * 129])
@pytest.mark.parametrize("action", ["show", "pause", "resume", "delete"])
def test_what_is_no_id(hooktap: Hooktap, action: str, word: str) -> None:
    told = hooktap("register", "wink", action, word)

    assert told.code == 2
    assert "is not a webhook's id" in told.err
    assert told.err.replace("\n", "").isprintable()


@pytest.mark.parametrize("args", [("list",), ("events",), ("create", "--url", "https://a.test/")])
def test_without_a_configuration(hooktap: Hooktap, args: tuple[str, ...]) -> None:
    """The sentence has the lines that are missing."""
    told = hooktap("register", "wink", *args)

    assert (told.code, told.out) == (2, b"")
    assert '  [register.wink]\n  token = { env = "WINK_TOKEN" }\n  entity = ' in told.err


def test_without_the_token(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WINK_TOKEN")
    configured(tmp_path, "https://api.example.test")
    told = hooktap("register", "wink", "list")

    assert told.code == 2
    assert "register.wink.token: environment variable WINK_TOKEN is not set" in told.err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "endpoint.wink.public_url is not set"),
        (("--endpoint", "x"), "endpoint.x.public_url is not set"),
        (("--url", "http://tunnel.example.com/"), "Wink takes https URLs only"),
        (("--url", "nonsense"), "the URL for Wink: "),
    ],
)
def test_a_url_that_wink_cannot_take(
    hooktap: Hooktap, tmp_path: Path, args: tuple[str, ...], sentence: str
) -> None:
    configured(tmp_path, "https://api.example.test")
    told = hooktap("register", "wink", "create", *args)

    assert (told.code, told.out) == (2, b"")
    assert sentence in told.err


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        (
            "jinko",
            "in its dashboard, which shows the signing secret once; `hooktap simulate jinko`",
        ),
        ("checkfront", "in the settings of your account there"),
        ("stripe", "where it has you do so (https://docs.stripe.com/"),
    ],
)
@pytest.mark.parametrize("args", [(), ("create", "--url", "x"), ("list",)])
def test_where_else_to_register(
    hooktap: Hooktap, provider: str, words: str, args: tuple[str, ...]
) -> None:
    told = hooktap("register", provider, *args)

    assert (told.code, told.out) == (2, b"")
    assert told.err.startswith("hooktap: hooktap registers with Wink only: register webhooks of ")
    assert words in told.err


def test_a_provider_that_nobody_knows(hooktap: Hooktap) -> None:
    told = hooktap("register", "wnik", "list")

    assert told.code == 4
    assert "there is no provider 'wnik' (did you mean 'wink'?)" in told.err


def test_doctor_tells_what_is_configured(hooktap: Hooktap, tmp_path: Path) -> None:
    """And what is wrong with it; nobody is asked."""
    configured(tmp_path, "https://api.example.test")
    right = hooktap("doctor")
    configured(tmp_path, "http://api.example.test")
    wrong = hooktap("doctor")

    assert "register wink    at https://api.example.test" in right.text
    assert "register.wink.api: expected https://" in wrong.text
    assert wrong.code == 1
