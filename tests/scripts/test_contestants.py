"""Those that are measured do what they are measured at, and leave nothing running."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from pathlib import Path

import pytest

from scripts.benches import contestants
from scripts.benches.api import Api, RefusedError, looking_at
from scripts.benches.contestants import Contestant, alone
from scripts.benches.deliveries import BODY, SECRET, booking, signed_headers, wire
from scripts.benches.pace import PaceError, pace
from scripts.benches.processes import (
    cpu_s,
    memory_mb,
    peak_mb,
    reset_peak,
    running,
    stopped,
)

WAITING = "import signal; print('here', flush=True); signal.pause()"

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")


def test_a_program_is_ended_whatever_happens() -> None:
    with suppress(ZeroDivisionError), running(sys.executable, "-c", WAITING) as process:
        raise ZeroDivisionError

    assert process.said == "here\n"
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_program_that_says_nothing_ends_the_bench() -> None:
    with pytest.raises(SystemExit, match="before it was ready"), running(sys.executable, "-c", ""):
        pass


@linux_only
def test_a_stopped_program_goes_on_afterwards() -> None:
    with running(sys.executable, "-c", WAITING) as process:
        with suppress(ZeroDivisionError), stopped([process.pid]):
            found = os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            raise ZeroDivisionError

        assert found is not None
        assert found.si_status == signal.SIGSTOP
        assert os.waitid(os.P_PID, process.pid, os.WCONTINUED) is not None


@linux_only
def test_only_the_peers_on_nobodys_side_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The target works for whoever is on turn."""
    told: list[tuple[int, signal.Signals]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: told.append((pid, number)))
    ours, peer, target = (
        Contestant("ours", "", 1),
        Contestant("peer", "", 2),
        Contestant("target", "", 3, is_target=True),
    )

    with alone(ours, [ours, peer, target]):
        assert told == [(2, signal.SIGSTOP)]

    assert told == [(2, signal.SIGSTOP), (2, signal.SIGCONT)]


@linux_only
def test_memory_and_time_are_those_of_the_process() -> None:
    growing = (
        "x = b'x' * 50_000_000; del x; import signal; print('here', flush=True); signal.pause()"
    )
    with running(sys.executable, "-c", growing) as process:
        peak = peak_mb(process.pid)
        reset_peak(process.pid)

        assert peak > 50 + memory_mb(process.pid) / 2
        assert peak_mb(process.pid) < 50
        assert cpu_s(process.pid) >= 0


# The delivery


@pytest.mark.parametrize("size", [200, 2041, 1_000_000])
def test_a_body_has_its_size(size: int) -> None:
    assert len(booking(size)) == size


def test_the_wire_has_every_signed_header_and_the_body() -> None:
    head, _, body = wire("http://127.0.0.1:8400/in/jinko").partition(b"\r\n\r\n")

    assert body == BODY
    assert head.startswith(b"POST /in/jinko HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n")
    assert {line.split(b":")[0].decode() for line in head.split(b"\r\n")[1:]} == {
        "Host",
        "Content-Length",
        *signed_headers(),
    }
    assert SECRET.encode() not in head


# Those who take it


@pytest.mark.parametrize("kind", ["bare", "bare-uvloop", "bare-low-level", "target"])
def test_every_server_answers(kind: str) -> None:
    with contestants.server(kind, kind) as found:
        assert sent(found) == 3
        assert found.is_target == (kind == "target")


@linux_only
def test_hooktap_verifies_and_stores_what_it_is_measured_with(tmp_path: Path) -> None:
    """And forwards it; and one that is not verified would end the bench."""
    data_dir = tmp_path / "data"
    with (
        contestants.server("target", "target") as target,
        contestants.hooktap("hooktap", data_dir, target=target.url) as hooktap,
    ):
        assert sent(hooktap) == 3
        with pytest.raises(PaceError, match="401"):
            sent(hooktap, 1, lambda request: request.replace(b"JNK-TEST00", b"JNK-TEST99"))

    with looking_at(data_dir) as api:
        page = api.page()["deliveries"]
        found = api.search("outcome:verified")

    assert [each["verification"]["outcome"] for each in page] == ["mismatch", *["verified"] * 3]
    assert [attempt["status"] for each in page[1:] for attempt in each["attempts"]] == [
        200,
        200,
        200,
    ]
    assert found.numbers == [each["id"] for each in page[1:]]
    assert found.calls >= 1


@linux_only
def test_a_query_that_is_refused_says_why(tmp_path: Path) -> None:
    with looking_at(tmp_path / "data") as api:
        with pytest.raises(RefusedError, match="colour"):
            api.search("colour:red")

        assert api.search("").numbers == []
        assert indexed(api)


def indexed(api: Api) -> bool:
    """Whether there is an end to waiting for the text index."""
    took_s = api.wait_indexed()
    return took_s is None or took_s >= 0


def sent(contestant: Contestant, count: int = 3, change: Callable[[bytes], bytes] = bytes) -> int:
    """Send deliveries, each on a connection of its own, and return how many were answered 2xx."""
    request = change(wire(contestant.url))
    paced = pace(contestant.url, repeat(request), per_s=100, seconds=count / 100, connections=count)
    return len(paced.waits_ms)
