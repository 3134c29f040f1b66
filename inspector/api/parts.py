"""What the API needs of the inspector beside its store and its feed."""

from collections.abc import Sequence
from typing import Protocol

from inspector.core.model import Attempt, Endpoint, Sign
from inspector.core.wire import JSON


class Replayer(Protocol):
    """The pipeline, as far as the API knows it."""

    async def replay(
        self, delivery_id: int, *, to: str | None = None, sign: Sign | None = None
    ) -> Attempt:
        """Send a stored delivery once more. Raises NotFoundError, ReplayError and SigningError."""


class EndpointTable(Protocol):
    """The endpoints there are."""

    def all(self) -> Sequence[Endpoint]:
        """Return every endpoint."""

    def is_configured(self, name: str) -> bool:
        """Whether the configuration names this endpoint."""


class SampleSender(Protocol):
    """Sends a signed sample through the ingress door, as its provider would."""

    async def __call__(
        self,
        provider: str,
        *,
        event: str | None,
        format: str | None,  # noqa: A002 - what `send --format` calls it
        endpoint: str | None,
    ) -> JSON:
        """Send one; return what its sender was told: `status`, `body`, `url`.

        With them comes `note`: what is assumed in a sample its provider does not publish, or None.
        """

    def catalogue(self) -> Sequence[JSON]:
        """Return the providers there are samples of: `name`, `title` and `events`, the usual one first."""
