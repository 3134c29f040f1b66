"""Runs a check on a broken copy of the product: `python -m tests.core.mutations.runner`, a process of its own.

It reads one line of JSON for each bug, `{"file", "changes": [[old, new], ...], "by": check}`, forks, and writes one
line: what became of the check. The child breaks the source on its way into Python; on disk nothing changes. What is not
the product's own is imported before, so that a bug takes a fraction of a second.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tests.core.mutations.bugs import ROOT

MODULES = ("schemes", "coded", "timing")
AHEAD = (
    "tests.authority",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.x509",
    "jwt.algorithms",
    "xml.parsers.expat",
    "tomllib",
    "difflib",
    "unittest.mock",
)

Check = Callable[[], None]


def checks() -> dict[str, Check]:
    """Return every check by its name, from the source as it is now."""
    modules = [importlib.import_module(f"tests.core.mutations.{name}") for name in MODULES]
    return {check.__name__: check for module in modules for check in module.CHECKS}


class Breaker(importlib.abc.MetaPathFinder):
    """Gives out one module of the product in another text."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin != str(self._path):
            return None
        spec.loader = _Loader(fullname, str(self._path), self._text)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: str) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:  # not that of the file, nor of its cache
        return compile(self._text, self.path, "exec")


def tried(bug: dict[str, Any]) -> str:
    """Break this process' copy; return what becomes of the check: `passed`, `failed`, or why there is none to try."""
    path = ROOT / bug["file"]
    text = path.read_text("utf-8")
    for old, new in bug["changes"]:
        text = text.replace(old, new)
    sys.meta_path.insert(0, Breaker(path, text))
    try:
        check = checks()[bug["by"]]
    except Exception as error:  # noqa: BLE001 - whatever a bug does is what is asked for
        return repr(error)
    try:
        check()
    except Exception:  # noqa: BLE001 - likewise
        return "failed"
    return "passed"


def main() -> None:
    """Serve bugs until the input ends."""
    for name in AHEAD:
        importlib.import_module(name)
    sys.modules["tests.authority"].rsa_key()
    sys.modules["tests.authority"].rsa_key(1)
    assert "inspector" not in sys.modules, "the product would be whole in every child"
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os.write(1, tried(json.loads(line)).encode() + b"\n")
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
