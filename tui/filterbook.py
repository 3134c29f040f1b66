"""Filters that were used, and filters that have a name: a file of the data directory that only this user can read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspector.core.query import MAX_CHARACTERS
from tui.private import write_private

FILE = "filters.json"
HISTORY_MAX = 100
SAVED_MAX = 100
NAME_MAX = 60
FILE_MAX_BYTES = 1_000_000
"""What is longer is not ours."""


class FilterBook:
    """Read anew each time: another terminal may have written to it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE

    @property
    def history(self) -> Sequence[str]:
        """Return the queries that were used, the newest last."""
        return self._read()[0]

    @property
    def saved(self) -> Mapping[str, str]:
        """Return the queries that have a name, by that, in the order in which they were saved."""
        return self._read()[1]

    def use(self, query: str) -> None:
        """Remember a query as the newest. Raises HooktapError."""
        history, saved = self._read()
        if query:
            self._write([*(each for each in history if each != query), query], saved)

    def save(self, name: str, query: str) -> None:
        """Give a query a name, in place of one that had it. Raises HooktapError."""
        history, saved = self._read()
        saved.pop(name, None)
        self._write(history, {**saved, name[:NAME_MAX]: query})

    def forget(self, name: str) -> None:
        """Take a name away. Raises HooktapError."""
        history, saved = self._read()
        saved.pop(name, None)
        self._write(history, saved)

    def _read(self) -> tuple[list[str], dict[str, str]]:
        """Return what is there, as far as it can be read: nothing in it is worth an error."""
        try:
            if self._path.stat().st_size > FILE_MAX_BYTES:
                return [], {}
            data: Any = json.loads(self._path.read_text("utf-8"))
            history = [each for each in data["history"] if _is_query(each)]
            saved = {name: each for name, each in data["saved"].items() if name and _is_query(each)}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return [], {}
        return history, saved

    def _write(self, history: Sequence[str], saved: Mapping[str, str]) -> None:
        kept = dict(list(saved.items())[-SAVED_MAX:])
        data = {"history": list(history[-HISTORY_MAX:]), "saved": kept}
        write_private(self._path, json.dumps(data, indent=1))


def _is_query(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_CHARACTERS
