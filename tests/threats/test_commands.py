"""T15: every command of the command line on an inspector full of hostile deliveries, on a terminal and on a pipe.

What `listen` prints is in tests/test_bad_input.py, what `hooktap` alone draws in test_screens.py.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

import click
import pytest
import pytest_asyncio

from inspector.cli import hooktap as commands
from inspector.cli import run
from tests import hostile, process, pseudoterminal
from tests.hostile import DELIVERIES, MARKUP, Rig
from tests.wire import assert_harmless

ALL_OF_THEM = """
import json, sys
from inspector.cli import run
for line in json.loads(sys.argv[1]):
    assert run(line) in {0, 1, 2, 3, 4}, line
"""
OURS = re.compile(r"\x1b\[[0-9;]*m|\r\n|\r *\r")
"""Colours, ends of lines, and how a line of progress is taken away."""
TYPED = f"{MARKUP}\x1b[2J\x9b2J\u202e\u200b"
"""What a person may have copied from a delivery: a complaint about it quotes it."""
SAID: Mapping[str, Sequence[tuple[str, ...]]] = {
    "list": [("list", "--limit", "99"), ("list", TYPED), ("list", f"event:{TYPED}")],
    "search": [("search", 'body:"app.quit"')],
    "show": [*(("show", name) for name in DELIVERIES), ("show", TYPED)],
    "body": [("body", "in keys and values"), ("body", "in all of the path")],
    "wait": [
        ("wait", "--after", "0", "endpoint:github"),
        ("wait", "--timeout", "0.1", TYPED),
        ("wait", "--timeout", "0.1", f"endpoint:{TYPED}"),
    ],
    "reverify": [("reverify",), ("reverify", "endpoint:github")],
    "confirm": [("confirm", "in a challenge")],
    "replay": [
        ("replay", "in all of the path", "in an event and its ids"),
        ("replay", "event:*", "--yes"),
        ("replay", "in keys and values", "--set", f"{TYPED}=1"),
    ],
    "diff": [
        ("diff", "in an event of JSON", "in keys and values"),
        ("diff", "in a signature", "in elements"),
        ("diff", "--answers", "in all of the path", "in method, path, query and headers"),
    ],
    "mark": [("mark", "in a form", "--note", TYPED)],
    "export": [
        *(("export", "*", "--as", form) for form in ("curl", "httpie", "har", "python", "fetch")),
        ("export", "*", "--as", "bundle", "-o", f"{MARKUP}/"),
    ],
    "import": [("import", "FILE", "--endpoint", "again"), ("import", TYPED)],
    "send": [("send", "jinko"), ("send", TYPED), ("send", "jinko", TYPED)],
    "lab": [
        ("lab", "jinko", "--to", "TARGET"),
        ("lab", "endpoint:github", "--to", "TARGET"),
        ("lab", TYPED, "--to", "TARGET"),
        ("lab", "jinko", "--to", TYPED),
        ("lab", "jinko", "--to", "TARGET", "--event", TYPED),
    ],
    "verify": [
        *(("verify", name) for name in DELIVERIES),
        ("verify", "in a signature", "-p", "jinko"),
        ("verify", "FILE", "-p", "jinko", "-H", f"X-A: {TYPED}"),
    ],
    "provider list": [("provider", "list")],
    "provider show": [("provider", "show", "jinko"), ("provider", "show", TYPED)],
    "provider check": [("provider", "check", "FILE")],
    "provider new": [("provider", "new", TYPED)],
    "endpoint list": [("endpoint", "list")],
    "endpoint show": [("endpoint", "show", "demo"), ("endpoint", "show", TYPED)],
    "endpoint pause": [("endpoint", "pause", "demo"), ("endpoint", "pause", TYPED)],
    "endpoint resume": [("endpoint", "resume", "demo"), ("endpoint", "resume", TYPED)],
    "prune": [("prune", "event:*", "--dry-run", "--older-than", "0s"), ("prune", TYPED)],
    "backup": [("backup", "FOLDER/[bold]\u202ecopy.db"), ("backup", f"FOLDER/none/{TYPED}")],
    "doctor": [("doctor",), ("doctor", "--config", TYPED)],
    "completion": [("completion", "bash"), ("completion", TYPED)],
}
"""By command, with names of deliveries in place of their numbers."""
ELSEWHERE = {
    "terminal": "tests/threats/test_screens.py",
    "web": "tests/threats/test_web_door.py",
    "listen": "tests/test_bad_input.py",
    "simulate": "tests/threats/test_simulated.py",
    **{
        f"register wink {name}": "tests/cli/test_register.py"
        for name in ("create", "delete", "events", "list", "pause", "resume", "show")
    },
}
EVIDENCE = {"body"}
"""Written to a pipe byte for byte, and to a terminal only if it is harmless."""


def names(group: click.Group, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from names(command, f"{before}{name} ")
        else:
            yield before + name


def test_no_command_is_left_out() -> None:
    assert isinstance(commands, click.Group)
    assert set(names(commands)) == set(SAID) | set(ELSEWHERE)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with hostile.inspector(tmp_path_factory.mktemp("commands"), DELIVERIES) as rig:
        yield rig


def spelt(rig: Rig, words: Sequence[str]) -> list[str]:
    """Put numbers for names, and a file that a sender wrote for FILE."""
    folder = rig.running.data_dir.path.parent
    file = folder / "file"
    file.write_bytes(hostile.WIRE)
    known = {name: str(number) for name, number in rig.numbers.items()} | {"FILE": str(file)}
    known["TARGET"] = rig.target.url
    return [known.get(word, word).replace("FOLDER", str(folder)) for word in words]


def has_json(name: str) -> bool:
    command: click.Command = commands
    for word in name.split():
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word) or command
    return any("--json" in each.opts for each in command.params)


def calls(name: str) -> list[tuple[str, ...]]:
    """Return the command lines of a command, and the first of them with --json."""
    return [*SAID[name], *((*line, "--json") for line in SAID[name] if has_json(name))]


@pytest.mark.asyncio(loop_scope="module")
async def test_on_a_pipe(rig: Rig, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """For a program: no byte that steers a terminal, and --json is JSON of ASCII."""
    for name in SAID:
        for line in calls(name):
            words = [*spelt(rig, line), "--data-dir", str(rig.running.data_dir.path)]
            capsysbinary.readouterr()
            code = await asyncio.to_thread(run, words)
            out, err = capsysbinary.readouterr()
            assert code in {0, 1, 2, 3, 4}, line
            assert_harmless(err.decode())
            if name not in EVIDENCE:
                assert_harmless(out.decode())
            if line[-1] == "--json":
                assert out.isascii(), line
                assert code or all(map(json.loads, out.splitlines())), line


@pytest.mark.asyncio(loop_scope="module")
async def test_on_a_terminal(rig: Rig) -> None:
    """For a person: colours besides, and nothing else."""
    folder = rig.running.data_dir.path.parent
    lines = [spelt(rig, line) for name in SAID for line in calls(name)]
    async with pseudoterminal.running(
        *("-c", ALL_OF_THEM, json.dumps(lines)),
        folder=folder,
        environ=process.environ_of(folder)
        | {"TERM": "xterm-256color", "HOOKTAP_DATA_DIR": str(rig.running.data_dir.path)},
    ) as terminal:
        assert await terminal.ended() == 0
        said = (await terminal.all_written()).decode()
    assert "Traceback" not in said, said[-5000:]
    assert said.count("\x1b[") > len(lines), "it printed colours, as on any terminal"
    assert_harmless(OURS.sub("", said))
