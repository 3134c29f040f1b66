"""An inspector in a process of its own, which ends with the one that started it, however that goes."""

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.testing.settings import FILE_NAME

START_S = 60.0
STOP_S = 10.0
_LOG_NAME = "inspector.log"


@dataclass(frozen=True, slots=True)
class Process:
    """A running inspector, all of whose files are in one folder."""

    folder: Path
    ingress: str
    api: str
    data_dir: DataDir
    _popen: subprocess.Popen[bytes]

    @property
    def ports(self) -> tuple[int, int]:
        """The public and the private one."""
        return urlsplit(self.ingress).port or 0, urlsplit(self.api).port or 0

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.close()
        try:
            self._popen.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        finally:
            self._popen.stdout.close()


def start(folder: Path, ports: tuple[int, int] = (0, 0)) -> Process:
    """Run an inspector as the `hooktap.toml` in `folder` says, and return once it listens.

    Raises HooktapError with what it said when it does not come so far.
    """
    with (folder / _LOG_NAME).open("ab") as log:
        popen = subprocess.Popen(  # noqa: S603 - ourselves
            [
                *(sys.executable, "-m", "inspector", "listen", "--json", "--quiet"),
                "--until-stdin-closes",  # which it does even when pytest is killed
                *("--port", str(ports[0]), "--api-port", str(ports[1])),
                *("--config", str(folder / FILE_NAME), "--data-dir", str(folder / "data")),
            ],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # ctrl-c is pytest's, whose teardown may still ask us something
        )
    assert popen.stdout is not None
    overdue = threading.Timer(START_S, popen.kill)
    overdue.start()
    try:
        line = popen.stdout.readline()
    except BaseException:  # ctrl-c
        popen.kill()
        popen.communicate()
        raise
    finally:
        overdue.cancel()
    if not line:
        popen.communicate()
        said = (folder / _LOG_NAME).read_text("utf-8", "replace").strip()
        raise HooktapError(f"the inspector did not start: {said.removeprefix('hooktap: ')}")
    ready = json.loads(line)
    data_dir = DataDir(Path(ready["data_dir"]))
    return Process(folder, ready["ingress"], ready["api"], data_dir, popen)
