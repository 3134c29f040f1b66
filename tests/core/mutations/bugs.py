"""The bugs of `bugs.toml`."""

import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[3]


class Bug(NamedTuple):
    """One change of the source that the checks have to notice."""

    name: str
    by: str
    """The check."""
    file: str
    changes: tuple[tuple[str, str], ...]
    """Old texts, each of which stands in the file once, with those that take their place."""

    @property
    def source(self) -> str:
        """The file's text, without the bug."""
        return (ROOT / self.file).read_text("utf-8")


def load() -> list[Bug]:
    """Read them all."""
    tables = tomllib.loads(Path(__file__).with_name("bugs.toml").read_text("utf-8"))["bug"]
    return [
        Bug(
            table["name"],
            table["by"],
            f"inspector/core/{table['in']}.py",
            ((table["old"], table["new"]), *map(tuple, table.get("also", ()))),
        )
        for table in tables
    ]
