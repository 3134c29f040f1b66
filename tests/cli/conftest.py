"""The command line, run as `hooktap` runs it, in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from inspector.cli import run


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


Hooktap = Callable[..., Done]


@pytest.fixture
def hooktap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> Hooktap:
    """Run a command line; nobody's own configuration and data take part."""
    for name in ("HOOKTAP_CONFIG", "HOOKTAP_DATA_DIR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)

    def hooktap(*args: str) -> Done:
        capsysbinary.readouterr()
        code = run(args)
        out, err = capsysbinary.readouterr()
        return Done(code, out, err.decode())

    return hooktap
