"""`hooktap doctor`: it finds what is wrong, changes nothing, and prints no secret."""

import asyncio
import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from inspector.cli.checks import State, _sqlite, promptness
from inspector.store.space import Disk
from tests.cli.conftest import Hooktap
from tests.fakes import refusing
from tests.process import inspector

FREE = "[inspector]\nport = 0\napi_port = 0\n"


def examine(hooktap: Hooktap, code: int, *args: str) -> dict[str, list[tuple[str, str]]]:
    done = hooktap("doctor", "--json", *args)
    found: dict[str, Any] = json.loads(done.out)
    assert (done.code, done.err) == (code, "")
    assert found["ok"] == (code == 0)
    checks: dict[str, list[tuple[str, str]]] = {}
    for check in found["checks"]:
        checks.setdefault(check["name"], []).append((check["state"], check["detail"]))
    return checks


def test_a_machine_where_all_is_well(hooktap: Hooktap, tmp_path: Path) -> None:
    """Nothing exists yet, and nothing is made by looking."""
    (tmp_path / "hooktap.toml").write_text(FREE)
    checks = examine(hooktap, 0, "--data-dir", "d")

    assert {"python", "aiohttp", "textual", "sqlite", "terminal", "http parser"} <= set(checks)
    assert checks["database"][0][0] == "note"
    assert checks["inspector"] == [("note", "none runs in this data directory")]
    assert not (tmp_path / "d").exists()


def test_it_prints_a_line_a_check(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text(FREE)
    lines = hooktap("doctor").text.splitlines()

    assert lines[0].startswith("✓ python ")
    assert {line[0] for line in lines} <= {"✓", "·"}


def test_a_typo(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text("[endpoint.a]\nsecert = 1")
    checks = examine(hooktap, 1)

    [(state, detail)] = checks["configuration"]
    assert state == "failed"
    assert "did you mean 'secret'?" in detail


def test_secrets_are_counted_and_missed(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOD", "cAnArY")
    (tmp_path / "hooktap.toml").write_text(
        f'{FREE}[endpoint.a]\nsecret = [{{ env = "GOOD" }}, {{ env = "BAD" }}]\n'
    )
    done = hooktap("doctor")

    assert done.code == 1
    assert "✗ configuration    endpoint 'a': environment variable BAD is not set" in done.text
    assert "✓ endpoint a       1 secret\n" in done.text
    assert "cAnArY" not in done.text + done.err


def test_a_port_that_is_taken(hooktap: Hooktap, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (tmp_path / "hooktap.toml").write_text(f"[inspector]\nport = {port}\napi_port = 0\n")
        checks = examine(hooktap, 1)

    [(state, detail)] = checks[f"port {port}"]
    assert state == "failed"
    assert "--port" in detail


def test_a_target_that_is_down(hooktap: Hooktap, tmp_path: Path) -> None:
    with refusing() as target, socket.create_server(("127.0.0.1", 0)) as up:
        port = up.getsockname()[1]
        (tmp_path / "hooktap.toml").write_text(
            f'{FREE}forward_to = "{target.url}"\n[endpoint.a]\nforward_to = "{port}"\n[endpoint.b]'
        )
        checks = examine(hooktap, 1)

    found = dict(checks["target"])
    assert f"http://127.0.0.1:{port}" in found["ok"]
    assert target.url in found["failed"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_directory_that_others_can_read(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text(FREE)
    data = tmp_path / "d"
    data.mkdir(mode=0o700)
    (data / "hooktap.db").touch(mode=0o600)
    assert examine(hooktap, 0, "--data-dir", "d")["data directory"][0][0] == "ok"

    (data / "hooktap.db").chmod(0o640)
    [(state, detail)] = examine(hooktap, 1, "--data-dir", "d")["data directory"]
    assert state == "failed"
    assert str(data / "hooktap.db") in detail


def test_a_database_that_is_none(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text(FREE)
    data = tmp_path / "d"
    data.mkdir(mode=0o700)
    (data / "hooktap.db").touch(mode=0o600)
    (data / "hooktap.db").write_bytes(b"not a database at all" * 1000)
    [(state, detail)] = examine(hooktap, 1, "--data-dir", "d")["database"]

    assert state == "failed"
    assert str(data / "hooktap.db") in detail


def test_a_disk_that_fills_up(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worth knowing before the floor, wrong below it; both say what helps."""
    (tmp_path / "hooktap.toml").write_text(FREE)
    for free, code, state in ((2**40, 0, "ok"), (2**29, 0, "note"), (2**20, 1, "failed")):
        disk = Disk(2**41, free)
        monkeypatch.setattr(Disk, "of", lambda _, disk=disk: disk)
        [(found, detail)] = examine(hooktap, code, "--data-dir", "d/not/yet")["disk"]
        assert found == state
        assert f"{free >> 20} MiB are free" in detail
        assert ("hooktap prune" in detail) == (state != "ok")


def test_a_log_that_grows(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "hooktap.toml").write_text(FREE)
    data = tmp_path / "d"
    data.mkdir(mode=0o700)
    assert examine(hooktap, 0, "--data-dir", "d")["write-ahead log"][0][0] == "ok"
    (data / "hooktap.db-wal").touch(mode=0o600)
    os.truncate(data / "hooktap.db-wal", 2**28)
    [(state, detail)] = examine(hooktap, 0, "--data-dir", "d")["write-ahead log"]
    assert (state, "256 MiB" in detail) == ("note", True)


def test_a_proxy_is_named_and_not_shown(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its URL may hold a password."""
    (tmp_path / "hooktap.toml").write_text(FREE)
    monkeypatch.setenv("HTTP_PROXY", "http://user:cAnArY@proxy")
    checks = examine(hooktap, 0)

    assert checks["http_proxy"][0][0] == "note"
    assert "cAnArY" not in str(checks)


def test_an_inspector_that_kept_senders_waiting() -> None:
    """Worth knowing, and no failure of anything: it may just have been a busy moment."""
    assert promptness(250).state is State.OK
    late = promptness(251)
    assert late.state is State.NOTE
    assert late.detail.startswith(
        "held for 251 ms at worst in the last minute: senders had to wait"
    )


async def test_a_running_inspector(hooktap: Hooktap, tmp_path: Path) -> None:
    """Its own ports are not reported as taken, and its database can be read beside it."""
    async with inspector(tmp_path, config="") as running:
        data_dir = str(running.data_dir.path)
        checks = await asyncio.to_thread(examine, hooktap, 0, "--data-dir", data_dir)

    assert checks["inspector"] == [("ok", f"process {running.pid} at {running.ingress}")]
    ((_, lag),) = checks["event loop"]
    assert re.fullmatch(r"held for \d+ ms at worst in the last minute.*", lag)
    assert checks["database"][0][0] == "ok"
    assert checks["data directory"][0][0] == "ok"
    assert not any(name.startswith("port ") for name in checks)


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("3.40.1", State.NOTE),
        ("3.44.5", State.NOTE),
        ("3.44.6", State.OK),
        ("3.45.1", State.NOTE),
        ("3.50.7", State.OK),
        ("3.51.2", State.NOTE),
        ("3.51.3", State.OK),
        ("3.52.0", State.OK),
        ("4.0.0", State.OK),
    ],
)
def test_the_wal_reset_bug(version: str, state: State) -> None:
    """Fixed in 3.51.3, and in two older branches."""
    assert _sqlite(version).state is state
