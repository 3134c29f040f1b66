"""`hooktap prune`, `backup` and `doctor --repair`, with a running inspector and without one."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from aiohttp import ClientSession

from inspector.core.wire import JSON
from inspector.datadir import DataDir
from inspector.store import Store
from tests.cli.conftest import Hooktap
from tests.factories import delivery
from tests.process import ROOT, inspector

OLD_US = 1_000_000


def _fill(path: Path, count: int, **fields: object) -> None:
    async def fill() -> None:
        data_dir = DataDir(path)
        data_dir.prepare()
        async with Store.open(data_dir, on_commit=lambda _: None) as store:
            for _ in range(count):
                await store.append_delivery(delivery(**fields))

    asyncio.run(fill())


async def _post(url: str, body: bytes) -> None:
    async with ClientSession() as session, session.post(url, data=body) as answer:
        assert answer.status == 200


def _stored(path: Path) -> list[int]:
    with closing(sqlite3.connect(f"file:{path / 'hooktap.db'}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [number for (number,) in connection.execute("SELECT id FROM delivery ORDER BY id")]


def _told(hooktap: Hooktap, *args: str) -> JSON:
    done = hooktap(*args, "--json", "--data-dir", "d")
    assert (done.code, done.err) == (0, "")
    told: JSON = json.loads(done.out)
    return told


@pytest.mark.parametrize("age", ["", "30", "d", "0d", "-1d", "1y", "30 d", "99999999999d", "٣d"])
def test_odd_ages(hooktap: Hooktap, age: str) -> None:
    done = hooktap("prune", "--older-than", age, "--yes")
    assert done.code == 2
    assert "is not an age such as 30d" in done.err


def test_nothing_goes_by_accident(hooktap: Hooktap, tmp_path: Path) -> None:
    """Something has to be said, and somebody has to say yes."""
    _fill(tmp_path / "d", 2)
    assert "say what may go" in hooktap("prune", "--yes", "--data-dir", "d").err
    done = hooktap("prune", "--keep", "0", "--data-dir", "d")
    assert (done.code, "add --yes" in done.err) == (2, True)
    assert hooktap("prune", "nonsense:1", "--yes", "--data-dir", "d").code == 2
    for unset in ([""], [" "], ["", ""]):
        done = hooktap("prune", *unset, "--yes", "--data-dir", "d")
        assert (done.code, "the query is empty" in done.err) == (2, True)
    assert _stored(tmp_path / "d") == [1, 2]


def test_asking(hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(tmp_path / "d", 2)
    monkeypatch.setattr("inspector.cli.prune._may_ask", lambda: True)
    for answer, left in (("n\n", [1, 2]), ("", [1, 2]), ("y\n", [])):
        with (tmp_path / "answer").open("w+") as stdin:
            stdin.write(answer)
            stdin.seek(0)
            monkeypatch.setattr(sys, "stdin", stdin)
            done = hooktap("prune", "--keep", "0", "--data-dir", "d")
        assert "Delete 2 deliveries (" in done.err
        assert done.code == (0 if answer == "y\n" else 130)
        assert _stored(tmp_path / "d") == left


def test_without_an_inspector(hooktap: Hooktap, tmp_path: Path) -> None:
    """Age, count and query together; the file becomes smaller."""
    _fill(tmp_path / "d", 300, body=b"x" * 5000, received_at_us=OLD_US)
    _fill(tmp_path / "d", 5, endpoint="other", received_at_us=OLD_US)
    _fill(tmp_path / "d", 5, received_at_us=2**60)
    before = (tmp_path / "d" / "hooktap.db").stat().st_size

    args = ("endpoint:demo", "--older-than", "30d", "--keep", "10")
    would = _told(hooktap, "prune", *args, "--dry-run")
    assert (would["deliveries"], would["dry_run"], would["freed_bytes"]) == (295, True, 0)
    assert len(_stored(tmp_path / "d")) == 310
    done = _told(hooktap, "prune", *args, "--yes")

    assert (done["deliveries"], done["bytes"], done["stopped"]) == (295, would["bytes"], False)
    assert _stored(tmp_path / "d") == list(range(296, 311))
    after = (tmp_path / "d" / "hooktap.db").stat().st_size
    assert before - after == done["freed_bytes"] > 1_000_000
    assert _told(hooktap, "prune", *args, "--yes")["deliveries"] == 0


def test_an_empty_directory(hooktap: Hooktap, tmp_path: Path) -> None:
    """Perhaps a mistyped one: it stays as it is."""
    done = hooktap("prune", "--keep", "0", "--yes", "--data-dir", "mistyped")
    assert done.code == 1
    assert "there is no database at" in done.err
    assert not (tmp_path / "mistyped").exists()


def test_progress(hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal, in one line that is gone at the end."""
    monkeypatch.setattr("inspector.cli.progress.on_terminal", lambda: True)
    _fill(tmp_path / "d", 250)
    done = hooktap("prune", "--keep", "1", "--yes", "--data-dir", "d")

    assert "deleted 200 of 249" in done.err
    assert done.err.endswith("\r")
    assert done.text.startswith("deleted 249 deliveries (")
    assert "copied 100 %" in hooktap("backup", "copy.db", "--data-dir", "d").err


