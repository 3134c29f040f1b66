"""The secrets that providers handed over in a handshake: in memory, and in private files of the data directory.

The first one counts. Whoever sends a second one may be anybody, so only a person can make room for it.
"""

import asyncio

from inspector.datadir import DataDir
from inspector.errors import StorageError


class Handed:
    """At most one such secret for each endpoint, of which there are only so many."""

    def __init__(self, data_dir: DataDir) -> None:
        self._data_dir = data_dir
        self._secrets = data_dir.read_handed()

    def of(self, endpoint_name: str) -> tuple[bytes, ...]:
        """Return the secret that the endpoint was handed, if any."""
        secret = self._secrets.get(endpoint_name)
        return () if secret is None else (secret,)

    async def keep(self, endpoint_name: str, secret: bytes) -> None:
        """Write down the endpoint's secret; it is on disk on return. Raises StorageError when it cannot be kept."""
        # Taken before the write is awaited, so that of two senders at once only one can come first.
        if self._secrets.setdefault(endpoint_name, secret) != secret:
            raise StorageError(f"endpoint '{endpoint_name}' was handed another secret before")
        try:
            await asyncio.to_thread(self._data_dir.write_handed, endpoint_name, secret)
        except OSError as error:
            self._secrets.pop(endpoint_name, None)
            raise StorageError(
                f"the secret of endpoint '{endpoint_name}' is not kept: {error.strerror}"
            ) from error
