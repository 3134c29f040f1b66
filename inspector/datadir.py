"""The data directory: what lies where in it, and that nobody else on the machine can read it."""

import contextlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from inspector.errors import HooktapError, UnreachableError

_HANDED = "handed"
_HANDED_MAX_BYTES = 4096
"""What is longer is no secret."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running inspector can be found."""

    ingress: str
    """Base URL of the public door, e.g. `http://127.0.0.1:8400`."""
    api: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class DataDir:
    """One inspector's directory (0700); every file in it is 0600, whatever the umask."""

    path: Path

    @property
    def database(self) -> Path:
        """The SQLite file; `-wal` and `-shm` stand beside it."""
        return self.path / "hooktap.db"

    @property
    def lock(self) -> Path:
        """Locked by the one running inspector; holds its pid."""
        return self.path / "inspector.lock"

    @property
    def log(self) -> Path:
        """The inspector's own log, when it runs behind the terminal."""
        return self.path / "inspector.log"

    @property
    def terminal_log(self) -> Path:
        """What went wrong in a terminal, with the traceback."""
        return self.path / "terminal.log"

    def prepare(self) -> None:
        """Create the directory if need be and close it to other users.

        Raises HooktapError if it cannot, and rather than close a directory that others use: `--data-dir /tmp`.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self.path.stat().st_mode & 0o077:
                if not self.lock.exists() and any(self.path.iterdir()):
                    raise HooktapError(
                        f"the data directory {self.path} holds other files and is open to other users "
                        "(choose another with --data-dir)"
                    )
                self.path.chmod(0o700)
        except OSError as error:
            raise HooktapError(
                f"cannot use the data directory {self.path}: {error.strerror} (choose another with --data-dir)"
            ) from error

    def api_token(self) -> str:
        """Return the API's bearer token, made on first use. It outlives restarts, so that clients can reconnect."""
        return self._secret("api-token")

    def read_api_token(self) -> str:
        """Return the API's bearer token, or raise UnreachableError if no inspector ever ran here."""
        token = self._read_secret("api-token")
        if not token:
            raise self._not_running()
        return token

    def sample_seed(self) -> bytes:
        """Return the random bytes from which samples' secrets are derived, made on first use."""
        return self._secret("sample-seed").encode()

    def read_handed(self) -> dict[str, bytes]:
        """Return by endpoint the secrets that senders handed over, whatever else lies beside them left out."""
        found = {}
        for path in (self.path / _HANDED).glob("[!.]*"):
            with contextlib.suppress(OSError):
                if path.is_file() and path.stat().st_size <= _HANDED_MAX_BYTES:
                    found[path.name] = path.read_bytes().rstrip(b"\r\n")
        return {endpoint: secret for endpoint, secret in found.items() if secret}

    def write_handed(self, endpoint: str, secret: bytes) -> None:
        """Keep an endpoint's secret in a file of its name. It is on disk when this returns; raises OSError."""
        folder = self.path / _HANDED
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private(folder / endpoint, secret)
        for directory in (folder, self.path):
            _sync(directory)

    def write_addresses(self, addresses: Addresses) -> None:
        """Leave a running inspector's addresses for the others to find."""
        write_private(self.path / "inspector.json", json.dumps(asdict(addresses)).encode())

    def read_addresses(self) -> Addresses:
        """Return the addresses of the running inspector, or raise UnreachableError."""
        try:
            return Addresses(**json.loads((self.path / "inspector.json").read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise self._not_running() from error

    def remove_addresses(self) -> None:
        """Say that no inspector runs here any more."""
        (self.path / "inspector.json").unlink(missing_ok=True)

    def _not_running(self) -> UnreachableError:
        return UnreachableError(
            f"no inspector runs in {self.path} (start one with `hooktap` or `hooktap listen`)"
        )

    def _secret(self, name: str) -> str:
        # A file that a power cut left empty counts as none: an empty token would let everybody in.
        if not self._read_secret(name):
            write_private(self.path / name, secrets.token_hex(32).encode())
        return self._read_secret(name)

    def _read_secret(self, name: str) -> str:
        try:
            return (self.path / name).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""


def write_private(path: Path, content: bytes) -> None:
    """Put `content` into a file that only its owner can read, in place of what was there; raises OSError."""
    with _temporary(path.parent) as temporary:
        temporary.write_bytes(content)
        _sync(temporary)
        temporary.replace(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary(directory: Path) -> Iterator[Path]:
    # mkstemp creates with O_EXCL and 0600: neither a planted link nor a wide umask can open the file to others.
    descriptor, name = tempfile.mkstemp(dir=directory, prefix=".new-")
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
