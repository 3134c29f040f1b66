"""Secrets by reference: the file says where a secret is kept, and this fetches it. No message repeats a value."""

import importlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inspector.core.table import Table

KINDS = ("env", "file", "command", "keyring")
COMMAND_TIMEOUT_S = 10
CAP_BYTES = 64 * 1024
"""Longer than any secret or key: whoever names a larger file has named the wrong one."""

HOW = 'write where it is kept: secret = { env = "NAME" } (or file, command, keyring)'


class Secrets:
    """Fetches what `secret = ...` refers to."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self._environ = environ
        self._directory = directory
        self.warnings: list[str] = []
        """What turned out to be unset or empty."""

    def of(self, endpoint: Table, name: str) -> tuple[bytes, ...]:
        """Return the endpoint's secrets in the order written, without those that are unset or empty."""
        value = endpoint.value("secret")
        if value is None:
            return ()
        references = value if isinstance(value, list) else [value]
        if not references:
            raise endpoint.error(f"an empty array; {HOW}", "secret")
        found = [self._fetch(endpoint, name, reference) for reference in references]
        return tuple(secret for secret in found if secret)

    def _fetch(self, endpoint: Table, name: str, reference: Any) -> bytes | None:
        if isinstance(reference, str):
            raise endpoint.error(f"a secret's value does not belong in this file; {HOW}", "secret")
        if not isinstance(reference, dict):
            raise endpoint.error(f"expected a table; {HOW}", "secret")
        table = endpoint.within("secret", reference)
        table.only(KINDS)
        if len(reference) != 1:
            raise table.error(f"expected exactly one of {', '.join(KINDS)}")
        place, secret = self._look_up(table, next(iter(reference)))
        if secret is None or not secret.strip():
            state = "is not set" if secret is None else "is empty"
            self.warnings.append(
                f"endpoint '{name}': {place} {state}; deliveries signed with that secret cannot be verified"
            )
            return None
        return secret

    def _look_up(self, table: Table, kind: str) -> tuple[str, bytes | None]:
        if kind == "command":
            return _from_command(table)
        written = table.text(kind)
        assert written is not None  # it is the table's one key
        match kind:
            case "env":
                value = self._environ.get(written)
                secret = None if value is None else os.fsencode(value)
                return f"environment variable {written}", secret
            case "file":
                return self._from_file(table, written)
            case _:
                return _from_keyring(table, written)

    def _from_file(self, table: Table, written: str) -> tuple[str, bytes]:
        try:
            path = self._directory / Path(written).expanduser()
            with path.open("rb") as file:
                content = file.read(CAP_BYTES + 1)
        except (
            OSError,
            RuntimeError,
            ValueError,
        ) as error:  # the latter two: no home directory, a NUL in the name
            reason = error.strerror if isinstance(error, OSError) else error
            raise table.error(f"cannot read {written}: {reason}", "file") from error
        if len(content) > CAP_BYTES:
            raise table.error(f"{path} is too long for a secret", "file")
        return str(path), without_newline(content)


def _from_command(table: Table) -> tuple[str, bytes]:
    words = table.value("command")
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise table.error(
            'expected the program and its arguments, e.g. ["pass", "jinko"]', "command"
        )
    try:
        # Its stderr is ours: a password manager says there what it waits for.
        done = subprocess.run(  # noqa: S603 - the person's own command, and no shell
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise table.error(
            f"'{words[0]}' gave no answer within {COMMAND_TIMEOUT_S} s", "command"
        ) from error
    except (OSError, ValueError) as error:  # the latter: a NUL in an argument
        reason = error.strerror if isinstance(error, OSError) else error
        raise table.error(f"cannot run '{words[0]}': {reason}", "command") from error
    if done.returncode != 0:
        raise table.error(f"'{words[0]}' failed (exit {done.returncode})", "command")
    return f"the answer of '{words[0]}'", without_newline(done.stdout)


def _from_keyring(table: Table, entry: str) -> tuple[str, bytes | None]:
    service, slash, user = entry.rpartition("/")
    if not (service and slash and user):
        raise table.error('expected "service/user"', "keyring")
    try:
        keyring = importlib.import_module("keyring")
    except ImportError as error:
        raise table.error(
            "the keyring package is not installed (pip install keyring)", "keyring"
        ) from error
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise table.error(f"the keyring refused: {error}", "keyring") from error
    return f"keyring entry {entry}", None if value is None else value.encode()


def without_newline(content: bytes) -> bytes:
    """Return `content` without the one newline that an editor or `echo` adds: a secret may end in one of its own."""
    return content.removesuffix(b"\n").removesuffix(b"\r") if content.endswith(b"\n") else content
