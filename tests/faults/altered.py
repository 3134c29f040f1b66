"""Hooktap as only tests want it: `python -m tests.faults.altered [SETTING=NUMBER ...] -- listen ...`.

Any process of this user may trace it, and SQLite has other settings than ours: a promise that no setting can break is
one that no test has shown.
"""

import ctypes
import sys

from inspector.cli import main
from inspector.store import database

PR_SET_PTRACER = 0x59616D61
ANYBODY = ctypes.c_ulong(-1)


def run() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY)  # fails where everybody may anyway
    own = sys.argv.index("--")
    changed = (setting.split("=") for setting in sys.argv[1:own])
    database.WRITER = {**database.WRITER, **{name: int(value) for name, value in changed}}
    del sys.argv[1 : own + 1]
    main()


if __name__ == "__main__":
    run()
