"""A test's endpoints as a configuration file. A secret's value stands in a file of its own beside it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspector.config.secrets import LOSSES
from inspector.datadir import write_private
from inspector.errors import ConfigError

FILE_NAME = "hooktap.toml"

Settings = Mapping[str, Mapping[str, Any]]
"""By endpoint what `[endpoint.NAME]` says; of its secrets the values."""


def write(settings: Settings, folder: Path) -> None:
    """Write `hooktap.toml` and the secrets into a folder that only its owner can read. Raises ConfigError."""
    lines = [
        "[inspector]",
        "fetch_certificates = false",  # a test asks nothing of another machine
        "drain_s = 0",
    ]
    for endpoint, keys in settings.items():
        lines.append(f"[endpoint.{_toml(endpoint)}]")
        for key, value in keys.items():
            given = _kept(value, folder, f"{endpoint}-{key}") if key in LOSSES else value
            lines.append(f"{_toml(key)} = {_toml(given)}")
    write_private(folder / FILE_NAME, "\n".join(lines).encode())


def _kept(secret: object, folder: Path, name: str) -> object:
    """Put a secret, or each of several, into a file; return where it is kept. A reference is one already."""
    if isinstance(secret, list | tuple):
        return [_kept(each, folder, f"{name}-{number}") for number, each in enumerate(secret)]
    if isinstance(secret, str | bytes):
        content = secret.encode() if isinstance(secret, str) else secret
        # The one newline at the end is not read, so that a secret may end in one of its own.
        write_private(folder / name, content + b"\n")
        return {"file": name}
    return secret


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            pairs = (f"{_toml(str(key))} = {_toml(each)}" for key, each in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case Sequence() if not isinstance(value, bytes):
            return f"[{', '.join(map(_toml, value))}]"
    raise ConfigError(f"a {type(value).__name__} has no place in hooktap.toml")
