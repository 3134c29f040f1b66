"""The fixture `hooktap` in runs of pytest of their own: README's example, xdist, and that nothing is left behind."""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inspector.datadir import DataDir
from tests.process import ROOT, demo_app, environ_of
from tests.test_readme import block

pytest_plugins = ["pytester"]

WAIT_S = 100
ALONE = ("-p", "no:cacheprovider", "-p", "no:randomly", "-q")


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of tests; of the plugins that are installed none takes part but ours, and xdist where it is named."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOOKTAP_CONFIG", "/nowhere/hooktap.toml")  # takes no part either
    pytester.makeconftest('pytest_plugins = ["inspector.pytest_plugin"]')
    pytester.makeini("[pytest]\nfilterwarnings = error")
    return pytester.path


def left(folder: Path) -> list[Path]:
    """Return what the fixture left in pytest's temporary directory."""
    assert (folder / "tmp").is_dir()
    return list((folder / "tmp").rglob("hooktap*"))


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess(*ALONE, "--basetemp=tmp", *args, timeout=WAIT_S)


def test_the_example_of_the_readme(pytester: pytest.Pytester, folder: Path) -> None:
    """With the demo app as the app, and the delivery that is kept in this repository."""
    example = block("python", "import threading\n")
    [kept] = re.findall(r'send_file\("(.*?)"\)', example)
    (folder / kept).parent.mkdir(parents=True)
    shutil.copy(ROOT / kept, folder / kept)
    pytester.makepyfile(example)

    result = run(pytester)

    result.assert_outcomes(passed=example.count("def test_"))
    assert left(folder) == []


def test_the_script_of_the_readme(folder: Path) -> None:
    """On free ports and with data of its own: it ends with 0 once the app has the delivery, and leaves none running."""
    script = block("sh", "hooktap listen")
    with demo_app(None) as url:
        ours = f"--forward-to {url.rpartition(':')[2]} --port 0 --api-port 0"
        (folder / "hooktap").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m inspector "$@"\n')
        (folder / "hooktap").chmod(0o755)
        environ = environ_of(folder) | {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "HOOKTAP_DATA_DIR": str(folder / "data"),
        }
        done = subprocess.run(
            [
                "sh",
                "-c",
                script.replace("--forward-to 3000", ours).replace("kill $!\n", "kill $!; wait\n"),
            ],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    found = json.loads((folder / "delivery.json").read_bytes())
    assert (found["event"], found["attempts"][0]["status"]) == ("booking.completed", 200)
    assert not (folder / "ready.json").exists()


def test_a_failure_tells_the_verdict_and_its_cause(pytester: pytest.Pytester, folder: Path) -> None:
    """And nothing of how it was asked for: the traceback ends in the test. A fault of one is none of the next."""
    pytester.makepyfile(
        """
        def test_one(hooktap):
            hooktap.configure("jinko", secret="whsec")
            hooktap.send("jinko", sign="stale")
            hooktap.assert_verified()

        def test_two(hooktap):
            hooktap.send("jinko")
            hooktap.wait_for("event:other", timeout=0.05)

        def test_three(hooktap):
            hooktap.configure("jinko", secert="whsec")
            hooktap.send("jinko")

        def test_four(hooktap):
            assert hooktap.deliveries() == []
        """
    )

    result = run(pytester)

    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(
        [
            "E * signature is right, but it was signed 1 h 5 min ago; *",
            "E * because: This was signed 1 h 5 min ago: *",
            "E * no delivery matched 'event:other' within 0.05 s; 1 arrived:",
            "E * #1 jinko booking.completed, verified, not forwarded: fails event:other",
            "E * did not start: *unknown key 'secert' (did you mean 'secret'?)",
        ]
    )
    assert not re.search(r"(?m)^\S*(view|bench)\.py:\d+: AssertionError", result.stdout.str())
    assert left(folder) == []


def test_under_xdist(pytester: pytest.Pytester, folder: Path) -> None:
    """Each worker has an inspector of its own, and no test sees another's deliveries."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_alone(hooktap, number, worker_id):
            hooktap.configure("jinko", provider="jinko", secret=f"of {worker_id}")
            assert hooktap.deliveries() == []
            hooktap.send("jinko", set={"booking_ref": f"JNK-{number}"})
            hooktap.assert_verified()
            assert [each.json()["booking_ref"] for each in hooktap.deliveries()] == [f"JNK-{number}"]
        """
    )

    result = run(pytester, "-p", "xdist", "-n", "2")

    result.assert_outcomes(passed=6)
    assert left(folder) == []


WAITING = """
    import time

    def test_waits(hooktap):
        hooktap.configure("jinko", secret="whsec")
        print("at", hooktap.url("jinko"), flush=True)
        hooktap.wait_for(timeout=600)
"""


def _heed_interrupts() -> None:
    """In a child: whoever was started in the background ignores them, and so would the child."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for another's child")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_inspector_outlives_pytest(
    pytester: pytest.Pytester, folder: Path, number: signal.Signals
) -> None:
    """However that ends. After ctrl-c nothing is left; after a kill, a folder that pytest clears away some day."""
    pytester.makepyfile(WAITING)
    command = [sys.executable, "-m", "pytest", *ALONE, "-s", "--basetemp=tmp"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, text=True, preexec_fn=_heed_interrupts
    ) as process:
        assert process.stdout is not None
        try:
            assert any(line.startswith("at http") for line in process.stdout)
            [data] = (folder / "tmp").glob("hooktap*/data")
            with ending(DataDir(data).read_addresses().pid) as inspector:
                process.send_signal(number)
                assert select.select([inspector], [], [], WAIT_S)[0]
            process.communicate(timeout=WAIT_S)
        finally:
            process.kill()

    if number is signal.SIGINT:
        assert process.returncode == pytest.ExitCode.INTERRUPTED
        assert left(folder) == []


@contextmanager
def ending(pid: int) -> Iterator[int]:
    """Yield a descriptor that can be read once the process has ended."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def test_it_costs_nothing_until_it_is_used() -> None:
    """Every run of pytest imports it: that brings in nothing that pytest has not."""
    program = """
import sys, pytest
had = set(sys.modules)
import inspector.pytest_plugin
print(*(set(sys.modules) - had))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert set(done.stdout.split()) == {"inspector", "inspector.pytest_plugin"}


def test_pytest_finds_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {"hooktap": "inspector.pytest_plugin"}
