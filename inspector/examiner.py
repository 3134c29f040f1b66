"""What can be found out about a request: who sent it, whether that is so, and if not, why not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from inspector.certificates import Certificates
from inspector.core import admission, handshakes, signing, verification
from inspector.core.fields import Fields
from inspector.core.model import Delivery, Endpoint, Outcome, Request, Verification
from inspector.core.providers import Provider
from inspector.core.recognition import Recogniser
from inspector.core.signing import SampleKeys

if TYPE_CHECKING:
    from inspector.core.diagnosis import Finding


class Sight(NamedTuple):
    """Whose delivery a request seems to be."""

    provider: Provider | None
    others: tuple[Provider, ...]
    """Whose it may be just as well."""
    fields: Fields


class Opinion(NamedTuple):
    """Whose delivery it is taken for, and what checking it came to."""

    provider: Provider | None
    verification: Verification
    is_admitted: bool
    """Whether it has all that the endpoint asks for besides a signature."""


class Examiner:
    """Checks requests by what the providers document and the endpoints are configured with."""

    def __init__(
        self,
        *,
        providers: Mapping[str, Provider],
        certificates: Certificates,
        sample_seed: bytes,
    ) -> None:
        self._providers = providers
        self._recogniser = Recogniser(providers)
        self._certificates = certificates
        self._sample_seed = sample_seed
        self._sample_keys: dict[str, SampleKeys | None] = {}

    def see(self, endpoint: Endpoint, request: Request) -> Sight:
        """Say whose delivery this is: as configured, else as it looks, else as the endpoint is called."""
        fields = Fields(request)
        if endpoint.provider is not None:
            return Sight(self._providers[endpoint.provider], (), fields)
        # What a delivery carries says more than the name somebody gave the endpoint.
        found, others = self._recogniser.recognise(request, fields, hint=endpoint.name)
        return Sight(found or self._providers.get(endpoint.name), others, fields)

    async def learn(self, sight: Sight) -> None:
        """Fetch what checking this delivery takes and memory does not have: a certificate."""
        if sight.provider is not None and sight.provider.is_coded:
            await self._certificates.learn(sight.provider, sight.fields.request, sight.fields)

    def judge(self, endpoint: Endpoint, request: Request, sight: Sight, now_s: float) -> Opinion:
        """Check a request as of `now_s`; nothing raises."""
        provider, found = self._best(endpoint, request, sight, now_s)
        if not endpoint.overlays:
            return Opinion(provider, found, is_admitted=True)
        admitted = admission.judge(endpoint.overlays, request)
        title = provider.title if provider else ""
        combined = admission.combine(found, admitted, title)
        return Opinion(provider, combined, is_admitted=not admitted.failed)

    def explain(
        self, endpoint: Endpoint, delivery: Delivery, others: Iterable[Endpoint]
    ) -> list["Finding"]:
        """Return why a stored delivery's signature is not right, most likely cause first. Takes a while."""
        provider = self._providers.get(delivery.provider or "")
        from inspector.core import diagnosis  # a start need not wait for it

        return diagnosis.diagnose(
            provider,
            delivery.request,
            secrets_of(endpoint, provider),
            now_s=delivery.received_at_us / 1_000_000,
            url=endpoint.public_url,
            other_secrets=[(other.name, secret) for other in others for secret in other.secrets],
            tolerance_s=endpoint.tolerance_s,
            fetch=self._certificates.get,
        )

    def sample_keys(self, provider: Provider) -> SampleKeys | None:
        """Return what this inspector's own samples are signed with; None where they cannot be."""
        if (
            provider.name not in self._sample_keys
        ):  # not made at once: those of a curve take a while
            can = not signing.why_not(provider, private_key=True)
            made = signing.sample_keys(provider, self._sample_seed) if can else None
            self._sample_keys[provider.name] = made
        return self._sample_keys[provider.name]

    def _best(
        self, endpoint: Endpoint, request: Request, sight: Sight, now_s: float
    ) -> tuple[Provider | None, Verification]:
        """Of all whose delivery it may be, take the first whose signature is right, else the first."""
        provider, others, fields = sight
        found = self._verify(endpoint, provider, request, fields, now_s)
        if not others or found.outcome is Outcome.VERIFIED:
            return provider, found
        for other in others:
            verdict = self._verify(endpoint, other, request, None, now_s)
            if verdict.outcome is Outcome.VERIFIED:
                return other, verdict
        return provider, replace(found, detail=found.detail + _or_of(endpoint, others))

    def _verify(
        self,
        endpoint: Endpoint,
        provider: Provider | None,
        request: Request,
        fields: Fields | None,
        now_s: float,
    ) -> Verification:
        secrets = secrets_of(endpoint, provider)
        found = verification.verify(
            provider,
            request,
            secrets,
            now_s=now_s,
            url=endpoint.public_url,
            tolerance_s=endpoint.tolerance_s,
            fields=fields,
            fetch=self._certificates.get,
        )
        if found.outcome is Outcome.NO_SECRET and provider is not None and not secrets:
            return self._verify_sample(endpoint, provider, request, now_s) or found
        return found

    def _verify_sample(
        self, endpoint: Endpoint, provider: Provider, request: Request, now_s: float
    ) -> Verification | None:
        """Check with the sample secret, which only this inspector's own samples match."""
        keys = self.sample_keys(provider)
        if keys is None:
            return None
        found = verification.verify(
            provider, request, [keys.verifying], now_s=now_s, url=endpoint.public_url
        )
        if found.outcome is not Outcome.VERIFIED:
            return None
        return replace(
            found,
            detail="signed with this inspector's own sample secret: endpoint "
            f"'{endpoint.name}' has none of {provider.title}'s",
            secret_index=None,
        )


def secrets_of(endpoint: Endpoint, provider: Provider | None) -> tuple[bytes, ...]:
    """Return what deliveries of `provider` are checked with here.

    One that a sender handed over counts where there is no other, and for providers that hand over theirs only:
    anybody may have been the first to send one.
    """
    if endpoint.secrets or not endpoint.handed:
        return endpoint.secrets
    return endpoint.handed if handshakes.hands_over(provider) else ()


def _or_of(endpoint: Endpoint, others: tuple[Provider, ...]) -> str:
    titles = " or ".join(other.title for other in others[:3])
    return f"; it may be of {titles} too: set the provider of endpoint '{endpoint.name}'"
