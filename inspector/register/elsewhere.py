"""Where to register by hand: with the providers whose API for it is not documented, or not known here."""

from collections.abc import Mapping
from typing import Final

from inspector.core.providers import Provider

ELSEWHERE: Final[Mapping[str, str]] = {
    "jinko": "in its dashboard, which shows the signing secret once",
    "checkfront": "in the settings of your account there, each with its format",
}
"""The booking providers that `hooktap simulate` stands in for."""


def elsewhere(provider: Provider) -> str:
    """Say where webhooks of this provider are registered, as that is not done here."""
    title, name = provider.title, provider.name
    if name in ELSEWHERE:
        where, meanwhile = ELSEWHERE[name], f"`hooktap simulate {name}` stands in for {title}"
    else:
        docs = f" ({provider.docs[0]})" if provider.docs else ""
        where = f"where it has you do so{docs}"
        meanwhile = f"`hooktap send {name}` sends its samples"
    return f"hooktap registers with Wink only: register webhooks of {title} {where}; {meanwhile} meanwhile"
