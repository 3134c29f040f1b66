"""What the API needs of the inspector beside its store and its feed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from inspector.core.arrivals import Arrival
from inspector.core.edits import Edit
from inspector.core.model import Attempt, Confirmed, Delivery, Endpoint, Sign, Verdict
from inspector.core.pruning import Pruned, PruneOrder, Reclaimed
from inspector.core.variations import Variation
from inspector.core.wire import JSON

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding


class Pipeline(Protocol):
    """The pipeline, as far as the API knows it."""

    async def replay(
        self,
        delivery_id: int,
        *,
        to: str | None = None,
        sign: Sign | None = None,
        edit: Edit | None = None,
    ) -> Attempt:
        """Send a stored delivery once more, changed as `edit` says.

        Raises NotFoundError, ReplayError and SigningError.
        """

    async def take_in(self, arrival: Arrival) -> Delivery:
        """Store a request that was received elsewhere or earlier. Raises NotFoundError and StorageError."""


class Recheck(Protocol):
    """What looks at stored deliveries once more."""

    async def diagnose(self, delivery_id: int) -> Sequence["Finding"]:
        """Return why a stored delivery is not verified, the most likely cause first. Raises NotFoundError."""

    async def reverify(self, deliveries: Sequence[Delivery]) -> Sequence[Verdict]:
        """Check deliveries, read with their bodies, once more; store the verdicts and return what was stored.

        At most one verdict for each, on none but these.
        """

    async def secret_places(self, delivery_id: int) -> Sequence[str]:
        """Return where a stored delivery may show a secret. Raises NotFoundError."""

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


class Backlog(Protocol):
    """What is put by while its endpoint is paused."""

    def paused_at_us(self, endpoint: str) -> int | None:
        """Return since when an endpoint is paused; None if it is not."""

    async def counts(self) -> Mapping[str, int]:
        """Return by endpoint how many deliveries are put by, where there are any."""

    async def pause(self, endpoint: str) -> None:
        """Put by whatever is to be forwarded from now on."""

    async def resume(self, endpoint: str) -> None:
        """Begin to send what was put by."""


class Found(Protocol):
    """What was found at a target."""

    def to_json(self) -> JSON:
        """Return it as the API says it."""


class Health(Protocol):
    """Whether somebody listens at the targets."""

    async def of(self, targets: Iterable[str]) -> Mapping[str, Found]:
        """Return what is known of these targets."""


class SampleSender(Protocol):
    """Sends a signed sample through the ingress door, as its provider would."""

    async def __call__(
        self,
        provider: str,
        *,
        event: str | None,
        format: str | None,  # noqa: A002 - what `send --format` calls it
        endpoint: str | None,
        variation: Variation,
    ) -> JSON:
        """Send one; return what was sent, and what its sender was told.

        With it comes `note`: what is assumed in a sample its provider does not publish, or None.
        """

    def catalogue(self) -> Sequence[JSON]:
        """Return the providers there are samples of: `name`, `title` and `events`, the usual one first."""
