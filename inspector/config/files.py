"""Where the configuration lies: found, opened, and read as TOML; what it means is `schema.py`'s."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from inspector.core import toml
from inspector.core.table import Table
from inspector.errors import ConfigError

FILE_NAME = "hooktap.toml"


@dataclass(frozen=True, slots=True)
class Files:
    """The configuration files that apply, the strongest first."""

    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


def user_dir() -> Path:
    """Return the user's configuration directory; it need not exist."""
    return platformdirs.user_config_path("hooktap", appauthor=False)


def providers_dir() -> Path:
    """Return the directory of the user's own provider files; it need not exist."""
    return user_dir() / "providers"


def user_data_dir() -> Path:
    """Return the directory that holds the deliveries when nobody names another."""
    return platformdirs.user_data_path("hooktap", appauthor=False)


def find(named: Path | None, environ: Mapping[str, str], cwd: Path) -> Files:
    """Return the one file that `--config` or `HOOKTAP_CONFIG` names; else the project's and the user's, if any."""
    if named is None and environ.get("HOOKTAP_CONFIG"):
        named = Path(environ["HOOKTAP_CONFIG"])
    if named is not None:
        return Files((cwd / named,))
    project = next(filter(_exists, (place / FILE_NAME for place in (cwd, *cwd.parents))), None)
    user = user_dir() / FILE_NAME
    own = (user,) if _exists(user) else ()
    if project is None:
        return Files(own)
    if _is_strangers(project):
        return Files(
            own, (f"{project} belongs to another user and is not read: name it with --config",)
        )
    return Files((project, *own))


def read(path: Path, cwd: Path) -> Table:
    """Return the file's top table. Raises ConfigError with the line where it is not TOML."""
    name = str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read: {error.strerror}") from error
    values, text = toml.read(content, name)
    return Table(values, name, text=text)


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False


def _is_strangers(path: Path) -> bool:
    # A configuration can name commands to run, and the search goes up through directories such as /tmp, in which
    # anybody may leave a file. Root's files are as good as our own.
    getuid = getattr(os, "getuid", None)
    return getuid is not None and path.stat().st_uid not in {0, getuid()}
