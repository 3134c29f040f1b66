"""The providers Hooktap knows: one TOML file each beside this module, and those a person adds.

`inspector.core.provider_table` explains the keys.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from inspector.core import toml
from inspector.core.provider_table import parse
from inspector.core.providers import Provider
from inspector.core.table import MistakeError
from inspector.errors import ConfigError

SUFFIX = ".toml"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAME_RULE = "a provider's name is lower case letters, digits, '.', '_', '-', at most 64 of them"

Tables = Mapping[str, Mapping[str, Any]]


class _File(NamedTuple):
    """A provider file of a person's own."""

    path: Path
    table: Mapping[str, Any]
    text: str


def load(extra_dir: Path | None = None) -> Mapping[str, Provider]:
    """Return every provider by name, the files in `extra_dir` included; one named like ours takes its place.

    A directory that is not there holds none. Raises ConfigError for a file that cannot be used, with file, line and
    key.
    """
    if extra_dir is None:
        return _built_in()
    files = {path.stem: _read(path) for path in _paths(extra_dir)}
    added = _parsed(files, _ordered(files))
    return MappingProxyType({**_built_in(), **{name: added[name] for name in files}})


def check(path: Path, extra_dir: Path) -> Provider:
    """Return the provider in the file at `path`, read as if it lay in `extra_dir`. Raises ConfigError as `load` does.

    Only what it extends matters of the files there.
    """
    own = _read(path)
    files: dict[str, _File] = {}
    for other in _paths(extra_dir):
        with suppress(ConfigError):  # then it cannot be extended, and is named by whatever loads it
            files[other.stem] = _read(other)
    files[path.stem] = own
    return _parsed(files, [path.stem])[path.stem]


@functools.cache
def _built_in() -> Mapping[str, Provider]:
    tables = _tables()
    return MappingProxyType({name: parse(name, tables[name], tables) for name in sorted(tables)})


@functools.cache
def _tables() -> Tables:
    return {
        file.name.removesuffix(SUFFIX): tomllib.loads(file.read_text("utf-8"))
        for file in resources.files(__name__).iterdir()
        if file.name.endswith(SUFFIX)
    }


def _paths(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"*{SUFFIX}"))


def _read(path: Path) -> _File:
    if not NAME.fullmatch(path.stem):
        raise ConfigError(f"{path}: {NAME_RULE}")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return _File(path, *toml.read(content, str(path)))


def _parsed(files: Mapping[str, _File], names: Iterable[str]) -> dict[str, Provider]:
    """Read the files of these names, and tell a mistake with the line it is on."""
    bases = _bases({name: file.table for name, file in files.items()})
    found: dict[str, Provider] = {}
    for name in names:
        file = files[name]
        try:
            found[name] = parse(name, bases[name], bases, file=str(file.path))
        except MistakeError as error:
            own = not error.place or error.place[0] in file.table
            place = error.place if own else ("extends",)
            raise MistakeError(error.sentence, place, str(file.path), file.text) from error
    return found


def _ordered(files: Mapping[str, _File]) -> list[str]:
    """Return the names, each after what it extends: a mistake is then told of the file that it is in."""
    ordered: dict[str, None] = {}
    for name in files:
        chain: list[str] = []
        while name in files and name not in ordered and name not in chain:
            chain.append(name)
            name = str(files[name].table.get("extends"))
        ordered.update(dict.fromkeys(reversed(chain)))
    return list(ordered)


def _bases(own: Tables) -> Tables:
    """Return the tables by the names that `extends` may use.

    Where a file of one's own is named like one of ours, ours still means ours, and so does that file when it extends
    its own name.
    """
    ours = _tables()
    kept = {name: f"{name} (built in)" for name in ours.keys() & own.keys()}

    def extending_ours(table: Mapping[str, Any]) -> Mapping[str, Any]:
        base = kept.get(table.get("extends", ""))
        return table if base is None else {**table, "extends": base}

    bases = {name: extending_ours(table) for name, table in ours.items()}
    bases |= {other: bases[name] for name, other in kept.items()}
    for name, table in own.items():
        bases[name] = extending_ours(table) if table.get("extends") == name else table
    return bases
