"""What the API needs of the inspector beside its store and its feed."""

from collections.abc import Sequence
from typing import Protocol

from inspector.core.diagnosis import Finding
from inspector.core.model import Attempt, Confirmed, Delivery, Endpoint, Sign, Verdict
from inspector.core.pruning import Pruned, PruneOrder, Reclaimed
from inspector.core.wire import JSON


class Pipeline(Protocol):
    """The pipeline, as far as the API knows it."""

    async def replay(
        self, delivery_id: int, *, to: str | None = None, sign: Sign | None = None
    ) -> Attempt:
        """Send a stored delivery once more. Raises NotFoundError, ReplayError and SigningError."""


class Recheck(Protocol):
    """What looks at stored deliveries once more."""

    async def diagnose(self, delivery_id: int) -> Sequence[Finding]:
        """Return why a stored delivery is not verified, the most likely cause first. Raises NotFoundError."""

    async def reverify(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """Check deliveries, read with their bodies, once more; store the verdicts and return what was stored.

        At most one verdict for each, on none but these.
        """

    async def confirm(self, delivery_id: int) -> Confirmed:
        """Visit the URL that this delivery asks to have visited.

        Raises NotFoundError, and HooktapError or its child if it asks for none, for one that we do not visit, or
        nobody answers there.
        """


class Retention(Protocol):
    """What lets deliveries go."""

    async def count(self, order: PruneOrder) -> Pruned:
        """Look through the next deliveries and say what would go. Raises QueryError."""

    async def prune(self, order: PruneOrder) -> Pruned:
        """Take the next slice away. Raises QueryError."""

    async def reclaim(self) -> Reclaimed:
        """Give a slice of what lies unused in the database back to the disk."""


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
