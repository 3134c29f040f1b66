"""Which samples there are of a provider: those its file shows, or else a made-up one."""

from collections.abc import Iterable

from inspector.core.providers import Provider
from inspector.simulate import madeup, samples
from inspector.simulate.samples import Sample


def find(
    provider: Provider,
    event: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the word of the API
) -> Sample:
    """Return one sample: of the usual event and format, where none is named.

    Raises ConfigError for an event or a format that there is no sample of.
    """
    if provider.name in samples.providers():
        return samples.find(provider.name, event, format=format)
    return madeup.find(provider, event, format=format)


def events(provider: Provider) -> list[str]:
    """Return the provider's events that there are samples of, the usual one first."""
    if provider.name in samples.providers():
        return samples.events(provider.name)
    return madeup.events(provider)


def ordered(providers: Iterable[Provider]) -> list[Provider]:
    """Return them by name, those whose samples are true ones first."""
    return sorted(providers, key=lambda each: (each.name not in samples.providers(), each.name))
