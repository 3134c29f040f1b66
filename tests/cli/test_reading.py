"""The commands that ask a running inspector: list, show, body, replay, export, endpoint, wait."""

import asyncio
import json
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.simulate import sender
from tests import elsewhere
from tests.cli.conftest import Done, Hooktap
from tests.factories import headers
from tests.fakes import Target, answer, answering, serve
from tests.process import Running, inspector

JINKO_TOLERANCE_S = 300
HOSTILE = b"\x1b]0;owned\x07\x00\xff[/]"


class Shell:
    """Runs commands against one running inspector."""

    def __init__(self, hooktap: Hooktap, running: Running, target: Target) -> None:
        self._hooktap = hooktap
        self.running = running
        self.target = target

    async def __call__(self, *args: str) -> Done:
        data_dir = str(self.running.data_dir.path)
        return await asyncio.to_thread(self._hooktap, *args, "--data-dir", data_dir)

    async def json(self, *args: str) -> list[dict[str, Any]]:
        done = await self(*args, "--json")
        assert (done.code, done.err) == (0, "")
        return [json.loads(line) for line in done.text.splitlines()]

    async def post(self, endpoint: str, body: bytes = b"{}", **fields: Headers) -> int:
        """Send a delivery and return its number, once the target has answered."""
        request = Request("POST", b"/", fields.get("headers", Headers()), body)
        answered = await sender.send(self.running.endpoint(endpoint), request)
        assert answered.status == 200
        delivery = await self.running.line()
        assert (await self.running.line())["type"] == "attempt"
        number: int = delivery["id"]
        return number


@asynccontextmanager
async def shell(
    hooktap: Hooktap, tmp_path: Path, said: bytes = answer(), config: str = ""
) -> AsyncIterator[Shell]:
    async with serve(answering(said)) as target:
        options = ("--forward-to", target.url)
        async with inspector(tmp_path, *options, config=config) as running:
            yield Shell(hooktap, running, target)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forwarding(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Running, Target]]:
    """One inspector for the tests that look at one body each, whatever others there are."""
    async with serve(answering()) as target:
        folder = tmp_path_factory.mktemp("forwarding")
        async with inspector(folder, "--forward-to", target.url) as running:
            yield running, target


@pytest.fixture
def shared(hooktap: Hooktap, forwarding: tuple[Running, Target]) -> Shell:
    return Shell(hooktap, *forwarding)


async def test_list(hooktap: Hooktap, tmp_path: Path) -> None:
    """Newest first, with what the last attempt came to; JSON is one delivery a line, attempts in it."""
    async with shell(hooktap, tmp_path) as sh:
        numbers = [await sh.post(name) for name in ("a", "b", "a")]
        plain = await sh("list")
        found = await sh.json("search")
        of_a = await sh.json("list", "endpoint:a", "--limit", "1")
        of_b = await sh.json("list", "-endpoint:a", "method:post")
        none = await sh("list", "endpoint:nobody")
        wrong = await sh("list", "endpont:a")

    assert [line.split()[2] for line in plain.text.splitlines()] == [
        f"#{number}" for number in reversed(numbers)
    ]
    assert all(line.endswith("→ 200") for line in plain.text.splitlines())
    assert [each["id"] for each in found] == numbers[::-1]
    assert found[0]["attempts"][0]["status"] == 200
    assert [each["id"] for each in of_a] == [numbers[2]]
    assert [each["id"] for each in of_b] == [numbers[1]]
    assert (none.code, none.out, none.err) == (0, b"", "")
    assert (wrong.code, wrong.out) == (2, b"")
    assert len(wrong.err.splitlines()) == 3
    assert "endpont:a" in wrong.err.splitlines()[1]


