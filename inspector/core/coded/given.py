"""What a coded scheme is given to check a delivery with, and what they all do with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider
from inspector.core.timestamps import TimeRule

Fetch = Callable[[str], bytes | None]
"""From the URL of a certificate to what is there; None if nobody could get it."""


@dataclass(frozen=True, slots=True)
class Given:
    """One delivery, and all that its scheme may ask."""

    provider: Provider
    fields: Fields
    keys: tuple[bytes | None, ...]
    """One per secret; None where a secret is empty, or not written as the provider's file says."""
    now_s: float
    tolerance_s: int | None = None
    fetch: Fetch | None = None

    @property
    def request(self) -> Request:
        """The delivery's request."""
        return self.fields.request

    def lateness(self, own: TimeRule, signed_at_s: float) -> str | None:
        """Return how far outside the window the time is, as the end of a sentence; None if it is inside.

        The provider's file may say how long a signature is good for; `own` is what the scheme says.
        """
        rule = self.provider.time or own
        return rule.complaint(signed_at_s, self.now_s, self.tolerance_s)

    def checks_age(self, own: TimeRule) -> bool:
        """Whether a signature is good for some time only."""
        return self.tolerance_s is not None or (self.provider.time or own).tolerance_s is not None

    def header(self, name: bytes) -> bytes | Verification:
        """Return the value of a header; or say what is wrong with it."""
        value = self.fields.headers.get(name.lower())
        if value:
            return value
        shown = name.decode()
        if value is not None:
            return malformed(f"the {shown} header is empty")
        if self.fields.is_repeated(name.lower()):
            return malformed(
                f"the {shown} header came several times, each different, and programs differ in which they read"
            )
        return Verification(
            Outcome.MISSING,
            f"no {shown} header, so this is not signed as {self.provider.title} signs",
        )


def malformed(detail: str) -> Verification:
    """Return the verdict that what was sent cannot be read."""
    return Verification(Outcome.MALFORMED, detail)


def judged(
    late: str | None,
    detail: str,
    *,
    index: int | None,
    signed_at_s: float | None,
    covered: Iterable[str],
) -> Verification:
    """Return the verdict on a right signature: `verified`, or `stale` if there is something to say about its time."""
    return Verification(
        Outcome.STALE if late else Outcome.VERIFIED,
        f"signature is right, but {late}" if late else detail,
        index,
        whole(signed_at_s),
        tuple(covered),
    )


def whole(signed_at_s: float | None) -> int | None:
    """Return a time in whole seconds."""
    return None if signed_at_s is None else int(signed_at_s)
