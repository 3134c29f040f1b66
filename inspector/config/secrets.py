"""Secrets by reference: the file says where a secret is kept, and this fetches it. No message repeats a value."""

import importlib
import os
import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from inspector.core.table import Table

KINDS = ("env", "file", "command", "keyring")
COMMAND_TIMEOUT_S = 10
CAP_BYTES = 64 * 1024
"""Longer than any secret or key: whoever names a larger file has named the wrong one."""

LOSSES = {
    "secret": "deliveries signed with that secret cannot be verified",
    "signing_key": "nothing can be signed anew for this endpoint",
    "verify_token": "handshakes that name it are not answered",
}
"""What an endpoint goes without until a reference that is not set is."""


class Secrets:
    """Fetches what `secret = ...` and its like refer to. An empty secret is a mistake, whatever it is for."""

    def __init__(self, environ: Mapping[str, str], directory: Path) -> None:
        self._environ = environ
        self._directory = directory
        self.warnings: list[str] = []
        """What turned out to be unset."""

    def several(self, endpoint: Table, key: str, name: str) -> tuple[bytes, ...]:
        """Return what one reference or an array of them yields, in order, without those that are unset."""
        value = endpoint.value(key)
        if value is None:
            return ()
        references = value if isinstance(value, list) else [value]
        if not references:
            raise endpoint.error(f"an empty array; {_how(key)}", key)
        found = [self._optional(endpoint, key, reference, name) for reference in references]
        return tuple(secret for secret in found if secret is not None)

    def one(self, endpoint: Table, key: str, name: str) -> bytes | None:
        """Return what the reference under `key` yields; None if it is absent or unset."""
        value = endpoint.value(key)
        return None if value is None else self._optional(endpoint, key, value, name)

    def required(
        self, table: Table, key: str, loss: str = "without it nothing could be let in"
    ) -> bytes:
        """Return what the reference under `key` yields; raise ConfigError, which tells the loss, if that is nothing."""
        reference = table.value(key)
        if reference is None:
            raise table.error(f"missing; {_how(key)}", key)
        place, secret = self._fetch(table, key, reference)
        if secret is None:
            raise table.error(f"{place} is not set, and {loss}", key)
        return secret

    def later(self, table: Table, key: str, loss: str) -> Callable[[], bytes] | None:
        """Return what does `required` once it is called, if there is a reference under `key`; it is checked already.

        For what few commands need: fetching it may have a password manager ask a person.
        """
        reference = table.value(key)
        if reference is None:
            return None
        _reference(table, key, reference)
        return partial(self.required, table, key, loss)

    def _optional(self, endpoint: Table, key: str, reference: Any, name: str) -> bytes | None:
        place, secret = self._fetch(endpoint, key, reference)
        if secret is None:
            self.warnings.append(f"endpoint '{name}': {place} is not set; {LOSSES[key]}")
        return secret

    def _fetch(self, parent: Table, key: str, reference: Any) -> tuple[str, bytes | None]:
        """Return where the reference leads, in words, and what is there; None where nothing was ever put."""
        table, kind = _reference(parent, key, reference)
        place, secret = self._look_up(table, kind)
        if secret is not None and not secret.strip():
            raise table.error(f"{place} is empty: set it to the secret, or leave this key out")
        return place, secret

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


def _reference(parent: Table, key: str, reference: Any) -> tuple[Table, str]:
    """Return the reference as a table to be read, and the one key it has."""
    if isinstance(reference, str):
        raise parent.error(f"a secret's value does not belong in this file; {_how(key)}", key)
    if not isinstance(reference, dict):
        raise parent.error(f"expected a table; {_how(key)}", key)
    table = parent.within(key, reference)
    table.only(KINDS)
    if len(reference) != 1:
        raise table.error(f"expected exactly one of {', '.join(KINDS)}")
    return table, next(iter(reference))


def _how(key: str) -> str:
    return f'write where it is kept: {key} = {{ env = "NAME" }} (or file, command, keyring)'


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
