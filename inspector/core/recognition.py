"""Telling from a request's headers which provider sent it."""

from collections.abc import Mapping

from inspector.core.model import Request
from inspector.core.providers import Provider


def recognise(providers: Mapping[str, Provider], request: Request) -> Provider | None:
    """Return the provider whose headers are there; of several the one that asks for most, then the first."""
    names = {name.lower() for name, _ in request.headers.pairs}
    found: Provider | None = None
    most = 0
    for provider in providers.values():
        for wanted in provider.recognised_by:
            if len(wanted) > most and wanted <= names:
                found, most = provider, len(wanted)
    return found