async def test_beside_an_inspector(hooktap: Hooktap, tmp_path: Path) -> None:
    """It goes on receiving, what it owes stays, a shown delivery that is gone is a 404, and a backup holds the rest."""
    config = "[endpoint.owed]\nforward_to = 9\nretry = { attempts = 9, first_s = 3600 }\n"
    async with inspector(tmp_path, config=config) as running:
        data_dir = str(running.data_dir.path)
        for number in range(6):
            await _post(running.endpoint("owed" if number == 2 else "demo"), b"%d" % number)
        owed = 0
        while not owed:  # its first attempt, which fails
            owed = (await running.line()).get("delivery_id", 0)

        async def run(*args: str) -> JSON:
            done = await asyncio.to_thread(hooktap, *args, "--json", "--data-dir", data_dir)
            assert (done.code, done.err) == (0, "")
            told: JSON = json.loads(done.out)
            return told

        done = await run("prune", "--keep", "1", "--yes")
        assert (done["deliveries"], done["owed"]) == (4, 1)
        await _post(running.endpoint("demo"), b"after")
        gone = await asyncio.to_thread(hooktap, "show", "1", "--data-dir", data_dir)
        assert (gone.code, gone.err) == (4, "hooktap: there is no delivery #1\n")
        copied = await run("backup", str(tmp_path / "copy.db"))

    assert copied["deliveries"] == 3
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert {body for (body,) in copy.execute("SELECT body FROM delivery")} == {
            b"2",
            b"5",
            b"after",
        }


async def test_ctrl_c_stops_it_between_slices(tmp_path: Path) -> None:
    """A person's process, over a terminal's worth of deliveries: what is gone is gone, the rest is whole."""
    await asyncio.to_thread(_fill, tmp_path / "d", 3000)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import inspector.cli.progress as p; p.on_terminal = lambda: True\n"
        "import inspector.cli.prune as c; c.REST_S = 0.2\n"
        "from inspector.cli import main; main()",
        *("prune", "--keep", "0", "--yes", "--json", "--data-dir", str(tmp_path / "d")),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(30):
        await process.stderr.readuntil(b"deleted ")
        process.send_signal(signal.SIGINT)
        told = json.loads(await process.stdout.read())
        await process.stderr.read()
        assert await process.wait() == 130

    assert told["stopped"] is True
    assert 0 < told["deliveries"] < 3000
    assert _stored(tmp_path / "d") == list(range(told["deliveries"] + 1, 3001))


def test_backup_refuses_to_replace(hooktap: Hooktap, tmp_path: Path) -> None:
    _fill(tmp_path / "d", 1)
    assert "1 delivery, " in hooktap("backup", "copy.db", "--data-dir", "d").text
    done = hooktap("backup", "copy.db", "--data-dir", "d")
    assert (done.code, "exists already" in done.err) == (1, True)
    assert _told(hooktap, "backup", "copy.db", "--force")["deliveries"] == 1
    os.mkfifo(tmp_path / "pipe")
    for odd in ("pipe", "."):
        done = hooktap("backup", odd, "--force", "--data-dir", "d")
        assert (done.code, "is not a file that could be replaced" in done.err) == (1, True)
    assert (tmp_path / "pipe").is_fifo()


def test_doctor_repairs(hooktap: Hooktap, tmp_path: Path) -> None:
    """Damage deep inside is found by looking, told with the command that helps, and helped by it."""
    (tmp_path / "hooktap.toml").write_text("[inspector]\nport = 0\napi_port = 0\n")
    _fill(tmp_path / "d", 300, body=b"x" * 3000)
    assert "nothing to repair" in hooktap("doctor", "--repair", "--data-dir", "d").text
    assert hooktap("doctor", "--data-dir", "d").code == 0
    database = tmp_path / "d" / "hooktap.db"
    with database.open("r+b") as file:
        file.seek(60 * 8192)
        file.write(b"\xff" * 8192)

    looked = hooktap("doctor", "--data-dir", "d")
    assert (looked.code, "`hooktap doctor --repair` keeps what can be read" in looked.text) == (
        1,
        True,
    )
    done = _told(hooktap, "doctor", "--repair")
    assert done["damaged"] is True
    assert 280 < done["recovered"]["delivery"] < 300
    assert hooktap("doctor", "--data-dir", "d").code == 0
    assert Path(done["moved_to"], "hooktap.db").stat().st_mode & 0o077 == 0


def test_a_damaged_database_where_it_is_opened(hooktap: Hooktap, tmp_path: Path) -> None:
    """The sentence names the command."""
    _fill(tmp_path / "d", 1)
    with (tmp_path / "d" / "hooktap.db").open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    done = hooktap("prune", "--keep", "0", "--yes", "--data-dir", "d")
    assert done.code == 1
    assert "is damaged" in done.err
    assert "`hooktap doctor --repair`" in done.err
