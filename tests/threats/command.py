"""The command line in processes of its own, against a running inspector."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from inspector.datadir import DataDir
from tests.process import ROOT

COMMAND_S = 60
"""Only so that a test that has gone wrong ends."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        """All of it; it is UTF-8, or the test is over."""
        return (self.out + self.err).decode()


async def hooktap(data_dir: DataDir, *args: str, environ: Mapping[str, str] | None = None) -> Done:
    """Run `hooktap ARGS` on a data directory, with nobody's own configuration."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOOKTAP_")}
    private = {
        "PYTHONPATH": str(ROOT),
        "HOOKTAP_DATA_DIR": str(data_dir.path),
        "XDG_CONFIG_HOME": str(data_dir.path.parent / "config"),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "inspector",
        *args,
        cwd=data_dir.path.parent,
        env=ours | private | dict(environ or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(COMMAND_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    return Done(process.returncode, out, err)
