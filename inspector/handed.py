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
        self._writing = asyncio.Lock()

    def of(self, endpoint_name: str) -> tuple[bytes, ...]:
        """Return the secret that the endpoint was handed, if any."""
        secret = self._secrets.get(endpoint_name)
        return () if secret is None else (secret,)

    async def keep(self, endpoint_name: str, secret: bytes) -> None:
        """Write down the endpoint's secret; it is on disk on return. Raises StorageError when it cannot be kept."""
        # One at a time: a write that fails would else take back what another has put on disk meanwhile.
        async with self._writing:
            is_first = endpoint_name not in self._secrets
            # Taken before the write is awaited: who is cancelled cannot tell whether it comes to its end.
            if self._secrets.setdefault(endpoint_name, secret) != secret:
                raise StorageError(f"endpoint '{endpoint_name}' was handed another secret before")
            try:
                await asyncio.to_thread(self._data_dir.write_handed, endpoint_name, secret)
            except OSError as error:
                if is_first:  # else it was kept when it came before
                    del self._secrets[endpoint_name]
                raise StorageError(
                    f"the secret of endpoint '{endpoint_name}' is not kept: {error.strerror}"
                ) from error