async def test_list_finds_inside(hooktap: Hooktap, tmp_path: Path) -> None:
    """The order of terms counts, also where one begins with a minus; a word for the shell is one for the query."""
    async with shell(hooktap, tmp_path) as sh:
        one = await sh.post("a", b'{"ref":"JNK-TEST00","status":"PAID"}')
        two = await sh.post("b", b"ref=JNK-TEST01")
        three = await sh.post("a")

        async def found(*terms: str) -> list[int]:
            return [each["id"] for each in await sh.json("list", *terms)]

        assert await found("body:JNK-TEST00") == [one]
        assert await found("body:JNK-*") == [two, one]
        assert await found("json:status=PAID") == [one]
        assert await found("--limit", "5", "-endpoint:a", "or", "body:jnk-test00") == [two, one]
        assert await found("-endpoint:b", "-(body:JNK-TEST00)", "--limit=5") == [three]
        assert await found("(endpoint:b", "or", "size:<3)", "status:2xx") == [three, two]
        assert await found("since:1h", "is:forwarded") == [three, two, one]
        assert await found("until:1h") == []


async def test_list_says_where_it_is(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not in the text index is found all the same; that it took longer is told, beside the data."""
    monkeypatch.setattr("inspector.cli.deliveries.UNINDEXED", -1000)
    async with shell(hooktap, tmp_path) as sh:
        number = await sh.post("a", b"JNK-TEST00")
        done = await sh("list", "body:JNK-TEST00")
        quiet = await sh("list", "endpoint:a")

    assert f"#{number}" in done.text
    assert done.err.startswith("hooktap: the")
    assert "bodies were read one by one" in done.err
    assert quiet.err == ""


async def test_list_reads_page_after_page(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.cli.deliveries.PAGE", 2)
    async with shell(hooktap, tmp_path) as sh:
        numbers = [await sh.post("a") for _ in range(5)]
        everything = await sh.json("list", "--limit", "100")
        some = await sh.json("list", "--limit", "3")

    assert [each["id"] for each in everything] == numbers[::-1]
    assert [each["id"] for each in some] == numbers[:1:-1]


async def test_show(hooktap: Hooktap, tmp_path: Path) -> None:
    """Nothing a sender wrote steers the terminal; JSON carries it all."""
    async with shell(hooktap, tmp_path) as sh:
        sent = headers(("X-Odd", "\u202e[/]"), ("x-odd", "é"))
        number = await sh.post("a", b"line 1\nline 2\x1b[2J", headers=sent)
        plain = await sh("show", f"#{number}")
        [found] = await sh.json("show", str(number))
        missing = await sh("show", "999999999999999999999")

    assert plain.text.startswith(f"#{number}  {found['uid']}\n")
    assert "X-Odd: \\u202e[/]\nx-odd: é\n" in plain.text
    assert "line 1\nline 2␛[2J" in plain.text
    assert "verdict    · unknown: " in plain.text
    assert f"#{number}" in plain.text.splitlines()[-2]
    assert plain.text.splitlines()[-2].endswith(f"{sh.target.url}/")
    assert "answered after" in plain.text.splitlines()[-1]
    assert all(char.isprintable() for char in plain.text.replace("\n", ""))
    assert found["body_bytes"] == len(b"line 1\nline 2\x1b[2J")
    assert ["x-odd", "é"] in found["headers"]
    assert (missing.code, missing.out) == (4, b"")
    assert missing.err == "hooktap: there is no delivery #999999999999999999999\n"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"", ""),
        (b"\x00\x01", "(2 B of binary: hooktap body {} --output FILE)"),
        (b"x" * 20_000, "(the first 16.0 KiB of 19.5 KiB: hooktap body {})"),
        (b"\xff\xfe", "\\xff\\xfe"),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_show_prints_what_fits(shared: Shell, body: bytes, shown: str) -> None:
    number = await shared.post("a", body)
    text = (await shared("show", str(number))).text

    assert shown.format(number) in text
    assert len(text) < 18_000


@pytest.mark.parametrize("body", [b"", HOSTILE, b"\r\n", bytes(range(256)) * 4096])
@pytest.mark.asyncio(loop_scope="module")
async def test_body_is_byte_for_byte(shared: Shell, tmp_path: Path, body: bytes) -> None:
    number = str(await shared.post("a", body))
    piped = await shared("body", number)
    written = await shared("body", number, "--output", "out.bin")
    refused = await shared("body", number, "-o", "no/such/directory")
    missing = await shared("body", "99")

    assert (piped.code, piped.out) == (0, body)
    assert (written.code, written.out) == (0, b"")
    assert (tmp_path / "out.bin").read_bytes() == body
    assert (refused.code, refused.err) == (
        1,
        "hooktap: cannot write no/such/directory: No such file or directory\n",
    )
    assert missing.code == 4


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b"{\n\t1\n}", True),
        ("é".encode(), True),
        (HOSTILE, False),
        (b"a\rb", False),
        (b"\xff", False),
    ],
)
@pytest.mark.asyncio(loop_scope="module")
async def test_body_on_a_terminal(
    shared: Shell, monkeypatch: pytest.MonkeyPatch, body: bytes, plain: bool
) -> None:
    """What a terminal would obey or cannot show goes there only by --force."""
    monkeypatch.setattr("inspector.cli.deliveries._on_terminal", lambda: True)
    number = str(await shared.post("a", body))
    shown = await shared("body", number)
    forced = await shared("body", number, "--force")

    assert forced.out == body
    assert (shown.code, shown.out) == ((0, body) if plain else (1, b""))


async def test_replay(hooktap: Hooktap, tmp_path: Path) -> None:
    """One attempt each, in order; one that cannot be made keeps none of the others from being made."""
    async with serve(answering(answer(500))) as other, shell(hooktap, tmp_path) as sh:
        one, two = await sh.post("a", HOSTILE), await sh.post("b")
        both = await sh("replay", str(one), "99", f"#{two}")
        elsewhere = await sh.json("replay", str(one), "--to", str(other.port))
        failing = await sh("replay", str(one), "--to", other.url, "--fail")
        passing = await sh("replay", str(one), "--fail")

    lines = both.text.splitlines()
    assert [line.split()[1:4] for line in lines] == [[f"#{n}", "←", "200"] for n in (one, two)]
    assert all(line.endswith("  replay  same") for line in lines)
    assert both.code == 4
    assert both.err.startswith(
        "hooktap: there is no delivery #99\nhooktap: sent 2 of 3 deliveries\n"
    )
    assert (elsewhere[0]["trigger"], elsewhere[0]["status"]) == ("replay", 500)
    assert other.requests[0].body == HOSTILE
    assert (failing.code, passing.code) == (1, 0)


async def test_replay_is_signed_as_asked(hooktap: Hooktap, tmp_path: Path) -> None:
    """Verbatim is what arrived; fresh, broken and stale are each another; without a scheme none can be asked for."""
    async with shell(hooktap, tmp_path) as sh:
        assert (await sh("send", "jinko")).code == 0
        number = str((await sh.running.line())["id"])
        assert (await sh.running.line())["status"] == 200
        unknown = str(await sh.post("a"))
        for sign in ("verbatim", "fresh", "broken", "stale"):
            assert (await sh("replay", number, "--sign", sign)).code == 0
        refused = await sh("replay", unknown, "--sign", "fresh")
        wrong = await sh("replay", number, "--sign", "new")

    signatures = [taken.header(b"X-Jinko-Signature") for taken in sh.target.requests]
    first, _, verbatim, fresh, broken, stale = signatures
    assert verbatim == first
    assert broken not in (first, fresh)
    assert stale not in (first, fresh, broken)
    times = [int(sh.target.requests[at].header(b"X-Jinko-Timestamp")[0]) for at in (3, 5)]
    assert times[0] - times[1] > JINKO_TOLERANCE_S
    assert (refused.code, refused.out) == (1, b"")
    assert "no known provider" in refused.err
    assert wrong.code == 2


async def test_export(hooktap: Hooktap, tmp_path: Path) -> None:
    """The command, run by a shell, sends the same bytes to where the last attempt went, or to --to."""
    async with shell(hooktap, tmp_path) as sh:
        number = str(await sh.post("a", HOSTILE, headers=headers(("X-A", "it's"))))
        command = (await sh("export", number)).text
        other = (await sh("export", number, "--to", "localhost:1/base/")).text
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", command], capture_output=True, check=False
        )

    if done.returncode == 127:
        elsewhere.missing("this needs curl, which is not installed")
    assert done.returncode == 0, done.stderr
    assert sh.target.requests[-1].body == HOSTILE
    assert sh.target.requests[-1].header(b"X-A") == [b"it's"]
    assert "--url http://localhost:1/base/" in other


async def test_an_endpoint_is_paused_and_resumed(hooktap: Hooktap, tmp_path: Path) -> None:
    """The list says what waits; a resume sends it, and both can be said as JSON."""
    async with shell(hooktap, tmp_path) as sh:
        await sh.post("shop")
        paused = await sh("endpoint", "pause", "shop")
        for _ in range(2):
            answered = await sender.send(
                sh.running.endpoint("shop"), Request("POST", b"/", Headers(), b"{}")
            )
            assert answered.status == 200
            assert (await sh.running.line())["type"] == "delivery"
        plain = await sh("endpoint", "list")
        shown = await sh("endpoint", "show", "shop")
        async with asyncio.timeout(20):  # a busy inspector counts anew only once it has rested
            while "received   3, " not in shown.text:
                shown = await sh("endpoint", "show", "shop")
        resumed = await sh("endpoint", "resume", "shop")
        assert [(await sh.running.line())["type"] for _ in range(2)] == ["attempt", "attempt"]
        [after] = await sh.json("endpoint", "resume", "shop")
        nobody = await sh("endpoint", "pause", "shp")

    assert paused.text == (
        "shop: forwarding is paused; `hooktap endpoint resume shop` sends what has come meanwhile\n"
    )
    assert plain.text.rstrip().endswith("(paused, 2 waiting)")
    assert re.search(r"^forwarding +paused since \S+ \S+, 2 waiting$", shown.text, re.MULTILINE)
    assert re.search(r"^health +up since ", shown.text, re.MULTILINE)
    assert re.search(r"^received +3, today 3 \(0 with a failed check, 0 ", shown.text, re.MULTILINE)
    assert resumed.text.startswith("shop: forwarding again")
    assert (after["paused_at_us"], after["backlog"]) == (None, 0)
    assert (nobody.code, nobody.err) == (4, "hooktap: there is no endpoint 'shp'\n")


async def test_endpoints(hooktap: Hooktap, tmp_path: Path) -> None:
    """Configured and created ones; of a secret only that there is one, and what it is for."""
    config = (
        '[endpoint.jinko]\nprovider = "jinko"\nsecret = { file = "secret" }\n'
        '[endpoint.jinko.require]\nquery = { token = { file = "secret" } }\nsource = "127.0.0.1"\n'
    )
    (tmp_path / "secret").write_text("cAnArY")
    async with shell(hooktap, tmp_path, config=config) as sh:
        await sh.post("demo")
        plain = await sh("endpoint", "list")
        found = await sh.json("endpoint", "list")
        [jinko] = await sh.json("endpoint", "show", "jinko")
        shown = await sh("endpoint", "show", "jinko")
        wrong = await sh("endpoint", "show", "jinco")

    assert [line.split()[0] for line in plain.text.splitlines()] == ["jinko", "demo"]
    assert [each["name"] for each in found] == ["jinko", "demo"]
    assert (jinko["provider"], jinko["secrets"], jinko["configured"]) == ("jinko", 1, True)
    assert f"{sh.running.ingress}/in/jinko" in shown.text
    assert jinko["requires"] == ["query token", "source address"]
    assert "requires   query token, source address\n" in shown.text
    assert plain.text.splitlines()[0].endswith("  (requires query token, source address)")
    assert "requires" not in plain.text.splitlines()[1]
    assert (wrong.code, wrong.err) == (
        4,
        "hooktap: there is no endpoint 'jinco' (did you mean 'jinko'?)\n",
    )
    assert b"cAnArY" not in plain.out + shown.out


async def test_wait_for_what_comes(hooktap: Hooktap, tmp_path: Path) -> None:
    """It ignores what was there, and what does not match."""
    async with shell(hooktap, tmp_path) as sh:
        await sh.post("a")
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(sh.json("wait", "endpoint:a", "--timeout", "30"))
            sent = {1}
            while not waiting.done():  # it may not be listening yet
                await sh.post("b")
                sent.add(await sh.post("a"))

    [found] = waiting.result()
    assert found["id"] in sent - {1}


async def test_wait_for_what_is_there(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--after makes a test free of races: the first match above that number; JSON in a pipe, a line on a terminal."""
    monkeypatch.setattr("inspector.client.waiting.PAGE", 1)
    async with shell(hooktap, tmp_path) as sh:
        numbers = [await sh.post("a") for _ in range(3)]
        found = await sh.json("wait", "--after", str(numbers[0]))
        piped = await sh("wait", "endpoint:a", "--after", "0", "--timeout", "1h")
        monkeypatch.setattr("inspector.cli.wait._on_terminal", lambda: True)
        text = (await sh("wait", "endpoint:a", "--after", "0", "--timeout", "2m")).text
        wrong = await sh("wait", "endpont:a")
        words = ("0", "-1", "nan", "inf", "x", "s", "", "1y", "0s", "99999w")
        never = [await sh("wait", "--timeout", word) for word in words]

    assert [each["id"] for each in found] == [numbers[1]]
    assert json.loads(piped.out)["id"] == numbers[0]
    assert text.split()[1] == f"#{numbers[0]}"
    assert wrong.code == 2
    assert [done.code for done in never] == [2] * len(words)


async def test_wait_says_what_came_instead(hooktap: Hooktap, tmp_path: Path) -> None:
    """The nearest first, and of the query only what they fail; what came before the wait is no part of it."""
    async with shell(hooktap, tmp_path) as sh:
        nothing = await sh("wait", "--timeout", "0.05s")
        one = await sh.post("b", b'{"ref":1}')
        two = await sh.post("a", b'{"ref":1}')
        query = ("-endpoint:b", "and", "(status:500 or method:PUT)", "json:ref=1")
        late = await sh("wait", *query, "--after", "0", "--timeout", "0.1")
        either = await sh("wait", "endpoint:c or endpoint:d", "--after", "0", "--timeout", "0.1")
        for _ in range(3):
            await sh.post("a")
        early = await sh("wait", "json:ref=1", "--timeout", "0.1s")
        many = await sh("wait", "endpoint:c", "--after", "0", "--timeout", "0.1s")

    assert (nothing.code, nothing.out) == (1, b"")
    assert nothing.err == "hooktap: no delivery matched within 0.05 s; nothing arrived\n"
    said = "without event, unknown, answered 200: fails"
    assert late.err.splitlines() == [
        "hooktap: no delivery matched within 0.1 s; 2 arrived:",
        f"  #{two} a {said} (status:500 or method:PUT)",
        f"  #{one} b {said} -endpoint:b (status:500 or method:PUT)",
    ]
    assert f"  #{one} b {said} endpoint:c or endpoint:d\n" in either.err
    assert early.err.splitlines() == [
        "hooktap: no delivery matched within 0.1 s; nothing arrived",
        f"  #{two} matches, but came before: --after {two - 1} counts it",
    ]
    assert "; 5 arrived, the nearest of them:\n" in many.err
    assert len(many.err.splitlines()) == 4
