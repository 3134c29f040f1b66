"""The providers Hooktap knows: one TOML file each beside this module, and those a person adds.

`inspector.core.provider_table` explains the keys.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.errors import ConfigError

_SUFFIX = ".toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

Tables = Mapping[str, Mapping[str, Any]]


def load(extra_dir: Path | None = None) -> Mapping[str, Provider]:
    """Return every provider by name, the files in `extra_dir` included; one named like ours takes its place.

    A directory that is not there holds none. Raises ConfigError for a file that cannot be used.
    """
    if extra_dir is None:
        return _built_in()
    ours = _tables()
    theirs = {path.stem: _read(path) for path in sorted(extra_dir.glob(f"*{_SUFFIX}"))}
    added = {}
    for name, table in theirs.items():
        # Without itself: a file named like one of ours may then extend ours.
        others = {key: value for key, value in theirs.items() if key != name}
        file = str(extra_dir / f"{name}{_SUFFIX}")
        added[name] = parse(name, table, {**ours, **others}, file=file)
    return MappingProxyType({**_built_in(), **added})


@functools.cache
def _built_in() -> Mapping[str, Provider]:
    tables = _tables()
    return MappingProxyType({name: parse(name, tables[name], tables) for name in sorted(tables)})


@functools.cache
def _tables() -> Tables:
    return {
        file.name.removesuffix(_SUFFIX): tomllib.loads(file.read_text("utf-8"))
        for file in resources.files(__name__).iterdir()
        if file.name.endswith(_SUFFIX)
    }


def _read(path: Path) -> Mapping[str, Any]:
    if not _NAME.fullmatch(path.stem):
        raise ConfigError(f"{path}: a provider's name is lower case letters, digits, '.', '_', '-'")
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise ConfigError(f"{path}: {error}") from error
