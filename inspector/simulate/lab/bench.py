"""What the deliveries of one case are made with: material, secrets, and the time."""

from dataclasses import dataclass

from inspector.core import signing
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider
from inspector.core.verification import verify
from inspector.simulate import identity
from inspector.simulate.lab.material import Material


class LeftOutError(Exception):
    """This case does not apply to the provider, or to what there is to send; the message says why."""


@dataclass(frozen=True, slots=True)
class Bench:
    """All that deliveries are made with."""

    provider: Provider
    material: Material
    secret: bytes | None
    """What they are signed with; None where the provider signs nothing."""
    other_secret: bytes | None
    """One that the app does not know."""
    url: str
    """The one the provider was given, for schemes that sign it."""
    now_s: float
    tolerance_s: int | None = None

    def event(self, name: str, *, age_s: float = 0) -> Request:
        """Return an event of its own, unsigned."""
        return self.material.event(self.now_s - age_s, name)

    def sign(self, request: Request) -> Request:
        """Sign as the provider does. Raises SigningError."""
        if self.secret is None:
            return request
        return signing.sign(self.provider, request, self.secret, now_s=self.now_s, url=self.url)

    def again(self, request: Request, number: int) -> Request:
        """Sign what the provider sends when it tries once more: the same event under another attempt id."""
        unique = f"{self.now_s} {number}"
        return self.sign(identity.another_attempt(self.provider, request, number, unique))

    def outcome(self, request: Request) -> Outcome:
        """Return what a right receiver finds out about a request."""
        secrets = [] if self.secret is None else [self._verifying]
        return verify(
            self.provider,
            request,
            secrets,
            now_s=self.now_s,
            url=self.url,
            tolerance_s=self.tolerance_s,
        ).outcome

    @property
    def _verifying(self) -> bytes:
        return signing.public_secret(self.provider, self.secret or b"")
